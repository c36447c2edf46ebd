"""Reading the audit trail: accesses and journal events on one timeline, newest first, page by page by number.

Within each of the two the order is that of their numbers, whatever the clock said; between them it is that of time.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Count, Max, Min, Q, QuerySet

from mingtang.journal.models import Event, JournalHead

from .models import Access, Seal, SealHead
from .names import IDENTITY, IDENTITY_REFUSED, IDENTITY_UNUSUAL, UNNOTED

Row = TypeVar("Row", Access, Event)
ALERTS_FOR = timedelta(days=30)
# The clock may have been set back: events near the edge are looked at one by one.
CLOCK_SLACK = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; an empty field asks for nothing. ``event`` and ``action`` exclude one another.

    ``start`` is included, ``end`` is not; both aware. ``address`` is sealed as the rows have it.
    """

    people: tuple[int, ...] = ()
    action: str = ""
    event: str = ""
    subject: str = ""
    unit: str = ""
    address: str = ""
    start: datetime | None = None
    end: datetime | None = None

    @property
    def has_accesses(self) -> bool:
        return not self.event

    @property
    def has_events(self) -> bool:
        return not self.action and not self.address


@dataclass(frozen=True)
class Place:
    """Where a page begins: below this access and this event; None is the newest end."""

    access: int | None = None
    event: int | None = None


@dataclass(frozen=True)
class Page:
    """Entries newest first; ``older`` is where the next page begins, None if there is none."""

    entries: list[Access | Event]
    older: Place | None


def timeline(wanted: Wanted, place: Place, limit: int) -> Page:
    """One page of what matches. Two queries, and some small ones where a time is given."""
    accesses = list(_below(accesses_matching(wanted), "id", place.access)[: limit + 1]) if wanted.has_accesses else []
    events = list(_below(events_matching(wanted), "sequence", place.event)[: limit + 1]) if wanted.has_events else []
    entries: list[Access | Event] = []
    first, second = 0, 0
    while len(entries) < limit and (first < len(accesses) or second < len(events)):
        if second == len(events) or (first < len(accesses) and accesses[first].at >= events[second].at):
            entries.append(accesses[first])
            first += 1
        else:
            entries.append(events[second])
            second += 1
    if first == len(accesses) and second == len(events):
        return Page(entries, None)
    return Page(
        entries,
        Place(
            accesses[first - 1].id if first else place.access,
            events[second - 1].sequence if second else place.event,
        ),
    )


def _below(rows: QuerySet[Row], name: str, number: int | None) -> QuerySet[Row]:
    return rows.filter(**{f"{name}__lt": number}) if number is not None else rows


def accesses_matching(wanted: Wanted) -> QuerySet[Access]:
    """Accesses newest first."""
    found = Access.objects.order_by("-id")
    if wanted.people:
        found = (
            found.filter(actor_id__in=wanted.people) if wanted.people[1:] else found.filter(actor_id=wanted.people[0])
        )
    for name, value in (
        ("action", wanted.action),
        ("subject_id", wanted.subject),
        ("unit_code", wanted.unit),
        ("address", wanted.address),
    ):
        if value:
            found = found.filter(**{name: value})
    if wanted.start or wanted.end:
        first, last = _numbers_between(wanted.start, wanted.end)
        found = found.filter(id__gte=first)
        if last is not None:
            found = found.filter(id__lte=last)
        found = _between(found, wanted)
    return found


def events_matching(wanted: Wanted) -> QuerySet[Event]:
    """Journal events newest first."""
    found = Event.objects.order_by("-sequence")
    if wanted.people:
        found = found.filter(actor_id__in=wanted.people)
    if wanted.event:
        found = found.filter(name=wanted.event)
    if wanted.unit:
        found = found.filter(unit_code=wanted.unit)
    if wanted.subject:
        found = found.filter(record_id=_uuid(wanted.subject))
    if wanted.start:
        found = found.filter(sequence__gte=_sequence_at(wanted.start - CLOCK_SLACK))
    if wanted.end:
        found = found.filter(sequence__lte=_sequence_at(wanted.end + CLOCK_SLACK))
    return _between(found, wanted)


