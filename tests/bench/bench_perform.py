"""Measure of ``perform``: eight processes take papers from draft to public page, none of it lost.

``sign`` covers a paper and the interpretation beside it; ``publish`` makes an edition, a number and a log entry.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.bench_ground import Row, row
from tests.bench.stock import STEPS
from tests.databases import Database, new_database
from tests.postgres import NoServer, server

WRITERS, PAPERS = 8, 40
TARGETS = {"SQLite": 300, "PostgreSQL": 500}


def rows() -> list[Row]:
    """Lines per database; PostgreSQL is MINGTANG_BENCH_POSTGRES_URL, or a server started for the measure."""
    measured = _measure("SQLite", "")
    given = os.environ.get("MINGTANG_BENCH_POSTGRES_URL", "")
    if given:
        return measured + _measure("PostgreSQL", given)
    try:
        with server() as url:
            measured += _measure("PostgreSQL", url)
    except NoServer as missing:
        print(f"perform on PostgreSQL is left out: {missing}")
    return measured


def _measure(name: str, url: str) -> list[Row]:
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
    steps = WRITERS * PAPERS
    return [
        row(
            f"perform {label}, {name}",
            _rate(ours, names, steps),
            "steps/s",
            TARGETS[name],
            alternative=_rate(plain, names, steps),
            alternative_name="bare save()",
            less=False,
        )
        for label, names in (("submit", STEPS[:1]), ("sign", STEPS[1:2]), ("draft to public", STEPS))
    ]


def _rate(taken: dict[str, float], names: tuple[str, ...], steps: int) -> float:
    return steps * len(names) / sum(taken[name] for name in names)


def race(database: Database, work: list[list[dict[str, Any]]], way: str) -> tuple[dict[str, float], list[str]]:
    """Seconds that all writers together took for each step of every paper, and every acknowledgement they gave."""
    writers = [database.start("tests.bench.writer", way) for _ in work]
    for writer, mine in zip(writers, work, strict=True):
        _say(writer, json.dumps(mine))
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    taken, told = {}, []
    for step in STEPS:
        began = time.perf_counter()
        for writer in writers:
            _say(writer, step)
        for writer in writers:
            told += [line.strip() for line in _until_end(writer)]
        taken[step] = time.perf_counter() - began
    for writer in writers:
        writer.stdin.close()
        assert writer.wait() == 0
    expected = sum(map(len, work))
    assert len(told) == expected, f"{len(told)} of {expected} steps were acknowledged"
    return taken, told


def _say(writer: "subprocess.Popen[str]", line: str) -> None:
    writer.stdin.write(line + "\n")
    writer.stdin.flush()


def _until_end(writer: "subprocess.Popen[str]") -> Iterator[str]:
    for line in writer.stdout:
        if line == "end\n":
            return
        yield line
    raise AssertionError("a writer died")
