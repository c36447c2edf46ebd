"""Workbooks of enforcement publicity, supervision information and the two credit platforms."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from mingtang.cli.demo.registers import DemoTable, enforcement, platforms

from .office import Habits, workbook

HABITS = {
    "enforcement_profile": Habits(
        "行政执法公示表",
        called={"执法主体": "执法机关", "执法职权": "职权", "裁量基准": "自由裁量基准", "救济途径": "救济渠道"},
        above={"公示内容": ("执法职权", "执法依据", "裁量基准", "执法程序", "执法结果", "救济途径")},
        sections="执法主体",
        full_width=("监督电话",),
        as_numbers=("持证执法人员（人）",),
    ),
    "supervision_information": Habits(
        "重点领域监管信息公开目录",
        called={"更新周期": "更新频次", "最近公开日期": "更新日期"},
        sections="监管领域",
        as_words=("最近公开日期",),
        as_numbers=("今年公开数量（条）",),
    ),
    "platform_work": Habits(
        "信用平台建设任务进展表",
        called={"建设任务": "工作任务", "牵头单位": "责任单位", "接收的数据": "归集数据"},
        above={"时间": ("启动日期", "计划完成日期", "实际完成日期")},
        as_numbers=("任务编号", "进度（%）", "已接收数据（条）"),
        as_words=("启动日期", "计划完成日期", "实际完成日期"),
    ),
}


def tables() -> Iterator[DemoTable]:
    return chain(enforcement.tables(), platforms.tables())


def table_of(kind: str) -> DemoTable:
    """The first table of the demonstration city of a kind."""
    return next(table for table in tables() if table.kind == kind)


def office_workbook(kind: str, rows: Sequence[Sequence[Any]] | None = None) -> bytes:
    return workbook(table_of(kind), HABITS[kind], rows=rows)
