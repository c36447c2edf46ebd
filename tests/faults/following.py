"""Publishes a stream of papers while the worker that follows them is killed over and over. Run as its own process.

Workers are forked from a process that holds no connection, so that killing two hundred takes seconds. Prints one JSON
line: how many were killed, how many passes of the worker ended, and everything that is wrong afterwards.
"""

import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.urls import get_resolver

KILLS, PAPERS, SEED = 200, 24, 20261125
PHRASE = "独一无二的供热安排"


def main() -> None:
    django.setup()
    work = prepare()
    # Every worker is a fork of this process: what it needs is imported once.
    importlib.import_module("mingtang.cli.public_side")
    get_resolver().url_patterns  # noqa: B018 - reads the portal's views
    # The site stands before the stream begins, as it does in a city.
    os.waitpid(fork(once), 0)
    children = [fork(lambda: publish(work))]
    chance, kills, passes = random.Random(SEED), 0, 0
    counter, _ = tempfile.mkstemp()
    while kills < KILLS:
        worker = fork(lambda: follow(counter))
        time.sleep(chance.uniform(0.002, chance.choice((0.05, 0.05, 0.2, 0.2, 0.9))))
        os.kill(worker, signal.SIGKILL)
        _, status = os.waitpid(worker, 0)
        kills += os.WIFSIGNALED(status)
    wrong = [f"the publisher failed: {status}" for child in children if (status := os.waitpid(child, 0)[1])]
    passes = os.fstat(counter).st_size
    print(json.dumps({"kills": kills, "passes": passes, "wrong": [*wrong, *afterwards(work)]}, ensure_ascii=False))


def fork(action: Any) -> int:
    child = os.fork()
    if not child:
        code = 1
        try:
            action()
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    return child


def prepare() -> list[dict[str, Any]]:
    """Papers that wait to be published, and what is to become of each afterwards."""
    from django.core.management import call_command
    from django.db import connections
    from tests.factories import make_city, make_desk

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    desk, work = make_desk(make_city()), []
    for number in range(PAPERS):
        paper, _ = desk.issued(title=f"关于{PHRASE}的通知（{number}）")
        fate = {3: "withdraw", 7: "erase", 11: "withdraw", 15: "erase"}.get(number, "")
        work.append({"paper": str(paper.pk), "now": desk.now.isoformat(), "fate": fate})
    connections.close_all()
    return work


def publish(work: list[dict[str, Any]]) -> None:
    """What officials do meanwhile, each act at a moment of its own."""
    from datetime import datetime

    from tests.factories import City, Desk

    from mingtang.records.models import Record
    from mingtang.units import roles

    city = City()
    desk = Desk(city, city.unit("发改委"), city.unit("市政府办公厅"), datetime.fromisoformat(work[-1]["now"]))
    for number, item in enumerate(work):
        desk.act(Record.objects.get(pk=item["paper"]), "publish", roles.OPENNESS_OFFICER)
        before = work[number - 2] if number >= 2 else None
        if before and before["fate"] == "withdraw":
            data = {"kind": "withdrawn", "reason": "发布有误。"}
            desk.act(Record.objects.get(pk=before["paper"]), "withdraw", roles.OPENNESS_OFFICER, data=data)
        elif before and before["fate"] == "erase":
            desk.act(Record.objects.get(pk=before["paper"]), "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
        time.sleep(0.4)


def follow(counter: int) -> None:
    """The worker's rounds, one after the other, until it is killed."""
    from django.utils import timezone

    from mingtang.cli.public_side import PublicSide

    side = PublicSide()
    while True:
        side.follow(timezone.localtime(), thorough=True)
        os.write(counter, b".")


def once() -> None:
    from django.utils import timezone

    from mingtang.cli.public_side import PublicSide

    PublicSide().follow(timezone.localtime(), thorough=True)


def afterwards(work: list[dict[str, Any]]) -> list[str]:
    """The worker comes round undisturbed once more. Returns what is missing, doubled or half done."""
    from django.conf import settings
    from django.utils import timezone

    from mingtang.bake import state
    from mingtang.bake.following import Key, rebuild
    from mingtang.cli.public_side import PublicSide
    from mingtang.disclosure.checkpoints import published_keys, signer
    from mingtang.editions.log import log_tree
    from mingtang.editions.models import Checkpoint, Edition, LogHead
    from mingtang.journal.models import Event
    from mingtang.journal.selectors import verify_journal
    from mingtang.search.selectors import search
    from mingtang.search.wanted import Wanted

    side = PublicSide()
    # What the first round shows opens duties, which the second puts on the pages.
    for round_number in (1, 2):
        side.follow(timezone.localtime() + timedelta(seconds=round_number), thorough=True)
    wrong = [f"{name}: {words}" for name, words in side.said.items()]
    wrong += verify_journal()
    if LogHead.objects.get().root != log_tree().root().hex():
        wrong.append("the root of the log is not that of its leaves")
    if Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() != LogHead.objects.get().size:
        wrong.append("the log's end is in no checkpoint")
    kept = state.read(settings.PUBLIC_ROOT)
    assert kept is not None
    again = Path(settings.HOME) / "again"
    rebuild(Key(signer(), published_keys()), again, kept.moment)
    one, other = files_of(settings.PUBLIC_ROOT), files_of(again)
    wrong += [f"not as rebuilt: {path}" for path in sorted({*one, *other}) if one.get(path) != other.get(path)]
    shown = Event.objects.filter(name="edition.shown").count()
    # An edition erased before any reader could open it was never shown.
    erased = sum(item["fate"] == "erase" for item in work)
    if not Edition.objects.count() - erased <= shown <= Edition.objects.count():
        wrong.append(f"{shown} editions were noted as shown, {Edition.objects.count()} were published")
    gone = sum(bool(item["fate"]) for item in work)
    found = search(Wanted(q=f'"{PHRASE}"'), page=1, size=100)
    if found.total != PAPERS - gone or len({hit.publication.pk for hit in found.hits}) != found.total:
        wrong.append(f"search finds {found.total} of {PAPERS - gone}")
    return wrong


def files_of(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


if __name__ == "__main__":
    main()
