"""Entries as they are stored: canonical text, keys, faults."""

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet

from mingtang.text.tables.checks import BLOCK, CellFault, key_text
from mingtang.text.tables.kinds import TableKind
from mingtang.text.tables.values import Value

from .models import ADDED, CHANGED, REMOVED, Batch, Entry, Register

Values = Mapping[str, Value]


def text_of(values: Values, kind: TableKind) -> str:
    """Values as they are stored: in the order of the kind's fields, empty ones left out; equal values, equal text."""
    held = {one.name: values[one.name] for one in kind.fields if values.get(one.name) is not None}
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))


def values_of(text: str) -> dict[str, Value]:
    found: dict[str, Value] = json.loads(text)
    return found


def hash_of(values: Values, kind: TableKind) -> str:
    """What names an entry in every version of it: 32 hex digits of its key."""
    return sha256(key_text(values, kind).encode()).hexdigest()[:32]


def key_words(values: Values, kind: TableKind) -> str:
    """The entry's key as people read it."""
    return "／".join(str(values[name]) for name in kind.key if values.get(name) is not None)


def fault_dict(fault: CellFault) -> dict[str, Any]:
    """A fault as it is stored and shown: row, field, title, code, message, severity, raw."""
    return {
        "row": fault.row,
        "field": fault.field,
        "title": fault.title,
        "code": fault.code,
        "message": fault.message,
        "severity": fault.severity,
        "raw": fault.raw[:200],
    }


def faults_text(faults: Iterable[CellFault]) -> str:
    made = [fault_dict(fault) for fault in faults]
    return json.dumps(made, ensure_ascii=False) if made else ""


def faults_of(entry: Entry) -> list[dict[str, Any]]:
    return json.loads(entry.faults) if entry.faults else []


def is_blocked(faults: Iterable[CellFault]) -> bool:
    return any(fault.severity == BLOCK for fault in faults)


def entries_at(register: Register, sequence: int | None = None) -> QuerySet[Entry]:
    """Entries as of a published batch; without one, as they are public now. In the order of the list."""
    if sequence is None:
        found = Q(until=None, since__isnull=False)
    else:
        found = Q(since__lte=sequence) & (Q(until=None) | Q(until__gt=sequence))
    return Entry.objects.filter(found, register=register).exclude(change=REMOVED)


def staged_over(register: Register, batch: Batch | None) -> Iterator[Entry]:
    """Entries as they will be once the batch is published: current ones it does not touch, and its own."""
    if batch is None:
        yield from entries_at(register).iterator(chunk_size=2000)
        return
    touched = batch.entries.filter(change__in=(ADDED, CHANGED, REMOVED))
    kept = entries_at(register).exclude(key_hash__in=touched.values("key_hash"))
    own = batch.entries.filter(change__in=(ADDED, CHANGED))
    yield from (kept | own).order_by("position", "id").iterator(chunk_size=2000)


def open_batch(register: Register) -> Batch | None:
    """What is being changed now, if anything."""
    return Batch.objects.filter(register=register, published_at=None).first()
