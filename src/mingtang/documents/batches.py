"""Deciding on migrated papers together: the list, a sample that is read, and each paper taken through its own step.

A batch changes nothing in who decides and what is checked: every paper of it goes through ``perform`` with the gates of
the step, and the three people stay three. What a batch spares is opening each paper; what stands in for it is the sample.
"""

import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from mingtang.journal.writing import append, writing
from mingtang.records.errors import IllegalState, NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.records.selectors import visible_to
from mingtang.records.services import perform
from mingtang.rules import Fault
from mingtang.units.actors import Actor
from mingtang.units.roles import ADMINISTRATORS, OPENNESS_OFFICER, SECRECY_REVIEWER, SYSTEM_ADMINISTRATOR, UNIT_HEAD

from .models import BatchDecision, Document, MigratedPaper, PaperMigration

MOST = 500
SAMPLE_SHARE, SAMPLE_LEAST = 0.05, 5


@dataclass(frozen=True)
class BatchStep:
    """A step that may be taken for many papers at once. ``back`` is the step that returns one; empty: none."""

    name: str
    label: Any
    state: str
    role: str
    back: str = ""


STEPS = {
    step.name: step
    for step in (
        BatchStep("review_migrated", _("保密审查"), "migrated", SECRECY_REVIEWER, "refuse_review"),
        BatchStep("approve_migrated", _("负责人审定"), "migration_reviewed", UNIT_HEAD, "head_return"),
        BatchStep("publish", _("公开"), "migration_approved", OPENNESS_OFFICER),
    )
}


@dataclass
class Decided:
    """What a decision did. ``left`` are papers that stayed where they are, with the reason."""

    passed: int = 0
    returned: int = 0
    left: list[tuple[Record, str]] = field(default_factory=list)


def visible_migrations(actor: Actor) -> QuerySet[PaperMigration]:
    """Runs that brought papers to the actor's units, or that they started; all of them for the system administrator,
    who sees numbers and no papers."""
    if SYSTEM_ADMINISTRATOR in actor.roles:
        return PaperMigration.objects.all()
    if actor.roles <= ADMINISTRATORS:
        return PaperMigration.objects.none()
    own = MigratedPaper.objects.filter(migration=OuterRef("pk"), unit_code__in=actor.units)
    return PaperMigration.objects.filter(Exists(own) | Q(started_by_id=actor.person_id))


def papers_seen(migration: PaperMigration, actor: Actor) -> QuerySet[MigratedPaper]:
    """Rows of a run that the actor may read: those of their units, and all if they started it."""
    if migration.started_by_id == actor.person_id and actor.units:
        return MigratedPaper.objects.filter(migration=migration)
    return MigratedPaper.objects.filter(migration=migration, unit_code__in=actor.units)


def outcomes(migration: PaperMigration) -> dict[str, int]:
    """How many rows came to which outcome; rows of the sheet only."""
    rows = MigratedPaper.objects.filter(migration=migration, row__gt=0).values_list("outcome").order_by()
    return dict(rows.annotate(number=Count("pk")))


def waiting(migration: PaperMigration, step: BatchStep, actor: Actor) -> QuerySet[Record]:
    """Papers of a run that wait for this step by this actor, oldest on the old site first."""
    brought = MigratedPaper.objects.filter(migration=migration, record=OuterRef("pk"))
    found = visible_to(actor).filter(Exists(brought), state=step.state, lead_unit__in=actor.units_as(step.role))
    return found.select_related("lead_unit", "document").order_by("document__web_published_on", "pk")


def waiting_count(actor: Actor) -> int:
    """How many papers of any run wait for a batch of this actor's."""
    condition = Q(pk__in=[])
    for step in STEPS.values():
        if units := actor.units_as(step.role):
            condition |= Q(state=step.state, lead_unit__in=units)
    return Record.objects.filter(condition, kind="document").count() if condition != Q(pk__in=[]) else 0


def sample(migration: PaperMigration, step: BatchStep, records: Iterable[Record]) -> list[Record]:
    """A twentieth of the papers, five at least, drawn so that nobody chooses: a changed paper is drawn anew."""
    known = list(records)

    def lot(record: Record) -> str:
        return sha256(f"{migration.pk}{step.name}{record.pk}{record.version}".encode()).hexdigest()

    return sorted(known, key=lot)[: max(SAMPLE_LEAST, math.ceil(len(known) * SAMPLE_SHARE))]


def decide(
    migration: PaperMigration,
    step: BatchStep,
    records: list[Record],
    *,
    verdicts: Mapping[uuid.UUID, str],
    actor: Actor,
    now: datetime,
) -> Decided:
    """Take ``records`` through ``step``, or return those of the sample that may not pass, and then none of the others.

    Args:
        verdicts: for each paper of the sample, empty to let it pass, or the reason it goes back with.

    Raises:
        NotAllowed: a paper of the sample has no verdict, or the actor does not take this step.
    """
    if not actor.units_as(step.role):
        raise NotAllowed(f"{step.label}不由您办理。")
    drawn = sample(migration, step, records) if step.back else []
    if any(record.pk not in verdicts for record in drawn):
        raise NotAllowed("抽到的每一份都要先看过并作出判断。")
    done = Decided()
    refused = [record for record in drawn if verdicts[record.pk]]
    if refused:
        for record in refused:
            _take(done, record, step.back, actor, now, {"remark": verdicts[record.pk]})
        done.returned, done.passed = done.passed, 0
    else:
        opinion = f"旧文迁入批次：共{len(records)}份，抽查{len(drawn)}份。"
        for record in records:
            data = {"masks": [], "opinion": opinion, "batch": True} if step.name == "review_migrated" else {}
            if _take(done, record, step.name, actor, now, data) and step.name == "publish":
                _end_if_over(record, actor, now)
    assert actor.person_id is not None
    read = [{"record": str(record.pk), "passed": not verdicts[record.pk]} for record in drawn]
    with writing():
        told = {"migration": str(migration.pk), "step": step.name, "sample": read}
        append(
            "document.batch_decided",
            at=now,
            actor_id=actor.person_id,
            payload={**told, "passed": done.passed, "returned": done.returned},
        )
        BatchDecision.objects.create(
            migration=migration,
            step=step.name,
            person_id=actor.person_id,
            at=now,
            read=read,
            passed=done.passed,
            returned=done.returned,
        )
    return done


def _take(done: Decided, record: Record, step: str, actor: Actor, now: datetime, data: dict[str, Any]) -> bool:
    try:
        perform(record, step, actor=actor, now=now, data=data, expected_version=record.version)
    except Refused as refused:
        done.left.append((record, "".join(_said(each) for each in refused.faults)))
        return False
    except (NotAllowed, IllegalState) as error:
        done.left.append((record, str(error)))
        return False
    done.passed += 1
    return True


def _said(each: Fault) -> str:
    return f"{each.message}{each.mend}"


def _end_if_over(record: Record, actor: Actor, now: datetime) -> None:
    """A paper that the old site already marked as no longer valid is public with that mark."""
    kind = Document.objects.get(pk=record.pk).legacy.get("validity", "")
    if kind:
        data = {"kind": kind, "reason": "旧网站上已标明。"}
        perform(record, "withdraw", actor=actor, now=now, data=data)
