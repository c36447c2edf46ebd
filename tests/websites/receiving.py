"""Takes one error report in, killed at each boundary in turn, and looks at what is left. Run as a process of its own.

Prints one JSON line per attempt, as ``tests.faults.publishing`` does.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import django
from tests.databases import Database
from tests.faults.publishing import KILLED, MOST, Boundaries, forked

NOW = datetime.fromisoformat("2026-11-25T10:00:00+08:00")
LATER = datetime.fromisoformat("2026-11-25T10:00:05+08:00")


def prepare() -> dict[str, Any]:
    """A city and one error report that waits."""
    from django.core.management import call_command
    from django.db import connections
    from tests.factories import make_city

    from mingtang.intake.services import submit

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    make_city()
    number, code = submit(
        "error_report", {"what": "错字", "contact": "138"}, page="/units/fgw/", request_key="k", now=NOW
    )
    connections.close_all()
    return {"number": number, "code": code}


def left_by(work: dict[str, Any]) -> tuple[str, list[str]]:
    """How far it came, in one word, and everything that is half done."""
    from mingtang.duties.models import Duty
    from mingtang.intake.models import Submission
    from mingtang.intake.services import receipt_of
    from mingtang.journal.models import Event
    from mingtang.journal.selectors import verify_journal
    from mingtang.records.models import Record
    from mingtang.websites.models import ErrorReport

    receipt = receipt_of(work["number"], work["code"])
    taken = {
        "record": Record.objects.filter(kind="error_report", lead_unit="fgw").count() == 1,
        "report": ErrorReport.objects.filter(number=work["number"]).count() == 1,
        "event": Event.objects.filter(name="error_report.created").count() == 1,
        "duty": Duty.objects.filter(code="DW1").count() == 1,
        "receipt": receipt is not None and receipt.status == "received" and receipt.due_at is not None,
        "submission": Submission.objects.filter(sealed="", taken_at__isnull=False).count() == 1,
    }
    wrong = list(verify_journal())
    if any(taken.values()) and not all(taken.values()):
        wrong.append(f"half done: {taken}")
    if receipt is None:
        wrong.append("the receipt is lost")
    return "taken" if any(taken.values()) else "waiting", wrong


def attempt(work: dict[str, Any], fatal: int) -> dict[str, Any] | None:
    """One take-over killed at boundary ``fatal``; None if it came to its end before."""
    from mingtang.websites.services import receive

    def killed(telling: int) -> None:
        Boundaries(fatal, telling).watch()
        receive(LATER)

    def look(_: int) -> dict[str, Any]:
        left, wrong = left_by(work)
        receive(LATER)
        receive(LATER)
        state, after = left_by(work)
        return {
            "left": left,
            "wrong": [*wrong, *after, *([] if state == "taken" else ["trying again left it waiting"])],
        }

    code, boundary = forked(killed)
    if code == 0:
        return None
    if code != KILLED:
        return {"at": fatal, "boundary": boundary, "left": "", "wrong": [f"it ended by itself with {code}"]}
    code, found = forked(look)
    if code:
        return {"at": fatal, "boundary": boundary, "left": "", "wrong": [f"looking ended with {code}"]}
    return {"at": fatal, "boundary": boundary, **json.loads(found)}


def main() -> None:
    """Kill at boundary 1, 2, 3, ... until a take-over is through."""
    django.setup()
    database = Database(os.environ["MINGTANG_DATABASE_URL"], Path(os.environ["MINGTANG_HOME"]))
    code, words = forked(lambda _: prepare())
    if code:
        sys.exit(code)
    work = json.loads(words)
    kept = database.keep()
    for fatal in range(1, MOST):
        database.restore(kept)
        found = attempt(work, fatal)
        if found is None:
            return
        print(json.dumps(found, ensure_ascii=False), flush=True)
    sys.exit(f"more than {MOST} boundaries")


if __name__ == "__main__":
    main()
