"""One cell of an office's table: what it means as a value of its column, or what is wrong with it.

Values are what canonical JSON may hold: text, integers, booleans; amounts are decimal text and days ISO text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import Any

from ..numerals import chinese_number, find_date, find_web_date
from .kinds import TableField

Value = str | int | bool | None
# What people write where there is nothing.
EMPTY = frozenset({"", "-", "--", "—", "——", "－", "/", "／", "\\", "无", "n/a", "N/A", "null", "NULL", "空"})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SPACES = re.compile(r"[ \t\u00a0\u3000]+")
_AMOUNT_TAIL = re.compile(r"(?:人民币)?(元|万元|亿元|%|人|户|件|个|项|平方米|公顷|亩)$")
_TRUE, _FALSE = (
    frozenset({"是", "有", "√", "true", "TRUE", "1", "Y", "y"}),
    frozenset({"否", "×", "false", "FALSE", "0", "N", "n"}),
)
# Excel counts days from here, with 1900 wrongly a leap year.
_SHEET_DAY_ZERO = date(1899, 12, 30)
_FIRST_SHEET_DAY, _LAST_SHEET_DAY = 18264, 73050  # 1950 to 2099
# Full-width digits and Latin letters to half-width; the brackets of document numbers stay.
_NARROW_LETTERS = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
# Beyond fifteen digits a spreadsheet has already rounded a number.
LARGEST_EXACT = 10**15


@dataclass(frozen=True, slots=True)
class Parsed:
    """A value, or a ``problem`` in Chinese; ``note`` says what was repaired on the way."""

    value: Value = None
    problem: str = ""
    note: str = ""


def parse(field: TableField, raw: Any) -> Parsed:
    """The value a cell has in its column. Empty is None; whether it may be, is not asked here."""
    if raw is None:
        return Parsed()
    if isinstance(raw, str):
        raw = clean(raw)
        if raw in EMPTY:
            # Zero written out is a value (three-public expenses); a dash is none.
            return Parsed()
    if isinstance(raw, float) and not isfinite(raw):
        return Parsed(problem="这里的公式没有算出数来。")
    return _PARSERS[field.type](field, raw)


@lru_cache(20_000)
def clean(text: str) -> str:
    """Text without invisible characters, edge spaces and doubled spaces; line breaks stay. Cells repeat, so what was
    cleaned is kept."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n")).strip()


def narrow(text: str) -> str:
    """Full-width letters, digits and marks made half-width."""
    return unicodedata.normalize("NFKC", text)


def _string(field: TableField, raw: Any) -> Parsed:
    if isinstance(raw, bool):
        return Parsed("是" if raw else "否")
    if isinstance(raw, (datetime, date)):
        return Parsed(_day_text(raw))
    if isinstance(raw, (int, float)):
        return _code_from_number(field, raw)
    text = str(raw)
    if field.code_list or field.check in ("credit_code", "resident_id", "region"):
        text = narrow(text).replace(" ", "").replace("'", "")
        if field.check in ("credit_code", "resident_id"):
            text = text.upper()
    elif field.identifier or "pattern" in field.constraints:
        text = text.translate(_NARROW_LETTERS)
    return Parsed(text)


def _code_from_number(field: TableField, raw: int | float) -> Parsed:
    """A code that a spreadsheet took for a number."""
    if abs(raw) >= LARGEST_EXACT:
        return Parsed(problem="位数太多，表格软件已经把后几位变成了0。请把这一列设成“文本”格式，重新填写。")
    if isinstance(raw, float) and not raw.is_integer():
        return Parsed(format(Decimal(repr(raw)), "f"))
    digits = str(int(raw))
    length = field.constraints.get("minLength", 0)
    if len(digits) < length:
        return Parsed(digits.zfill(length), note=f"开头的0被表格软件去掉了，已补成“{digits.zfill(length)}”，请核对。")
    return Parsed(digits)


def _integer(field: TableField, raw: Any) -> Parsed:
    found = _number(field, raw)
    if found.problem or found.value is None:
        return found
    amount = Decimal(str(found.value))
    if amount != amount.to_integral_value():
        return Parsed(problem=f"“{raw}”不是整数。")
    return Parsed(int(amount), note=found.note)


def _number(field: TableField, raw: Any) -> Parsed:
    if isinstance(raw, (bool, datetime, date, time, timedelta)):
        return Parsed(problem="这里要填数，不是日期。")
    note = ""
    if isinstance(raw, (int, float)):
        if abs(raw) >= LARGEST_EXACT:
            return Parsed(problem="数太大，表格软件已经丢掉了后几位。请改用更大的单位。")
        amount = Decimal(repr(raw)) if isinstance(raw, float) else Decimal(raw)
    else:
        text = narrow(str(raw)).replace(",", "").replace(" ", "").replace("￥", "").replace("¥", "")
        tail = _AMOUNT_TAIL.search(text)
        if tail is not None:
            if field.unit and tail[1] != field.unit:
                return Parsed(problem=f"这一列的单位是{field.unit}，这里写的是{tail[1]}。请换算后只填数。")
            text = text[: tail.start()]
        if text.startswith("(") and text.endswith(")"):
            text = f"-{text[1:-1]}"
        try:
            amount = Decimal(text.replace("−", "-"))
        except InvalidOperation:
            return Parsed(problem=f"“{raw}”不是数。")
        if not amount.is_finite():
            return Parsed(problem=f"“{raw}”不是数。")
    exponent = amount.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if field.decimals is not None and places > field.decimals:
        rounded = round(amount, field.decimals)
        # What a formula computed has a tail of rounding error; what a person typed has not.
        if not isinstance(raw, float) or abs(rounded - amount) > Decimal(f"1e-{field.decimals + 4}"):
            return Parsed(problem=f"最多{field.decimals}位小数，这里有{places}位。")
        amount = rounded
    return Parsed(plain_amount(amount), note=note)


