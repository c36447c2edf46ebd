"""The working-day calendar in force: the shipped one, or the newest version made from a notice."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet

from mingtang.rules import Calendar, CalendarRow, NoticeError, read_notice, shipped_calendar
from mingtang.units.actors import SYSTEM, Actor
from mingtang.units.changes import announce, first_time, require

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
    newest = CalendarVersion.objects.order_by("-number").values_list("number", "source", "loaded_at").first()
    return _kept(*newest) if newest else shipped_calendar()


@lru_cache(maxsize=8)
def _kept(number: int, source: str, loaded_at: datetime) -> Calendar:
    """A number alone names no version: an import that failed gives its number to the next one."""
    return _calendar(number)


def _calendar(number: int) -> Calendar:
    days = CalendarDay.objects.filter(version_id=number).values_list("date", "working", "name")
    known = CalendarVersion.objects.filter(number__lte=number).values_list("year", flat=True)
    return shipped_calendar().with_rows(str(number), [CalendarRow(*day) for day in days], set(known))


def preview_notice(text: str) -> tuple[int, list[Moved]]:
    """The year a notice is for, and the clocks that importing it would move. Changes nothing.

    Raises:
        mingtang.rules.NoticeError: a line cannot be read.
    """
    year, days = _read(text, newest := CalendarVersion.objects.order_by("-number").first())
    known = set(CalendarVersion.objects.values_list("year", flat=True)) | {year}
    calendar = shipped_calendar().with_rows(f"{newest.number if newest else 0}+", days, known)
    moves = _moves(calendar, Duty.objects.select_related("unit"))
    return year, [Moved(duty, duty.due_at, at) for duty, at, _ in moves if duty.due_at and at != duty.due_at]


def import_notice(
    text: str, *, source: str, now: datetime, actor: Actor = SYSTEM, request_key: str = ""
) -> tuple[CalendarVersion, list[Moved]]:
    """Add an announced year from CSV text and recompute every open clock.

    The notice is for the year that most of its days fall in: that year is replaced and known from now on. Days of a
    neighbouring year that it names (a New Year holiday that begins on 31 December) are merged into what is known of it.

    Returns the new version and the clocks that moved, so that the difference can be shown; for a request carried out
    before, the newest version and nothing.

    Raises:
        mingtang.rules.NoticeError: a line cannot be read; nothing is changed.
        mingtang.units.errors.NotAdministrator: not the system administrator.
    """
    require(actor, "calendar")
    with transaction.atomic():
        newest = CalendarVersion.objects.select_for_update().order_by("-number").first()
        if not first_time(request_key, now=now) and newest is not None:
            return newest, []
        year, days = _read(text, newest)
        version = CalendarVersion.objects.create(
            number=(newest.number if newest else 0) + 1, year=year, source=source, loaded_at=now
        )
        CalendarDay.objects.bulk_create(
            CalendarDay(version=version, date=row.day, working=row.is_working, name=row.name) for row in days
        )
        moved = recompute_open(_calendar(version.number), version.number)
        announce("calendar.imported", now=now, actor=actor, version=version.number, year=year, moved=len(moved))
    return version, moved


def _read(text: str, newest: CalendarVersion | None) -> tuple[int, list[CalendarRow]]:
    """The year a notice announces, and every day a version made from it holds."""
    rows = read_notice(text)
    if not rows:
        raise NoticeError(1, "没有任何一天的安排")
    year = Counter(row.day.year for row in rows).most_common(1)[0][0]
    days = {row.day: row for row in _rows_of(newest, year)} | {row.day: row for row in rows}
    return year, list(days.values())


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
    for duty, at, provisional in _moves(calendar, Duty.objects.select_for_update()):
        before = duty.due_at
        assert before is not None
        duty.due_at, duty.provisional, duty.calendar = at, provisional, number
        duty.save(update_fields=["due_at", "provisional", "calendar"])
        project(duty)
        if at != before:
            moved.append(Moved(duty, before, at))
    return moved


def _moves(calendar: Calendar, duties: QuerySet[Duty]) -> Iterator[tuple[Duty, datetime, bool]]:
    """Open duties whose due moment differs by ``calendar``, with that moment and whether it is provisional."""
    for duty in duties.filter(closed_at=None, due_at__isnull=False):
        limit = limit_of(duty.code)
        due = limit.due(duty.opened_at, calendar) if limit is not None else None
        if due is not None and (due.at, due.provisional) != (duty.due_at, duty.provisional):
            yield duty, due.at, due.provisional
