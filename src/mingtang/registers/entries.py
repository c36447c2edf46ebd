"""Entries as they are stored: canonical text, keys, faults."""

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet

from mingtang.editions.tables import JOIN
from mingtang.text.tables.checks import BLOCK, CellFault, key_text
from mingtang.text.tables.headings import Column, Found
from mingtang.text.tables.kinds import TableKind
from mingtang.text.tables.values import Value

from .catalog import ADJUSTMENT, BASIS, EFFECTIVE_ON
from .models import ADDED, CHANGED, FAULTY, REMOVED, SAME, Batch, Entry, Register

Values = Mapping[str, Value]
ADJUSTING = (ADJUSTMENT, EFFECTIVE_ON, BASIS)


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
    return JOIN.join(str(values[name]) for name in kind.key if values.get(name) is not None)


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


def touched(batch: Batch) -> QuerySet[Entry]:
    """Entries that a batch adds, changes or removes, in the order of the list."""
    return batch.entries.filter(change__in=(ADDED, CHANGED, REMOVED)).order_by("position", "id")


def replaced(register: Register, batch: Batch) -> dict[str, dict[str, Value]]:
    """What the entries an open batch touches are now, by key hash; those it adds are not among them."""
    current = entries_at(register).filter(key_hash__in=touched(batch).order_by().values("key_hash"))
    return {key_hash: values_of(text) for key_hash, text in current.values_list("key_hash", "values")}


def as_it_will_be(register: Register, batch: Batch | None) -> QuerySet[Entry]:
    """Entries as they will be once the batch is published: current ones it does not touch, and its own."""
    current = entries_at(register)
    if batch is not None:
        kept = current.exclude(key_hash__in=touched(batch).order_by().values("key_hash"))
        current = kept | batch.entries.filter(change__in=(ADDED, CHANGED))
    return current.order_by("position", "id")


def staged_over(register: Register, batch: Batch | None) -> Iterator[Entry]:
    """The same, read as it comes: a list may be long."""
    return as_it_will_be(register, batch).iterator(chunk_size=2000)


def unstated(batch: Batch) -> QuerySet[Entry]:
    """Entries a batch touches that do not say how, when and on what basis they were adjusted. A field that is said
    stands in the stored text with its quotes bare; those inside a value are escaped."""
    said = Q(*(Q(values__contains=f'"{name}":') for name in ADJUSTING))
    return touched(batch).exclude(said)


def counted(changes: Iterable[tuple[str, bool]]) -> dict[str, int]:
    """Staged entries by change, and how many are warned of; each given as its change and whether it is."""
    counts = dict.fromkeys((ADDED, CHANGED, REMOVED, SAME, FAULTY, "warnings"), 0)
    for change, warned in changes:
        counts[change] += 1
        counts["warnings"] += warned
    return counts


def as_table(kind: TableKind, rows: Iterable[tuple[int, Values]], totals: Iterable[tuple[int, Values]] = ()) -> Found:
    """Values by field name as a table to be checked: a column for each field of the kind."""
    columns = tuple(Column(place, one.title, one.name) for place, one in enumerate(kind.fields))
    names = [one.name for one in kind.fields]
    made = [tuple((number, [values.get(name) for name in names]) for number, values in part) for part in (rows, totals)]
    return Found(columns, made[0], made[1], 0, 0)


def open_batch(register: Register) -> Batch | None:
    """What is being changed now, if anything."""
    return Batch.objects.filter(register=register, published_at=None).first()
