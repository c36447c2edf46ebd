"""The eight lists of article 5, enforcement publicity, supervision information and platforms: office workbooks are read
without a fault, and what is wrong is found at its cell."""

import csv
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mingtang.cli.demo import registers as demo
from mingtang.registers.catalog import with_adjustment
from mingtang.text.tables.checks import BLOCK, WARN, CellFault, Checked, Row, World, check_table
from mingtang.text.tables.codes import CodeLists
from mingtang.text.tables.headings import find_table
from mingtang.text.tables.kinds import TableKind, read_kind
from mingtang.text.tables.packages import csv_of, package_of
from mingtang.text.tables.reconciling import reconcile
from mingtang.text.tables.workbook import Sheet, read_workbook
from tests.registers.workbooks import enforcement, lists

PACKAGE = Path(demo.__file__).parents[3]
REGISTERS = PACKAGE / "registers"
KINDS = {**dict.fromkeys(lists.HABITS, lists), **dict.fromkeys(enforcement.HABITS, enforcement)}
LISTS = list(lists.HABITS)


@cache
def kind(name: str) -> TableKind:
    return with_adjustment(read_kind(REGISTERS / "kinds" / f"{name}.toml"))


@cache
def world() -> World:
    with (PACKAGE / "units/profiles/tongliao/units.csv").open(encoding="utf-8") as handle:
        units = {row["name"]: row["code"] for row in csv.DictReader(handle) if not row["valid_to"]}
    return World(units.get, lambda name: None, CodeLists(REGISTERS / "codes"), date(2026, 11, 25), 2026)


def read(name: str, data: bytes) -> Checked:
    found = find_table(read_workbook(f"{name}.xlsx", data).sheets[0], kind(name))
    assert found is not None
    assert [column.heading for column in found.columns if not column.sure] == []
    return check_table(found, kind(name), world())


def checked(name: str, *rows: dict[str, Any]) -> Checked:
    """The first row of the demonstration's table with some cells (by title) written differently, once for each of
    ``rows``; the second stands in row 3."""
    table = KINDS[name].table_of(name)
    first = dict(zip(table.heading, table.rows[0], strict=True))
    heading = [*table.heading, *(title for row in rows for title in row if title not in table.heading)]
    cells = [[{**first, **row}.get(title) for title in heading] for row in rows]
    found = find_table(Sheet("Sheet1", True, [list(heading), *cells]), kind(name))
    assert found is not None
    return check_table(found, kind(name), world())


def told(done: Checked) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.title, fault.code) for fault in done.all_faults]


def only(done: Checked) -> CellFault:
    assert len(done.all_faults) == 1
    return done.all_faults[0]


@pytest.mark.parametrize("name", KINDS)
def test_the_workbook_of_an_office_reads_without_a_fault(name: str) -> None:
    table = KINDS[name].table_of(name)
    done = read(name, KINDS[name].office_workbook(name))
    assert [fault for fault in done.all_faults if fault.severity == BLOCK] == []
    plain = find_table(Sheet("Sheet1", True, [list(table.heading), *map(list, table.rows)]), kind(name))
    assert plain is not None
    wanted = [row.values for row in check_table(plain, kind(name), world()).rows]
    assert [row.values for row in done.rows] == wanted and len(wanted) == len(table.rows)


@pytest.mark.parametrize("family", ["lists", "enforcement", "platforms"])
def test_every_table_of_the_demonstration_is_good(family: str) -> None:
    keys: dict[str, set[str]] = {}
    for table in demo.tables(family):
        assert kind(table.kind).family == table.family == family
        found = find_table(Sheet("Sheet1", True, [list(table.heading), *map(list, table.rows)]), kind(table.kind))
        assert found is not None
        done = check_table(found, kind(table.kind), world())
        assert told(done) == [] and len(done.rows) == len(table.rows) > 0
        assert table.unit not in keys.setdefault(table.kind, set())
        keys[table.kind].add(table.unit)
    wanted = {name for name in KINDS if kind(name).family == family}
    assert set(keys) == wanted


def test_each_responsibility_belongs_to_a_power_and_each_power_has_some() -> None:
    powers, duties = dict[str, set[object]](), dict[str, set[object]]()
    for table in demo.tables("lists"):
        if table.kind in ("power_list", "responsibility_list"):
            held = powers if table.kind == "power_list" else duties
            held[table.unit] = {row[0] for row in table.rows}
    assert set(powers) - set(duties) == {"lcj"} and "gaj" not in powers
    assert all(powers[unit] == duties[unit] for unit in duties)
    assert 280 <= len(powers["scjg"]) <= 320
    classes = {str(code)[2:4] for codes in powers.values() for code in codes}
    assert classes == set(world().codes.at("power_classes", 2026).items) and len(classes) == 10


