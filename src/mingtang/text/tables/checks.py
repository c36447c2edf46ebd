"""Checking the rows of a table against its kind: every fault of every cell, in one pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from .codes import CodeList, CodeLists
from .faults import BLOCK, WARN, CellFault, Checked, Row
from .headings import Found
from .kinds import TableField, TableKind
from .table_rules import RULES, amount_of, outline
from .values import Value, parse
from .wording import cites_law, is_vague, limit_text

# The place of a column that the sheet has not: its value stands in the title.
_ABOVE = -1
_MONEY = ("元", "千元", "万元", "亿元")


@dataclass(frozen=True)
class World:
    """What values may point at: units and regions by any of their names, code lists by year, and the day of checking.

    ``vague`` are wordings that say nothing particular by themselves.
    """

    units: Callable[[str], str | None]
    regions: Callable[[str], str | None]
    codes: CodeLists
    today: date
    year: int
    vague: frozenset[str] = frozenset()


def check_table(found: Found, kind: TableKind, world: World, *, taken: frozenset[str] = frozenset()) -> Checked:
    """Parse and check every row of a table.

    ``taken`` are keys (``key_text``) that other tables of the register already hold and this one may not repeat.
    """
    columns = [(column.place, kind.field(column.field)) for column in found.columns if column.field]
    held = {one.name for _place, one in columns}
    # What the title says for all rows comes first, so that columns may depend on it.
    said = {name: text for name, text in found.above.items() if name not in held}
    columns = [*((_ABOVE, kind.field(name)) for name in said), *columns]
    cell_checks = {one.name: _checks_of(one, world) for one in kind.fields}
    by_year = [(one, _YearChecks(one, world)) for one in kind.fields if one.code_list and one.code_year]
    rows = []
    for number, cells in found.rows:
        row = _row(number, cells, columns, kind, cell_checks, said)
        for one, checks in by_year:
            checks.apply(row, one)
        rows.append(row)
    faults = [
        CellFault(0, one.name, one.title, "column_missing", f"没有“{one.title}”这一列。")
        for one in kind.fields
        if one.required and one.name not in {field.name for _place, field in columns}
    ]
    faults += _money(found, kind)
    for rule in kind.rules:
        if rule.kind == "outline":
            rows, more = outline(rows, rule, kind)
            faults += more
    _unique(rows, kind, taken)
    for rule in kind.rules:
        if rule.kind != "outline":
            RULES[rule.kind](rows, rule, kind)
    for number, cells in found.totals:
        faults += _totals(number, cells, columns, rows)
    return Checked(rows, faults)


def key_text(values: Mapping[str, Value], kind: TableKind) -> str:
    """What names an entry: its key's values, joined."""
    return "␟".join("" if values.get(name) is None else str(values[name]) for name in kind.key)


def _row(
    number: int,
    cells: Sequence[Any],
    columns: Sequence[tuple[int, TableField]],
    kind: TableKind,
    cell_checks: Mapping[str, Sequence[Callable[[Value], tuple[Value, str, str, str]]]],
    said: Mapping[str, str],
) -> Row:
    row = Row(number, {})
    for place, one in columns:
        raw = said[one.name] if place == _ABOVE else cells[place] if place < len(cells) else None
        found = parse(one, raw)
        value = found.value
        if found.problem:
            row.faults.append(_fault(row, one, "unreadable", found.problem, raw))
        elif found.note:
            row.faults.append(_fault(row, one, "repaired", found.note, raw, WARN))
        if value is None:
            if one.required and not found.problem:
                row.faults.append(_fault(row, one, "missing", f"“{one.title}”没有填。{one.missing}", raw))
        else:
            for check in cell_checks[one.name]:
                value, code, message, severity = check(value)
                if code:
                    row.faults.append(_fault(row, one, code, message, raw, severity))
        row.values[one.name] = value
    for one in kind.fields:
        row.values.setdefault(one.name, None)
    return row


def _fault(row: Row, one: TableField, code: str, message: str, raw: Any, severity: str = BLOCK) -> CellFault:
    return CellFault(row.number, one.name, one.title, code, message, severity, "" if raw is None else str(raw))


Check = Callable[[Value], tuple[Value, str, str, str]]


