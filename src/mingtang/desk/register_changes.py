"""What an update changes, entry by entry, and what is said of each change: an adjustment, or a mistake put right."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render

from mingtang.records.errors import Refused
from mingtang.records.selectors import was_performed
from mingtang.registers.entries import ADJUSTING, entries_at, unstated, values_of
from mingtang.registers.models import ADDED, CHANGED, CHANGES, REMOVED, Entry
from mingtang.registers.services import Adjusting
from mingtang.text.tables.values import Value

from .access import StaffRequest, business_view
from .mending import show_faults
from .register_forms import AdjustingForm, CorrectionForm
from .register_page import TONES, Working, opened

PAGE = 25
SUMMED = 4


@business_view
def changes(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """GET: before and after of every entry. POST: how they were adjusted, or which mistake they put right."""
    working = opened(request, record_id)
    if working.batch is None:
        return redirect(working.url("register_work"))
    if working.reading:
        return redirect(working.url("register_progress"))
    correction = CorrectionForm(initial={"correction": working.batch.correction})
    adjusting = AdjustingForm(kind=working.kind)
    if request.method != "POST":
        return _page(working, adjusting, correction)
    back = f"{working.url('register_changes')}?{request.GET.urlencode()}"
    if was_performed(request.POST.get("request_key", "")):
        return redirect(back)
    working.must_change()
    data: dict[str, Any]
    if request.POST.get("action") == "correct":
        correction = CorrectionForm(request.POST)
        if not correction.is_valid():
            return _page(working, adjusting, correction, status=422)
        data = {"correction": correction.cleaned_data["correction"]}
    else:
        adjusting = AdjustingForm(request.POST, kind=working.kind)
        chosen = tuple(request.POST.getlist("entry"))
        if adjusting.is_valid() and adjusting.cleaned_data["which"] == "chosen" and not chosen:
            adjusting.add_error("which", "还没有勾选条目。在下面每一条前面的方框里勾选。")
        if not adjusting.is_valid():
            return _page(working, adjusting, correction, status=422)
        said = adjusting.cleaned_data
        picked = chosen if said["which"] == "chosen" else ()
        data = {"adjusting": Adjusting(said["adjustment"], said["effective_on"], said["basis"], picked)}
    try:
        working.change(**data)
    except Refused as refused:
        return _page(working, adjusting, correction, refused, status=422)
    messages.success(request, "已保存。")
    return redirect(back)


def _found(working: Working) -> tuple[QuerySet[Entry], dict[str, str]]:
    """The changes asked for, and what was asked."""
    asked = working.request.GET
    chosen = {name: asked.get(name, "").strip().replace("\x00", "")[:100] for name in ("q", "change", "stated")}
    found = working.touched()
    if chosen["change"] in (ADDED, CHANGED, REMOVED):
        found = found.filter(change=chosen["change"])
    for word in chosen["q"].split():
        found = found.filter(values__icontains=word)
    if chosen["stated"] in ("yes", "no") and working.batch is not None:
        without = unstated(working.batch).order_by().values("pk")
        found = found.filter(pk__in=without) if chosen["stated"] == "no" else found.exclude(pk__in=without)
    return found, chosen


def _page(
    working: Working,
    adjusting: AdjustingForm,
    correction: CorrectionForm,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    request, batch = working.request, working.batch
    assert batch is not None
    found, chosen = _found(working)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    adjusts = bool(working.kind.adjustments) and working.register.sequence > 0
    form = adjusting if adjusting.is_bound else correction
    context = {
        **working.context("register_changes"),
        "page": page,
        "rows": show_changes(working, list(page.object_list)),
        "chosen": chosen,
        "asked": asked.urlencode(),
        "options": [(name, CHANGES[name], batch.counts.get(name, 0)) for name in (ADDED, CHANGED, REMOVED)],
        "adjusts": adjusts,
        "unstated": unstated(batch).count() if adjusts else 0,
        "adjusting": adjusting,
        "correction": correction,
        "picked": set(request.POST.getlist("entry")),
        "form": form,
        "faults": show_faults(refused.faults, working.record, request.actor, adjusting.fields) if refused else [],
        "first": working.register.sequence == 0,
    }
    return render(request, "desk/register_changes.html", context, status=status)


def show_changes(working: Working, entries: list[Entry]) -> list[dict[str, Any]]:
    """Entries with what each was and becomes, in words."""
    keys = [entry.key_hash for entry in entries]
    old = {entry.key_hash: values_of(entry.values) for entry in entries_at(working.register).filter(key_hash__in=keys)}
    return [_change(working, entry, old.get(entry.key_hash, {})) for entry in entries]


def _change(working: Working, entry: Entry, before: Mapping[str, Value]) -> dict[str, Any]:
    values, words = values_of(entry.values), working.words
    cells = []
    if entry.change == CHANGED:
        cells = [
            (one.title, words.of(one.name, before.get(one.name)), words.of(one.name, values.get(one.name)), one.public)
            for one in working.kind.fields
            if one.name not in ADJUSTING and before.get(one.name) != values.get(one.name)
        ]
    said = [words.of(name, values.get(name)) for name in ADJUSTING if values.get(name)]
    others = [one for one in working.kind.fields if one.shown and one.name not in (*working.kind.key, *ADJUSTING)]
    return {
        "entry": entry,
        "title": words.title(values),
        "tone": TONES[entry.change],
        "label": CHANGES[entry.change],
        "cells": cells,
        "summary": [
            (one.title, words.of(one.name, values.get(one.name)))
            for one in others
            if entry.change != CHANGED and values.get(one.name) is not None
        ][:SUMMED],
        "said": "，".join(said) if working.kind.adjustments else "",
        "url": working.url("register_entry", key_hash=entry.key_hash),
    }
