"""Workbooks of permits, penalties, spot checks and serious breaches."""

from mingtang.cli.demo.registers import DemoTable, credit

from .office import Habits, workbook

HABITS = {
    "permits": Habits(
        "行政许可信息公示表",
        called={
            "行政相对人名称": "XK_XDR_MC",
            "统一社会信用代码": "行政相对人代码_1（统一社会信用代码）",
            "行政许可决定文书号": "许可决定文书号",
            "许可内容": "XK_NR",
            "证件号码": "自然人证件号码",
        },
        above={"有效期": ("有效期自", "有效期至"), "许可机关": ("许可机关", "许可机关代码")},
        as_words=("许可决定日期", "有效期至"),
        full_width=("统一社会信用代码",),
    ),
    "penalties": Habits(
        "行政处罚信息公示表　　单位：万元",
        called={
            "行政相对人名称": "当事人",
            "行政处罚决定书文号": "CF_WSH",
            "违法行为类型": "案由",
            "罚款金额（万元）": "罚款金额",
            "公示截止期": "公示截止日期",
        },
        above={"罚没金额": ("罚款金额（万元）", "没收违法所得、没收非法财物的金额（万元）")},
        as_numbers=("罚款金额（万元）", "没收违法所得、没收非法财物的金额（万元）"),
        as_words=("处罚决定日期", "公示截止期"),
        full_width=("统一社会信用代码",),
    ),
    "spot_checks": Habits(
        "“双随机、一公开”抽查结果公示表",
        called={"被检查单位名称": "抽查对象", "抽查结果": "检查结果", "处理情况": "处理意见"},
        sections="抽查类型",
        as_words=("抽查日期",),
    ),
    "serious_breaches": Habits(
        "严重违法失信企业名单",
        called={"企业名称": "失信主体名称", "列入事由": "列入原因", "列入日期": "列入决定日期"},
        above={"列入": ("列入事由", "列入依据", "列入日期"), "移出": ("移出日期", "移出事由")},
        as_words=("列入日期", "公示截止期"),
    ),
}


def table_of(name: str) -> DemoTable:
    """The first department's table of a kind."""
    return next(one for one in credit.tables() if one.kind == name)


def office_workbook(name: str) -> bytes:
    return workbook(table_of(name), HABITS[name])
