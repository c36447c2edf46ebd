"""The worker may die at any moment of its round: afterwards nothing is missing and nothing is there twice."""

import json
import os

import pytest
from tests.databases import new_database


@pytest.mark.xdist_group("faults")
def test_a_worker_killed_two_hundred_times_loses_and_doubles_nothing() -> None:
    with new_database(os.environ.get("MINGTANG_DATABASE_URL", "")) as database:
        told = json.loads(database.run("tests.faults.following").splitlines()[-1])
    assert told["wrong"] == []
    assert told["kills"] == 200
    # Some rounds came to their end and some did not: it was killed in the middle of its work.
    assert told["passes"] > 0
