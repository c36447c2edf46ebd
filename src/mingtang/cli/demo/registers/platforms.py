"""The two credit platforms as work items: the one is run by 发改委, the other by 市场监管局."""

from collections.abc import Iterator

from . import DemoTable
from .lists import told

HEADING = (
    "平台",
    "任务编号",
    "建设任务",
    "牵头单位",
    "配合单位",
    "接收的数据",
    "状态",
    "进度（%）",
    "进展情况",
    "已接收数据（条）",
    "启动日期",
    "计划完成日期",
    "实际完成日期",
)


def tables() -> Iterator[DemoTable]:
    for said in told("platforms").values():
        rows = [(said["title"], *row) for row in said["rows"]]
        yield DemoTable("platform_work", said["unit"], HEADING, rows, "演示数据：截至2026年10月底的进展。")
