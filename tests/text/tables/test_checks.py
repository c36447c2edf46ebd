from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.text.tables.samples import GOOD_CODE, PENALTY, book, kind

from mingtang.text.tables.checks import Checked, World, check_table, key_text
from mingtang.text.tables.codes import CodeLists
from mingtang.text.tables.headings import find_table
from mingtang.text.tables.kinds import KindError, kind_of
from mingtang.text.tables.workbook import Sheet, read_workbook

HEAD = [
    "行政相对人名称",
    "统一社会信用代码",
    "行政处罚决定书文号",
    "处罚类别",
    "罚款金额",
    "没收金额",
    "罚没合计",
    "处罚决定日期",
    "公示截止期",
]


def world(folder: Path = Path("/nowhere"), year: int = 2026) -> World:
    units = {"市教育局": "jyj"}
    return World(units.get, {"150500": "150500"}.get, CodeLists(folder), date(2026, 11, 25), year)


def checked(rows: Sequence[Sequence[Any]], taken: frozenset[str] = frozenset()) -> Checked:
    found = find_table(read_workbook("a.xlsx", book([HEAD, *rows])).sheets[0], kind())
    assert found is not None
    return check_table(found, kind(), world(), taken=taken)


def row(number: int, **more: Any) -> list[Any]:
    values = {
        "party": "甲公司",
        "code": GOOD_CODE,
        "number": f"通罚[2026]{number}号",
        "category": "罚款",
        "fine": 1.5,
        "confiscated": 0.25,
        "total": 1.75,
        "decided": "2026年1月3日",
        "until": "2026-04-03",
        **more,
    }
    return list(values.values())


def test_good_rows_have_no_fault_and_plain_values() -> None:
    done = checked([row(1), row(2, code="", until="")])
    assert done.all_faults == []
    assert done.rows[0].values == {
        "party": "甲公司",
        "credit_code": GOOD_CODE,
        "document_number": "通罚〔2026〕1号",
        "category": "罚款",
        "fine": "1.5",
        "confiscated": "0.25",
        "total": "1.75",
        "decided_on": "2026-01-03",
        "shown_until": "2026-04-03",
    }


def test_every_fault_is_told_by_cell() -> None:
    done = checked(
        [
            row(1),
            row(2, party="", code=GOOD_CODE[:-1] + "X", category="拘留", fine=-1, total="很多"),
            row(1, until="2025-01-01"),
            row(4, total=1.74, code="9133"),
        ]
    )
    told = {(fault.row, fault.field, fault.code) for fault in done.all_faults}
    assert told == {
        (3, "party", "missing"),
        (3, "credit_code", "check_digit"),
        (3, "category", "not_listed"),
        (3, "fine", "too_small"),
        (3, "total", "unreadable"),
        (4, "document_number", "duplicate"),
        (4, "shown_until", "order"),
        (5, "total", "sum"),
        (5, "credit_code", "code_length"),
    }
    assert "差-0.01" in next(fault.message for fault in done.all_faults if fault.code == "sum")
    assert [row.blocked for row in done.rows] == [False, True, True, True]


def test_a_key_that_another_list_holds_is_a_duplicate() -> None:
    taken = frozenset({key_text({"document_number": "通罚〔2026〕1号"}, kind())})
    assert [fault.code for fault in checked([row(1), row(2)], taken).all_faults] == ["duplicate"]


def test_a_written_total_must_be_the_sum() -> None:
    done = checked([row(1), row(2), ["合计", "", "", "", 3, 0.5, 3.51]])
    assert [(fault.row, fault.field, fault.code) for fault in done.faults] == [(4, "total", "total")]
    assert "差0.01" in done.faults[0].message


