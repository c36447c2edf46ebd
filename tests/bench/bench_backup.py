"""Backup and restore of 100,000 editions, beside the database's own copy packed with tar, in the same run.

The alternatives copy bytes and neither seal, sign nor compare anything; they show what the rest costs. Both restores
end before the public tree is baked, which ``bench_bake`` measures.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from tests import postgres
from tests.bench.bench_bake import home
from tests.bench.bench_ground import Row, row
from tests.databases import ROOT

EDITIONS = int(os.environ.get("MINGTANG_BENCH_EDITIONS", "100000"))
LIMIT = 180.0
PASSPHRASE = "an invented passphrase"


def rows() -> list[Row]:
    """Every measure of this file; those on PostgreSQL only where it is installed."""
    with home() as folder:
        measured = _measured(folder, "", _copied_sqlite)
    with suppress(postgres.NoServer), postgres.server() as url, home() as folder:
        measured += _measured(folder, url, _copied_postgres)
    return measured


def _measured(folder: Path, url: str, copied: Callable[[Path, str], tuple[float, float]]) -> list[Row]:
    name = "PostgreSQL" if url else "SQLite"
    _run(folder / "city", url, "-m", "tests.bench.bench_backup")
    archive = folder / "city.mingtang-backup"
    saving = _timed(lambda: _run(folder / "city", url, "-m", "mingtang.cli.main", "backup", str(archive)))
    alternative = copied(folder, url)
    if url:
        _psql(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    restore = ["-m", "mingtang.cli.main", "restore", "--no-tree", str(archive)]
    restoring = _timed(lambda: _run(folder / "second", url, *restore))
    told = "pg_dump, pg_restore and tar" if url else "sqlite3 .backup and tar"
    return [
        row(
            f"backup and restore of {EDITIONS:,} editions, {name}",
            saving + restoring,
            "s",
            LIMIT,
            alternative=sum(alternative),
            alternative_name=told,
            less=True,
        ),
        row(
            f"backup alone, {name}",
            saving,
            "s",
            LIMIT / 2,
            alternative=alternative[0],
            alternative_name=told,
            less=True,
        ),
    ]


def _copied_sqlite(folder: Path, url: str) -> tuple[float, float]:
    database, copy, packed = folder / "city" / "mingtang.sqlite3", folder / "copy.sqlite3", folder / "copy.tar.gz"

    def save() -> None:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        subprocess.run(["tar", "-czf", str(packed), "-C", str(folder), copy.name], check=True)

    def restore() -> None:
        copy.unlink()
        subprocess.run(["tar", "-xzf", str(packed), "-C", str(folder)], check=True)

    taken = _timed(save), _timed(restore)
    copy.unlink()
    packed.unlink()
    return taken


def _copied_postgres(folder: Path, url: str) -> tuple[float, float]:
    dump = folder / "copy.dump"

    def save() -> None:
        subprocess.run(["pg_dump", "--format=custom", f"--file={dump}", url], check=True)

    def restore() -> None:
        _psql(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        subprocess.run(["pg_restore", "--no-owner", f"--dbname={url}", str(dump)], check=False, capture_output=True)

    taken = _timed(save), _timed(restore)
    dump.unlink()
    return taken


def _psql(url: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def _timed(act: Callable[[], object]) -> float:
    before = time.perf_counter()
    act()
    return time.perf_counter() - before


def _run(at: Path, url: str, *arguments: str) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))},
        "DJANGO_SETTINGS_MODULE": "mingtang.settings.embedded",
        "MINGTANG_HOME": str(at),
        "MINGTANG_BACKUP_PASSPHRASE": PASSPHRASE,
        "MINGTANG_BENCH_EDITIONS": str(EDITIONS),
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        **({"MINGTANG_DATABASE_URL": url} if url else {}),
    }
    done = subprocess.run([sys.executable, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def stock() -> None:
    """Fill the database of the environment with so many editions."""
    import django

    django.setup()
    from django.core.management import call_command
    from tests.bench import public_stock

    call_command("migrate", interactive=False, verbosity=0)
    public_stock.stock(EDITIONS)


if __name__ == "__main__":
    stock()
