"""Who is acting: a person with the posts in force at a moment, or the system itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from .models import SUBSTANTIVE, Person, Post


@dataclass(frozen=True)
class Actor:
    """A value, taken once per request, so that a permission never changes half-way through one.

    ``posts`` holds pairs of unit code and role. ``borrowed`` tells of those not held in the person's own right: the kind
    (acting or delegated) and, if delegated, by whom. ``seats`` are the short name and kind of each unit, for display.
    """

    person_id: int | None
    name: str
    posts: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    borrowed: Mapping[tuple[str, str], tuple[str, int | None]] = field(default_factory=dict, compare=False, repr=False)
    seats: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def units(self) -> frozenset[str]:
        return frozenset(unit for unit, _ in self.posts)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for _, role in self.posts)

    def units_as(self, role: str) -> frozenset[str]:
        """Unit codes in which this actor holds ``role``."""
        return frozenset(unit for unit, held in self.posts if held == role)

    def holds(self, role: str, units: Iterable[str]) -> bool:
        """True if the actor holds ``role`` in any of ``units``."""
        return any((unit, role) in self.posts for unit in units)

    def capacity(self, role: str, units: Iterable[str]) -> tuple[str, int | None] | None:
        """How the actor holds ``role`` in ``units``: None in their own right, else acting or for somebody."""
        held = [(unit, role) for unit in units if (unit, role) in self.posts]
        if not held or any(post not in self.borrowed for post in held):
            return None
        return self.borrowed[min(held)]


SYSTEM = Actor(None, "系统")


def in_force(now: datetime) -> Q:
    """Posts that give rights at ``now``. The account's own state is another matter: ``person__is_active``."""
    day = now.date()
    return Q(valid_from__lte=day) & (Q(valid_to=None) | Q(valid_to__gte=day)) & (Q(ended_at=None) | Q(ended_at__gt=now))


def actor_for(person: Person, now: datetime) -> Actor:
    """The actor that ``person`` is at ``now``: only posts in force count, a disabled account has none."""
    if not person.is_active:
        return Actor(person.pk, str(person))
    rows = Post.objects.filter(in_force(now), person=person).values_list(
        "unit_id", "role", "kind", "delegated_by_id", "unit__short_name", "unit__kind"
    )
    own, borrowed, seats = set(), {}, {}
    for unit, role, kind, by, short_name, unit_kind in rows:
        seats[unit] = (short_name, unit_kind)
        if kind == SUBSTANTIVE:
            own.add((unit, role))
        else:
            borrowed[unit, role] = (kind, by)
    for post in own:
        borrowed.pop(post, None)
    return Actor(person.pk, str(person), frozenset(own | borrowed.keys()), borrowed, seats)
