"""Catalogues of article 17, negative lists of article 20 and participation scopes of article 9 of eight departments."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import DemoTable

CATALOGUE_HEADING = (
    "目录编号",
    "公开领域",
    "公开事项",
    "五公开类别",
    "公开主体",
    "公开内容",
    "公开时限",
    "公开方式",
    "公开渠道",
    "公开对象",
    "公开依据",
    "责任科室",
    "生效日期",
)
NEGATIVE_HEADING = (
    "事项编号",
    "不予公开事项",
    "不公开的具体内容",
    "法定依据类别",
    "法律依据",
    "责任科室",
    "列入日期",
    "下次复核日期",
)
PARTICIPATION_HEADING = (
    "事项编号",
    "参与事项",
    "涉及切身利益",
    "参与环节",
    "参与方式",
    "参与人员",
    "参与时间",
    "意见采纳反馈",
    "责任科室",
    "联系电话",
)
LIMITS = (
    ("预算", "每年3月31日前"),
    ("决算", "每年9月底前"),
    ("月报", "每月10日前"),
    ("日报", "及时"),
    ("统计", "每季度首月15日前"),
    ("情况", "每季度首月15日前"),
    ("名录", "每年12月底前"),
    ("名单", "每半年"),
    ("考核", "每年1月31日前"),
    ("处罚", "自作出决定之日起7个工作日内"),
    ("许可", "自作出决定之日起7个工作日内"),
    ("公示", "形成之日起5个工作日内"),
    ("公告", "形成之日起3个工作日内"),
    ("通告", "形成之日起1个工作日内"),
)
CLASSES = (
    ("规划", "决策公开"),
    ("政策", "决策公开"),
    ("标准", "决策公开"),
    ("计划", "执行公开"),
    ("资金", "执行公开"),
    ("项目", "执行公开"),
    ("结果", "结果公开"),
    ("统计", "结果公开"),
    ("情况", "结果公开"),
    ("决算", "结果公开"),
    ("办理", "服务公开"),
    ("指南", "服务公开"),
    ("登记", "服务公开"),
)


def tables() -> Iterator[DemoTable]:
    """A catalogue, a negative list and a list of participation scopes for each department of ``openness.toml``."""
    path = Path(__file__).with_suffix(".toml")
    for code, unit in tomllib.loads(path.read_text(encoding="utf-8"))["units"].items():
        yield DemoTable("negative_list", code, NEGATIVE_HEADING, list(_negative(unit)), "演示数据：逐条写明依据。")
        yield DemoTable(
            "disclosure_catalogue",
            code,
            CATALOGUE_HEADING,
            list(_catalogue(unit)),
            "演示数据：按领域和五公开分类编制。",
        )
        yield DemoTable(
            "participation_scopes", code, PARTICIPATION_HEADING, list(_participation(unit)), "演示数据：公众参与事项。"
        )


def _first(pairs: tuple[tuple[str, str], ...], text: str, otherwise: str) -> str:
    return next((said for word, said in pairs if word in text), otherwise)


def _catalogue(unit: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    number = 0
    for area, items in unit["areas"].items():
        for item in items:
            number += 1
            yield (
                f"{unit['prefix']}-{number:03}",
                area,
                item,
                _first(CLASSES, item, "管理公开"),
                unit["name"],
                f"{item}的依据、主要内容、时间和结果，以及咨询监督渠道",
                _first(LIMITS, item, "形成之日起20个工作日内"),
                "主动公开",
                "政府门户网站" if number % 3 else "政府门户网站、政务服务大厅",
                "全社会",
                "《中华人民共和国政府信息公开条例》第二十条",
                unit["division"],
                "2026-03-01",
            )


def _negative(unit: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for number, (matter, content, ground, law) in enumerate(unit["negative"], 1):
        day = 1 + number
        yield (
            f"{unit['prefix']}-F{number:02}",
            matter,
            content,
            ground,
            law,
            unit["division"],
            f"2026-03-{day:02}",
            f"2027-02-{day + 10:02}",
        )


def _participation(unit: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for number, (matter, vital, stage, method, people) in enumerate(unit["participation"], 1):
        yield (
            f"{unit['prefix']}-C{number:02}",
            matter,
            vital,
            stage,
            method,
            people,
            "方案提请讨论之前，不少于30日" if stage == "决策前" else "每年第四季度",
            "结束后20个工作日内在门户网站公布采纳情况和理由",
            unit["division"],
            f"0475-5550{100 + number}",
        )
