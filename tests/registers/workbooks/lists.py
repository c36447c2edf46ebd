"""Workbooks of the eight lists of article 5."""

from collections.abc import Sequence
from typing import Any

from mingtang.cli.demo.registers import DemoTable, lists

from .office import Habits, workbook

HABITS = {
    "power_list": Habits(
        "通辽市市场监督管理局行政权力清单（2026年版）",
        called={"职权编码": "权力编码", "职权名称": "权力名称", "实施机构": "实施\n主体", "实施依据": "设定依据"},
        above={"权力事项": ("职权名称", "子项名称"), "办理": ("实施依据", "法定办结时限（工作日）")},
        sections="职权类型",
        as_numbers=("法定办结时限（工作日）",),
        full_width=("职权编码", "监督电话"),
    ),
    "responsibility_list": Habits(
        "权力事项责任清单",
        called={"责任环节": "责任阶段", "监督电话": "投诉电话"},
        above={"责任": ("责任环节", "责任事项", "责任事项依据"), "追责": ("追责情形", "追责依据")},
        as_numbers=("职权编码",),
    ),
    "administrative_fees": Habits(
        "通辽市行政事业性收费目录清单",
        called={"收费项目名称": "项目名称", "立项依据": "政策依据", "是否涉企": "涉企"},
        above={"文件依据": ("立项依据", "标准依据")},
        sections="部门",
        full_width=("收费项目编码",),
        page=15,
    ),
    "priced_services": Habits(
        "政府定价的经营服务性收费目录清单",
        called={"服务类别": "行业", "价格（元）": "价格", "定价文件": "文号"},
        above={"价格管理": ("定价形式", "价格（元）", "计价单位", "浮动和说明")},
        as_numbers=("价格（元）",),
    ),
    "government_funds": Habits(
        "通辽市政府性基金目录清单",
        called={"基金项目名称": "项目名称", "征收截止日期": "执行期限"},
        as_words=("征收截止日期",),
        full_width=("基金编码",),
    ),
    "professional_qualifications": Habits(
        "国家职业资格目录",
        called={"职业资格名称": "职业（工种）名称", "实施部门": "实施部门（单位）"},
        sections="人员类别",
        as_numbers=("考试考务费（元/科）",),
        page=20,
    ),
    "intermediary_services": Habits(
        "行政审批中介服务事项清单",
        called={"对应的审批事项": "涉及的审批事项", "中介机构条件": "中介服务机构资质", "收费方式": "收费性质"},
        sections="审批部门",
        as_numbers=("服务时限（工作日）",),
    ),
    "basic_public_services": Habits(
        "通辽市基本公共服务标准",
        called={"服务项目": "项目名称", "牵头单位": "牵头负责单位"},
        above={"服务": ("服务对象", "服务内容", "服务标准")},
        sections="领域",
        as_numbers=("服务编码",),
        page=25,
    ),
}


def table_of(kind: str) -> DemoTable:
    """The first table of the demonstration city of a kind."""
    return next(table for table in lists.tables() if table.kind == kind)


def office_workbook(kind: str, rows: Sequence[Sequence[Any]] | None = None) -> bytes:
    return workbook(table_of(kind), HABITS[kind], rows=rows)
