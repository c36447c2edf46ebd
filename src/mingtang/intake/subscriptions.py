"""Subscriptions by e-mail: asked for and confirmed on the public site, applied by the worker.

The public process may only add submissions, so asking, confirming and stopping are each a submission (kinds
``subscribe``, ``confirm``, ``stop``). Nothing is mailed to an address before whoever reads it has confirmed.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from .keys import Unreadable, address_index, address_indexes, keyed, seal, sign, signed_value, unseal
from .models import Submission, Subscription
from .services import is_there, mark_taken, submit, take, waiting

SUBSCRIBE, CONFIRM, STOP = "subscribe", "confirm", "stop"
# An address nobody confirmed is forgotten after this time.
UNCONFIRMED = timedelta(days=7)


def ask(email: str, subjects: Iterable[str], *, request_key: str, now: datetime) -> None:
    """Keep a wish to subscribe ``email`` to ``subjects``; the worker mails the link that confirms it."""
    submit(SUBSCRIBE, {"email": email, "subjects": sorted(set(subjects))}, request_key=request_key, now=now)


def confirm_token(request_id: uuid.UUID) -> str:
    return sign(CONFIRM, request_id.hex)


def stop_token(subscription_id: uuid.UUID) -> str:
    return sign(STOP, subscription_id.hex)


def _named(purpose: str, token: str) -> list[uuid.UUID]:
    """What a link names: one id, or none if this installation did not make it."""
    value = signed_value(purpose, token)
    return [uuid.UUID(value)] if value else []


def can_confirm(token: str) -> bool:
    """True for a link that still leads to a wish to subscribe."""
    return any(is_there(found) for found in _named(CONFIRM, token))


def can_stop(token: str) -> bool:
    """True for a link of a subscription that is still there."""
    return Subscription.objects.filter(pk__in=_named(STOP, token)).order_by().exists()


def is_stop_token(token: str) -> bool:
    """True for a link this installation made, whether or not its subscription is still there."""
    return bool(_named(STOP, token))


def confirm(token: str, *, now: datetime) -> None:
    """Raises ValueError for a link that ``can_confirm`` refuses."""
    if not can_confirm(token):
        raise ValueError("no such wish to subscribe")
    submit(CONFIRM, {"token": token}, request_key=token, now=now)


def stop(token: str, *, now: datetime) -> None:
    """Raises ValueError for a link this installation did not make. Stopping twice is no mistake."""
    if not is_stop_token(token):
        raise ValueError("no such link")
    submit(STOP, {"token": token}, request_key=token, now=now)


def apply_changes(now: datetime, *, log_size: int) -> int:
    """Carry out what was confirmed and stopped, oldest first; gives how many were applied. Safe to repeat.

    A new subscription follows the log from ``log_size`` on. Wishes nobody confirmed in seven days are forgotten.
    """
    done = 0
    for kind in (CONFIRM, STOP):
        for waiting_id in waiting(kind):
            with transaction.atomic():
                submission = take(waiting_id)
                if submission is not None:
                    _apply(submission, now, log_size)
                    submission.delete()
                    done += 1
    Submission.objects.filter(kind=SUBSCRIBE, at__lt=now - UNCONFIRMED).delete()
    return done


def _apply(submission: Submission, now: datetime, log_size: int) -> None:
    try:
        token = unseal(submission.sealed).get("token", "")
    except Unreadable:
        return
    if submission.kind == STOP:
        Subscription.objects.filter(pk__in=_named(STOP, token)).delete()
        return
    wish = Submission.objects.select_for_update().filter(pk__in=_named(CONFIRM, token), kind=SUBSCRIBE).first()
    if wish is None:
        return
    try:
        wanted = unseal(wish.sealed)
    except Unreadable:
        return
    index = address_index(wanted["email"])
    found = Subscription.objects.select_for_update().filter(address_index__in=address_indexes(wanted["email"])).first()
    if found is None:
        Subscription.objects.create(
            id=uuid.UUID(bytes=keyed("subscription", str(wish.pk))[:16], version=5),
            email=seal({"email": wanted["email"]}),
            address_index=index,
            subjects=wanted["subjects"],
            confirmed_at=now,
            next_index=log_size,
        )
    else:
        found.subjects = sorted({*found.subjects, *wanted["subjects"]})
        found.save(update_fields=["subjects"])
    wish.delete()


def take_wish(submission: Submission, now: datetime) -> tuple[str, list[str]] | None:
    """Take a wish over to be confirmed by mail: its address and subjects. One that cannot be read is dropped."""
    try:
        wanted = wish_of(submission)
    except Unreadable:
        submission.delete()
        return None
    mark_taken(submission, now, keep=True)
    return wanted


def wish_of(submission: Submission) -> tuple[str, list[str]]:
    """Address and subjects of a wish to subscribe. Raises Unreadable."""
    wanted = unseal(submission.sealed)
    return str(wanted["email"]), list(wanted["subjects"])


def address_of(subscription: Subscription) -> str:
    """The address to mail to. Raises Unreadable."""
    return str(unseal(subscription.email)["email"])
