"""Spreadsheets as offices make them: notes above the table, merged and two-row headers, full-width digits, any order."""

import csv
import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

LARGEST_FILE, LARGEST_UNPACKED = 20 * 1024 * 1024, 200 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS, HEADER_WITHIN = 20_000, 100, 30
ERRORS = ("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!")
# A line below or above the table that speaks of it. No body is called so.
REMARK = re.compile(r"^(注|注意|说明|填表|填报|备注|合计|总计|共\d|审核|制表|联系人|单位负责人签)")

# Kind of table -> column -> the headings it goes by.
HEADINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "units": {
        "name": ("单位名称", "机构名称", "单位全称", "机构全称", "部门名称", "全称", "名称"),
        "short_name": ("单位简称", "机构简称", "简称"),
        "aliases": ("别称", "别名", "曾用名", "其他名称"),
        "kind": ("单位类别", "机构类别", "单位性质", "机构性质", "类别", "性质"),
        "region": ("所属地区", "所在地区", "地区", "行政区划", "区划"),
        "parent": ("上级单位", "上级机构", "隶属单位", "主管单位", "隶属于", "上级"),
        "vertical_superior": ("垂直管理上级", "垂管上级", "垂直管理"),
        "constituent": ("政府组成部门", "组成部门", "是否组成部门"),
        "groups": ("职责分组", "承担的职责", "职责组"),
        "document_prefix": ("机关代字", "发文代字", "代字"),
        "phone": ("对外电话", "联系电话", "办公电话", "电话"),
        "valid_from": ("设立日期", "成立日期", "设立时间"),
        "valid_to": ("撤销日期", "撤并日期", "撤销时间"),
        "successor": ("承继单位", "职能承接单位", "并入单位"),
        "code": ("单位代码", "机构代码", "代码"),
        "credit_code": ("统一社会信用代码", "信用代码", "社会信用代码"),
        "index_code": ("索引号机构代码", "索引号代码", "机构编号"),
    },
    "people": {
        "name": ("姓名",),
        "username": ("用户名", "登录名", "账号"),
        "unit": ("单位", "所在单位", "工作单位", "单位名称"),
        "roles": ("角色", "岗位角色", "系统角色", "岗位"),
        "title": ("职务", "职务名称"),
        "dedicated": ("专职", "是否专职"),
    },
    "regions": {
        "code": ("行政区划代码", "区划代码", "地区代码"),
        "name": ("地区名称", "行政区划名称", "区划名称", "地区", "名称"),
        "name_mongolian": ("蒙古文名称", "蒙文名称"),
        "level": ("层级", "级别"),
        "parent": ("上级地区", "上级区划", "上级"),
    },
}
NEEDED = {"units": {"name"}, "people": {"name", "roles"}, "regions": {"code", "name"}}


class SheetError(Exception):
    """A file cannot be read as a spreadsheet. ``str()`` is Chinese and says what to do."""


@dataclass(frozen=True)
class Row:
    """One line of a table; ``cells`` by column, tidied, empty ones left out. ``number`` counts as the program shows it."""

    sheet: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def place(self, column: str = "") -> str:
        """Where a fault lies: ``“单位”表第7行“上级单位”``."""
        heading = next((HEADINGS[kind][column][0] for kind in HEADINGS if column in HEADINGS[kind]), column)
        line = f"第{self.number}行" if self.number else ""
        return f"“{self.sheet}”{'表' if line else ''}{line}{f'“{heading}”' if column else ''}"


@dataclass
class Sheets:
    """What a file holds: tables by kind, pairs of name and value, and what the reader should be told."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    pairs: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def tidy(value: Any) -> str:
    """A cell as text: full-width letters and digits made narrow, spaces between Chinese characters taken out."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "".join(
        unicodedata.normalize("NFKC", sign) if "！" <= sign <= "～" and sign not in "，；：？！（）" else sign
        for sign in str(value)
        if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cf")
    )
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"(?<=[\u2e80-\u9fff（）、，]) (?=[\u2e80-\u9fff（）、，])", "", text)


def heading_of(text: str) -> str:
    """A heading without marks and remarks: ``*单位名称（必填）`` is ``单位名称``."""
    return re.sub(r"[\s*＊:：]|[（(].*?[）)]", "", tidy(text))


def read_sheets(path: Path, known_pairs: dict[str, str]) -> Sheets:
    """Read an .xlsx or .csv file. ``known_pairs`` maps the names of a sheet of two columns to keys.

    Raises:
        SheetError: the file is missing, too large, protected, broken, or of another kind.
    """
    found = Sheets()
    for name, grid in _grids(path, found):
        _take(name, grid, known_pairs, found)
    if not found.tables and not found.pairs:
        raise SheetError(
            f"{path.name}：没有找到能读的表。单位表要有“单位名称”一列；可用 mingtang init --template 表格.xlsx 做一份样表。"
        )
    return found


