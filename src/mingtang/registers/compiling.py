"""What becomes public of a register: the text and the files of an edition, made once when a batch is handed in.

Masks are applied here, before anything public is written; the hash that the reviewer passes covers every row, because
the text names the files by their hashes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from mingtang.disclosure.models import ATTACHMENT, Attachment, AttachmentContent
from mingtang.editions.tables import CHANGES, DATA, PACKAGE, SCHEMA
from mingtang.records.spec import Context
from mingtang.rows import insert
from mingtang.rules import local_day
from mingtang.text.canonical import canonical_json
from mingtang.text.personal_data import scan
from mingtang.text.tables.differences import differences
from mingtang.text.tables.kinds import TableField, TableKind
from mingtang.text.tables.masking import is_shown, is_taken_back, public_values
from mingtang.text.tables.packages import csv_of, package_of
from mingtang.text.tables.values import Value
from mingtang.text.tables.withholding import public_entries
from mingtang.units.models import Region, Unit

from .catalog import ADJUSTMENT, BASIS, EFFECTIVE_ON, code_lists, kind_named
from .entries import ADJUSTING, Values, entries_at, key_words, replaced, staged_over, touched, values_of
from .models import ADDED, CHANGED, REMOVED, Batch, Register, Source

CSV_TYPE, JSON_TYPE = "text/csv; charset=utf-8", "application/json"
MOST_ADJUSTMENTS = 200
# Entries of a register's first batch whose clock would have started longer ago are history and start none.
HISTORY = timedelta(days=60)
MOST_CLOCKS = 2000
_CHANGE_FIELDS = tuple(
    TableField(name, title)
    for name, title in (
        ("change", "变化"),
        ("key", "条目"),
        ("field", "字段"),
        ("before", "原来"),
        ("after", "现在"),
    )
)


@dataclass(frozen=True)
class _File:
    name: str
    media_type: str
    content: bytes
    findings: list[dict[str, str]]

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def compile_batch(context: Context, batch: Batch) -> None:
    """Make the files and the payload of what the register will be, keep them with the record, and compute the clocks."""
    register: Register = context.detail
    kind, today = kind_named(register.register_kind), local_day(context.now)
    fields = kind.public_fields
    held = [(entry.key_hash, values_of(entry.values)) for entry in staged_over(register, batch)]
    shown = [(key, values) for key, values in held if is_shown(kind, values, today)]
    rows = [public_values(kind, values) for _key, values in public_entries(kind, shown)]
    before = replaced(register, batch)
    changes = list(_changes(register, batch, kind, before))
    data = csv_of(fields, rows)
    files = [
        _File(DATA, CSV_TYPE, data, findings_in(fields, rows)),
        _File(CHANGES, CSV_TYPE, csv_of(_CHANGE_FIELDS, changes), []),
    ]
    package = package_of(
        kind,
        name=register.register_kind.replace("_", "-"),
        title=context.record.title,
        made=context.now,
        version=str(register.sequence + 1),
        files={DATA: data},
    )
    files.append(_File(PACKAGE, JSON_TYPE, package, []))
    _keep(context, files)
    Source.objects.filter(batch=batch).delete()
    batch.payload = canonical_json(_payload(context, batch, kind, rows, files))
    batch.clocks = _clocks(register, batch, kind, before, today)
    batch.save(update_fields=["payload", "clocks"])


def _changes(
    register: Register, batch: Batch, kind: TableKind, old: Mapping[str, Values]
) -> Iterator[dict[str, Value]]:
    """What the batch changes, cell by cell, as the public may read it. Empty for the first edition."""
    if register.sequence == 0:
        return
    if kind.withheld:
        yield from _changes_of_what_is_public(register, batch, kind)
        return
    for entry in touched(batch):
        held = values_of(entry.values)
        values = public_values(kind, held)
        before = public_values(kind, old[entry.key_hash]) if entry.key_hash in old else {}
        key = key_words({name: values.get(name) for name in kind.key}, kind)
        if entry.change != CHANGED:
            yield {"change": entry.change, "key": key}
            names: tuple[str, ...] = ADJUSTING if entry.change == REMOVED else ()
        else:
            names = tuple(one.name for one in kind.public_fields)
        if is_taken_back(kind, held):
            # What was taken back is not told once more as what it was before.
            names = tuple(name for name in names if name in kind.retracted["keeps"])
        for name in names:
            if before.get(name) != values.get(name):
                yield {
                    "change": entry.change,
                    "key": key,
                    "field": name,
                    "before": _said(before.get(name)),
                    "after": _said(values.get(name)),
                }


def _changes_of_what_is_public(register: Register, batch: Batch, kind: TableKind) -> Iterator[dict[str, Value]]:
    """The same of a kind with withheld entries: told by comparing what was public with what will be."""
    sides = []
    for entries in (entries_at(register), staged_over(register, batch)):
        held = [(entry.key_hash, values_of(entry.values)) for entry in entries]
        public = [public_values(kind, values) for _key, values in public_entries(kind, held)]
        sides.append([(key_words(values, kind), values) for values in public])
    for one in differences(dict(sides[0]), sides[1]):
        if one.kind != CHANGED:
            yield {"change": one.kind, "key": one.key}
        for name in one.fields:
            before, after = (one.before or {}).get(name), (one.after or {}).get(name)
            yield {
                "change": one.kind,
                "key": one.key,
                "field": name,
                "before": _said(before),
                "after": _said(after),
            }


def _said(value: Value) -> str | None:
    return None if value is None else str(value)


def findings_in(fields: Iterable[TableField], rows: list[dict[str, Value]]) -> list[dict[str, str]]:
    """Personal data in what would become public, told once per column and kind with the number of rows.

    Columns whose values come from a list or are official numbers are not looked into: their digits are no person's.
    Office telephones are what such lists are for and are not told.
    """
    found: list[dict[str, str]] = []
    for one in fields:
        if one.type != "string" or one.code_list or one.identifier or one.check in ("credit_code", "unit", "region"):
            continue
        counted: dict[str, list[Any]] = {}
        for number, row in enumerate(rows, 1):
            value = row.get(one.name)
            # The shortest thing that is personal has seven characters; most cells have no digit at all.
            if not isinstance(value, str) or len(value) < 7 or not any(map(_telling, value)):
                continue
            for finding in scan(f"{one.title}：{value}"):
                if finding.kind != "landline":
                    counted.setdefault(finding.kind, [finding, number, 0])[2] += 1
        for name, (finding, number, count) in counted.items():
            place = f"“{one.title}”一列，第{number}行" + (f"等{count}行" if count > 1 else "")
            found.append({"place": place, "kind": name, "label": finding.label, "sample": finding.value_masked})
    return found


def _telling(character: str) -> bool:
    return character.isdigit() or character == "@" or character == "址"


def _keep(context: Context, files: Iterable[_File]) -> None:
    """The files of the open batch take the place of those of the batch before; the public has its own copies."""
    Attachment.objects.filter(record=context.record, role=ATTACHMENT).delete()
    for position, file in enumerate(files):
        attachment = Attachment(
            record=context.record,
            name=file.name,
            media_type=file.media_type,
            sha256=file.sha256,
            size=len(file.content),
            findings=file.findings,
            position=position,
            added_at=context.now,
        )
        insert(attachment)
        insert(AttachmentContent(attachment=attachment, content=file.content, text=""))


def _payload(
    context: Context, batch: Batch, kind: TableKind, rows: list[dict[str, Value]], files: Iterable[_File]
) -> dict[str, Any]:
    register: Register = context.detail
    changes = {name: batch.entries.filter(change=name).count() for name in (ADDED, CHANGED, REMOVED)}
    return {
        "schema": SCHEMA,
        "title": context.record.title,
        "register_kind": kind.id,
        "kind_title": kind.title,
        "family": kind.family,
        "article": kind.article,
        "level": register.level,
        "description": kind.description,
        "unit_of_measure": kind.unit,
        "note": batch.note,
        "correction": batch.correction,
        "columns": [_column(one, kind, rows, context) for one in kind.public_fields],
        "key": [name for name in kind.key if any(one.name == name for one in kind.public_fields)],
        "count": len(rows),
        "sequence": register.sequence + 1,
        "effective": local_day(context.now).isoformat(),
        "hide_after": kind.hide_after,
        "changes": changes,
        "adjustments": _adjustments(register, batch, kind),
        "charts": [dict(chart) for chart in kind.charts],
        "complete": dict(kind.complete),
        "attachments": [
            {"name": file.name, "sha256": file.sha256, "size": len(file.content), "media_type": file.media_type}
            for file in files
        ],
        "stages": register.stages,
        "openness": register.openness,
        "mode": register.mode,
    }


def _column(one: TableField, kind: TableKind, rows: list[dict[str, Value]], context: Context) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "type": one.type,
        "unit": one.unit,
        "decimals": one.decimals,
        "facet": one.facet,
        "shown": one.shown,
        "description": one.description,
        "masked": bool(one.mask),
        "code_list": _names(one, rows, context),
    }


def _names(one: TableField, rows: list[dict[str, Value]], context: Context) -> dict[str, str] | None:
    """Names of the codes used in a column, so that readers need no list beside it."""
    if not one.code_list and one.check not in ("unit", "region"):
        return None
    used = {str(row[one.name]) for row in rows if row.get(one.name) is not None}
    if one.check == "unit":
        return dict(Unit.objects.filter(pk__in=used).order_by("pk").values_list("pk", "name"))
    if one.check == "region":
        return dict(Region.objects.filter(pk__in=used).order_by("pk").values_list("pk", "name"))
    names: dict[str, str] = {}
    years = {row.get(one.code_year) for row in rows} if one.code_year else {local_day(context.now).year}
    for year in sorted(year for year in years if isinstance(year, int)):
        # With what stands above a code, so that readers can group. A name of later years takes the place of earlier ones.
        listed = code_lists().at(one.code_list, year)
        names.update((item.code, item.name) for code in used for item in listed.path(code))
    return dict(sorted(names.items()))


def _adjustments(register: Register, batch: Batch, kind: TableKind) -> list[dict[str, Any]]:
    """Entries that this batch adjusts, with how, since when and on what basis."""
    if not kind.adjustments or register.sequence == 0:
        return []
    made = []
    title = next((one.name for one in kind.public_fields if one.name.endswith(("name", "title"))), "")
    for entry in touched(batch):
        values = public_values(kind, values_of(entry.values))
        if values.get(ADJUSTMENT):
            made.append(
                {
                    "key": key_words(values, kind),
                    "title": str(values.get(title) or ""),
                    "change": entry.change,
                    "adjustment": values[ADJUSTMENT],
                    "effective": values.get(EFFECTIVE_ON),
                    "basis": values.get(BASIS),
                }
            )
    return made[:MOST_ADJUSTMENTS]


def _clocks(
    register: Register, batch: Batch, kind: TableKind, old: Mapping[str, Values], today: date
) -> list[dict[str, Any]]:
    """Duty keys the batch opens when handed in and closes when shown: [{"opens", "shows", "key", "start", "count"}].

    Entries of one clock share a key where the kind counts by day. ``start`` is an ISO date, or empty for now.
    """
    made: dict[tuple[str, str], dict[str, Any]] = {}
    if not kind.clocks:
        return []
    for entry in touched(batch):
        values, before = values_of(entry.values), old.get(entry.key_hash, {})
        for clock in kind.clocks:
            if not _starts(clock.when, values, before, entry.change):
                continue
            start = str(values.get(clock.start) or "") if clock.start else ""
            if register.sequence == 0 and start and date.fromisoformat(start) < today - HISTORY:
                continue
            by_day = clock.per == "day" or len(made) > MOST_CLOCKS
            key = f"{start or 'now'}#{batch.number}" if by_day else entry.key_hash[:16]
            one = made.setdefault(
                (clock.shows, key),
                {"opens": clock.opens, "shows": clock.shows, "key": key, "start": start, "count": 0},
            )
            one["count"] += 1
    return list(made.values())


def _starts(when: str, values: Values, before: Values, change: str) -> bool:
    """Whether an entry starts (or stops) a clock: it is new, or the field that matters is filled and was not so before."""
    if not when:
        return change == ADDED
    if not values.get(when):
        return False
    if when == ADJUSTMENT:
        return tuple(map(values.get, ADJUSTING)) != tuple(map(before.get, ADJUSTING))
    return values.get(when) != before.get(when) and (not before.get(when) or change == ADDED)
