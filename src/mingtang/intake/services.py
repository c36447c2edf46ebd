"""Taking in what citizens submit, and answering what became of it."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, connection, transaction

from mingtang.rules import local_day
from mingtang.text.canonical import canonical_json

from .keys import keyed, seal
from .models import STATUSES, SUBMITTED, Receipt, Submission
from .numbers import code_hash, code_hashes, make_code, make_number, read_number

# Numbers are drawn from some 23 million a month; a draw that is taken is followed by another.
DRAWS = 5
RECEIPT_FUNCTION = "intake_receipt_of"


@dataclass(frozen=True)
class ReceiptView:
    """What whoever holds the query code is told. ``status`` is a key of ``STATUSES``."""

    number: str
    kind: str
    page: str
    at: datetime
    status: str
    message: str
    handler: str
    due_at: datetime | None
    updated_at: datetime

    @property
    def status_label(self) -> str:
        return str(STATUSES[self.status])


def submit(
    kind: str, payload: Mapping[str, Any], *, page: str = "", request_key: str, now: datetime
) -> tuple[str, str]:
    """Keep what a citizen sent; gives receipt number and query code.

    The same request key with the same content gives the same pair and adds nothing, also when two arrive at once. The
    code is kept nowhere: it is derived from the key of this installation.

    Raises:
        django.db.DatabaseError: it could not be kept.
    """
    content = sha256(canonical_json({"kind": kind, "page": page, "payload": dict(payload)}).encode()).hexdigest()
    months = (now, month_before(now))
    seeds = {_id(f"{request_key}\n{content}\n{month:%Y%m}\n{draw}"): month for month in months for draw in range(DRAWS)}
    for known in _known(seeds):
        return make_number(str(known), seeds[known]), make_code(str(known))
    for seed, month in list(seeds.items())[:DRAWS]:
        number, code = make_number(str(seed), month), make_code(str(seed))
        try:
            with transaction.atomic():
                Submission(
                    id=seed,
                    kind=kind,
                    number=number,
                    code_hash=code_hash(number, code),
                    page=page,
                    sealed=seal(payload),
                    at=now,
                ).save(force_insert=True)
        except IntegrityError:
            # Either the same press arrived twice at once, or the number is somebody else's: only ``id`` can be asked.
            if not _known([seed]):
                continue
        return number, code
    raise IntegrityError("no free receipt number was drawn")


def _known(ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of ``ids`` that are there. Asks for no column but ``id``, not even to sort by."""
    return list(Submission.objects.filter(pk__in=list(ids)).order_by().values_list("pk", flat=True))


def is_there(submission_id: uuid.UUID) -> bool:
    return bool(_known([submission_id]))


def _id(seed: str) -> uuid.UUID:
    return uuid.UUID(bytes=keyed("submission", seed)[:16], version=5)


def month_before(now: datetime) -> datetime:
    """A moment in the month before: a form opened before midnight may be sent, and sent again, after it."""
    return now - timedelta(days=local_day(now).day)


def receipt_of(number: str, code: str) -> ReceiptView | None:
    """The receipt, if ``code`` is its query code; None for a wrong number and a wrong code alike.

    This is the one place where query codes are checked. What is compared is a keyed hash that nobody outside can
    compute or steer, so the time the comparison takes tells nothing about the code.
    """
    known = read_number(number)
    # A number with a typing error is looked up all the same, and takes as long as any other.
    answers = [_ask(known or "", hashed) for hashed in code_hashes(known or "", code)]
    return next((found for found in answers if found), None) if known else None


def _ask(number: str, hashed: str) -> ReceiptView | None:
    if connection.vendor == "postgresql":
        # The public role may not read the tables; the function may.
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {RECEIPT_FUNCTION}(%s, %s)", [number, hashed])  # noqa: S608
            row = cursor.fetchone()
        return ReceiptView(*row) if row else None
    submission = Submission.objects.filter(number=number, code_hash=hashed).first()
    if submission is None:
        return None
    receipt = Receipt.objects.filter(number=number).first() or Receipt(status=SUBMITTED, updated_at=submission.at)
    return ReceiptView(
        number,
        submission.kind,
        submission.page,
        submission.at,
        receipt.status,
        receipt.message,
        receipt.handler,
        receipt.due_at,
        receipt.updated_at,
    )


def write_receipt(
    number: str, *, status: str, now: datetime, message: str = "", handler: str = "", due_at: datetime | None = None
) -> None:
    """Tell the citizen how their case stands. Called by the affair that handles it, in its transaction."""
    if status not in STATUSES:
        raise ValueError(f"{status} is no status of a receipt")
    values = {"status": status, "message": message, "handler": handler, "due_at": due_at, "updated_at": now}
    Receipt.objects.update_or_create(number=number, defaults=values)


def waiting(kind: str, limit: int = 200) -> list[uuid.UUID]:
    """Submissions of a kind that nobody has taken yet, oldest first."""
    return list(Submission.objects.filter(kind=kind, taken_at=None).values_list("pk", flat=True)[:limit])


def take(submission_id: uuid.UUID) -> Submission | None:
    """The submission, locked until the transaction ends; None if somebody took it meanwhile."""
    return Submission.objects.select_for_update().filter(pk=submission_id, taken_at=None).first()


def mark_taken(submission: Submission, now: datetime, *, keep: bool = False) -> None:
    """Note that an affair took it over. Its content now lives there and is dropped here, unless ``keep``."""
    submission.taken_at = now
    if not keep:
        submission.sealed = ""
    submission.save(update_fields=["taken_at", "sealed"])