def plain_amount(amount: Decimal) -> str:
    """Decimal text without exponent, without zeros that say nothing: 12.50 is 12.5, 1E+2 is 100."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _date(field: TableField, raw: Any) -> Parsed:
    if isinstance(raw, (datetime, date)):
        return Parsed(_day_text(raw))
    if isinstance(raw, (bool, time, timedelta)):
        return Parsed(problem="这里要填日期，例如 2026-01-03。")
    if isinstance(raw, (int, float)):
        return _date_from_number(raw)
    text = narrow(str(raw))
    compact = text.replace(" ", "")
    if re.fullmatch(r"\d{8}", compact):
        return _checked_day(compact[:4], compact[4:6], compact[6:])
    if re.fullmatch(r"\d{5}", compact):
        return _date_from_number(int(compact))
    found = find_date(text)
    if found is not None:
        if found.day is None:
            return Parsed(problem=f"日历上没有“{raw}”这一天。")
        return Parsed(found.day.isoformat())
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?", text.strip())
    if match is not None:
        return _checked_day(*match.groups()[:3])
    day = find_web_date(text) if len(text) <= 12 else None
    if day is not None:
        return Parsed(day.isoformat())
    return Parsed(problem=f"“{raw}”认不出是哪一天，请写成 2026-01-03 的样子。")


def _date_from_number(raw: int | float) -> Parsed:
    whole = int(raw)
    if 19500101 <= whole <= 20991231 and whole == raw:
        text = str(whole)
        return _checked_day(text[:4], text[4:6], text[6:])
    if not _FIRST_SHEET_DAY <= whole <= _LAST_SHEET_DAY:
        return Parsed(problem=f"“{whole}”认不出是哪一天，请写成 2026-01-03 的样子。")
    day = _SHEET_DAY_ZERO + timedelta(days=whole)
    return Parsed(day.isoformat(), note=f"表格软件把日期存成了数{whole}，已换成{day}。")


def _checked_day(year: str, month: str, day: str) -> Parsed:
    try:
        return Parsed(date(int(year), int(month), int(day)).isoformat())
    except ValueError:
        return Parsed(problem=f"日历上没有{int(year)}年{int(month)}月{int(day)}日。")


def _day_text(raw: datetime | date) -> str:
    return (raw.date() if isinstance(raw, datetime) else raw).isoformat()


def _year(field: TableField, raw: Any) -> Parsed:
    if isinstance(raw, (datetime, date)):
        return Parsed(raw.year)
    text = (
        narrow(str(int(raw) if isinstance(raw, float) and raw.is_integer() else raw))
        .strip()
        .removesuffix("度")
        .removesuffix("年")
    )
    if re.fullmatch(r"(19|20)\d{2}", text):
        return Parsed(int(text))
    return Parsed(problem=f"“{raw}”不是年份，请写成 2026。")


def _yearmonth(field: TableField, raw: Any) -> Parsed:
    if isinstance(raw, (datetime, date)):
        return Parsed(f"{raw:%Y-%m}")
    text = narrow(str(int(raw) if isinstance(raw, float) and raw.is_integer() else raw)).replace(" ", "")
    match = re.fullmatch(r"((?:19|20)\d{2})[-/.年]?(\d{1,2})月?", text)
    if match is None:
        written = re.fullmatch(r"((?:19|20)\d{2})年([一二三四五六七八九十]{1,2})月", text)
        month = chinese_number(written[2]) if written else None
        year = written[1] if written else ""
    else:
        year, month = match[1], int(match[2])
    if month is None or not 1 <= month <= 12:
        return Parsed(problem=f"“{raw}”不是年月，请写成 2026-01。")
    return Parsed(f"{year}-{month:02d}")


def _boolean(field: TableField, raw: Any) -> Parsed:
    if isinstance(raw, bool):
        return Parsed(raw)
    text = narrow(str(int(raw) if isinstance(raw, float) and raw.is_integer() else raw)).strip()
    if text in _TRUE:
        return Parsed(True)
    if text in _FALSE:
        return Parsed(False)
    return Parsed(problem=f"“{raw}”要写成“是”或“否”。")


_PARSERS = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "date": _date,
    "year": _year,
    "yearmonth": _yearmonth,
    "boolean": _boolean,
}
