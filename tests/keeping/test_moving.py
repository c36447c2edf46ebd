"""From SQLite to PostgreSQL with nothing lost: two commands. Nobody writes meanwhile, or after."""

import fcntl
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.keeping.city import KeptCity

pytestmark = pytest.mark.xdist_group("keeping")


@pytest.fixture
def city(built: KeptCity, tmp_path: Path) -> KeptCity:
    shutil.copytree(built.home, tmp_path / "home")
    return KeptCity(tmp_path / "home")


def rows_in(url: str) -> int:
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return sum(connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for (name,) in tables)


@pytest.mark.task("P3")
def test_two_commands_and_everything_is_on_postgresql(city: KeptCity, database: str) -> None:
    before = city.fingerprint()
    said = city.mingtang("move", "--to", database)
    moved = KeptCity(city.home, database, commands=city.commands)
    said += moved.mingtang("verify")
    assert moved.commands == 2
    assert "每张表的行数和散列相同" in said
    assert "完好" in said
    assert moved.fingerprint() == before
    # Who was not told of the move is stopped at the door, and one still inside cannot write.
    assert "已经搬到 PostgreSQL" in city.mingtang("people", "list", status=1)
    with closing(sqlite3.connect(city.home / "mingtang.sqlite3")) as left:
        for statement in ("UPDATE units_unit SET name = 'x'", "DELETE FROM editions_edition"):
            with pytest.raises(sqlite3.IntegrityError, match="已经搬到 PostgreSQL"):
                left.execute(statement)
    # A new row takes the next number, not one that was given before.
    with psycopg.connect(database) as connection:
        (drawn,) = connection.execute("SELECT nextval(pg_get_serial_sequence('units_person', 'id'))").fetchone()
    assert drawn == before["drawn"]["units_person"] + 1


def test_a_running_worker_is_told_to_stop_first(city: KeptCity, database: str) -> None:
    with (city.home / "worker.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "后台任务还在运行" in city.mingtang("move", "--to", database, status=1)
    assert rows_in(database) == 0


def test_a_database_of_somebody_else_is_left_alone(city: KeptCity, database: str, tmp_path: Path) -> None:
    other = KeptCity(tmp_path / "other", database)
    other.build(1)
    before = rows_in(database)
    assert "已有别的数据" in city.mingtang("move", "--to", database, status=1)
    assert rows_in(database) == before
    assert not (city.home / "moved.json").exists()
    city.mingtang("journal", "verify")


def test_killed_on_the_way_both_are_as_they_were(city: KeptCity, database: str) -> None:
    before = city.fingerprint()
    command = [sys.executable, "-m", "mingtang.cli.main", "move", "--to", database]
    process = subprocess.Popen(
        command, env=city.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "搬到 PostgreSQL" in line:
            break
    process.send_signal(signal.SIGKILL)
    # The far end notices that nothing comes any more, and takes back what it had.
    process.stdout.read()
    process.wait()
    assert rows_in(database) == 0
    assert city.fingerprint() == before
    assert "已搬完" in city.mingtang("move", "--to", database)
    assert KeptCity(city.home, database).fingerprint() == before
