"""Measure of the audit trail: what noting an access costs, and the viewer over two million of them.

Noting stands beside a line written to a plain log file (flushed, not synced), which proves nothing afterwards.
"""

import json
import os

from tests.bench.bench_ground import Row, row
from tests.databases import new_database
from tests.postgres import NoServer, server

ACCESSES, EVENTS = 2_000_000, 200_000
INSERT_MILLISECONDS, PAGE_MILLISECONDS, CHECKED = 1.0, 250, 20_000


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
        print(f"audit on PostgreSQL is left out: {missing}")
    return measured


def _measure(name: str, url: str) -> list[Row]:
    with new_database(url) as database:
        found = json.loads(database.run("tests.bench.audit_trail", str(ACCESSES), str(EVENTS)))
    print({key: f"{value:.1f}" for key, value in found["pages"].items()})
    return [
        row(
            f"note an access, {name}",
            found["note"],
            "ms",
            INSERT_MILLISECONDS,
            alternative=found["line"],
            alternative_name="log file line",
            less=True,
        ),
        row(
            f"viewer, p95 over {ACCESSES:,}, {name}",
            found["p95"],
            "ms",
            PAGE_MILLISECONDS,
            alternative=found["offset"],
            alternative_name="OFFSET half-way",
            less=True,
        ),
        row(
            f"check sealed rows, {name}",
            found["checked"],
            "rows/s",
            CHECKED,
            alternative=None,
            alternative_name="",
            less=False,
        ),
    ]
