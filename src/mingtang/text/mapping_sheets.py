"""The sheet that says what each file of an old site is: read from .xlsx or .csv as offices keep such lists."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel

from .numerals import find_date, find_web_date
from .upload_errors import UploadError
from .uploads import check_package, decode_text

LIMIT_ROWS, LIMIT_COLUMNS, LIMIT_CELL = 50_000, 60, 2000
COLUMNS = {
    "file": ("文件名", "文件", "文件路径", "路径", "正文文件"),
    "old_address": ("旧地址", "原地址", "原网址", "旧网址", "网址", "原文地址", "链接", "url", "原链接"),
    "title": ("标题", "名称", "文件标题", "信息名称", "题名"),
    "document_number": ("发文字号", "文号", "文件编号"),
    "issuers": ("发文机关", "发文单位", "制发机关", "制定机关"),
    "unit": ("单位", "牵头单位", "发布机构", "发布单位", "起草单位", "责任单位"),
    "written_on": ("成文日期", "发文日期", "成文时间"),
    "published_on": ("发布日期", "公开日期", "发布时间", "上网日期", "公开时间"),
    "effective_on": ("施行日期", "生效日期", "实施日期"),
    "index_number": ("索引号", "原索引号"),
    "topic": ("主题分类", "主题", "分类"),
    "stages": ("五公开类别", "五公开"),
    "validity": ("有效性", "效力", "效力状态", "状态"),
    "attachments": ("附件", "附件文件", "附件名称"),
}
LABELS = {key: names[0] for key, names in COLUMNS.items()}
DATES = ("written_on", "published_on", "effective_on")
_KEY_OF = {name.casefold(): key for key, names in COLUMNS.items() for name in names}
_HEADING_ROWS = 20
_SERIALS = range(20_000, 80_000)  # 1954 to 2119 as spreadsheets count days
_SPLIT = re.compile(r"[;；、\n|]+")


@dataclass(slots=True)
class SheetRow:
    """One line: its number as the spreadsheet shows it, texts and days by column, and what could not be read."""

    number: int
    texts: dict[str, str] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)
    faults: list[tuple[str, str, str]] = field(default_factory=list)

    def several(self, key: str) -> list[str]:
        """A cell that lists several things."""
        return [part.strip() for part in _SPLIT.split(self.texts.get(key, "")) if part.strip()]


@dataclass(slots=True)
class Sheet:
    """``left_out`` are rows that were not taken, with the reason: hidden ones."""

    rows: list[SheetRow]
    left_out: list[tuple[int, str]] = field(default_factory=list)


Cell = Any
Table = list[tuple[int, list[Cell]]]


def read_sheet(data: bytes) -> Sheet:
    """Read a mapping sheet.

    Raises:
        UploadError: ``malformed``, ``encrypted``, ``macro``, ``zip_bomb``, ``no_heading``, ``too_large``,
            ``undecodable``, ``binary``.
    """
    left_out: list[tuple[int, str]] = []
    epoch: datetime | None = None
    if data.startswith(b"PK"):
        tables, left_out, epoch = _workbook(data)
    else:
        tables = [_csv_table(data)]
    for table in tables:
        heading = _heading(table)
        if heading is not None:
            place, columns = heading
            rows = [_row(number, cells, columns, epoch) for number, cells in table[place + 1 :]]
            kept = [row for row in rows if row.texts or row.days or row.faults]
            first = table[place][0]
            return Sheet(kept, [(number, said) for number, said in left_out if number > first])
    names = "、".join(LABELS.values())
    raise UploadError(
        "no_heading", f"对照表里没有找到表头。第一行应写明各列名称，至少有“文件名”一列；可用的列：{names}。"
    )


def _row(number: int, cells: list[Cell], columns: dict[int, str], epoch: datetime | None) -> SheetRow:
    row = SheetRow(number)
    for place, key in columns.items():
        cell = cells[place] if place < len(cells) else None
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        if key in DATES:
            day = read_day(cell, epoch)
            if day is not None:
                row.days[key] = day
            else:
                said = f"“{LABELS[key]}”写的“{str(cell).strip()[:40]}”认不出是哪一天，请写成 2017-01-25 的样子。"
                row.faults.append(("date_unclear", key, said))
        else:
            row.texts[key] = _text(cell)
    return row


def read_day(cell: Cell, epoch: datetime | None = None) -> date | None:
    """The day a cell means: a date, a spreadsheet's day count, 2017年1月25日, 二〇一七年一月二十五日, 2017.1.25, 20170125."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _serial(float(cell), epoch) or _compact(str(int(cell)))
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return _serial(float(text), epoch)
    if found := _compact(text):
        return found
    written = find_date(text)
    return written.day if written else find_web_date(text)


