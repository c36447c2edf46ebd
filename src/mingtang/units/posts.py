"""Posts: given, taken over for a while (主持工作), delegated for a period (委托代签), and ended."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from .actors import SYSTEM, Actor, in_force
from .changes import announce, first_time, lock_person, not_oneself, require
from .errors import UnitsError
from .models import DELEGATED, POST_KINDS, SUBSTANTIVE, Person, Post, Unit
from .roles import ADMINISTRATORS, ROLES

LONGEST_DELEGATION_DAYS = 366


def _lasting(day: date) -> Q:
    """Posts that have not ended on ``day`` yet."""
    return Q(ended_at=None) & (Q(valid_to=None) | Q(valid_to__gte=day))


@transaction.atomic
def post_assign(
    *,
    person: Person,
    unit: Unit,
    role: str,
    valid_from: date,
    now: datetime,
    title: str = "",
    dedicated: bool = False,
    valid_to: date | None = None,
    kind: str = SUBSTANTIVE,
    delegated_by: Person | None = None,
    reason: str = "",
    actor: Actor = SYSTEM,
    expected_version: int | None = None,
    request_key: str = "",
) -> Post:
    """Give a person a role in a unit from a day on: in their own right, acting, or delegated by who holds it.

    Raises:
        NotAdministrator: not the security administrator. Stale.
        UnitsError: oneself, a person whose account is off, unknown role or kind, a unit that has ended, the same post
            twice at one time, an administrator's role beside any other (三员分立); for a delegation also: no last day,
            more than a year, a role or a time that the other does not hold in their own right or acting.
    """
    require(actor, "delegations" if kind == DELEGATED else "posts")
    not_oneself(actor, person)
    if role not in ROLES:
        raise UnitsError(f"没有“{role}”这个角色。", "role")
    if kind not in POST_KINDS:
        raise UnitsError(f"没有“{kind}”这种任职方式。", "kind")
    if valid_to is not None and valid_to < valid_from:
        raise UnitsError("任职结束日期不能早于开始日期。", "valid_to")
    if unit.valid_to is not None and unit.valid_to < valid_from:
        raise UnitsError(f"{unit.name}已于{unit.valid_to:%Y-%m-%d}撤销，请改选承继单位。", "unit")
    if not first_time(request_key, now=now):
        return Post.objects.filter(person=person, unit=unit, role=role).latest("pk")
    person = lock_person(person, expected_version)
    if not person.is_active:
        raise UnitsError(f"{person}的账号已停用，请先由系统管理员恢复。", "person")
    current = Post.objects.filter(_lasting(valid_from), person=person)
    held = current.filter(unit=unit, role=role).first()
    if held is not None and (valid_to is None or held.valid_from <= valid_to):
        raise UnitsError(
            f"{person}自{held.valid_from:%Y-%m-%d}起已任{unit.name}{ROLES[role]}，同一岗位的任职期不能重叠。", "role"
        )
    others = set(current.values_list("role", flat=True)) - {role}
    if others and (role in ADMINISTRATORS or others & ADMINISTRATORS):
        raise UnitsError("系统管理员、安全管理员、审计管理员必须由不同的人担任，也不能兼任业务角色。", "role")
    if kind == DELEGATED:
        _may_delegate(delegated_by, person, unit, role, valid_from, valid_to)
    elif delegated_by is not None:
        raise UnitsError("只有委托代签才填委托人。", "delegated_by")
    post = Post.objects.create(
        person=person,
        unit=unit,
        role=role,
        title=title,
        dedicated=dedicated,
        valid_from=valid_from,
        valid_to=valid_to,
        kind=kind,
        delegated_by=delegated_by,
        reason=reason,
    )
    announce(
        "post.delegated" if kind == DELEGATED else "post.assigned",
        now=now,
        actor=actor,
        about=person,
        unit=unit,
        person=person.pk,
        post=post.pk,
        role=role,
        kind=kind,
        by=delegated_by.pk if delegated_by else None,
        first_day=str(valid_from),
        last_day=str(valid_to) if valid_to else None,
    )
    return post


def _may_delegate(
    delegated_by: Person | None, person: Person, unit: Unit, role: str, first: date, last: date | None
) -> None:
    if delegated_by is None:
        raise UnitsError("请选择委托人。", "delegated_by")
    if delegated_by.pk == person.pk:
        raise UnitsError("不能委托给自己。", "delegated_by")
    if role in ADMINISTRATORS:
        raise UnitsError("三类管理员的职责不能委托，请另行任命。", "role")
    if last is None:
        raise UnitsError("委托代签要写明截止日期。", "valid_to")
    if (last - first).days > LONGEST_DELEGATION_DAYS:
        raise UnitsError("委托代签一次不超过一年，请写近一些的截止日期。", "valid_to")
    delegator = Person.objects.select_for_update().get(pk=delegated_by.pk)
    holds = Post.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=last),
        person=delegator,
        unit=unit,
        role=role,
        ended_at=None,
        valid_from__lte=first,
    ).exclude(kind=DELEGATED)
    if not delegator.is_active or not holds.exists():
        raise UnitsError(
            f"{delegator}在这段时间里不是{unit.name}的{ROLES[role]}，不能委托自己没有的职责，也不能把受托的再委托出去。",
            "delegated_by",
        )


@transaction.atomic
def post_end(
    *,
    post: Post,
    now: datetime,
    on: date | None = None,
    actor: Actor = SYSTEM,
    expected_version: int | None = None,
) -> Post:
    """End a post: at once, or on ``on``, its last day. What the person delegated from it ends with it.

    Harmless when repeated: a post that ended stays as it ended.

    Raises:
        NotAdministrator, Stale; UnitsError: oneself, a day before the first, or the last of one kind of administrator.
    """
    require(actor, "delegations" if post.kind == DELEGATED else "posts")
    not_oneself(actor, post.person)
    if on is not None and on < post.valid_from:
        raise UnitsError("任职结束日期不能早于开始日期。", "valid_to")
    if on is not None and on < now.date() and actor.person_id is not None:
        raise UnitsError("结束日期已经过去；要立即结束，请选“立即结束”。", "valid_to")
    keep_one_administrator(post, now=now)
    person = lock_person(post.person, expected_version)
    held = Post.objects.get(pk=post.pk)
    if held.ended_at is not None:
        return held
    end_quietly(held, now=now, on=on)
    delegated = Post.objects.filter(
        _lasting(on or now.date()), delegated_by=person, unit=held.unit_id, role=held.role, kind=DELEGATED
    )
    for given in delegated:
        end_quietly(given, now=now, on=on)
        announce(
            "post.ended", now=now, actor=actor, about=given.person, unit=given.unit_id, person=given.person_id,
            post=given.pk, last_day=str(given.valid_to),
        )  # fmt: skip
    announce(
        "post.ended", now=now, actor=actor, about=person, unit=held.unit_id, person=person.pk, post=held.pk,
        last_day=str(held.valid_to),
    )  # fmt: skip
    return held


def end_quietly(post: Post, *, now: datetime, on: date | None) -> None:
    """Set the end of a post whose person is locked; the caller tells the journal."""
    if on is None:
        post.ended_at = now
        post.valid_to = max(now.date(), post.valid_from)
    else:
        post.valid_to = on
    post.save(update_fields=["valid_to", "ended_at"])


def end_delegations_of(person: Person, *, actor: Actor, now: datetime) -> None:
    """End at once every delegation a person gave."""
    for given in Post.objects.filter(_lasting(now.date()), delegated_by=person, kind=DELEGATED).select_related(
        "person"
    ):
        end_quietly(given, now=now, on=None)
        announce(
            "post.ended", now=now, actor=actor, about=given.person, unit=given.unit_id, person=given.person_id,
            post=given.pk, last_day=str(given.valid_to),
        )  # fmt: skip


def keep_one_administrator(post: Post, *, now: datetime) -> None:
    """Refuse to take the last person away from one of the three administrators' roles. Called before the person is
    locked: it locks all who hold the role, in one order, so that two who remove each other wait for one another.

    Raises:
        UnitsError: nobody else holds the role now and without an end.
    """
    if post.role not in ADMINISTRATORS or not Post.objects.filter(in_force(now), pk=post.pk).exists():
        return
    others = Post.objects.filter(in_force(now), role=post.role, valid_to=None, person__is_active=True)
    holders = set(others.values_list("person_id", flat=True)) | {post.person_id}
    list(Person.objects.select_for_update().filter(pk__in=holders).order_by("pk"))
    if not others.exclude(person=post.person_id).exists():
        raise UnitsError(f"{post.person}是最后一名{ROLES[post.role]}，请先任命另一人，再办理。")
