"""Reads of duties. Late, due soon and met are computed here from stored moments and a given ``now``."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.db.models import Q, QuerySet

from mingtang.editions.selectors import state_at
from mingtang.journal.names import emitted_events
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import known_facts
from mingtang.rules import DutyRule, Limit
from mingtang.units.actors import Actor
from mingtang.units.models import Unit
from mingtang.units.selectors import supervised_by

from .models import Duty


@dataclass(frozen=True)
class RuleSource:
    """Duties that a room makes out of what a unit laid down itself, beside those of the packs (article 17).

    ``rule`` gives the rule of a code (KeyError for none); a code's rule never changes. ``periodic`` gives the rules that
    recur, with the unit that owes each, as they hold on a day.
    """

    rule: Callable[[str], DutyRule]
    periodic: Callable[[date], Iterable[tuple[DutyRule, Unit]]]


_sources: dict[str, RuleSource] = {}


def provide_rules(prefix: str, source: RuleSource) -> None:
    """Have codes that start with ``prefix`` and are no duty of a pack come from ``source``."""
    _sources[prefix] = source


def rule_of(code: str) -> DutyRule:
    """The rule of a duty: of a pack, or of the source its code's first letter names. Raises KeyError."""
    rule = rulebook().duties.get(code)
    return rule if rule is not None else _sources[code[:1]].rule(code)


def periodic_rules(day: date) -> Iterable[tuple[DutyRule, Unit]]:
    """Rules of all sources that recur, as they hold on a day."""
    for source in _sources.values():
        yield from source.periodic(day)


@cache
def limit_of(code: str) -> Limit | None:
    """The limit a duty is computed by: its own, or the local default for 'promptly' (A1)."""
    return rule_of(code).limit


@cache
def is_closable(rule: DutyRule) -> bool:
    """True if rooms installed here emit what closes every part. Nobody is late for what cannot be recorded yet."""
    emitted = emitted_events()
    endings = [part.closes_on for part in rule.parts] or [rule.closes_on]
    return all(set(events) & emitted for events in endings)


def state_of(duty: Duty, now: datetime) -> str:
    """How a duty stands at ``now``; limits the Opinion does not state are at most ``advisory_late`` (A1)."""
    return state_at(duty.due_at, duty.closed_at, now, advisory=rule_of(duty.code).advisory, exempt=duty.exempt_ground)


def part_states(duty: Duty, now: datetime) -> dict[str, str]:
    """State of each part by name, such as site and media of D10.5, against the duty's one due moment."""
    advisory = rule_of(duty.code).advisory
    return {part.name: state_at(duty.due_at, part.closed_at, now, advisory=advisory) for part in duty.parts.all()}


def visible_to(actor: Actor) -> QuerySet[Duty]:
    """Duties of the actor's units and of those they supervise: a general office sees its government's tree (D24.2)."""
    if not actor.units:
        return Duty.objects.none()
    return Duty.objects.filter(unit__in=supervised_by(actor.units)).select_related("unit", "record")


def open_duties(units: Iterable[str], *, before: datetime | None = None) -> QuerySet[Duty]:
    """Open duties of units, most urgent first; ``before`` keeps those due by then."""
    found = Duty.objects.filter(unit__in=list(units), closed_at=None, exempt_ground="").select_related("unit", "record")
    if before is not None:
        found = found.filter(due_at__lte=before)
    return found.order_by("due_at")


def overdue(units: Iterable[str], now: datetime) -> QuerySet[Duty]:
    """Open duties past their due moment."""
    return open_duties(units).filter(Q(due_at__lt=now))


def missing_facts() -> list[str]:
    """Facts that duties able to open and close here ask for, and no room provides."""
    emitted, known, missing = emitted_events(), known_facts(), []
    for rule in rulebook().duties.values():
        if not is_closable(rule) or not (set(rule.opens_on) & emitted or rule in rulebook().scheduled):
            continue
        asked = {rule.condition, rule.closes_if, *(part.closes_if for part in rule.parts)} - {None}
        missing += [f"{rule.id}: {name}" for name in sorted(filter(None, asked)) if name not in known]
    return missing
