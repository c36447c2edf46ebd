"""Enforcement publicity and supervision information. A unit of the fifteen and a field of the ten are left out to be seen."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from . import DemoTable
from .lists import CLASSES, told

PROFILE_HEADING = (
    "执法主体",
    "主体性质",
    "执法类别",
    "执法职权",
    "执法依据",
    "裁量基准",
    "执法程序",
    "执法结果",
    "救济途径",
    "持证执法人员（人）",
    "监督电话",
)
SUPERVISION_HEADING = (
    "监管领域",
    "监管信息名称",
    "公开内容",
    "监管对象",
    "公开依据",
    "更新周期",
    "负责科室",
    "公开位置",
    "最近公开日期",
    "今年公开数量（条）",
)
ENFORCED = ("01", "02", "03", "04", "06", "07", "09")
# Units that keep no such profile; the matrix names them.
SILENT = ("czj", "sjj", "ybj", "swj", "gxj", "fgw")
DISCRETION = {
    "02": "《{}行政处罚裁量权基准》（演示文号〔2025〕{}号）",
    "03": "《{}行政强制裁量权基准》（演示文号〔2025〕{}号）",
    "04": "按公布的征收标准执行，没有裁量余地",
}
DISCRETION_OTHERWISE = "《{}行政裁量权基准》（演示文号〔2025〕{}号）"
RESULTS = {
    "01": "作出决定后7个工作日内在市政府门户网站“行政许可”栏公开",
    "02": "作出决定后7个工作日内在市政府门户网站“行政处罚”栏公开",
}
RESULTS_OTHERWISE = "结果形成后20个工作日内在市政府门户网站公开"
REMEDIES = {
    "3": "60日内向通辽市人民政府申请行政复议，或者6个月内向有管辖权的人民法院提起行政诉讼",
    "4": "60日内向本级人民政府申请行政复议，或者6个月内向有管辖权的人民法院提起行政诉讼",
}
SHEET_DAY = date(2026, 11, 6)
SPAN = {"每日": 0, "每周": 3, "每月": 6, "每季度": 24, "每半年": 100, "每年": 220, "及时": 12}


def tables() -> Iterator[DemoTable]:
    powers, steps = told("powers"), told("powers")["steps"]
    for department in powers["departments"]:
        if department["unit"] in SILENT:
            continue
        rows = list(_profiles(department, steps))
        yield DemoTable("enforcement_profile", department["unit"], PROFILE_HEADING, rows, "演示数据：六项齐全。")
    for unit, said in told("enforcement")["supervision"].items():
        rows = list(_supervision(unit, said["rows"]))
        yield DemoTable("supervision_information", unit, SUPERVISION_HEADING, rows, "演示数据：2026年目录。")


def _profiles(department: Mapping[str, Any], steps: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    unit, organ, number = department["unit"], department["organ"], department["number"]
    random = Random(f"profiles {unit}")  # noqa: S311 - the same rows at every call
    others = told("enforcement")["bodies"].get(unit, [])
    field = organ.removeprefix("通辽市").removesuffix("局").removesuffix("委员会")
    laws = "、".join(f"《{law}》" for law in dict.fromkeys(law for _matter, law in department["matters"]))
    matters = "、".join(matter for matter, _law in department["matters"][:4])
    for body, nature in [(organ, "行政机关"), *others]:
        for power_class in ENFORCED:
            listed = department["listed"].get(power_class, ())
            usual = power_class in ("02", "03", "06")
            if not (listed or usual) or (body != organ and not usual):
                continue
            what = f"{matters}等方面的{CLASSES[power_class]}" if usual else "、".join(listed)
            yield (
                body,
                nature,
                CLASSES[power_class],
                what,
                laws,
                DISCRETION.get(power_class, DISCRETION_OTHERWISE).format(field, number),
                "、".join(step for step, *_rest in steps[power_class]),
                RESULTS.get(power_class, RESULTS_OTHERWISE),
                REMEDIES[department.get("level", "3")],
                random.randint(12, 96),
                department["phone"],
            )


def _supervision(unit: str, rows: list[list[str]]) -> Iterator[tuple[object, ...]]:
    random = Random(f"supervision {unit}")  # noqa: S311 - the same rows at every call
    for field, name, content, supervised, basis, frequency, division in rows:
        shown_on = SHEET_DAY - timedelta(days=SPAN[frequency])
        count = random.randint(1, 12) if SPAN[frequency] > 20 else random.randint(10, 320)
        address = "https://www.tongliao.example/supervision/"
        yield field, name, content, supervised, basis, frequency, division, address, shown_on.isoformat(), count
