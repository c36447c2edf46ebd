"""Writes about registers. What is typed or handed in is content and goes through ``edit_record``; what a step does is an
effect. The open batch holds all of it until it is published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from mingtang.disclosure.models import Disclosed
from mingtang.journal.writing import append, writing
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.records.rulebook import rulebook
from mingtang.records.services import Outcome, edit_record, open_record, perform
from mingtang.records.spec import Context, effect
from mingtang.rows import find
from mingtang.rules import Fault
from mingtang.text.tables.checks import check_table
from mingtang.text.tables.kinds import TableKind
from mingtang.units.actors import Actor
from mingtang.units.models import Unit

from . import staging
from .catalog import ADJUSTMENT, BASIS, EFFECTIVE_ON, kind_named, kinds
from .compiling import compile_batch
from .entries import (
    as_table,
    counted,
    entries_at,
    faults_text,
    hash_of,
    is_blocked,
    key_words,
    open_batch,
    text_of,
    touched,
    values_of,
)
from .models import (
    ADDED,
    ALL,
    CHANGED,
    FAULTY,
    READY,
    REMOVED,
    SAME,
    WAITING,
    WHOLE,
    Batch,
    Entry,
    Register,
    Source,
)

KIND = "register"
LIMIT_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """A workbook that is handed in. ``sheet`` empty: the one that fits best."""

    name: str
    content: bytes
    extent: str = WHOLE
    accept: str = ALL
    sheet: str = ""


@dataclass(frozen=True)
class EntryEdit:
    """One entry typed by hand. ``key_hash`` empty: a new one. ``seen`` is the stored text its form was filled from;
    ``values`` are texts by field name. ``remove`` takes it off the list."""

    values: Mapping[str, str]
    key_hash: str = ""
    seen: str = ""
    remove: bool = False


@dataclass(frozen=True)
class Mend:
    """Cells of faulty rows put right, by entry id: {id: {field: text}}; rows to leave out."""

    cells: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True)
class Adjusting:
    """How entries that leave the list, or all that change, were adjusted: kind (its title), day and basis."""

    adjustment: str
    effective_on: date
    basis: str
    key_hashes: tuple[str, ...] = ()


def open_register(
    register_kind: str, *, unit: Unit, actor: Actor, now: datetime, request_key: str = "", **data: Any
) -> Record:
    """A new register of a kind, kept by ``unit``; with ``upload`` (Upload) its first batch is read too.

    Raises:
        NotAllowed: the actor does not draft for the unit. Refused: the unit already keeps one, or no kind is called so.
    """
    data = {"register_kind": register_kind, **data}
    outcome = open_record(KIND, actor=actor, unit=unit, now=now, data=data, request_key=request_key)
    _read_at_once(outcome.record, now)
    return outcome.record


def change(record: Record, *, actor: Actor, now: datetime, request_key: str = "", **data: Any) -> Outcome:
    """Put something into the open batch, opening one if the register is public: ``upload`` (Upload), ``entry``
    (EntryEdit), ``mend`` (Mend), ``columns`` ({place: field}), ``adjusting`` (Adjusting), ``correction`` or ``note``
    (text), ``accept``, ``discard`` (True).

    Raises:
        NotAllowed, IllegalState: as for any edit. Refused: what is handed in cannot be taken, or somebody else changed
            the entry since it was opened; nothing was changed.
    """
    with writing():
        if record.state == "published":
            perform(record, "begin_update", actor=actor, now=now)
        outcome = edit_record(record, actor=actor, now=now, data=data, request_key=request_key)
    if {"upload", "mend", "columns"} & data.keys() and not outcome.repeated:
        _read_at_once(outcome.record, now)
    return outcome


def _read_at_once(record: Record, now: datetime) -> None:
    """Small files are read while the person waits; the worker takes the others."""
    batch = Batch.objects.filter(register_id=record.pk, published_at=None, stage=WAITING).first()
    if batch is None:
        return
    source = Source.objects.filter(batch=batch).first()
    small = len(source.content) <= staging.AT_ONCE_BYTES if source else batch.entries.count() <= staging.AT_ONCE_ROWS
    if small:
        staging.read(batch.pk, clock=lambda: now)


def write_register(context: Context) -> None:
    """Apply form data to the register and its open batch."""
    register: Register = context.detail
    data, record = context.data, context.record
    if context.transition is None:
        _found(register, context)
    for name in ("openness", "mode", "stages"):
        if data.get(name):
            setattr(register, name, data[name])
    register.save()
    kind = kind_named(register.register_kind)
    record.title = f"{record.lead_unit.name}{kind.title}"
    batch = _open(register, context.now)
    for name in ("note", "correction", "accept"):
        if name in data:
            setattr(batch, name, data[name] or "")
    if data.get("discard"):
        batch.entries.filter(since=None).delete()
        Source.objects.filter(batch=batch).delete()
        batch.stage, batch.columns, batch.totals, batch.faults, batch.counts = READY, [], [], [], {}
        batch.source_name, batch.problem = "", ""
    if data.get("columns"):
        _match(batch, data["columns"])
    if data.get("upload"):
        _take(batch, data["upload"], context)
    if data.get("mend"):
        _mend(batch, data["mend"])
    if data.get("entry"):
        _edit_entry(register, batch, kind, data["entry"], context)
    if data.get("adjusting"):
        _adjust(batch, kind, data["adjusting"])
    batch.save()
    context.results["batch"] = batch.number


def _found(register: Register, context: Context) -> None:
    name = context.data.get("register_kind", "")
    if name not in kinds():
        raise Refused([_fault("register_kind", "清单种类", f"没有“{name}”这一种清单。")])
    unit = context.record.lead_unit
    register.keeper, register.register_kind, register.level = unit, name, unit.region.level
    if Register.objects.filter(keeper=unit, register_kind=name).exists():
        raise Refused([rulebook().fault("register_exists", unit=unit.short_name, kind=kinds()[name].title)])
    register.stages = register.stages or [kinds()[name].stage]
    register.mode = register.mode or "on_own_initiative"


def _fault(name: str, label: str, problem: str) -> Fault:
    return rulebook().fault("field_invalid", field=name, label=label, problem=problem)


def _open(register: Register, now: datetime) -> Batch:
    """The open batch, held until the step ends: a reading that is under way writes it too."""
    batch = Batch.objects.select_for_update().filter(register=register, published_at=None).first()
    if batch is None:
        newest = register.batches.order_by("-number").first()
        batch = Batch.objects.create(register=register, number=newest.number + 1 if newest else 1, started_at=now)
    return batch


def _take(batch: Batch, upload: Upload, context: Context) -> None:
    """Keep the file and have it read. What an earlier file of the same batch brought goes with the reading."""
    if len(upload.content) > LIMIT_BYTES:
        size = LIMIT_BYTES // 1024 // 1024
        raise Refused([_fault("upload", "文件", f"文件超过{size}兆字节，请拆成几个文件，分几次导入。")])
    Source.objects.update_or_create(batch=batch, defaults={"content": upload.content})
    batch.stage, batch.attempt = WAITING, batch.attempt + 1
    batch.source_name, batch.source_sha256 = upload.name[-200:], sha256(upload.content).hexdigest()
    batch.extent, batch.accept, batch.sheet = upload.extent, upload.accept, upload.sheet
    batch.columns, batch.problem, batch.done, batch.total, batch.from_file = [], "", 0, 0, True
    context.results["source"] = batch.source_sha256


def _match(batch: Batch, columns: Mapping[int, str]) -> None:
    """Somebody said which column is which. The sheet has to be read again, so its file must still be there."""
    for column in batch.columns:
        if column["place"] in columns:
            column["field"], column["sure"] = columns[column["place"]], True
    batch.from_file = True
    batch.stage, batch.attempt = WAITING, batch.attempt + 1


def _mend(batch: Batch, mend: Mend) -> None:
    batch.entries.filter(pk__in=mend.left_out, since=None).delete()
    rows = {entry.pk: entry for entry in batch.entries.filter(pk__in=list(mend.cells), since=None)}
    for key, cells in mend.cells.items():
        entry = rows.get(key)
        if entry is None:
            raise Refused([_fault("mend", "这一行", "已被他人改过或者删去，请刷新页面后再改。")])
        values = values_of(entry.values)
        values.update({name: text.strip() or None for name, text in cells.items()})
        entry.values = text_of(values, kind_named(batch.register.register_kind))
        entry.save(update_fields=["values"])
    batch.stage, batch.attempt = WAITING, batch.attempt + 1


def _edit_entry(register: Register, batch: Batch, kind: TableKind, edit: EntryEdit, context: Context) -> None:
    """Stage one entry. Refuses, naming the entry, if it is not as it was when the form was opened."""
    now_staged = batch.entries.filter(key_hash=edit.key_hash, since=None).exclude(change=FAULTY).first()
    public = entries_at(register).filter(key_hash=edit.key_hash).first()
    standing = now_staged or public
    if edit.key_hash and (standing is None or (edit.seen and standing.values != edit.seen)):
        name = key_words(values_of(standing.values), kind) if standing else "这一条"
        raise Refused([rulebook().fault("entry_changed_meanwhile", entry=name)])
    if edit.remove:
        _remove(batch, standing, public)
    else:
        row = _checked(kind, edit.values, context.now)
        if is_blocked(row.faults):
            raise Refused([_fault(one.field, one.title, one.message) for one in row.faults])
        key_hash = hash_of(row.values, kind)
        if key_hash != edit.key_hash and _stands(register, batch, key_hash):
            raise Refused([rulebook().fault("entry_exists", entry=key_words(row.values, kind))])
        if edit.key_hash and key_hash != edit.key_hash:
            # Another key is another entry: the one it was leaves the list.
            _remove(batch, standing, public)
        same_key = entries_at(register).filter(key_hash=key_hash).first()
        text = text_of(row.values, kind)
        batch.entries.filter(key_hash=key_hash, since=None).delete()
        if same_key is None or same_key.values != text:
            Entry.objects.create(
                register=register,
                batch=batch,
                key_hash=key_hash,
                position=standing.position if standing else _next_position(register, batch),
                values=text,
                change=CHANGED if same_key else ADDED,
                faults=faults_text(row.faults),
            )
    staged = batch.entries.filter(since=None).values_list("change", "faults")
    batch.counts = counted((change, bool(faults) and change != FAULTY) for change, faults in staged)


def _checked(kind: TableKind, values: Mapping[str, str], now: datetime) -> Any:
    typed = {name: text or None for name, text in values.items()}
    return check_table(as_table(kind, [(1, typed)]), kind, staging.world(now)).rows[0]


def _stands(register: Register, batch: Batch, key_hash: str) -> bool:
    staged = batch.entries.filter(key_hash=key_hash, since=None).exclude(change=FAULTY).first()
    return staged.change != REMOVED if staged else entries_at(register).filter(key_hash=key_hash).exists()


def _remove(batch: Batch, standing: Entry | None, public: Entry | None) -> None:
    if standing is None:
        return
    batch.entries.filter(key_hash=standing.key_hash, since=None).delete()
    if public is not None:
        Entry.objects.create(
            register_id=batch.register_id,
            batch=batch,
            key_hash=public.key_hash,
            position=public.position,
            values=public.values,
            change=REMOVED,
        )


def _next_position(register: Register, batch: Batch) -> int:
    held = entries_at(register).order_by("-position").values_list("position", flat=True).first() or 0
    staged = batch.entries.order_by("-position").values_list("position", flat=True).first() or 0
    return max(held, staged) + 1


def _adjust(batch: Batch, kind: TableKind, asked: Adjusting) -> None:
    """State for entries that change or leave how they were adjusted."""
    allowed = list(kind.adjustments.values())
    if asked.adjustment not in allowed:
        raise Refused(
            [rulebook().fault("adjustment_unlisted", adjustment=asked.adjustment or "空白", allowed="、".join(allowed))]
        )
    if not asked.basis.strip():
        raise Refused([_fault("basis", "调整依据", "没有填写。写明依据哪份文件或者哪条法律调整。")])
    found = touched(batch)
    if asked.key_hashes:
        found = found.filter(key_hash__in=asked.key_hashes)
    said = {ADJUSTMENT: asked.adjustment, EFFECTIVE_ON: asked.effective_on.isoformat(), BASIS: asked.basis.strip()}
    changed = []
    for entry in found:
        values = values_of(entry.values)
        if asked.key_hashes or not values.get(ADJUSTMENT):
            entry.values = text_of(values | said, kind)
            changed.append(entry)
    Entry.objects.bulk_update(changed, ["values"], batch_size=500)


@effect("register.compile")
def compile_open_batch(context: Context) -> None:
    """Make the public text and files of the batch, and start its clocks."""
    register: Register = context.detail
    batch = open_batch(register)
    assert batch is not None
    if batch.stage != READY:
        raise NotAllowed("还在核对上传的文件，核对完再提交。")
    compile_batch(context, batch)
    disclosed = find(Disclosed, record_id=context.record.pk)
    publication = {"publication": disclosed.index_number} if disclosed else {}
    for one in batch.clocks:
        if one["opens"]:
            append(
                one["opens"],
                at=context.now,
                record_id=context.record.pk,
                unit_code=context.record.lead_unit_id,
                actor_id=context.actor.person_id,
                payload={
                    "duty_key": one["key"],
                    "duty_start": one["start"],
                    "count": str(one["count"]),
                    **publication,
                },
                subject=context,
            )
    context.results.update(batch=batch.number, counts=batch.counts)


@effect("register.flip")
def flip(context: Context) -> None:
    """Make the batch's entries the current ones: two updates, whatever their number."""
    register: Register = context.detail
    batch = open_batch(register)
    assert batch is not None
    sequence = register.sequence + 1
    own = touched(batch).order_by()
    entries_at(register).filter(key_hash__in=own.values("key_hash")).update(until=sequence)
    own.filter(change=REMOVED).update(since=sequence, until=sequence)
    own.exclude(change=REMOVED).update(since=sequence)
    batch.entries.filter(change__in=(SAME, FAULTY)).delete()
    batch.sequence, batch.published_at = sequence, context.now
    batch.save(update_fields=["sequence", "published_at"])
    register.sequence = sequence
    register.save(update_fields=["sequence"])
    context.results.update(batch=batch.number, sequence=str(sequence))


def stop_clocks(event: Any, subject: Any) -> None:
    """Everybody can read an edition on the portal: the clocks of its batch, and of any before it, stop (D05.2)."""
    if not isinstance(subject, Context) or subject.spec.kind != KIND:
        return
    number = int(json.loads(event.payload)["edition"])
    shown = Batch.objects.filter(register_id=subject.record.pk, sequence__lte=number, shown_at=None)
    for batch in shown.order_by("sequence"):
        for one in batch.clocks:
            append(
                one["shows"],
                at=event.at,
                record_id=subject.record.pk,
                unit_code=subject.record.lead_unit_id,
                payload={"duty_key": one["key"], "count": str(one["count"])},
                subject=subject,
            )
        batch.shown_at = event.at
        batch.save(update_fields=["shown_at"])


@effect("register.note_elsewhere")
def note_elsewhere(context: Context) -> None:
    """A department's own site shows it. Written down; the duty asks for the portal of the same level (S05.2b)."""
    context.results.update(address=context.data["address"], shown_on=context.data["shown_on"].isoformat())
