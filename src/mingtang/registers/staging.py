"""Reading a batch's file into staging: apart from every step, resumable, and all of it or nothing.

A file is read and checked in memory, then written in chunks, each its own short transaction. Nobody sees the rows before
the last chunk: the batch is not ``ready`` till then. A worker that dies leaves a batch in ``reading`` without a beat;
the next one starts over under a new attempt, and the old one, should it still live, finds its attempt gone and stops.
"""

import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from mingtang.records.rulebook import rulebook
from mingtang.rules import local_day
from mingtang.text.tables.checks import BLOCK, CellFault, Checked, Row, World, check_table
from mingtang.text.tables.headings import Found, chosen, find_table
from mingtang.text.tables.kinds import TableKind
from mingtang.text.tables.workbook import Sheet, Workbook, read_workbook
from mingtang.text.uploads import UploadError
from mingtang.units.models import Region, Unit
from mingtang.units.selectors import recognise, unit_names

from .catalog import code_lists, kind_named
from .entries import as_table, counted, entries_at, fault_dict, faults_text, hash_of, is_blocked, text_of, values_of
from .models import ADDED, CHANGED, FAILED, FAULTY, READING, READY, REMOVED, SAME, WAITING, WHOLE, Batch, Entry, Source

logger = logging.getLogger(__name__)
CHUNK = 2000
LOST_AFTER = timedelta(seconds=90)
# Files up to this size are read where they are handed in; larger ones by the worker.
AT_ONCE_BYTES = 400_000
AT_ONCE_ROWS = 3_000


class Overtaken(Exception):
    """Another reading of the same batch has begun."""


def read_waiting(clock: Callable[[], datetime]) -> int:
    """Read every batch that waits, or whose worker died. Returns how many were read."""
    lost = Q(stage=READING) & (Q(beat=None) | Q(beat__lt=clock() - LOST_AFTER))
    waiting = list(Batch.objects.filter(Q(stage=WAITING) | lost, published_at=None).values_list("pk", flat=True))
    for key in waiting:
        read(key, clock=clock)
    return len(waiting)


def read(key: int, *, clock: Callable[[], datetime]) -> None:
    """Read and check one batch that waits. What its file cannot give is written on the batch in plain words."""
    batch = _take(key, clock())
    if batch is None:
        return
    try:
        _read(batch, clock)
    except Overtaken:
        logger.warning("register batch %s: another reading took over", key)
    except UploadError as error:
        _finish(batch, clock(), stage=FAILED, problem=error.message[:400])


def _take(key: int, now: datetime) -> Batch | None:
    with transaction.atomic():
        batch = Batch.objects.select_for_update().select_related("register__record").filter(pk=key).first()
        if batch is None or batch.published_at is not None or batch.stage not in (WAITING, READING):
            return None
        if batch.stage == READING and batch.beat is not None and batch.beat >= now - LOST_AFTER:
            return None
        batch.attempt += 1
        batch.stage, batch.beat, batch.done, batch.problem = READING, now, 0, ""
        batch.save(update_fields=["attempt", "stage", "beat", "done", "problem"])
    return batch


def _read(batch: Batch, clock: Callable[[], datetime]) -> None:
    kind = kind_named(batch.register.register_kind)
    now = clock()
    source = Source.objects.filter(batch=batch).first() if batch.from_file else None
    found = _from_file(batch, kind, bytes(source.content)) if source is not None else _from_rows(batch, kind)
    _beat(batch, clock(), total=len(found.rows))
    checked = check_table(found, kind, world(now))
    faults = [*checked.faults, *_beyond(checked.rows, kind)]
    rows = _compared(batch, kind, checked, kept=source is None)
    _write(batch, rows, clock)
    counts = counted((one.change, one.warned) for one in rows)
    _finish(
        batch,
        clock(),
        stage=READY,
        from_file=False,
        counts=counts,
        faults=[fault_dict(fault) for fault in faults],
        columns=[
            {"place": column.place, "heading": column.heading, "field": column.field, "sure": column.sure}
            for column in found.columns
        ]
        if source is not None
        else batch.columns,
        totals=_totals(found) if source is not None else batch.totals,
    )


