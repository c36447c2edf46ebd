"""Workbooks of trades, partnership projects, findings, accountability, aid and poverty funds."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from mingtang.cli.demo.registers import DemoTable, aid, oversight, trading

from .office import Habits, workbook

HABITS = {
    "public_resource_trades": Habits(
        "通辽市公共资源交易统计表　　单位：万元",
        called={"交易类别": "交易分类", "成交金额": "中标金额", "投诉渠道": "投诉方式", "公告发布日期": "发布时间"},
        above={"中标情况": ("中标（成交）人", "中标（成交）人代码", "中标（成交）人类别", "中标（成交）人角色")},
        sections="交易类别",
        as_numbers=("成交金额",),
        as_words=("公告发布日期", "成交日期", "数据时间"),
        full_width=("统一交易标识码",),
    ),
    "partnership_projects": Habits(
        "政府和社会资本合作项目信息表　　单位：万元",
        called={"项目概况": "建设内容", "总投资": "项目总投资", "资格预审结果": "采购资格预审", "成交结果": "采购结果"},
        above={"资格预审": ("资格预审结果", "资格预审日期"), "采购": ("成交结果", "成交社会资本方")},
        as_numbers=("合作期限（年）", "总投资"),
        as_words=("资格预审日期", "成交日期"),
    ),
    "audit_findings": Habits(
        "审计和督查发现问题整改台账",
        called={"发现的问题": "存在的问题", "整改情况": "整改落实情况", "整改期限": "整改时限"},
        above={"整改": ("整改期限", "整改情况", "整改完成日期")},
        sections="问题来源",
        as_numbers=("涉及金额",),
        as_words=("认定日期", "整改期限", "整改完成日期"),
    ),
    "accountability_cases": Habits(
        "不作为慢作为乱作为问责情况表",
        called={"主要事实": "问责事由", "问责方式": "处理结果", "办结日期": "办结时间"},
        as_words=("办结日期",),
    ),
    "aid_records": Habits(
        "困难群众救助发放花名册",
        called={"救助对象": "姓名", "身份证号码": "身份证号", "银行卡号": "一卡通账号", "联系电话": "手机号码"},
        above={"住处": ("旗县市区", "苏木乡镇（街道）", "嘎查村（社区）")},
        as_numbers=("救助人数", "救助金额"),
        full_width=("身份证号码",),
    ),
    "poverty_funds": Habits(
        "扶贫资金安排情况表　　单位：万元",
        called={"资金总额": "下达金额", "未安排": "结余", "下达文号": "指标文号"},
        above={"安排情况": ("已安排", "未安排")},
        as_numbers=("年度", "资金总额", "已安排", "未安排"),
    ),
    "poverty_fund_uses": Habits(
        "扶贫资金使用明细表　　单位：万元",
        called={"使用项目": "用途", "使用金额": "补助金额", "安排日期": "拨付日期"},
        above={"补助到户": ("户编号", "户主姓名")},
        as_numbers=("年度", "使用金额"),
        as_words=("安排日期",),
    ),
}


def tables() -> Iterator[DemoTable]:
    return chain(trading.tables(), oversight.tables(), aid.tables())


def table_of(kind: str) -> DemoTable:
    return next(table for table in tables() if table.kind == kind)


def office_workbook(kind: str, rows: Sequence[Sequence[Any]] | None = None) -> bytes:
    return workbook(table_of(kind), HABITS[kind], rows=rows)
