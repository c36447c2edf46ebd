"""Tells people of a stream of papers while two workers that tell them are killed over and over. Run as its own process.

Mail server and receiver are real and live in this process. At half of what they get they kill the workers before they
answer: after the sending, before the noting. In the middle of it the clock is set back an hour. Prints one JSON line:
how many workers were killed, how many of them in the middle of a hand-over, and everything that is wrong afterwards.
"""

import ipaddress
import json
import os
import random
import re
import signal
import time
from collections import Counter
from datetime import datetime, timedelta
from datetime import time as clock
from typing import Any

import django
from tests.faults.following import fork

KILLS, HEADS, SEED = 300, 12, 20261125
# So many of them with a mail, or a call, handed over and not yet answered.
IN_MAIL, IN_CALL = 8, 5
SPEED = 60
WAIT_SECONDS = 400


def main() -> None:
    django.setup()
    from tests.notices.servers import mail_server, receiver

    from mingtang.cli import server_commands  # noqa: F401 - every worker is a fork: what it needs is imported once
    from mingtang.notices import following, sending  # noqa: F401

    start, people = prepare()
    chance, workers = random.Random(SEED), set()
    told: Counter[str] = Counter({"kills": 0, "in_mail": 0, "in_call": 0})

    def kill_in(what: str) -> None:
        if chance.random() < 0.5 and workers:
            for worker in list(workers):
                os.kill(worker, signal.SIGKILL)
            told[what] += 1

    def is_enough() -> bool:
        return told["kills"] >= KILLS and told["in_mail"] >= IN_MAIL and told["in_call"] >= IN_CALL

    with mail_server() as (mails, mail_port), receiver() as (calls, hook_port):
        mails.on_mail, calls.on_call = lambda: kill_in("in_mail"), lambda: kill_in("in_call")
        given = (mail_port, hook_port, start)
        finish(fork(lambda: make_hook(*given)))
        began = time.monotonic()
        feeder = fork(lambda: feed(start))
        while not is_enough() and time.monotonic() - began < WAIT_SECONDS:
            workers |= {fork(lambda: work(*given, began)) for _ in range(2)}
            # Some are killed while they start or follow; most live until they have something in hand.
            until = time.monotonic() + chance.choice((0.02, 0.1, 0.5, 4, 4))
            while time.monotonic() < until and not any(has_ended(worker) for worker in workers):
                time.sleep(0.01)
            for worker in list(workers):
                workers.discard(worker)
                os.kill(worker, signal.SIGKILL)
                told["kills"] += os.WIFSIGNALED(finish(worker))
        os.kill(feeder, signal.SIGTERM)
        wrong = [] if finish(feeder) == 0 else ["the stream of papers failed"]
        ended = virtual(start, began)
        finish(fork(lambda: undisturbed(mail_port, hook_port, ended)))
        wrong += afterwards(people, mails, calls)
    print(json.dumps({**told, "mails": len(mails.mails), "wrong": wrong[:20]}, ensure_ascii=False))


def has_ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def finish(child: int) -> int:
    return os.waitpid(child, 0)[1]


def virtual(start: datetime, began: float) -> datetime:
    """A minute a second; after twenty seconds somebody sets the clock back an hour."""
    passed = time.monotonic() - began
    return start + timedelta(seconds=passed * SPEED) - timedelta(hours=passed > 20)


def prepare() -> tuple[datetime, int]:
    """A unit with many heads, each with an address; every third wants one mail a day."""
    from django.core.management import call_command
    from django.db import connections
    from tests.factories import make_city, make_desk
    from tests.notices.conftest import with_address

    from mingtang.notices import kinds
    from mingtang.notices.services import set_preference
    from mingtang.units import roles

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    desk = make_desk(make_city())
    desk.city.person(desk.unit, roles.DRAFTER)
    for number in range(1, HEADS + 1):
        head = desk.city.person(desk.unit, roles.UNIT_HEAD, number)
        with_address(head, desk.now)
        if number % 3 == 0:
            choices = {kinds.WAITING: {"desk": True, "mail": kinds.DIGEST}}
            set_preference(
                head.pk,
                choices=choices,
                quiet_from=clock(22),
                quiet_to=clock(7),
                digest_at=clock(9, 15),
                working_days_only=False,
            )
    connections.close_all()
    return desk.now, HEADS


