"""Duties this person's units owe or supervise, and why each is due on its day."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mingtang.duties.calendars import current_calendar
from mingtang.duties.models import Duty
from mingtang.duties.selectors import limit_of, rule_of, state_of, visible_to
from mingtang.notices.lateness import recalls_of
from mingtang.records.rulebook import rulebook
from mingtang.records.selectors import find_visible
from mingtang.rules import FORCE_LABELS, explain, summarise

from .access import StaffRequest, business_view, record_url
from .exports import table
from .present import DUTY_STATES, show_duty

PAGE = 40
OPEN = "open"


def _asked(request: StaffRequest) -> tuple[QuerySet[Duty], dict[str, str]]:
    chosen = {name: request.GET.get(name, "").strip()[:60] for name in ("state", "unit", "article")}
    found = visible_to(request.actor).order_by("due_at", "code")
    if chosen["unit"]:
        found = found.filter(unit_id=chosen["unit"])
    if chosen["article"].isdecimal():
        found = found.filter(code__startswith=f"D{int(chosen['article']):02d}.")
    return found, chosen


def _matching(request: StaffRequest) -> tuple[list[Duty], dict[str, str]]:
    found, chosen = _asked(request)
    wanted = chosen["state"]
    if wanted == OPEN:
        return list(found.filter(closed_at=None)), chosen
    return [duty for duty in found if not wanted or state_of(duty, request.now) == wanted], chosen


@business_view
def duty_list(request: StaffRequest) -> HttpResponse:
    """Duties with filters for state, unit and article."""
    found, chosen = _matching(request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    units = visible_to(request.actor).order_by("unit__code").values_list("unit_id", "unit__short_name").distinct()
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "page": page,
        "rows": [show_duty(duty, request.now, with_parts=True) for duty in page.object_list],
        "chosen": chosen,
        "states": [(OPEN, "还没完成的"), *DUTY_STATES.items()],
        "units": list(units),
        "articles": [(number, article.title) for number, article in rulebook().articles.items()],
        "asked": asked.urlencode(),
    }
    return render(request, "desk/duties.html", context)


@business_view
def duty_export(request: StaffRequest, form: str) -> HttpResponse:
    """The filtered duties as csv or xlsx."""
    found, _ = _matching(request)
    headings = ["编号", "职责", "责任单位", "起算时间", "到期时间", "完成时间", "状态"]

    def rows() -> Iterator[list[Any]]:
        for duty in found:
            state = DUTY_STATES[state_of(duty, request.now)]
            rule = rule_of(duty.code)
            yield [duty.code, rule.title, duty.unit.name, duty.opened_at, duty.due_at, duty.closed_at, state]

    return table(form, f"职责-{request.now:%Y-%m-%d}", headings, rows(), now=request.now)


@business_view
def duty_detail(request: StaffRequest, duty_id: uuid.UUID) -> HttpResponse:
    """Where a duty comes from and how its due day was counted, day by day."""
    duty = visible_to(request.actor).filter(pk=duty_id).first()
    if duty is None:
        raise Http404
    rule, limit = rule_of(duty.code), limit_of(duty.code)
    start = timezone.localtime(duty.opened_at)
    record = find_visible(request.actor, duty.record_id) if duty.record_id else None
    context = {
        "shown": show_duty(duty, request.now, with_parts=True),
        "duty": duty,
        "rule": rule,
        "force": FORCE_LABELS[rule.force],
        "limit": limit.text if limit is not None else "没有写明",
        "record_url": record_url(record) if record else "",
        "record": record,
        "days": explain(limit, start, current_calendar()) if limit is not None and duty.record_id else [],
        "summary": summarise(limit, start, current_calendar(), request.now)
        if limit is not None and duty.record_id
        else "",
        "recalls": recalls_of(duty),
        "reminders": duty.reminders.select_related("unit").order_by("at"),
    }
    return render(request, "desk/duty.html", context)
