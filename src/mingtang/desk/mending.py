"""Faults as people read them: what, which article, how to mend, and the field to go to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse
from django.utils.module_loading import import_string

from mingtang.records.models import Record
from mingtang.records.rulebook import rulebook
from mingtang.records.selectors import linked_visible, may_edit
from mingtang.records.spec import RecordSpec, all_specs, spec_for
from mingtang.rules import Fault
from mingtang.units.actors import Actor

from .access import record_url

# Names that rule packs give fields which forms call by another name.
FIELD_NAMES = {
    "openness_attribute": "openness",
    "disclosure_mode": "mode",
    "five_disclosures": "stages",
    "redactions": "cuts",
    "lead_unit": "lead_units",
}


@dataclass(frozen=True)
class ShownFault:
    """One fault. ``link`` leads to the field that mends it, empty where this person cannot mend it."""

    message: str
    mend: str
    basis: str
    link: str = ""
    warns: bool = False


@cache
def fields_of(kind: str) -> frozenset[str]:
    """Names of the fields the form of a kind asks for."""
    form = import_string(spec_for(kind).form)
    return frozenset(form.base_fields) | {name for _, names in form.groups for name in names}


def attachable(kind: str) -> list[RecordSpec]:
    """Kinds that are attached to records of this kind."""
    return [spec for spec in all_specs() if spec.attached is not None and spec.attached.kind == kind]


def show_faults(
    faults: Iterable[Fault | Mapping[str, Any]], record: Record, actor: Actor, here: Iterable[str] = ()
) -> list[ShownFault]:
    """Faults of a gate, or of a return slip kept in the journal. ``here`` are fields of the form on this page."""
    found = list(faults)
    if not found:
        return []
    linked = [other for _, other in linked_visible(actor, record)]
    return [_show(fault, record, actor, linked, frozenset(here)) for fault in found]


def _show(
    fault: Fault | Mapping[str, Any], record: Record, actor: Actor, linked: list[Record], here: frozenset[str]
) -> ShownFault:
    if isinstance(fault, Fault):
        field, message, mend, basis = fault.field, fault.message, fault.mend, fault.basis
        warns = not fault.stops
    else:
        field, message, mend = fault.get("field", ""), fault.get("message", ""), fault.get("mend", "")
        basis, warns = _basis(fault.get("code", ""), fault.get("article", "")), False
    return ShownFault(message, mend, basis, _place(field, record, actor, linked, here), warns)


def _basis(code: str, article: Any) -> str:
    book = rulebook()
    rule = book.fault_rules.get(code)
    if rule is None:
        return f"第{article}条" if article else ""
    duty = rule.duty or book.gates[book.gate_of[code][0]].duties[0]
    return book.citation(book.duties[duty])


def _place(field: str, record: Record, actor: Actor, linked: list[Record], here: frozenset[str]) -> str:
    name = FIELD_NAMES.get(field, field)
    if name in here:
        return f"#id_{name}"
    if name and name in fields_of(record.kind):
        return f"{record_url(record, 'edit')}#id_{name}" if may_edit(record, actor=actor) else ""
    for spec in attachable(record.kind):
        if field.startswith(f"{spec.kind}_"):
            return _place_attached(field.removeprefix(f"{spec.kind}_"), spec, record, actor, linked)
    return ""


def _place_attached(field: str, spec: RecordSpec, record: Record, actor: Actor, linked: list[Record]) -> str:
    anchor = f"#id_{field}" if field in fields_of(spec.kind) else ""
    for other in linked:
        if other.kind == spec.kind:
            return f"{record_url(other, 'edit')}{anchor}" if may_edit(other, actor=actor) else record_url(other)
    if actor.holds(spec.creator, [record.lead_unit_id]):
        return f"{reverse('desk:new', kwargs={'kind': spec.kind})}?about={record.pk}{anchor}"
    return ""
