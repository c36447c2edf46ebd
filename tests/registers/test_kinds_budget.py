"""Budgets and final accounts: workbooks of finance offices read without a fault, and what is wrong in them is found."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mingtang.cli.demo.registers import budget as demo
from mingtang.text.tables.checks import BLOCK, CellFault, Checked, Row, World, check_table
from mingtang.text.tables.codes import CodeLists
from mingtang.text.tables.headings import Column, Found, find_table
from mingtang.text.tables.kinds import TableKind, read_kind
from mingtang.text.tables.reconciling import reconcile
from mingtang.text.tables.withholding import public_entries
from mingtang.text.tables.workbook import read_workbook
from tests.registers.workbooks import budget as workbooks

REGISTERS = Path(demo.__file__).parents[3] / "registers"
CODES = CodeLists(REGISTERS / "codes")
WORLD = World(lambda name: None, lambda name: None, CODES, date(2026, 11, 25), 2026)
FAMILY = ("budget_revenue", "budget_economic", "three_public", "budget_functional")


@cache
def kinds() -> dict[str, TableKind]:
    return {name: read_kind(REGISTERS / "kinds" / f"{name}.toml") for name in FAMILY}


def read(name: str, data: bytes) -> Checked:
    sheet = read_workbook(f"{name}.xlsx", data).sheets[0]
    found = find_table(sheet, kinds()[name])
    assert found is not None
    return check_table(found, kinds()[name], WORLD)


def blocking(checked: Checked) -> list[CellFault]:
    return [fault for fault in checked.all_faults if fault.severity == BLOCK]


def one_line(name: str, **values: Any) -> list[CellFault]:
    """Faults of a single row with these cells."""
    kind = kinds()[name]
    columns = tuple(Column(place, one.title, one.name) for place, one in enumerate(kind.fields))
    cells = [values.get(one.name) for one in kind.fields]
    return blocking(check_table(Found(columns, ((5, cells),), (), 0, 0), kind, WORLD))


@pytest.mark.parametrize("unit", ["czj", "gaj", "jyj"])
@pytest.mark.parametrize(
    ("name", "make", "year", "stage"),
    [
        ("budget_functional", workbooks.functional, 2026, "预算"),
        ("budget_functional", workbooks.functional, 2024, "决算"),
        ("budget_economic", workbooks.economic, 2026, "预算"),
        ("budget_revenue", workbooks.revenue, 2025, "决算"),
        ("three_public", workbooks.three_public, 2025, "决算"),
    ],
)
def test_office_workbooks_read_without_a_fault(name: str, make: Any, year: int, stage: str, unit: str) -> None:
    checked = read(name, make(unit, year, stage))
    assert blocking(checked) == []
    wanted = [row for table in demo.tables() if (table.kind, table.unit) == (name, unit) for row in table.rows]
    assert len(checked.rows) == len([row for row in wanted if row[:2] == (year, stage)])
    assert {(row.values["year"], row.values["stage"]) for row in checked.rows} == {(year, stage)}


@pytest.mark.parametrize("name", FAMILY)
def test_all_demonstration_tables_hold(name: str) -> None:
    for table in demo.tables():
        if table.kind != name:
            continue
        by_title = {text: one.name for one in kinds()[name].fields for text in (one.title, *one.aliases)}
        columns = tuple(Column(place, title, by_title[title]) for place, title in enumerate(table.heading))
        rows = tuple((number, list(cells)) for number, cells in enumerate(table.rows, 2))
        checked = check_table(Found(columns, rows, (), 0, 0), kinds()[name], WORLD)
        assert blocking(checked) == [] and checked.rows
        others = {other.kind: other for other in demo.tables() if other.unit == table.unit}

        def values(kind_id: str, others: Any = others) -> Iterator[dict[str, Any]]:
            fields = {text: one.name for one in kinds()[kind_id].fields for text in (one.title, *one.aliases)}
            for cells in others[kind_id].rows:
                yield {fields[title]: cell for title, cell in zip(others[kind_id].heading, cells, strict=True)}

        assert reconcile(kinds()[name], checked.rows, values, kinds()) == []


def test_the_government_holds_more_than_its_departments() -> None:
    figures = demo.figures()
    whole = figures[demo.GOVERNMENT][2026, "预算"]
    for code in whole.codes:
        departments = sum(one[2026, "预算"].total(code) for unit, one in figures.items() if unit != demo.GOVERNMENT)
        assert departments <= whole.total(code)


@pytest.mark.parametrize(("code", "name"), [("205", "教育支出"), ("20502", "普通教育")])
def test_a_line_at_class_or_section_depth_is_refused(code: str, name: str) -> None:
    (fault,) = blocking(
        read("budget_functional", workbooks.functional(lines=[(code, name, "8", "3", "5", None, None)]))
    )
    assert (fault.row, fault.field, fault.code) == (7, "code", "code_shallow")
    assert fault.message == f"“{code} {name}”不够细，要填到7位代码。"


def test_a_subtotal_that_is_off_by_a_cent_is_found_at_its_cell() -> None:
    lines = [
        ("20502", "普通教育", "30.01", "10", "20", None, None),
        ("2050201", "学前教育", "10", "10", "0", None, None),
        ("2050202", "小学教育", "20", "0", "20", None, None),
    ]
    faults = blocking(read("budget_functional", workbooks.functional(lines=lines)))
    outline = next(fault for fault in faults if fault.code == "outline")
    assert (outline.row, outline.field) == (7, "total")
    assert "写的是30.01，下面各项相加是30，差0.01" in outline.message


def test_a_row_total_off_by_a_cent_is_found() -> None:
    (fault,) = one_line(
        "budget_functional", year="2026", stage="预算", code="2050201", total="8.01", basic="3", project="5"
    )
    assert (fault.field, fault.code) == ("total", "sum") and "差0.01" in fault.message


def test_the_same_item_twice_is_found() -> None:
    lines = [("2050201", "学前教育", "10", "10", "0", None, None)] * 2
    assert [fault.code for fault in blocking(read("budget_functional", workbooks.functional(lines=lines)))] == [
        "duplicate"
    ]


def test_a_secret_line_needs_its_ground() -> None:
    (fault,) = one_line(
        "budget_functional", year=2026, stage="预算", code="2040221", total="5", basic="0", project="5", secret="是"
    )
    assert (fault.field, fault.code) == ("withheld_ground", "ground")


def test_amounts_in_yuan_are_refused() -> None:
    sheet = read_workbook("a.xlsx", workbooks.functional()).sheets[0]
    for row in sheet.rows:
        for place, cell in enumerate(row):
            if cell == "单位：万元":
                row[place] = "单位：元"
    found = find_table(sheet, kinds()["budget_functional"])
    assert found is not None
    (fault,) = blocking(check_table(found, kinds()["budget_functional"], WORLD))
    assert fault.code == "money_unit" and "单位是元" in fault.message


def test_codes_are_those_of_the_rows_year() -> None:
    line = {"stage": "预算", "total": "5", "basic": "0", "project": "5"}
    # 自然灾害生活救助 became part of 灾害防治及应急管理 in 2019.
    assert one_line("budget_functional", year="2017", code="2081502", **line) == []
    (fault,) = one_line("budget_functional", year="2019", code="2081502", **line)
    assert fault.code == "code_unknown" and "2019年的代码表" in fault.message
    assert one_line("budget_functional", year="2019", code="2240702", **line) == []
    assert CODES.follow("budget_functional", "2081502", 2017, 2019) == ["2240702"]
    assert CODES.follow("budget_functional", "2081502", 2017, 2024) == ["2240703"]
    assert CODES.follow("budget_functional", "2010308", 2022, 2026) == ["2014004"]
    assert CODES.follow("budget_economic", "30311", 2017, 2018) == ["30113"]


@pytest.mark.parametrize(
    ("year", "code", "name"),
    [
        (2017, "207", "文化体育与传媒支出"),
        (2019, "207", "文化旅游体育与传媒支出"),
        (2017, "210", "医疗卫生与计划生育支出"),
        (2019, "210", "卫生健康支出"),
        (2018, "220", "国土海洋气象等支出"),
        (2019, "220", "自然资源海洋气象等支出"),
        (2019, "224", "灾害防治及应急管理支出"),
        (2021, "215", "资源勘探工业信息等支出"),
        (2026, "2050201", "学前教育"),
    ],
)
def test_names_of_codes_by_year(year: int, code: str, name: str) -> None:
    assert CODES.at("budget_functional", year).items[code].name == name
    assert "224" not in CODES.at("budget_functional", 2018).items


@pytest.mark.parametrize("name", ["budget_functional", "budget_economic"])
def test_every_code_list_hangs_together(name: str) -> None:
    for before, year in zip([0, *_years(name)], _years(name), strict=False):
        listed = CODES.at(name, year)
        for item in listed.items.values():
            assert (item.parent in listed.items) == (len(item.code) > 3), item
            assert item.parent == "" or item.code.startswith(item.parent)
            assert all(code in CODES.at(name, before).items for code in item.replaces)


def _years(name: str) -> list[int]:
    return sorted(int(path.stem) for path in (REGISTERS / "codes" / name).glob("*.csv"))


def test_every_head_of_the_three_is_written() -> None:
    filled = ("24.5", "0", "18.2", "0", "18.2", "6.3")
    assert blocking(read("three_public", workbooks.three_public(amounts=filled))) == []
    for place, field in ((1, "abroad"), (3, "vehicle_purchase"), (5, "reception")):
        empty = [None if place == number else amount for number, amount in enumerate(filled)]
        faults = blocking(read("three_public", workbooks.three_public(amounts=empty)))
        missing = next(fault for fault in faults if fault.code == "missing")
        assert missing.field == field and "没有支出的写0" in missing.message


def test_three_public_adds_up() -> None:
    faults = blocking(read("three_public", workbooks.three_public(amounts=("24.49", "0", "18.2", "0", "18.2", "6.3"))))
    assert [(fault.field, fault.code) for fault in faults] == [("total", "sum")]


def test_final_accounts_say_how_many() -> None:
    amounts = {"total": 0, "abroad": 0, "vehicles": 0, "vehicle_purchase": 0, "vehicle_operation": 0, "reception": 0}
    assert one_line("three_public", year="2025", stage="预算", **amounts) == []
    faults = one_line("three_public", year="2025", stage="决算", **amounts)
    assert [fault.field for fault in faults] == [
        "abroad_groups",
        "abroad_persons",
        "vehicles_bought",
        "vehicles_kept",
        "receptions",
        "reception_persons",
    ]


ROW = {"year": 2026, "stage": "预算", "code": "2050201", "total": "30", "basic": "10", "project": "20"}


def agree(others: dict[str, list[dict[str, Any]]], *, needed: bool = True) -> list[CellFault]:
    rows = [Row(8, {one.name: ROW.get(one.name) for one in kinds()["budget_functional"].fields})]
    return reconcile(kinds()["budget_functional"], rows, others.get, kinds(), needed=lambda setting: needed)


def revenue(amount: str) -> list[dict[str, Any]]:
    return [{"year": 2026, "stage": "预算", "side": "支出", "item": "支出总计", "amount": amount, "general": amount}]


def economic(amount: str) -> list[dict[str, Any]]:
    return [{"year": 2026, "stage": "预算", "code": "30101", "total": amount}]


def test_tables_agree_to_the_cent() -> None:
    assert agree({"budget_revenue": revenue("30"), "budget_economic": economic("10")}) == []
    faults = agree({"budget_revenue": revenue("30.01"), "budget_economic": economic("9.99")})
    assert [(fault.row, fault.field, fault.code) for fault in faults] == [
        (8, "total", "unreconciled"),
        (8, "basic", "unreconciled"),
    ]
    assert "2026年预算：“合计”是30，《收支总表》的“其中：一般公共预算”是30.01，差-0.01" in faults[0].message


def test_a_table_that_is_not_there_is_named() -> None:
    faults = agree({"budget_economic": economic("10")})
    assert [fault.code for fault in faults] == ["table_missing"]
    assert "还没有2026年预算的《收支总表》" in faults[0].message
    another_year = [{**economic("10")[0], "year": 2025}]
    faults = agree({"budget_revenue": revenue("30"), "budget_economic": another_year})
    assert [fault.code for fault in faults] == ["table_missing"]


def test_economic_classes_only_where_the_rules_demand_them() -> None:
    others = {"budget_revenue": revenue("30")}
    assert "《一般公共预算基本支出表》" in agree(others)[0].message
    assert agree(others, needed=False) == []
    # What is there must agree all the same.
    assert agree({**others, "budget_economic": economic("11")}, needed=False)[0].code == "unreconciled"


def test_income_and_spending_of_a_table_are_equal() -> None:
    kind = kinds()["budget_revenue"]
    lines = [("收入", "收入总计", "10"), ("支出", "支出总计", "11")]
    rows = [
        Row(number, {"year": 2026, "stage": "预算", "side": side, "item": item, "amount": amount, "general": amount})
        for number, (side, item, amount) in enumerate(lines, 5)
    ]
    (fault,) = reconcile(kind, rows, lambda name: None, kinds())
    assert (fault.row, fault.field) == (5, "amount") and "差-1" in fault.message


def test_secret_lines_stay_out_and_the_total_holds() -> None:
    kind = kinds()["budget_functional"]
    checked = read("budget_functional", workbooks.functional("gaj"))
    entries = [(str(row.number), row.values) for row in checked.rows]
    public = public_entries(kind, entries)
    assert len(public) == len(entries) - 1
    codes = {values["code"] for _, values in public}
    assert not codes & set(demo.SECRET) and "9999999" in codes
    key, line = public[-1]
    assert (key, line["name"], line["secret"], line["withheld_ground"]) == (
        "2026␟预算␟9999999",
        "按规定不公开",
        None,
        None,
    )
    for name in ("total", "basic", "project"):
        before = sum(Decimal(str(values[name])) for _, values in entries)
        assert sum(Decimal(str(values[name])) for _, values in public) == before


def test_kinds_without_withheld_lines_are_left_alone() -> None:
    entries = [("a", {"year": 2026})]
    assert public_entries(kinds()["three_public"], entries) == entries
