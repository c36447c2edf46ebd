"""Reading a table apart from every step: killed half way, asked twice, overtaken, two at once; all of it or nothing."""

import json
import os
import signal
import sqlite3
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from mingtang.records.errors import Refused
from mingtang.registers import staging
from mingtang.registers.entries import values_of
from mingtang.registers.models import READING, WAITING, Batch, Entry
from mingtang.registers.services import Upload
from mingtang.units import roles
from tests.databases import Database, new_database
from tests.factories import Desk, table
from tests.registers.reading import ROWS

HEADING = ("站点编号", "站点名称")
BIG = [(f"{number:03}", f"站{number}") for number in range(1, 901)]
SQLITE = pytest.mark.skipif(
    "postgres" in os.environ.get("MINGTANG_DATABASE_URL", ""), reason="looks into the SQLite file"
)


def asked(database: Database, statement: str, *given: Any) -> Any:
    with sqlite3.connect(database.name, timeout=20) as connection:
        row = connection.execute(statement, given).fetchone()
    connection.close()
    return row[0] if row else None


def told(database: Database) -> dict[str, Any]:
    return dict(json.loads(database.run("tests.registers.reading", "tell")))


@pytest.mark.slow
@pytest.mark.xdist_group("faults")
@SQLITE
def test_a_killed_worker_leaves_nothing_half_read_and_the_next_one_finishes() -> None:
    with new_database() as database:
        database.run("tests.registers.reading", "prepare")
        before = told(database)
        assert (before["stage"], before["staged"], before["public"]) == (WAITING, 0, 10)
        process = database.start("tests.registers.reading", "read", "0")
        deadline, seen = time.monotonic() + 120, set()
        while (done := asked(database, "SELECT done FROM registers_batch WHERE published_at IS NULL")) < ROWS // 2:
            seen.add(done)
            assert process.poll() is None and time.monotonic() < deadline
        process.send_signal(signal.SIGKILL)
        process.communicate()
        # Its progress could be watched, and what it wrote counts for nothing.
        killed = told(database)
        assert len(seen) > 2 and ROWS // 2 <= killed["staged"] < ROWS
        assert (killed["stage"], killed["counts"], killed["public"]) == (READING, {}, 10)
        # A worker that begins at once believes the other alive; one that begins later takes over.
        assert database.run("tests.registers.reading", "read", "0").strip() == "0"
        asked(database, "UPDATE registers_batch SET beat = '2026-01-01 00:00:00' WHERE stage = 'reading'")
        worker = database.start("mingtang.cli.main", "worker")
        try:
            while asked(database, "SELECT stage FROM registers_batch WHERE published_at IS NULL") != "ready":
                assert worker.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
        finally:
            worker.terminate()
            worker.communicate()
        after = told(database)
        assert (after["staged"], after["different"], after["marks"]) == (ROWS, ROWS, ["新"])
        assert (after["counts"]["added"], after["counts"]["changed"], after["public"]) == (ROWS - 10, 10, 10)
        assert after["attempt"] == killed["attempt"] + 1


@pytest.mark.slow
@pytest.mark.xdist_group("faults")
def test_two_uploads_at_once_leave_one_of_them_whole() -> None:
    with new_database() as database:
        database.run("tests.registers.reading", "prepare")
        both = [database.start("tests.registers.reading", "upload", mark) for mark in ("甲", "乙")]
        for process in both:
            process.communicate(timeout=120)
        assert 0 in {process.returncode for process in both}
        if told(database)["stage"] != "ready":
            database.run("tests.registers.reading", "read", "600")
        found = told(database)
        assert (found["stage"], found["staged"], found["different"]) == ("ready", 500, 500)
        assert found["marks"] in (["甲"], ["乙"])
        assert found["public"] == 10


@pytest.mark.django_db
def test_the_same_request_twice_reads_once(bus_stops: str, desk: Desk) -> None:
    register = desk.register(bus_stops)
    given = Upload("清单.csv", table(HEADING, BIG))
    assert not desk.change(register, upload=given, request_key="one").repeated
    batch = Batch.objects.get()
    assert desk.change(register, upload=Upload("别的.csv", table(HEADING, BIG[:1])), request_key="one").repeated
    again = Batch.objects.get()
    assert (again.attempt, again.source_name, again.counts["added"]) == (batch.attempt, "清单.csv", len(BIG))


@pytest.mark.django_db
@pytest.mark.parametrize("written", [0, len(BIG)])
def test_a_reading_that_was_overtaken_writes_nothing_more(
    bus_stops: str, desk: Desk, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    monkeypatch.setattr(staging, "CHUNK", 100)
    register = desk.register(bus_stops)
    # Past the size that is read at once.
    monkeypatch.setattr(staging, "AT_ONCE_BYTES", 100)
    desk.change(register, upload=Upload("大.csv", table(HEADING, BIG)))
    assert Batch.objects.get().stage == WAITING
    asked_for: list[int] = []

    def clock() -> datetime:
        """Once so many rows are written somebody hands in another file."""
        if not asked_for and Batch.objects.get().stage == READING and Entry.objects.count() == written:
            asked_for.append(1)
            with pytest.raises(Refused):
                desk.act(register, "hand_in", roles.DRAFTER)
            desk.change(
                register, upload=Upload("小.csv", b"\n".join([table(HEADING, []).strip(), "007,机场".encode()]))
            )
        return desk.now

    assert staging.read_waiting(clock) == 1
    batch = Batch.objects.get()
    assert (batch.stage, batch.source_name, batch.counts["added"]) == ("ready", "小.csv", 1)
    assert [values_of(entry.values)["code"] for entry in Entry.objects.all()] == ["007"]


@pytest.mark.django_db
def test_who_is_still_alive_is_left_alone_and_who_is_not_is_replaced(
    bus_stops: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "AT_ONCE_BYTES", 100)
    register = desk.register(bus_stops)
    desk.change(register, upload=Upload("清单.csv", table(HEADING, BIG)))
    Batch.objects.update(stage=READING, beat=desk.now)
    assert staging.read_waiting(lambda: desk.now + timedelta(seconds=80)) == 0
    assert staging.read_waiting(lambda: desk.now + timedelta(seconds=100)) == 1
    assert Batch.objects.get().counts["added"] == len(BIG)
