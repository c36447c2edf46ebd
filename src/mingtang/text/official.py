"""The elements of an official paper in the layout of GB/T 9704-2012, taken from the text of its body.

``elements_of`` sorts a body into text, list of annexes, signature, notes, imprint and annexes. No line is lost: what has no
place of its own stays a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .bodies import blocks_of
from .numerals import find_date
from .paper_blocks import ATTACHMENT_HEAD, ATTACHMENT_LIST, Block

# Letterhead, direction and imprint differ by form.
PAPER, UPWARD, LETTER, ORDER, MINUTES = "paper", "upward", "letter", "order", "minutes"
FORMS = {
    PAPER: "文件（下行、平行）",
    UPWARD: "文件（上行文）",
    LETTER: "信函格式",
    ORDER: "命令（令）格式",
    MINUTES: "纪要格式",
}
_COPIES = re.compile(r"抄\s*[送报]\s*[:：]?\s*(.+)")
_PRINTED = re.compile(r"(.*?)\s*(\d{4}年\d{1,2}月\d{1,2}日)\s*印\s*发")
_NUMBER = re.compile(r"(?:附件)?\s*\d{1,3}\s*[.．、:：]\s*")
_ORDINAL = re.compile(r"附(?:件|表|录)\s*(\S*?)\s*[:：]?$")
_STOPS = tuple("。？！；：:.，,")
_SPACE = re.compile(r"[ \u3000]+")

Row = dict[str, Any]


@dataclass
class Annex:
    """A text on pages of its own: ``head`` is 附件1, or empty for a text that the paper issues or passes on."""

    head: str = ""
    title: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass
class Elements:
    """A body, sorted. ``signers`` and ``day`` are what is written under the text, ``listed`` the names of annexes."""

    rows: list[Row] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    signers: list[str] = field(default_factory=list)
    day: str = ""
    notes: list[str] = field(default_factory=list)
    copies: str = ""
    printed_by: str = ""
    printed_on: str = ""
    annexes: list[Annex] = field(default_factory=list)


def chinese_date(day: date) -> str:
    """``2026年3月2日``: Arabic digits without leading noughts, as the standard asks."""
    return f"{day.year}年{day.month}月{day.day}日"


def elements_of(body: str, *, addressees: str = "") -> Elements:
    """Sort a body. An opening line of addressees that says the same as ``addressees`` is left to the field."""
    found = Elements()
    blocks = list(blocks_of(body))
    signed = False
    for number, block in enumerate(blocks):
        rows = found.annexes[-1].rows if found.annexes else found.rows
        if block.kind == "title":
            _title(block, blocks[number - 1] if number else None, found)
        elif block.kind == "signature" and not found.annexes:
            signed = True
            _sign(block.text, found)
        elif block.kind == "imprint" and _imprint(block.full, found):
            continue
        elif block.kind == "attachment" and not found.annexes:
            match = ATTACHMENT_LIST.fullmatch(block.text)
            found.listed.append(_NUMBER.sub("", match[1] if match else block.text).strip())
        elif block.kind == "note" and signed and not found.annexes:
            found.notes.append(block.text)
        elif block.kind == "addressee":
            if _plain(block.text) != _plain(addressees):
                rows.append(paragraph(block.text, indent=False))
        else:
            rows.append(_row(block, opening=not rows, within=bool(found.annexes)))
    found.rows = with_tables(found.rows)
    for annex in found.annexes:
        annex.rows = with_tables(annex.rows)
    return found


def paragraph(text: str, lead: str = "", *, face: str = "fang", indent: bool = True, align: str = "") -> Row:
    """A row of text; ``lead`` is set in ``face``, what follows in 仿宋."""
    return {"kind": "paragraph", "lead": lead, "face": face, "text": text, "indent": indent, "align": align, "level": 0}


def heading(text: str, level: int, *, face: str, align: str = "") -> Row:
    return {**paragraph("", text, face=face, indent=not align, align=align), "kind": "heading", "level": level}


def table(cells: Iterable[Sequence[str]]) -> Row:
    """Rows of cells, made equally long. The first row is its head."""
    rows = [[str(cell) for cell in row] for row in cells]
    widest = max((len(row) for row in rows), default=0)
    return {"kind": "table", "cells": [[*row, *[""] * (widest - len(row))] for row in rows], "columns": widest}


def with_tables(rows: Sequence[Row]) -> list[Row]:
    """Neighbouring rows whose cells are parted by tabs become one table; a single such row stays a paragraph."""
    made: list[Row] = []
    waiting: list[Row] = []

    def settle() -> None:
        if len(waiting) > 1:
            made.append(table(f"{row['lead']}{row['text']}".split("\t") for row in waiting))
        else:
            made.extend(waiting)
        waiting.clear()

    for row in rows:
        if row["kind"] != "table" and "\t" in f"{row['lead']}{row['text']}":
            waiting.append(row)
        else:
            settle()
            made.append(row)
    settle()
    return made


def _plain(text: str) -> str:
    return re.sub(r"[\s,，、;；:：]", "", text)


def _title(block: Block, previous: Block | None, found: Elements) -> None:
    """A head 附件1 opens an annex; another title opens one too, unless the one before still waits for its title."""
    if ATTACHMENT_HEAD.fullmatch(block.text):
        match = _ORDINAL.fullmatch(block.text)
        found.annexes.append(Annex(head=f"附件{match[1] if match else ''}"))
        return
    waiting = found.annexes[-1] if found.annexes else None
    if waiting is None or waiting.rows or (waiting.title and (previous is None or previous.kind != "title")):
        waiting = Annex()
        found.annexes.append(waiting)
    waiting.title.append(block.text)


def _sign(text: str, found: Elements) -> None:
    day = find_date(text)
    if day is not None:
        found.day = chinese_date(day.day) if day.day else text[day.start : day.end]
        text = text[: day.start].strip()
    found.signers += [name for name in _SPACE.split(text) if name]


def _imprint(line: str, found: Elements) -> bool:
    """Take a line of the imprint into its place; False for one that has none there."""
    if (match := _COPIES.fullmatch(line)) and not found.copies:
        found.copies = match[1].rstrip("。")
    elif (match := _PRINTED.fullmatch(line)) and not found.printed_on:
        found.printed_by, found.printed_on = match[1].strip() or found.printed_by, match[2]
    else:
        return False
    return True


def _row(block: Block, *, opening: bool, within: bool) -> Row:
    formal = block.number.startswith("第")
    gap = "\u3000" if formal and (block.title or block.text) else ""
    if block.kind in ("chapter", "section") and (formal or block.kind == "section"):
        words = f"{block.number}{gap}{block.title}{block.text}"
        chapter = block.kind == "chapter"
        return heading(words, 1 if chapter else 2, face="hei" if chapter else "kai", align="center")
    if block.kind in ("chapter", "article"):
        face = "hei" if formal or block.kind == "chapter" else "kai"
        lead = f"{block.number}{gap}{block.title}"
        if not block.text and block.title:
            return heading(lead, 1 if block.kind == "chapter" else 2, face=face)
        if block.title and not block.title.endswith(_STOPS):
            lead += "。"
        return paragraph(block.text, lead, face=face)
    if block.kind == "note" and opening:
        return paragraph("", block.text, face="kai", indent=False, align="center")
    if block.kind == "signature":
        return paragraph(block.text, indent=False, align="right")
    return paragraph(block.full)
