"""Reads of the journal, and the check that nobody rewrote it."""

import json
import uuid
from typing import Any

from django.db.models import QuerySet

from mingtang.rows import find

from .models import Event, JournalHead
from .writing import ZERO, event_hash


def events_of(record_id: uuid.UUID) -> QuerySet[Event]:
    """Events of one record, oldest first."""
    return Event.objects.filter(record_id=record_id)


def last_event(record_id: uuid.UUID, name: str) -> Event | None:
    """The newest event of that name on a record."""
    return find(Event, record_id=record_id, name=name, order=("-sequence",))


def payload_of(event: Event) -> dict[str, Any]:
    return dict(json.loads(event.payload)) if event.payload else {}


def verify_journal() -> list[str]:
    """Walk the whole chain. Returns what is wrong, in Chinese, naming the sequence number; empty if sound."""
    wrong = []
    sequence, previous = 0, ZERO
    for event in Event.objects.order_by("sequence").iterator(2000):
        sequence += 1
        if event.sequence != sequence:
            wrong.append(f"日志第 {sequence} 条缺失")
            sequence = event.sequence
        if event.previous_hash != previous:
            wrong.append(f"日志第 {event.sequence} 条与前一条不相连")
        if event_hash(event) != event.hash:
            wrong.append(f"日志第 {event.sequence} 条内容被改动")
        previous = event.hash
    head = JournalHead.objects.filter(pk=1).first()
    if head is not None and (head.sequence, head.hash) != (sequence, previous):
        wrong.append(f"日志末端应为第 {head.sequence} 条，实际止于第 {sequence} 条")
    return wrong
