"""Limits: the six forms a rule's number can take, and how a due moment is counted.

Conventions (article references in the packs): the day of the event is not counted; a day limit ends with its last
day, Asia/Shanghai; clock hours run through nights and holidays, to the microsecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from .calendar import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
LAST_MOMENT = time(23, 59, 59, 999999)
MONTHS_NAMED = {1: "每月", 3: "每季度", 6: "每半年", 12: "每年"}


class LimitUnit(StrEnum):
    """What a Within limit counts."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    CLOCK_HOURS = "clock_hours"


WORKING_DAYS = LimitUnit.WORKING_DAYS  # a name of its own: an enumeration is slow to ask
UNIT_LABELS = {
    LimitUnit.WORKING_DAYS: "个工作日",
    LimitUnit.CALENDAR_DAYS: "日",
    LimitUnit.CLOCK_HOURS: "小时",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A due moment (aware, Asia/Shanghai). Acting at ``at`` itself is on time. ``provisional``: a year was guessed."""

    at: datetime
    provisional: bool = False

    @property
    def day(self) -> date:
        """The due date in Asia/Shanghai."""
        return self.at.date()

    def __str__(self) -> str:
        shown = f"{self.day}" if self.at.time() == LAST_MOMENT else f"{self.at:%Y-%m-%d %H:%M:%S}"
        return f"{shown}（暂定）" if self.provisional else shown


def local_day(moment: datetime) -> date:
    """The date of an aware moment in Asia/Shanghai. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("the moment must carry a time zone")
    return moment.astimezone(SHANGHAI).date()


def end_of(day: date) -> datetime:
    """The last microsecond of ``day`` in Asia/Shanghai."""
    return datetime.combine(day, LAST_MOMENT, SHANGHAI)


@lru_cache(maxsize=8192)
def _through(day: date, provisional: bool) -> Due:
    """Due at the end of ``day``. Most clocks end on few days: a city's deadlines all fall in the next year or so."""
    return Due(end_of(day), provisional)


@dataclass(frozen=True, slots=True)
class Within:
    """At most ``count`` units after the opening event."""

    count: int
    unit: LimitUnit

    def due(self, start: datetime, calendar: Calendar) -> Due:
        """The last moment that is on time, counted from the aware moment ``start``."""
        first = start.date() if start.tzinfo is SHANGHAI else local_day(start)
        if self.unit is WORKING_DAYS:
            last = calendar.add_working_days(first, self.count)
            year = last.year
            if first.year == year:
                return _through(last, year not in calendar.years)
            return _through(last, not calendar.covers(first + timedelta(days=1), last))
        if self.unit is LimitUnit.CLOCK_HOURS:
            # Elapsed time, also across the daylight saving years before 1992.
            elapsed = (start.astimezone(ZoneInfo("UTC")) + timedelta(hours=self.count)).astimezone(SHANGHAI)
            return Due(elapsed)
        return Due(end_of(first + timedelta(days=self.count)))

    @property
    def text(self) -> str:
        return f"{self.count}{UNIT_LABELS[self.unit]}内"


@dataclass(frozen=True, slots=True)
class Quota:
    """At least ``count`` times in every calendar period of ``months`` months (6 = half-year, 12 = year).

    ``due_months``: due by the end of that month of the period instead of its end (1 = by 31 January of each year);
    ``due_day``: by that day of the month, or its last day where it has fewer.
    """

    count: int
    months: int
    due_months: int | None = None
    due_day: int | None = None

    def period(self, moment: datetime) -> tuple[datetime, datetime]:
        """First and last moment (both included) of the period that holds the aware ``moment``."""
        day = local_day(moment)
        first = (day.year * 12 + day.month - 1) // self.months * self.months
        return datetime(first // 12, first % 12 + 1, 1, tzinfo=SHANGHAI), _end_before_month(first + self.months)

    def due(self, start: datetime, calendar: Calendar) -> Due:
        """The due moment of the period that holds ``start``: its end, or the end of month ``due_months`` or of its
        day ``due_day``."""
        first = self.period(start)[0]
        last = _end_before_month(first.year * 12 + first.month - 1 + (self.due_months or self.months))
        return Due(last if self.due_day is None else last.replace(day=min(self.due_day, last.day)))

    def met(self, count: int) -> bool:
        return count >= self.count

    @property
    def text(self) -> str:
        named = MONTHS_NAMED.get(self.months)
        if named is None:
            named = f"每{self.months // 12}年" if self.months % 12 == 0 else f"每{self.months}个月"
        by = (
            ""
            if self.due_months is None
            else f"，第{self.due_months}个月{self.due_day}日前"
            if self.due_day is not None
            else f"，{self.due_months}月底前"
            if self.months == 12
            else f"，前{self.due_months}个月内"
        )
        return f"{named}不少于{self.count}次{by}"


def _end_before_month(month: int) -> datetime:
    """The last moment before a month counted from year 0."""
    return end_of(date(month // 12, month % 12 + 1, 1) - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class By:
    """Not later than the end of a date. ``aim`` marks a target (力争): missing it is no breach."""

    day: date
    aim: bool = False

    def due(self, start: datetime, calendar: Calendar) -> Due:
        """The end of the date, whatever ``start``."""
        return Due(end_of(self.day))

    @property
    def text(self) -> str:
        shown = f"{self.day.year}年底前" if (self.day.month, self.day.day) == (12, 31) else f"{chinese_day(self.day)}前"
        return f"力争{shown}" if self.aim else shown


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A value not below ``value`` (``unit`` is shown after it, such as %)."""

    value: Decimal
    unit: str = ""

    def due(self, start: datetime, calendar: Calendar) -> None:
        """No moment: the value is checked when the action is asked for."""

    def met(self, value: Decimal | int) -> bool:
        return value >= self.value

    @property
    def text(self) -> str:
        return f"不低于{self.value}{self.unit}"


@dataclass(frozen=True, slots=True)
class AtMost:
    """Something done not more than ``count`` times."""

    count: int

    def due(self, start: datetime, calendar: Calendar) -> None:
        """No moment: the count is checked when the action is asked for."""

    def met(self, count: int) -> bool:
        return count <= self.count

    @property
    def text(self) -> str:
        return f"最多{self.count}次"


@dataclass(frozen=True, slots=True)
class Depth:
    """A tree reached down to level ``level`` (1 = top)."""

    level: int
    label: str = ""

    def due(self, start: datetime, calendar: Calendar) -> None:
        """No moment: the depth is checked when the action is asked for."""

    def met(self, level: int) -> bool:
        return level >= self.level

    @property
    def text(self) -> str:
        return self.label or f"细化到第{self.level}级"


Limit = Within | Quota | By | AtLeast | AtMost | Depth


def limit_from_unit(value: int, unit: str) -> Limit:
    """A limit from a setting: its number and its unit (a :class:`LimitUnit` or ``months``). Raises ValueError."""
    if value < 1:
        raise ValueError("时限必须是正整数")
    return Quota(1, value) if unit == "months" else Within(value, LimitUnit(unit))


def parse_limit(table: Mapping[str, Any]) -> Limit:
    """A limit from a pack's table.

    Forms: ``{within = 3, unit = "working_days"}``, ``{quota = 1, months = 6, due_months = 1}``,
    ``{by = 2017-12-31, aim = true}``, ``{at_least = 4, unit = "%"}``, ``{at_most = 1}``,
    ``{depth = 3, label = "…"}``. Raises ValueError (Chinese).
    """
    match dict(table):
        case {"within": int(count), "unit": str(unit), **rest} if not rest and count > 0:
            if unit not in set(LimitUnit):
                raise ValueError(f"时限单位“{unit}”不认识，只能是{'、'.join(LimitUnit)}")
            return Within(count, LimitUnit(unit))
        case {"quota": int(count), "months": int(months), **rest} if count > 0 and months > 0:
            due_months = rest.pop("due_months", None)
            if rest or (due_months is not None and due_months not in range(1, months + 1)):
                raise ValueError(f"定期次数的写法不对：{dict(table)}")
            return Quota(count, months, due_months)
        case {"by": date() as day, **rest} if not isinstance(day, datetime) and rest.keys() <= {"aim"}:
            return By(day, bool(rest.get("aim", False)))
        case {"at_least": int() | Decimal() as value, **rest} if rest.keys() <= {"unit"}:
            return AtLeast(Decimal(value), str(rest.get("unit", "")))
        case {"at_most": int(count), **rest} if not rest:
            return AtMost(count)
        case {"depth": int(level), **rest} if rest.keys() <= {"label"}:
            return Depth(level, str(rest.get("label", "")))
        case _:
            raise ValueError(f"时限写法不认识：{dict(table)}")


def parse_moment(text: str) -> datetime:
    """An aware moment from ``2017-01-25`` (midnight) or ``2017-01-25T23:30``; Asia/Shanghai unless it says otherwise.

    Raises ValueError.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def chinese_day(day: date, beside: date | None = None) -> str:
    """``2017年2月28日``; without the year when ``beside`` is in the same year."""
    short = f"{day.month}月{day.day}日"
    return short if beside is not None and beside.year == day.year else f"{day.year}年{short}"