def test_codes_of_the_year_are_deep_enough(tmp_path: Path) -> None:
    (tmp_path / "functional").mkdir()
    head = "code,name,parent,replaces\n"
    (tmp_path / "functional" / "2025.csv").write_text(
        f"{head}201,一般公共服务支出,,\n20103,政府办公厅及相关机构事务,201,\n2010301,行政运行,20103,\n2010399,其他,20103,\n",
        "utf-8",
    )
    (tmp_path / "functional" / "2026.csv").write_text(
        f"{head}201,一般公共服务支出,,\n20103,政府办公厅及相关机构事务,201,\n2010301,行政运行,20103,\n2010350,事业运行,20103,2010399\n",
        "utf-8",
    )
    lists = CodeLists(tmp_path)
    assert lists.follow("functional", "2010399", 2025, 2026) == ["2010350"]
    assert lists.follow("functional", "2010301", 2025, 2026) == ["2010301"]
    assert [code.code for code in lists.at("functional", 2027).path("2010350")] == ["201", "20103", "2010350"]
    budget = kind_of(
        {
            **PENALTY,
            "key": ["line"],
            "fields": [
                {
                    "name": "line",
                    "title": "功能分类",
                    "code_list": "functional",
                    "depth": 7,
                    "constraints": {"required": True},
                },
                {"name": "amount", "title": "金额", "type": "number"},
            ],
            "rules": [],
        }
    )
    rows = [
        ["功能分类", "金额"],
        [201, 1],
        ["2010301 行政运行", 1],
        ["政府办公厅及相关机构事务", 1],
        ["9999999", 1],
        ["事业运行", 1],
    ]
    found = find_table(read_workbook("a.xlsx", book(rows)).sheets[0], budget)
    assert found is not None
    done = check_table(found, budget, world(tmp_path))
    assert [(fault.row, fault.code) for fault in done.all_faults] == [
        (2, "code_shallow"),
        (4, "code_shallow"),
        (5, "code_unknown"),
    ]
    assert [row.values["line"] for row in done.rows][1:5:3] == ["2010301", "2010350"]


def test_a_kind_file_that_says_nonsense_names_every_problem() -> None:
    broken = {
        **PENALTY,
        "title": "",
        "key": ["nothing"],
        "fields": [*PENALTY["fields"], {"name": "Bad", "title": "文号", "type": "money", "colour": 1}],
        "rules": [{"kind": "sum", "total": "no_such", "parts": ["fine"], "message": ""}],
    }
    with pytest.raises(KindError) as refused:
        kind_of(broken, "penalty.toml")
    said = str(refused.value)
    for part in (
        "缺少“title”",
        "“nothing”不是字段",
        "小写字母",
        "只能是string",
        "不认识的“colour”",
        "“文号”既是",
        "“no_such”不是字段",
        "没有“message”",
    ):
        assert part in said


def test_the_schema_is_a_table_schema_without_our_own_words() -> None:
    schema = kind().schema()
    assert schema["primaryKey"] == ["document_number"]
    assert {key for field in schema["fields"] for key in field} <= {
        "name",
        "title",
        "type",
        "constraints",
        "description",
        "example",
    }


SPAN = {"kind": "span", "first": "decided_on", "second": "shown_until", "least": 3, "most": 36, "message": "请改。"}


@pytest.mark.parametrize(
    ("decided", "until", "good"),
    [
        ("2026-01-31", "2026-04-30", True),
        ("2026-01-31", "2026-04-29", False),
        ("2024-02-29", "2027-02-28", True),
        ("2024-02-29", "2027-03-01", False),
    ],
)
def test_a_period_keeps_to_its_months(decided: str, until: str, good: bool) -> None:
    own = kind_of(PENALTY | {"rules": [SPAN]})
    sheet = Sheet("Sheet1", True, [["文号", "处罚决定日期", "公示截止期"], ["通罚〔2026〕1号", decided, until]])
    found = find_table(sheet, own)
    assert found is not None
    row = check_table(found, own, world()).rows[0]
    assert [fault.code for fault in row.faults if fault.field == "shown_until"] == ([] if good else ["span"])


def test_a_key_field_that_may_be_empty_tells_entries_apart() -> None:
    own = kind_of(PENALTY | {"key": ["document_number", "credit_code"], "rules": []})
    heading = ["文号", "信用代码", "当事人", "处罚决定日期"]
    rows = [
        ["1号", GOOD_CODE, "甲", "2026-01-05"],
        ["1号", None, "乙", "2026-01-05"],
        ["1号", None, "丙", "2026-01-05"],
    ]
    found = find_table(Sheet("Sheet1", True, [heading, *rows]), own)
    assert found is not None
    blocked = [row.number for row in check_table(found, own, world()).rows if row.blocked]
    assert blocked == [4]
