"""Whether tables that belong together agree: the sums of one with the sums of another, to the last cent.

A kind names what must agree in ``[[reconciles]]``:

    with         the other kind; the kind itself for sums within one table
    same         fields that both have and that divide the tables, such as year and stage
    field, where             what is added up here: a column, and the rows that count (field to value)
    other_field, other_where the same in the other table
    compare      ``equal``, ``at_least`` where the sum here may be more, or ``present``: nothing is added up, each value
                 of ``field`` must be in the other table's ``other_field``
    needed       whether the other table must be there: ``always``, ``never``, or the name of a setting that says so
    absent_is_zero           true where the other table need not have what this one names: it then adds up to nothing
    message      Chinese; what to do
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from .checks import CellFault, Row
from .kinds import TableKind
from .values import Value, plain_amount

Values = Mapping[str, Value]
Group = tuple[Value, ...]
MOST_NAMED = 5


def reconcile(
    kind: TableKind,
    rows: Sequence[Row],
    others: Callable[[str], Iterable[Values] | None],
    kinds: Mapping[str, TableKind],
    *,
    needed: Callable[[str], bool] = lambda setting: True,
) -> list[CellFault]:
    """Everything in which the rows disagree with the tables they belong with.

    Args:
        rows: of one unit; years and stages may be mixed. What is found at a row that says a total names its number.
        others: the rows of the same unit's table of a kind; None where there is none. Not asked for ``kind`` itself.
        kinds: for the names of the other tables.
        needed: whether a setting of the rules demands the table.

    A fault has the code ``unreconciled``, ``unlinked`` or ``table_missing``; the last names the table that has to be
    there first.
    """
    faults: list[CellFault] = []
    for agreement in kind.reconciles:
        other = kinds.get(agreement["with"])
        if other is None:
            continue
        if agreement.get("compare") == "present":
            faults += _absent(kind, other, agreement, rows, others, needed)
            continue
        mine = _sums(rows, agreement)
        theirs = _theirs(agreement, rows, kind, others)
        for group, (said, numbers) in mine.items():
            faults += _compare(kind, other, agreement, group, said, numbers, theirs, needed)
    return faults


def _absent(
    kind: TableKind,
    other: TableKind,
    agreement: Mapping[str, Any],
    rows: Sequence[Row],
    others: Callable[[str], Iterable[Values] | None],
    needed: Callable[[str], bool],
) -> list[CellFault]:
    """Values that point at no entry of the other table, told together."""
    name = agreement["field"]
    title = kind.field(name).title
    found = others(agreement["with"])
    if found is None:
        if not _demanded(agreement, needed):
            return []
        text = f"还没有《{other.title}》，“{title}”对不上。请先把它导入，再报送这张表。{agreement['message']}"
        return [CellFault(0, name, title, "table_missing", text)]
    known = {
        values.get(agreement["other_field"]) for values in found if _counts(values, agreement.get("other_where", {}))
    }
    missing: dict[str, int] = {}
    for row in rows:
        value = row.values[name]
        if value is not None and value not in known and _counts(row.values, agreement.get("where", {})):
            missing.setdefault(str(value), row.number)
    if not missing:
        return []
    named = "、".join(list(missing)[:MOST_NAMED]) + (f"等{len(missing)}个" if len(missing) > MOST_NAMED else "")
    text = f"《{other.title}》里没有“{title}”{named}。{agreement['message']}"
    return [CellFault(next(iter(missing.values())), name, title, "unlinked", text, raw=next(iter(missing)))]


def _demanded(agreement: Mapping[str, Any], needed: Callable[[str], bool]) -> bool:
    wanted = agreement.get("needed", "always")
    return wanted == "always" or (wanted != "never" and needed(wanted))


def _theirs(
    agreement: Mapping[str, Any],
    rows: Sequence[Row],
    kind: TableKind,
    others: Callable[[str], Iterable[Values] | None],
) -> dict[Group, Decimal]:
    if agreement["with"] == kind.id:
        found: Iterable[Values] | None = [row.values for row in rows]
    else:
        found = others(agreement["with"])
    made: dict[Group, Decimal] = {}
    for values in found or ():
        group = tuple(values.get(name) for name in agreement.get("same", ()))
        made.setdefault(group, Decimal(0))
        if _counts(values, agreement.get("other_where", {})):
            made[group] += _amount(values.get(agreement["other_field"]))
    return made


def _sums(rows: Sequence[Row], agreement: Mapping[str, Any]) -> dict[Group, tuple[Decimal, list[int]]]:
    """By group: what adds up here, and the numbers of the rows it comes from."""
    made: dict[Group, tuple[Decimal, list[int]]] = {}
    for row in rows:
        if not _counts(row.values, agreement.get("where", {})):
            continue
        group = tuple(row.values[name] for name in agreement.get("same", ()))
        total, numbers = made.get(group, (Decimal(0), []))
        made[group] = (total + _amount(row.values[agreement["field"]]), [*numbers, row.number])
    return made


def _compare(
    kind: TableKind,
    other: TableKind,
    agreement: Mapping[str, Any],
    group: Group,
    said: Decimal,
    numbers: list[int],
    theirs: Mapping[Group, Decimal],
    needed: Callable[[str], bool],
) -> list[CellFault]:
    name = agreement["field"]
    title = kind.field(name).title
    number = numbers[0] if len(numbers) == 1 else 0
    where = _where(kind, agreement, group)
    if group not in theirs and not agreement.get("absent_is_zero"):
        if not _demanded(agreement, needed):
            return []
        text = f"还没有{where}的《{other.title}》，对不上账。请先把它导入，再报送这张表。{agreement['message']}"
        return [CellFault(0, name, title, "table_missing", text)]
    found = theirs.get(group, Decimal(0))
    at_least = agreement.get("compare", "equal") == "at_least"
    if said == found or (at_least and said > found):
        return []
    here = f"{where}：“{title}”{'合计' if len(numbers) > 1 else ''}是{plain_amount(said)}"
    there = f"《{other.title}》的“{other.field(agreement['other_field']).title}”是{plain_amount(found)}"
    text = f"{here}，{there}，差{plain_amount(said - found)}。{agreement['message']}"
    return [CellFault(number, name, title, "unreconciled", text, raw=plain_amount(said))]


def _where(kind: TableKind, agreement: Mapping[str, Any], group: Group) -> str:
    """The group in words, such as ``2026年预算``."""
    fields = [kind.field(name) for name in agreement.get("same", ())]
    return "".join(f"{value}年" if one.type == "year" else str(value) for one, value in zip(fields, group, strict=True))


def _counts(values: Values, wanted: Mapping[str, Any]) -> bool:
    return all(values.get(name) == value for name, value in wanted.items())


def _amount(value: Value) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)
