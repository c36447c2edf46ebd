"""Budget workbooks the way finance offices make them: attachment number, title and unit above, headings in two rows,
subtotals of 类 and 款 between the lines, amounts now as numbers, now as text, a total, a note and a signature below."""

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from mingtang.cli.demo.registers import budget

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ORGANS = {"czj": "通辽市财政局", "gaj": "通辽市公安局", "jyj": "通辽市教育局", "szf": "通辽市本级"}


def functional(
    unit: str = "czj", year: int = 2026, stage: str = "预算", *, lines: Sequence[Any] | None = None
) -> bytes:
    """一般公共预算支出表; ``lines`` in place of the demonstration's: (code, name, total, basic, project, secret, ground)."""
    rows = lines if lines is not None else [row[2:] for row in _of("budget_functional", unit, year, stage)]
    made, sheet = _book(f"{ORGANS[unit]}{year}年部门{stage}", "一般公共预算支出表", 7)
    sheet.append(["科目编码", "科目名称", "支出数", None, None, "是否涉密", "定密依据"])
    sheet.append([None, None, "合计", "基本支出", "项目支出", None, None])
    top = sheet.max_row - 1
    sheet.merge_cells(start_row=top, start_column=3, end_row=top, end_column=5)
    for column in (1, 2, 6, 7):
        sheet.merge_cells(start_row=top, start_column=column, end_row=top + 1, end_column=column)
    listed = budget.CODES.at("budget_functional", year)
    told: set[str] = set()
    for place, (code, name, *amounts, secret, ground) in enumerate(rows):
        for length in (3, 5):
            start = str(code)[:length]
            if lines is None and start not in told:
                told.add(start)
                sums = [_sum(row[2 + column] for row in rows if str(row[0]).startswith(start)) for column in range(3)]
                sheet.append([start, listed.items[start].name, *map(_thousands, sums), None, None])
        written = str(code).translate(FULL_WIDTH) if place % 5 == 1 else int(code) if place % 5 == 2 else code
        sheet.append([written, f"　　{name}", *(_cell(amount, place) for amount in amounts), secret, ground])
    sheet.append(["合计", None, *(_sum(row[2 + column] for row in rows) for column in range(3)), None, None])
    return _signed(made, sheet)


def economic(unit: str = "czj", year: int = 2026, stage: str = "预算") -> bytes:
    """一般公共预算基本支出表"""
    rows = [row[2:] for row in _of("budget_economic", unit, year, stage)]
    made, sheet = _book(f"{ORGANS[unit]}{year}年部门{stage}", "一般公共预算基本支出表", 5)
    sheet.append(["部门预算支出经济分类科目", None, f"{year}年基本支出", None, None])
    sheet.append(["科目编码", "科目名称", "合计", "人员经费", "公用经费"])
    top = sheet.max_row - 1
    sheet.merge_cells(start_row=top, start_column=1, end_row=top, end_column=2)
    sheet.merge_cells(start_row=top, start_column=3, end_row=top, end_column=5)
    names = budget.CODES.at("budget_economic", year).items
    told: set[str] = set()
    for place, (code, name, *amounts) in enumerate(rows):
        if code[:3] not in told:
            told.add(code[:3])
            sums = [_sum(row[2 + column] for row in rows if row[0].startswith(code[:3])) for column in range(3)]
            sheet.append([int(code[:3]), names[code[:3]].name, *sums])
        sheet.append([code, name, *(_cell(amount, place) for amount in amounts)])
    sheet.append(["合 计", None, *(_sum(row[2 + column] for row in rows) for column in range(3))])
    return _signed(made, sheet)


def revenue(unit: str = "czj", year: int = 2026, stage: str = "预算") -> bytes:
    """收支总表, the side merged over its rows"""
    rows = [row[2:] for row in _of("budget_revenue", unit, year, stage)]
    made, sheet = _book(f"{ORGANS[unit]}{year}年部门{stage}", "收支总表", 4)
    sheet.append(["收支", "项　目", f"{stage}数", "其中：一般公共预算财政拨款"])
    first = sheet.max_row + 1
    for place, (side, item, *amounts) in enumerate(rows):
        sheet.append([side, item, *(_cell(amount, place) for amount in amounts)])
    for side in ("收入", "支出"):
        places = [first + place for place, row in enumerate(rows) if row[0] == side]
        sheet.merge_cells(start_row=places[0], start_column=1, end_row=places[-1], end_column=1)
    return _signed(made, sheet)


def three_public(
    unit: str = "czj", year: int = 2025, stage: str = "决算", *, amounts: Sequence[Any] | None = None
) -> bytes:
    """“三公”经费支出表; ``amounts`` in place of the demonstration's six."""
    ((_, _, *cells),) = _of("three_public", unit, year, stage)
    cells[:6] = amounts if amounts is not None else cells[:6]
    made, sheet = _book(f"{ORGANS[unit]}{year}年度部门{stage}", "财政拨款“三公”经费支出表", 12)
    heads = ["合计", "因公出国(境)费", "公务用车购置及运行维护费", None, None, "公务接待费"]
    counts = ["团组数(个)", "出国(境)人次", "购置车辆数(辆)", "保有量(辆)", "接待批次", "接待人次"]
    sheet.append([*heads, *counts])
    sheet.append([None, None, "小计", "购置费", "运行维护费", None, *[None] * 6])
    top = sheet.max_row - 1
    sheet.merge_cells(start_row=top, start_column=3, end_row=top, end_column=5)
    for column in (1, 2, *range(6, 13)):
        sheet.merge_cells(start_row=top, start_column=column, end_row=top + 1, end_column=column)
    sheet.append([None if cell == "" else _cell(cell, place) for place, cell in enumerate(cells)])
    return _signed(made, sheet)


def _of(kind: str, unit: str, year: int, stage: str) -> list[tuple[Any, ...]]:
    table = next(one for one in budget.tables() if one.kind == kind and one.unit == unit)
    return [row for row in table.rows if row[:2] == (year, stage)]


def _book(title: str, name: str, width: int) -> tuple[Workbook, Worksheet]:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = name[:20]
    for text in ("附件3", title, name):
        sheet.append([text])
        sheet.merge_cells(start_row=sheet.max_row, start_column=1, end_row=sheet.max_row, end_column=width)
    sheet.append([*[None] * (width - 1), "单位：万元"])
    return made, sheet


def _signed(made: Workbook, sheet: Worksheet) -> bytes:
    sheet.append(["注：本表按支出功能分类和经济分类编制，四舍五入到分。"])
    sheet.append(["填表人：演示一　审核人：演示二"])
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _cell(amount: Any, place: int) -> Any:
    """An amount as a number, as text with commas, or as text in full-width digits."""
    if not isinstance(amount, str):
        return amount
    if place % 4 == 1:
        return _thousands(float(amount))
    return amount.translate(FULL_WIDTH) if place % 4 == 3 else float(amount)


def _thousands(amount: float) -> str:
    return f"{amount:,.2f}"


def _sum(amounts: Any) -> float:
    return round(sum(float(amount) for amount in amounts), 2)
