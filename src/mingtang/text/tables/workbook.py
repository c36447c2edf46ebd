"""Reading the workbooks offices have: XLSX, XLS, ODS and CSV, with what is hidden in them told.

Cells come as the file keeps them (text, numbers, days). Merged cells are filled with their value, because offices
merge where a value holds for several rows.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from ..upload_errors import UploadError
from ..uploads import LIMIT_BYTES, decode_text

# What a table may be when opened: a small file may hold a very large one.
LARGEST_OPENED = 400 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS, MOST_SHEETS = 200_000, 200, 50
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_HIDDEN_COLUMNS = re.compile(rb"<col\b[^>]*\bhidden=\"(?:1|true)\"[^>]*>")
_HIDDEN_ROW = re.compile(
    rb"<row\b[^>]*\br=\"(\d+)\"[^>]*\bhidden=\"(?:1|true)\"|<row\b[^>]*\bhidden=\"(?:1|true)\"[^>]*\br=\"(\d+)\""
)
_SPAN = re.compile(rb"\b(min|max)=\"(\d+)\"")
_CHUNK = 1024 * 1024
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass
class Sheet:
    """One sheet. ``rows`` are lists of cells, the first the sheet's own first row; numbers of ``hidden_rows`` and
    ``hidden_columns`` count from 0. ``merged`` are (first row, first column, last row, last column)."""

    name: str
    visible: bool
    rows: list[list[Any]]
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()


@dataclass
class Workbook:
    """All sheets with a cell in them; ``notes`` are what the person who uploads should know, in Chinese."""

    sheets: list[Sheet]
    notes: list[str] = field(default_factory=list)


def read_workbook(name: str, data: bytes) -> Workbook:
    """Read a workbook, judged by its content.

    Raises:
        UploadError: ``empty``, ``too_large``, ``encrypted``, ``macro``, ``zip_bomb``, ``malformed``, ``wrong_kind``,
            ``too_many`` (rows or columns), or what ``decode_text`` says of a CSV file.
    """
    if not data:
        raise UploadError("empty", "文件是空的，请检查后重新上传。")
    if len(data) > LIMIT_BYTES:
        raise UploadError("too_large", f"文件超过{LIMIT_BYTES // 1024 // 1024}兆字节，请拆分后再上传。")
    if data.startswith(_ZIP):
        hidden = _look_into(data)
        return _told(_sheets(data, hidden), hidden)
    if data.startswith(_OLE):
        return _told(_sheets(data, _Hidden()), _Hidden())
    if data.startswith((b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"MZ", b"{\\rtf")):
        raise UploadError("wrong_kind", "这不是表格文件。可以上传：.xlsx、.xls、.ods、.csv。")
    return Workbook([Sheet(name, True, _csv_rows(data))])


@dataclass
class _Hidden:
    """By sheet name: hidden rows and columns; ``some`` where the format only tells that there are any."""

    rows: dict[str, frozenset[int]] = field(default_factory=dict)
    columns: dict[str, frozenset[int]] = field(default_factory=dict)
    some: bool = False


def _look_into(data: bytes) -> _Hidden:
    """Refuse what must not be opened, and find what is hidden."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise UploadError("malformed", "文件已损坏，打不开。请重新导出后再上传。") from error
    if sum(member.file_size for member in members) > LARGEST_OPENED or len(members) > 5000:
        raise UploadError("zip_bomb", "文件展开后太大，可能有害，不能上传。请拆成几份。")
    names = {member.filename for member in members}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise UploadError("macro", "文件带有宏，不能上传。请另存为不带宏的 .xlsx。")
    if "content.xml" in names:
        with archive.open("content.xml") as part:
            return _Hidden(some=any(b'table:visibility="collapse"' in piece for piece in _pieces(part)))
    if "xl/workbook.xml" not in names:
        raise UploadError("wrong_kind", "这不是表格文件。可以上传：.xlsx、.xls、.ods、.csv。")
    hidden = _Hidden()
    try:
        for title, path in _sheet_parts(archive, names):
            with archive.open(path) as part:
                rows, columns = _hidden_of(part)
            hidden.rows[title], hidden.columns[title] = rows, columns
    except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise UploadError("malformed", "文件已损坏，打不开。请重新导出后再上传。") from error
    return hidden


def _sheet_parts(archive: zipfile.ZipFile, names: set[str]) -> Iterator[tuple[str, str]]:
    from lxml import etree

    safe = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        book = etree.fromstring(archive.read("xl/workbook.xml"), safe)
        links = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), safe)
    except (etree.XMLSyntaxError, KeyError) as error:
        raise UploadError("malformed", "文件已损坏，打不开。请重新导出后再上传。") from error
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for sheet in book.iter("{*}sheet"):
        relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        target = targets.get(relation, "").removeprefix("/")
        path = target if target.startswith("xl/") else f"xl/{target}"
        if path in names:
            yield sheet.get("name", ""), path