def test_responsibilities_point_at_powers_and_powers_have_responsibilities() -> None:
    kinds = {name: kind(name) for name in ("power_list", "responsibility_list")}
    powers, duties = (
        checked("power_list", {}, {"职权编码": "150154002000"}).rows,
        checked("responsibility_list", {}).rows,
    )

    def told_of(name: str, rows: list[Row], others: list[Row] | None) -> list[tuple[int, str, str]]:
        found = reconcile(
            kinds[name], rows, lambda _kind: None if others is None else [row.values for row in others], kinds
        )
        return [(fault.row, fault.code, fault.message) for fault in found]

    assert told_of("responsibility_list", duties, powers) == []
    ((row, code, message),) = told_of("responsibility_list", duties, powers[1:])
    assert (row, code) == (2, "unlinked") and message.startswith("《权力清单》里没有“职权编码”150154001000。")
    ((_row, code, message),) = told_of("responsibility_list", duties, None)
    assert code == "table_missing" and "还没有《权力清单》" in message
    ((row, code, message),) = told_of("power_list", powers, duties)
    assert (row, code) == (3, "unlinked") and "《责任清单》里没有“职权编码”150154002000" in message
    assert told_of("power_list", powers, None) == []


@pytest.mark.parametrize("name", LISTS)
def test_there_are_four_adjustments_and_no_other(name: str) -> None:
    for word in ("取消", "下放", "保留", "承接"):
        assert told(checked(name, {"调整方式": word, "调整日期": "2026年11月2日", "调整依据": "演示文件"})) == []
    fault = only(checked(name, {"调整方式": "合并"}))
    assert (fault.title, fault.code, fault.severity) == ("调整方式", "not_listed", BLOCK)
    assert "取消、下放、保留、承接" in fault.message


@pytest.mark.parametrize(
    ("name", "cells", "title", "code", "words"),
    [
        ("power_list", {"职权类型": "行政征用"}, "职权类型", "code_unknown", "行政征用"),
        ("power_list", {"职权编码": "151154001000"}, "职权编码", "pattern", "150254001000"),
        ("power_list", {"职权编码": 15015400100}, "职权编码", "pattern", "写法不对"),
        ("power_list", {"实施依据": "无"}, "实施依据", "missing", "没有法律、法规、规章依据"),
        ("power_list", {"行使层级": "镇级"}, "行使层级", "code_unknown", "镇级"),
        ("power_list", {"是否审核转报": "也许"}, "是否审核转报", "unreadable", "是"),
        ("power_list", {"法定办结时限（工作日）": "二十"}, "法定办结时限（工作日）", "unreadable", "不是数"),
        ("responsibility_list", {"责任环节": "办公会"}, "责任环节", "code_unknown", "办公会"),
        ("responsibility_list", {"追责情形": ""}, "追责情形", "missing", "怎样追究"),
        ("administrative_fees", {"收费标准": "—"}, "收费标准", "missing", "免收"),
        ("administrative_fees", {"资金管理方式": "留在单位"}, "资金管理方式", "not_listed", "缴入地方国库"),
        ("priced_services", {"价格（元）": "2.85万元"}, "价格（元）", "unreadable", "单位是元"),
        ("priced_services", {"价格（元）": -1}, "价格（元）", "too_small", "不能小于0"),
        ("priced_services", {"定价形式": "政府指导价", "浮动和说明": ""}, "浮动和说明", "ground", "上下浮动"),
        ("government_funds", {"征收截止日期": "2025年2月30日"}, "征收截止日期", "unreadable", "日历上没有"),
        ("professional_qualifications", {"资格性质": "水平类"}, "资格性质", "not_listed", "水平评价类"),
        ("intermediary_services", {"审批部门": "通辽市环境保护局"}, "审批部门", "unit_unknown", "已合并"),
        ("intermediary_services", {"服务时限（工作日）": 0}, "服务时限（工作日）", "too_small", "不能小于1"),
        ("basic_public_services", {"领域": "行有所便"}, "领域", "code_unknown", "行有所便"),
        ("basic_public_services", {"服务标准": None}, "服务标准", "missing", "给多少"),
        ("supervision_information", {"监管领域": "教育培训"}, "监管领域", "code_unknown", "教育培训"),
        ("supervision_information", {"更新周期": "有空时"}, "更新周期", "not_listed", "每季度"),
        ("platform_work", {"牵头单位": ""}, "牵头单位", "missing", "牵头单位"),
        ("platform_work", {"接收的数据": ""}, "接收的数据", "missing", "不接收数据"),
        ("platform_work", {"进度（%）": ""}, "进度（%）", "missing", "写0"),
        ("platform_work", {"进度（%）": 101}, "进度（%）", "too_large", "100"),
        ("platform_work", {"实际完成日期": ""}, "实际完成日期", "ground", "实际完成日期"),
        ("platform_work", {"启动日期": "2019-01-01"}, "计划完成日期", "order", "早于"),
        ("platform_work", {"平台": "大数据平台"}, "平台", "code_unknown", "大数据平台"),
    ],
)
def test_what_is_wrong_is_found_at_its_cell(
    name: str, cells: dict[str, Any], title: str, code: str, words: str
) -> None:
    faults = checked(name, cells).all_faults
    found = [fault for fault in faults if (fault.row, fault.title, fault.code) == (2, title, code)]
    assert found, faults
    assert found[0].severity == BLOCK and words in found[0].message