def _beyond(rows: Sequence[Row], kind: TableKind) -> list[CellFault]:
    """What is said of the table and not of a cell: an empty one."""
    return [] if rows else [CellFault(0, "", "", "empty", f"没有读到任何一行“{kind.title}”的数据。")]


def _from_file(batch: Batch, kind: TableKind, data: bytes) -> Found:
    workbook = read_workbook(batch.source_name, data)
    sheet, found = choose_sheet(workbook, kind, batch.sheet)
    batch.sheet, batch.sheets, batch.notes = sheet.name, [one.name for one in workbook.sheets], list(workbook.notes)
    if batch.columns:
        found = chosen(found, {int(one["place"]): one["field"] for one in batch.columns})
    return found


def choose_sheet(workbook: Workbook, kind: TableKind, wanted: str = "") -> tuple[Sheet, Found]:
    """The sheet of that name, else the one in which most headings of the kind are found.

    Raises:
        UploadError: ``no_table``: no sheet holds such a table.
    """
    tables = [(sheet, find_table(sheet, kind)) for sheet in workbook.sheets if not wanted or sheet.name == wanted]
    held = [(sheet, found) for sheet, found in tables if found is not None]
    if not held:
        titles = "、".join(one.title for one in kind.fields if one.required)
        raise UploadError("no_table", f"文件里没有找到“{kind.title}”的表。表头要有：{titles}。可以下载填报模板对照。")
    return max(held, key=lambda pair: sum(bool(column.field) for column in pair[1].columns))


def _from_rows(batch: Batch, kind: TableKind) -> Found:
    """The staged rows as a table, to be checked again."""
    staged = batch.entries.exclude(change=REMOVED).order_by("row", "id").values_list("row", "values")
    return as_table(kind, ((row, values_of(text)) for row, text in staged.iterator()), batch.totals)


def _totals(found: Found) -> list[Any]:
    return [
        [
            number,
            {
                column.field: str(cells[column.place])
                for column in found.columns
                if column.field and column.place < len(cells) and cells[column.place] is not None
            },
        ]
        for number, cells in found.totals
    ]


@dataclass(frozen=True, slots=True)
class _Staged:
    key_hash: str
    row: int
    position: int
    values: str
    change: str
    faults: str
    warned: bool


def _compared(batch: Batch, kind: TableKind, checked: Checked, *, kept: bool) -> list[_Staged]:
    """Each row with what it changes against what is public now; what a whole list no longer holds is removed.

    ``kept``: warnings of the first reading stay with their rows, because the repaired value hides what was repaired.
    """
    current, places = {}, {}
    for key_hash, text, position in entries_at(batch.register).values_list("key_hash", "values", "position"):
        current[key_hash], places[key_hash] = text, position
    earlier = _warnings(batch) if kept else {}
    leaving = dict(batch.entries.filter(change=REMOVED).values_list("key_hash", "values")) if kept else {}
    made, seen, last = [], set(), max(places.values(), default=0)
    for row in checked.rows:
        faults = [*row.faults, *(one for one in earlier.get(row.number, ()) if _still(one, row))]
        text, key_hash = text_of(row.values, kind), hash_of(row.values, kind)
        if is_blocked(faults):
            change, text = FAULTY, _with_raw(row, kind)
        elif key_hash not in current:
            change = ADDED
        else:
            change = SAME if current[key_hash] == text else CHANGED
        if key_hash in current:
            seen.add(key_hash)
        place = row.number if batch.extent == WHOLE else places.get(key_hash, last + row.number)
        warned = any(fault.severity != BLOCK for fault in faults)
        made.append(_Staged(key_hash, row.number, place, text, change, faults_text(faults), warned))
    gone = current.keys() if batch.extent == WHOLE else leaving.keys()
    for key_hash in sorted(gone - seen, key=lambda key: places.get(key, 0)):
        text = leaving.get(key_hash, current.get(key_hash, ""))
        made.append(_Staged(key_hash, 0, places.get(key_hash, 0), text, REMOVED, "", False))
    return made


