"""The only writers of records: open, edit, perform."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from mingtang.journal.models import Event
from mingtang.journal.writing import Writer, append, writing
from mingtang.rows import find, find_all, insert_new, update
from mingtang.rules import Fault
from mingtang.units.actors import Actor
from mingtang.units.models import Unit
from mingtang.units.roles import ROLES

from .errors import IllegalState, NotAllowed, Refused, StaleVersion
from .models import LEAD, Link, PerformedRequest, Record, RecordParty, Remark
from .spec import Context, RecordSpec, Transition, effect_named, run_named_gates, spec_for

RETURNED = "returned"


@dataclass(frozen=True)
class Outcome:
    """What a change did. ``returned`` means gates sent the record back with ``faults`` on its slip.

    ``repeated`` means the same request had been carried out before and nothing was done again.
    """

    record: Record
    event: Event | None
    returned: bool = False
    faults: tuple[Fault, ...] = ()
    repeated: bool = False


def open_record(
    kind: str,
    *,
    actor: Actor,
    unit: Unit,
    now: datetime,
    data: Mapping[str, Any],
    about: Record | None = None,
    request_key: str = "",
    record_id: uuid.UUID | None = None,
) -> Outcome:
    """Create a record of ``kind`` led by ``unit``, private, in its kind's first state.

    ``about`` is the record it is attached to; the new record is then led by the same unit (article 10: whoever
    drafts interprets).

    Raises:
        NotAllowed: the actor may not create this kind in that unit.
    """
    spec = spec_for(kind)
    lead = about.lead_unit if about is not None else unit
    if not actor.holds(spec.creator, [lead.pk]):
        raise NotAllowed(f"只有{lead.short_name}的{ROLES[spec.creator]}可以新建{spec.label}。")
    if request_key:
        earlier = PerformedRequest.objects.filter(key=request_key).select_related("record").first()
        if earlier is not None:
            return Outcome(earlier.record, None, repeated=True)
    try:
        with writing() as writer:
            record = Record(
                id=record_id or uuid.uuid4(),
                kind=kind,
                state=spec.initial,
                lead_unit=lead,
                created_at=now,
                changed_at=now,
            )
            record.save(force_insert=True)
            RecordParty.objects.create(record=record, unit=lead, role=LEAD)
            if about is not None and spec.attached is not None:
                Link.objects.create(source=record, target=about, kind=spec.attached.link)
                join_parties(record, about)
            writer.memory[("lock", record.pk)] = record
            context = Context(spec, record, actor, now, data=data)
            context._detail = spec.model(record=record)
            spec.write(context)
            record.save()
            if request_key:
                PerformedRequest.objects.create(key=request_key, record=record, transition="create", at=now)
            _note_capacity(context, spec.creator, [lead.pk])
            event = _write_event(context, f"{kind}.created", "", spec.initial)
    except IntegrityError:
        earlier = (
            PerformedRequest.objects.filter(key=request_key).select_related("record").first() if request_key else None
        )
        if earlier is None:
            raise
        return Outcome(earlier.record, None, repeated=True)
    return Outcome(record, event)


def edit_record(
    record: Record,
    *,
    actor: Actor,
    now: datetime,
    data: Mapping[str, Any],
    expected_version: int | None = None,
    request_key: str = "",
) -> Outcome:
    """Change the content of a record in one of the states its kind allows editing in.

    Raises:
        NotAllowed, IllegalState, StaleVersion.
    """
    spec = spec_for(record.kind)
    step = Transition(
        "edit", "修改", spec.editable_in, None, spec.creator, f"{spec.kind}.edited", effects=("records.write",)
    )
    return _run(spec, step, record.pk, actor, now, data, expected_version, request_key)


def perform(
    record: Record,
    transition: str,
    *,
    actor: Actor,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
    request_key: str = "",
) -> Outcome:
    """Take one step: lock, check permission, run gates, effects, change state, write the event. One transaction.

    Args:
        data: what the step's form collected; ``remark`` is kept as a remark.
        expected_version: version the person saw; None when no form was open.
        request_key: makes a repeated request harmless.

    Raises:
        NotAllowed: wrong role, or the step does not exist on this record.
        IllegalState: the record is in another state by now.
        StaleVersion: the record changed since the form was opened.
        Refused: gates found faults and the step blocks on them.
    """
    spec = spec_for(record.kind)
    step = spec.transition_by_name[transition]
    return _run(spec, step, record.pk, actor, now, data or {}, expected_version, request_key)


def _run(
    spec: RecordSpec,
    step: Transition,
    record_id: uuid.UUID,
    actor: Actor,
    now: datetime,
    data: Mapping[str, Any],
    expected_version: int | None,
    request_key: str,
) -> Outcome:
    with writing() as writer:
        record = _lock(writer, record_id, step.locks)
        request = PerformedRequest(key=request_key, record=record, transition=step.name, at=now)
        if request_key and not insert_new(request):
            earlier = PerformedRequest.objects.get(key=request_key)
            return Outcome(record, None, returned=earlier.returned, repeated=True)
        context = Context(spec, record, actor, now, step, data)
        if expected_version is not None and expected_version != record.version:
            raise StaleVersion(expected_version, record.version)
        if record.state not in step.source:
            raise IllegalState(
                f"“{record.title}”现在的状态是“{spec.state_by_name[record.state].label}”，不能{step.label}。"
            )
        facts = context.facts
        if step.applies and not facts[step.applies]:
            raise NotAllowed(f"“{step.label}”不适用于这份{spec.label}。")
        reason = why_not_allowed(context, step)
        if reason:
            raise NotAllowed(reason)
        _note_capacity(context, step.role, context.units_as(*step.party))
        faults = tuple(run_named_gates(facts, step.gates))
        stopping = tuple(fault for fault in faults if fault.stops)
        if stopping and step.on_fault != "return":
            raise Refused(stopping)
        before = record.state
        if stopping:
            record.state = RETURNED
            context.results["faults"] = [describe_fault(fault) for fault in stopping]
            for name in step.on_return:
                effect_named(name)(context)
        else:
            for name in step.effects:
                effect_named(name)(context)
            if step.target is not None:
                record.state = step.target
            if faults:
                context.results["warnings"] = [describe_fault(fault) for fault in faults]
        record.version += 1
        record.changed_at = now
        update(record)
        if data.get("remark"):
            remark = Remark.objects.create(record=record, text=data["remark"])
            context.results["remark"] = str(remark.pk)
        if request_key and stopping:
            request.returned = True
            update(request, "returned")
        event = _write_event(context, f"{spec.kind}.returned" if stopping else step.event, before, record.state)
        return Outcome(record, event, returned=bool(stopping), faults=faults)


def join_parties(record: Record, about: Record) -> None:
    """What travels with a record is open to the same parties: co-issuers cooperate, the gatekeeper checks."""
    others = RecordParty.objects.filter(record=about).exclude(role=LEAD).values_list("unit_id", "role")
    for unit_id, role in others:
        RecordParty.objects.get_or_create(record=record, unit_id=unit_id, role=role)


def why_not_allowed(context: Context, step: Transition) -> str:
    """Empty if the actor may take the step, else who may, in Chinese."""
    units = context.units_as(*step.party)
    if context.actor.holds(step.role, units):
        return ""
    names = "、".join(Unit.objects.filter(pk__in=units).values_list("short_name", flat=True)) or "把关单位"
    return f"“{step.label}”由{names}的{ROLES[step.role]}办理。"


def _note_capacity(context: Context, role: str, units: Iterable[str]) -> None:
    """Have the event say so when the actor holds the role only for a while or for somebody."""
    capacity = context.actor.capacity(role, units)
    if capacity is not None:
        kind, by = capacity
        context.results["capacity"] = {"kind": kind} if by is None else {"kind": kind, "by": by}


def describe_fault(fault: Fault) -> dict[str, Any]:
    """A fault as it is kept in the journal and shown on a return slip."""
    return {
        "code": fault.code,
        "article": fault.article,
        "field": fault.field or "",
        "message": fault.message,
        "mend": fault.mend,
    }


def _lock(writer: Writer, record_id: uuid.UUID, link_kinds: tuple[str, ...]) -> Record:
    """Lock the record and those linked to it, in id order, and return it as it now is."""
    held = writer.memory.get(("lock", record_id))
    if held is not None:
        return held  # type: ignore[no-any-return]
    if any(isinstance(key, tuple) and key[0] == "lock" for key in writer.memory):
        raise RuntimeError("a step may only touch records that the outermost step locked")
    wanted = {record_id}
    if link_kinds:
        wanted.update(link.source_id for link in find_all(Link, target_id=record_id, kind=link_kinds))
        wanted.update(link.target_id for link in find_all(Link, source_id=record_id, kind=link_kinds))
    for record in find_all(Record, pk=wanted, order=("pk",), lock=True):
        writer.memory[("lock", record.pk)] = record
    locked: Record = writer.memory[("lock", record_id)]
    locked.lead_unit = find(Unit, pk=locked.lead_unit_id) or locked.lead_unit
    return locked


def _write_event(context: Context, name: str, before: str, after: str) -> Event:
    return append(
        name,
        at=context.now,
        record_id=context.record.pk,
        unit_code=context.record.lead_unit_id,
        actor_id=context.actor.person_id,
        from_state=before,
        to_state=after,
        payload=context.results,
        subject=context,
    )
