"""Negative lists, catalogues and participation scopes: office workbooks are read without a fault, and what is vague,
without a law, without one of the four, or without a review within a year is found at its cell."""

import csv
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mingtang.cli.demo import registers as demo
from mingtang.cli.demo.registers import openness as told
from mingtang.rules import load_rulebook
from mingtang.text.tables.checks import BLOCK, CellFault, Checked, World, check_table
from mingtang.text.tables.codes import CodeLists
from mingtang.text.tables.headings import find_table
from mingtang.text.tables.kinds import TableKind, read_kind
from mingtang.text.tables.workbook import Sheet, read_workbook
from tests.registers.workbooks import openness

PACKAGE = Path(demo.__file__).parents[3]
REGISTERS = PACKAGE / "registers"
VAGUE = frozenset({"不宜公开", "内部文件", "工作需要", "国家秘密", "过程性信息"})


@cache
def kind(name: str) -> TableKind:
    return read_kind(REGISTERS / "kinds" / f"{name}.toml")


@cache
def world() -> World:
    with (PACKAGE / "units/profiles/tongliao/units.csv").open(encoding="utf-8") as handle:
        units = {row["name"]: row["code"] for row in csv.DictReader(handle) if not row["valid_to"]}
    codes = CodeLists(REGISTERS / "codes")
    return World(units.get, lambda name: None, codes, date(2026, 11, 25), 2026, VAGUE)


def read(name: str, sheet: Sheet) -> Checked:
    found = find_table(sheet, kind(name))
    assert found is not None
    assert [column.heading for column in found.columns if not column.sure] == []
    return check_table(found, kind(name), world())


def checked(name: str, **changes: Any) -> Checked:
    """The first row of the demonstration's table, with cells (by title) written differently, in row 2."""
    table = openness.table_of(name)
    row = [changes.get(title, cell) for title, cell in zip(table.heading, table.rows[0], strict=True)]
    return read(name, Sheet("Sheet1", True, [list(table.heading), row]))


def only(done: Checked) -> CellFault:
    (fault,) = done.all_faults
    return fault


@pytest.mark.parametrize("name", openness.HABITS)
def test_the_workbook_of_an_office_reads_without_a_fault(name: str) -> None:
    table = openness.table_of(name)
    done = read(name, read_workbook(f"{name}.xlsx", openness.office_workbook(name)).sheets[0])
    assert [fault for fault in done.all_faults if fault.severity == BLOCK] == []
    plain = read(name, Sheet("Sheet1", True, [list(table.heading), *map(list, table.rows)]))
    assert [row.values["code"] for row in done.rows] == [row.values["code"] for row in plain.rows]
    assert len(done.rows) == len(table.rows)


def test_every_table_of_the_demonstration_is_good() -> None:
    counted: Counter[str] = Counter()
    for table in told.tables():
        done = read(table.kind, Sheet("Sheet1", True, [list(table.heading), *map(list, table.rows)]))
        assert [fault for fault in done.all_faults if fault.severity == BLOCK] == [], table.unit
        counted[table.kind] += len(done.rows)
    assert counted["disclosure_catalogue"] >= 200 and counted["negative_list"] >= 18
    assert counted["participation_scopes"] >= 20


@pytest.mark.parametrize("matter", ["内部文件", "其他不宜公开的信息", "工作需要的有关材料", "国家秘密", "资料"])
def test_a_vague_matter_is_found(matter: str) -> None:
    fault = only(checked("negative_list", 不予公开事项=matter))
    assert (fault.row, fault.title, fault.code) == (2, "不予公开事项", "vague")
    assert "太笼统" in fault.message


@pytest.mark.parametrize(
    ("law", "code"), [("", "missing"), ("按有关规定", "law_missing"), ("《档案法》", "law_missing")]
)
def test_an_entry_without_a_law_is_found(law: str, code: str) -> None:
    fault = only(checked("negative_list", 法律依据=law))
    assert (fault.title, fault.code) == ("法律依据", code) and "法律名称和条号" in fault.message


def test_a_ground_off_the_list_and_a_review_later_than_a_year_are_found() -> None:
    assert only(checked("negative_list", 法定依据类别="领导意见")).code == "code_unknown"
    fault = only(checked("negative_list", 下次复核日期="2028-03-01"))
    assert (fault.title, fault.code) == ("下次复核日期", "span") and "一年" in fault.message
    assert only(checked("negative_list", 下次复核日期="")).code == "missing"


@pytest.mark.parametrize("title", ["公开主体", "公开内容", "公开时限", "公开方式"])
def test_each_of_the_four_is_needed(title: str) -> None:
    fault = only(checked("disclosure_catalogue", **{title: ""}))
    assert (fault.title, fault.code) == (title, "missing") and "四项缺一不可" in fault.message


def test_a_limit_that_cannot_be_counted_is_found() -> None:
    fault = only(checked("disclosure_catalogue", 公开时限="长期公开"))
    assert fault.code == "limit_unclear" and "20个工作日" in fault.message


def test_lawful_grounds_are_those_of_the_rules() -> None:
    book = load_rulebook(("opinion_2017", "disclosure_regulation_2019"))
    listed = CodeLists(REGISTERS / "codes").at("lawful_grounds", 2026)
    assert {code: item.name for code, item in listed.items.items()} == {
        code: ground.label for code, ground in book.grounds.items()
    }
