"""The audit administrator's viewer: who did, read and exported what, and whether the trail is whole."""

import time
import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from mingtang.audit import identity
from mingtang.audit.integrity import ask_for_check, check_some, integrity
from mingtang.audit.names import ACTIONS, DENIED, EXPORT, IDENTITY, SIGN_IN_FAILED
from mingtang.audit.selectors import (
    Page,
    Place,
    Wanted,
    actions_since,
    alerts,
    everybody_who_saw,
    identity_looks,
    timeline,
)
from mingtang.journal.names import emitted_events, event_label
from mingtang.records.models import Record
from mingtang.units.models import Person
from mingtang.units.roles import ROLES

from .access import StaffRequest
from .administration import administrator_view
from .audit_export import FORM_LABELS
from .audit_filters import Asked, read
from .audit_show import Names
from .noting import note_as

PAGE = 50
CHECK_SECONDS = 1.5
LATELY = timedelta(days=30)
COUNTED = (IDENTITY, EXPORT, DENIED, SIGN_IN_FAILED)


@administrator_view("audit")
def audit(request: StaffRequest) -> HttpResponse:
    """Everything noted and done, newest first; integrity and what is unusual on top."""
    asked = read(request.GET)
    page = Page([], None) if asked.faults else timeline(asked.wanted, asked.place, PAGE)
    unusual = [] if asked.is_filtered or asked.place != Place() else alerts(request.now)
    names = Names([*page.entries, *unusual], people=asked.wanted.people, records=asked.records)
    context = {
        **_table(request, page, names),
        "asked": asked,
        "integrity": integrity(),
        "alerts": [names.line(row) for row in unusual],
        "actions": list(ACTIONS.items()),
        "events": sorted(((name, event_label(name)) for name in emitted_events()), key=lambda pair: pair[1]),
        "people": [{"id": person, "name": names.person(person)} for person in asked.wanted.people],
        "records": [{"kind": kind, "id": key, "label": names.subject(kind, key)} for kind, key in asked.records],
        "export_query": _query(request, asked),
    }
    return render(request, "desk/audit.html", context)


def _table(request: StaffRequest, page: Page, names: Names) -> dict[str, Any]:
    """What ``_audit_table.html`` needs."""
    older = request.GET.copy()
    for name in ("a", "e"):
        older.pop(name, None)
    first = older.urlencode()
    if page.older is not None:
        for name, value in (("a", page.older.access), ("e", page.older.event)):
            if value is not None:
                older[name] = str(value)
    return {
        "lines": [names.line(entry) for entry in page.entries],
        "older": older.urlencode() if page.older else "",
        "newest": first,
        "export_forms": list(FORM_LABELS.items()),
        "is_first": "a" not in request.GET and "e" not in request.GET,
    }


def _query(request: StaffRequest, asked: Asked) -> str:
    return urlencode({name: value for name, value in asked.typed.items() if value})


@administrator_view("audit")
def audit_person(request: StaffRequest, person_id: int) -> HttpResponse:
    """One official: posts, what they did in the last thirty days in figures, and the timeline."""
    person = Person.objects.filter(pk=person_id).first() if person_id < 2**63 else None
    if person is None:
        raise Http404
    page = timeline(Wanted(people=(person_id,)), read(request.GET).place, PAGE)
    counts = actions_since(person_id, request.now - LATELY)
    posts = person.posts.select_related("unit").order_by("-valid_from")
    context = {
        **_table(request, page, Names(page.entries, people=[person_id])),
        "person": person,
        "posts": [{"post": post, "role": ROLES.get(post.role, post.role)} for post in posts],
        "counts": [(ACTIONS[action], counts.get(action, 0)) for action in COUNTED],
        "export_query": urlencode({"person": person.username}),
    }
    return render(request, "desk/audit_person.html", context)


@administrator_view("audit")
def audit_record(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """One matter: who looked at the identity behind it and why, everybody who saw it, and the timeline."""
    if not Record.objects.filter(pk=record_id, kind=kind).exists():
        raise Http404
    looks, seen = identity_looks(str(record_id)), everybody_who_saw(str(record_id))
    page = timeline(Wanted(subject=str(record_id)), read(request.GET).place, PAGE)
    people = [one.person_id for one in seen if one.person_id is not None]
    names = Names([*page.entries, *looks], people=people, records=[(kind, str(record_id))])
    label = names.subject(kind, str(record_id))
    context = {
        **_table(request, page, names),
        "label": label,
        "number": label.partition(" ")[2],
        "record_id": record_id,
        "looks": [names.line(row) for row in looks],
        "seen": [
            {
                "seen": one,
                "person": names.person(one.person_id),
                "actions": "、".join(f"{ACTIONS.get(name, name)}{number}次" for name, number in one.actions.items()),
            }
            for one in seen
        ],
        "kept": _kept(kind, record_id),
        "export_query": urlencode({"subject": str(record_id)}),
    }
    # Not as a look at the record: whoever reads its trail sees nothing of it.
    note_as(request, subject_kind="audit_record", part=f"audit_record {record_id}")
    return render(request, "desk/audit_record.html", context)


def _kept(kind: str, record_id: uuid.UUID) -> str:
    """Which fields of an identity are kept, in words; not the fields themselves."""
    fields = identity.fields_kept(kind, record_id)
    return "、".join(str(identity.FIELDS[field]) for field in fields)


@require_POST
@administrator_view("audit")
def audit_check(request: StaffRequest) -> HttpResponse:
    """Begin a check of the whole trail; a small one is done at once, a large one goes on in the background."""
    ask_for_check(request.now)
    deadline = time.monotonic() + CHECK_SECONDS
    while check_some(request.now):
        if time.monotonic() > deadline:
            messages.success(request, "已开始核验，几分钟后刷新这一页看结果。")
            break
    else:
        state = integrity()
        if state.damage:
            messages.error(request, f"核验完成：发现{len(state.damage)}处问题。")
        else:
            messages.success(request, f"核验完成：{timezone.localtime(request.now):%H:%M} 全部记录完好。")
    return redirect(reverse("desk:audit"))
