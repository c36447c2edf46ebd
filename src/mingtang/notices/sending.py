"""The outbox of notices: mails at once or as a day's digest, and calls of hooks, each at most once.

``tick`` is safe to call at any time, from several processes, and from one that died in the middle of the last call. It
talks to servers that may be slow: call it where nobody waits for it.
"""

import logging
import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction

from mingtang.duties.calendars import current_calendar
from mingtang.duties.models import Duty
from mingtang.mailing import LATER, REFUSED, TAKEN, UNREACHABLE, HandedOver, hand_over
from mingtang.rules import SHANGHAI

from .hooks import call
from .kinds import OFF
from .models import (
    ADDRESS,
    DIGEST,
    DROPPED,
    FAILED,
    HOOK,
    MAIL,
    NOTICES,
    SENDING,
    SENT,
    UNCLEAR,
    WAITING,
    Delivery,
    Hook,
    MailAddress,
    Matter,
    Notice,
    Preference,
    Told,
)
from .services import STALE, address_of, code_of
from .wording import address_mail, hook_body, mail_of

# A hand-over takes less than a minute; one still open after this was broken off.
BROKEN_OFF = timedelta(minutes=15)
FIRST_WAIT, LONGEST_WAIT, MOST_ATTEMPTS = timedelta(minutes=1), timedelta(hours=6), 12
UNREACHABLE_WAIT = timedelta(minutes=2)
A_TICK, PEOPLE_A_TICK, MATTERS_A_CALL = 50, 500, 1000
KEPT = timedelta(days=90)
logger = logging.getLogger(__name__)


def tick(now: datetime) -> int:
    """Fill the outbox and send what is due; gives how many mails and calls were taken."""
    put_out_mails(now)
    put_out_calls(now)
    return send(now)


def put_out_mails(now: datetime) -> int:
    """Put what waits to be mailed into at most one mail and one digest a person; gives how many."""
    if not settings.MAIL_SERVER:
        Notice.objects.filter(mail_waiting=True).update(mail_waiting=False)
        return 0
    local = now.astimezone(SHANGHAI)
    working = current_calendar().is_working(local.date())
    return sum(_put_out_mail(person_id, local, working) for person_id in _due_people(local, working))


def _due_people(local: datetime, working: bool) -> list[int]:
    """Whose waiting notices ask for something now. Read without locks: most that wait, wait for the morning."""
    waiting: dict[int, set[str]] = defaultdict(set)
    found = Notice.objects.filter(mail_waiting=True).values_list("person_id", "matter__kind").distinct()
    for person_id, kind in found:
        waiting[person_id].add(kind)
    preferences = Preference.objects.in_bulk(waiting)
    untried = Delivery.objects.filter(channel=MAIL, kind=NOTICES, status=WAITING, attempts=0)
    held_up = set(untried.values_list("person_id", flat=True))
    due = []
    for person_id, kinds in waiting.items():
        preference = preferences.get(person_id) or Preference(person_id=person_id)
        asked = {preference.goes(kind, local, working=working) for kind in kinds} - {""}
        if asked - ({NOTICES} if person_id in held_up else set()):
            due.append(person_id)
    return due[:PEOPLE_A_TICK]


@transaction.atomic
def _put_out_mail(person_id: int, local: datetime, working: bool) -> int:
    Preference.objects.get_or_create(person_id=person_id)
    preference = Preference.objects.select_for_update().get(pk=person_id)
    waiting = Notice.objects.filter(person_id=person_id, mail_waiting=True).select_related("matter").order_by("pk")
    reachable, sorted_out = address_of(person_id), defaultdict(list)
    for notice in waiting:
        unwanted = not reachable or notice.read_at is not None
        way = OFF if unwanted else preference.goes(notice.matter.kind, local, working=working)
        sorted_out[way].append(notice.pk)
    Notice.objects.filter(pk__in=sorted_out[OFF]).update(mail_waiting=False)
    made = 0
    if sorted_out[NOTICES] and not _is_held_up(person_id=person_id, kind=NOTICES):
        made += _put_out(NOTICES, f"{NOTICES}/{sorted_out[NOTICES][0]}", person_id, sorted_out[NOTICES], local)
    if sorted_out[DIGEST]:
        made += _put_out(DIGEST, f"{DIGEST}/{person_id}/{local.date()}", person_id, sorted_out[DIGEST], local)
        preference.digested_on = local.date()
        preference.save(update_fields=["digested_on"])
    return made