def _checks_of(one: TableField, world: World) -> list[Check]:
    """The checks of a column, made once: a table has a million cells."""
    made: list[Check] = []
    if one.code_list and not one.code_year:
        made.append(_code_check(one, world.codes.at(one.code_list, world.year)))
    if one.check:
        made.append(_named_check(one, world))
    limits = one.constraints
    if "enum" in limits:
        allowed = frozenset(map(str, limits["enum"]))
        said = "、".join(map(str, limits["enum"]))
        made.append(
            lambda value: (
                (value, "", "", "")
                if str(value) in allowed
                else (value, "not_listed", f"“{value}”不在可选的范围里，只能是：{said}。", BLOCK)
            )
        )
    if "pattern" in limits:
        fits = re.compile(limits["pattern"]).fullmatch
        sample = f"，例如“{one.example}”" if one.example else ""
        made.append(
            lambda value: (
                (value, "", "", "") if fits(str(value)) else (value, "pattern", f"“{value}”的写法不对{sample}。", BLOCK)
            )
        )
    if {"minimum", "maximum"} & set(limits):
        made.append(_bounds_check(one))
    if {"minLength", "maxLength"} & set(limits):
        made.append(_length_check(one))
    return made


class _YearChecks:
    """The check of a column of codes whose list is that of the row's own year, made once a year."""

    def __init__(self, one: TableField, world: World) -> None:
        self.world = world
        self.checks: dict[int, Check] = {}

    def apply(self, row: Row, one: TableField) -> None:
        value, year = row.values[one.name], row.values[one.code_year]
        if value is None or not isinstance(year, int):
            return
        if year not in self.checks:
            self.checks[year] = _code_check(one, self.world.codes.at(one.code_list, year))
        row.values[one.name], code, message, severity = self.checks[year](value)
        if code:
            row.faults.append(_fault(row, one, code, message, value, severity))


def _code_check(one: TableField, listed: CodeList) -> Check:
    lengths = sorted({len(code) for code in listed.items})

    def check(value: Value) -> tuple[Value, str, str, str]:
        text = str(value)
        code = listed.code_of(text)
        if not code and text.isdigit():
            longer = (text.zfill(length) for length in lengths if length > len(text))
            code = next((padded for padded in longer if padded in listed.items), "")
            if code and (not one.depth or len(code) >= one.depth):
                return code, "repaired", f"开头的0被表格软件去掉了，已补成“{code}”，请核对。", WARN
        if not code:
            return value, "code_unknown", f"“{value}”不在{listed.year}年的代码表里。", BLOCK
        if one.depth and len(code) < one.depth:
            return code, "code_shallow", f"“{code} {listed.items[code].name}”不够细，要填到{one.depth}位代码。", BLOCK
        return code, "", "", ""

    return check


def _named_check(one: TableField, world: World) -> Check:
    def credit_code(value: Value) -> tuple[Value, str, str, str]:
        text = str(value)
        if len(text) != 18:
            return value, "code_length", f"统一社会信用代码是18位，这里有{len(text)}位。", BLOCK
        if not uscc.is_valid(text):
            return value, "check_digit", "统一社会信用代码的校验位不对，请核对每一位。", BLOCK
        return value, "", "", ""

    def resident_id(value: Value) -> tuple[Value, str, str, str]:
        if not _is_resident_number(str(value)):
            return value, "check_digit", "身份证号码的位数、日期或校验位不对，请核对每一位。", BLOCK
        return value, "", "", ""

    def unit(value: Value) -> tuple[Value, str, str, str]:
        code = world.units(str(value))
        if code is None:
            return value, "unit_unknown", f"系统里没有单位“{value}”。单位已合并的，请写现在的名称。", BLOCK
        return code, "", "", ""

    def region(value: Value) -> tuple[Value, str, str, str]:
        code = world.regions(str(value))
        if code is None:
            return value, "region_unknown", f"没有地区“{value}”。", BLOCK
        return code, "", "", ""

    def document_number(value: Value) -> tuple[Value, str, str, str]:
        text = re.sub(r"[\[［(（【](\d{4})[\]］)）】]", r"〔\1〕", str(value)).replace(" ", "")
        return text, "", "", ""

    def specific(value: Value) -> tuple[Value, str, str, str]:
        if is_vague(str(value), world.vague):
            return value, "vague", f"“{value}”太笼统，不便检查。写明是哪类信息、哪些内容。", BLOCK
        return value, "", "", ""

    def law(value: Value) -> tuple[Value, str, str, str]:
        if not cites_law(str(value)):
            return value, "law_missing", f"“{value}”没有写明法律名称和条号，例如“{one.example}”。", BLOCK
        return value, "", "", ""

    def time_limit(value: Value) -> tuple[Value, str, str, str]:
        if limit_text(str(value)) is None:
            told = "写“形成之日起20个工作日内”“每季度首月15日前”“每年3月31日前”这样的时限"
            return value, "limit_unclear", f"“{value}”看不出什么时候公开，{told}。", BLOCK
        return value, "", "", ""

    return {
        "credit_code": credit_code,
        "resident_id": resident_id,
        "unit": unit,
        "region": region,
        "document_number": document_number,
        "specific": specific,
        "law": law,
        "time_limit": time_limit,
    }[one.check]


