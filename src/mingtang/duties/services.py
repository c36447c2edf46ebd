"""Duties open and close by themselves, on events, as the rule packs say."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from mingtang.editions.models import Publication, PublicDuty, PublicDutyHead
from mingtang.editions.selectors import SOON
from mingtang.journal.models import Event
from mingtang.journal.writing import current_writer
from mingtang.records.models import Link
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Context, Facts
from mingtang.rows import find, update
from mingtang.rules import SHANGHAI, By, DutyRule, Part, Quota, local_day
from mingtang.units.models import Unit
from mingtang.units.selectors import general_office_of, units_in_group

from .calendars import current_calendar
from .models import Duty, DutyPart, Reminder
from .selectors import is_closable, periodic_rules, rule_of
from .subjects import subjects_of


def follow_event(event: Event, subject: Any) -> None:
    """Close, then open, what the packs say for this event. Subscribed to every event; runs in its transaction."""
    book = rulebook()
    opened, closed = book.opened_by(event.name), book.closed_by(event.name)
    if not (opened or closed) or not isinstance(subject, Context):
        return
    facts = Facts(subject)
    for rule, part in closed:
        if _holds(part.closes_if if part else rule.closes_if, facts):
            close_duties(rule, part, context=subject, event=event)
    for rule in opened:
        if is_closable(rule) and _holds(rule.condition, facts):
            for unit in subjects_of(rule.subject, subject):
                open_duty(rule, unit=unit, context=subject, event=event)


def _holds(condition: str | None, facts: Facts) -> bool:
    """A condition on another kind of record does not hold: ``edition.shown`` is emitted by every kind."""
    if not condition:
        return True
    return condition.partition(".")[0] == facts.context.spec.kind and bool(facts[condition])


def open_duty(rule: DutyRule, *, unit: Unit, context: Context, event: Event) -> Duty | None:
    """Start a clock for one unit on one record; a second opening of the same duty changes nothing.

    A record that owes one duty several times says for which part of it (``duty_key``) and since which day
    (``duty_start``) in the event's payload.
    """
    payload = json.loads(event.payload) if event.payload else {}
    start = _start_of(payload, event)
    due = rule.limit.due(start, current_calendar()) if rule.limit is not None else None
    duty, made = Duty.objects.get_or_create(
        code=rule.id,
        unit=unit,
        key=_key_of(context, payload),
        defaults={
            "record": context.record,
            "index_number": payload.get("publication", ""),
            "opened_at": start,
            "opened_by": event.id,
            "due_at": due.at if due else None,
            "provisional": bool(due and due.provisional),
        },
    )
    if not made:
        return None
    DutyPart.objects.bulk_create(DutyPart(duty=duty, name=part.code, label=part.title) for part in rule.parts)
    project(duty)
    return duty


def _key_of(context: Context, payload: Mapping[str, Any]) -> str:
    part = payload.get("duty_key", "")
    return f"{context.record.pk}:{part}" if part else str(context.record.pk)


def _start_of(payload: Mapping[str, Any], event: Event) -> datetime:
    day = payload.get("duty_start", "")
    return datetime.combine(date.fromisoformat(day), time(), SHANGHAI) if day else event.at


def close_duties(rule: DutyRule, part: Part | None, *, context: Context, event: Event) -> None:
    """Close the open duties this event fulfils: on the record itself, on what it is linked to, or of the period."""
    open_now = Duty.objects.select_for_update().filter(code=rule.id, closed_at=None)
    if isinstance(rule.limit, Quota):
        key = period_name(rule.limit, event.at)
        found = open_now.filter(unit=context.record.lead_unit_id, key=key)
    elif isinstance(rule.limit, By) and not rule.opens_on:
        found = open_now.filter(unit=context.record.lead_unit_id)
    elif via := (part.via if part else rule.via):
        targets = Link.objects.filter(source=context.record.pk, kind=via).values_list("target_id", flat=True)
        found = open_now.filter(record__in=list(targets))
    else:
        found = open_now.filter(record=context.record.pk)
        payload = json.loads(event.payload) if event.payload else {}
        if payload.get("duty_key"):
            found = found.filter(key=_key_of(context, payload))
    for duty in found:
        close(duty, part, event)


def close(duty: Duty, part: Part | None, event: Event) -> None:
    if part is not None:
        waiting = duty.parts.filter(name=part.code, closed_at=None)
        waiting.update(closed_at=event.at, closed_by=event.id)
        if duty.parts.filter(closed_at=None).exists():
            project(duty)
            return
    # The end is the later of the parts (A4): the event that closes the last one.
    ends = [moment for moment in duty.parts.values_list("closed_at", flat=True) if moment is not None]
    duty.closed_at, duty.closed_by = max([event.at, *ends]), event.id
    duty.save(update_fields=["closed_at", "closed_by"])
    project(duty)


def period_name(limit: Quota, moment: datetime) -> str:
    """The calendar period a moment falls in (A22): 2026 for years, 2026H1 for half-years, 2026Q1, 2026-03 for months."""
    start, _ = limit.period(moment)
    if limit.months == 6:
        return f"{start.year}H{1 + start.month // 7}"
    if limit.months == 3:
        return f"{start.year}Q{1 + start.month // 3}"
    if limit.months == 1:
        return f"{start:%Y-%m}"
    years = limit.months // 12
    return f"{start.year}" if years <= 1 else f"{start.year}-{start.year + years - 1}"


def open_periodic(now: datetime) -> list[Duty]:
    """Open the duties of the current half-year and year for the units that owe them, and those of dates still to come.
    Safe to repeat. A date that had passed before opens nothing: its units were never told of it here."""
    made = []
    for rule in rulebook().scheduled:
        if not is_closable(rule):
            continue
        dated = isinstance(rule.limit, By)
        if isinstance(rule.limit, By) and rule.limit.day < local_day(now):
            continue
        for unit in units_in_group(rule.subject, local_day(now)):
            made += _open_scheduled(rule, unit, now, "" if dated else period_of(rule, now))
    for rule, unit in periodic_rules(local_day(now)):
        made += _open_scheduled(rule, unit, now, period_of(rule, now))
    return made


def period_of(rule: DutyRule, now: datetime) -> str:
    """Name of the period of a recurring duty at ``now``."""
    assert isinstance(rule.limit, Quota)
    return period_name(rule.limit, now)


def _open_scheduled(rule: DutyRule, unit: Unit, now: datetime, period: str) -> list[Duty]:
    assert isinstance(rule.limit, Quota | By)
    start = rule.limit.period(now)[0] if isinstance(rule.limit, Quota) else now
    due = rule.limit.due(now, current_calendar())
    duty, fresh = Duty.objects.get_or_create(
        code=rule.id,
        unit=unit,
        key=period or f"{due.day}",
        defaults={"period": period, "opened_at": start, "due_at": due.at},
    )
    if fresh:
        project(duty)
    return [duty] if fresh else []


def stage_of(duty: Duty, now: datetime) -> str:
    """Which reminder a duty asks for at ``now``: before_due, due (its last day), overdue, or none."""
    if duty.due_at is None or duty.closed_at is not None or duty.exempt_ground:
        return ""
    if now > duty.due_at:
        return "overdue"
    if duty.due_at - now < timedelta(days=1):
        return "due"
    return "before_due" if duty.due_at - now <= SOON else ""


@transaction.atomic
def remind(now: datetime) -> list[Reminder]:
    """Note a reminder for the owing unit and its general office at each stage. Never twice for one stage (D10.2)."""
    made = []
    waiting = Duty.objects.filter(closed_at=None, exempt_ground="", due_at__lte=now + SOON).select_related("unit")
    told = set(Reminder.objects.filter(duty__in=waiting).values_list("duty_id", "stage"))
    for duty in waiting:
        stage = stage_of(duty, now)
        if not stage or (duty.pk, stage) in told:
            continue
        for unit in _reminded(duty.unit):
            reminder, fresh = Reminder.objects.get_or_create(duty=duty, unit=unit, stage=stage, defaults={"at": now})
            if fresh:
                made.append(reminder)
    return made


def _reminded(unit: Unit) -> Iterable[Unit]:
    yield unit
    try:
        office = general_office_of(unit)
    except LookupError:
        return
    if office != unit:
        yield office


def project(duty: Duty) -> None:
    """Show the duty to the public, if it may be: duties of periods, and those of records already published."""
    publication = Publication.objects.filter(index_number=duty.index_number).first() if duty.index_number else None
    if publication is None and duty.record_id is not None:
        return
    rule = rule_of(duty.code)
    PublicDuty.objects.update_or_create(
        duty_id=duty.pk,
        defaults={
            "code": duty.code,
            "article": rule.article,
            "title": rule.title,
            "force": rule.force,
            "advisory": rule.advisory,
            "unit_code": duty.unit_id,
            "unit_name": duty.unit.name,
            "publication": publication,
            "period": duty.period,
            "opened_at": duty.opened_at,
            "due_at": duty.due_at,
            "provisional": duty.provisional,
            "closed_at": duty.closed_at,
            "exempt_ground": duty.exempt_ground,
            "parts": [
                {"name": part.name, "label": part.label, "closed_at": part.closed_at and part.closed_at.isoformat()}
                for part in duty.parts.order_by("pk")
            ],
        },
    )
    writer = current_writer()
    if writer is None:
        _number_change(duty)
    else:
        writer.at_the_end(partial(_number_change, duty))


def _number_change(duty: Duty) -> None:
    """Give a changed public duty the next number; the counter stays locked until the transaction ends."""
    head = find(PublicDutyHead, pk=1, lock=True)
    if head is None:
        PublicDutyHead.objects.get_or_create(pk=1)
        head = PublicDutyHead.objects.select_for_update().get(pk=1)
    head.changed += 1
    update(head)
    PublicDuty.objects.filter(pk=duty.pk).update(changed=head.changed)
