"""The entries of a register as they will be, one entry by form, and what everybody will read of them."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from mingtang.records.errors import Refused
from mingtang.records.selectors import was_performed
from mingtang.registers.entries import ADJUSTING, as_it_will_be, entries_at, values_of
from mingtang.registers.models import ADDED, CHANGED, CHANGES, FAULTY, REMOVED, Entry
from mingtang.registers.services import EntryEdit
from mingtang.rules import local_day
from mingtang.text.tables.masking import is_shown, is_taken_back, public_values

from .access import StaffRequest, business_view
from .register_forms import EntryForm
from .register_page import TONES, Working, opened

PAGE = 50
MOST_COLUMNS = 6
NEW = "new"


@business_view
def entries(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """All entries as they will be once the open batch is public."""
    working = opened(request, record_id)
    found, chosen = _found(working)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    shown = [one for one in working.kind.fields if one.shown and one.name not in ADJUSTING][:MOST_COLUMNS]
    rows = []
    for entry in page.object_list:
        values = values_of(entry.values)
        staged = entry.since is None
        rows.append(
            {
                "cells": [working.words.of(one.name, values.get(one.name)) for one in shown],
                "url": working.url("register_entry", key_hash=entry.key_hash),
                "label": CHANGES[entry.change] if staged and entry.change in TONES else "",
                "tone": TONES.get(entry.change, "") if staged else "",
            }
        )
    context = {
        **working.context("register_entries"),
        "page": page,
        "rows": rows,
        "headings": [one.title for one in shown],
        "chosen": chosen,
        "asked": asked.urlencode(),
        "filtered": any(chosen.values()),
        "more_columns": len(working.kind.fields) - len(shown),
        "new_url": working.url("register_entry", key_hash=NEW),
    }
    return render(request, "desk/register_entries.html", context)


def _found(working: Working) -> tuple[QuerySet[Entry], dict[str, str]]:
    asked = working.request.GET
    chosen = {name: asked.get(name, "").strip().replace("\x00", "")[:100] for name in ("q", "only")}
    found = as_it_will_be(working.register, working.batch)
    if chosen["only"] == "changed":
        found = found.filter(since=None)
    elif chosen["only"] == "warned":
        found = found.exclude(faults="")
    for word in chosen["q"].split():
        found = found.filter(values__icontains=word)
    return found, chosen


@business_view
def entry(request: StaffRequest, kind: str, record_id: uuid.UUID, key_hash: str) -> HttpResponse:
    """Add, change or remove one entry. What somebody else changed meanwhile stands beside what was typed."""
    working = opened(request, record_id)
    standing = None if key_hash == NEW else _one(working, key_hash)
    if request.method != "POST":
        if key_hash != NEW and standing is None:
            raise Http404
        return _entry_page(working, key_hash, standing, _form(working, standing))
    if was_performed(request.POST.get("request_key", "")):
        return redirect(working.url("register_entries"))
    working.must_change()
    form = _form(working, standing, request.POST)
    form.is_valid()
    remove = request.POST.get("action") == "remove"
    seen = request.POST.get("seen", "")
    known = "" if key_hash == NEW or (standing is None and request.POST.get("anew")) else key_hash
    try:
        working.change(entry=EntryEdit(form.typed(), known, seen, remove))
    except Refused as refused:
        conflict = any(fault.code == "entry_changed_meanwhile" for fault in refused.faults)
        for fault in refused.faults:
            if not conflict:
                form.add_error(fault.field if fault.field in form.fields else None, fault.message)
        status = 409 if conflict else 422
        return _entry_page(working, key_hash, standing, form, conflict=conflict, status=status)
    messages.success(request, "已从清单移出，公开以后生效。" if remove else "已保存，公开以后生效。")
    if request.POST.get("action") == "another":
        return redirect(working.url("register_entry", key_hash=NEW))
    return redirect(working.url("register_changes"))


def _one(working: Working, key_hash: str) -> Entry | None:
    """The entry as it stands now: staged, else public."""
    staged = working.touched().filter(key_hash=key_hash).first()
    return staged or entries_at(working.register).filter(key_hash=key_hash).first()


def _form(working: Working, standing: Entry | None, posted: Any = None) -> EntryForm:
    values = values_of(standing.values) if standing else {}
    return EntryForm(posted, kind=working.kind, words=working.words, values=values)


def _entry_page(
    working: Working,
    key_hash: str,
    standing: Entry | None,
    form: EntryForm,
    conflict: bool = False,
    status: int = 200,
) -> HttpResponse:
    request = working.request
    values = values_of(standing.values) if standing else {}
    seen = standing.values if standing else ""
    if form.is_bound and not conflict:
        seen = request.POST.get("seen", "")
    context = {
        **working.context("register_entries"),
        "form": form,
        "groups": form.grouped(),
        "title": working.words.title(values) if standing else "",
        "standing": standing,
        "new": key_hash == NEW,
        "seen": seen,
        "conflict": conflict,
        "anew": conflict and standing is None,
        "meanwhile": _both(working, form, values) if conflict else [],
        "removed": standing is not None and standing.since is None and standing.change == REMOVED,
        "staged": standing is not None and standing.since is None and standing.change in (ADDED, CHANGED),
    }
    return render(request, "desk/register_entry.html", context, status=status)


def _both(working: Working, form: EntryForm, values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Fields in which what is stored now and what was typed differ: title, stored, typed."""
    typed = form.typed()
    rows = []
    for one in working.kind.fields:
        stored = working.words.of(one.name, values.get(one.name))
        raw = form.initial.get(one.name) or ""
        if raw != typed[one.name]:
            rows.append((one.title, stored, working.words.of(one.name, typed[one.name] or None)))
    return rows


@business_view
def preview(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """What everybody will read: public columns, masked; and which columns stay inside."""
    working = opened(request, record_id)
    today = local_day(request.now)
    fields = [one for one in working.kind.public_fields if one.name not in ADJUSTING or working.kind.adjustments]
    page = Paginator(as_it_will_be(working.register, working.batch), PAGE).get_page(request.GET.get("page"))
    rows = []
    for entry in page.object_list:
        values = values_of(entry.values)
        public = public_values(working.kind, values)
        rows.append(
            {
                "cells": [
                    (
                        working.words.of(one.name, public.get(one.name)),
                        bool(one.mask) and public.get(one.name) != values.get(one.name),
                    )
                    for one in fields
                ],
                "over": not is_shown(working.kind, values, today),
                "taken_back": is_taken_back(working.kind, values),
            }
        )
    context = {
        **working.context("register_preview"),
        "page": page,
        "rows": rows,
        "headings": [(one.title, bool(one.mask)) for one in fields],
        "masked": [one.title for one in fields if one.mask],
        "inside": [one.title for one in working.kind.fields if not one.public],
        "faulty": working.batch.counts.get(FAULTY, 0) if working.batch else 0,
    }
    return render(request, "desk/register_preview.html", context)
