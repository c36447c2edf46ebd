"""A process that dies in the middle of a publish leaves all of it or none, and trying again finishes it once."""

import json
import os

import pytest
from tests.databases import new_database


@pytest.mark.xdist_group("faults")
def test_a_publish_killed_at_any_boundary_is_all_or_nothing() -> None:
    with new_database(os.environ.get("MINGTANG_DATABASE_URL", "")) as database:
        attempts = [json.loads(line) for line in database.run("tests.faults.publishing").splitlines()]
    assert [attempt for attempt in attempts if attempt["wrong"]] == []
    order = {"nothing": 0, "public": 1, "shown": 2}
    left = [order[attempt["left"]] for attempt in attempts]
    assert left == sorted(left) and set(left) == {0, 1, 2}
    boundaries = [attempt["boundary"] for attempt in attempts]
    # Publishing and noting that it is shown are two transactions; every statement of both was tried.
    assert boundaries.count("before commit") == boundaries.count("after commit") == 2
    assert len(attempts) > 30
