"""Entries of a published catalogue as duties of their unit (D17.1): made, ended and turned into rules here."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.db.models import Max, Q, QuerySet

from mingtang.disclosure.listed import CATALOGUE
from mingtang.duties.calendars import current_calendar
from mingtang.duties.models import Duty
from mingtang.duties.selectors import RuleSource, provide_rules
from mingtang.duties.services import close, open_duty, period_name
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Context
from mingtang.rules import SHANGHAI, DutyRule, LimitUnit, Quota, Within, local_day
from mingtang.text.tables.wording import PERIODIC, PROMPTLY, WITHIN, limit_text
from mingtang.units.models import Unit

from .entries import values_of
from .models import ADDED, CHANGED, REMOVED, DutyTemplate, Entry, Register
from .openness import parts_of

PREFIX, BASIS = "C", "D17.1"
ON_OWN_INITIATIVE = "主动公开"


def derive_templates(event: Any, subject: Any) -> None:
    """A batch of a catalogue became public: its new and changed entries hold from their day of effect, never from before
    today; what they were holds until then, and what left the list until today (S17.3)."""
    if not isinstance(subject, Context) or subject.detail.register_kind != CATALOGUE:
        return
    register, today = Register.objects.get(pk=subject.record.pk), local_day(event.at)
    number = DutyTemplate.objects.aggregate(most=Max("number"))["most"] or 0
    touched = Entry.objects.filter(register=register, since=register.sequence, change__in=(ADDED, CHANGED, REMOVED))
    for entry in touched.order_by("position", "id"):
        values = values_of(entry.values)
        said = values.get("effective_on")
        start = max(date.fromisoformat(str(said)), today) if said and entry.change != REMOVED else today
        standing = DutyTemplate.objects.filter(register=register, key_hash=entry.key_hash)
        standing.filter(Q(until=None) | Q(until__gt=start)).update(until=start)
        limit = limit_text(str(values["time_limit"]))
        if entry.change == REMOVED or limit is None or values.get("method") != ON_OWN_INITIATIVE:
            continue
        number += 1
        DutyTemplate.objects.create(
            number=number,
            register=register,
            key_hash=entry.key_hash,
            sequence=register.sequence,
            title=str(values["item"]),
            subject=str(values["subject"]),
            content=str(values["content"]),
            time_limit=str(values["time_limit"]),
            method=str(values["method"]),
            limit_kind=limit.kind,
            limit_number=limit.number,
            limit_unit=limit.unit,
            period_months=limit.months,
            due_month=limit.due_month,
            due_day=limit.due_day,
            since=start,
        )


def in_force(day: date) -> QuerySet[DutyTemplate]:
    """Templates that hold on a day."""
    found = DutyTemplate.objects.filter(Q(until=None) | Q(until__gt=day), since__lte=day)
    return found.select_related("register__keeper")


def template_for(name: str, day: date) -> DutyTemplate | None:
    """The version of a catalogue entry (``openness.name_of``) that holds on a day."""
    found = parts_of(name)
    return in_force(day).filter(register=found[0], key_hash=found[1]).first() if found else None


def code_of(template: DutyTemplate) -> str:
    return f"{PREFIX}{template.number}"


def rule_of_code(code: str) -> DutyRule:
    """The rule of a template by its duty code. Raises KeyError."""
    number = code.removeprefix(PREFIX)
    template = DutyTemplate.objects.filter(number=int(number)).first() if number.isdigit() else None
    if template is None:
        raise KeyError(code)
    return rule_from(template)


def rule_from(template: DutyTemplate) -> DutyRule:
    """A template as a duty rule: the four of article 17 are the entry's own, all else that of D17.1. Lateness of a limit
    that only says “promptly” is advisory."""
    basis = rulebook().duties[BASIS]
    limit: Within | Quota
    if template.limit_kind == PERIODIC:
        limit = Quota(1, template.period_months, template.due_month or None, template.due_day or None)
    elif template.limit_kind == WITHIN:
        limit = Within(template.limit_number, LimitUnit(template.limit_unit))
    else:
        limit = Within(rulebook().setting("prompt"), LimitUnit.WORKING_DAYS)
    return DutyRule(
        id=code_of(template),
        pack=basis.pack,
        article=basis.article,
        force=basis.force,
        kind="quota" if isinstance(limit, Quota) else "clock",
        title=template.title,
        content=template.content,
        who=basis.who,
        accountable=(),
        subject="lead_unit",
        when=template.time_limit,
        limit=limit,
        limit_setting="prompt" if template.limit_kind == PROMPTLY else None,
        advisory=template.limit_kind == PROMPTLY,
        method=template.method,
        channels=basis.channels,
        rights=basis.rights,
        stages=basis.stages,
        exemption="",
        consequence="",
        opens_on=(),
        closes_on=("edition.shown",),
        condition=None,
        closes_if=None,
        via=None,
        parts=(),
        status=basis.status,
        valid_from=template.since,
        valid_to=None,
    )


def periodic_on(day: date) -> Iterator[tuple[DutyRule, Unit]]:
    """Templates that recur, with the unit that owes each. A period whose due day lay before the template held starts
    none, nor one for which an earlier version of the entry has its duty already."""
    moment = datetime.combine(day, time(), SHANGHAI)
    for template in in_force(day).filter(limit_kind=PERIODIC):
        rule, keeper = rule_from(template), template.register.keeper
        assert isinstance(rule.limit, Quota)
        start = rule.limit.period(moment)[0]
        if rule.limit.due(moment, current_calendar()).day < template.since:
            continue
        earlier = _codes_of_entry(template) - {rule.id}
        if Duty.objects.filter(unit=keeper, code__in=earlier, opened_at=start).exists():
            continue
        yield rule, keeper


def _codes_of_entry(template: DutyTemplate) -> set[str]:
    versions = DutyTemplate.objects.filter(register=template.register_id, key_hash=template.key_hash)
    return {code_of(one) for one in versions}


def open_for_paper(event: Any, subject: Any) -> None:
    """A paper that names a catalogue entry was formed: the clock its entry sets starts with that day."""
    if not isinstance(subject, Context):
        return
    template = template_for(subject.detail.catalogue_entry, local_day(event.at))
    if template is None or template.limit_kind == PERIODIC or subject.detail.openness == "withheld":
        return
    if subject.detail.mode == "on_own_initiative":
        open_duty(rule_from(template), unit=subject.record.lead_unit, context=subject, event=event)


def close_for_paper(event: Any, subject: Any) -> None:
    """Everybody can read a paper: its own clocks stop, and its entry is done for the period it came out in."""
    if not isinstance(subject, Context):
        return
    found = parts_of(getattr(subject.detail, "catalogue_entry", ""))
    if found is None:
        return
    versions = list(DutyTemplate.objects.filter(register=found[0], key_hash=found[1]))
    open_now = Duty.objects.select_for_update().filter(code__in=[code_of(one) for one in versions], closed_at=None)
    for duty in open_now.filter(record=subject.record.pk):
        close(duty, None, event)
    for template in versions:
        limit = rule_from(template).limit
        if isinstance(limit, Quota):
            key = period_name(limit, event.at)
            for duty in open_now.filter(unit=subject.record.lead_unit_id, code=code_of(template), key=key):
                close(duty, None, event)


provide_rules(PREFIX, RuleSource(rule_of_code, periodic_on))
