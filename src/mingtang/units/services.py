"""Writes of units: loaded from the profile, made, edited, merged. People: ``people``, ``posts``, ``credentials``."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from mingtang.editions.models import PublicRegion, PublicUnit

from .actors import SYSTEM, Actor
from .changes import announce, first_time, lock_unit, require
from .errors import UnitsError
from .models import Region, Unit
from .people import person_create
from .posts import post_assign, post_end
from .profile import SHIPPED, ProfileError, current_profile, read_profile

__all__ = [
    "UnitsError",
    "load_profile",
    "person_create",
    "post_assign",
    "post_end",
    "project_tree",
    "unit_create",
    "unit_edit",
    "unit_merge",
]


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
                "index_code": row.get("index_code") or f"{row['region'][:6]}{row['code'].upper()}",
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


EDITABLE = (
    "name",
    "short_name",
    "aliases",
    "kind",
    "region",
    "parent",
    "vertical_superior",
    "document_prefix",
    "index_code",
    "phone",
)


@transaction.atomic
def unit_create(
    *, code: str, values: Mapping[str, Any], valid_from: date, actor: Actor, now: datetime, request_key: str = ""
) -> Unit:
    """Set up a unit. ``values`` holds the fields of ``EDITABLE``; the public directory follows at once.

    Raises:
        NotAdministrator; UnitsError: the code or a name is taken, or the parent has ended.
    """
    require(actor, "units")
    if not first_time(request_key, now=now):
        return Unit.objects.get(pk=code)
    if not code or len(code) > 40 or not all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in code):
        raise UnitsError("单位代码只能用字母、数字、短横线，最多40个字符。", "code")
    if Unit.objects.filter(pk=code).exists():
        raise UnitsError(f"单位代码“{code}”已被使用。", "code")
    unit = Unit(code=code, valid_from=valid_from)
    _take_over(unit, values)
    unit.save(force_insert=True)
    project_tree()
    announce("unit.created", now=now, actor=actor, about=unit, unit=unit)
    return unit


@transaction.atomic
def unit_edit(
    *, unit: Unit, values: Mapping[str, Any], actor: Actor, now: datetime, expected_version: int | None = None
) -> Unit:
    """Change a unit's names and place. The public directory follows at once; papers keep the name they were issued
    under.

    Raises:
        NotAdministrator, Stale; UnitsError: a name is taken, or the unit would stand below itself.
    """
    require(actor, "units")
    unit = lock_unit(unit, expected_version)
    changed = _take_over(unit, values)
    if changed:
        unit.save(update_fields=changed)
        project_tree()
        announce("unit.edited", now=now, actor=actor, about=unit, unit=unit, fields=changed)
    return unit


def _take_over(unit: Unit, values: Mapping[str, Any]) -> list[str]:
    """Put values into a unit after checking them together; returns the fields that changed."""
    changed = [name for name in EDITABLE if name in values and getattr(unit, name, None) != values[name]]
    for name in changed:
        setattr(unit, name, values[name])
    if not unit.name or not unit.short_name:
        raise UnitsError("单位名称和简称都要填写。", "name")
    if Unit.objects.filter(name=unit.name).exclude(pk=unit.pk).exists():
        raise UnitsError(f"名称“{unit.name}”已被另一个单位使用。", "name")
    twin = Unit.objects.filter(short_name=unit.short_name, region=unit.region, valid_to=None).exclude(pk=unit.pk)
    if twin.exists():
        raise UnitsError(f"本地区已有简称“{unit.short_name}”的单位。", "short_name")
    node = unit.parent
    while node is not None:
        if node.pk == unit.pk:
            raise UnitsError("上级单位不能是本单位或它的下级。", "parent")
        node = node.parent
    return changed


@transaction.atomic
def unit_merge(
    *,
    unit: Unit,
    successor: Unit,
    on: date,
    now: datetime,
    actor: Actor = SYSTEM,
    expected_version: int | None = None,
) -> None:
    """End a unit on ``on``, its last day; its successor takes over from the next day.

    Raises:
        NotAdministrator, Stale.
        UnitsError: the unit has an end already, the successor has ended by then, or its work leads back to the unit.
    """
    require(actor, "units")
    if unit == successor:
        raise UnitsError("单位不能并入自己。", "successor")
    unit, successor = lock_unit(unit, expected_version), Unit.objects.get(pk=successor.pk)
    if unit.valid_to is not None:
        raise UnitsError(f"{unit.name}的撤销日期已定为{unit.valid_to:%Y-%m-%d}，不能再并入别的单位。", "on")
    heir: Unit | None = successor
    while heir is not None:
        if heir == unit:
            raise UnitsError(f"{successor.name}的承继单位就是{unit.name}，不能互相并入。", "successor")
        heir = heir.successor
    if successor.valid_to is not None and successor.valid_to <= on:
        raise UnitsError(f"{successor.name}已于{successor.valid_to:%Y-%m-%d}撤销，请改选它的承继单位。", "successor")
    unit.valid_to, unit.successor = on, successor
    unit.save(update_fields=["valid_to", "successor"])
    project_tree()
    announce("unit.merged", now=now, actor=actor, about=unit, unit=unit, successor=successor.pk, last_day=str(on))
