"""Workers may die between sending and noting: nobody is told twice, and nothing is forgotten."""

import json
import os

import pytest
from tests.databases import new_database


@pytest.mark.xdist_group("faults")
def test_workers_killed_three_hundred_times_send_nothing_twice() -> None:
    with new_database(os.environ.get("MINGTANG_DATABASE_URL", "")) as database:
        told = json.loads(database.run("tests.faults.noticing").splitlines()[-1])
    assert told["wrong"] == []
    assert told["kills"] >= 300
    # Some died with the mail or the call handed over and the answer not yet there.
    assert told["in_mail"] >= 8 and told["in_call"] >= 5
