"""The workbook to fill in for a kind of register: headings, an example, notes, and choices as lists."""

from datetime import datetime
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from mingtang.text.tables.kinds import TableField, TableKind

from .exports import neutral
from .register_page import CHECKED, Words, choices_of

FILLED_ROWS = 5000
MOST_CHOICES = 3000
TYPES = {
    "string": "文字",
    "integer": "整数",
    "number": "数",
    "date": "日期，例如2026-11-02",
    "year": "年份，例如2026",
    "yearmonth": "年月，例如2026-11",
    "boolean": "是或者否",
}


def rules_of(one: TableField) -> str:
    """How a column is to be filled in, in words."""
    said = [CHECKED.get(one.check, TYPES[one.type])]
    if one.unit:
        said.append(f"单位：{one.unit}")
    if one.decimals is not None:
        said.append(f"最多{one.decimals}位小数")
    limits = one.constraints
    if "minimum" in limits:
        said.append(f"不小于{limits['minimum']}")
    if "maximum" in limits:
        said.append(f"不大于{limits['maximum']}")
    if "maxLength" in limits:
        said.append(f"最多{limits['maxLength']}字")
    if one.code_list:
        said.append("填代码或者名称，见“选项”表")
    return "，".join(said)


def template_of(kind: TableKind, now: datetime) -> bytes:
    """An XLSX workbook with a sheet to fill in, one that explains each column with an example, and one of choices."""
    words = Words(kind, now.year)
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = kind.title[:31]
    notes, lists = book.create_sheet("填表说明"), book.create_sheet("选项")
    _heading(notes, ["列", "要不要填", "怎样填", "例子", "公开"])
    listed = 0
    for place, one in enumerate(kind.fields, 1):
        letter = get_column_letter(place)
        cell = sheet.cell(1, place, f"{one.title}*" if one.required else one.title)
        _bold(cell)
        sheet.column_dimensions[letter].width = min(40, max(12, 2 * len(one.title) + 4))
        if one.type in ("string", "yearmonth"):
            # Text, so that codes keep the zeros they begin with.
            sheet.column_dimensions[letter].number_format = "@"
        choices = choices_of(one, words)[:MOST_CHOICES]
        if choices:
            listed += 1
            column = get_column_letter(listed)
            _bold(lists.cell(1, listed, one.title))
            for row, choice in enumerate(choices, 2):
                lists.cell(row, listed, neutral(choice)).number_format = "@"
            rule = DataValidation(
                type="list", formula1=f"选项!${column}$2:${column}${len(choices) + 1}", allow_blank=True
            )
            # A warning, not a wall: the desk says what is wrong with each cell, and why.
            rule.errorStyle = "warning"
            rule.errorTitle, rule.error = "不在选项里", "导入时会提示这一格不对。"
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{FILLED_ROWS}")
        shown = "不公开" if not one.public else "隐去一部分后公开" if one.mask else "公开"
        notes.append(
            [
                neutral(text)
                for text in (
                    one.title,
                    "必填" if one.required else "选填",
                    "。".join(filter(None, [rules_of(one), one.description.rstrip("。"), one.missing.rstrip("。")]))
                    + "。",
                    one.example or (choices[0] if choices else ""),
                    shown,
                )
            ]
        )
    notes.append([])
    for line in (
        f"{kind.title}：{kind.description}",
        "从第一张表的第二行开始填，一行一条。带*号的列必填。列的次序可以变，多出来的列不会导入。",
        f"靠“{'、'.join(kind.field(name).title for name in kind.key)}”认出同一条，不能重复。",
    ):
        notes.append([neutral(line)])
    for letter, width in zip("ABCDE", (24, 10, 60, 30, 18), strict=True):
        notes.column_dimensions[letter].width = width
    for row in notes.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    if not listed:
        book.remove(lists)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _heading(sheet: Worksheet, labels: list[str]) -> None:
    for place, label in enumerate(labels, 1):
        _bold(sheet.cell(1, place, label))


def _bold(cell: object) -> None:
    cell.font = Font(bold=True)  # type: ignore[attr-defined]
    cell.fill = PatternFill("solid", fgColor="F2F0EB")  # type: ignore[attr-defined]
    cell.alignment = Alignment(wrap_text=True, vertical="center")  # type: ignore[attr-defined]