def _hidden_of(part: Any) -> tuple[frozenset[int], frozenset[int]]:
    """Hidden rows and columns of a sheet's XML, read in pieces: it may be hundreds of megabytes long."""
    rows: set[int] = set()
    columns: set[int] = set()
    for piece in _pieces(part):
        for found in _HIDDEN_COLUMNS.finditer(piece):
            span = {key: int(value) for key, value in _SPAN.findall(found[0])}
            columns.update(range(span.get(b"min", 1) - 1, min(span.get(b"max", 1), MOST_COLUMNS)))
        rows.update(int(found[1] or found[2]) - 1 for found in _HIDDEN_ROW.finditer(piece))
    return frozenset(rows), frozenset(columns)


def _pieces(part: Any) -> Iterator[bytes]:
    """Pieces that overlap by more than a tag is long, so that none is cut in two."""
    kept = b""
    while piece := part.read(_CHUNK):
        yield kept + piece
        kept = piece[-400:]


def _sheets(data: bytes, hidden: _Hidden) -> list[Sheet]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        told = book.sheets_metadata[:MOST_SHEETS]
        made = []
        for place, about in enumerate(told):
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(place)
            if sheet.total_height > MOST_ROWS or sheet.total_width > 16_384:
                raise UploadError("too_many", f"“{about.name}”超过{MOST_ROWS}行，请拆成几份再上传。")
            rows = [row[:MOST_COLUMNS] for row in sheet.to_python(skip_empty_area=False)]
            if not any(cell not in ("", None) for row in rows for cell in row):
                continue
            merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
            _fill(rows, merged)
            made.append(
                Sheet(
                    about.name,
                    about.visible == SheetVisibleEnum.Visible,
                    rows,
                    hidden.rows.get(about.name, frozenset()),
                    hidden.columns.get(about.name, frozenset()),
                    merged,
                )
            )
    except PasswordError as error:
        raise UploadError("encrypted", "文件设有密码，请取消密码后再上传。") from error
    except (CalamineError, OSError, ValueError, IndexError) as error:
        if _ENCRYPTED in data:
            raise UploadError("encrypted", "文件设有密码，请取消密码后再上传。") from error
        raise UploadError("malformed", "文件已损坏，或者不是表格文件，打不开。请重新导出后再上传。") from error
    if not made:
        raise UploadError("empty", "表格里没有内容，请检查后重新上传。")
    return made


def _fill(rows: list[list[Any]], merged: tuple[tuple[int, int, int, int], ...]) -> None:
    """Write a merged cell's value into every cell it covers."""
    for top, left, bottom, right in merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            for column in range(left, min(right + 1, len(row))):
                row[column] = value


def _told(sheets: list[Sheet], hidden: _Hidden) -> Workbook:
    notes = []
    for sheet in sheets:
        if not sheet.visible:
            notes.append(f"工作表“{sheet.name}”是隐藏的，里面有{len(sheet.rows)}行内容。")
        if sheet.hidden_rows:
            notes.append(f"“{sheet.name}”有{len(sheet.hidden_rows)}行被隐藏：第{_few(sheet.hidden_rows)}行。")
        if sheet.hidden_columns:
            notes.append(f"“{sheet.name}”有{len(sheet.hidden_columns)}列被隐藏：第{_few(sheet.hidden_columns)}列。")
    if hidden.some:
        notes.append("表格里有隐藏的行或列，请取消隐藏后核对。")
    return Workbook(sheets, notes)


def _few(numbers: frozenset[int]) -> str:
    first = sorted(numbers)[:5]
    return "、".join(str(number + 1) for number in first) + (" 等" if len(numbers) > len(first) else "")


def _csv_rows(data: bytes) -> list[list[Any]]:
    text, _warnings = decode_text(data)
    delimiter = max(",;\t", key=text[:4000].count)
    try:
        rows: list[list[Any]] = [list(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as error:
        raise UploadError("malformed", "CSV 文件写法有误，请重新导出。") from error
    if len(rows) > MOST_ROWS:
        raise UploadError("too_many", f"超过{MOST_ROWS}行，请拆成几份再上传。")
    if not any(cell.strip() for row in rows for cell in row):
        raise UploadError("empty", "表格里没有内容，请检查后重新上传。")
    return [row[:MOST_COLUMNS] for row in rows]
