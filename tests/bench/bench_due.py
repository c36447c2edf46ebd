"""Measure of due dates: the calendar alone and the whole limit, against asking a holiday library day by day."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

import chinese_calendar
from tests.bench.bench_ground import Row, row, seconds

from mingtang.rules import Within, shipped_calendar
from mingtang.rules.limits import SHANGHAI, LimitUnit

COUNT, DAYS, TARGET = 200_000, 20, 1_000_000


def rows() -> list[Row]:
    """Due dates per second for 20 working days from days of 2005-2025, all different in order."""
    draw = random.Random(3)
    first = date(2005, 1, 1).toordinal()
    days = [date.fromordinal(first + draw.randrange(365 * 20)) for _ in range(COUNT)]
    moments = [datetime(day.year, day.month, day.day, 10, 30, tzinfo=SHANGHAI) for day in days]
    calendar, limit = shipped_calendar(), Within(DAYS, LimitUnit.WORKING_DAYS)
    few = days[: COUNT // 400]
    if [calendar.add_working_days(day, DAYS) for day in few] != [day_by_day(day) for day in few]:
        raise AssertionError("the calendars do not agree")
    plain = len(few) / seconds(lambda: [day_by_day(day) for day in few])
    measured = []
    for name, action in (
        ("due date, calendar", lambda: [calendar.add_working_days(day, DAYS) for day in days]),
        ("due date, whole limit", lambda: [limit.due(moment, calendar) for moment in moments]),
    ):
        measured.append(_line(name, action, plain))
    return measured


def _line(name: str, action: Callable[[], object], plain: float) -> Row:
    return row(
        name,
        COUNT / seconds(action, 5),
        "dates/s",
        TARGET,
        alternative=plain,
        alternative_name="chinese_calendar",
        less=False,
    )


def day_by_day(day: date) -> date:
    """What a first attempt looks like: step a day, ask the library, count."""
    left = DAYS
    while left:
        day += timedelta(days=1)
        left -= chinese_calendar.is_workday(day)
    return day
