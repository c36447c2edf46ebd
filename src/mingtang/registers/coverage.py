"""What a government's lists cover and what is missing: kinds of a set, units that owe a list, values that nobody covers.

Only what everybody can read counts: batches that are published, of registers that were not taken down.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mingtang.text.tables.kinds import TableKind
from mingtang.units.models import Unit
from mingtang.units.selectors import government_of, units_in_group

from .catalog import code_lists, kind_named, kinds
from .entries import entries_at, values_of
from .models import Register

GONE = ("dropped", "ended", "erased")


@dataclass(frozen=True)
class Coverage:
    """``present`` and ``missing`` by id, with their names in the order of asking."""

    present: Mapping[str, str]
    missing: Mapping[str, str]

    def __str__(self) -> str:
        """As shares are told: 7/8."""
        return f"{len(self.present)}/{len(self.present) + len(self.missing)}"


@dataclass(frozen=True)
class Matrix:
    """Entries by value (code) and unit; ``values`` and ``units`` are names by code, also of those that have nothing."""

    values: Mapping[str, str]
    units: Mapping[str, str]
    counts: Mapping[tuple[str, str], int]

    @property
    def gaps(self) -> list[str]:
        """Codes of values that no unit publishes anything about."""
        return [code for code in self.values if not any(self.counts.get((code, unit)) for unit in self.units)]

    @property
    def silent(self) -> list[str]:
        """Codes of units that publish nothing."""
        return [unit for unit in self.units if not any(self.counts.get((code, unit)) for code in self.values)]


def public_registers(kind: str, government: Unit) -> list[Register]:
    """Registers of a kind that everybody can read, kept by the government or a unit of it."""
    found = Register.objects.filter(register_kind=kind, sequence__gt=0).exclude(record__state__in=GONE)
    held = found.select_related("keeper").order_by("keeper_id")
    return [register for register in held if government_of(register.keeper) == government]


def set_coverage(name: str, government: Unit) -> Coverage:
    """Which kinds of a set, such as the eight lists of article 5 (D05.1), the government's units publish."""
    asked = {kind.id: kind.title for kind in kinds().values() if kind.complete.get("set") == name}
    present = {kind: title for kind, title in asked.items() if public_registers(kind, government)}
    return Coverage(present, {kind: title for kind, title in asked.items() if kind not in present})


def unit_coverage(kind: str, government: Unit, day: date) -> Coverage:
    """Which units that owe a list of a kind publish one on ``day``; nobody owes one where one for all is enough."""
    owing = {unit.pk: unit.name for unit in _owing(kind_named(kind), day)}
    held = {register.keeper_id for register in public_registers(kind, government)}
    present = {unit: name for unit, name in owing.items() if unit in held}
    return Coverage(present, {unit: name for unit, name in owing.items() if unit not in held})


def matrix(kind: str, government: Unit, day: date) -> Matrix:
    """What the values a kind must cover have, by unit (D05.5: ten fields by fifteen units).

    Raises:
        LookupError: the kind names no values that must be covered.
    """
    described = kind_named(kind)
    if "values" not in described.complete:
        raise LookupError(f"“{described.title}”没有写明要覆盖哪些内容")
    column, listed = described.complete["values"]["field"], described.complete["values"]["code_list"]
    values = {item.code: item.name for item in code_lists().at(listed, day.year).items.values()}
    units = {unit.pk: unit.name for unit in _owing(described, day)}
    counts: Counter[tuple[str, str]] = Counter()
    for register in public_registers(kind, government):
        units.setdefault(register.keeper_id, register.keeper.name)
        for text in entries_at(register).values_list("values", flat=True):
            counts[str(values_of(text).get(column, "")), register.keeper_id] += 1
    return Matrix(values, units, dict(counts))


def _owing(kind: TableKind, day: date) -> list[Unit]:
    group = str(kind.complete.get("group", ""))
    return units_in_group(group, day) if group and group != "government" else []
