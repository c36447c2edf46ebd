"""Permits, penalties, spot checks and serious breaches: office workbooks are read without a fault, and what is wrong is
found at its cell."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from frictionless import Package
from stdnum.cn import uscc

from mingtang.cli.demo import registers as demo
from mingtang.text.tables.checks import BLOCK, CellFault, Checked, Row, World, check_table
from mingtang.text.tables.codes import CodeLists
from mingtang.text.tables.headings import find_table
from mingtang.text.tables.kinds import TableKind, read_kind
from mingtang.text.tables.masking import is_shown, public_values
from mingtang.text.tables.packages import csv_of, package_of
from mingtang.text.tables.workbook import Sheet, read_workbook
from tests.registers.workbooks import credit as books

PACKAGE = Path(demo.__file__).parents[3]
REGISTERS = PACKAGE / "registers"
TODAY = date(2026, 11, 25)
WORLD = World(lambda name: None, lambda name: None, CodeLists(REGISTERS / "codes"), TODAY, 2026)
# Field codes that the national standard of both lists names (permits, penalties).
PERMIT_CODES = (
    *("XK_XDR_MC", "XK_XDR_LB", "XK_XDR_SYDW", "XK_XDR_SHZZ", "XK_XDR_ZJLX", "XK_XDR_ZJHM", "XK_XKWS", "XK_WSH"),
    *("XK_XKLB", "XK_XKZS", "XK_XKBH", "XK_NR", "XK_JDRQ", "XK_YXQZ", "XK_YXQZI", "XK_XKJG", "XK_XKJGDM", "XK_ZT"),
    *("XK_LYDW", "XK_LYDWDM", "XK_FDDB", "XK_FRDB", "BZ"),
)
PENALTY_CODES = (
    *("CF_XDR_MC", "CF_WSH", "CF_WFXW", "CF_SY", "CF_YJ", "CF_CFLB", "CF_NR", "CF_NR_FK", "CF_NR_WFFF", "CF_NR_ZKDX"),
    *("CF_JDRQ", "CF_YXQ", "CF_GSJZQ", "CF_CFJG", "CF_CFJGDM", "CF_SJLY", "CF_SJLYDM", "BZ"),
)


@cache
def kind(name: str) -> TableKind:
    return read_kind(REGISTERS / "kinds" / f"{name}.toml")


def check(name: str, sheet: Sheet) -> Checked:
    found = find_table(sheet, kind(name))
    assert found is not None
    assert [column.heading for column in found.columns if not column.sure] == []
    return check_table(found, kind(name), WORLD)


@cache
def rows(name: str) -> list[Row]:
    """Every demonstration row of a kind, checked table by table."""
    made = []
    for one in demo.tables("credit"):
        if one.kind == name:
            done = check(name, Sheet("Sheet1", True, [list(one.heading), *map(list, one.rows)]))
            assert done.all_faults == [], (one.unit, done.all_faults[:3])
            made += done.rows
    return made


def checked(name: str, *changes: dict[str, Any]) -> Checked:
    """The first company's row of the demonstration with some cells (by title) written differently, once for each."""
    table = books.table_of(name)
    first = next(row for row in table.rows if "自然人" not in row)
    base = dict(zip(table.heading, first, strict=True))
    heading = [*table.heading, *(title for change in changes for title in change if title not in table.heading)]
    cells = [[{**base, **change}.get(title) for title in heading] for change in changes]
    return check(name, Sheet("Sheet1", True, [list(heading), *cells]))


def only(done: Checked) -> CellFault:
    assert len(done.all_faults) == 1, done.all_faults
    return done.all_faults[0]


@pytest.mark.parametrize("name", books.HABITS)
def test_the_workbook_of_an_office_reads_without_a_fault(name: str) -> None:
    table = books.table_of(name)
    done = check(name, read_workbook(f"{name}.xlsx", books.office_workbook(name)).sheets[0])
    assert [fault for fault in done.all_faults if fault.severity == BLOCK] == []
    plain = check(name, Sheet("Sheet1", True, [list(table.heading), *map(list, table.rows)]))
    assert [row.values for row in done.rows] == [row.values for row in plain.rows]
    assert len(done.rows) == len(table.rows)


@pytest.mark.parametrize(
    ("name", "count"), [("permits", 1500), ("penalties", 400), ("spot_checks", 300), ("serious_breaches", 40)]
)
def test_the_demonstration_is_as_large_as_a_city(name: str, count: int) -> None:
    found = rows(name)
    assert len(found) == count
    codes = [str(row.values["credit_code"]) for row in found if row.values["credit_code"]]
    assert all(map(uscc.is_valid, codes)) and Counter(codes).most_common(1)[0][1] > 1
    for row in found:
        if row.values.get("person_number"):
            assert row.values["party_kind"] == "自然人" and row.values["credit_code"] is None
        assert "演示" in str(row.values["party_name"])


def test_a_penalised_company_also_holds_permits() -> None:
    penalised = {row.values["credit_code"] for row in rows("penalties")} - {None}
    permitted = {row.values["credit_code"] for row in rows("permits")}
    assert len(penalised & permitted) > 50