@pytest.mark.parametrize("element", ["执法职权", "执法依据", "裁量基准", "执法程序", "执法结果", "救济途径"])
def test_none_of_the_six_elements_of_enforcement_may_be_left_out(element: str) -> None:
    fault = only(checked("enforcement_profile", {element: "／"}))
    assert (fault.row, fault.title, fault.code, fault.severity) == (2, element, "missing", BLOCK)
    assert "六项缺一不可" in fault.message


def test_a_profile_without_a_column_of_remedies_is_refused_as_a_whole() -> None:
    table = enforcement.table_of("enforcement_profile")
    place = table.heading.index("救济途径")
    cells = [[*row[:place], *row[place + 1 :]] for row in (table.heading, *table.rows)]
    found = find_table(Sheet("Sheet1", True, cells), kind("enforcement_profile"))
    assert found is not None and found.missing(kind("enforcement_profile")) == ["救济途径"]
    done = check_table(found, kind("enforcement_profile"), world())
    assert told(done) == [(0, "救济途径", "column_missing")]


def test_a_code_that_lost_its_leading_zero_is_mended_with_a_warning() -> None:
    done = checked("basic_public_services", {"服务编码": 101})
    fault = only(done)
    assert (fault.title, fault.severity, done.rows[0].values["code"]) == ("服务编码", WARN, "0101")
    done = checked("power_list", {"职权编码": 154001000, "职权类型": "1"})
    assert told(done)[0] == (2, "职权编码", "repaired")
    assert done.rows[0].values["code"] == "000154001000" and done.rows[0].values["power_class"] == "01"


@pytest.mark.parametrize("name", KINDS)
def test_an_entry_comes_once(name: str) -> None:
    done = checked(name, {}, {})
    assert [(row, code) for row, _title, code in told(done)] == [(3, "duplicate")]
    assert "和第2行重复" in done.all_faults[0].message


@pytest.mark.parametrize("name", KINDS)
def test_examples_of_the_columns_are_good_values(name: str) -> None:
    own = read_kind(REGISTERS / "kinds" / f"{name}.toml")
    examples = {one.title: one.example for one in own.fields if one.example}
    done = checked(name, examples)
    assert [fault for fault in told(done) if fault[2] not in ("ground", "order")] == []


@pytest.mark.parametrize("name", KINDS)
def test_the_data_package_of_a_list_is_valid(name: str, tmp_path: Path) -> None:
    table = KINDS[name].table_of(name)
    found = find_table(Sheet("Sheet1", True, [list(table.heading), *map(list, table.rows[:60])]), kind(name))
    assert found is not None
    rows = [row.values for row in check_table(found, kind(name), world()).rows]
    data = csv_of(kind(name).public_fields, rows)
    made = datetime(2026, 11, 25, tzinfo=UTC)
    text = package_of(kind(name), name="list", title="演示", made=made, version="1", files={"data.csv": data})
    (tmp_path / "data.csv").write_bytes(data)
    (tmp_path / "datapackage.json").write_bytes(text)
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])
