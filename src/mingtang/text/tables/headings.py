"""Finding the table in a sheet: where its headings stand, which column is which field, where it ends.

Offices write a title and notes above, merge headings over two or three rows, repeat them on every printed page, and
put totals and signatures below.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from .kinds import TableKind
from .values import clean
from .workbook import Sheet

HEADING_ROWS, DEEPEST = 20, 3
LIKELY = 0.75
_MARKS = re.compile(r"[\s*＊★:：。.、]|[（(][^（）()]*[)）]")
_TOTAL = re.compile(r"^(合\s*计|总\s*计|总\s*数)[:：]?$")
_SUBTOTAL = re.compile(r"^(小\s*计|本页小计|累\s*计|本页合计)[:：]?$")
_MONEY = re.compile(r"单位\s*[:：]?\s*(?:人民币)?\s*(元|千元|万元|亿元)")
_BELOW = re.compile(
    r"^(注|备注|说明|填表说明|填表人|制表人?|审核人?|负责人|单位负责人|报送单位|联系人|联系电话)\s*[:：1１一]"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet (from 0) and the field it holds; ``sure`` is false for a guess that somebody must confirm."""

    place: int
    heading: str
    field: str = ""
    sure: bool = True


@dataclass(frozen=True)
class Found:
    """A table in a sheet. ``rows`` are (row number as the spreadsheet shows it, cells); ``totals`` are rows that sum.
    ``first`` and ``last`` are the heading's rows, from 0. ``above`` are values of fields that the title says once for all
    rows; ``money`` is the unit of amounts it says."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[int, list[Any]], ...]
    totals: tuple[tuple[int, list[Any]], ...]
    first: int
    last: int
    above: Mapping[str, str] = field(default_factory=dict)
    money: str = ""

    def missing(self, kind: TableKind) -> list[str]:
        """Headings of required fields that no column holds."""
        held = {column.field for column in self.columns} | set(self.above)
        return [one.title for one in kind.fields if one.required and one.name not in held]


def find_table(sheet: Sheet, kind: TableKind) -> Found | None:
    """The table of ``kind`` in a sheet; None where fewer than two headings (or its only one) are recognised."""
    wanted = _headings(kind)
    best: tuple[int, int, int] | None = None
    for first in range(min(HEADING_ROWS, len(sheet.rows))):
        for depth in range(1, DEEPEST + 1):
            if first + depth > len(sheet.rows):
                break
            names = {wanted.get(key) for text in _labels(sheet, first, depth) for key in _keys(text)} - {None}
            score = len(names)
            if score >= min(2, len(kind.fields)) and (best is None or score > best[0]):
                best = (score, first, depth)
    if best is None:
        return None
    _score, first, depth = best
    columns = _match(_labels(sheet, first, depth), kind)
    rows, totals = _rows(sheet, first, depth, columns)
    title = _above(sheet, first)
    above = {}
    for one in kind.fields:
        said = re.search(one.above, title) if one.above else None
        if said is not None:
            above[one.name] = said[1]
    # A line with the unit of amounts stands close enough to be taken for a part of the headings.
    money = _MONEY.search(_above(sheet, first + depth))
    return Found(tuple(columns), tuple(rows), tuple(totals), first, first + depth - 1, above, money[1] if money else "")


def _above(sheet: Sheet, end: int) -> str:
    """All that stands above row ``end``, and the sheet's name."""
    texts = [" ".join(dict.fromkeys(filter(None, map(_text, row)))) for row in sheet.rows[:end]]
    return unicodedata.normalize("NFKC", "\n".join([*texts, sheet.name]))


def chosen(found: Found, choice: dict[int, str]) -> Found:
    """The same table with the columns somebody assigned: column (from 0) to field name, empty for none."""
    columns = tuple(
        Column(column.place, column.heading, choice.get(column.place, column.field), True) for column in found.columns
    )
    return replace(found, columns=columns)


def key_of(heading: str) -> str:
    """A heading without spaces, marks, units in brackets and differences of width and case."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", heading)).casefold()


def _headings(kind: TableKind) -> dict[str, str]:
    return {
        key_of(text): one.name
        for one in kind.fields
        for text in (one.title, one.name, one.official_code, *one.aliases)
        if text
    }


def _labels(sheet: Sheet, first: int, depth: int) -> list[str]:
    """Headings of a block of rows, those of one column joined with a slash."""
    block = sheet.rows[first : first + depth]
    width = max(map(len, block), default=0)
    made = []
    for place in range(width):
        parts: list[str] = []
        for row in block:
            text = clean(str(row[place])).replace("\n", "") if place < len(row) and row[place] is not None else ""
            if text and (not parts or parts[-1] != text):
                parts.append(text)
        made.append("/".join(parts))
    return made


def _keys(label: str) -> list[str]:
    """What a heading may be recognised by: all of it, and its lowest part."""
    parts = label.split("/")
    return [key for key in dict.fromkeys((key_of(label.replace("/", "")), key_of(parts[-1]))) if key]


def _match(labels: list[str], kind: TableKind) -> list[Column]:
    wanted = _headings(kind)
    columns = [Column(place, label) for place, label in enumerate(labels)]
    taken: set[str] = set()
    # Whole headings first: “公开日期” under “处罚” must not take the place of “处罚公开日期”.
    for whole in (True, False):
        for place, label in enumerate(labels):
            if columns[place].field:
                continue
            keys = _keys(label)
            for key in keys[:1] if whole else keys[1:]:
                name = wanted.get(key)
                if name and name not in taken:
                    columns[place] = Column(place, label, name)
                    taken.add(name)
    for place, label in enumerate(labels):
        if columns[place].field or not label:
            continue
        guess, likeness = "", LIKELY
        for key, name in wanted.items():
            if name in taken:
                continue
            found = max((SequenceMatcher(None, own, key).ratio() for own in _keys(label)), default=0.0)
            if found >= likeness:
                guess, likeness = name, found
        if guess:
            columns[place] = Column(place, label, guess, False)
            taken.add(guess)
    return columns


def _rows(
    sheet: Sheet, first: int, depth: int, columns: list[Column]
) -> tuple[list[tuple[int, list[Any]]], list[tuple[int, list[Any]]]]:
    heading = [tuple(map(_text, row)) for row in sheet.rows[first : first + depth]]
    kept: list[tuple[int, list[Any]]] = []
    totals: list[tuple[int, list[Any]]] = []
    held = [column.place for column in columns if column.field]
    for place in range(first + depth, len(sheet.rows)):
        row = sheet.rows[place]
        texts = [_text(row[column]) if column < len(row) else "" for column in held]
        # A line merged over all columns stands in each of them.
        filled = len({text for text in texts if text})
        start = next((text for cell in row if (text := _text(cell))), "")
        if not start or _SUBTOTAL.match(start) or tuple(map(_text, row)) in heading:
            continue
        if _TOTAL.match(start):
            totals.append((place + 1, row))
        elif filled == 0 or (_BELOW.match(start) and (filled <= 1 or all(map(_BELOW.match, filter(None, texts))))):
            continue
        elif filled == 1 and len(held) > 2 and re.fullmatch(r"[（(]?[一二三四五六七八九十]+[)）、.．].*", start):
            # A heading between groups of rows.
            continue
        else:
            kept.append((place + 1, row))
    return kept, totals


def _text(cell: Any) -> str:
    return clean(str(cell)) if cell is not None else ""