def _is_resident_number(text: str) -> bool:
    """GB 11643: 18 characters, a day of birth and a check character. The region is not looked up: numbers outlive the
    codes of regions, and people keep numbers that were given out late."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text) or ric.calc_check_digit(text) != text[-1]:
        return False
    try:
        ric.get_birth_date(text)
    except ValidationError:
        return False
    return True


def _bounds_check(one: TableField) -> Check:
    low, high = one.constraints.get("minimum"), one.constraints.get("maximum")
    if one.type in ("number", "integer", "year"):
        least = None if low is None else Decimal(str(low))
        most = None if high is None else Decimal(str(high))

        def number(value: Value) -> tuple[Value, str, str, str]:
            amount = Decimal(str(value))
            if least is not None and amount < least:
                return value, "too_small", f"“{one.title}”不能小于{low}。", BLOCK
            if most is not None and amount > most:
                return value, "too_large", f"“{one.title}”不能大于{high}。", BLOCK
            return value, "", "", ""

        return number

    def text(value: Value) -> tuple[Value, str, str, str]:
        if low is not None and str(value) < str(low):
            return value, "too_small", f"“{one.title}”不能早于{low}。", BLOCK
        if high is not None and str(value) > str(high):
            return value, "too_large", f"“{one.title}”不能晚于{high}。", BLOCK
        return value, "", "", ""

    return text


def _length_check(one: TableField) -> Check:
    low, high = one.constraints.get("minLength", 0), one.constraints.get("maxLength", 100_000)

    def check(value: Value) -> tuple[Value, str, str, str]:
        length = len(str(value))
        if length < low:
            return value, "too_short", f"“{one.title}”至少{low}个字符，这里有{length}个。", BLOCK
        if length > high:
            return value, "too_long", f"“{one.title}”最多{high}个字符，这里有{length}个。", BLOCK
        return value, "", "", ""

    return check


def _money(found: Found, kind: TableKind) -> list[CellFault]:
    """Amounts in another unit than the kind's would be wrong by the thousands and still add up."""
    wanted = next((one.unit for one in kind.fields if one.unit in _MONEY), "")
    if not found.money or not wanted or found.money == wanted:
        return []
    text = f"表头上写的单位是{found.money}，这张表要用{wanted}。请换算后再上传。"
    return [CellFault(0, "", "", "money_unit", text, BLOCK, found.money)]


def _unique(rows: Iterable[Row], kind: TableKind, taken: frozenset[str]) -> None:
    seen: dict[str, int] = {}
    titles = "、".join(kind.field(name).title for name in kind.key)
    for row in rows:
        # A key field that need not be filled may tell entries apart by being empty.
        empty = [name for name in kind.key if row.values.get(name) is None]
        if len(empty) == len(kind.key) or any(kind.field(name).required for name in empty):
            continue
        key = key_text(row.values, kind)
        first = seen.setdefault(key, row.number)
        if first != row.number:
            row.faults.append(
                CellFault(row.number, kind.key[0], titles, "duplicate", f"和第{first}行重复：“{titles}”相同。")
            )
        elif key in taken:
            row.faults.append(CellFault(row.number, kind.key[0], titles, "duplicate", f"“{titles}”和已有的一条相同。"))


def _totals(
    number: int, cells: Sequence[Any], columns: Sequence[tuple[int, TableField]], rows: Sequence[Row]
) -> list[CellFault]:
    """A written total must be what its column adds up to."""
    faults = []
    for place, one in columns:
        if one.type not in ("number", "integer") or not 0 <= place < len(cells):
            continue
        said = parse(one, cells[place]).value
        if said is None:
            continue
        added = sum((amount_of(row.values[one.name]) for row in rows), Decimal(0))
        if amount_of(said) != added:
            text = f"第{number}行的合计是{said}，“{one.title}”各行相加是{added}，差{amount_of(said) - added}。"
            faults.append(CellFault(number, one.name, one.title, "total", text, BLOCK, str(cells[place])))
    return faults
