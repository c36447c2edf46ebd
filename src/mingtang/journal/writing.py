"""Writing events: buffered while the work is done, chained last under the one head row.

Lock order of the house: records in id order, then counter rows, then the journal head, then the log head. So the
head, which every writer needs, is held for the shortest time.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from mingtang.rows import find, insert, update
from mingtang.text.canonical import canonical_json

from .models import Event, JournalHead
from .names import is_registered

ZERO = "0" * 64


@dataclass
class Writer:
    """Events of one transaction, what is to be done after they are chained, and what the rooms keep for its length."""

    events: list[Event] = field(default_factory=list)
    memory: dict[Any, Any] = field(default_factory=dict)
    last: list[Callable[[], object]] = field(default_factory=list)

    def at_the_end(self, action: Callable[[], object]) -> None:
        """Run ``action`` in the same transaction after the events are chained: for the log head, locked last."""
        self.last.append(action)


_current: ContextVar[Writer | None] = ContextVar("journal_writer", default=None)
Subscriber = Callable[[Event, Any], None]
_subscribers: dict[str, list[Subscriber]] = defaultdict(list)


def subscribe(name: str, subscriber: Subscriber) -> None:
    """Have ``subscriber(event, subject)`` called in the same transaction for events called ``name`` (``*``: all)."""
    if subscriber not in _subscribers[name]:
        _subscribers[name].append(subscriber)


def current_writer() -> Writer | None:
    return _current.get()


@contextmanager
def writing() -> Iterator[Writer]:
    """A transaction whose events are chained when it ends. Nested uses join the outermost one."""
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    writer = Writer()
    token = _current.set(writer)
    try:
        with transaction.atomic():
            yield writer
            _chain(writer.events)
            for action in writer.last:
                action()
    finally:
        _current.reset(token)


def append(
    name: str,
    *,
    at: datetime,
    record_id: uuid.UUID | None = None,
    unit_code: str = "",
    actor_id: int | None = None,
    from_state: str = "",
    to_state: str = "",
    payload: Mapping[str, Any] | None = None,
    subject: Any = None,
) -> Event:
    """Add an event to the transaction under way and tell its subscribers.

    Args:
        at: aware moment of the fact.
        payload: JSON values only; no personal data, no floats.
        subject: handed to subscribers, not stored.

    Raises:
        RuntimeError: no ``writing()`` block is open.
        LookupError: the event name was never registered.
        ValueError: ``at`` is naive.
    """
    writer = _current.get()
    if writer is None:
        raise RuntimeError("events are written inside journal.writing()")
    if not is_registered(name):
        raise LookupError(f"event {name} is not registered")
    if at.tzinfo is None:
        raise ValueError("an event needs an aware moment")
    event = Event(
        id=uuid.uuid4(),
        name=name,
        record_id=record_id,
        unit_code=unit_code,
        actor_id=actor_id,
        at=at,
        from_state=from_state,
        to_state=to_state,
        payload=canonical_json(dict(payload)) if payload else "",
    )
    writer.events.append(event)
    for subscriber in (*_subscribers.get(name, ()), *_subscribers.get("*", ())):
        subscriber(event, subject)
    return event


def event_content(event: Event) -> dict[str, str | int]:
    """What an event's hash is made of: every stored field but the hash itself."""
    return {
        "sequence": event.sequence,
        "id": str(event.id),
        "name": event.name,
        "record": str(event.record_id or ""),
        "unit": event.unit_code,
        "actor": str(event.actor_id or ""),
        "at": str(int(event.at.timestamp() * 1_000_000)),
        "from": event.from_state,
        "to": event.to_state,
        "payload": event.payload,
        "previous": event.previous_hash,
    }


def event_hash(event: Event) -> str:
    """Hash of an event over its content, chained by ``previous_hash``."""
    return sha256(canonical_json(event_content(event)).encode()).hexdigest()


def _chain(events: list[Event]) -> None:
    if not events:
        return
    head = find(JournalHead, pk=1, lock=True)
    if head is None:
        JournalHead.objects.get_or_create(pk=1, defaults={"sequence": 0, "hash": ZERO})
        head = JournalHead.objects.select_for_update().get(pk=1)
    sequence, previous = head.sequence, head.hash
    for event in events:
        sequence += 1
        event.sequence, event.previous_hash = sequence, previous
        event.hash = previous = event_hash(event)
    head.sequence, head.hash = sequence, previous
    insert(*events)
    update(head)
