"""Who handles an open record: whoever opened it, or whoever the work was handed over to since.

Read from the journal, which keeps who really did what: a hand-over adds an event and changes none.
"""

import uuid
from collections.abc import Iterable

from django.db.models import Q

from mingtang.journal.models import Event
from mingtang.journal.selectors import payload_of
from mingtang.rows import find_all
from mingtang.units.changes import announce, subject_of
from mingtang.units.handover import Handover, Movable, register_movable
from mingtang.units.models import Person, Unit

from .models import Record
from .spec import all_specs

HANDED_OVER, RECEIVED = "work.handed_over", "work.received"


def handlers_of(record_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Ids of the people who handle the records now; a record the system opened has none."""
    created = [f"{spec.kind}.created" for spec in all_specs()]
    found: dict[uuid.UUID, int] = {}
    events = Event.objects.filter(Q(name__in=created) | Q(name=HANDED_OVER), record_id__in=list(record_ids))
    for event in events.order_by("sequence"):
        handler = payload_of(event)["to_person"] if event.name == HANDED_OVER else event.actor_id
        if handler is not None and event.record_id is not None:
            found[event.record_id] = int(handler)
    return found


def handler_of(record_id: uuid.UUID) -> int | None:
    """Id of the person who handles the record now."""
    return handlers_of([record_id]).get(record_id)


def authors_of(record_id: uuid.UUID, kind: str) -> frozenset[int]:
    """Everyone who wrote any of the content, and whoever answers for it now: none of them reviews it."""
    events = find_all(Event, record_id=record_id, name=[f"{kind}.created", f"{kind}.edited", HANDED_OVER])
    people = {payload_of(event)["to_person"] if event.name == HANDED_OVER else event.actor_id for event in events}
    return frozenset(int(person) for person in people if person is not None)


def open_records_of(person: Person, unit: Unit) -> list[Record]:
    """Records led by the unit that the person handles and that are not finished."""
    created = [f"{spec.kind}.created" for spec in all_specs()]
    candidates = set(Event.objects.filter(actor_id=person.pk, name__in=created).values_list("record_id", flat=True))
    for event in Event.objects.filter(record_id=subject_of(person), name=RECEIVED):
        candidates.update(uuid.UUID(text) for text in payload_of(event).get("records", []))
    handlers = handlers_of(pk for pk in candidates if pk is not None)
    mine = [pk for pk, handler in handlers.items() if handler == person.pk]
    unfinished = Q(pk__in=[])
    for spec in all_specs():
        states = [state.name for state in spec.states if state.tone in ("open", "waiting")]
        unfinished |= Q(kind=spec.kind, state__in=states)
    return list(Record.objects.filter(unfinished, pk__in=mine, lead_unit=unit).order_by("pk"))


def _count(wish: Handover) -> int:
    return len(open_records_of(wish.person, wish.unit))


def _move(wish: Handover) -> int:
    records = open_records_of(wish.person, wish.unit)
    ids = {"from_person": wish.person.pk, "to_person": wish.successor.pk}
    for record in records:
        announce(HANDED_OVER, now=wish.now, actor=wish.actor, about=record.pk, unit=wish.unit, **ids)
    if records:
        announce(
            RECEIVED,
            now=wish.now,
            actor=wish.actor,
            about=wish.successor,
            unit=wish.unit,
            records=[str(record.pk) for record in records],
            **ids,
        )
    return len(records)


register_movable(Movable("未办结的事项", _count, _move, "改由接手人经办，原经办记录不变"))
