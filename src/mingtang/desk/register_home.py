"""The registers of somebody's units: by family, with what is being changed, what is owed, and what has to be begun."""

from datetime import date
from typing import Any

from django.db.models import Count, Min
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from mingtang.duties.models import Duty
from mingtang.records.selectors import visible_to
from mingtang.records.spec import spec_for
from mingtang.registers.catalog import kinds
from mingtang.registers.forms import RegisterForm
from mingtang.registers.models import ADDED, CHANGED, FAULTY, REMOVED, STAGES, Batch, Entry, Register
from mingtang.rules import local_day
from mingtang.text.tables.kinds import TableKind
from mingtang.units.models import Unit
from mingtang.units.selectors import units_in_group

from .access import StaffRequest, business_view, record_url
from .present import show_duty
from .register_page import KIND
from .register_template import template_of

FAMILIES = {
    "lists": "权责和服务清单",
    "enforcement": "执法公示和监管信息",
    "credit": "行政许可、处罚等信用信息",
    "budget": "预算和决算",
    "trading": "公共资源交易",
    "oversight": "审计和问责",
    "aid": "救助和扶贫",
    "openness": "公开目录和负面清单",
    "platforms": "平台建设",
}
OTHER = "其他清单"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@business_view
def overview(request: StaffRequest) -> HttpResponse:
    """My unit's registers by family, kinds it owes and has not, and the form that begins one."""
    rows = _rows(request)
    drafting = sorted(request.actor.units_as(spec_for(KIND).creator))
    owed = owed_kinds(request)
    form = new_form(request, drafting) if drafting else None
    families: dict[str, list[dict[str, Any]]] = {}
    for name in (*FAMILIES, ""):
        found = [row for row in rows if (row["kind"].family if row["kind"].family in FAMILIES else "") == name]
        if found:
            families[FAMILIES.get(name, OTHER)] = found
    context = {
        "families": families.items(),
        "owed": owed,
        "form": form,
        "kinds": _kinds_by_family(),
        "drafting": drafting,
    }
    return render(request, "desk/registers.html", context)


@business_view
def template(request: StaffRequest, register_kind: str) -> HttpResponse:
    """The workbook to fill in for one kind."""
    kind = kinds().get(register_kind)
    if kind is None:
        raise Http404
    response = HttpResponse(template_of(kind, request.now), content_type=SHEET)
    response["Content-Disposition"] = content_disposition_header(True, f"{kind.title}填报模板.xlsx") or "attachment"
    return response


def new_form(request: StaffRequest, drafting: list[str], **arguments: Any) -> RegisterForm:
    """The form of a new register, offering kinds that a unit of this person does not keep yet."""
    form = RegisterForm(actor=request.actor, now=request.now, **arguments)
    open_to = {kind.id for kind, _units in startable(drafting, local_day(request.now))}
    choices = [(code, label) for code, label in form.fields["register_kind"].choices if not code or code in open_to]  # type: ignore[attr-defined]
    form.fields["register_kind"].choices = choices  # type: ignore[attr-defined]
    return form


def startable(drafting: list[str], day: date) -> list[tuple[TableKind, list[str]]]:
    """Kinds that these units are to keep and do not yet, with the units."""
    kept = set(Register.objects.filter(keeper__in=drafting).values_list("keeper_id", "register_kind"))
    found = []
    members: dict[str, set[str]] = {}
    for kind in kinds().values():
        if kind.keepers not in members:
            members[kind.keepers] = {unit.pk for unit in units_in_group(kind.keepers, day)}
        units = [code for code in drafting if code in members[kind.keepers] and (code, kind.id) not in kept]
        if units:
            found.append((kind, units))
    return found


def owed_kinds(request: StaffRequest) -> list[dict[str, Any]]:
    """Kinds that every unit of a group owes, where one of this person's units has none."""
    mine = Unit.objects.in_bulk(sorted(request.actor.units))
    kept = set(Register.objects.filter(keeper__in=mine).values_list("keeper_id", "register_kind"))
    drafting = request.actor.units_as(spec_for(KIND).creator)
    found = []
    for kind in kinds().values():
        group = kind.complete.get("group", "")
        if not group:
            continue
        for unit in units_in_group(group, local_day(request.now)):
            if unit.pk in mine and (unit.pk, kind.id) not in kept:
                found.append({"kind": kind, "unit": unit, "may_start": unit.pk in drafting})
    return found


def _rows(request: StaffRequest) -> list[dict[str, Any]]:
    records = visible_to(request.actor).filter(kind=KIND)
    registers = list(
        Register.objects.filter(record__in=records)
        .select_related("record", "keeper")
        .order_by("keeper__short_name", "register_kind")
    )
    keys = [register.pk for register in registers]
    current = Entry.objects.filter(register__in=keys, until=None, since__isnull=False).exclude(change=REMOVED)
    held = dict(current.order_by().values_list("register").annotate(count=Count("pk")))
    batches = {batch.register_id: batch for batch in Batch.objects.filter(register__in=keys, published_at=None)}
    first = Duty.objects.filter(record__in=keys, closed_at=None).values("record").annotate(due=Min("due_at"))
    dues = {one["record"]: one["due"] for one in first}
    duties: dict[Any, list[Any]] = {}
    for duty in Duty.objects.filter(record__in=dues, closed_at=None).select_related("unit").order_by("due_at"):
        duties.setdefault(duty.record_id, []).append(duty)
    spec = spec_for(KIND)
    return [
        {
            "register": register,
            "kind": kinds()[register.register_kind],
            "state": spec.state_by_name[register.record.state],
            "held": held.get(register.pk, 0),
            "batch": _batch_words(batches.get(register.pk)),
            "duty": show_duty(duties[register.pk][0], request.now) if register.pk in duties else None,
            "duties": len(duties.get(register.pk, ())),
            "url": record_url(register.record, "register_work"),
            "record_url": record_url(register.record),
        }
        for register in registers
        if register.register_kind in kinds()
    ]


def _batch_words(batch: Batch | None) -> str:
    """What is being changed, in a few words."""
    if batch is None:
        return ""
    counts = batch.counts
    words = [
        f"{word}{counts[name]}条"
        for name, word in ((ADDED, "新增"), (CHANGED, "修改"), (REMOVED, "移出"), (FAULTY, "有错"))
        if counts.get(name)
    ]
    stage = str(STAGES[batch.stage]) if batch.source_name or batch.stage != "ready" else ""
    return "，".join([stage, *words] if stage else words)


def _kinds_by_family() -> list[tuple[str, list[TableKind]]]:
    found: dict[str, list[TableKind]] = {}
    for kind in sorted(
        kinds().values(),
        key=lambda one: (list(FAMILIES).index(one.family) if one.family in FAMILIES else 99, one.article, one.id),
    ):
        found.setdefault(FAMILIES.get(kind.family, OTHER), []).append(kind)
    return list(found.items())
