"""Handing over (工作移交): open work moves to the successor in one transaction; who did what stays as it was.

Rooms above register what of theirs is tied to a person. The security administrator sees counts, never titles: the
three administrators do not look at business.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db import transaction

from .actors import Actor, in_force
from .changes import announce, first_time, lock_person, not_oneself, require
from .errors import UnitsError
from .models import DELEGATED, SUBSTANTIVE, Person, Post, Unit
from .posts import end_quietly, post_assign
from .roles import ADMINISTRATORS


@dataclass(frozen=True)
class NewPost:
    """Where the person goes: transferred (调动) in the same step."""

    unit: Unit
    role: str
    title: str = ""


@dataclass(frozen=True)
class Handover:
    """Who hands over the work of which unit to whom.

    Attributes:
        take_posts: the successor gets the posts that they do not hold yet, from today.
        keep_posts: the person stays (several posts, long leave); else their posts in the unit end at once.
        new_post: the person's post elsewhere from today.
    """

    person: Person
    successor: Person
    unit: Unit
    actor: Actor
    now: datetime
    take_posts: bool = False
    keep_posts: bool = False
    new_post: NewPost | None = None
    leaving: tuple[Post, ...] = field(default=())
    leaves_all: bool = False

    @property
    def day(self) -> date:
        return self.now.date()


@dataclass(frozen=True)
class Line:
    """One kind of thing that moves: how many, and what is to be known about it."""

    label: str
    count: int
    note: str = ""


@dataclass(frozen=True)
class Movable:
    """Something of a room that is tied to a person. ``move`` runs in the hand-over's transaction and returns how many
    it moved; ``count`` says the same beforehand.
    """

    label: str
    count: Callable[[Handover], int]
    move: Callable[[Handover], int]
    note: str = ""


_movables: list[Movable] = []


def register_movable(movable: Movable) -> None:
    """Declare what else moves with a person's work; shown in this order."""
    if all(known.label != movable.label for known in _movables):
        _movables.append(movable)


def preview(wish: Handover) -> list[Line]:
    """What would move, end or begin. Changes nothing.

    Raises:
        NotAdministrator, UnitsError: as ``hand_over`` would.
    """
    wish = _checked(wish)
    lines = [Line(kind.label, kind.count(wish), kind.note) for kind in _movables]
    return [*lines, *_post_lines(wish)]


@transaction.atomic
def hand_over(wish: Handover, *, expected_version: int | None = None, request_key: str = "") -> list[Line]:
    """Move everything, in one transaction. Returns what moved; nothing for a request carried out before.

    Raises:
        NotAdministrator, Stale.
        UnitsError: to oneself or by oneself, no post in the unit, a successor whose account is off or who does not
            work in the unit by the end of it, the three administrators' work.
    """
    require(wish.actor, "hand_over")
    if not first_time(request_key, now=wish.now):
        return []
    for person in sorted((wish.person, wish.successor), key=lambda one: one.pk):
        lock_person(person, expected_version if person.pk == wish.person.pk else None)
    wish = _checked(wish)
    lines = _post_lines(wish)
    _move_posts(wish)
    moved = [Line(kind.label, kind.move(wish), kind.note) for kind in _movables]
    ids = {"from_person": wish.person.pk, "to_person": wish.successor.pk}
    counts = {line.label: line.count for line in moved}
    announce("work.handed_over", now=wish.now, actor=wish.actor, about=wish.person, unit=wish.unit, moved=counts, **ids)
    return [*moved, *lines]


