"""Words for moments, values, states and duties."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from mingtang.duties.calendars import current_calendar
from mingtang.duties.models import Duty
from mingtang.duties.selectors import limit_of, part_states, rule_of, state_of
from mingtang.rules import LimitUnit, Within, chinese_day

DUTY_STATES = {
    "overdue": "已逾期",
    "due_soon": "即将到期",
    "advisory_late": "超过参考时限",
    "running": "进行中",
    "met": "按期完成",
    "met_late": "逾期完成",
    "exempt": "不适用",
}


def day_words(day: date, now: datetime) -> str:
    """3月2日, with the year where it is another."""
    return chinese_day(day, now.date())


def moment_words(moment: datetime, now: datetime) -> str:
    """3月2日 09:30, with the year where it is another."""
    local = timezone.localtime(moment)
    return f"{day_words(local.date(), now)} {local:%H:%M}"


def shown(value: Any) -> str:
    """A fact as people read it: dates in Chinese, lists joined, nothing for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        return f"{chinese_day(local.date())} {local:%H:%M}"
    if isinstance(value, date):
        return chinese_day(value)
    if isinstance(value, list | tuple):
        return "、".join(shown(item) for item in value)
    return str(value)


def due_words(duty: Duty, now: datetime) -> str:
    """The date first, then how long: 2月28日前，还有6个工作日."""
    if duty.exempt_ground:
        return f"不适用：{duty.exempt_ground}"
    if duty.closed_at is not None:
        return f"{moment_words(duty.closed_at, now)}完成"
    if duty.due_at is None:
        return "没有写明期限，请及时办理"
    due, limit = timezone.localtime(duty.due_at), limit_of(duty.code)
    by_hour = isinstance(limit, Within) and limit.unit is LimitUnit.CLOCK_HOURS
    left = _hours_left(due, now) if by_hour else _days_left(due, now)
    clock = f" {due:%H:%M}" if by_hour else ""
    return f"{day_words(due.date(), now)}{clock}前，{left}" + ("（暂定）" if duty.provisional else "")


def _hours_left(due: datetime, now: datetime) -> str:
    minutes = int(abs(due - now).total_seconds()) // 60
    return f"{'还有' if now <= due else '已超'}{minutes // 60}小时{minutes % 60}分"


def _days_left(due: datetime, now: datetime) -> str:
    today, day = now.date(), due.date()
    if today == day:
        return "今天到期"
    try:
        count = current_calendar().working_days_between(today, day)
    except ValueError:
        count = (day - today).days
    if today < day:
        return f"还有{count}个工作日"
    return f"已超{-count}个工作日" if count else "已超期，不足1个工作日"


@dataclass(frozen=True)
class ShownDuty:
    """A duty as a row: what is owed, how it stands, until when."""

    duty: Duty
    title: str
    citation: str
    state: str
    label: str
    due: str
    parts: tuple[tuple[str, str, str], ...] = ()


def show_duty(duty: Duty, now: datetime, *, with_parts: bool = False) -> ShownDuty:
    """``with_parts`` costs one query a duty."""
    rule, state = rule_of(duty.code), state_of(duty, now)
    parts: tuple[tuple[str, str, str], ...] = ()
    if with_parts and rule.parts:
        states, labels = part_states(duty, now), {part.code: part.title for part in rule.parts}
        parts = tuple((labels.get(name, name), value, DUTY_STATES[value]) for name, value in states.items())
    return ShownDuty(duty, rule.title, f"第{rule.article}条", state, DUTY_STATES[state], due_words(duty, now), parts)
