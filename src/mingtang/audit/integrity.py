"""Checking that no access row was changed, taken out or slipped in, and that the seals and the journal agree."""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max

from mingtang.journal.models import Event
from mingtang.merkle.audit_seals import FIRST, leaf_of, missing_ranges, read_ranges, tree_of
from mingtang.merkle.log_check import Finding

from .models import Access, IntegrityCheck, Seal, SealHead
from .names import DROPPED, SEALED
from .rows import FIELDS, mark_of, microseconds
from .sealing import hash_of

ROWS, CHECKED_EVERY = 4096, timedelta(hours=1)
# Never less, whatever the setting says: rows dropped earlier were not dropped by the house.
KEPT_AT_LEAST = timedelta(days=180)
DAMAGE, GAP = "audit", "gap"
MOST_NAMED = 20
MOST_FINDINGS = 200


def verify_audit() -> list[Finding]:
    """Every row and seal; what is wrong, in Chinese, naming row or seal. Findings of kind ``gap`` may be harmless."""
    head = SealHead.objects.filter(pk=1).first() or SealHead()
    found = list(check_seals(1, head.sequence))
    return found + list(check_end(head))


def check_seals(first: int, last: int) -> Iterator[Finding]:
    """Seals ``first`` to ``last`` and the rows they cover."""
    before = Seal.objects.filter(sequence=first - 1).first()
    previous, expected, row_id = (before.hash, first, before.last_id) if before else (FIRST, first, 0)
    seals = list(Seal.objects.filter(sequence__gte=first, sequence__lte=last).order_by("sequence"))
    events = _events([seal.event_id for seal in seals] + [seal.dropped_by for seal in seals if seal.dropped_by])
    for seal in seals:
        name = f"第 {seal.sequence} 封"
        if seal.sequence != expected:
            yield Finding(DAMAGE, f"第 {expected} 封", "这一封不见了。")
            expected = seal.sequence
        elif seal.previous_hash != previous or (row_id and seal.first_id != row_id + 1):
            yield Finding(DAMAGE, name, "与前一封不相连：封条被改动。")
        if hash_of(seal) != seal.hash:
            yield Finding(DAMAGE, name, "封条的内容被改动。")
        told = events.get(seal.event_id)
        if told is None or told[0] != SEALED or told[2].get("hash") != seal.hash:
            yield Finding(DAMAGE, name, "与办事日志里记下的不同：封条被换过，或日志被改动。")
        yield from _rows_of(seal, name, events.get(seal.dropped_by) if seal.dropped_by else None)
        expected, previous, row_id = expected + 1, seal.hash, seal.last_id
    if expected <= last:
        yield Finding(DAMAGE, f"第 {expected} 至 {last} 封", "封条不见了。")


def _rows_of(seal: Seal, name: str, dropped: tuple[str, datetime, dict[str, Any]] | None) -> Iterator[Finding]:
    rows = list(_read(seal.first_id, seal.last_id))
    if seal.dropped_by is not None:
        event, at, said = dropped or ("", seal.to_at, {})
        right = event == DROPPED and said.get("from", 0) <= seal.sequence <= said.get("to", -1)
        if not right or at - seal.to_at < KEPT_AT_LEAST:
            yield Finding(DAMAGE, name, f"所封的 {seal.count} 条被删除，却不是到期清理。")
        if rows:
            yield Finding(DAMAGE, name, f"已到期清理，却又有第 {rows[0][0]} 条等 {len(rows)} 条：是插进去的。")
        return
    whole = tree_of(leaf_of(number, values) for number, values, _ in rows).root().hex() == seal.root
    named = list(_bad_marks(rows))
    if not whole:
        present = [number for number, _, _ in rows]
        gaps = {number for start, end in read_ranges(seal.gaps) for number in range(start, end + 1)}
        taken = read_ranges(missing_ranges(sorted({*present, *gaps}), seal.first_id, seal.last_id))
        named += [Finding(DAMAGE, row_name(start, end), f"被删除（在{name}里）。") for start, end in taken]
        named += [
            Finding(DAMAGE, row_name(number), f"是插进去的（{name}里没有它）。") for number in present if number in gaps
        ]
        if not named:
            span = row_name(seal.first_id, seal.last_id)
            named.append(Finding(DAMAGE, span, f"其中有记录在封存以后被改动（{name}对不上）。"))
    yield from named[:MOST_NAMED]
    if len(named) > MOST_NAMED:
        yield Finding(DAMAGE, name, f"还有 {len(named) - MOST_NAMED} 条记录有问题。")
    if seal.gaps:
        yield _gap(seal.gaps, f"封存时就没有（{name}）")


