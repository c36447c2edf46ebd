"""Databases of their own, for processes that tests start, measure and kill.

SQLite files, or databases of the PostgreSQL server that a URL names. Child processes run with the settings of the
real installation: WAL and full synchronisation, not the relaxed ones of the suite.
"""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).parent.parent
FILES = ("", "-wal", "-shm")
_serial = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """One database and the home folder that its processes share. ``name`` is a file path on SQLite."""

    url: str
    home: Path

    @property
    def on_postgres(self) -> bool:
        return self.url.startswith("postgres")

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.removeprefix("/") if self.on_postgres else self.url.removeprefix("sqlite:///")

    def environment(self) -> dict[str, str]:
        """Environment of a process that works on this database."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mingtang.settings.embedded",
            "MINGTANG_HOME": str(self.home),
            "MINGTANG_DATABASE_URL": self.url,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self, module: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start ``python -m module`` with text pipes for its input and output."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=self.environment(),
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, module: str, *arguments: str, given: str = "") -> str:
        """Run ``python -m module`` to its end on the input ``given``; gives its output. AssertionError if it fails."""
        process = self.start(module, *arguments)
        output, _ = process.communicate(given)
        assert process.returncode == 0, f"{module} {arguments} ended with {process.returncode}"
        return output

    def copy(self) -> "Database":
        """A copy nobody else uses. Slow on PostgreSQL, where ``keep`` and ``restore`` are much quicker."""
        if not self.on_postgres:
            path = self.home / f"copy-{next(_serial)}.sqlite3"
            for ending in FILES[:2]:
                if os.path.exists(self.name + ending):
                    shutil.copyfile(self.name + ending, f"{path}{ending}")
            return Database(f"sqlite:///{path}", self.home)
        name = _new_name()
        self._cut_off()
        with _maintenance(self.url) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        return Database(_replace_name(self.url, name), self.home)

    def keep(self) -> dict[str, bytes]:
        """All that is in it, for ``restore``: per file on SQLite, per table on PostgreSQL. Nobody may be writing."""
        if not self.on_postgres:
            return {
                ending: Path(self.name + ending).read_bytes() for ending in FILES if os.path.exists(self.name + ending)
            }
        with psycopg.connect(self.url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            kept = {}
            for (table,) in tables:
                with connection.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as rows:
                    kept[str(table)] = b"".join(bytes(block) for block in rows)
        return kept

    def restore(self, kept: dict[str, bytes]) -> None:
        """Back to how it was at ``keep``; whoever is still connected is cut off. Sequences stay where they are."""
        if not self.on_postgres:
            for ending in FILES:
                Path(self.name + ending).unlink(missing_ok=True)
            for ending, content in kept.items():
                Path(self.name + ending).write_bytes(content)
            return
        self._cut_off()
        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")  # rows of any table in any order
            for table, content in kept.items():
                connection.execute(f'DELETE FROM "{table}"')
                with connection.cursor().copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as rows:
                    rows.write(content)

    def _cut_off(self) -> None:
        with _maintenance(self.url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [self.name]
            )

    def drop(self) -> None:
        """Remove the database and whoever is still connected to it."""
        if self.on_postgres:
            with _maintenance(self.url) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
            return
        for ending in FILES:
            Path(self.name + ending).unlink(missing_ok=True)


@contextmanager
def new_database(url: str = "") -> Iterator[Database]:
    """An empty database on the PostgreSQL server of ``url``, or an SQLite file; gone at the end of the block."""
    home = Path(tempfile.mkdtemp(prefix="mingtang-own-"))
    if url.startswith("postgres"):
        name = _new_name()
        with _maintenance(url) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        database = Database(_replace_name(url, name), home)
    else:
        database = Database(f"sqlite:///{home / 'own.sqlite3'}", home)
    try:
        yield database
    finally:
        database.drop()
        shutil.rmtree(home, ignore_errors=True)


def _new_name() -> str:
    return f"mingtang_own_{os.getpid()}_{next(_serial)}"


def _replace_name(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _maintenance(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(_replace_name(url, "postgres"), autocommit=True)
