"""Who is late, and why: the step that a late duty waits at, whose it is, and since when."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, QuerySet

from mingtang.duties.models import Duty, DutyPart
from mingtang.duties.selectors import overdue, rule_of
from mingtang.journal.models import Event
from mingtang.journal.names import event_label
from mingtang.records.models import Link, Record
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Transition, spec_for
from mingtang.rules import DutyRule, Part
from mingtang.units.actors import Actor
from mingtang.units.models import Person, Unit
from mingtang.units.roles import OPENNESS_OFFICER, ROLES, UNIT_HEAD
from mingtang.units.selectors import GENERAL_OFFICE, supervised_by

from .kinds import REMINDED
from .models import Matter
from .recipients import holders, next_steps, open_steps


@dataclass(frozen=True)
class Waiting:
    """What a late duty waits for.

    ``record`` is the one that stands still, with the label of its state; None where nothing was begun. ``step`` is
    what has to be done, by ``people`` who hold ``role`` in ``units``. ``since`` is when it came to stand there.
    ``parts`` names the parts of the duty that wait for it, such as site and media.
    """

    step: str
    parts: tuple[str, ...] = ()
    record: Record | None = None
    state: str = ""
    units: tuple[str, ...] = ()
    role: str = ""
    people: tuple[Person, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True)
class Reminded:
    at: datetime
    by: Person | None


def scope_of(actor: Actor) -> frozenset[str]:
    """Units whose late duties this person may see together and remind of.

    The openness officer of a general office: all that the office supervises; the head of a unit: that unit.
    """
    officer = actor.units_as(OPENNESS_OFFICER)
    offices = Unit.objects.filter(pk__in=officer, kind=GENERAL_OFFICE).values_list("pk", flat=True) if officer else ()
    supervised = supervised_by(offices) if offices else frozenset()
    return supervised | actor.units_as(UNIT_HEAD)


def may_recall(actor: Actor) -> bool:
    """Whether ``scope_of`` holds any unit, without asking the database."""
    return bool(actor.units_as(UNIT_HEAD)) or any(
        actor.seats[unit][1] == GENERAL_OFFICE for unit in actor.units_as(OPENNESS_OFFICER)
    )


def late_duties(actor: Actor, now: datetime) -> QuerySet[Duty]:
    """Duties of the actor's scope that are past their due moment, as ``duties.selectors.overdue`` gives them."""
    return overdue(scope_of(actor), now).order_by("unit_id", "due_at", "code")


def late_elsewhere(actor: Actor, now: datetime) -> tuple[int, int]:
    """How many duties breach a limit in units that the actor reminds but does not belong to, and how many units."""
    scope = scope_of(actor) - actor.units
    if not scope:
        return 0, 0
    advisory = [rule.id for rule in rulebook().duties.values() if rule.advisory]
    found = overdue(scope, now).exclude(code__in=advisory)
    figures = found.order_by().aggregate(count=Count("pk"), units=Count("unit", distinct=True))
    return figures["count"], figures["units"]


def is_breach(duty: Duty) -> bool:
    """False if the limit is the house's own measure only (A1): past it, a duty may be recalled but is not late."""
    return not rule_of(duty.code).advisory


def reminded_of(duties: Iterable[Duty]) -> dict[uuid.UUID, Reminded]:
    """When each duty was last reminded of by a person, and by whom."""
    found = Matter.objects.filter(kind=REMINDED, duty__in=[duty.pk for duty in duties]).select_related("by")
    return {matter.duty_id: Reminded(matter.at, matter.by) for matter in found.order_by("at", "pk") if matter.duty_id}


def recalls_of(duty: Duty) -> QuerySet[Matter]:
    """Every time a person reminded of a duty, the newest first, with ``heard``: how many people heard of it."""
    found = Matter.objects.filter(kind=REMINDED, duty=duty).select_related("by")
    return found.annotate(heard=Count("notices")).order_by("-at", "-pk")


