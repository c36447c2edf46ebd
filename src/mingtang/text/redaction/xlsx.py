"""Redaction of workbooks: sheets, columns, rows, cells and passages. Hidden sheets, rows and columns never stay.

A redacted workbook holds values only: formulas, defined names, tables, charts, pivot caches and validation lists repeat
values elsewhere and are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from ..office_files import _flat, _joined, _number
from ..redact import MARK, CutError
from .cuts import Box, Counted, FileCut
from .needles import Needles, fold
from .package import (
    RELATION,
    Package,
    all_texts,
    clean_links,
    clean_pictures,
    clean_rest,
    cut_run,
    needles_for,
    opened,
    texts_of,
    tidy,
    without,
)

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_LAST_COLUMN, _LAST_ROW = 16384, 1048576
_AREA = re.compile(
    r"(?:(?P<left>[A-Z]{1,3})(?P<top>[1-9]\d{0,6})?(?::(?P<right>[A-Z]{1,3})(?P<bottom>[1-9]\d{0,6})?)?"
    r"|(?P<first>[1-9]\d{0,6})(?::(?P<last>[1-9]\d{0,6}))?)"
)
_OF_WORKBOOK = {
    *("definedNames", "externalReferences", "pivotCaches", "fileSharing", "fileRecoveryPr", "extLst", "absPath"),
    *("customWorkbookViews", "webPublishing", "workbookProtection", "functionGroups", "oleSize", "revisionPtr"),
}
_OF_SHEET = {
    *("dataValidations", "conditionalFormatting", "autoFilter", "extLst", "legacyDrawing", "legacyDrawingHF"),
    *("tableParts", "customSheetViews", "oleObjects", "controls", "scenarios", "protectedRanges", "sheetProtection"),
    *("dataConsolidate", "webPublishItems", "customProperties", "sortState", "phoneticPr", "cellWatches", "smartTags"),
}


@dataclass(frozen=True)
class Area:
    """Columns and rows from 1, both ends counted."""

    left: int
    top: int
    right: int
    bottom: int

    def holds(self, column: int, row: int) -> bool:
        return self.left <= column <= self.right and self.top <= row <= self.bottom


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def read_area(text: str, number: int) -> tuple[str, Area]:
    """Sheet name and place of ``名单!B2:C9``, ``名单!C:D``, ``名单!3:5`` or ``名单``.

    Raises:
        CutError: ``area_unread``.
    """
    sheet, _, cells = text.strip().rpartition("!") if "!" in text else (text.strip(), "", "")
    sheet = sheet.strip().strip("'").replace("''", "'")
    cells = cells.replace("$", "").replace("：", ":").replace(" ", "").upper()
    if not cells:
        return sheet, Area(1, 1, _LAST_COLUMN, _LAST_ROW)
    match = _AREA.fullmatch(cells)
    if match is None:
        raise CutError(
            "area_unread", number, f"第{number}处删减：看不懂区域“{text}”，请写成 名单!C:D、名单!3:5 或 名单!B2:C9。"
        )
    if match["first"]:
        top, bottom = int(match["first"]), int(match["last"] or match["first"])
        return sheet, Area(1, min(top, bottom), _LAST_COLUMN, max(top, bottom))
    left, right = column_number(match["left"]), column_number(match["right"] or match["left"])
    top = int(match["top"]) if match["top"] else 1
    bottom = int(match["bottom"]) if match["bottom"] else (top if match["top"] and not match["right"] else _LAST_ROW)
    return sheet, Area(min(left, right), min(top, bottom), max(left, right), max(top, bottom))


def redact(
    data: bytes, cuts: Sequence[FileCut], name: str
) -> tuple[bytes, Needles, Counted, dict[str, list[Box | None]]]:
    """The new workbook, what was cut, and which boxes of which picture parts.

    Raises:
        CutError: ``area_unread``, ``sheet_missing``, ``area_empty`` or ``page_missing``.
        UploadError: see ``package.opened``.
    """
    package = opened(data, "xlsx")
    package.hidden.append(name)
    strings = [_flat(item) for item in package.trees.get("xl/sharedStrings.xml", ())]
    _drop_hidden(package, strings)
    _drop_repeats(package)
    needles, counted = needles_for(package, cuts, [*all_texts(package), *_rows(package, strings)])
    _plain_cells(package, strings)
    _cut_areas(package, cuts, needles, counted)
    for part, tree in package.trees.items():
        if part.startswith("xl/worksheets/") and not part.endswith(".rels"):
            _cut_cells(tree, needles, counted)
    clean_links(package, needles, counted)
    tidy(package)
    _drop_links_within(package)
    for tree in package.trees.values():
        for paragraph in tree.iter("{*}p"):  # words in drawings
            cut_run(list(paragraph.iter("{*}t")), needles, counted)
        clean_rest(tree, needles, counted)
    boxes = clean_pictures(package, cuts, counted)
    return package.content(), needles, counted, boxes


def _drop_repeats(package: Package) -> None:
    """What repeats values outside their cells: defined names, validation lists, tables, views of other people."""
    for part, tree in package.trees.items():
        for element in list(tree):
            if isinstance(element.tag, str) and etree.QName(element).localname in _dropped_from(part):
                package.hidden += texts_of(element)
                tree.remove(element)


def sheets_of(package: Package) -> dict[str, tuple[str, Any]]:
    """Part name and workbook entry of each sheet, by its name."""
    relations = package.trees.get("xl/_rels/workbook.xml.rels")
    targets = {
        one.get("Id"): _joined("xl", one.get("Target", "").removeprefix("/xl/"))
        for one in (relations.iter(RELATION) if relations is not None else ())
    }
    found = {}
    for entry in package.trees["xl/workbook.xml"].iter("{*}sheet"):
        part = targets.get(entry.get(f"{_R}id"), "")
        if part in package.trees:
            found[entry.get("name", "")] = (part, entry)
    return found


def _dropped_from(part: str) -> set[str]:
    if part == "xl/workbook.xml":
        return _OF_WORKBOOK
    return _OF_SHEET if part.startswith("xl/worksheets/") else set()


def _place(cell: Any, row: int, column: int) -> tuple[int, int]:
    match = re.fullmatch(r"([A-Z]{1,3})(\d+)", cell.get("r", ""))
    return (column_number(match[1]), int(match[2])) if match else (column, row)


def cells_of(tree: Any) -> list[tuple[Any, int, int]]:
    """Each cell with its column and row; those without an address follow the one before."""
    found = []
    row_number = 0
    for row in tree.iter(f"{_MAIN}row"):
        row_number = int(row.get("r")) if row.get("r", "").isdecimal() else row_number + 1
        column = 0
        for cell in row.findall(f"{_MAIN}c"):
            column, row_of_cell = _place(cell, row_number, column + 1)
            found.append((cell, column, row_of_cell))
    return found


def _value(cell: Any, strings: list[str]) -> str:
    value = cell.find(f"{_MAIN}v")
    if cell.get("t") == "s" and value is not None and (value.text or "").isdecimal():
        place = int(value.text)
        return strings[place] if place < len(strings) else ""
    if cell.get("t") == "inlineStr":
        return "".join(_flat(one) for one in cell.iter(f"{_MAIN}is"))
    return _number(value.text or "") if value is not None else ""


def _rows(package: Package, strings: list[str]) -> list[str]:
    """Each sheet as lines of tab-parted cells, so that headings count for the scan."""
    found = []
    for part, _ in sheets_of(package).values():
        lines: dict[int, list[str]] = {}
        for cell, _column, row in cells_of(package.trees[part]):
            lines.setdefault(row, []).append(" ".join(_value(cell, strings).split()))
        found.append("\n".join("\t".join(line) for line in lines.values()))
    return found


def _drop_hidden(package: Package, strings: list[str]) -> None:
    """Hidden sheets go altogether; hidden rows and columns, and those without any width, lose their cells."""
    for part, entry in sheets_of(package).values():
        tree = package.trees[part]
        if entry.get("state") in ("hidden", "veryHidden"):
            package.hidden += [*_rows_of(tree, strings), entry.get("name", "")]
            entry.getparent().remove(entry)
            package.drop(part)
            continue
        columns = [
            (int(one.get("min", 0)), int(one.get("max", 0)))
            for one in tree.iter(f"{_MAIN}col")
            if one.get("hidden") in ("1", "true") or one.get("width") in ("0", "0.0")
        ]
        for cell, column, _ in cells_of(tree):
            row = cell.getparent()
            unseen = row.get("hidden") in ("1", "true") or row.get("ht") in ("0", "0.0")
            if unseen or any(first <= column <= last for first, last in columns):
                package.hidden.append(_value(cell, strings))
                row.remove(cell)
    for view in package.trees["xl/workbook.xml"].iter("{*}workbookView"):
        for key in ("activeTab", "firstSheet"):
            view.attrib.pop(key, None)


def _rows_of(tree: Any, strings: list[str]) -> list[str]:
    lines: dict[int, list[str]] = {}
    for cell, _, row in cells_of(tree):
        lines.setdefault(row, []).append(" ".join(_value(cell, strings).split()))
    return ["\n".join("\t".join(line) for line in lines.values())]


def _plain_cells(package: Package, strings: list[str]) -> None:
    """Write shared strings into their cells, so that none stays that no cell shows any more; drop the shared list."""
    package.drop("xl/sharedStrings.xml")
    for part, _ in sheets_of(package).values():
        for cell, _column, _row in cells_of(package.trees[part]):
            if cell.get("t") == "s" or cell.get("t") == "inlineStr":
                _write(cell, _value(cell, strings))
            for key in ("vm", "cm", "ph"):
                cell.attrib.pop(key, None)


def _write(cell: Any, text: str) -> None:
    for child in list(cell):
        if etree.QName(child).localname != "f":
            cell.remove(child)
    cell.attrib.pop("t", None)
    if text:
        cell.set("t", "inlineStr")
        holder = etree.SubElement(etree.SubElement(cell, f"{_MAIN}is"), f"{_MAIN}t")
        holder.text = text
        holder.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _cut_areas(package: Package, cuts: Sequence[FileCut], needles: Needles, counted: Counted) -> None:
    sheets = sheets_of(package)
    values: set[str] = set()
    for number, cut in enumerate(cuts):
        if not cut.area:
            continue
        sheet, area = read_area(cut.area, number + 1)
        if sheet not in sheets:
            known = "、".join(sheets)
            raise CutError(
                "sheet_missing", number + 1, f"第{number + 1}处删减：没有可见的工作表“{sheet}”。可见的有：{known}。"
            )
        for cell, column, row in cells_of(package.trees[sheets[sheet][0]]):
            if area.holds(column, row):
                value = fold(_value(cell, []))[0]
                if len(value) >= 3:
                    values.add(value)
                if value:
                    counted.see(number)
                    _blank(cell)
        if number not in counted.shown:
            raise CutError("area_empty", number + 1, f"第{number + 1}处删减：区域“{cut.area}”里没有内容，请核对。")
    for part, _ in sheets.values():
        for cell, _column, _row in cells_of(package.trees[part]):
            formula = cell.find(f"{_MAIN}f")
            if formula is None:
                continue
            cell.remove(formula)
            needles.count(formula.text or "", counted, hidden=True)
            value = fold(_value(cell, []))[0]
            # A formula that shows what was cut, taken over from its cell.
            if any(gone in value for gone in values):
                _blank(cell)


def _blank(cell: Any) -> None:
    for child in list(cell):
        cell.remove(child)
    _write(cell, MARK)


def _cut_cells(tree: Any, needles: Needles, counted: Counted) -> None:
    for cell, _column, _row in cells_of(tree):
        value = _value(cell, [])
        if value and needles.in_text(value):
            kept = needles.clean(value, counted)
            for child in list(cell):
                cell.remove(child)
            _write(cell, kept if cell.get("t") in ("inlineStr", "str") else MARK)


def _drop_links_within(package: Package) -> None:
    """Links to places within a workbook name cells of sheets that may be gone."""
    names = set(sheets_of(package))
    for tree in package.trees.values():
        for link in list(tree.iter(f"{_MAIN}hyperlink")):
            target = link.get("location", "").rpartition("!")[0].strip("'")
            if target and target not in names or (f"{_R}id" not in link.attrib and not link.get("location")):
                without(link)
        for holder in list(tree.iter(f"{_MAIN}hyperlinks")):
            if not len(holder):
                without(holder)
