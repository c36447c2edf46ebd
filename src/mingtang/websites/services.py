"""Error reports from the public site become records, and what is decided about them reaches the citizen's receipt."""

import logging
import uuid
from datetime import datetime
from typing import Any

from django.db.models import Min

from mingtang.audit import identity
from mingtang.duties.models import Duty
from mingtang.intake.keys import Unreadable, unseal
from mingtang.intake.models import ANSWERED, FORWARDED, RECEIVED, REJECTED, UNREADABLE, Submission
from mingtang.intake.services import mark_taken, take, waiting, write_receipt
from mingtang.journal.writing import writing
from mingtang.records.models import CONSULTED, LEAD, Record, RecordParty
from mingtang.records.services import open_record
from mingtang.records.spec import Context, effect
from mingtang.rules import local_day
from mingtang.units.actors import Actor
from mingtang.units.models import Unit
from mingtang.units.roles import OPENNESS_OFFICER

from .models import ErrorReport
from .selectors import publication_at, unit_answering_for

KIND = "error_report"
logger = logging.getLogger(__name__)


def receive(now: datetime, limit: int = 200) -> int:
    """Turn error reports that came in into records of the unit that answers for the page; gives how many.

    Each is one transaction: record, events, clock, receipt, and the mark that it was taken. Killed at any point, it is
    there whole or waits for the next call; called twice, or by two workers, it is there once. The clock starts when
    the citizen sent it, however late it is taken.
    """
    return sum(_receive(waiting_id, now) for waiting_id in waiting(KIND, limit))


def _receive(submission_id: uuid.UUID, now: datetime) -> bool:
    with writing():
        submission = take(submission_id)
        if submission is None:
            return False
        try:
            said = unseal(submission.sealed)
        except Unreadable:
            # Nobody will ever read it: let the citizen know, and do not stumble over it again.
            logger.error("submission %s was sealed with another key", submission.number)
            write_receipt(submission.number, status=UNREADABLE, now=now)
            mark_taken(submission, now)
            return False
        record = _open(submission, said)
        mark_taken(submission, now)
        write_receipt(submission.number, status=RECEIVED, handler=record.lead_unit.name, due_at=_due(record), now=now)
        return True


def _open(submission: Submission, said: dict[str, Any]) -> Record:
    unit = unit_answering_for(submission.page, local_day(submission.at))
    reader = Actor(None, "网民", frozenset({(unit.pk, OPENNESS_OFFICER)}))
    data = {**said, "page": submission.page, "number": submission.number}
    return open_record(KIND, actor=reader, unit=unit, now=submission.at, data=data).record


def _due(record: Record) -> datetime | None:
    """By when the citizen was promised an answer: the first clock, which forwarding does not move."""
    found: datetime | None = Duty.objects.filter(record=record).aggregate(first=Min("due_at"))["first"]
    return found


def write_error_report(context: Context) -> None:
    """Apply what a citizen sent in, or what an officer wrote down for somebody who telephoned."""
    report: ErrorReport = context.detail
    for name in ("page", "what", "quote"):
        setattr(report, name, context.data.get(name, ""))
    report.number = context.data.get("number") or None
    publication = publication_at(report.page)
    report.index_number = publication.index_number if publication else ""
    report.save()
    identity.seal(KIND, context.record.pk, contact=context.data.get("contact", ""))
    about = f"《{publication.title}》" if publication else report.page or "网站"
    context.record.title = f"网民找错：{about}"[:400]


@effect("error_report.answer")
def answer(context: Context) -> None:
    report = context.detail
    report.outcome, report.answer = context.data["outcome"], context.data["answer"]
    report.save(update_fields=["outcome", "answer"])
    context.results["outcome"] = report.outcome
    _tell(context, ANSWERED, report.answer)


@effect("error_report.reject")
def reject(context: Context) -> None:
    """The reason is kept as the step's remark; the citizen reads the same words."""
    _tell(context, REJECTED, context.data["remark"])


@effect("error_report.forward")
def forward(context: Context) -> None:
    """Another unit leads from now on; the one that forwarded it keeps seeing it, and keeps its clock."""
    record, unit = context.record, Unit.objects.get(pk=context.data["unit"])
    parties = RecordParty.objects.filter(record=record)
    parties.filter(unit=unit, role=CONSULTED).delete()
    parties.filter(role=LEAD).update(role=CONSULTED)
    RecordParty.objects.create(record=record, unit=unit, role=LEAD)
    context.results.update(from_unit=record.lead_unit_id, to_unit=unit.pk)
    record.lead_unit = unit
    _tell(context, FORWARDED, "")


def _tell(context: Context, status: str, message: str) -> None:
    number = context.detail.number
    if number:
        record = context.record
        write_receipt(
            number,
            status=status,
            message=message,
            handler=record.lead_unit.name,
            due_at=_due(record),
            now=context.now,
        )