def _between(found: QuerySet[Row], wanted: Wanted) -> QuerySet[Row]:
    if wanted.start:
        found = found.filter(at__gte=wanted.start)
    return found.filter(at__lt=wanted.end) if wanted.end else found


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _numbers_between(start: datetime | None, end: datetime | None) -> tuple[int, int | None]:
    """Between which numbers accesses of a time lie: the seals know, and what is not sealed yet is new."""
    overlap, fresh = Q(), Q()
    if start:
        overlap, fresh = overlap & Q(to_at__gte=start), fresh & Q(at__gte=start)
    if end:
        overlap, fresh = overlap & Q(from_at__lt=end), fresh & Q(at__lt=end)
    sealed = SealHead.objects.filter(pk=1).values_list("last_id", flat=True).first() or 0
    span = Seal.objects.filter(overlap).aggregate(first=Min("first_id"), last=Max("last_id"))
    if Access.objects.filter(fresh, id__gt=sealed).exists():
        return span["first"] or sealed + 1, None
    return span["first"] or 0, span["last"] or 0


def _sequence_at(moment: datetime) -> int:
    """The first event at or after a moment, by halving; one past the end if there is none."""
    head = JournalHead.objects.filter(pk=1).values_list("sequence", flat=True).first() or 0
    low, high = 1, head + 1
    while low < high:
        middle = (low + high) // 2
        at = Event.objects.filter(pk=middle).values_list("at", flat=True).first()
        if at is not None and at < moment:
            low = middle + 1
        else:
            high = middle
    return low


# Who saw one subject, what one person did.


@dataclass(frozen=True)
class Seen:
    """How one person dealt with one subject: actions with their numbers, first and last moment."""

    person_id: int | None
    actions: dict[str, int]
    first: datetime
    last: datetime


def everybody_who_saw(subject_id: str) -> list[Seen]:
    """Everybody with any access to a subject, the last first. One query."""
    rows = (
        Access.objects.filter(subject_id=subject_id)
        .order_by()
        .values_list("actor_id", "action")
        .annotate(number=Count("id"), first=Min("at"), last=Max("at"))
    )
    found: dict[int | None, Seen] = {}
    for person, action, number, first, last in rows:
        known = found.get(person)
        if known is None:
            found[person] = Seen(person, {action: number}, first, last)
        else:
            actions = known.actions | {action: number}
            found[person] = Seen(person, actions, min(known.first, first), max(known.last, last))
    return sorted(found.values(), key=lambda seen: seen.last, reverse=True)


def identity_looks(subject_id: str, limit: int = 200) -> list[Access]:
    """Looks at the personal identity behind a subject, newest first, refused ones too."""
    found = Access.objects.filter(subject_id=subject_id, action__in=[IDENTITY, IDENTITY_REFUSED])
    return list(found.order_by("-id")[:limit])


def actions_since(person_id: int, start: datetime) -> Counter[str]:
    """How often a person did what since a moment."""
    first, _ = _numbers_between(start, None)
    rows = Access.objects.filter(actor_id=person_id, id__gte=first, at__gte=start).order_by()
    return Counter(dict(rows.values_list("action").annotate(number=Count("id"))))


def alerts(now: datetime, limit: int = 10) -> list[Access]:
    """What the audit administrator should look into: unusual looks at identities, and pages that went unnoted."""
    found: list[Access] = []
    for action in (IDENTITY_UNUSUAL, IDENTITY_REFUSED, UNNOTED):
        rows = Access.objects.filter(action=action).order_by("-id")[:limit]
        found += [row for row in rows if row.at > now - ALERTS_FOR]
    return sorted(found, key=lambda row: row.id, reverse=True)[:limit]


def people_of(entries: Sequence[Access | Event]) -> set[int]:
    return {entry.actor_id for entry in entries if entry.actor_id is not None}