@pytest.mark.parametrize(("name", "codes"), [("permits", PERMIT_CODES), ("penalties", PENALTY_CODES)])
def test_official_field_codes_are_headings(name: str, codes: tuple[str, ...]) -> None:
    for code in codes:
        other = "处罚内容" if code == "CF_WSH" else "许可类别" if code == "XK_WSH" else "文书号"
        found = find_table(Sheet("Sheet1", True, [[other, code], ["演1号", "x"]]), kind(name))
        assert found is not None
        column = found.columns[1]
        assert column.sure and column.field, code
        one = kind(name).field(column.field)
        assert code == one.official_code or code in one.aliases


@pytest.mark.parametrize("name", books.HABITS)
def test_the_exported_package_is_valid(name: str, tmp_path: Path) -> None:
    own = kind(name)
    values = [row.values for row in rows(name)]
    if name == "penalties":
        values[0] = values[0] | {"revoked_on": "2026-11-20", "revoked_reason": "行政复议决定撤销"}
    shown = [public_values(own, one) for one in values if is_shown(own, one, TODAY)]
    assert 0.9 * len(values) <= len(shown) <= len(values)
    data = csv_of(own.public_fields, shown)
    (tmp_path / "data.csv").write_bytes(data)
    package = package_of(
        own,
        name=name.replace("_", "-"),
        title=own.title,
        made=datetime(2026, 11, 25, tzinfo=UTC),
        version="1",
        files={"data.csv": data},
    )
    (tmp_path / "datapackage.json").write_bytes(package)
    report = Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])[:5]


@pytest.mark.parametrize("name", ["permits", "penalties"])
def test_of_a_person_nothing_but_the_first_character_is_public(name: str) -> None:
    persons = [row for row in rows(name) if row.values["party_kind"] == "自然人"]
    assert len(persons) > 20
    for row in persons:
        shown = json.dumps(public_values(kind(name), row.values), ensure_ascii=False)
        assert str(row.values["party_name"]) not in shown and str(row.values["person_number"]) not in shown


@pytest.mark.parametrize("name", books.HABITS)
def test_a_wrong_check_digit_is_found_at_its_cell(name: str) -> None:
    code = str(books.table_of(name).rows[0][books.table_of(name).heading.index("统一社会信用代码")] or "")
    code = code or str(next(row.values["credit_code"] for row in rows(name) if row.values["credit_code"]))
    wrong = code[:-1] + ("1" if code[-1] != "1" else "2")
    fault = only(checked(name, {"统一社会信用代码": wrong}))
    assert (fault.row, fault.title, fault.code) == (2, "统一社会信用代码", "check_digit")
    assert "校验位" in fault.message


@pytest.mark.parametrize("name", books.HABITS)
def test_one_document_and_one_company_stand_once(name: str) -> None:
    fault = only(checked(name, {}, {}))
    assert (fault.row, fault.code) == (3, "duplicate") and "和第2行重复" in fault.message


def test_a_code_as_a_number_has_lost_its_last_digits() -> None:
    fault = only(checked("penalties", {"统一社会信用代码": 915001123456789012.0}))
    assert fault.code == "unreadable" and "文本" in fault.message


@pytest.mark.parametrize(
    ("name", "change", "title", "code", "said"),
    [
        ("permits", {"统一社会信用代码": ""}, "统一社会信用代码", "ground", "统一社会信用代码"),
        ("permits", {"许可类别": "普通许可证"}, "许可类别", "not_listed", "只能是：普通"),
        ("permits", {"有效期至": "2001-01-01"}, "有效期至", "order", "有效期"),
        ("permits", {"当前状态": "9"}, "当前状态", "code_unknown", "代码表"),
        ("permits", {"撤销日期": "2026-11-20"}, "撤回公示的理由", "together", "理由"),
        ("penalties", {"公示截止期": "2099-01-01"}, "公示截止期", "span", "最长三年"),
        ("penalties", {"处罚类别": "罚金"}, "处罚类别", "pattern", "写法不对"),
        ("penalties", {"罚款金额（万元）": "5000元"}, "罚款金额（万元）", "unreadable", "单位是万元"),
        ("penalties", {"罚款金额（万元）": "-1"}, "罚款金额（万元）", "too_small", "不能小于0"),
        ("spot_checks", {"抽查结果": "合格"}, "抽查结果", "not_listed", "未发现问题"),
        ("spot_checks", {"抽查结果": "不配合检查情节严重", "处理情况": ""}, "处理情况", "ground", "怎样处理"),
        ("serious_breaches", {"公示截止期": "2099-01-01"}, "公示截止期", "span", "最长三年"),
        ("serious_breaches", {"列入决定文号": ""}, "列入决定文号", "missing", "没有填"),
    ],
)
def test_what_is_wrong_is_said_at_its_cell(name: str, change: dict[str, Any], title: str, code: str, said: str) -> None:
    fault = only(checked(name, change))
    assert (fault.row, fault.title, fault.code) == (2, title, code)
    assert said in fault.message


def test_a_person_needs_a_number_and_no_credit_code() -> None:
    change = {"行政相对人类别": "自然人", "统一社会信用代码": "", "证件类型": "", "证件号码": ""}
    fault = only(checked("penalties", change))
    assert fault.title == "证件号码" and "不公开" in fault.message