def check_end(head: SealHead) -> Iterator[Finding]:
    """The rows not sealed yet, the head, and that nothing was cut off the end."""
    ending = Seal.objects.filter(sequence=head.sequence).values_list("hash", "last_id").first()
    if (head.hash, head.last_id) != (ending or ("", 0)):
        yield Finding(DAMAGE, "封条的末端", f"与第 {head.sequence} 封对不上：有封条被删除或改动。")
    event = Event.objects.filter(name=SEALED).order_by("-sequence").first()
    newest = Seal.objects.aggregate(last=Max("sequence"))["last"] or 0
    if event is not None and json.loads(event.payload)["seal"] > newest:
        yield Finding(DAMAGE, "封条的末端", "办事日志里还有更晚的封条：末尾的封条被删除。")
    now_head = SealHead.objects.filter(pk=1).first() or SealHead()
    if newest > now_head.sequence:
        yield Finding(DAMAGE, "封条的末端", f"多出第 {newest} 封：是插进去的，或末端被改动。")
    start = head.last_id + 1
    end = Access.objects.aggregate(last=Max("id"))["last"] or head.last_id
    present, seen, doubled = [], set(), []
    for number, values, mark in _read(start, end):
        present.append(number)
        if mark_of(values) != mark:
            yield Finding(DAMAGE, row_name(number), "被改动，或是插进去的（还没有封存）。")
        elif mark in seen:
            doubled.append(number)
        seen.add(mark)
    yield from (Finding(DAMAGE, row_name(number), "与另一条完全相同：是复制进去的。") for number in doubled)
    if not head.sequence and present:
        start = present[0]
    gaps = missing_ranges(present, start, max(end, _counter()))
    if gaps:
        yield _gap(gaps, "不在表里（还没有封存）")


def _bad_marks(rows: Iterable[tuple[int, list[Any], str]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, values, mark in rows:
        if mark_of(values) != mark:
            yield Finding(DAMAGE, row_name(number), "被改动，或是插进去的。")
        elif mark in seen:
            yield Finding(DAMAGE, row_name(number), "与另一条完全相同：是复制进去的。")
        seen.add(mark)


def _gap(ranges: str, words: str) -> Finding:
    """On SQLite numbers leave no gap unless a row was deleted; on PostgreSQL a request that failed leaves one too."""
    name = "、".join(row_name(start, end) for start, end in read_ranges(ranges)[:MOST_NAMED])
    if connection.vendor == "sqlite":
        return Finding(DAMAGE, name, f"{words}：被删除。")
    return Finding(GAP, name, f"{words}：当时没有写成，或在封存前被删除。")


def row_name(first: int, last: int | None = None) -> str:
    return f"第 {first} 条" if last in (None, first) else f"第 {first} 至 {last} 条"


def _read(first: int, last: int) -> Iterator[tuple[int, list[Any], str]]:
    """Number, values and mark of the rows from first to last."""
    found = Access.objects.filter(id__gte=first, id__lte=last).order_by("id").values_list("id", *FIELDS, "mark")
    for number, at, *values, mark in found.iterator(chunk_size=ROWS):
        yield number, [microseconds(at), *values], mark


def _events(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[str, datetime, dict[str, Any]]]:
    found = Event.objects.filter(id__in=set(ids)).values_list("id", "name", "at", "payload")
    return {key: (name, at, json.loads(payload or "{}")) for key, name, at, payload in found}


def _counter() -> int:
    """The last number the database handed out: rows cut off the end leave it ahead."""
    table = Access._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        else:
            cursor.execute("SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)", [table])
        row = cursor.fetchone()
    return (row and row[0]) or 0


# The check that runs by itself.


@dataclass(frozen=True)
class Integrity:
    """What the viewer says. ``progress`` is of the pass under way, in percent; None if none is."""

    checked_at: datetime | None
    damage: list[dict[str, str]]
    gaps: list[dict[str, str]]
    seals: int
    rows_sealed_upto: int
    progress: int | None


def integrity() -> Integrity:
    """What the last pass found; two small reads."""
    row, head = IntegrityCheck.objects.filter(pk=1).first() or IntegrityCheck(), SealHead.objects.filter(pk=1).first()
    seals, last = (head.sequence, head.last_id) if head else (0, 0)
    running = row.started_at is not None
    found = [*row.findings, *(one for one in row.found if one not in row.findings)] if running else row.findings
    return Integrity(
        checked_at=row.checked_at,
        damage=[one for one in found if one["kind"] != GAP],
        gaps=[one for one in found if one["kind"] == GAP],
        seals=seals,
        rows_sealed_upto=last,
        progress=(100 * row.position // max(seals, 1)) if running else None,
    )


def ask_for_check(now: datetime) -> None:
    """Begin a new pass, whatever the last one found."""
    IntegrityCheck.objects.update_or_create(pk=1, defaults={"started_at": now, "position": 0, "found": []})


def check_some(now: datetime, *, seals: int = 4) -> bool:
    """Go on with the pass by some seals (4,096 rows each); True while there is more to do.

    A pass begins by itself an hour after the last. Safe when two workers do it: the slower one's look is dropped.
    """
    row = IntegrityCheck.objects.filter(pk=1).first()
    if row is None:
        row = IntegrityCheck.objects.get_or_create(pk=1)[0]
    if row.started_at is None:
        if row.checked_at is not None and timedelta(0) <= now - row.checked_at < CHECKED_EVERY:
            return False
        ask_for_check(now)
        row.refresh_from_db()
    head = SealHead.objects.filter(pk=1).first() or SealHead()
    upto = min(row.position + seals, head.sequence)
    found = list(check_seals(row.position + 1, upto)) if upto > row.position else []
    done = upto >= head.sequence
    if done:
        found += check_end(head)
    told = [*row.found, *(asdict(one) for one in found)][:MOST_FINDINGS]
    same = IntegrityCheck.objects.filter(pk=1, position=row.position, started_at=row.started_at)
    if done:
        same.update(position=0, started_at=None, found=[], findings=told, checked_at=now)
    else:
        same.update(position=upto, found=told)
    return not done
