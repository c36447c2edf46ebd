"""The openness office reminds those who are late (D10.2, D24.2): one click, on the record, not twice within the hour."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from mingtang.duties.models import Duty
from mingtang.journal.writing import append, writing
from mingtang.records.errors import NotAllowed
from mingtang.units.actors import Actor

from .following import locked_place
from .kinds import KINDS, REMINDED
from .lateness import is_breach, late_duties, reasons, reminded_of, scope_of
from .recipients import holders, people_ids
from .services import notify

REMINDED_EVENT = "duty.reminded"
AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Outcome:
    """What reminding did.

    Attributes:
        reminded: duties whose people were told now.
        already: late duties reminded of within the last hour; nothing was done about them.
        units: how many units the reminded duties belong to. people: how many persons were told.
        unheard: names of units with nobody to tell; the reminder is on the record all the same.
    """

    reminded: tuple[Duty, ...]
    already: tuple[Duty, ...]
    units: int
    people: int
    unheard: tuple[str, ...]


def remind(*, actor: Actor, now: datetime, duty_ids: Collection[uuid.UUID] | None = None) -> Outcome:
    """Remind the people of late duties: all that breach a limit, or those given by id.

    Raises:
        NotAllowed: the actor is neither openness officer of a general office nor head of a unit.
    """
    if not scope_of(actor):
        raise NotAllowed("催办由政府办公厅（室）的政务公开专职人员办理；本单位的，由单位负责人办理。")
    with writing():
        # Two people, or two clicks, one after the other.
        locked_place("reminding")
        late = list(late_duties(actor, now))
        wanted = [duty for duty in late if (is_breach(duty) if duty_ids is None else duty.pk in duty_ids)]
        last = reminded_of(wanted)
        # A reminder of later than now was noted before the clock was set back.
        already = [duty for duty in wanted if duty.pk in last and last[duty.pk].at > now - AGAIN_AFTER]
        due = [duty for duty in wanted if duty not in already]
        return _remind(due, already, actor, now)


def _remind(due: list[Duty], already: list[Duty], actor: Actor, now: datetime) -> Outcome:
    why = reasons(due, now)
    pairs = {duty.pk: [(duty.unit_id, role) for role in KINDS[REMINDED].roles] for duty in due}
    people = holders([pair for found in pairs.values() for pair in found], now)
    told: set[int] = set()
    unheard: dict[str, None] = {}
    for duty in due:
        ids = people_ids(people, pairs[duty.pk])
        ids |= {person.pk for waiting in why[duty.pk] for person in waiting.people}
        ids -= {actor.person_id}
        event = append(
            REMINDED_EVENT,
            at=now,
            record_id=duty.record_id,
            unit_code=duty.unit_id,
            actor_id=actor.person_id,
            payload={"duty": str(duty.pk), "code": duty.code, "people": sorted(ids)},
        )
        notify(person_ids=ids, kind=REMINDED, about=duty, now=now, moment=str(event.id), by=actor.person_id)
        told |= ids
        if not ids:
            unheard[duty.unit.short_name] = None
    return Outcome(tuple(due), tuple(already), len({duty.unit_id for duty in due}), len(told), tuple(unheard))
