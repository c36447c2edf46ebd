"""Publishes one paper, killed at each boundary in turn, and looks at what is left. Run as a process of its own.

A boundary is every place where work leaves the process: each statement sent to the database, each commit (before and
after), each file opened for writing, renamed, removed or synchronised, each connection made. They are counted from
outside, so that a boundary added to the code later is found by itself. Each attempt runs in a forked child on a
fresh database, and so does each look at what it left.

Prints one JSON line per attempt: ``{"at": 3, "boundary": "...", "left": "nothing", "wrong": []}``.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django
from tests.databases import Database

KILLED = 9
MOST = 400
FILE_EVENTS = {
    *("os.rename", "os.remove", "os.link", "os.symlink", "os.truncate", "os.mkdir", "os.rmdir", "os.chmod"),
    *("shutil.copyfile", "shutil.move", "shutil.rmtree", "sqlite3.connect", "subprocess.Popen", "os.posix_spawn"),
    *("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"),
}
NOW = "2026-03-02T15:00:00+08:00"
KEY = "publish-once"
Work = dict[str, Any]


class Boundaries:
    """Counts boundaries and ends the process, without any clean-up, at number ``fatal``."""

    def __init__(self, fatal: int, told: int) -> None:
        self.fatal, self.told, self.passed, self.armed = fatal, told, 0, False

    def reach(self, name: str) -> None:
        if not self.armed:
            return
        self.passed += 1
        if self.passed == self.fatal:
            self.armed = False
            os.write(self.told, name.encode())
            os._exit(KILLED)

    def watch(self) -> None:
        """Stand at every boundary of this process, from now on."""
        from django.db import connection
        from django.db.backends.base.base import BaseDatabaseWrapper

        def statement(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            self.reach(f"statement {' '.join(sql.split()[:3])}")
            return execute(sql, *rest)

        def audited(event: str, arguments: tuple[Any, ...]) -> None:
            if event in FILE_EVENTS or (event == "open" and _writes(arguments)):
                self.reach(f"{event} {arguments[0]!r}")

        commit, synchronise = BaseDatabaseWrapper._commit, os.fsync

        def committed(wrapper: Any) -> Any:
            self.reach("before commit")
            done = commit(wrapper)
            self.reach("after commit")
            return done

        def synchronised(descriptor: Any) -> None:
            self.reach("before fsync")
            synchronise(descriptor)
            self.reach("after fsync")

        BaseDatabaseWrapper._commit = committed
        os.fsync = synchronised
        sys.addaudithook(audited)
        connection.execute_wrappers.append(statement)
        self.armed = True


def _writes(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR))


def publish(work: Work) -> None:
    """What an openness officer and the background worker do."""
    from mingtang.disclosure.services import note_shown
    from mingtang.records.models import Record
    from mingtang.records.services import perform
    from mingtang.units.actors import actor_for
    from mingtang.units.models import Person

    now = datetime.fromisoformat(NOW)
    actor = actor_for(Person.objects.get(pk=work["officer"]), now)
    perform(Record.objects.get(pk=work["paper"]), "publish", actor=actor, now=now, request_key=KEY)
    note_shown()


def left_by(work: Work) -> tuple[str, list[str]]:
    """How far the killed process came, in one word, and everything that is half done."""
    from mingtang.disclosure.models import Disclosed, IndexCounter, ShownCursor
    from mingtang.duties.models import Duty
    from mingtang.editions.log import log_tree
    from mingtang.editions.models import Edition, LogEntry, LogHead, LogNode, Publication
    from mingtang.journal.models import Event
    from mingtang.journal.selectors import verify_journal
    from mingtang.records.models import PerformedRequest, Record

    record = Record.objects.get(pk=work["paper"])
    public = {
        "state": record.state == "published",
        "edition": Edition.objects.count() == 1,
        "publication": Publication.objects.count() == 1,
        "bridge": Disclosed.objects.count() == 1,
        "log entry": list(LogEntry.objects.values_list("index", flat=True)) == [0],
        "log head": LogHead.objects.filter(size=1).count() == 1,
        "log node": LogNode.objects.filter(level=0).count() == 1,
        "event": Event.objects.filter(name="document.published").count() == 1,
        "request": PerformedRequest.objects.filter(key=KEY).count() == 1,
        "number": list(IndexCounter.objects.filter(key__startswith="index:").values_list("value", flat=True)) == [1],
    }
    seen = {
        "event": Event.objects.filter(name="edition.shown").count() == 1,
        "duty": Duty.objects.filter(code="D10.5").count() == 1,
        "cursor": ShownCursor.objects.filter(position=1).count() == 1,
    }
    nothing = {
        "edition": Edition.objects.count() == 0,
        "publication": Publication.objects.count() == 0,
        "log entry": LogEntry.objects.count() == 0,
        "log head": LogHead.objects.filter(size__gt=0).count() == 0,
        "log node": LogNode.objects.count() == 0,
        "duty": Duty.objects.filter(code="D10.5").count() == 0,
        "number": IndexCounter.objects.filter(key__startswith="index:", value__gt=0).count() == 0,
    }
    wrong = [*verify_journal()]
    for name, found in (("publish", public), ("shown", seen)):
        if any(found.values()) and not all(found.values()):
            wrong.append(f"{name} is half done: {found}")
    if any(seen.values()) and not all(public.values()):
        wrong.append("shown before it was public")
    if not any(public.values()):
        wrong += [f"a trace is left: {name}" for name, clean in nothing.items() if not clean]
    elif LogHead.objects.get().root != log_tree().root().hex():
        wrong.append("the root of the log is not that of its leaves")
    return "shown" if any(seen.values()) else "public" if any(public.values()) else "nothing", wrong


def finish(work: Work) -> list[str]:
    """The worker comes round and the officer presses the button again. Returns what is then wrong."""
    from mingtang.disclosure.services import note_shown

    note_shown()
    publish(work)
    note_shown()
    state, wrong = left_by(work)
    return wrong if state == "shown" else [*wrong, f"after trying again: {state}"]


def forked(action: Callable[[int], object]) -> tuple[int, str]:
    """Exit code and words of ``action(descriptor to tell by)`` run in a forked child."""
    reading, telling = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code = 1
        try:
            said = action(telling)
            os.write(telling, json.dumps(said, ensure_ascii=False).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(telling)
    with os.fdopen(reading) as pipe:
        words = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), words


def prepare() -> Work:
    """An empty database with one issued paper; its interpretation lies beside it."""
    from django.core.management import call_command
    from django.db import connections
    from tests.factories import make_city, make_desk

    from mingtang.units import roles

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    desk = make_desk(make_city())
    paper, _ = desk.issued()
    officer = desk.city.person(desk.unit, roles.OPENNESS_OFFICER)
    connections.close_all()
    return {"paper": str(paper.pk), "officer": officer.pk}


def attempt(work: Work, fatal: int) -> dict[str, Any] | None:
    """One publish killed at boundary ``fatal``; None if it came to its end before."""

    def killed(telling: int) -> None:
        Boundaries(fatal, telling).watch()
        publish(work)

    def look(_: int) -> dict[str, Any]:
        left, wrong = left_by(work)
        return {"left": left, "wrong": wrong + finish(work)}

    code, boundary = forked(killed)
    if code == 0:
        return None
    if code != KILLED:
        return {"at": fatal, "boundary": boundary, "left": "", "wrong": [f"the publish itself ended with {code}"]}
    code, found = forked(look)
    if code:
        return {"at": fatal, "boundary": boundary, "left": "", "wrong": [f"looking ended with {code}"]}
    return {"at": fatal, "boundary": boundary, **json.loads(found)}


def main() -> None:
    """Kill at boundary 1, 2, 3, ... until a publish is through."""
    from pathlib import Path

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
