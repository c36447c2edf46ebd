"""Scoped reads of records. Desk, exports, form choices and search all go through ``visible_to``."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from mingtang.rules import Fault
from mingtang.units.actors import Actor
from mingtang.units.roles import ADMINISTRATORS

from .models import PerformedRequest, Record, RecordParty
from .services import why_not_allowed
from .spec import Context, Facts, Transition, run_named_gates, spec_for


def visible_to(actor: Actor) -> QuerySet[Record]:
    """Records to which one of the actor's units is party. Administrators of the system see none of the business."""
    parties = RecordParty.objects.filter(record=OuterRef("pk"), unit__in=actor.units)
    if not actor.units or actor.roles <= ADMINISTRATORS:
        return Record.objects.none()
    return Record.objects.filter(Exists(parties))


def find_visible(actor: Actor, record_id: uuid.UUID) -> Record | None:
    """One record, or None if it does not exist or is not the actor's to see: the two look the same from outside."""
    return visible_to(actor).filter(pk=record_id).select_related("lead_unit").first()


def list_visible(actor: Actor, kind: str, *, state: str = "", text: str = "", unit: str = "") -> QuerySet[Record]:
    """Records of one kind, newest change first, filtered by state, title words and lead unit."""
    found = visible_to(actor).filter(kind=kind).select_related("lead_unit")
    if state:
        found = found.filter(state=state)
    if unit:
        found = found.filter(lead_unit_id=unit)
    for word in text.split():
        found = found.filter(title__icontains=word)
    return found


def linked_visible(actor: Actor, record: Record) -> list[tuple[str, Record]]:
    """Records linked to this one either way that the actor may see, with the link kind."""
    found = visible_to(actor).filter(Q(links_out__target=record) | Q(links_in__source=record)).distinct()
    kinds: dict[uuid.UUID, str] = {}
    for link in [*record.links_in.all(), *record.links_out.all()]:
        kinds[link.source_id if link.source_id != record.pk else link.target_id] = link.kind
    return [(kinds.get(other.pk, ""), other) for other in found.select_related("lead_unit").order_by("created_at")]


@dataclass(frozen=True)
class Option:
    """A step as a person sees it: open, or closed with the reason in words.

    ``faults`` are what its gates would say now. A step that returns on fault stays open: the person is told.
    """

    transition: Transition
    reason: str
    faults: tuple[Fault, ...]

    @property
    def open(self) -> bool:
        return not self.reason and (self.transition.on_fault == "return" or not self.stopping)

    @property
    def stopping(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.stops)


def options(record: Record, *, actor: Actor, now: datetime) -> list[Option]:
    """Every step that starts from the record's state and applies to it, with the reason where it is closed."""
    spec = spec_for(record.kind)
    context = Context(spec, record, actor, now)
    facts = Facts(context)
    found = []
    for step in spec.transitions:
        if record.state not in step.source or (step.applies and not facts[step.applies]):
            continue
        found.append(Option(step, why_not_allowed(context, step), tuple(run_named_gates(facts, step.gates))))
    return found


def was_performed(request_key: str) -> bool:
    """True if a request with this key was carried out: pressing twice is no mistake to report."""
    return bool(request_key) and PerformedRequest.objects.filter(key=request_key[:80]).exists()


def may_edit(record: Record, *, actor: Actor) -> bool:
    """True if the actor may change the record's content as it now stands."""
    spec = spec_for(record.kind)
    return record.state in spec.editable_in and actor.holds(spec.creator, [record.lead_unit_id])
