"""The guard of the grouping: what an opinion is for or against and every number in it, as one comparable value.

Only opinions with the same value can be one group, so a mistake splits a group, which people can mend; it does not join
opposite views, which nobody would notice.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from .cleaning import key_of_plain, plain

TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "guard.toml").read_text(encoding="utf-8"))

Guard = tuple[str, ...]

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "壹": 1, "贰": 2}
_DIGITS |= {"叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "俩": 2, "仨": 3}
_SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_SIGNS = "".join(_DIGITS) + "".join(_SMALL) + "万亿廿卅"
_CONTEXT = 2


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


_SIDES = {
    word: f"{pair['name']}{sign}"
    for pair in TABLE["pairs"]
    for side, sign in (("one", "+"), ("other", "-"))
    for word in pair[side]
}
_STANCES = {f"{pair['name']}{sign}" for pair in TABLE["pairs"] if pair.get("stance") for sign in "+-"}
_UNITS = {written: unit for unit, ways in TABLE["units"].items() for written in ways}
_MARK = re.compile(
    rf"(?P<number>(?:百分之|千分之)?(?:-?\d+(?:\.\d+)?[{_SIGNS}]*|[{_SIGNS}]+(?:点[{_SIGNS}]+)?|半)(?:[%‰]|多|余|几|来)?)"
    rf"(?P<half>(?:个)?半)?(?P<unit>{_either(_UNITS)})?"
    rf"|(?P<side>{_either(_SIDES)})|(?P<negation>{_either(TABLE['negations'])})"
)
_NEUTRAL = re.compile(_either(TABLE["neutral"]))


def guard_of(text: str) -> Guard:
    """The marks of an opinion in reading order: sides taken, negations with what they negate, numbers with units.

    Where a text takes both sides of a pair, negates what it also states, or has several numbers, the characters beside
    each mark belong to it, so that two things changing places are noticed.
    """
    return guard_of_plain(plain(text))


def guard_of_plain(text: str) -> Guard:
    """``guard_of`` for a text that is plain already."""
    text = _NEUTRAL.sub(lambda match: "\n" * len(match[0]), key_of_plain(text))
    found: list[tuple[str, str, int, int]] = []
    for match in _MARK.finditer(text):
        if match["number"]:
            mark = number_of(match["number"]) + (match["half"] or "") + _UNITS.get(match["unit"] or "", "")
            found.append(("number", mark, match.start(), match.end()))
        elif match["side"]:
            found.append(("side", _SIDES[match["side"]], match.start(), match.end()))
        else:
            found.append(("negation", match["negation"][0], match.start(), match.end()))
    sides = {mark for kind, mark, _, _ in found if kind == "side"}
    numbers = {mark for kind, mark, _, _ in found if kind == "number"}
    marks: list[str] = []
    for place, (kind, mark, start, end) in enumerate(found):
        if kind == "number":
            marks.append(mark + (f"@{_before(text, start)}" if len(numbers) > 1 else ""))
        elif kind == "negation":
            negated = text[end : end + 2]
            twice = len(negated) == 2 and "\n" not in negated and text.count(negated) > 1
            marks.append(f"不{negated[:1]}" + (f"@{_before(text, start)}" if twice else ""))
        else:
            opposite = mark[:-1] + ("-" if mark[-1] == "+" else "+")
            denied = place > 0 and found[place - 1][0] == "negation" and found[place - 1][3] == start
            both = opposite in sides or (text.count(text[start:end]) > 1 and any(f[0] == "negation" for f in found))
            if both:
                mark += f"@{_before(text, start)}^{text[end : end + _CONTEXT]}"
            # 支持、支持 says no more than 支持; 不支持 after 支持 does.
            if denied or not marks or marks[-1] != mark:
                marks.append(mark)
    return tuple(marks)


def stance_of(text: str) -> str:
    """``for``, ``against``, ``both``, or empty where no side is taken. A negation right before a word turns it round."""
    text = _NEUTRAL.sub(lambda match: "\n" * len(match[0]), key_of_plain(plain(text)))
    found: set[str] = set()
    turned = False
    for match in _MARK.finditer(text):
        if match["side"] and (side := _SIDES[match["side"]]) in _STANCES:
            found.add("against" if (side[-1] == "-") != (turned and text[match.start() - 1] in "不没未") else "for")
        turned = bool(match["negation"])
    return "both" if len(found) > 1 else next(iter(found), "")


@lru_cache(maxsize=8192)
def number_of(written: str) -> str:
    """One spelling for each value: 三十, 30 and 30.0 are ``30``; 百分之五 and 5% are ``5%``; unreadable stays as written."""
    rest, mark = written, ""
    for lead, sign in (("百分之", "%"), ("千分之", "‰")):
        if rest.startswith(lead):
            rest, mark = rest[len(lead) :], sign
    if rest and rest[-1] in "%‰多余几来":
        mark += "余" if rest[-1] in "多余几来" else rest[-1]
        rest = rest[:-1]
    value = _value(rest)
    return (rest if value is None else f"{value.normalize():f}") + mark


def _value(written: str) -> Decimal | None:
    if written == "半":
        return Decimal("0.5")
    figures = re.match(r"-?\d+(?:\.\d+)?", written)
    if figures:
        value = Decimal(figures[0])
        for sign in written[figures.end() :]:
            if (unit := _SMALL.get(sign) or _LARGE.get(sign)) is None:
                return None
            value *= unit
        return value
    whole, _, decimals = written.replace("廿", "二十").replace("卅", "三十").partition("点")
    if all(sign in _DIGITS for sign in whole):
        value = Decimal("".join(str(_DIGITS[sign]) for sign in whole) or "0")
    else:
        value = Decimal(_grouped(whole))
    if decimals:
        if not all(sign in _DIGITS for sign in decimals):
            return None
        value += Decimal("0." + "".join(str(_DIGITS[sign]) for sign in decimals))
    return value


def _grouped(written: str) -> int:
    total, section, digit = 0, 0, 0
    for sign in written:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _SMALL:
            section, digit = section + (digit or (0 if section else 1)) * _SMALL[sign], 0
        else:
            total, section, digit = (total + ((section + digit) or 1)) * _LARGE[sign], 0, 0
    return total + section + digit


def _before(text: str, start: int) -> str:
    return text[max(0, start - _CONTEXT) : start]