def _checked(wish: Handover) -> Handover:
    """The wish with the posts that are left, or a refusal naming the field."""
    require(wish.actor, "hand_over")
    not_oneself(wish.actor, wish.person)
    not_oneself(wish.actor, wish.successor)
    if wish.person.pk == wish.successor.pk:
        raise UnitsError("接手人不能是本人。", "successor")
    if not Person.objects.filter(pk=wish.successor.pk, is_active=True).exists():
        raise UnitsError(f"{wish.successor}的账号已停用，请改选接手人。", "successor")
    held = list(Post.objects.filter(in_force(wish.now), person=wish.person).select_related("unit"))
    leaving = tuple(post for post in held if post.unit_id == wish.unit.pk)
    if not leaving:
        raise UnitsError(f"{wish.person}在{wish.unit.name}没有在任的岗位。", "unit")
    if any(post.role in ADMINISTRATORS for post in leaving):
        raise UnitsError("三类管理员没有业务可移交，请先任命新的管理员，再结束原岗位。", "unit")
    theirs = Post.objects.filter(in_force(wish.now), person=wish.successor)
    if not wish.take_posts and not theirs.filter(unit=wish.unit).exists():
        raise UnitsError(
            f"{wish.successor}不在{wish.unit.name}任职，接手后看不到这些工作。请勾选“接任岗位”，或改选接手人。",
            "successor",
        )
    if theirs.filter(role__in=ADMINISTRATORS).exists():
        raise UnitsError(f"{wish.successor}是管理员，不能接手业务。", "successor")
    return replace(wish, leaving=leaving, leaves_all=not wish.keep_posts and len(leaving) == len(held))


def _taken(wish: Handover) -> list[Post]:
    """Posts the successor gets: those left in the person's own right or acting, which they do not hold yet."""
    if not wish.take_posts:
        return []
    held = set(
        Post.objects.filter(in_force(wish.now), person=wish.successor, unit=wish.unit).values_list("role", flat=True)
    )
    return [post for post in wish.leaving if post.kind != DELEGATED and post.role not in held]


def _given(wish: Handover) -> list[Post]:
    """Delegations the person gave from the posts they leave."""
    if wish.keep_posts:
        return []
    roles = [post.role for post in wish.leaving]
    return list(
        Post.objects.filter(
            in_force(wish.now), delegated_by=wish.person, unit=wish.unit, role__in=roles, kind=DELEGATED
        ).select_related("person")
    )


def _passes_on(wish: Handover, given: Post) -> bool:
    """A delegation goes on under the successor if they hold the post in their own right afterwards."""
    if given.person_id == wish.successor.pk:
        return False
    if any(post.role == given.role and post.kind == SUBSTANTIVE for post in _taken(wish)):
        return True
    own = Post.objects.filter(in_force(wish.now), person=wish.successor, unit=wish.unit, role=given.role)
    return own.exclude(kind=DELEGATED).exists()


def _post_lines(wish: Handover) -> list[Line]:
    given = _given(wish)
    passed = [post for post in given if _passes_on(wish, post)]
    lines = [
        Line("本人在该单位的岗位", 0 if wish.keep_posts else len(wish.leaving), "立即结束"),
        Line("接手人新任的岗位", len(_taken(wish)), "自今天起"),
        Line("本人给出的委托，改由接手人委托", len(passed)),
        Line("本人给出的委托，随岗位结束", len(given) - len(passed)),
    ]
    return [line for line in lines if line.count]


def _move_posts(wish: Handover) -> None:
    given, taken = _given(wish), _taken(wish)
    passed = [post.pk for post in given if _passes_on(wish, post)]
    for post in given:
        if post.pk in passed:
            post.delegated_by = wish.successor
            post.save(update_fields=["delegated_by"])
            _tell(wish, "post.delegated", post, by=wish.successor.pk)
        else:
            end_quietly(post, now=wish.now, on=None)
            _tell(wish, "post.ended", post, last_day=str(wish.day))
    if not wish.keep_posts:
        for post in wish.leaving:
            end_quietly(post, now=wish.now, on=None)
            _tell(wish, "post.ended", post, last_day=str(wish.day))
    for post in taken:
        _take(wish, wish.successor, wish.unit, post.role, post.title, post.dedicated)
    if wish.new_post is not None:
        _take(wish, wish.person, wish.new_post.unit, wish.new_post.role, wish.new_post.title, False)


def _take(wish: Handover, person: Person, unit: Unit, role: str, title: str, dedicated: bool) -> None:
    post_assign(
        person=person, unit=unit, role=role, title=title, dedicated=dedicated, valid_from=wish.day, now=wish.now,
        actor=wish.actor,
    )  # fmt: skip


def _tell(wish: Handover, name: str, post: Post, **ids: object) -> None:
    announce(
        name, now=wish.now, actor=wish.actor, about=post.person, unit=post.unit_id, person=post.person_id,
        post=post.pk, **ids,
    )  # fmt: skip
