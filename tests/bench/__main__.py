"""``python -m tests.bench``: every measure beside its alternative, in one table; also as build/bench.json."""

import argparse
import importlib
import json
import os
import platform
import sqlite3
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.bench.bench_ground import Row, show

NAMES = (
    "due",
    "ground",
    "perform",
    "desk",
    "search",
    "bake",
    "serve",
    "redaction",
    "audit",
    "migration",
    "exports",
    "backup",
    "opinions",
)
KEPT = Path(__file__).parent.parent.parent / "build" / "bench.json"


def main() -> None:
    """Run the named measures (all of them without ``--only``), print the table, keep it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=NAMES, action="append", help="measure only this; may be given several times")
    chosen = parser.parse_args().only or NAMES
    measured: list[Row] = []
    for name in chosen:
        print(f"measuring {name} ...", flush=True)
        measured += importlib.import_module(f"tests.bench.bench_{name}").rows()
    print()
    show(measured)
    missed = sum(not each["met"] for each in measured)
    print(f"{len(measured)} measures, {missed} missed, on {machine()}")
    KEPT.parent.mkdir(exist_ok=True)
    at = datetime.now(ZoneInfo("Asia/Shanghai")).isoformat(timespec="seconds")
    kept = {"at": at, "machine": machine(), "rows": measured}
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1))


def machine() -> str:
    """The machine in one line, with how busy it was: numbers of a busy machine compare only within their own run."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}, load {load:.1f}"
    )


if __name__ == "__main__":
    main()
