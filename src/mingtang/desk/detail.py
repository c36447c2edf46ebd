"""A record: facts left, timeline right, next actions at the bottom with the reason when one is closed."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mingtang.disclosure.attachments import attachments_of
from mingtang.disclosure.models import ATTACHMENT, ORIGINAL, UNCUT, Disclosed
from mingtang.editions.models import Publication
from mingtang.journal.models import Event
from mingtang.journal.names import event_label
from mingtang.journal.selectors import events_of, payload_of
from mingtang.records.handling import handler_of
from mingtang.records.models import Record, Remark
from mingtang.records.selectors import Option, linked_visible, may_edit, options
from mingtang.records.spec import RecordSpec, spec_for
from mingtang.text.bodies import blocks_of
from mingtang.units.models import Person

from .access import StaffRequest, business_view, record_or_404, record_url
from .identity_views import identity_shown, may_see
from .mending import attachable, show_faults
from .present import moment_words, show_duty, shown
from .register_review import review_of


@business_view
def detail(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """Everything about one record that its parties may see."""
    spec, record = record_or_404(request, kind, record_id)
    row = spec.detail(record)
    events = list(events_of(record.pk))
    linked = [
        {"record": other, "spec": spec_for(other.kind), "state": spec_for(other.kind).state_by_name[other.state]}
        for _, other in linked_visible(request.actor, record)
    ]
    context = {
        "spec": spec,
        "record": record,
        "state": spec.state_by_name[record.state],
        "groups": shown_groups(spec, row) + confidential_groups(request, spec, record, row),
        "identity": identity_shown(request, spec, record),
        "blocks": blocks_of(getattr(row, spec.body)) if spec.body else [],
        "files": [one for role in (ATTACHMENT, UNCUT, ORIGINAL) for one in attachments_of(record.pk, role)],
        "linked": linked,
        "attachable": _attachable(request, record, linked),
        "slip": return_slip(request, record, events),
        "duties": [
            show_duty(duty, request.now, with_parts=True)
            for duty in record.duties.select_related("unit").order_by("due_at")
        ],
        "timeline": timeline(events, request),
        "handler": Person.objects.filter(pk=handler_of(record.pk) or 0).first(),
        "actions": [
            _action(request, record, option) for option in options(record, actor=request.actor, now=request.now)
        ],
        "may_edit": may_edit(record, actor=request.actor),
        "publication": publication_of(record),
        "review": review_of(request, record) if record.state in ("submitted", "approved", "reviewed") else None,
        "request_key": str(uuid.uuid4()),
    }
    return render(request, "desk/detail.html", context)


@business_view
def history(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """Every event in full, and the public editions with their differences."""
    spec, record = record_or_404(request, kind, record_id)
    publication = publication_of(record)
    editions = list(publication.editions.order_by("number")) if publication else []
    context = {
        "spec": spec,
        "record": record,
        "timeline": timeline(list(events_of(record.pk)), request),
        "publication": publication,
        "editions": editions,
        "pairs": list(zip(editions, editions[1:], strict=False)),
    }
    return render(request, "desk/history.html", context)


Groups = list[tuple[str, list[tuple[str, str]]]]


def shown_groups(spec: RecordSpec, row: Any) -> Groups:
    """Facts in groups, empty ones left out."""
    return _filled(spec.facts_shown(row))


def confidential_groups(request: StaffRequest, spec: RecordSpec, record: Record, row: Any) -> Groups:
    """What only one role of the lead unit is shown."""
    if spec.confidential is None or spec.confidential.facts_shown is None or not may_see(request, spec, record):
        return []
    return _filled(spec.confidential.facts_shown(row))


def _filled(found: list[tuple[str, list[tuple[str, Any]]]]) -> Groups:
    groups = []
    for heading, facts in found:
        filled = [(label, shown(value)) for label, value in facts]
        filled = [(label, value) for label, value in filled if value]
        if filled:
            groups.append((heading, filled))
    return groups


def publication_of(record: Record) -> Publication | None:
    disclosed = Disclosed.objects.filter(record=record).first()
    return Publication.objects.filter(index_number=disclosed.index_number).first() if disclosed else None


def return_slip(request: StaffRequest, record: Record, events: list[Event]) -> dict[str, Any] | None:
    """The last return slip while it is still to be answered: who, when, which faults, which words."""
    if record.state != "returned":
        return None
    event = next((event for event in reversed(events) if event.to_state == "returned"), None)
    if event is None:
        return None
    payload = payload_of(event)
    remark = Remark.objects.filter(pk=payload["remark"]).first() if payload.get("remark") else None
    author = Person.objects.filter(pk=event.actor_id).first() if event.actor_id else None
    return {
        "label": event_label(event.name),
        "faults": show_faults(payload.get("faults", []), record, request.actor),
        "remark": remark.text if remark else "",
        "author": "系统按规定自动退回" if _was_automatic(event, payload) else str(author or "系统"),
        "at": moment_words(event.at, request.now),
    }


def _was_automatic(event: Event, payload: dict[str, Any]) -> bool:
    """A return that the gates made when the drafter reported; a clerk's own return carries the step's effects."""
    return event.to_state == "returned" and bool(payload.get("faults")) and event.from_state != "reported"


def timeline(events: list[Event], request: StaffRequest) -> list[dict[str, Any]]:
    """Events newest first, with names, times and the words that went with them."""
    payloads = {event.pk: payload_of(event) for event in events}
    named = {event.actor_id for event in events if event.actor_id}
    for payload in payloads.values():
        named |= {payload[key] for key in ("from_person", "to_person") if key in payload}
        named |= {payload["capacity"]["by"]} if "by" in payload.get("capacity", {}) else set()
    people = {person.pk: str(person) for person in Person.objects.filter(pk__in=named)}
    wanted = {payload["remark"] for payload in payloads.values() if payload.get("remark")}
    remarks = {str(remark.pk): remark.text for remark in Remark.objects.filter(pk__in=wanted)}
    return [
        {
            "event": event,
            "label": event_label(event.name),
            "person": "系统自动退回"
            if _was_automatic(event, payloads[event.pk])
            else people.get(event.actor_id or 0, "系统") + capacity_words(payloads[event.pk], people),
            "at": moment_words(event.at, request.now),
            "remark": remarks.get(payloads[event.pk].get("remark", ""), "") or handed_words(payloads[event.pk], people),
            "faults": payloads[event.pk].get("faults", []),
            "warnings": payloads[event.pk].get("warnings", []),
            "index_number": payloads[event.pk].get("publication", ""),
        }
        for event in reversed(events)
    ]


def capacity_words(payload: dict[str, Any], people: dict[int, str]) -> str:
    """（受李四委托）or（主持工作）behind a name; nothing for who acted in their own right."""
    capacity = payload.get("capacity")
    if not capacity:
        return ""
    return f"（受{people.get(capacity['by'], '他人')}委托）" if "by" in capacity else "（主持工作）"


def handed_words(payload: dict[str, Any], people: dict[int, str]) -> str:
    """Who gave the work to whom."""
    if "to_person" not in payload:
        return ""
    return f"由{people.get(payload['from_person'], '')}移交{people.get(payload['to_person'], '')}经办"


def _attachable(request: StaffRequest, record: Record, linked: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Kinds that can still be attached to this record by this person."""
    present = {entry["spec"].kind for entry in linked}
    return [
        {"label": spec.label, "url": f"{reverse('desk:new', args=[spec.kind])}?about={record.pk}"}
        for spec in attachable(record.kind)
        if request.actor.holds(spec.creator, [record.lead_unit_id]) and (spec.stands_alone or spec.kind not in present)
    ]


def _action(request: StaffRequest, record: Record, option: Option) -> dict[str, Any]:
    faults = show_faults(option.faults, record, request.actor)
    return {
        "step": option.transition,
        "open": option.open,
        "reason": option.reason,
        "faults": faults if not option.reason else [],
        "returns": option.transition.on_fault == "return" and bool(option.stopping),
        "url": record_url(record, "do", transition=option.transition.name),
    }
