"""Measure of ``perform``: eight processes take papers from draft to public page, none of it lost."""

import json
import os
import time
from typing import Any

from tests.bench.bench_ground import Row, row
from tests.databases import Database, new_database
from tests.postgres import NoServer, server

WRITERS, PAPERS = 8, 40
TARGETS = {"SQLite": 300, "PostgreSQL": 500}


def rows() -> list[Row]:
    """One line per database; PostgreSQL is MINGTANG_BENCH_POSTGRES_URL, or a server started for the measure."""
    measured = [_measure("SQLite", "")]
    given = os.environ.get("MINGTANG_BENCH_POSTGRES_URL", "")
    if given:
        measured.append(_measure("PostgreSQL", given))
    else:
        try:
            with server() as url:
                measured.append(_measure("PostgreSQL", url))
        except NoServer as missing:
            print(f"perform on PostgreSQL is left out: {missing}")
    return measured


def _measure(name: str, url: str) -> Row:
    with new_database(url) as database:
        work = [json.loads(line) for line in database.run("tests.bench.stock", str(WRITERS), str(PAPERS)).splitlines()]
        beside = database.copy()
        try:
            plain, _ = race(beside, work, "plain")
        finally:
            beside.drop()
        ours, told = race(database, work, "ours")
        wrong = database.run("tests.bench.count", given="\n".join(told))
        if wrong:
            raise AssertionError(wrong)
    return row(
        f"perform, {WRITERS} writers, {name}",
        ours,
        "steps/s",
        TARGETS[name],
        alternative=plain,
        alternative_name="bare save()",
        less=False,
    )


def race(database: Database, work: list[list[dict[str, Any]]], way: str) -> tuple[float, list[str]]:
    """Steps per second of one process per list of work, and every acknowledgement they gave."""
    writers = [database.start("tests.bench.writer", way) for _ in work]
    for writer, mine in zip(writers, work, strict=True):
        writer.stdin.write(json.dumps(mine) + "\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    told = [line.strip() for writer in writers for line in writer.stdout]
    taken = time.perf_counter() - began
    for writer in writers:
        assert writer.wait() == 0
    expected = sum(map(len, work))
    assert len(told) == expected, f"{len(told)} of {expected} steps were acknowledged"
    return expected / taken, told
