"""Taking rows out with what proves them: inclusion in their seals, the chain of seals, and the way to a checkpoint."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mingtang.journal.models import Event
from mingtang.journal.writing import event_content
from mingtang.merkle.audit_export import PROOF, SIGNATURE, head_of, pack
from mingtang.merkle.audit_seals import FIRST, leaf_of, tree_of
from mingtang.merkle.notes import Checkpoint

from .models import Access, Seal, SealHead
from .names import SEALED
from .rows import microseconds, values_of
from .sealing import seal_waiting
from .selectors import Wanted, accesses_matching, events_matching

MOST_ROWS = 20_000
# A checkpoint further away than this is left out: the rows are proven by seal and signature alone.
LONGEST_LINK = 5_000


class TooMany(Exception):
    """More rows match than one export takes. The message is Chinese and says what to do."""


@dataclass(frozen=True)
class Taken:
    """Rows and events of an export, oldest first."""

    accesses: list[Access]
    events: list[Event]


def take(wanted: Wanted, now: datetime) -> Taken:
    """Everything that matches. What is not sealed yet is sealed now, so that every row is proven.

    Raises:
        TooMany: more than ``MOST_ROWS``.
    """
    seal_waiting(now, at_once=True)
    sealed = SealHead.objects.filter(pk=1).values_list("last_id", flat=True).first() or 0
    accesses = list(accesses_matching(wanted).filter(id__lte=sealed)[: MOST_ROWS + 1]) if wanted.has_accesses else []
    events = list(events_matching(wanted)[: MOST_ROWS + 1]) if wanted.has_events else []
    if len(accesses) + len(events) > MOST_ROWS:
        raise TooMany(f"符合条件的超过{MOST_ROWS}条，一次导不完。请缩短时间，或再加条件，分几次导出。")
    return Taken(accesses[::-1], events[::-1])


def export(
    taken: Taken,
    table: tuple[str, bytes],
    *,
    asked: dict[str, str],
    sign: Callable[[str], str],
    keys: str,
    checkpoint: tuple[str, Checkpoint] | None,
    now: datetime,
) -> bytes:
    """The archive.

    Args:
        table: name and bytes of what people read.
        asked: the conditions in words.
        sign: signs a note with the log's key; ``keys`` is the text of ``log/key``.
        checkpoint: the newest signed one, as its note and read.
    """
    seals = _chain(taken.accesses)
    proof = {
        "format": 1,
        "made_at": now.isoformat(),
        "asked": asked,
        "fields": ["number", "at", "actor", "action", "subject_kind", "subject_id", "part", "unit", "purpose", "status"]
        + ["address_sealed", "request"],
        "rows": _proofs(taken.accesses, seals),
        "seals": [_said(seal) for seal in seals],
        "events": [_event(event) for event in taken.events],
        "link": _link(checkpoint[1], seals) if checkpoint else [],
        "checkpoint": checkpoint[0] if checkpoint else "",
        "keys": keys,
    }
    files = [table, (PROOF, json.dumps(proof, ensure_ascii=False, separators=(",", ":")).encode())]
    newest = (seals[-1].sequence, seals[-1].hash) if seals else (0, FIRST)
    head = head_of(made_at=now, rows=len(taken.accesses), events=len(taken.events), seal=newest, files=files)
    return pack([*files, (SIGNATURE, sign(head).encode())])


def _chain(rows: Sequence[Access]) -> list[Seal]:
    """All seals from the one over the first row to the newest; the newest alone if there is no row."""
    seals = Seal.objects.order_by("sequence")
    return list(seals.filter(last_id__gte=rows[0].id)) if rows else list(seals.order_by("-sequence")[:1])


def _proofs(rows: Sequence[Access], seals: Sequence[Seal]) -> list[dict[str, Any]]:
    ends = [seal.last_id for seal in seals]
    by_seal: dict[int, list[Access]] = defaultdict(list)
    for row in rows:
        by_seal[bisect_left(ends, row.id)].append(row)
    found = []
    for place, own in by_seal.items():
        seal = seals[place]
        sealed = list(Access.objects.filter(id__gte=seal.first_id, id__lte=seal.last_id).order_by("id"))
        tree = tree_of(leaf_of(row.id, values_of(row)) for row in sealed)
        places = {row.id: index for index, row in enumerate(sealed)}
        for row in own:
            index = places[row.id]
            found.append(
                {
                    "leaf": leaf_of(row.id, values_of(row)).decode(),
                    "seal": seal.sequence,
                    "index": index,
                    "proof": [value.hex() for value in tree.inclusion_proof(index)],
                }
            )
    return found


def _said(seal: Seal) -> dict[str, Any]:
    return {
        "sequence": seal.sequence,
        "first": seal.first_id,
        "last": seal.last_id,
        "count": seal.count,
        "gaps": seal.gaps,
        "root": seal.root,
        "start": microseconds(seal.from_at),
        "end": microseconds(seal.to_at),
        "previous": seal.previous_hash,
        "hash": seal.hash,
    }


def _event(event: Event) -> dict[str, Any]:
    return {**event_content(event), "hash": event.hash}


def _link(checkpoint: Checkpoint, seals: Sequence[Seal]) -> list[dict[str, Any]]:
    """The journal from the last seal that the checkpoint covers up to where the checkpoint stands."""
    before = Event.objects.filter(name=SEALED, sequence__lte=checkpoint.journal_sequence)
    told = before.order_by("-sequence").first()
    if told is None or checkpoint.journal_sequence - told.sequence > LONGEST_LINK:
        return []
    if not seals or json.loads(told.payload)["seal"] < seals[0].sequence:
        return []
    between = Event.objects.filter(sequence__gte=told.sequence, sequence__lte=checkpoint.journal_sequence)
    return [_event(event) for event in between.order_by("sequence")]
