"""The journal, for the audit administrator alone."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from mingtang.journal.models import Event, JournalHead
from mingtang.journal.names import emitted_events, event_label
from mingtang.journal.selectors import verify_journal
from mingtang.records.errors import NotAllowed
from mingtang.records.spec import all_specs
from mingtang.units.models import Person
from mingtang.units.roles import AUDIT_ADMINISTRATOR

from .access import StaffRequest, staff_view
from .sign_in_journal import REFUSED

PAGE = 50


def _moved(event: Event) -> str:
    """The change of state in words; empty where an event changed none."""
    spec = next((spec for spec in all_specs() if event.name.startswith(f"{spec.kind}.")), None)
    if spec is None or not event.to_state or event.from_state == event.to_state:
        return ""
    labels = {name: state.label for name, state in spec.state_by_name.items()}
    before, after = labels.get(event.from_state, ""), labels.get(event.to_state, event.to_state)
    return f"{before} → {after}" if before else after


@staff_view
def journal(request: StaffRequest) -> HttpResponse:
    """Events newest first. Shows who did what and when, never what a record says."""
    if AUDIT_ADMINISTRATOR not in request.actor.roles:
        raise NotAllowed("办事日志由审计管理员查看。")
    chosen = {name: request.GET.get(name, "").strip()[:60] for name in ("event", "unit")}
    found = Event.objects.order_by("-sequence")
    if chosen["event"]:
        found = found.filter(name=chosen["event"])
    if chosen["unit"]:
        found = found.filter(unit_code=chosen["unit"])
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    events = list(page.object_list)
    people = {person.pk: str(person) for person in Person.objects.filter(pk__in={event.actor_id for event in events})}
    checked = request.GET.get("verify") == "1"
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "page": page,
        "rows": [
            {
                "event": event,
                "label": event_label(event.name),
                "person": people.get(event.actor_id or 0, "未知用户名" if event.name == REFUSED else "系统"),
                "moved": _moved(event),
            }
            for event in events
        ],
        "head": JournalHead.objects.filter(pk=1).first(),
        "checked": checked,
        "wrong": verify_journal() if checked else [],
        "chosen": chosen,
        "events": sorted((name, event_label(name)) for name in emitted_events()),
        "asked": asked.urlencode(),
    }
    return render(request, "desk/journal.html", context)
