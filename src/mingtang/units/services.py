"""Writes of units, people and posts."""

from datetime import date, datetime

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Q

from mingtang.editions.models import PublicRegion, PublicUnit

from .models import Person, Post, Region, Unit
from .profile import SHIPPED, ProfileError, current_profile, read_profile
from .roles import ADMINISTRATORS, ROLES


class UnitsError(Exception):
    """A refused change; ``str()`` is Chinese and says what to do."""


@transaction.atomic
def load_profile(name: str, *, now: datetime) -> None:
    """Create or update the regions and units of a profile. Nothing is ever deleted: units end, they do not vanish.

    Raises:
        ProfileError: a row names a region, parent or successor that does not exist.
    """
    current = current_profile()
    profile = current if name == current.code else read_profile(SHIPPED / name)
    for row in profile.rows("regions.csv"):
        Region.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "name_mongolian": row["name_mongolian"],
                "level": row["level"],
                "parent_id": row["parent"] or None,
            },
        )
    rows = profile.rows("units.csv")
    codes, regions = {row["code"] for row in rows}, set(Region.objects.values_list("pk", flat=True))
    groups: dict[str, list[str]] = {}
    for group, members in profile.groups.items():
        for code in members:
            if code not in codes:
                raise ProfileError(f"profile.toml 的分组“{group}”里有不存在的单位“{code}”")
            groups.setdefault(code, []).append(group)
    for number, row in enumerate(rows, 2):
        if row["region"] not in regions:
            raise ProfileError(f"units.csv 第 {number} 行：没有地区“{row['region']}”")
        for key in ("parent", "successor"):
            if row[key] and row[key] not in codes:
                raise ProfileError(f"units.csv 第 {number} 行：没有单位“{row[key]}”（{key}）")
        own_groups = [*groups.get(row["code"], []), *(["constituent_departments"] if row["constituent"] else [])]
        Unit.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "short_name": row["short_name"],
                "aliases": [alias for alias in row["aliases"].split(";") if alias],
                "kind": row["kind"],
                "region_id": row["region"],
                "parent_id": row["parent"] or None,
                "vertical_superior": row["vertical_superior"],
                "groups": own_groups,
                "document_prefix": row["document_prefix"],
                "index_code": f"{row['region'][:6]}{row['code'].upper()}",
                "phone": row["phone"],
                "valid_from": _day(row["valid_from"]),
                "valid_to": _day(row["valid_to"]),
            },
        )
    for row in rows:
        Unit.objects.filter(pk=row["code"]).update(successor_id=row["successor"] or None)
    project_tree()


def project_tree() -> None:
    """Tell the public side the names and places of regions and units, and nothing else of them."""
    for region in Region.objects.all():
        PublicRegion.objects.update_or_create(
            code=region.pk,
            defaults={
                "name": region.name,
                "name_mongolian": region.name_mongolian,
                "level": region.level,
                "parent_code": region.parent_id or "",
            },
        )
    for unit in Unit.objects.all():
        PublicUnit.objects.update_or_create(
            code=unit.pk,
            defaults={
                "name": unit.name,
                "short_name": unit.short_name,
                "kind": unit.kind,
                "region_code": unit.region_id,
                "parent_code": unit.parent_id or "",
                "valid_from": unit.valid_from,
                "valid_to": unit.valid_to,
                "successor_code": unit.successor_id or "",
            },
        )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@transaction.atomic
