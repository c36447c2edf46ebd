"""Beginning a register, handing in its file, watching it being read, and saying which column is which."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from mingtang.records.errors import IllegalState, NotAllowed, Refused
from mingtang.records.selectors import options, was_performed
from mingtang.records.spec import spec_for
from mingtang.registers.models import FAILED, READY, Source
from mingtang.registers.services import Upload, open_register
from mingtang.registers.staging import choose_sheet
from mingtang.rules import local_day
from mingtang.text.tables.workbook import read_workbook
from mingtang.text.uploads import UploadError
from mingtang.units.models import Unit
from mingtang.units.roles import ROLES

from .access import StaffRequest, business_view
from .detail import _action as shown_action
from .mending import show_faults
from .register_forms import BatchForm, UploadForm
from .register_home import new_form, startable
from .register_page import KIND, Working, landing, opened

REFRESH_SECONDS = 3
# Files up to this size are opened once more to show their first rows.
SHOWN_BYTES = 2_000_000
SHOWN_ROWS = 4


@business_view
def new(request: StaffRequest, kind: str) -> HttpResponse:
    """Begin a register of a kind, with its first file or without."""
    spec = spec_for(KIND)
    drafting = sorted(request.actor.units_as(spec.creator))
    if not drafting:
        raise NotAllowed(f"新建清单由{ROLES[spec.creator]}办理。")
    if request.method != "POST":
        form = new_form(request, drafting, initial={"register_kind": request.GET.get("register_kind", "")})
        return _new_page(request, form)
    if was_performed(request.POST.get("request_key", "")):
        return redirect("desk:registers")
    form = new_form(request, drafting, data=request.POST, files=request.FILES)
    if not form.is_valid():
        return _new_page(request, form, status=422)
    data = dict(form.cleaned_data)
    register_kind = data.pop("register_kind")
    kept_by = {kind.id: units for kind, units in startable(drafting, local_day(request.now))}
    units = kept_by.get(register_kind, drafting)
    asked = request.POST.get("unit", "")
    unit = Unit.objects.get(pk=asked if asked in units else units[0])
    try:
        record = open_register(
            register_kind,
            unit=unit,
            actor=request.actor,
            now=request.now,
            request_key=request.POST.get("request_key", "")[:80],
            **data,
        )
    except Refused as refused:
        return _new_page(request, form, refused=refused, status=422)
    return redirect(landing(record))


def _new_page(request: StaffRequest, form: Any, refused: Refused | None = None, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "refusals": refused.faults if refused else [],
        "request_key": str(uuid.uuid4()),
        "startable": len(form.fields["register_kind"].choices) > 1,
    }
    return render(request, "desk/register_new.html", context, status=status)


@business_view
def work(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """Where a register stands and what to do next; a file, a note or a decision is put in here."""
    working = opened(request, record_id)
    if request.method != "POST":
        return _work_page(working, _upload_form(working), _batch_form(working))
    if was_performed(request.POST.get("request_key", "")):
        return redirect(landing(working.record))
    working.must_change()
    action = request.POST.get("action", "")
    upload_form = UploadForm(request.POST, request.FILES) if action == "upload" else _upload_form(working)
    batch_form = BatchForm(request.POST, working=working) if action == "save" else _batch_form(working)
    data: dict[str, Any]
    if action == "upload":
        if not upload_form.is_valid():
            return _work_page(working, upload_form, batch_form, status=422)
        data = upload_form.upload()
    elif action == "sheet":
        data = {"upload": _other_sheet(working, request.POST.get("sheet", ""))}
    elif action == "discard":
        data = {"discard": True, "note": "", "correction": ""}
    else:
        if not batch_form.is_valid():
            return _work_page(working, upload_form, batch_form, status=422)
        data = batch_form.cleaned_data
    try:
        working.change(**data)
    except Refused as refused:
        return _work_page(working, upload_form, batch_form, refused=refused, status=422)
    if action == "discard":
        messages.success(request, "这次的改动已放弃，清单还是原来的样子。")
    elif action == "save":
        messages.success(request, "已保存。")
        return redirect(working.url("register_work"))
    return redirect(landing(working.record))


def _upload_form(working: Working) -> UploadForm:
    return UploadForm(initial={"extent": "whole", "accept": working.batch.accept if working.batch else "all"})


def _batch_form(working: Working) -> BatchForm:
    batch = working.batch
    initial = {"note": batch.note, "accept": batch.accept} if batch else {}
    return BatchForm(initial=initial, working=working)


def _other_sheet(working: Working, name: str) -> Upload:
    batch = working.batch
    source = Source.objects.filter(batch=batch).first() if batch else None
    if batch is None or source is None or name not in batch.sheets:
        raise IllegalState("原来的文件已经不在了，请重新上传，再选工作表。")
    return Upload(batch.source_name, bytes(source.content), batch.extent, batch.accept, name)


def _work_page(
    working: Working,
    upload_form: UploadForm,
    batch_form: BatchForm,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    request, batch = working.request, working.batch
    if working.reading:
        return redirect(working.url("register_progress"))
    steps = [
        shown_action(request, working.record, option)
        for option in options(working.record, actor=request.actor, now=request.now)
        if option.transition.accent == "primary" and option.transition.target is not None
    ]
    has_source = batch is not None and Source.objects.filter(batch=batch).exists()
    context = {
        **working.context("register_work"),
        "upload_form": upload_form,
        "batch_form": batch_form,
        "form": upload_form if upload_form.is_bound else batch_form,
        "steps": steps,
        "failed": batch is not None and batch.stage == FAILED,
        "sheets": batch.sheets if has_source and batch is not None and len(batch.sheets) > 1 else [],
        "faults": show_faults(refused.faults, working.record, request.actor, upload_form.fields) if refused else [],
    }
    return render(request, "desk/register_work.html", context, status=status)


@business_view
def progress(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """How far the reading is. The page asks again by itself, without scripts, and goes on once it is done."""
    working = opened(request, record_id)
    if not working.reading or working.batch is None:
        return redirect(landing(working.record))
    batch = working.batch
    percent = round(100 * batch.done / batch.total) if batch.total else 0
    response = render(request, "desk/register_progress.html", {**working.context("register_work"), "percent": percent})
    response["Refresh"] = str(REFRESH_SECONDS)
    return response


@business_view
def columns(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """Which column of the sheet is which; those that were only guessed stand out."""
    working = opened(request, record_id)
    batch = working.batch
    if batch is None or not batch.columns:
        return redirect(working.url("register_work"))
    if working.reading:
        return redirect(working.url("register_progress"))
    source = Source.objects.filter(batch=batch).first()
    if request.method != "POST":
        return _columns_page(working, source, {})
    if was_performed(request.POST.get("request_key", "")):
        return redirect(landing(working.record))
    working.must_change()
    names = {one.name for one in working.kind.fields}
    chosen = {
        int(column["place"]): name if (name := request.POST.get(f"column-{column['place']}", "")) in names else ""
        for column in batch.columns
    }
    twice = sorted({name for name in chosen.values() if name and list(chosen.values()).count(name) > 1})
    if source is None:
        raise IllegalState("原来的文件已经不在了，请重新上传。")
    if twice:
        problem = "、".join(f"“{working.kind.field(name).title}”" for name in twice)
        return _columns_page(working, source, chosen, f"{problem}选了两列，只能选一列。", status=422)
    working.change(columns=chosen)
    return redirect(landing(working.record))


def _columns_page(
    working: Working, source: Source | None, chosen: dict[int, str], problem: str = "", status: int = 200
) -> HttpResponse:
    batch = working.batch
    assert batch is not None
    cells = _first_rows(working, source)
    shown = [
        {
            **column,
            "field": chosen.get(column["place"], column["field"]),
            "cells": [row[column["place"]] if column["place"] < len(row) else "" for row in cells],
            "unsure": bool(column["field"]) and not column["sure"],
        }
        for column in batch.columns
        if column["heading"] or column["field"]
    ]
    held = {column["field"] for column in shown}
    context = {
        **working.context("register_columns"),
        "columns": shown,
        "samples": range(1, len(cells) + 1),
        "fields": [(one.name, one.title + ("（必填）" if one.required else "")) for one in working.kind.fields],
        "missing": [one.title for one in working.kind.fields if one.required and one.name not in held],
        "unsure": sum(column["unsure"] for column in shown),
        "problem": problem,
        "may_match": working.may_change and source is not None and batch.stage == READY,
    }
    return render(working.request, "desk/register_columns.html", context, status=status)


def _first_rows(working: Working, source: Source | None) -> list[list[str]]:
    """The first rows under the headings, as they stand in the sheet; none of a large file."""
    batch = working.batch
    if source is None or batch is None or len(source.content) > SHOWN_BYTES:
        return []
    try:
        workbook = read_workbook(batch.source_name, bytes(source.content))
        _sheet, found = choose_sheet(workbook, working.kind, batch.sheet)
    except UploadError:
        return []
    return [["" if cell is None else str(cell)[:80] for cell in row] for _number, row in found.rows[:SHOWN_ROWS]]
