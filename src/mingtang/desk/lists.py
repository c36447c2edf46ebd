"""The list of one kind, and the same rows as a table to take away."""

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from mingtang.records.models import Record
from mingtang.records.selectors import list_visible
from mingtang.records.spec import RecordSpec, all_specs

from .access import StaffRequest, business_view, spec_or_404
from .exports import table

PAGE = 25
CHUNK = 500


def _filtered(request: StaffRequest, spec: RecordSpec) -> tuple[QuerySet[Record], dict[str, str]]:
    """The rows asked for. Unknown states and units simply match nothing."""
    chosen = {name: request.GET.get(name, "").strip()[:100] for name in ("q", "state", "unit", "sort")}
    found = list_visible(
        request.actor, spec.kind, state=chosen["state"], text=chosen["q"].replace("\x00", ""), unit=chosen["unit"]
    )
    return (found.order_by("changed_at", "id") if chosen["sort"] == "oldest" else found), chosen


def _cells(spec: RecordSpec, detail: Any) -> list[Any]:
    return [column(detail) if callable(column) else getattr(detail, column) for _, column in spec.columns]


def _with_details(spec: RecordSpec, records: list[Record]) -> list[tuple[Record, list[Any]]]:
    """Records with the cells of their kind's columns: one query for all details."""
    details = spec.model._default_manager.in_bulk([record.pk for record in records])
    rows = []
    for record in records:
        detail = details.get(record.pk)
        if detail is not None:
            detail.record = record  # type: ignore[attr-defined]
            rows.append((record, _cells(spec, detail)))
    return rows


@business_view
def record_list(request: StaffRequest, kind: str) -> HttpResponse:
    """Twenty-five rows with search, state, unit and order."""
    spec = spec_or_404(kind)
    found, chosen = _filtered(request, spec)
    states: dict[str, int] = {}
    units: dict[str, str] = {}
    counted = list_visible(request.actor, kind).order_by().values_list("state", "lead_unit_id", "lead_unit__short_name")
    for state, code, name, number in counted.annotate(number=Count("pk")):
        states[state] = states.get(state, 0) + number
        units[code] = name
    filtered = any(chosen[name] for name in ("q", "state", "unit"))
    pages = Paginator(found, PAGE)
    if not filtered:
        # All rows, which were counted just now.
        pages.count = sum(states.values())
    page = pages.get_page(request.GET.get("page"))
    rows = [
        {"record": record, "state": spec.state_by_name[record.state], "cells": cells[1:], "title": cells[0]}
        for record, cells in _with_details(spec, list(page.object_list))
    ]
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "spec": spec,
        "page": page,
        "rows": rows,
        "headings": [heading for heading, _ in spec.columns],
        "chosen": chosen,
        "filtered": filtered,
        "states": [(state, states[state.name]) for state in spec.states if state.name in states],
        "units": sorted(units.items()),
        "total": sum(states.values()),
        "asked": asked.urlencode(),
        "may_create": bool(request.actor.units_as(spec.creator)) and spec.stands_alone,
        "attached_to": _label_of(spec.attached.kind) if spec.attached and not spec.stands_alone else "",
    }
    return render(request, "desk/list.html", context)


def _label_of(kind: str) -> str:
    return next((spec.label for spec in all_specs() if spec.kind == kind), kind)


@business_view
def export(request: StaffRequest, kind: str, form: str) -> HttpResponse:
    """The filtered list as csv or xlsx, scoped exactly like the list itself."""
    spec = spec_or_404(kind)
    found, _ = _filtered(request, spec)
    headings = [heading for heading, _ in spec.columns] + ["牵头单位", "状态", "更新时间"]
    return table(form, f"{spec.label}-{request.now:%Y-%m-%d}", headings, _export_rows(spec, found), now=request.now)


def _export_rows(spec: RecordSpec, found: QuerySet[Record]) -> Iterator[list[Any]]:
    chunk: list[Record] = []
    for record in found.iterator(chunk_size=CHUNK):
        chunk.append(record)
        if len(chunk) == CHUNK:
            yield from _chunk_rows(spec, chunk)
            chunk = []
    yield from _chunk_rows(spec, chunk)


def _chunk_rows(spec: RecordSpec, records: list[Record]) -> Iterator[list[Any]]:
    for record, cells in _with_details(spec, records):
        yield [*cells, record.lead_unit.name, spec.state_by_name[record.state].label, record.changed_at]
