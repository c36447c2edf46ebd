"""Child process of the migration measure: take over a folder of papers into a new city; prints seconds and outcomes."""

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from tests.factories import START, make_city  # noqa: E402

from mingtang.documents import migrating  # noqa: E402
from mingtang.text.mapping_sheets import read_sheet  # noqa: E402
from mingtang.text.paper_sources import PaperSource  # noqa: E402
from mingtang.units import roles  # noqa: E402


def main(papers: str, sheet: str) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    city = make_city()
    unit = city.unit("发改委")
    actor = city.actor(unit, roles.DRAFTER)
    began = time.perf_counter()
    with PaperSource(Path(papers)) as source:
        plan = migrating.Plan(source, read_sheet(Path(sheet).read_bytes()), actor, START.date(), unit, ("decision",))
        migration = migrating.begin(plan, sheet_sha256="bench", now=START, resume=False)
        done = list(migrating.run(plan, migration, clock=lambda: START, workers=os.cpu_count() or 1))
    taken = time.perf_counter() - began
    print(json.dumps({"seconds": taken, "outcomes": Counter(one.outcome for one in done)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
