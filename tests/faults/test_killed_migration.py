"""A migration killed in the middle leaves whole papers only, and going on finishes it without a paper twice."""

import json
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from tests.databases import Database, new_database
from tests.documents.old_site import make_site

COUNT, KILLS = 60, 3


def rows_written(database: Database) -> int:
    with sqlite3.connect(f"file:{database.name}?mode=ro", uri=True, timeout=10) as connection:
        return int(connection.execute("SELECT count(*) FROM documents_migratedpaper").fetchone()[0])


@pytest.mark.xdist_group("faults")
@pytest.mark.skipif("postgres" in os.environ.get("MINGTANG_DATABASE_URL", ""), reason="looks into the SQLite file")
def test_a_killed_migration_goes_on_where_it_stopped(tmp_path: Path) -> None:
    papers, sheet = make_site(tmp_path, COUNT, ("txt", "html", "docx"))
    with new_database() as database:
        username = database.run("tests.faults.old_city").strip()
        command = ["documents", "migrate", str(papers), "--map", str(sheet), "--as", username]
        command += ["--unit", "发改委", "--stage", "决策公开", "--resume"]
        for kill in range(KILLS):
            wanted = (kill + 1) * COUNT // (KILLS + 1)
            process = database.start("mingtang.cli.main", *command)
            deadline = time.monotonic() + 120
            while rows_written(database) < wanted:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            found = json.loads(database.run("tests.faults.migrated"))
            assert wanted <= found["rows"] < COUNT
            assert found["papers"] == found["records"] == found["originals"] == found["rows"]
            assert (found["without_row"], found["journal"], found["finished"]) == (0, [], 0)
        database.run("mingtang.cli.main", *command)
        found = json.loads(database.run("tests.faults.migrated"))
        assert (found["papers"], found["outcomes"]) == (COUNT, {"clean": COUNT})
        assert (found["runs"], found["finished"], found["journal"]) == (1, 1, [])
