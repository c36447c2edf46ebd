"""Following journal and clocks: what happened becomes notices, each once.

The journal's numbers have no gaps and are given out under one lock, so following them by position misses nothing and
costs whoever takes a step nothing. A pass is one transaction: killed at any moment, it is done over.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from mingtang.duties.models import Duty, Reminder
from mingtang.editions.selectors import SOON
from mingtang.journal.models import Event
from mingtang.journal.selectors import payload_of
from mingtang.records.models import Record
from mingtang.records.spec import all_specs, spec_for
from mingtang.units.models import Post
from mingtang.units.roles import OPENNESS_OFFICER

from .kinds import BY_STAGE, DELEGATED, DUE_CHANGED, KINDS, RETURNED, WAITING
from .models import Matter, Notice, Place
from .recipients import holders, next_steps, people_ids
from .services import notify, subject_of

EVENTS_A_PASS = 500
DUTIES_A_PASS = 500
KEPT = timedelta(days=180)
RETURNED_STATE = "returned"
# Events that may give somebody a post that is not theirs: delegated, or while its holder is away.
BORROWED = ("post.delegated", "post.assigned")


def follow(now: datetime) -> int:
    """Everything there is to tell by ``now``; gives how many events and matters were looked at.

    Clocks are looked at once a minute: nothing about them is due to the second.
    """
    done, position = 0, Place.objects.filter(name="journal").values_list("position", flat=True).first() or 0
    if Event.objects.filter(sequence__gt=position).exists():
        while seen := follow_journal(now):
            done += seen
    return done + follow_clocks(now) if _is_new_minute(now) else done


def _is_new_minute(now: datetime) -> bool:
    """Whether nobody has looked at the clocks in this minute; killed before they did, the next one comes soon."""
    minute = int(now.timestamp()) // 60
    if Place.objects.filter(name="clocks", position=minute).exists():
        return False
    with transaction.atomic():
        place = locked_place("clocks")
        fresh = place.position != minute
        place.position = minute
        place.save(update_fields=["position"])
    return fresh


@transaction.atomic
def follow_journal(now: datetime) -> int:
    """Tell of the next events of the journal; gives how many were looked at."""
    place = locked_place("journal")
    events = list(Event.objects.filter(sequence__gt=place.position).order_by("sequence")[:EVENTS_A_PASS])
    if not events:
        return 0
    kinds = {spec.kind for spec in all_specs()}
    records = Record.objects.select_related("lead_unit").in_bulk(
        {event.record_id for event in events if event.record_id and event.to_state != event.from_state}
    )
    for event in events:
        if event.name in BORROWED:
            _post_given(event, now)
        record = records.get(event.record_id) if event.record_id and event.to_state != event.from_state else None
        if record is not None and record.kind in kinds:
            _moved_on(record, event, now)
    place.position = events[-1].sequence
    place.save(update_fields=["position"])
    return len(events)


def locked_place(name: str) -> Place:
    """The row of that name, held until the transaction ends."""
    Place.objects.get_or_create(name=name)
    return Place.objects.select_for_update().get(name=name)


def _moved_on(record: Record, event: Event, now: datetime) -> None:
    """What waited in the state before is settled; whoever is next is told, unless the record has moved on again."""
    moment = str(event.id)
    before = Notice.objects.filter(matter__about=subject_of(record), matter__kind__in=(WAITING, RETURNED))
    settle(before.exclude(matter__moment=moment), now)
    if record.state != event.to_state:
        return
    spec = spec_for(record.kind)
    if spec.state_by_name[event.to_state].together:
        return
    if event.to_state == RETURNED_STATE:
        kind, pairs = RETURNED, [(record.lead_unit_id, spec.creator)]
    else:
        kind, pairs = WAITING, []
        for step, units in next_steps(spec, record, now):
            # Whoever has just begun a draft knows that it is theirs.
            if event.from_state or step.role != spec.creator:
                pairs += [(unit, step.role) for unit in units]
    ids = people_ids(holders(pairs, now), pairs) - {event.actor_id}
    if ids:
        notify(person_ids=ids, kind=kind, about=record, now=now, moment=moment)


def _post_given(event: Event, now: datetime) -> None:
    """Tell whoever was delegated a post, or put in to act for its holder."""
    payload = payload_of(event)
    if payload.get("kind") not in ("delegated", "acting"):
        return
    post = Post.objects.filter(pk=payload["post"]).select_related("unit").first()
    if post is not None:
        by = payload.get("by")
        notify(person_ids=[post.person_id], kind=DELEGATED, about=post, now=now, moment=str(event.id), by=by)


def settle(notices: QuerySet[Notice], now: datetime) -> None:
    """What is done need not be read, nor mailed."""
    notices.filter(read_at=None).update(read_at=now, mail_waiting=False)


def follow_clocks(now: datetime) -> int:
    """Pass on reminders of clocks and tell of moved due dates; settle what is done. Gives how many matters are new.

    Safe to repeat, and for two workers at once.
    """
    fulfilled = Notice.objects.filter(read_at=None, matter__duty__closed_at__isnull=False)
    settle(Notice.objects.filter(pk__in=list(fulfilled.values_list("pk", flat=True)[:DUTIES_A_PASS])), now)
    if now.minute == 0:
        Notice.objects.filter(read_at__lt=now - KEPT).delete()
    return _pass_on_reminders(now) + _tell_moved(now)


def _untold(kind: str, moment: str) -> QuerySet[Duty]:
    """Open duties that nobody was told of for that reason, with what telling needs."""
    told = Matter.objects.filter(duty=OuterRef("pk"), kind=kind, moment=moment)
    found = Duty.objects.filter(~Exists(told), closed_at=None, exempt_ground="")
    return found.select_related("unit", "record").order_by("due_at", "pk")


def _pass_on_reminders(now: datetime) -> int:
    """The stage that a duty is at now, if its unit was reminded of it: ``duties.services.stage_of`` as a query."""
    day = now + timedelta(days=1)
    at_stage = {
        "before_due": Q(due_at__gte=day, due_at__lte=now + SOON),
        "due": Q(due_at__gte=now, due_at__lt=day),
        "overdue": Q(due_at__lt=now),
    }
    told = 0
    for stage, kind in BY_STAGE.items():
        reminded = Exists(Reminder.objects.filter(duty=OuterRef("pk"), stage=stage))
        duties = list(_untold(kind, stage).filter(at_stage[stage], reminded)[:DUTIES_A_PASS])
        units: dict[uuid.UUID, set[str]] = defaultdict(set)
        for duty_id, unit in Reminder.objects.filter(duty__in=duties, stage=stage).values_list("duty_id", "unit_id"):
            units[duty_id].add(unit)
        told += _tell(kind, stage, {duty: units[duty.pk] for duty in duties}, now)
    return told


def _tell_moved(now: datetime) -> int:
    """A newly announced calendar moved due dates, or made provisional ones sure."""
    numbers = Duty.objects.filter(closed_at=None, calendar__gt=0).values_list("calendar", flat=True).distinct()
    told = 0
    for number in list(numbers):
        moment = f"calendar/{number}"
        duties = _untold(DUE_CHANGED, moment).filter(calendar=number)[:DUTIES_A_PASS]
        told += _tell(DUE_CHANGED, moment, {duty: set() for duty in duties}, now)
    return told


def _tell(kind: str, moment: str, duties: Mapping[Duty, set[str]], now: datetime) -> int:
    """Tell the owing unit's people by the kind's roles, and the openness officer of the other units reminded."""
    pairs_of = {}
    for duty, units in duties.items():
        offices = [(unit, OPENNESS_OFFICER) for unit in sorted(units - {duty.unit_id}) if KINDS[kind].office]
        pairs_of[duty] = [(duty.unit_id, role) for role in KINDS[kind].roles] + offices
    people = holders([pair for pairs in pairs_of.values() for pair in pairs], now)
    for duty, pairs in pairs_of.items():
        notify(person_ids=people_ids(people, pairs), kind=kind, about=duty, now=now, moment=moment)
    return len(pairs_of)