def _is_held_up(**whose: Any) -> bool:
    """Whether something before it has not been tried yet: what comes meanwhile is told together, not mail by mail."""
    return Delivery.objects.filter(**whose, status=WAITING, attempts=0).exists()


def _put_out(kind: str, key: str, person_id: int, notices: list[int], now: datetime) -> int:
    """One mail into the outbox; none if that mail was put there before, by a clock that was ahead."""
    delivery, fresh = Delivery.objects.get_or_create(
        key=key,
        defaults={"channel": MAIL, "kind": kind, "person_id": person_id, "made_at": now, "next_try_at": now},
    )
    if not fresh:
        return 0
    Notice.objects.filter(pk__in=notices).update(mail_waiting=False, delivery=delivery)
    return 1


def put_out_calls(now: datetime) -> int:
    """Put what each hook was not told of yet into one call; gives how many."""
    made = 0
    for pk in list(Hook.objects.filter(ended_at=None).values_list("pk", flat=True)):
        with transaction.atomic():
            hook = Hook.objects.select_for_update().get(pk=pk)
            if _is_held_up(hook=hook):
                continue
            told = models.Exists(Told.objects.filter(hook=hook, matter=models.OuterRef("pk")))
            new = Matter.objects.filter(~told, at__gte=max(hook.made_at, now - STALE))
            if hook.unit_id is not None:
                new = new.filter(unit=hook.unit_id)
            matters = list(new.order_by("pk")[:MATTERS_A_CALL])
            if not matters:
                continue
            delivery = Delivery.objects.create(
                key=f"{HOOK}/{pk}/{matters[0].pk}",
                channel=HOOK,
                kind=NOTICES,
                hook=hook,
                made_at=now,
                next_try_at=now,
            )
            Told.objects.bulk_create(Told(hook=hook, matter=matter, delivery=delivery) for matter in matters)
            made += 1
    return made


def send(now: datetime) -> int:
    """Hand over what is due; gives how many mails and calls were taken."""
    _give_up_on_broken(now)
    Delivery.objects.filter(made_at__lt=now - KEPT).exclude(status__in=(WAITING, SENDING)).delete()
    channels = (HOOK, MAIL) if settings.MAIL_SERVER else (HOOK,)
    return sum(_send_channel(channel, now) for channel in channels)


def _send_channel(channel: str, now: datetime) -> int:
    # A time to try again that lies far ahead was noted by a clock that went wrong.
    is_due = models.Q(next_try_at__lte=now) | models.Q(next_try_at__gt=now + 2 * LONGEST_WAIT)
    due = Delivery.objects.filter(is_due, channel=channel, status=WAITING)
    sent, down = 0, set()
    for pk in list(due.values_list("pk", flat=True)[:A_TICK]):
        delivery = Delivery.objects.select_related("hook", "person").get(pk=pk)
        if delivery.hook_id in down:
            continue
        given = _send_one(delivery, now)
        if given.result == UNREACHABLE:
            # That is no mail's fault: it counts as an attempt of none, and all for that server wait.
            same = due.filter(hook=delivery.hook_id) if delivery.hook_id else due
            same.update(next_try_at=now + UNREACHABLE_WAIT, fault=given.fault)
            if not delivery.hook_id:
                break
            down.add(delivery.hook_id)
            _try_later(delivery, given, now)
        sent += given.result == SENT
    return sent


