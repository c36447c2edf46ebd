"""Following intake and log: confirmations at once, digests once a day, each mail at most once.

``tick`` is safe to call at any time and from a process that died in the middle of the last call. It talks to a mail
server, which may be slow: call it where nobody waits for it.
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction

from mingtang import mailing
from mingtang.editions.models import Checkpoint, LogHead
from mingtang.intake import subscriptions
from mingtang.intake.keys import Unreadable, address_index
from mingtang.intake.models import Submission, Subscription
from mingtang.intake.services import take, waiting
from mingtang.rules import SHANGHAI, local_day

from .digest import Change, changes, concerns, confirmation, digest
from .models import CONFIRMATION, DIGEST, DROPPED, FAILED, SENDING, SENT, UNKNOWN, WAITING, Delivery

# Nobody can have an address flooded with mails that ask to confirm.
CONFIRMATIONS_A_DAY = 5
# A hand-over takes at most settings.EMAIL_TIMEOUT; one still open after this was broken off.
BROKEN_OFF = timedelta(minutes=15)
FIRST_WAIT, LONGEST_WAIT, MOST_ATTEMPTS = timedelta(minutes=1), timedelta(hours=6), 12
MAILS_A_TICK = 50
UNREACHABLE_WAIT = timedelta(minutes=2)
KEPT = timedelta(days=90)
UNREACHABLE = "unreachable"
logger = logging.getLogger(__name__)


def tick(now: datetime, *, upto: int | None = None) -> int:
    """Apply confirmations and stops, fill the outbox, send what is due; gives how many mails were handed over.

    Log entries below ``upto`` are told of; by default those below the newest checkpoint, whose pages are out.
    """
    end = _end() if upto is None else upto
    subscriptions.apply_changes(now, log_size=end)
    if not settings.MAIL_SERVER:
        return 0
    ask_to_confirm(now)
    if now.astimezone(SHANGHAI).time() >= settings.DIGEST_AT:
        make_digests(now, end)
    return send(now)


def _end() -> int:
    checkpoint = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first()
    if checkpoint is not None:
        return checkpoint
    return LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0


def waiting_mails(now: datetime) -> int:
    """How many mails wait to be sent."""
    return Delivery.objects.filter(status=WAITING).count()


def ask_to_confirm(now: datetime) -> int:
    """Put a confirmation into the outbox for each new wish to subscribe; gives how many."""
    made = 0
    for wish_id in waiting(subscriptions.SUBSCRIBE):
        with transaction.atomic():
            submission = take(wish_id)
            wanted = subscriptions.take_wish(submission, now) if submission is not None else None
            if wanted is None:
                continue
            index = address_index(wanted[0])
            lately = Delivery.objects.filter(
                address_index=index, kind=CONFIRMATION, made_at__gt=now - timedelta(days=1)
            )
            if lately.count() >= CONFIRMATIONS_A_DAY:
                continue
            Delivery.objects.create(
                key=f"{CONFIRMATION}/{wish_id}",
                kind=CONFIRMATION,
                wish_id=wish_id,
                address_index=index,
                made_at=now,
                next_try_at=now,
            )
            made += 1
    return made


def make_digests(now: datetime, end: int) -> int:
    """Put the day's digest into the outbox for each subscription something changed for; gives how many.

    A subscription's place in the log and its digest are written together: a day is told of once, or not yet.
    """
    day = local_day(now)
    due = models.Q(followed_on=None) | models.Q(followed_on__lt=day)
    found: dict[int, list[Change]] = {}
    made = 0
    for pk in list(Subscription.objects.filter(due).values_list("pk", flat=True)):
        with transaction.atomic():
            subscription = Subscription.objects.select_for_update().filter(due, pk=pk).first()
            if subscription is None:
                continue
            first = subscription.next_index
            if first not in found:
                found[first] = changes(first, end)
            if any(concerns(change.publication, subscription.subjects) for change in found[first]):
                made += _put_out(subscription, f"{DIGEST}/{pk}/{day}", end, now)
            subscription.next_index, subscription.followed_on = max(first, end), day
            subscription.save(update_fields=["next_index", "followed_on"])
    return made


def _put_out(subscription: Subscription, key: str, end: int, now: datetime) -> bool:
    """A digest from where the subscription stands up to ``end``; one that still waits to be sent grows instead."""
    if Delivery.objects.filter(subscription=subscription, status=WAITING).update(end_index=end):
        return False
    Delivery.objects.create(
        key=key,
        kind=DIGEST,
        subscription=subscription,
        address_index=subscription.address_index,
        first_index=subscription.next_index,
        end_index=end,
        made_at=now,
        next_try_at=now,
    )
    return True


def send(now: datetime) -> int:
    """Hand over what is due; gives how many mails the server took."""
    _give_up_on_broken(now)
    Delivery.objects.filter(made_at__lt=now - KEPT).exclude(status__in=(WAITING, SENDING)).delete()
    sent = 0
    due = Delivery.objects.filter(status=WAITING, next_try_at__lte=now)
    for pk in list(due.values_list("pk", flat=True)[:MAILS_A_TICK]):
        status = _send_one(pk, now)
        if status == UNREACHABLE:
            # That is no mail's fault: it counts as an attempt of none, and all wait.
            due.update(next_try_at=now + UNREACHABLE_WAIT)
            break
        sent += status == SENT
    return sent


def _give_up_on_broken(now: datetime) -> None:
    """Mails whose hand-over was broken off may have arrived: not sent again, but told of in the next digest."""
    for delivery in Delivery.objects.filter(status=SENDING, claimed_at__lt=now - BROKEN_OFF):
        _end_delivery(delivery, UNKNOWN, "broken off")


def _send_one(pk: uuid.UUID, now: datetime) -> str:
    """Send one mail; gives what became of it, or that the server cannot be reached and the others may as well wait."""
    delivery = Delivery.objects.select_related("subscription").get(pk=pk)
    mail = _mail(delivery, now)
    if mail is None:
        return _end_delivery(delivery, DROPPED, "")
    waiting = Delivery.objects.filter(pk=pk, status=WAITING)
    # From the claim on the mail may have gone out, whatever happens to this process.
    given = mailing.hand_over(mail, claim=lambda: bool(waiting.update(status=SENDING, claimed_at=now)))
    if given.result == mailing.UNREACHABLE:
        return UNREACHABLE
    if given.result == mailing.TAKEN:
        return DROPPED
    if given.result == mailing.LATER:
        return _try_later(delivery, given.fault, now)
    if given.result in (mailing.REFUSED, mailing.UNCLEAR):
        logger.error("mail %s: %s", delivery.key, given.fault)
        return _end_delivery(delivery, FAILED if given.result == mailing.REFUSED else UNKNOWN, given.fault)
    Delivery.objects.filter(pk=pk).update(status=SENT, sent_at=now, attempts=models.F("attempts") + 1, fault="")
    return SENT


def _mail(delivery: Delivery, now: datetime) -> EmailMessage | None:
    """The mail as it is right to send now; None if there is nothing to send any more."""
    try:
        mail = _confirmation(delivery) if delivery.kind == CONFIRMATION else _digest(delivery, now)
    except Unreadable:
        return None
    if mail is not None:
        domain = settings.SITE.get("domain") or "localhost"
        mail.extra_headers |= {"Message-ID": f"<{delivery.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    return mail


def _confirmation(delivery: Delivery) -> EmailMessage | None:
    wish = Submission.objects.filter(pk=delivery.wish_id).first() if delivery.wish_id else None
    if wish is None:
        return None
    email, subjects = subscriptions.wish_of(wish)
    return confirmation(email, subjects, token=subscriptions.confirm_token(wish.pk))


def _digest(delivery: Delivery, now: datetime) -> EmailMessage | None:
    subscription = delivery.subscription
    if subscription is None:
        return None
    found = [
        change
        for change in changes(delivery.first_index, delivery.end_index)
        if concerns(change.publication, subscription.subjects)
    ]
    if not found:
        return None
    return digest(
        subscriptions.address_of(subscription),
        subscription.subjects,
        found,
        stop=subscriptions.stop_token(subscription.pk),
        checkpoint=Checkpoint.objects.order_by("-size").first(),
        now=now,
    )


def _try_later(delivery: Delivery, fault: str, now: datetime) -> str:
    """The server said no for now, so the mail has certainly not gone out."""
    attempts = delivery.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        return _end_delivery(delivery, FAILED, fault)
    wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
    Delivery.objects.filter(pk=delivery.pk).update(
        status=WAITING, attempts=attempts, next_try_at=now + wait, fault=fault
    )
    logger.warning("mail %s, attempt %s: %s", delivery.key, attempts, fault)
    return WAITING


@transaction.atomic
def _end_delivery(delivery: Delivery, status: str, fault: str) -> str:
    """No more attempts. What a lost digest was to tell is told by the next one."""
    Delivery.objects.filter(pk=delivery.pk).update(status=status, fault=fault)
    if status != DROPPED and delivery.subscription_id is not None:
        Subscription.objects.filter(pk=delivery.subscription_id, next_index__gt=delivery.first_index).update(
            next_index=delivery.first_index
        )
    return status
