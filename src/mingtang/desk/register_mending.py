"""Every fault of a file by its cell, mended where it stands; the same as a table to take away."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from openpyxl.utils import get_column_letter

from mingtang.records.errors import IllegalState, NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.records.selectors import was_performed
from mingtang.records.services import perform
from mingtang.registers.entries import faults_of, values_of
from mingtang.registers.models import ALL, FAULTY, READY, Batch, Entry
from mingtang.registers.services import Mend
from mingtang.text.tables.checks import BLOCK
from mingtang.text.tables.kinds import TableField

from .access import StaffRequest, business_view, record_url
from .exports import table
from .register_page import Working, choices_of, landing, opened

# A browser's form may hold a thousand fields.
MOST_INPUTS = 800
MOST_ROWS = 50
MOST_LISTED = 300
# What to do about a fault, where its message does not say it.
MENDING = {
    "missing": "补上这一格",
    "unreadable": "改成这一列的写法",
    "pattern": "改成这一列的写法",
    "not_listed": "从可选的里面选一个",
    "duplicate": "改掉重复的编号，或者删去一行",
    "repaired": "核对自动改正的结果，对就不用管",
    "total": "核对合计和各行的数",
    "column_missing": "在“列的对应”里指定这一列，或者在表里补上",
    "money_unit": "改成规定的金额单位",
}
HEADINGS = ["行", "列", "栏目", "写的是", "哪里不对", "怎么办", "轻重"]


@business_view
def faults(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """GET: the faulty cells. POST: what was typed into them; what is still wrong comes back with its words kept."""
    working = opened(request, record_id)
    if working.batch is None:
        return redirect(working.url("register_work"))
    if working.reading:
        return redirect(working.url("register_progress"))
    if request.method != "POST":
        return _page(working, request.GET.get("page"))
    if was_performed(request.POST.get("request_key", "")):
        return redirect(landing(working.record))
    working.must_change()
    mend, meanwhile = _mend(working)
    if meanwhile:
        return _page(working, request.POST.get("page"), meanwhile=meanwhile, status=409)
    if mend.cells or mend.left_out:
        try:
            working.change(mend=mend)
        except Refused:
            # Between reading the rows and writing them somebody else was quicker.
            fresh = opened(request, record_id)
            return _page(fresh, request.POST.get("page"), meanwhile=_mend(fresh)[1] or {"": True}, status=409)
    return redirect(_after(working, request.POST.get("go", ""), request.POST.get("page", "")))


def _after(working: Working, go: str, page: str) -> str:
    """Where to after saving: handed in if that was asked and nothing is wrong any more; else on."""
    record, request = Record.objects.get(pk=working.record.pk), working.request
    batch = Batch.objects.filter(register_id=record.pk, published_at=None).first()
    if batch is None or batch.stage != READY:
        return landing(record)
    left = batch.counts.get(FAULTY, 0)
    if left and (go != "hand_in" or batch.accept == ALL):
        messages.warning(request, f"已保存。还有{left}行有错。")
        number = int(page) if page.isdecimal() else 1
        return f"{working.url('register_faults')}?page={number + (go == 'next')}"
    if go != "hand_in":
        messages.success(request, "已保存，没有有错的行了。")
        return record_url(record, "register_work")
    try:
        perform(
            record,
            "hand_in",
            actor=request.actor,
            now=request.now,
            request_key=f"{request.POST.get('request_key', '')[:70]}-hand_in",
        )
    except (Refused, IllegalState, NotAllowed):
        messages.warning(request, "已保存，但还不能提交，要做的事列在下面。")
        return record_url(record, "register_work")
    messages.success(request, f"《{record.title}》：提交审定，已办妥。")
    return record_url(record)


def _handle(entry: Entry) -> str:
    """Names a row across readings: rows get new keys each time they are checked, their number in the sheet stays."""
    return f"r{entry.row}" if entry.row else f"e{entry.pk}"


def _mend(working: Working) -> tuple[Mend, dict[str, Any]]:
    """What was typed, by entry as it is now; and rows that somebody else changed after this page was opened."""
    posted = working.request.POST
    rows = {_handle(entry): entry for entry in _faulty(working)}
    cells: dict[int, Mapping[str, str]] = {}
    left_out: list[int] = []
    meanwhile: dict[str, Any] = {}
    for handle in _handles(posted):
        entry, typed, leave = rows.get(handle), _typed(working, handle), f"leave-{handle}" in posted
        if not typed and not leave:
            continue
        if entry is None or entry.values != posted[f"seen-{handle}"]:
            meanwhile[handle] = entry
        elif leave:
            left_out.append(entry.pk)
        else:
            cells[entry.pk] = typed
    return Mend(cells, tuple(left_out)), meanwhile


def _handles(posted: Mapping[str, str]) -> list[str]:
    return [name.removeprefix("seen-") for name in posted if name.startswith("seen-")]


def _typed(working: Working, handle: str) -> dict[str, str]:
    """Cells of a row whose text is another than the page was filled with, by field."""
    posted = working.request.POST
    try:
        seen = values_of(posted[f"seen-{handle}"])
    except ValueError:
        seen = {}
    found = {}
    for one in working.kind.fields:
        text = posted.get(f"cell-{handle}-{one.name}")
        if text is not None and _lines(text) != _lines(_text(seen.get(one.name))):
            found[one.name] = text
    return found


def _lines(text: str) -> str:
    """A browser ends lines in its own way."""
    return text.replace("\r\n", "\n").strip()


def _text(value: Any) -> str:
    return "" if value is None else "是" if value is True else "否" if value is False else str(value)


def _faulty(working: Working) -> Any:
    assert working.batch is not None
    return working.batch.entries.filter(change=FAULTY, since=None).order_by("row", "id")


def _page(
    working: Working, number: str | None, meanwhile: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    request, batch = working.request, working.batch
    assert batch is not None
    per_page = max(5, min(MOST_ROWS, MOST_INPUTS // (len(working.kind.fields) + 2)))
    page = Paginator(_faulty(working), per_page).get_page(number)
    letters = {column["field"]: get_column_letter(column["place"] + 1) for column in batch.columns if column["field"]}
    rows = [_row(working, entry, letters, meanwhile or {}) for entry in page.object_list]
    gone = [
        {
            "row": handle.removeprefix("r"),
            "typed": [(working.kind.field(name).title, text) for name, text in _typed(working, handle).items()],
        }
        for handle, entry in (meanwhile or {}).items()
        if entry is None
    ]
    used = {cell["name"] for row in rows for cell in [*row["cells"], *row["others"]]}
    context = {
        **working.context("register_faults"),
        "page": page,
        "rows": rows,
        "gone": gone,
        "meanwhile": bool(meanwhile),
        "table_faults": batch.faults,
        "lists": [
            (one.name, found[:MOST_LISTED])
            for one in working.kind.fields
            if one.name in used and (found := choices_of(one, working.words))
        ],
        "may_hand_in": working.record.state in ("drafting", "updating", "returned"),
    }
    return render(request, "desk/register_faults.html", context, status=status)


def _row(working: Working, entry: Entry, letters: Mapping[str, str], meanwhile: Mapping[str, Any]) -> dict[str, Any]:
    """One row of the sheet: its faulty cells to be mended, its other cells, and what it is called."""
    values, handle = values_of(entry.values), _handle(entry)
    told: dict[str, list[str]] = {}
    for fault in faults_of(entry):
        if fault["severity"] == BLOCK:
            told.setdefault(fault["field"] or working.kind.key[0], []).append(fault["message"])
    cells = [_cell(working, one, handle, values, letters) for one in working.kind.fields]
    return {
        "handle": handle,
        "seen": entry.values,
        "number": entry.row,
        "title": working.words.title(values),
        "cells": [{**cell, "messages": told[cell["name"]]} for cell in cells if cell["name"] in told],
        "others": [cell for cell in cells if cell["name"] not in told],
        "meanwhile": handle in meanwhile,
        "left": f"leave-{handle}" in working.request.POST,
    }


def _cell(
    working: Working, one: TableField, handle: str, values: Mapping[str, Any], letters: Mapping[str, str]
) -> dict[str, Any]:
    name, stored = f"cell-{handle}-{one.name}", _text(values.get(one.name))
    typed = working.request.POST.get(name)
    return {
        "name": one.name,
        "input": name,
        "title": one.title,
        "letter": letters.get(one.name, ""),
        "value": stored if typed is None else typed,
        "stored": stored,
        "kept": typed is not None and _lines(typed) != _lines(stored),
        "long": one.constraints.get("maxLength", 0) > 400 and len(stored) > 40,
        "listed": bool("enum" in one.constraints or one.code_list or one.type == "boolean"),
    }


@business_view
def report(request: StaffRequest, kind: str, record_id: uuid.UUID, form: str) -> HttpResponse:
    """Every fault and every warning by cell, as xlsx or csv."""
    working = opened(request, record_id)
    name = f"{working.record.title}问题清单-{request.now:%Y-%m-%d}"
    return table(form if form in ("csv", "xlsx") else "", name, HEADINGS, _report_rows(working))


def _report_rows(working: Working) -> Iterator[list[Any]]:
    batch = working.batch
    if batch is None:
        return
    letters = {column["field"]: get_column_letter(column["place"] + 1) for column in batch.columns if column["field"]}
    for fault in batch.faults:
        yield _report_row(fault, letters)
    found = batch.entries.filter(since=None).exclude(faults="").order_by("row", "id")
    for entry in found.iterator(chunk_size=1000):
        for fault in faults_of(entry):
            yield _report_row(fault, letters)


def _report_row(fault: Mapping[str, Any], letters: Mapping[str, str]) -> list[Any]:
    blocked = fault["severity"] == BLOCK
    what = MENDING.get(fault["code"], "按提示改正" if blocked else "请核对")
    return [
        fault["row"] or "整张表",
        letters.get(fault["field"], ""),
        fault["title"],
        fault["raw"],
        fault["message"],
        what,
        "必须改" if blocked else "提醒",
    ]
