"""Handing entries over in processes that are killed, and in two at once: every entry once, every parcel whole."""

import json
import random
import subprocess
import time
from typing import Any

import pytest

from tests.databases import Database, new_database
from tests.registers.handing_over import PARCEL, ROWS

MODULE = "tests.registers.handing_over"
WHOLE = {"said": ROWS, "lines": ROWS, "parcels": ROWS // PARCEL}


def told(database: Database) -> dict[str, Any]:
    return dict(json.loads(database.run(MODULE, "tell")))


def check_whole(found: dict[str, Any]) -> None:
    assert found["lines"] == found["different"] == 2 * ROWS and found["waiting"] == 0
    assert found["folders"] == {"credit_platform": WHOLE, "enterprise_system": WHOLE}


@pytest.mark.slow
@pytest.mark.xdist_group("faults")
def test_runs_killed_at_any_moment_and_the_next_one_hand_over_each_entry_once() -> None:
    with new_database() as database:
        database.run(MODULE, "prepare")
        began = time.monotonic()
        chance = random.Random(31)  # noqa: S311 - the same moments at every call
        killed = 0
        for _ in range(8):
            process = database.start(MODULE, "follow")
            try:
                process.communicate(timeout=1.2 + 2.5 * chance.random())
            except subprocess.TimeoutExpired:
                killed += 1
            process.kill()
            process.communicate()
            found = told(database)
            assert found["lines"] == found["different"]
            for one in found["folders"].values():
                assert one["said"] == one["lines"]
        assert killed and time.monotonic() - began < 240
        database.run(MODULE, "follow")
        check_whole(told(database))
        assert database.run(MODULE, "follow").strip() == "0"


@pytest.mark.slow
@pytest.mark.xdist_group("faults")
def test_two_runs_at_once_hand_over_each_entry_once() -> None:
    with new_database() as database:
        database.run(MODULE, "prepare")
        both = [database.start(MODULE, "follow") for _ in range(2)]
        made = [int(process.communicate(timeout=120)[0] or 0) for process in both]
        assert 0 in {process.returncode for process in both} and sum(made) <= 2 * ROWS
        database.run(MODULE, "follow")
        check_whole(told(database))
