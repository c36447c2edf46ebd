"""Trades, partnership projects, findings, accountability, aid and poverty funds: office workbooks are read without a
fault, and what is wrong is found at its cell."""

import csv
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import ric

from mingtang.cli.demo import registers as demo
from mingtang.registers.catalog import with_adjustment
from mingtang.text.tables.checks import BLOCK, Checked, Row, World, check_table
from mingtang.text.tables.codes import CodeLists
from mingtang.text.tables.headings import find_table
from mingtang.text.tables.kinds import TableKind, read_kind
from mingtang.text.tables.masking import public_values
from mingtang.text.tables.packages import csv_of, package_of
from mingtang.text.tables.reconciling import reconcile
from mingtang.text.tables.workbook import Sheet, read_workbook
from tests.registers.workbooks import oversight as books

PACKAGE = Path(demo.__file__).parents[3]
REGISTERS = PACKAGE / "registers"


@cache
def kind(name: str) -> TableKind:
    return with_adjustment(read_kind(REGISTERS / "kinds" / f"{name}.toml"))


@cache
def world() -> World:
    with (PACKAGE / "units/profiles/tongliao/regions.csv").open(encoding="utf-8") as handle:
        regions = {row["name"]: row["code"] for row in csv.DictReader(handle)}
    return World(lambda name: None, regions.get, CodeLists(REGISTERS / "codes"), date(2026, 11, 25), 2026)


def check(name: str, heading: Any, rows: Any) -> Checked:
    found = find_table(Sheet("Sheet1", True, [list(heading), *map(list, rows)]), kind(name))
    assert found is not None
    return check_table(found, kind(name), world())


def checked(name: str, *rows: dict[str, Any], place: int = 0) -> Checked:
    """A row of the demonstration with some cells (by title) written differently, once for each of ``rows``; the first
    of them stands in row 2."""
    table = books.table_of(name)
    first = dict(zip(table.heading, table.rows[place], strict=True))
    return check(name, table.heading, [[{**first, **row}[title] for title in table.heading] for row in rows])


def told(done: Checked) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.title, fault.code) for fault in done.all_faults]


@pytest.mark.parametrize("name", books.HABITS)
def test_the_workbook_of_an_office_reads_without_a_fault(name: str) -> None:
    table = books.table_of(name)
    found = find_table(read_workbook(f"{name}.xlsx", books.office_workbook(name)).sheets[0], kind(name))
    assert found is not None and [column.heading for column in found.columns if not column.sure] == []
    done = check_table(found, kind(name), world())
    assert [fault for fault in done.all_faults if fault.severity == BLOCK] == []
    plain = check(name, table.heading, table.rows)
    assert told(plain) == []
    assert [row.values for row in done.rows] == [row.values for row in plain.rows]
    assert len(done.rows) == len(table.rows)


def test_the_demonstration_is_as_large_as_a_citys() -> None:
    sizes = {table.kind: len(table.rows) for table in demo.tables("trading", "oversight", "aid")}
    assert sizes == {
        "public_resource_trades": 600,
        "partnership_projects": 12,
        "audit_findings": 80,
        "accountability_cases": 15,
        "aid_records": 2000,
        "poverty_funds": 20,
        "poverty_fund_uses": 150,
    }
    trades, aid = books.table_of("public_resource_trades"), books.table_of("aid_records")
    assert len(Counter(row[1] for row in trades.rows)) == 4 and len({row[0] for row in trades.rows}) == 600
    assert len(Counter(row[1] for row in aid.rows)) == 6 and len({row[2] for row in aid.rows}) > 4
    assert list(demo.tables("aid")) == list(demo.tables("aid"))


@pytest.mark.parametrize(
    ("name", "cells", "title", "code"),
    [
        ("public_resource_trades", {"中标（成交）人代码": "91150500MA0N000000"}, "中标（成交）人代码", "check_digit"),
        ("public_resource_trades", {"投诉渠道": ""}, "投诉渠道", "missing"),
        ("public_resource_trades", {"交易系统代码": ""}, "交易系统代码", "missing"),
        ("public_resource_trades", {"交易类别": "其他交易"}, "交易类别", "not_listed"),
        ("public_resource_trades", {"成交日期": "2025-01-01"}, "成交日期", "order"),
        ("public_resource_trades", {"成交金额": ""}, "成交金额", "together"),
        ("public_resource_trades", {"项目所在地": "某旗"}, "项目所在地", "region_unknown"),
        ("audit_findings", {"整改情况": ""}, "整改情况", "ground"),
        ("audit_findings", {"整改完成日期": "2025-12-31"}, "整改完成日期", "order"),
        ("accountability_cases", {"问责情形": "不担当"}, "问责情形", "not_listed"),
        ("accountability_cases", {"办结日期": ""}, "办结日期", "missing"),
        ("aid_records", {"身份证号码": "150525194903071234"}, "身份证号码", "check_digit"),
        ("aid_records", {"身份证号码": "15052519490230123X"}, "身份证号码", "check_digit"),
        ("aid_records", {"救助类别": "其他"}, "救助类别", "not_listed"),
        ("aid_records", {"银行卡号": 6217001234567890123}, "银行卡号", "unreadable"),
        ("poverty_funds", {"未安排": "0.01"}, "资金总额", "sum"),
        ("poverty_fund_uses", {"户编号": "150525200201000001", "户主姓名": ""}, "户主姓名", "together"),
    ],
)
def test_what_is_wrong_is_found_at_its_cell(name: str, cells: dict[str, Any], title: str, code: str) -> None:
    assert told(checked(name, cells)) == [(2, title, code)]