def _warnings(batch: Batch) -> dict[int, list[CellFault]]:
    found: dict[int, list[CellFault]] = {}
    for row, text in batch.entries.exclude(faults="").values_list("row", "faults"):
        for fault in (CellFault(**one) for one in json.loads(text)):
            if fault.severity != BLOCK:
                found.setdefault(row, []).append(fault)
    return found


def _still(fault: CellFault, row: Row) -> bool:
    return bool(fault.field) and row.values.get(fault.field) is not None and fault.code == "repaired"


def _with_raw(row: Row, kind: TableKind) -> str:
    """A faulty row keeps what was written in the cells that could not be read, so that nothing typed is lost."""
    values = dict(row.values)
    for fault in row.faults:
        if fault.field and fault.severity == BLOCK and values.get(fault.field) is None and fault.raw:
            values[fault.field] = fault.raw
    return text_of(values, kind)


def _write(batch: Batch, rows: Sequence[_Staged], clock: Callable[[], datetime]) -> None:
    with transaction.atomic():
        _mine(batch, clock())
        batch.entries.filter(since=None).delete()
    for start in range(0, len(rows), CHUNK):
        with transaction.atomic():
            _mine(batch, clock(), done=min(start + CHUNK, len(rows)))
            Entry.objects.bulk_create(
                Entry(
                    register_id=batch.register_id,
                    batch=batch,
                    key_hash=one.key_hash,
                    row=one.row,
                    position=one.position,
                    values=one.values,
                    change=one.change,
                    faults=one.faults,
                )
                for one in rows[start : start + CHUNK]
            )


def _mine(batch: Batch, now: datetime, **values: Any) -> None:
    """Hold the batch for this transaction, if this reading still owns it.

    Raises:
        Overtaken: a later reading does.
    """
    held = Batch.objects.filter(pk=batch.pk, attempt=batch.attempt, stage=READING, published_at=None)
    if held.update(beat=now, **values) != 1:
        raise Overtaken


def _beat(batch: Batch, now: datetime, **values: Any) -> None:
    with transaction.atomic():
        _mine(batch, now, **values)


def _finish(batch: Batch, now: datetime, *, stage: str, **values: Any) -> None:
    with transaction.atomic():
        _mine(batch, now, sheet=batch.sheet, sheets=batch.sheets, notes=batch.notes, stage=stage, **values)


def world(now: datetime) -> World:
    """What values may point at, as it is at ``now``: units still standing by any of their names, regions, code lists."""
    names, day = unit_names(), local_day(now)
    ended = {
        unit.pk: unit.successor.name if unit.successor is not None else ""
        for unit in Unit.objects.filter(valid_to__lt=day).select_related("successor")
    }
    regions: dict[str, str] = {}
    for region in Region.objects.all():
        regions.setdefault(region.code, region.code)
        regions.setdefault(region.name, region.code)
    known: dict[str, str | None] = {}

    def unit(text: str) -> str | None:
        if text not in known:
            known[text] = text if text in codes else recognise(text, names)
        return None if known[text] in ended else known[text]

    codes = set(Unit.objects.values_list("code", flat=True))
    return World(units=unit, regions=regions.get, codes=code_lists(), today=day, year=day.year, vague=vague_wordings())


def vague_wordings() -> frozenset[str]:
    """What the rules say is no reason by itself, and the bare names of lawful grounds: a ground is no matter."""
    book = rulebook()
    grounds = {re.split("[，（、]", ground.label)[0] for ground in book.grounds.values()}
    return frozenset(book.enumerations["vague_reasons"].items.values()) | grounds
