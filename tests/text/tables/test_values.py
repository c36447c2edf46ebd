from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingtang.text.tables.kinds import TableField
from mingtang.text.tables.values import parse, plain_amount


def value(kind: str, raw: Any, **more: Any) -> Any:
    found = parse(TableField("x", "列", kind, **more), raw)
    return found.problem or found.value


@pytest.mark.parametrize(
    "raw",
    [
        "2026-1-3",
        "2026年1月3日",
        "2026.01.03",
        "2026/1/3",
        "20260103",
        "二〇二六年一月三日",
        "２０２６年１月３日",
        46025,
        46025.0,
        20260103,
    ]
    + [date(2026, 1, 3), datetime(2026, 1, 3, 8, 30), "2026-01-03 08:30:00", "46025"],
)
def test_days_as_offices_write_them(raw: Any) -> None:
    assert value("date", raw) == "2026-01-03"


@pytest.mark.parametrize("raw", ["2026-02-30", "2026年13月1日", "去年", "2026", 12, True, "20261301"])
def test_what_is_no_day(raw: Any) -> None:
    found = parse(TableField("x", "列", "date"), raw)
    assert found.value is None and found.problem


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("1,234.50", "1234.5"),
        ("１２．５", "12.5"),
        ("￥ 3", "3"),
        ("(12.5)", "-12.5"),
        (12.5, "12.5"),
        (3.0, "3"),
        (0, "0"),
        ("0", "0"),
    ]
    + [("12.50万元", "12.5"), (0.1 + 0.2, "0.3"), ("1e3", "1000")],
)
def test_amounts(raw: Any, wanted: str) -> None:
    assert value("number", raw, unit="万元", decimals=6) == wanted


@pytest.mark.parametrize("raw", ["十二", "12元", "1.2345678", "NaN", "Infinity", 1e16, True, datetime(2026, 1, 1)])
def test_what_is_no_amount(raw: Any) -> None:
    found = parse(TableField("x", "列", "number", unit="万元", decimals=6), raw)
    assert found.value is None and found.problem


@pytest.mark.parametrize("raw", [None, "", "  ", "—", "无", "/", "\u200b", "－"])
def test_nothing_is_none_and_zero_is_not_nothing(raw: Any) -> None:
    for kind in ("string", "number", "date", "integer", "boolean", "year"):
        found = parse(TableField("x", "列", kind), raw)
        assert (found.value, found.problem) == (None, "")
    assert value("number", "0.00") == "0"


def test_codes_that_a_spreadsheet_took_for_numbers() -> None:
    code = TableField("x", "代码", code_list="functional", depth=7, constraints={"minLength": 7})
    assert parse(code, 2010301.0).value == "2010301"
    mended = parse(TableField("x", "代码", code_list="regions", constraints={"minLength": 6}), 10500.0)
    assert mended.value == "010500" and "开头的0" in mended.note
    lost = parse(TableField("x", "号码", check="resident_id"), 1.50502199001011e17)
    assert lost.value is None and "位数太多" in lost.problem


def test_official_numbers_lose_full_width_digits_and_keep_their_brackets() -> None:
    assert value("string", "１５０２０１００１０００", identifier=True) == "150201001000"
    assert value("string", "通市监罚〔２０２６〕１号（ＸＫ）", identifier=True) == "通市监罚〔2026〕1号（XK）"
    assert value("string", "０４７５-５５５０１２３", constraints={"pattern": "[0-9-]+"}) == "0475-5550123"
    assert value("string", "第１号楼") == "第１号楼"


def test_other_types() -> None:
    assert value("year", "2026年度") == 2026 and value("year", 2026.0) == 2026
    assert value("yearmonth", "2026年3月") == "2026-03" and value("yearmonth", 202603.0) == "2026-03"
    assert value("boolean", "√") is True and value("boolean", "否") is False and "要写成" in value("boolean", "也许")
    assert value("integer", "1,200") == 1200 and "不是整数" in value("integer", 1.5)
    assert value("string", "  通教 \u3000罚\u200b字 ") == "通教 罚字"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_an_amount_keeps_its_value(amount: Any) -> None:
    text = plain_amount(amount)
    assert value("number", text) == text
    assert type(amount)(text) == amount and "E" not in text


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.datetimes(), st.none()))
def test_no_cell_breaks_the_reader(raw: Any) -> None:
    for kind in ("string", "integer", "number", "date", "year", "yearmonth", "boolean"):
        found = parse(TableField("x", "列", kind), raw)
        assert not (found.problem and found.value is not None)
