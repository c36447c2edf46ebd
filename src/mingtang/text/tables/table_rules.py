"""What must hold between columns of a row, or over all rows: the rules a kind names in ``[[rules]]``."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from .faults import BLOCK, CellFault, Row
from .kinds import Rule, TableKind
from .values import Value


def amount_of(value: Value) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)


def _sum_rule(rows: Iterable[Row], rule: Rule, kind: TableKind) -> None:
    """``total`` equals the sum of ``parts``, to the last cent."""
    total, parts = rule.values["total"], rule.values["parts"]
    for row in rows:
        if row.values[total] is None or any(
            fault.field in (total, *parts) and fault.severity == BLOCK for fault in row.faults
        ):
            continue
        said, added = amount_of(row.values[total]), sum((amount_of(row.values[part]) for part in parts), Decimal(0))
        if said != added:
            row.faults.append(
                _rule_fault(row, total, rule, kind, f"合计写的是{said}，各项相加是{added}，差{said - added}。")
            )


def _order_rule(rows: Iterable[Row], rule: Rule, kind: TableKind) -> None:
    """``first`` is not after ``second``."""
    first, second = rule.values["first"], rule.values["second"]
    for row in rows:
        one, other = row.values[first], row.values[second]
        if one is not None and other is not None and str(one) > str(other):
            row.faults.append(
                _rule_fault(row, second, rule, kind, f"{kind.field(second).title}早于{kind.field(first).title}。")
            )


def _span_rule(rows: Iterable[Row], rule: Rule, kind: TableKind) -> None:
    """``second`` lies at least ``least`` and at most ``most`` months after ``first``; both are dates."""
    first, second = rule.values["first"], rule.values["second"]
    for row in rows:
        start, end = row.values[first], row.values[second]
        if start is None or end is None:
            continue
        since, until = date.fromisoformat(str(start)), date.fromisoformat(str(end))
        if not _months_after(since, rule.values["least"]) <= until <= _months_after(since, rule.values["most"]):
            row.faults.append(_rule_fault(row, second, rule, kind, ""))


def _months_after(day: date, months: int) -> date:
    """The same day that many months on, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _unique_rule(rows: Iterable[Row], rule: Rule, kind: TableKind) -> None:
    """``fields`` together do not repeat."""
    names, seen = rule.values["fields"], dict[tuple[Value, ...], int]()
    for row in rows:
        values = tuple(row.values[name] for name in names)
        if None not in values and seen.setdefault(values, row.number) != row.number:
            row.faults.append(_rule_fault(row, names[0], rule, kind, f"和第{seen[values]}行相同。"))


def _together_rule(rows: Iterable[Row], rule: Rule, kind: TableKind) -> None:
    """All of ``fields`` are filled in, or none."""
    for row in rows:
        empty = [name for name in rule.values["fields"] if row.values[name] is None]
        if empty and len(empty) < len(rule.values["fields"]):
            row.faults.append(
                _rule_fault(row, empty[0], rule, kind, f"缺{'、'.join(kind.field(name).title for name in empty)}。")
            )


def _one_of_rule(rows: Iterable[Row], rule: Rule, kind: TableKind) -> None:
    """At least one of ``fields`` is filled in."""
    for row in rows:
        if all(row.values[name] is None for name in rule.values["fields"]):
            row.faults.append(_rule_fault(row, rule.values["fields"][0], rule, kind, ""))


def _ground_rule(rows: Iterable[Row], rule: Rule, kind: TableKind) -> None:
    """Where ``field`` has the value ``when`` (any, where no ``when`` is given), ``second`` must be filled in."""
    for row in rows:
        value = row.values[rule.values["field"]]
        applies = value == rule.values["when"] if "when" in rule.values else value is not None
        second = rule.values["second"]
        unread = any(fault.field == second and fault.severity == BLOCK for fault in row.faults)
        if applies and row.values[second] is None and not unread:
            row.faults.append(_rule_fault(row, second, rule, kind, ""))


def _total_row_rule(rows: Sequence[Row], rule: Rule, kind: TableKind) -> None:
    """The row whose ``field`` is ``when`` holds, in each of ``fields``, the sum of all other rows; of its group, where
    ``per`` names the fields that divide the table. Rows whose value is in ``besides`` are sums themselves."""
    groups: dict[tuple[Value, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.values[one] for one in rule.values.get("per", [])), []).append(row)
    for group in groups.values():
        _total_of_group(group, rule, kind)


def _total_of_group(rows: Sequence[Row], rule: Rule, kind: TableKind) -> None:
    total = next((row for row in rows if row.values[rule.values["field"]] == rule.values["when"]), None)
    if total is None:
        return
    besides = {rule.values["when"], *rule.values.get("besides", [])}
    parts = [row for row in rows if row.values[rule.values["field"]] not in besides]
    for name in rule.values["fields"]:
        added = sum((amount_of(row.values[name]) for row in parts), Decimal(0))
        if amount_of(total.values[name]) != added:
            said = f"{kind.field(name).title}写的是{amount_of(total.values[name])}，各行相加是{added}。"
            total.faults.append(_rule_fault(total, name, rule, kind, said))


def _rule_fault(row: Row, name: str, rule: Rule, kind: TableKind, detail: str) -> CellFault:
    return CellFault(
        row.number,
        name,
        kind.field(name).title,
        rule.kind,
        f"{detail}{rule.message}",
        rule.values.get("severity", BLOCK),
    )


RULES: dict[str, Callable[[Any, Rule, TableKind], None]] = {
    "sum": _sum_rule,
    "order": _order_rule,
    "unique": _unique_rule,
    "together": _together_rule,
    "one_of": _one_of_rule,
    "ground": _ground_rule,
    "total_row": _total_row_rule,
    "span": _span_rule,
}


def outline(rows: Sequence[Row], rule: Rule, kind: TableKind) -> tuple[list[Row], list[CellFault]]:
    """Rows whose code is the start of other rows' codes only sum those up: each of ``fields`` is checked, and the row is
    no entry. ``per`` are the fields that divide the table. Returns the entries, and what is wrong with the sums."""
    name, amounts, per = rule.values["field"], rule.values["fields"], rule.values.get("per", [])
    groups: dict[tuple[Value, ...], dict[str, list[Row]]] = {}
    for row in rows:
        if row.values[name] is not None:
            group = groups.setdefault(tuple(row.values[one] for one in per), {})
            group.setdefault(str(row.values[name]), []).append(row)
    sums, faults = set(), []
    for group in groups.values():
        below: dict[str, list[Row]] = {}
        for code in group:
            for length in {len(other) for other in group if len(other) < len(code)}:
                if code[:length] in group:
                    below.setdefault(code[:length], []).extend(group[code])
        for code, under in below.items():
            leaves = [row for row in under if str(row.values[name]) not in below]
            for row in group[code]:
                sums.add(id(row))
                faults += [
                    fault for fault in row.faults if fault.severity == BLOCK and fault.code not in ("code_shallow",)
                ]
                for amount in amounts:
                    added = sum((amount_of(leaf.values[amount]) for leaf in leaves), Decimal(0))
                    stated = amount_of(row.values[amount])
                    if stated != added:
                        text = f"“{code}”写的是{stated}，下面各项相加是{added}，差{stated - added}。"
                        faults.append(_rule_fault(row, amount, rule, kind, text))
    return [row for row in rows if id(row) not in sums], faults
