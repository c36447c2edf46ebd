"""The first screen: my work, ordered by what hurts first. One row, one verb."""

import uuid
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import render

from mingtang.documents.batches import waiting_count
from mingtang.duties.models import Reminder
from mingtang.duties.selectors import open_duties, visible_to
from mingtang.duties.services import stage_of
from mingtang.notices.lateness import late_elsewhere
from mingtang.records.models import Record, RecordParty
from mingtang.records.selectors import options
from mingtang.records.selectors import visible_to as records_visible_to
from mingtang.records.spec import RecordSpec, State, Transition, all_specs
from mingtang.units.account_views import told
from mingtang.units.credentials import recent_resets
from mingtang.units.roles import ROLES

from .access import StaffRequest, is_administrator, record_url, staff_view
from .present import show_duty

ROWS = 20
STAGES = {"before_due": "即将到期", "due": "今天到期", "overdue": "已逾期"}


@dataclass(frozen=True)
class Work:
    """A record that waits for this person, with the one step it waits for."""

    record: Record
    spec: RecordSpec
    state: State
    step: Transition | None
    direct: bool
    url: str
    request_key: str


@staff_view
def home(request: StaffRequest) -> HttpResponse:
    """Overdue, due soon, returned to me, waiting for me."""
    if is_administrator(request.actor) or not request.actor.units:
        return render(request, "desk/home_plain.html", _plain(request))
    now, mine = request.now, request.actor.units
    duties = [show_duty(duty, now, with_parts=True) for duty in open_duties(mine)[:100]]
    watched = visible_to(request.actor).exclude(unit__in=mine).filter(closed_at=None, due_at__lt=now)
    urgent = [duty for duty in duties if duty.state in ("overdue", "advisory_late")]
    soon = [duty for duty in duties if duty.state == "due_soon"]
    returned, waiting = _returned(request), _waiting(request)
    reminders = Reminder.objects.filter(unit__in=mine, duty__closed_at=None).select_related(
        "duty__unit", "duty__record"
    )
    shown_reminders = [
        {"stage": STAGES[reminder.stage], "duty": show_duty(reminder.duty, now), "at": reminder.at}
        for reminder in reminders.order_by("-at", "-pk")[:ROWS]
        if reminder.stage == stage_of(reminder.duty, now) and reminder.duty.unit_id not in mine
    ]
    late_count, late_units = late_elsewhere(request.actor, now)
    context = {
        "late_count": late_count,
        "late_units": late_units,
        "overdue": urgent,
        "due_soon": soon,
        "running": len(duties) - len(urgent) - len(soon),
        "returned": returned,
        "waiting": waiting[:ROWS],
        "together": waiting_count(request.actor),
        "more_waiting": max(0, len(waiting) - ROWS),
        "watched": [show_duty(duty, now) for duty in watched.order_by("due_at")[:ROWS]],
        "reminders": shown_reminders,
        "credential_changes": credential_changes(request),
        "creatable": [spec for spec in all_specs() if request.actor.units_as(spec.creator) and spec.stands_alone],
    }
    return render(request, "desk/home.html", context)


def _plain(request: StaffRequest) -> dict[str, object]:
    """The first screen of an administrator, and of somebody without a post."""
    held = [str(label) for role, label in ROLES.items() if role in request.actor.roles]
    return {
        "administrator": is_administrator(request.actor),
        "administrator_of": "、".join(held),
        "credential_changes": credential_changes(request),
    }


def credential_changes(request: StaffRequest) -> list[str]:
    """What others did to this person's secrets in the last two weeks."""
    return [told(reset) for reset in recent_resets(request.user, request.now)]


def _returned(request: StaffRequest) -> list[Work]:
    """Records sent back to units I draft for."""
    found = []
    for spec in all_specs():
        units = request.actor.units_as(spec.creator)
        if units and "returned" in spec.state_by_name:
            records = records_visible_to(request.actor).filter(kind=spec.kind, state="returned", lead_unit__in=units)
            found += [_work(record, spec, None) for record in records.select_related("lead_unit")[:ROWS]]
    return found


def _waiting(request: StaffRequest) -> list[Work]:
    """Records whose next step is mine to take, longest waiting first; not those decided on in batches."""
    found: list[tuple[Record, RecordSpec]] = []
    for spec in all_specs():
        condition = Q(pk__in=[])
        for step in spec.transitions:
            units = request.actor.units_as(step.role)
            if step.accent == "primary" and step.target is not None and units:
                party = RecordParty.objects.filter(record=OuterRef("pk"), unit__in=units, role__in=step.party)
                alone = [name for name in step.source if name != "returned" and not spec.state_by_name[name].together]
                condition |= Q(Exists(party), state__in=alone)
        records = records_visible_to(request.actor).filter(condition, kind=spec.kind)
        found += [(record, spec) for record in records.select_related("lead_unit").order_by("changed_at")[: 3 * ROWS]]
    found.sort(key=lambda pair: pair[0].changed_at)
    rows = []
    for record, spec in found[: 2 * ROWS]:
        mine = [
            option
            for option in options(record, actor=request.actor, now=request.now)
            if not option.reason and option.transition.accent == "primary" and option.transition.target is not None
        ]
        if mine:
            first = next((option for option in mine if option.open and not option.faults), mine[0])
            rows.append(_work(record, spec, first.transition, direct=first.open and not first.stopping))
    return rows


def _work(record: Record, spec: RecordSpec, step: Transition | None, *, direct: bool = False) -> Work:
    url = record_url(record, "do", transition=step.name) if step is not None else record_url(record)
    form = step is not None and bool(step.form)
    return Work(record, spec, spec.state_by_name[record.state], step, direct and not form, url, str(uuid.uuid4()))
