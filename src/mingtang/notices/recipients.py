"""Who is told: whoever holds the post at the moment, by acting or delegation too."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from mingtang.records.models import Record
from mingtang.records.spec import Context, Facts, RecordSpec, Transition
from mingtang.rules import SHANGHAI
from mingtang.units.actors import SYSTEM, in_force
from mingtang.units.models import Person, Post
from mingtang.units.roles import ADMINISTRATORS


def holders(pairs: Iterable[tuple[str, str]], now: datetime) -> dict[tuple[str, str], list[Person]]:
    """Active people by the pairs of unit code and role they hold at ``now``; never an administrator's role."""
    wanted = {(unit, role) for unit, role in pairs if role not in ADMINISTRATORS}
    found: dict[tuple[str, str], list[Person]] = {pair: [] for pair in wanted}
    if not wanted:
        return found
    posts = Post.objects.filter(
        in_force(now.astimezone(SHANGHAI)),
        unit__in={unit for unit, _ in wanted},
        role__in={role for _, role in wanted},
        person__is_active=True,
    )
    for post in posts.select_related("person").order_by("pk"):
        people = found.get((post.unit_id, post.role))
        if people is not None and post.person not in people:
            people.append(post.person)
    return found


def people_ids(found: Mapping[tuple[str, str], list[Person]], pairs: Iterable[tuple[str, str]]) -> set[int]:
    return {person.pk for pair in pairs for person in found.get(pair, ())}


def next_steps(spec: RecordSpec, record: Record, now: datetime) -> list[tuple[Transition, list[str]]]:
    """The steps that move the record on from where it stands, each with the units that may take it."""
    return open_steps(spec, record, now, lambda step: step.accent == "primary" and step.target is not None)


def open_steps(
    spec: RecordSpec, record: Record, now: datetime, wanted: Callable[[Transition], bool]
) -> list[tuple[Transition, list[str]]]:
    """Those of the wanted steps that start from the record's state and apply to it, each with its units."""
    context = Context(spec, record, SYSTEM, now)
    facts = Facts(context)
    return [
        (step, context.units_as(*step.party))
        for step in spec.transitions
        if record.state in step.source and wanted(step) and (not step.applies or facts[step.applies])
    ]
