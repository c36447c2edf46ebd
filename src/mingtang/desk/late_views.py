"""The openness office's page (O10): who is late today, why, and reminding them."""

import uuid
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from mingtang.duties.models import Duty
from mingtang.duties.selectors import rule_of, state_of
from mingtang.notices.lateness import Reminded, Waiting, is_breach, late_duties, reasons, reminded_of, scope_of
from mingtang.notices.reminding import AGAIN_AFTER, Outcome, remind
from mingtang.records.errors import NotAllowed

from .access import StaffRequest, business_view
from .exports import table
from .present import DUTY_STATES, moment_words, show_duty

PAGE = 100
EXPORT_STEP = 200


def _scope(request: StaffRequest) -> frozenset[str]:
    scope = scope_of(request.actor)
    if not scope:
        raise NotAllowed("逾期催办由政府办公厅（室）的政务公开专职人员使用；本单位的，由单位负责人使用。")
    return scope


@business_view
def late(request: StaffRequest) -> HttpResponse:
    """Late duties by unit, each with what it waits for, whose it is, since when and when it was last recalled."""
    scope = _scope(request)
    found = list(late_duties(request.actor, request.now))
    breaches = [duty for duty in found if is_breach(duty)]
    reminded = reminded_of(found)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    why = reasons(shown, request.now)
    rows = [_row(request, duty, why[duty.pk], reminded.get(duty.pk)) for duty in shown]
    waiting = [duty for duty in breaches if not _lately(request, reminded.get(duty.pk))]
    context = {
        "page": page,
        "groups": [
            {"unit": unit, "rows": list(of_unit)} for unit, of_unit in groupby(rows, key=lambda row: row["duty"].unit)
        ],
        "breaches": len(breaches),
        "units": len({duty.unit_id for duty in breaches}),
        "advisory": len(found) - len(breaches),
        "waiting": len(waiting),
        "recalled": len(breaches) - len(waiting),
        "whole_tree": len(scope) > 1,
        "now": request.now,
        "asked": "",
    }
    return render(request, "desk/late.html", context)


def _lately(request: StaffRequest, reminded: Reminded | None) -> bool:
    return reminded is not None and reminded.at > request.now - AGAIN_AFTER


def _row(request: StaffRequest, duty: Duty, why: list[Waiting], reminded: Reminded | None) -> dict[str, Any]:
    return {
        "duty": duty,
        "about": quoted(duty.record.title) if duty.record else duty.period,
        "shown": show_duty(duty, request.now),
        "why": [
            {
                "waiting": waiting,
                "units": "、".join(waiting.units),
                "people": "、".join(str(person) for person in waiting.people),
                "since": moment_words(waiting.since, request.now) if waiting.since else "",
                "parts": "、".join(waiting.parts),
                "other": quoted(waiting.record.title) if waiting.record and waiting.record.pk != duty.record_id else "",
            }
            for waiting in why
        ],
        "reminded": moment_words(reminded.at, request.now) if reminded else "",
        "by": str(reminded.by or "系统") if reminded else "",
        "lately": _lately(request, reminded),
    }


def quoted(title: str) -> str:
    """A title in the marks of a title; those within it become the inner ones."""
    return f"《{title.replace('《', '〈').replace('》', '〉')}》"


@business_view
@require_POST
def remind_late(request: StaffRequest) -> HttpResponse:
    """Remind all that breach a limit, or the one duty whose button was pressed."""
    _scope(request)
    one = request.POST.get("duty", "")
    try:
        wanted = {uuid.UUID(one)} if one else None
    except ValueError:
        wanted = set()
    _tell(request, remind(actor=request.actor, now=request.now, duty_ids=wanted))
    return redirect("desk:late")


def _tell(request: StaffRequest, outcome: Outcome) -> None:
    if outcome.reminded:
        text = f"已催办{len(outcome.reminded)}件，涉及{outcome.units}个单位，通知到{outcome.people}人。已记入办理过程。"
        messages.success(request, text)
    if outcome.already:
        messages.info(request, f"有{len(outcome.already)}件一小时内已经催过，没有重复催办。")
    if outcome.unheard:
        names = "、".join(outcome.unheard)
        messages.warning(request, f"{names}没有可以通知的人员，催办已记录，请电话联系，并请安全管理员安排岗位。")
    if not outcome.reminded and not outcome.already:
        messages.info(request, "现在没有需要催办的。")


@business_view
def late_export(request: StaffRequest, form: str) -> HttpResponse:
    """The list as csv or xlsx, one line for each thing a duty waits for."""
    _scope(request)
    found = list(late_duties(request.actor, request.now))
    headings = [
        "责任单位",
        "编号",
        "职责",
        "条款",
        "事项或周期",
        "到期时间",
        "状态",
        "哪一部分",
        "停在哪一步",
        "等谁办理",
        "人员",
        "从何时起",
        "最近催办时间",
        "催办人",
    ]
    return table(form, f"逾期-{request.now:%Y-%m-%d}", headings, _lines(request, found))


def _lines(request: StaffRequest, found: Sequence[Duty]) -> Iterator[list[Any]]:
    reminded = reminded_of(found)
    for start in range(0, len(found), EXPORT_STEP):
        some = found[start : start + EXPORT_STEP]
        why = reasons(some, request.now)
        for duty in some:
            rule, last = rule_of(duty.code), reminded.get(duty.pk)
            for waiting in why[duty.pk]:
                yield [
                    duty.unit.name,
                    duty.code,
                    rule.title,
                    f"第{rule.article}条",
                    duty.record.title if duty.record else duty.period,
                    duty.due_at,
                    DUTY_STATES[state_of(duty, request.now)],
                    "、".join(waiting.parts),
                    f"{waiting.state}：{waiting.step}" if waiting.state else f"还差一步：{waiting.step}",
                    f"{'、'.join(waiting.units)}{waiting.role}",
                    "、".join(str(person) for person in waiting.people),
                    waiting.since,
                    last.at if last else "",
                    str(last.by or "系统") if last else "",
                ]
