"""A writer that dies among others loses nothing that was acknowledged, and leaves nothing half done."""

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.databases import Database, new_database

WRITERS, PAPERS = 4, 4
Work = list[list[dict[str, Any]]]


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Database, dict[str, bytes], Work]]:
    with new_database(os.environ.get("MINGTANG_DATABASE_URL", "")) as database:
        stock = database.run("tests.bench.stock", str(WRITERS), str(PAPERS))
        yield database, database.keep(), [json.loads(line) for line in stock.splitlines()]


@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_acknowledged_is_there_after_a_writer_is_killed(
    prepared: tuple[Database, dict[str, bytes], Work], seed: int
) -> None:
    draw = random.Random(seed)
    database, before, work = prepared
    database.restore(before)
    writers = [database.start("tests.bench.writer", "ours") for _ in work]
    for writer, mine in zip(writers, work, strict=True):
        writer.stdin.write(json.dumps(mine) + "\n")
        writer.stdin.flush()
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * WRITERS
    for writer in writers:
        writer.stdin.write("all\n")
        writer.stdin.close()
    victim, enough = draw.choice(writers), draw.randrange(1, len(work[0]) // 3)
    told = {writer.pid: [] for writer in writers}
    told[victim.pid] = [victim.stdout.readline().strip() for _ in range(enough)]
    victim.kill()
    for writer in writers:
        told[writer.pid] += [line.strip() for line in writer.stdout if line.endswith("\n") and line != "end\n"]
    assert [writer.wait() for writer in writers if writer is not victim] == [0] * (WRITERS - 1)
    assert victim.wait() == -9
    everything = [key for mine in told.values() for key in mine]
    assert database.run("tests.bench.count", given="\n".join(everything)) == ""
    kept = json.loads(database.run("tests.faults.reached"))
    for writer, mine in zip(writers, work, strict=True):
        steps = [kept.get(item["key"], False) for item in mine]
        done = steps.count(True)
        # One step may be done and not told: it was killed between its commit and its acknowledgement.
        assert steps == [True] * done + [False] * (len(steps) - done)
        assert 0 <= done - len(told[writer.pid]) <= (writer is victim)
    assert len(told[victim.pid]) < len(work[0])