def _give_up_on_broken(now: datetime) -> None:
    """Whoever claimed these is gone, and with them the answer whether the mail went out."""
    old = models.Q(claimed_at__lt=now - BROKEN_OFF) | models.Q(claimed_at__gt=now + BROKEN_OFF)
    for delivery in Delivery.objects.filter(old, status=SENDING):
        logger.error("notice %s: broken off", delivery.key)
        _end(delivery, UNCLEAR, "broken off", now)


def _send_one(delivery: Delivery, now: datetime) -> HandedOver:
    """Send one thing and note what became of it."""

    def claim() -> bool:
        # From here on it may have gone out, whatever happens to this process.
        return bool(Delivery.objects.filter(pk=delivery.pk, status=WAITING).update(status=SENDING, claimed_at=now))

    if delivery.channel == HOOK:
        matters = list(Matter.objects.filter(told__delivery=delivery).select_related("unit").order_by("pk"))
        hook = delivery.hook
        if hook is None or hook.ended_at is not None or not matters:
            return _end(delivery, DROPPED, "", now)
        body = hook_body(str(delivery.pk), matters, made_at=delivery.made_at.astimezone(SHANGHAI))
        given = call(hook, str(delivery.pk), body, now=now, claim=claim)
    else:
        mail = _mail(delivery, now)
        if mail is None:
            return _end(delivery, DROPPED, "", now)
        given = hand_over(mail, claim=claim)
    if given.result in (UNREACHABLE, TAKEN):
        return given
    if given.result == LATER:
        return _try_later(delivery, given, now)
    status = FAILED if given.result == REFUSED else given.result
    if status != SENT:
        logger.error("notice %s: %s %s", delivery.key, status, given.fault)
    _end(delivery, status, given.fault, now)
    return given


def _mail(delivery: Delivery, now: datetime) -> EmailMessage | None:
    """The mail as it is right to send now; None if there is nothing to tell any more, or nowhere to send it."""
    if delivery.person_id is None:
        return None
    if delivery.kind == ADDRESS:
        address = MailAddress.objects.filter(pk=delivery.person_id, verified_at=None).first()
        # An older wish than the last carries no code that would still be taken.
        if address is None or address.asked_at != delivery.made_at:
            return None
        to, (subject, text) = address.email, address_mail(code_of(address))
    else:
        to = address_of(delivery.person_id)
        matters = [
            notice.matter
            for notice in delivery.notices.filter(read_at=None).select_related("matter__unit").order_by("pk")
        ]
        matters = still_open(matters)
        if not to or not matters:
            return None
        subject, text = mail_of(matters, now=now.astimezone(SHANGHAI), digest=delivery.kind == DIGEST)
    domain = settings.SITE.get("domain") or "localhost"
    headers = {"Message-ID": f"<{delivery.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(subject, text, to=[to], headers=headers)


def still_open(matters: list[Matter]) -> list[Matter]:
    """Without those whose duty was fulfilled meanwhile."""
    ids = {matter.duty_id for matter in matters if matter.duty_id}
    closed: set[uuid.UUID] = set(Duty.objects.filter(pk__in=ids).exclude(closed_at=None).values_list("pk", flat=True))
    return [matter for matter in matters if matter.duty_id not in closed]


def _try_later(delivery: Delivery, given: HandedOver, now: datetime) -> HandedOver:
    """The other side said no for now, so it has certainly not gone out."""
    attempts = delivery.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        return _end(delivery, FAILED, given.fault, now)
    wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
    Delivery.objects.filter(pk=delivery.pk).update(
        status=WAITING, attempts=attempts, next_try_at=now + wait, fault=given.fault
    )
    logger.warning("notice %s, attempt %s: %s", delivery.key, attempts, given.fault)
    return given


def _end(delivery: Delivery, status: str, fault: str, now: datetime) -> HandedOver:
    """No more attempts."""
    Delivery.objects.filter(pk=delivery.pk).update(
        status=status, fault=fault, ended_at=now, attempts=models.F("attempts") + int(status in (SENT, FAILED))
    )
    return HandedOver(status, fault)
