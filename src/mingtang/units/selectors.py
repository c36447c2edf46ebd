"""Reads of the unit tree."""

from collections.abc import Iterable
from datetime import date

from .models import Unit

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


def units_in_group(group: str) -> list[Unit]:
    """Units of a named group of the profile, such as those that owe interpretation events."""
    return [unit for unit in Unit.objects.filter(valid_to=None) if group in unit.groups]


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


def recognise(name: str) -> Unit | None:
    """The unit a written name means: full name, short name or alias, with or without a leading 市."""
    wanted = name.strip()
    candidates = {wanted, wanted.removeprefix("市")}
    for unit in Unit.objects.all():
        if candidates & {unit.name, unit.short_name, *unit.aliases}:
            return unit
    return None
