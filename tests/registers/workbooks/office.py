"""A workbook as an office makes it from good rows: title, notes and date above, headings in two rows, a running number,
lines between the groups, equal cells merged, digits of every width, Chinese dates, headings again on each page, and
notes and signatures below. What it says is what the rows say."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mingtang.cli.demo.registers import DemoTable

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Habits:
    """How an office writes a table, by Chinese titles of columns.

    Attributes:
        called: other headings for columns. above: a heading over several columns, which stand beside each other.
        sections: a column whose values become lines between groups and merged cells.
        as_numbers: columns typed as numbers; full_width: as full-width digits in every third row.
        as_words: dates written 2026年1月3日.
        page: headings come again after so many rows; 0 for never.
    """

    title: str
    called: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sections: str = ""
    as_numbers: Sequence[str] = ()
    full_width: Sequence[str] = ()
    as_words: Sequence[str] = ()
    page: int = 40


def workbook(table: DemoTable, habits: Habits, *, rows: Sequence[Sequence[Any]] | None = None) -> bytes:
    """The table as XLSX; ``rows`` in place of its own."""
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Sheet1"
    width = len(table.heading) + 1
    for text in (habits.title, "（本表由演示数据生成，附件１）", "填报日期：二〇二六年十一月二日　　　　　密级：公开"):
        _line(sheet, text, width)
    _heading(sheet, table.heading, habits)
    held, place, section = list(rows if rows is not None else table.rows), 0, None
    run: list[int] = []
    at = table.heading.index(habits.sections) if habits.sections else -1
    for number, row in enumerate(held, 1):
        if at >= 0 and row[at] != section:
            _merge_run(sheet, run, at + 2)
            run, section = [], row[at]
            _line(sheet, f"{NUMERALS[place % 10]}、{section}", width)
            place += 1
        if habits.page and number > 1 and number % habits.page == 1:
            _merge_run(sheet, run, at + 2)
            run = []
            _heading(sheet, table.heading, habits)
        sheet.append(
            [number, *(_cell(title, value, number, habits) for title, value in zip(table.heading, row, strict=True))]
        )
        run.append(sheet.max_row)
    _merge_run(sheet, run, at + 2 if at >= 0 else 0)
    _line(sheet, "注：１．本表一式三份；２．空白表示没有。", width)
    sheet.append(["填表人：演示甲", None, None, "审核人：演示乙"])
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _line(sheet: Worksheet, text: str, width: int) -> None:
    sheet.append([text])
    sheet.merge_cells(start_row=sheet.max_row, start_column=1, end_row=sheet.max_row, end_column=width)


def _heading(sheet: Worksheet, titles: Sequence[str], habits: Habits) -> None:
    """Two rows; a heading without one above it is merged over both."""
    over = {title: group for group, below in habits.above.items() for title in below}
    upper, lower = ["序号"], [None]
    for title in titles:
        written = habits.called.get(title, title)
        upper.append(over.get(title, written))
        lower.append(written if title in over else None)  # type: ignore[arg-type]
    sheet.append(upper)
    top = sheet.max_row
    sheet.append(lower)
    for place, title in enumerate(["序号", *titles], 1):
        if title not in over:
            sheet.merge_cells(start_row=top, start_column=place, end_row=top + 1, end_column=place)
    for below in habits.above.values():
        first, last = (list(titles).index(title) + 2 for title in (below[0], below[-1]))
        sheet.merge_cells(f"{get_column_letter(first)}{top}:{get_column_letter(last)}{top}")


def _merge_run(sheet: Worksheet, run: Sequence[int], column: int) -> None:
    if column and len(run) > 1:
        sheet.merge_cells(start_row=run[0], start_column=column, end_row=run[-1], end_column=column)


def _cell(title: str, value: Any, number: int, habits: Habits) -> Any:
    if value in ("", None):
        return "—" if number % 2 else None
    if title in habits.as_words:
        day = date.fromisoformat(str(value))
        return f"{day.year}年{day.month}月{day.day}日"
    if title in habits.as_numbers:
        return float(value) if "." in str(value) else int(value)
    if title in habits.full_width and number % 3 == 0:
        return str(value).translate(FULL_WIDTH)
    return f" {value}　" if number % 7 == 0 else value