def _grids(path: Path, found: Sheets) -> list[tuple[str, list[list[str]]]]:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST_FILE else b""
    except OSError as error:
        raise SheetError(f"打不开 {path}：{_reason(error)}") from None
    if not data:
        raise SheetError(f"{path.name}：{'文件是空的' if not size else '文件超过20兆字节，请只留单位、地区和人员'}。")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError(f"{path.name}：是旧版 .xls 或加了密码的文件。请取消密码，另存为 .xlsx 再来。")
    if data.startswith(b"PK"):
        return _workbook(path, data, found)
    if path.suffix.lower() == ".xlsx":
        raise SheetError(f"{path.name}：不是能用的 .xlsx 文件，可能已损坏。请用表格程序打开、另存为 .xlsx 再来。")
    return [(path.stem, _csv(path, data))]


def _workbook(path: Path, data: bytes, found: Sheets) -> list[tuple[str, list[list[str]]]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_UNPACKED:
                raise SheetError(f"{path.name}：解压后过大，不读。请新建一个表格，只粘贴文字。")
        # openpyxl follows merged cells only where it holds the sheet in memory.
        book = load_workbook(io.BytesIO(data), data_only=True)
    except SheetError:
        raise
    except Exception as error:  # noqa: BLE001 - a broken workbook breaks its reader in a hundred ways
        raise SheetError(
            f"{path.name}：表格已损坏，打不开（{type(error).__name__}）。请用表格程序打开、另存为 .xlsx 再来。"
        ) from None
    grids = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            found.notes.append(f"“{sheet.title}”是隐藏的工作表，没有读。")
            continue
        grid = [
            [tidy(value) for value in row]
            for row in sheet.iter_rows(max_row=min(sheet.max_row, MOST_ROWS), max_col=MOST_COLUMNS, values_only=True)
        ]
        if sheet.max_row > MOST_ROWS:
            found.faults.append(f"“{sheet.title}”表超过{MOST_ROWS}行，后面的没有读。")
        for area in sheet.merged_cells.ranges:
            _fill(grid, area.min_row - 1, area.max_row, area.min_col - 1, area.max_col)
        grids.append((sheet.title, grid))
    return grids


def _fill(grid: list[list[str]], top: int, bottom: int, left: int, right: int) -> None:
    """Give every cell of a merged area its value; one that spans columns is a title, and stays where it is."""
    if right - left == 1 and top < len(grid) and left < MOST_COLUMNS:
        for row in grid[top:bottom]:
            row[left] = grid[top][left]


def _csv(path: Path, data: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise SheetError(f"{path.name}：文字编码认不出。请另存为“CSV UTF-8”再来。")
    if "\0" in text:
        raise SheetError(f"{path.name}：不是文字文件。单位表请存为 .xlsx 或 .csv。")
    first = "\n".join(text.splitlines()[:HEADER_WITHIN])
    separator = max(",\t;；", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise SheetError(f"{path.name}：不是能读的 CSV（{error}）。") from None
    return [[tidy(value) for value in row[:MOST_COLUMNS]] for row in rows[:MOST_ROWS]]


def _take(name: str, grid: list[list[str]], known_pairs: dict[str, str], found: Sheets) -> None:
    """Find out what a sheet is and take its rows."""
    best: tuple[int, str, int, dict[int, str]] | None = None
    for kind in ("people", "regions", "units"):
        for number in range(min(len(grid), HEADER_WITHIN)):
            columns = _columns(kind, grid, number)
            if NEEDED[kind] <= set(columns.values()) and (best is None or len(columns) > best[0]):
                best = (len(columns), kind, number, columns)
    pairs = {
        known_pairs[heading_of(row[0])]: (row[1], f"“{name}”表第{number}行“{row[0]}”")
        for number, row in enumerate(grid, 1)
        if len(row) > 1 and heading_of(row[0]) in known_pairs
    }
    if len(pairs) >= 3:
        found.pairs.update(pairs)
        return
    if best is None:
        if any(any(row) for row in grid) and "说明" not in name:
            found.notes.append(f"“{name}”表没有认出表头，没有读。")
        return
    _, kind, number, columns = best
    unused = [cell for place, cell in enumerate(grid[number]) if cell and place not in columns and cell != "序号"]
    if unused:
        found.notes.append(f"“{name}”表没有用到的列：{'、'.join(unused[:8])}。")
    table = found.tables.setdefault(kind, [])
    for line, row in enumerate(grid[number + 1 :], number + 2):
        cells = {column: row[place] for place, column in columns.items() if place < len(row) and row[place]}
        written = [cell for cell in row if cell]
        if not cells or (REMARK.match(written[0]) and len(cells) <= 1):
            continue
        made = Row(name, line, cells)
        for column in [column for column, cell in cells.items() if cell in ERRORS]:
            found.faults.append(f"{made.place(column)}：单元格里是公式错误 {cells.pop(column)}。")
        table.append(made)


def _columns(kind: str, grid: list[list[str]], number: int) -> dict[int, str]:
    """Columns of a heading row; what stands one row higher counts too, for headings of two rows."""
    found: dict[int, str] = {}
    above = grid[number - 1] if number else []
    for place, cell in enumerate(grid[number]):
        for text in (cell, above[place] if place < len(above) else ""):
            heading = heading_of(text)
            column = next((name for name, words in HEADINGS[kind].items() if heading in words), "")
            if column and column not in found.values():
                found[place] = column
                break
    return found


def _reason(error: OSError) -> str:
    return {FileNotFoundError: "没有这个文件", PermissionError: "没有读的权限", IsADirectoryError: "是一个文件夹"}.get(
        type(error), error.strerror or str(error)
    )