def test_a_deal_comes_once() -> None:
    assert told(checked("public_resource_trades", {}, {"项目名称": "另一个"})) == [(3, "统一交易标识码", "duplicate")]


def test_an_award_without_prequalification_is_incomplete_and_named() -> None:
    place = next(at for at, row in enumerate(books.table_of("partnership_projects").rows) if row[4] == "执行")
    (fault,) = checked("partnership_projects", {"资格预审结果": "", "资格预审日期": ""}, place=place).all_faults
    assert (fault.row, fault.title, fault.code) == (2, "资格预审结果", "ground")
    assert fault.message == "有成交结果而没有资格预审结果，公开不完整。先补资格预审结果。"
    done = checked(
        "partnership_projects",
        {"成交结果": "", "成交社会资本方": "", "社会资本方代码": "", "成交日期": ""},
        place=place,
    )
    assert told(done) == [(2, "成交结果", "ground")] and "执行阶段" in done.all_faults[0].message


def test_persons_are_masked_and_companies_are_not() -> None:
    held = checked("aid_records", {}).rows[0].values
    shown = public_values(kind("aid_records"), held)
    number = str(held["resident_number"])
    assert shown["resident_number"] == f"{number[:6]}{'*' * 8}{number[-4:]}"
    assert shown["recipient"] == "演***" and str(shown["address"]).endswith("社区***")
    assert shown["phone"] == f"{str(held['phone'])[:3]}****{str(held['phone'])[-4:]}"
    assert shown["bank_card"] == "*" * 15 + str(held["bank_card"])[-4:]
    use = next(
        public_values(kind("poverty_fund_uses"), row.values)
        for row in check("poverty_fund_uses", *books.table_of("poverty_fund_uses")[2:4]).rows
        if row.values["household"]
    )
    assert "********" in str(use["household"]) and use["householder"] == "演***"
    trades = check("public_resource_trades", *books.table_of("public_resource_trades")[2:4]).rows
    for row in trades:
        name, shown_name = (
            row.values["winner_name"],
            public_values(kind("public_resource_trades"), row.values)["winner_name"],
        )
        assert shown_name == ("演***" if row.values["winner_type"] == "自然人" else name)
    assert any(row.values["winner_type"] == "自然人" for row in trades)


@pytest.mark.parametrize("region", ["150525", "152326"])
def test_a_number_given_out_under_any_code_of_a_region_is_good(region: str) -> None:
    body = f"{region}19560307123"
    number = body + ric.calc_check_digit(body + "0")
    assert told(checked("aid_records", {"身份证号码": number})) == []


@pytest.mark.parametrize("name", books.HABITS)
def test_what_is_public_is_a_valid_data_package(name: str, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    table = books.table_of(name)
    rows = [public_values(kind(name), row.values) for row in check(name, table.heading, table.rows).rows]
    data = csv_of(kind(name).public_fields, rows)
    made = datetime(2026, 11, 25, tzinfo=UTC)
    text = package_of(kind(name), name="list", title="演示", made=made, version="1", files={"data.csv": data})
    (tmp_path / "data.csv").write_bytes(data)
    (tmp_path / "datapackage.json").write_bytes(text)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])


def disagree(name: str, rows: list[Row], others: list[Row] | None) -> list[tuple[str, str]]:
    kinds = {one: kind(one) for one in ("poverty_funds", "poverty_fund_uses")}
    held = None if others is None else [row.values for row in others]
    return [(one.code, one.message) for one in reconcile(kinds[name], rows, lambda _kind: held, kinds)]


def test_funds_agree_with_their_uses_to_the_cent() -> None:
    funds = check("poverty_funds", *books.table_of("poverty_funds")[2:4]).rows
    uses = check("poverty_fund_uses", *books.table_of("poverty_fund_uses")[2:4]).rows
    assert disagree("poverty_funds", funds, uses) == [] == disagree("poverty_fund_uses", uses, funds)
    uses[0].values["amount"] = str(Decimal(str(uses[0].values["amount"])) + Decimal("0.01"))
    ((code, message),) = disagree("poverty_funds", funds, uses)
    assert code == "unreconciled" and "FP2026-01" in message and "差-0.01" in message
    ((code, message),) = disagree("poverty_fund_uses", uses, funds)
    assert code == "unreconciled" and "差0.01" in message


def test_a_fund_of_which_nothing_is_used_has_nothing_allocated() -> None:
    plain = {"资金总额": "100", "已安排": "0", "未安排": "100"}
    assert disagree("poverty_funds", checked("poverty_funds", plain).rows, None) == []
    claimed = checked("poverty_funds", plain | {"已安排": "90", "未安排": "10"}).rows
    assert [code for code, _message in disagree("poverty_funds", claimed, None)] == ["unreconciled"]
    uses = checked("poverty_fund_uses", {}).rows
    ((code, _message),) = disagree("poverty_fund_uses", uses, None)
    assert code == "table_missing"
