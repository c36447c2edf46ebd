"""Say in Chinese how a due moment was counted."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .calendar import Calendar
from .limits import SHANGHAI, By, Due, Limit, LimitUnit, Quota, Within, chinese_day, local_day

WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class ExplainedDay:
    """One day of a count. ``number`` is its place in the count (0 when not counted), ``why`` the reason in Chinese."""

    day: date
    weekday: str
    counted: bool
    number: int
    why: str

    def __str__(self) -> str:
        place = f"第{self.number}日" if self.counted else "不计"
        return f"{self.day} {self.weekday} {place} {self.why}"


def explain(limit: Limit, start: datetime, calendar: Calendar) -> list[ExplainedDay]:
    """Day by day from the aware moment ``start`` to the due date; empty for limits that count no days."""
    if not isinstance(limit, Within) or limit.unit is LimitUnit.CLOCK_HOURS:
        return []
    first, last = local_day(start), limit.due(start, calendar).day
    days = [ExplainedDay(first, _weekday(first), False, 0, "起算日不计")]
    number = 0
    for offset in range(1, (last - first).days + 1):
        day = first + timedelta(days=offset)
        counted, why = (True, "") if limit.unit is LimitUnit.CALENDAR_DAYS else _why(day, calendar)
        number += counted
        days.append(ExplainedDay(day, _weekday(day), counted, number if counted else 0, why))
    return days


def summarise(limit: Limit, start: datetime, calendar: Calendar, now: datetime | None = None) -> str:
    """One line, the date first: ``2月28日前（20个工作日内）``; with ``now`` also how much is left or how late it is."""
    due = limit.due(start, calendar)
    if due is None:
        return limit.text
    beside = local_day(now if now is not None else start)
    line = f"{chinese_day(due.day, beside)}{_clock(limit, due)}前（{limit.text}）"
    if now is not None:
        line += f"，{_left(limit, due, now, calendar)}"
    if due.provisional:
        line += "，暂定：放假安排尚未公布，按周一至周五推算"
    return line


def _weekday(day: date) -> str:
    return f"周{WEEKDAYS[day.weekday()]}"


def _why(day: date, calendar: Calendar) -> tuple[bool, str]:
    guess = "" if day.year in calendar.years else "（放假安排未公布，推算）"
    if calendar.is_working(day):
        if day.weekday() < 5:
            return True, f"工作日{guess}"
        return True, f"调休上班（{calendar.name_of(day)}）" if calendar.name_of(day) else "调休上班"
    if day.weekday() >= 5 and not calendar.name_of(day):
        return False, f"周末{guess}"
    return False, f"法定节假日（{calendar.name_of(day)}）"


def _clock(limit: Limit, due: Due) -> str:
    if isinstance(limit, Within) and limit.unit is LimitUnit.CLOCK_HOURS:
        at = due.at.astimezone(SHANGHAI)
        return f"{at.hour}时{at.minute:02d}分" + (f"{at.second:02d}秒" if at.second else "")
    return ""


def _left(limit: Limit, due: Due, now: datetime, calendar: Calendar) -> str:
    if isinstance(limit, Within) and limit.unit is LimitUnit.CLOCK_HOURS:
        minutes = int(abs(due.at - now).total_seconds()) // 60
        return f"{'还有' if now <= due.at else '已超'}{minutes // 60}小时{minutes % 60}分"
    today = local_day(now)
    if isinstance(limit, By | Quota) or (isinstance(limit, Within) and limit.unit is LimitUnit.CALENDAR_DAYS):
        count, name = (due.day - today).days, "天"
    else:
        count, name = calendar.working_days_between(today, due.day), "个工作日"
    if today == due.day:
        return "今天到期"
    if today < due.day:
        return f"还有{count}{name}"
    return f"已超{-count}{name}" if count else "已超期，不足1个工作日"