def unit_merge(*, unit: Unit, successor: Unit, on: date) -> None:
    """End a unit on ``on``, its last day; its successor takes over from the next day.

    Raises:
        UnitsError: the unit has an end already, the successor has ended by then, or its work leads back to the unit.
    """
    if unit == successor:
        raise UnitsError("单位不能并入自己。")
    if unit.valid_to is not None:
        raise UnitsError(f"{unit.name}的撤销日期已定为{unit.valid_to:%Y-%m-%d}，不能再并入别的单位。")
    heir: Unit | None = successor
    while heir is not None:
        if heir == unit:
            raise UnitsError(f"{successor.name}的承继单位就是{unit.name}，不能互相并入。")
        heir = heir.successor
    if successor.valid_to is not None and successor.valid_to <= on:
        raise UnitsError(f"{successor.name}已于{successor.valid_to:%Y-%m-%d}撤销，请改选它的承继单位。")
    unit.valid_to, unit.successor = on, successor
    unit.save(update_fields=["valid_to", "successor"])
    project_tree()


def person_create(*, username: str, display_name: str, password: str) -> Person:
    """Create an account. The password must satisfy the installation's rules.

    Raises:
        UnitsError: the user name is empty, longer than 60 characters, holds a space, or is taken in any letter case;
            the person's name is empty or longer than 40 characters.
        django.core.exceptions.ValidationError: the password is too weak.
    """
    if not 1 <= len(username) <= 60 or any(sign.isspace() or not sign.isprintable() for sign in username):
        raise UnitsError("用户名要有1到60个字符，不能有空格。")
    if not display_name.strip() or len(display_name) > 40:
        raise UnitsError("姓名要有1到40个字符。")
    if Person.objects.filter(username__iexact=username).exists():
        raise UnitsError(f"用户名“{username}”已被使用（不分大小写）。")
    person = Person(username=username, display_name=display_name.strip())
    validate_password(password, person)
    person.set_password(password)
    person.save()
    return person


@transaction.atomic
def set_password(*, person: Person, password: str) -> None:
    """Set a new password and end every session of the person.

    Raises:
        django.core.exceptions.ValidationError: the password is too weak.
    """
    validate_password(password, person)
    person.set_password(password)
    person.save(update_fields=["password"])
    person.sessions.all().delete()


@transaction.atomic
def totp_reset(*, person: Person) -> None:
    """Take a person's one-time codes and recovery codes away, for a lost telephone or key; ends their sessions.

    Raises:
        UnitsError: there is nothing to take away.
    """
    if not Authenticator.objects.filter(user=person).delete()[0]:
        raise UnitsError(f"{person}没有启用动态口令。")
    person.sessions.all().delete()


@transaction.atomic
def post_assign(
    *, person: Person, unit: Unit, role: str, valid_from: date, title: str = "", dedicated: bool = False
) -> Post:
    """Give a person a role in a unit from a day on.

    Raises:
        UnitsError: unknown role, a unit that has ended, the same post twice at one time, or an administrator's role
            beside any other (三员分立).
    """
    if role not in ROLES:
        raise UnitsError(f"没有“{role}”这个角色。")
    if unit.valid_to is not None and unit.valid_to < valid_from:
        raise UnitsError(f"{unit.name}已于{unit.valid_to:%Y-%m-%d}撤销，请改选承继单位。")
    Person.objects.select_for_update().get(pk=person.pk)
    current = Post.objects.filter(Q(valid_to=None) | Q(valid_to__gte=valid_from), person=person)
    held = current.filter(unit=unit, role=role).first()
    if held is not None:
        raise UnitsError(
            f"{person}自{held.valid_from:%Y-%m-%d}起已任{unit.name}{ROLES[role]}，同一岗位的任职期不能重叠。"
        )
    others = set(current.values_list("role", flat=True)) - {role}
    if others and (role in ADMINISTRATORS or others & ADMINISTRATORS):
        raise UnitsError("系统管理员、安全管理员、审计管理员必须由不同的人担任，也不能兼任业务角色。")
    return Post.objects.create(
        person=person, unit=unit, role=role, title=title, dedicated=dedicated, valid_from=valid_from
    )


def post_end(*, post: Post, on: date) -> None:
    """End a post on ``on``, its last day."""
    if on < post.valid_from:
        raise UnitsError("任职结束日期不能早于开始日期。")
    post.valid_to = on
    post.save(update_fields=["valid_to"])