def reasons(duties: Sequence[Duty], now: datetime) -> dict[uuid.UUID, list[Waiting]]:
    """What each duty waits for; open parts that wait for the same are told together."""
    open_parts: dict[uuid.UUID, set[str]] = {}
    for duty_id, name in DutyPart.objects.filter(duty__in=duties, closed_at=None).values_list("duty_id", "name"):
        open_parts.setdefault(duty_id, set()).add(name)
    drafts = []
    for duty in duties:
        rule = rule_of(duty.code)
        parts: list[Part | None] = [part for part in rule.parts if part.code in open_parts.get(duty.pk, set())]
        drafts += [(duty, rule, part, record) for part in parts or [None] for record in _standing(duty, rule, part)]
    stepped = [(*draft, _step(*draft[1:], now)) for draft in drafts]
    pairs = {(unit, found[0].role) for *_, found in stepped if found is not None for unit in found[1]}
    people = holders(pairs, now)
    names = dict(Unit.objects.filter(pk__in={unit for unit, _ in pairs}).values_list("pk", "short_name"))
    since = _since([record for _, _, _, record, found in stepped if record is not None and found is not None])
    given: dict[uuid.UUID, list[Waiting]] = {duty.pk: [] for duty in duties}
    for duty, rule, part, record, found in stepped:
        title = (part.title,) if part is not None else ()
        if record is None or found is None:
            waiting = Waiting(_ending(rule, part), title, since=duty.opened_at)
        else:
            step, units = found
            waiting = Waiting(
                step.label,
                title,
                record,
                spec_for(record.kind).state_by_name[record.state].label,
                tuple(names[unit] for unit in units),
                str(ROLES[step.role]),
                tuple(dict.fromkeys(person for unit in units for person in people[(unit, step.role)])),
                since.get(record.pk, record.changed_at),
            )
        _add(given[duty.pk], waiting)
    return given


def _add(told: list[Waiting], waiting: Waiting) -> None:
    for place, other in enumerate(told):
        if replace(other, parts=()) == replace(waiting, parts=()):
            told[place] = replace(other, parts=other.parts + waiting.parts)
            return
    told.append(waiting)


def _step(
    rule: DutyRule, part: Part | None, record: Record | None, now: datetime
) -> tuple[Transition, list[str]] | None:
    """The step that closes the duty itself if it can be taken now, else the one that moves the record on."""
    if record is None:
        return None
    spec = spec_for(record.kind)
    endings = part.closes_on if part is not None else rule.closes_on
    closing = open_steps(spec, record, now, lambda step: step.event in endings)
    return next(iter(closing or next_steps(spec, record, now)), None)


def _ending(rule: DutyRule, part: Part | None) -> str:
    """What closes the duty or its part, in words."""
    events = part.closes_on if part is not None else rule.closes_on
    return "或".join(dict.fromkeys(event_label(name) for name in events))


def _standing(duty: Duty, rule: DutyRule, part: Part | None) -> list[Record | None]:
    """The records that have to move for the duty to close: the ones linked to its record, or its record itself."""
    if duty.record is None:
        return [None]
    via = part.via if part is not None else rule.via
    if not via:
        return [duty.record]
    sources = [
        link.source
        for link in Link.objects.filter(target=duty.record, kind=via).select_related("source__lead_unit").order_by("pk")
    ]
    moving = [record for record in sources if spec_for(record.kind).state_by_name[record.state].tone not in ("closed",)]
    return list(moving) or [None]


def _since(records: Iterable[Record]) -> dict[uuid.UUID, datetime]:
    """When each record came into its present state."""
    states = {record.pk: record.state for record in records}
    found: dict[uuid.UUID, datetime] = {}
    events = Event.objects.filter(record_id__in=states).order_by("sequence")
    for record_id, before, after, at in events.values_list("record_id", "from_state", "to_state", "at"):
        if record_id is not None and after == states[record_id] and before != after:
            found[record_id] = at
    return found
