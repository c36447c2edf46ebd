"""The working-day calendar in force: the shipped one, or the newest version made from a notice."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import transaction

from mingtang.rules import Calendar, CalendarRow, NoticeError, read_notice, shipped_calendar

from .models import CalendarDay, CalendarVersion, Duty
from .selectors import limit_of


@dataclass(frozen=True)
class Moved:
    """A clock that a calendar change moved. ``before`` and ``after`` are due moments."""

    duty: Duty
    before: datetime
    after: datetime


def current_calendar() -> Calendar:
    """The newest version, or the calendar shipped with the software (2004-2026) where no notice was added."""
    newest = CalendarVersion.objects.order_by("-number").values_list("number", flat=True).first()
    return _calendar(newest or 0)


@lru_cache(maxsize=8)
def _calendar(number: int) -> Calendar:
    if not number:
        return shipped_calendar()
    days = CalendarDay.objects.filter(version_id=number).values_list("date", "working", "name")
    known = CalendarVersion.objects.filter(number__lte=number).values_list("year", flat=True)
    return shipped_calendar().with_rows(str(number), [CalendarRow(*day) for day in days], set(known))


def import_notice(text: str, *, source: str, now: datetime) -> tuple[CalendarVersion, list[Moved]]:
    """Add an announced year from CSV text and recompute every open clock.

    The notice is for the year that most of its days fall in: that year is replaced and known from now on. Days of a
    neighbouring year that it names (a New Year holiday that begins on 31 December) are merged into what is known of it.

    Returns the new version and the clocks that moved, so that the difference can be shown.

    Raises:
        mingtang.rules.NoticeError: a line cannot be read; nothing is changed.
    """
    rows = read_notice(text)
    if not rows:
        raise NoticeError(1, "没有任何一天的安排")
    year = Counter(row.day.year for row in rows).most_common(1)[0][0]
    with transaction.atomic():
        newest = CalendarVersion.objects.select_for_update().order_by("-number").first()
        days = {row.day: row for row in _rows_of(newest, year)} | {row.day: row for row in rows}
        version = CalendarVersion.objects.create(
            number=(newest.number if newest else 0) + 1, year=year, source=source, loaded_at=now
        )
        CalendarDay.objects.bulk_create(
            CalendarDay(version=version, date=row.day, working=row.is_working, name=row.name) for row in days.values()
        )
        moved = recompute_open(_calendar(version.number), version.number)
    return version, moved


def _rows_of(version: CalendarVersion | None, replaced_year: int) -> list[CalendarRow]:
    """Days of an earlier version, without those of the year that is announced anew."""
    if version is None:
        return []
    days = CalendarDay.objects.filter(version=version).exclude(date__year=replaced_year)
    return [CalendarRow(day.date, day.working, day.name) for day in days]


def recompute_open(calendar: Calendar, number: int) -> list[Moved]:
    """Recompute the due moment of every open duty against ``calendar``."""
    from .services import project

    moved = []
    for duty in Duty.objects.select_for_update().filter(closed_at=None, due_at__isnull=False):
        limit = limit_of(duty.code)
        if limit is None:
            continue
        due = limit.due(duty.opened_at, calendar)
        if due is None:
            continue
        if (due.at, due.provisional) != (duty.due_at, duty.provisional):
            before = duty.due_at
            assert before is not None
            duty.due_at, duty.provisional, duty.calendar = due.at, due.provisional, number
            duty.save(update_fields=["due_at", "provisional", "calendar"])
            project(duty)
            if due.at != before:
                moved.append(Moved(duty, before, due.at))
    return moved
