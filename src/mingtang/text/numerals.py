"""Chinese numerals and dates as official papers write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

NUMERAL = "[〇零一二两三四五六七八九十百廿卅]+"
_VALUES = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_ZEROS = dict.fromkeys(map(ord, "○◯Ｏo O0零"), "〇")
_YEAR = "[〇零○◯ＯOo0一二三四五六七八九]{4}"
_DATE = re.compile(
    rf"(?P<y>[12]\d{{3}}) ?年 ?(?P<m>\d{{1,2}}) ?月 ?(?P<d>\d{{1,2}}) ?日"
    rf"|(?P<cy>{_YEAR}) ?年 ?(?P<cm>[元正一二三四五六七八九十]{{1,3}}) ?月 ?(?P<cd>[一二三四五六七八九十廿卅]{{1,3}}) ?日"
)
_WEB_DATE = re.compile(r"([12]\d{3})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date written at ``start:end`` of a line; ``day`` is None when the calendar has no such day."""

    day: date | None
    start: int
    end: int


def chinese_number(text: str) -> int | None:
    """The value of 一 to 九百九十九, also 廿 and 卅 and plain digits; None for anything else."""
    if text.isascii() and text.isdigit():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    total, digit, last_unit = 0, 0, 1000
    for character in text:
        if character in "十百":
            unit = 10 if character == "十" else 100
            if unit >= last_unit or (not digit and total and unit == 100):
                return None
            total, digit, last_unit = total + (digit or 1) * unit, 0, unit
        elif character in _VALUES and not digit:
            digit = _VALUES[character]
        else:
            return None
    return total + digit or None


def find_date(line: str) -> DateFound | None:
    """The first written date of a line, in figures or in Chinese numerals. Positions count in ``line``."""
    match = _DATE.search(_same_length_plain(line))
    if match is None:
        return None
    if match["y"]:
        parts = int(match["y"]), int(match["m"]), int(match["d"])
    else:
        figures = match["cy"].translate(_ZEROS)
        year = int("".join(str(_VALUES[character]) for character in figures))
        parts = year, chinese_number(re.sub("[元正]", "一", match["cm"])) or 0, chinese_number(match["cd"]) or 0
    return DateFound(_day(*parts), match.start(), match.end())


def find_web_date(text: str) -> date | None:
    """A date as web pages write it: 2022-04-13, 2022/4/13, 2022年4月13日."""
    match = _WEB_DATE.search(unicodedata.normalize("NFKC", text))
    return _day(*map(int, match.groups())) if match else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _same_length_plain(line: str) -> str:
    """Full-width digits and spaces made plain, each in its place."""
    return "".join(
        normal if len(normal := unicodedata.normalize("NFKC", character)) == 1 else character for character in line
    )
