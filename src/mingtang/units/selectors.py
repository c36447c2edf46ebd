"""Reads of the unit tree."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Q

from .models import Unit
from .profile import current_profile

GOVERNMENT = "government"
GENERAL_OFFICE = "general_office"


def government_of(unit: Unit) -> Unit:
    """The government a unit belongs to: itself, or its nearest ancestor of that kind (A16).

    Raises:
        LookupError: no government stands above the unit.
    """
    node: Unit | None = unit
    while node is not None:
        if node.kind == GOVERNMENT:
            return node
        node = node.parent
    raise LookupError(f"{unit.name}不隶属于任何一级政府")


def general_office_of(unit: Unit) -> Unit:
    """The general office of the unit's own government, the gatekeeper of articles 10 and 18 (A27)."""
    government = government_of(unit)
    office = Unit.objects.filter(parent=government, kind=GENERAL_OFFICE, valid_to=None).first()
    if office is None:
        raise LookupError(f"{government.name}没有登记政府办公厅（室）")
    return office


# Groups that follow from what a unit is; every other group is listed by the profile.
GROUPS_BY_KIND: Mapping[str, Q] = {
    "all_units": Q(),
    "general_offices": Q(kind=GENERAL_OFFICE),
    "banner_county_governments": Q(kind=GOVERNMENT, region__level="county"),
}


def units_in_group(group: str, day: date | None = None) -> list[Unit]:
    """Units of a named group as they stand on ``day``, such as those that owe interpretation events.

    A member that was merged is replaced by its successor (route by successor); without a day, units still standing.
    """
    units = Unit.objects.select_related("successor")
    if group in GROUPS_BY_KIND:
        members = list(units.filter(GROUPS_BY_KIND[group]))
    else:
        members = [unit for unit in units if group in unit.groups]
    if day is None:
        return [unit for unit in members if unit.valid_to is None]
    standing = {current_unit(unit, day) for unit in members if unit.valid_from is None or unit.valid_from <= day}
    return sorted(
        (unit for unit in standing if unit.valid_to is None or unit.valid_to >= day), key=lambda unit: unit.pk
    )


def tree_below(codes: Iterable[str]) -> frozenset[str]:
    """Codes of the given units and of every unit below them."""
    children: dict[str | None, list[str]] = {}
    for code, parent in Unit.objects.values_list("code", "parent_id"):
        children.setdefault(parent, []).append(code)
    found: set[str] = set()
    waiting = list(codes)
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting.extend(children.get(code, ()))
    return frozenset(found)


def supervised_by(codes: Iterable[str]) -> frozenset[str]:
    """Units whose duties the given units may see: their own tree, and for a general office its government's (D24.2)."""
    roots = set(codes)
    offices = Unit.objects.filter(code__in=roots, kind=GENERAL_OFFICE).values_list("parent_id", flat=True)
    return tree_below(roots | {code for code in offices if code})


def current_unit(unit: Unit, day: date) -> Unit:
    """Follow successors until a unit that exists on ``day``."""
    seen = {unit.code}
    while unit.valid_to is not None and unit.valid_to < day and unit.successor is not None:
        unit = unit.successor
        if unit.code in seen:
            raise LookupError(f"{unit.name}的承继关系成环")
        seen.add(unit.code)
    return unit


# Names that mean many units: every region and department, all general offices, and so on.
GROUPS = {
    "各地区": "all_units",
    "各部门": "all_units",
    "各地区、各部门": "all_units",
    "各级政府办公厅(室)": "general_offices",
    "各级政府办公厅（室）": "general_offices",
    "各旗县市区": "banner_county_governments",
    "各旗县市区人民政府": "banner_county_governments",
    "市政府各组成部门": "constituent_departments",
}


def unit_names() -> dict[str, str]:
    """Every name a unit goes by, with its code. A unit that ended keeps its names: old papers are full of them.

    Names as registered come first, so that a derived one never takes them over.
    """
    city = current_profile().name
    known: dict[str, str] = {}
    derived: dict[str, str] = {}
    fields = ("code", "name", "short_name", "aliases", "kind", "region__name", "region__level")
    for code, name, short_name, aliases, kind, region, level in Unit.objects.values_list(*fields):
        for written in (name, short_name, *aliases):
            known.setdefault(written, code)
        if kind == GOVERNMENT and level != "city":
            derived.setdefault(region, code)
        elif name.startswith(city):
            bare = name.removeprefix(city)
            derived.setdefault(bare, code)
            derived.setdefault(f"市{bare}", code)
    return derived | known


def recognise(name: str, known: Mapping[str, str] | None = None) -> str | None:
    """Code of the unit a written name means: full name, short name or alias, with or without 市 or the city's name.

    A banner or county alone means its government. ``known`` is what ``unit_names`` gave, for many names in a row.
    """
    wanted = name.strip()
    names = unit_names() if known is None else known
    bare = wanted.removeprefix(current_profile().name)
    for candidate in (
        wanted,
        wanted.removeprefix("市"),
        wanted.removeprefix("市政府"),
        f"市{wanted}",
        bare,
        f"市{bare}",
    ):
        if candidate in names:
            return names[candidate]
    return None


def recognise_group(name: str) -> str | None:
    """The group of units a written name means, such as 各旗县市区人民政府; None if it is no group."""
    return GROUPS.get(name.strip())
