"""What audits and inspections found with what was put right, and who was held to account. Persons are invented."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from . import DemoTable
from .invented import money, person

FINDING_HEADING = (
    *(
        "问题编号",
        "问题来源",
        "报告名称",
        "被审计（督查）单位",
        "问题类别",
        "发现的问题",
        "涉及金额",
        "认定日期",
        "整改期限",
    ),
    *("整改情况", "整改完成日期"),
)
CASE_HEADING = (
    "案件编号",
    "问责情形",
    "被问责单位",
    "被问责人",
    "职务",
    "主要事实",
    "问责方式",
    "问责机关",
    "办结日期",
)
UNITS = (
    *("通辽市教育局", "通辽市民政局", "通辽市交通运输局", "通辽市住房和城乡建设局", "通辽市农牧局", "通辽市生态环境局"),
    *("奈曼旗人民政府", "库伦旗人民政府", "开鲁县人民政府", "扎鲁特旗人民政府"),
)
PROBLEMS = (
    ("预算执行", "年初预算没有细化到具体单位，年末结转过大", "已细化预算并收回结转资金，建立按月通报制度"),
    ("资金管理", "专项资金滞留在账上超过一年没有拨付", "已全部拨付到项目单位，并对经办科室负责人约谈"),
    ("项目建设", "项目开工后超过合同工期没有完工", "已重新排定工期，完成竣工验收"),
    ("政策落实", "应当减免的收费没有减免到位", "已逐户退还多收的费用，并公布投诉电话"),
    ("采购招标", "化整为零规避公开招标", "已终止合同并重新招标，追究有关人员责任"),
    ("资产管理", "闲置房产没有登记入账", "已清查登记，统一调剂使用"),
    ("内部管理", "公务接待没有附公函和清单", "已退回不合规支出，修订接待办法"),
)
CASES = {
    "不作为": "对群众反映的问题长期不受理、不答复，经督办仍没有处理",
    "慢作为": "应当在规定时限内办结的审批事项超期办理，影响项目开工",
    "乱作为": "没有法定依据擅自增加办事条件，造成群众多次往返",
}
MEASURES = ("通报批评", "诫勉", "责令书面检查", "政务处分", "调离岗位")
POSTS = ("科长", "副局长", "窗口负责人", "副主任")


def tables() -> Iterator[DemoTable]:
    note = "演示数据：2026年审计和督查发现的问题及整改。"
    yield DemoTable("audit_findings", "sjj", FINDING_HEADING, list(_findings()), note)
    yield DemoTable("accountability_cases", "zfb", CASE_HEADING, list(_cases()), "演示数据：2026年办结的问责。")


def _findings() -> Iterator[tuple[object, ...]]:
    random = Random("findings")  # noqa: S311 - the same rows at every call
    for number in range(1, 81):
        source, unit = "督查" if number % 4 == 0 else "审计", UNITS[number % len(UNITS)]
        category, problem, mended = PROBLEMS[number % len(PROBLEMS)]
        found = date(2026, 2, 1) + timedelta(days=number * 3)
        # The last fifth is still being put right, and says so.
        done = number <= 64
        yield (
            f"{'督' if source == '督查' else '审'}2026-{number:03}",
            source,
            f"演示{unit}2025年度{'重点工作督查' if source == '督查' else '预算执行审计'}报告",
            unit,
            category,
            f"{problem}（演示）",
            money(random, 1, 800) if number % 3 else "",
            found.isoformat(),
            (found + timedelta(days=60)).isoformat(),
            mended if done else "正在整改",
            (found + timedelta(days=random.randrange(20, 60))).isoformat() if done else "",
        )


def _cases() -> Iterator[tuple[object, ...]]:
    random = Random("cases")  # noqa: S311 - the same rows at every call
    for number in range(1, 16):
        failing = list(CASES)[number % 3]
        yield (
            f"问2026-{number:02}",
            failing,
            UNITS[number % len(UNITS)],
            person(random),
            random.choice(POSTS),
            f"{CASES[failing]}（演示）。",
            random.choice(MEASURES),
            "演示督查室",
            (date(2026, 1, 15) + timedelta(days=number * 20)).isoformat(),
        )