def _serial(number: float, epoch: datetime | None) -> date | None:
    if int(number) not in _SERIALS:
        return None
    found = from_excel(number, epoch) if epoch is not None else from_excel(number)
    return found.date() if isinstance(found, datetime) else None


def _compact(text: str) -> date | None:
    if not re.fullmatch(r"(?:19|20)\d{6}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime):
        cell = cell.date().isoformat()
    text = "".join(one for one in str(cell) if one == "\n" or unicodedata.category(one) not in ("Cc", "Cf"))
    return text.replace("_x000D_", "").strip()[:LIMIT_CELL]


def _heading(table: Table) -> tuple[int, dict[int, str]] | None:
    """The row with most known column names, and which column is what; a row above helps where headings are stacked."""
    best: tuple[int, dict[int, str]] | None = None
    for place, (_, cells) in enumerate(table[:_HEADING_ROWS]):
        columns: dict[int, str] = {}
        for column, cell in enumerate(cells):
            key = _KEY_OF.get(re.sub(r"[\s*＊:：（）()]|必填|选填", "", str(cell or "")).casefold())
            if key is not None and key not in columns.values():
                columns[column] = key
        if "file" in columns.values() and (best is None or len(columns) >= len(best[1])):
            best = place, columns
    return best


def _workbook(data: bytes) -> tuple[list[Table], list[tuple[int, str]], datetime]:
    malformed = UploadError("malformed", "对照表已损坏，无法打开。请用办公软件打开并重新保存为 .xlsx 后再试。")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            check_package(package, main="xl/workbook.xml", ending=".xlsx")
            for part in package.infolist():
                if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in package.read(part):
                    raise malformed
        book = load_workbook(io.BytesIO(data), data_only=True)
    except UploadError:
        raise
    except Exception as error:  # whatever a broken file does to the library, a person gets one plain answer
        raise malformed from error
    tables: list[Table] = []
    left_out: list[tuple[int, str]] = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        if sheet.max_row > LIMIT_ROWS or sheet.max_column > 16_000:
            raise UploadError("too_large", f"对照表超过{LIMIT_ROWS}行，请分成几份。")
        table, hidden = _sheet_rows(sheet)
        if not tables and _heading(table) is not None:
            left_out = [(number, "对照表的这一行是隐藏的，没有导入。要导入请取消隐藏。") for number in hidden]
        tables.append(table)
    return tables, left_out, book.epoch


def _sheet_rows(sheet: Any) -> tuple[Table, list[int]]:
    merged: dict[tuple[int, int], Cell] = {}
    for area in sheet.merged_cells.ranges:
        value = sheet.cell(area.min_row, area.min_col).value
        if (area.max_row - area.min_row + 1) * (area.max_col - area.min_col + 1) <= LIMIT_ROWS:
            for row in range(area.min_row, area.max_row + 1):
                for column in range(area.min_col, min(area.max_col, LIMIT_COLUMNS) + 1):
                    merged[row, column] = value
    table: Table = []
    hidden = []
    for cells in sheet.iter_rows(max_col=min(sheet.max_column, LIMIT_COLUMNS)):
        number = cells[0].row
        values = [_value(cell, merged) for cell in cells]
        if sheet.row_dimensions[number].hidden:
            if any(value not in (None, "") for value in values):
                hidden.append(number)
            continue
        table.append((number, values))
    return table, hidden


def _value(cell: Any, merged: dict[tuple[int, int], Cell]) -> Cell:
    value = merged.get((cell.row, cell.column), cell.value)
    link = getattr(cell, "hyperlink", None)
    if link is not None and link.target and not str(value or "").startswith(("http", "/")) and "://" in link.target:
        return link.target
    return value


def _csv_table(data: bytes) -> Table:
    text, _ = decode_text(data)
    delimiter = max(",;\t", key=text[:4000].count)
    table: Table = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
            if number > LIMIT_ROWS:
                raise UploadError("too_large", f"对照表超过{LIMIT_ROWS}行，请分成几份。")
            table.append((number, list(cells[:LIMIT_COLUMNS])))
    except csv.Error as error:
        raise UploadError("malformed", "对照表的格式不对，无法读取。请用办公软件另存为 .xlsx 后再试。") from error
    return table
