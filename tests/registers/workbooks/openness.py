"""Workbooks of catalogues, negative lists and participation scopes."""

from collections.abc import Sequence
from typing import Any

from mingtang.cli.demo.registers import DemoTable, openness

from .office import Habits, workbook

HABITS = {
    "negative_list": Habits(
        "不予公开信息负面清单（2026年度）",
        called={"不予公开事项": "事项名称", "法律依据": "政策依据", "下次复核日期": "复核时间"},
        above={"依据": ("法定依据类别", "法律依据")},
        full_width=("事项编号",),
        as_words=("列入日期", "下次复核日期"),
    ),
    "disclosure_catalogue": Habits(
        "主动公开基本目录",
        called={
            "公开领域": "一级事项",
            "公开事项": "二级事项",
            "公开内容": "公开内容（要素）",
            "公开渠道": "公开渠道和载体",
        },
        above={"公开事项": ("公开领域", "公开事项"), "公开要求": ("公开时限", "公开方式", "公开渠道")},
        sections="公开领域",
        full_width=("公开时限",),
        as_words=("生效日期",),
        page=12,
    ),
    "participation_scopes": Habits(
        "公众参与事项范围",
        called={"参与事项": "事项名称", "涉及切身利益": "是否涉及群众切身利益", "联系电话": "咨询电话"},
        full_width=("联系电话",),
    ),
}


def table_of(kind: str) -> DemoTable:
    """The first table of the demonstration city of a kind."""
    return next(table for table in openness.tables() if table.kind == kind)


def office_workbook(kind: str, rows: Sequence[Sequence[Any]] | None = None) -> bytes:
    return workbook(table_of(kind), HABITS[kind], rows=rows)