def point_at(mail_port: int) -> None:
    from django.conf import settings

    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_port
    settings.MAIL_SERVER = f"smtp://127.0.0.1:{mail_port}"
    settings.HOOK_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]


def make_hook(mail_port: int, hook_port: int, start: datetime) -> None:
    from mingtang.notices.hooks import hook_make

    point_at(mail_port)
    hook_make(actor_id=1, unit=None, url=f"http://127.0.0.1:{hook_port}/", now=start - timedelta(hours=2))


def feed(start: datetime) -> None:
    """What the drafter does meanwhile, until told to stop."""
    import threading

    from tests.factories import City, Desk

    from mingtang.units import roles

    city = City()
    desk = Desk(city, city.unit("发改委"), city.unit("市政府办公厅"), start)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    while not stopping.wait(0.5):
        desk.act(desk.draft(title="又一件"), "submit", roles.DRAFTER)


def work(mail_port: int, hook_port: int, start: datetime, began: float) -> None:
    """The worker's two threads, one after the other, until it is killed."""
    from mingtang.notices.following import follow
    from mingtang.notices.sending import tick

    point_at(mail_port)
    while True:
        follow(virtual(start, began))
        tick(virtual(start, began))
        time.sleep(0.02)


def undisturbed(mail_port: int, hook_port: int, ended: datetime) -> None:
    from mingtang.notices.following import follow
    from mingtang.notices.sending import tick

    point_at(mail_port)
    for hours in (0, 1, 2, 24, 25, 26, 27):
        follow(ended + timedelta(hours=hours))
        for _ in range(3):
            tick(ended + timedelta(hours=hours))


def afterwards(people: int, mails: Any, calls: Any) -> list[str]:
    """What is missing, doubled or half done."""
    from mingtang.journal.selectors import verify_journal
    from mingtang.notices.models import DROPPED, HOOK, MAIL, SENT, UNCLEAR, Delivery, Matter, Notice, Told
    from mingtang.records.models import Record

    wrong, papers = verify_journal(), Record.objects.count()
    if (Matter.objects.count(), Notice.objects.count()) != (papers, papers * people):
        wrong.append(f"{Matter.objects.count()} matters and {Notice.objects.count()} notices of {papers} papers")
    if Notice.objects.filter(delivery=None).exists():
        wrong.append("a notice is in no mail")
    if Told.objects.count() != papers:
        wrong.append(f"{Told.objects.count()} matters were told to the hook")
    received = {
        MAIL: Counter(str(mail["Message-ID"]).strip("<> ").partition("@")[0] for mail in mails.mails),
        HOOK: Counter(call["headers"]["Mingtang-Delivery"] for call in calls.calls),
    }
    for channel, found in received.items():
        wrong += [f"{channel} {key} came {times} times" for key, times in found.items() if times > 1]
        statuses = {
            str(pk): status for pk, status in Delivery.objects.filter(channel=channel).values_list("pk", "status")
        }
        wrong += [f"{channel} {key} is unknown" for key in found if key not in statuses]
        for key, status in statuses.items():
            if status not in (SENT, UNCLEAR) or (status == SENT and not found[key]):
                wrong.append(f"{channel} {key} ended as {status}, came {found[key]} times")
        if UNCLEAR not in statuses.values() or DROPPED in statuses.values():
            wrong.append(f"{channel}: {Counter(statuses.values())}")
    counted: Counter[str] = Counter()
    for mail in mails.mails:
        counted[str(mail["To"])] += sum(int(number) for number in re.findall(r"，(\d+)件", mail.get_content()))
    wrong += [f"{address} was told of {number} papers" for address, number in counted.items() if number > papers]
    if sum(call["data"]["items"][0]["count"] for call in calls.calls) > papers:
        wrong.append("the hook was told of too many papers")
    return wrong


if __name__ == "__main__":
    main()
