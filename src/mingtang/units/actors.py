"""Who is acting: a person with the posts in force at a moment, or the system itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from .models import Person, Post


@dataclass(frozen=True)
class Actor:
    """A value, taken once per request, so that a permission never changes half-way through one.

    ``posts`` holds pairs of unit code and role.
    """

    person_id: int | None
    name: str
    posts: frozenset[tuple[str, str]] = field(default_factory=frozenset)

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


SYSTEM = Actor(None, "系统")


def actor_for(person: Person, now: datetime) -> Actor:
    """The actor that ``person`` is at ``now``: only posts in force count, a disabled account has none."""
    if not person.is_active:
        return Actor(person.pk, str(person))
    day = now.date()
    posts = Post.objects.filter(Q(valid_to=None) | Q(valid_to__gte=day), person=person, valid_from__lte=day)
    return Actor(person.pk, str(person), frozenset(posts.values_list("unit_id", "role")))
