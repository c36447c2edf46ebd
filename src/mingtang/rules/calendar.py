"""The official working-day calendar as an immutable value.

A working day is Monday to Friday, minus statutory holidays, plus make-up working days (调休). The yearly notice of
the State Council is data. A year without a notice is counted Monday to Friday and every answer that touches it is
marked provisional.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

SHIPPED = Path(__file__).parent / "calendars" / "china_2004_2026.csv"
KINDS = {"holiday": False, "放假": False, "休": False, "workday": True, "上班": True, "班": True}
MARGIN_YEARS = 40
LONGEST_RANGE_DAYS = 31
RANGE = re.compile(r"\s*(?:~|～|至|—|–)\s*")


class CalendarRow(NamedTuple):
    """One day named by a notice: is it worked, and which festival it belongs to."""

    day: date
    is_working: bool
    name: str


class CalendarChange(NamedTuple):
    """One day on which two calendars differ."""

    day: date
    was_working: bool
    is_working: bool
    name: str


class NoticeError(ValueError):
    """A line of a calendar notice cannot be read; ``line`` counts from 1. The message is Chinese."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"第{line}行：{problem}")
        self.line = line


class Calendar:
    """Working days by table.

    ``rows`` are the days named by notices, ``years`` the years whose notice is known. Answers outside those years
    assume Monday to Friday; :meth:`covers` tells. Immutable: :meth:`with_rows` gives a new one.
    """

    __slots__ = ("version", "years", "rows", "_first", "_working", "_reached")

    def __init__(self, version: str, rows: Iterable[CalendarRow | tuple[date, bool, str]], years: Collection[int]):
        if not years:
            raise ValueError("a calendar covers at least one year")
        self.version = version
        self.years = frozenset(years)
        self.rows: Mapping[date, CalendarRow] = MappingProxyType({row[0]: CalendarRow(*row) for row in rows})
        self._first = date(min(self.years) - MARGIN_YEARS, 1, 1).toordinal()
        last = date(max(self.years) + MARGIN_YEARS, 12, 31).toordinal()
        working: list[date] = []
        reached: list[int] = []  # per day since the first: how many working days up to and including it
        for ordinal in range(self._first, last + 1):
            day = date.fromordinal(ordinal)
            if self.is_working(day):
                working.append(day)
            reached.append(len(working))
        self._working = working
        self._reached = reached

    def __repr__(self) -> str:
        return f"Calendar({self.version!r}, {min(self.years)}-{max(self.years)})"

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is a working day; Monday to Friday where no notice names it."""
        row = self.rows.get(day)
        return row.is_working if row is not None else day.weekday() < 5

    def name_of(self, day: date) -> str:
        """The festival a notice ties ``day`` to, or an empty string."""
        row = self.rows.get(day)
        return row.name if row is not None else ""

    def covers(self, first: date, last: date) -> bool:
        """Whether the notice of every year from ``first`` to ``last`` (both included) is known."""
        if first.year == last.year:
            return first.year in self.years
        return all(year in self.years for year in range(first.year, last.year + 1))

    def add_working_days(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``; ``day`` itself is not counted.

        Raises ValueError for a count below 1 and for dates more than 40 years from the years covered.
        """
        place = day.toordinal() - self._first
        if count < 1 or place < 0:
            raise ValueError(f"cannot add {count} working days to {day}")
        try:
            return self._working[self._reached[place] + count - 1]
        except IndexError:
            raise ValueError(f"{day} + {count} working days is outside the calendar") from None

    def subtract_working_days(self, day: date, count: int) -> date:
        """The ``count``-th working day before ``day`` (for reminders). Raises ValueError as above."""
        place = day.toordinal() - self._first - 1
        if count < 1 or place < 0 or place >= len(self._reached) or self._reached[place] < count:
            raise ValueError(f"cannot subtract {count} working days from {day}")
        return self._working[self._reached[place] - count]

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
        first, last = start.toordinal() - self._first, end.toordinal() - self._first
        if min(first, last) < 0 or max(first, last) >= len(self._reached):
            raise ValueError(f"{start} to {end} is outside the calendar")
        return self._reached[last] - self._reached[first]

    def with_rows(self, version: str, rows: Iterable[CalendarRow], years: Collection[int]) -> Calendar:
        """A new calendar in which ``rows`` replace all earlier rows of ``years``; rows of other years are added."""
        kept = {day: row for day, row in self.rows.items() if day.year not in years}
        kept.update((row.day, row) for row in rows)
        return Calendar(version, kept.values(), self.years | set(years))


def difference(old: Calendar, new: Calendar) -> list[CalendarChange]:
    """Every day that is worked in one calendar and not in the other, in order."""
    return [
        CalendarChange(day, old.is_working(day), new.is_working(day), new.name_of(day) or old.name_of(day))
        for day in sorted(old.rows.keys() | new.rows.keys())
        if old.is_working(day) != new.is_working(day)
    ]


def read_notice(text: str) -> list[CalendarRow]:
    """Read a notice written as lines ``date,kind,name``.

    ``date`` is ``2027-01-01`` or a range ``2027-10-01至2027-10-07``; ``kind`` is holiday/放假/休 or workday/上班/班.
    Empty lines, lines starting with ``#`` and a heading line ``date,kind,name`` are skipped.
    Raises :class:`NoticeError` (Chinese, with the line number) for a line that cannot be read, a day named twice, or
    a make-up working day that is no weekend.
    """
    seen: dict[date, int] = {}
    rows: list[CalendarRow] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        cells = [cell.strip() for cell in next(csv.reader([line.replace("，", ",")]), [])]
        if not any(cells) or cells[0].startswith("#") or cells[0] in ("date", "日期"):
            continue
        if len(cells) != 3:
            raise NoticeError(number, f"应有三列：日期、类型、名称，实际有{len(cells)}列。")
        if cells[1] not in KINDS:
            raise NoticeError(number, f"类型“{cells[1]}”不认识，只能写“放假”或“上班”。")
        for day in _days(number, cells[0]):
            if day in seen:
                raise NoticeError(number, f"{day}在第{seen[day]}行已经写过。")
            if KINDS[cells[1]] and day.weekday() < 5:
                raise NoticeError(number, f"{day}不是周末，不会是调休上班日，请核对通知原文。")
            seen[day] = number
            rows.append(CalendarRow(day, KINDS[cells[1]], cells[2]))
    if not rows:
        raise NoticeError(1, "没有读到任何日期。")
    return rows


def _days(number: int, cell: str) -> Iterator[date]:
    ends = []
    for piece in RANGE.split(cell):
        try:
            ends.append(date.fromisoformat(piece))
        except ValueError:
            raise NoticeError(number, f"日期“{piece}”不对，应写成2027-01-01这样的形式。") from None
    if len(ends) > 2 or ends[-1] < ends[0]:
        raise NoticeError(number, f"日期范围“{cell}”不对，应先写起日，再写止日。")
    if (ends[-1] - ends[0]).days >= LONGEST_RANGE_DAYS:
        raise NoticeError(number, f"日期范围“{cell}”超过{LONGEST_RANGE_DAYS}天，请核对。")
    while ends[0] <= ends[-1]:
        yield ends[0]
        if ends[0] == ends[-1]:
            return
        ends[0] += timedelta(days=1)


@cache
def shipped_calendar() -> Calendar:
    """The calendar of 2004-2026 that comes with the program."""
    rows = read_notice(SHIPPED.read_text(encoding="utf-8"))
    return Calendar("china-2004-2026", rows, range(2004, 2027))
