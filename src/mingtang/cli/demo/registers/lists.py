"""The lists of article 5. Two departments show gaps: one has no power list, one no responsibility list."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from . import DemoTable

HERE = Path(__file__).parent
NO_RESPONSIBILITIES = "lcj"
CLASSES = {
    "01": "行政许可",
    "02": "行政处罚",
    "03": "行政强制",
    "04": "行政征收",
    "05": "行政给付",
    "06": "行政检查",
    "07": "行政确认",
    "08": "行政奖励",
    "09": "行政裁决",
    "10": "其他行政权力",
}
LEVELS = {"3": "市级", "4": "县级"}
OFFENCES = (
    "对未取得许可或者未按规定备案从事{}的处罚",
    "对以欺骗、贿赂等不正当手段取得{}许可的处罚",
    "对拒绝、阻挠{}监督检查的处罚",
    "对未按规定建立、执行{}管理制度的处罚",
    "对违反国家标准从事{}的处罚",
    "对伪造、涂改、出租、转让{}证件的处罚",
    "对未按规定保存{}记录的处罚",
    "对{}人员不具备规定条件的处罚",
    "对{}中提供虚假材料、隐瞒有关情况的处罚",
)
SEIZURE, INSPECTION = "对违法{}有关场所、设施、物品的查封、扣押", "对{}的监督检查"
OF_CITY = "该项权力所依据的法律、法规（演示数据，条款从略）"
ARTICLES_LEFT_OUT = "《{}》（演示数据，条款从略）"
POWER_HEADING = (
    "职权编码",
    "职权名称",
    "子项名称",
    "职权类型",
    "实施机构",
    "行使层级",
    "权力来源",
    "是否审核转报",
    "实施依据",
    "法定办结时限（工作日）",
    "监督电话",
    "备注",
)
RESPONSIBILITY_HEADING = (
    "职权编码",
    "职权名称",
    "职权类型",
    "责任环节",
    "责任事项",
    "责任事项依据",
    "追责情形",
    "追责依据",
    "监督电话",
)
SOURCES = ("法定本级行使",) * 8 + ("上级下放", "上级委托")
PUNISHED_BY = "《中华人民共和国公职人员政务处分法》"
LIST_NOTES = {
    "administrative_fees": "演示数据：2026年版，清单以外的收费可以拒缴。",
    "priced_services": "演示数据：2026年版，价格为虚构。",
    "government_funds": "演示数据：2026年版。",
    "professional_qualifications": "演示数据：按国家职业资格目录整理。",
    "intermediary_services": "演示数据：2026年版，清单以外的不得作为受理条件。",
    "basic_public_services": "演示数据：2026年版，标准为虚构。",
}


@cache
def told(name: str) -> Mapping[str, Any]:
    """A data file of this folder."""
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def tables() -> Iterator[DemoTable]:
    for department in told("powers")["departments"]:
        powers = list(powers_of(department))
        yield DemoTable("power_list", department["unit"], POWER_HEADING, powers, "演示数据：2026年版权力清单。")
        if department["unit"] != NO_RESPONSIBILITIES:
            rows = [row for power in powers for row in responsibilities_of(power)]
            note = "演示数据：2026年版责任清单，与权力清单一一对应。"
            yield DemoTable("responsibility_list", department["unit"], RESPONSIBILITY_HEADING, rows, note)
    for kind, note in LIST_NOTES.items():
        said = told("lists")[kind]
        yield DemoTable(kind, said["unit"], tuple(said["heading"]), _RESHAPED.get(kind, _as_told)(said), note)
    fees = told("lists")["administrative_fees"]
    local = [row for row in _as_told(fees) if row[1] in ("教育", "民政", "住房城乡建设", "自然资源", "政务公开")]
    note = "演示数据：本区执行的收费。"
    yield DemoTable("administrative_fees", "keqcz", tuple(fees["heading"]), local, note)


def powers_of(department: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Rows of a department's power list, class by class."""
    random = Random(f"powers {department['unit']}")  # noqa: S311 - the same rows at every call
    level = LEVELS[department.get("level", "3")]
    for power_class, title in CLASSES.items():
        for number, (name, basis) in enumerate(_named(department, power_class), 1):
            yield (
                f"15{power_class}{department['number']}{number:03d}000",
                name,
                "",
                title,
                department["organ"],
                level,
                random.choice(SOURCES),
                "是" if "转报" in name or "初审" in name else "否",
                basis,
                random.choice((5, 10, 15, 20)) if power_class in ("01", "05", "07") else "",
                department["phone"],
                "",
            )


def _named(department: Mapping[str, Any], power_class: str) -> Iterator[tuple[str, str]]:
    """Names and bases of a department's powers of a class: those listed, then the usual ones of each matter."""
    for name in department["listed"].get(power_class, ()):
        yield name, OF_CITY
    for matter, law in department["matters"]:
        templates = {"02": OFFENCES[: department["breadth"]], "03": (SEIZURE,), "06": (INSPECTION,)}
        for template in templates.get(power_class, ()):
            yield template.format(matter), ARTICLES_LEFT_OUT.format(law)


def responsibilities_of(power: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    """What is owed in each step of a power."""
    code, name, title, phone = str(power[0]), power[1], power[3], power[10]
    for step, duty, basis, punished in told("powers")["steps"][code[2:4]]:
        yield code, name, title, step, duty, basis, punished, PUNISHED_BY, phone


def _as_told(said: Mapping[str, Any]) -> list[tuple[object, ...]]:
    return [tuple(row) for row in said["rows"]]


def _qualifications(said: Mapping[str, Any]) -> list[tuple[object, ...]]:
    professional, skilled = "专业技术人员职业资格", "技能人员职业资格"
    made: list[tuple[object, ...]] = []
    for prefix, group, personnel, nature in (
        ("ZY", "entry", professional, "准入类"),
        ("ZP", "level", professional, "水平评价类"),
        ("JN", "skill_entry", skilled, "准入类"),
    ):
        for number, (name, organ, local, basis, fee) in enumerate(said[group], 1):
            made.append((f"{prefix}{number:03d}", name, personnel, nature, organ, local, basis, fee))
    return made


def _services(said: Mapping[str, Any]) -> list[tuple[object, ...]]:
    made: list[tuple[object, ...]] = []
    areas: list[str] = list(dict.fromkeys(row[0] for row in said["rows"]))
    counts = dict.fromkeys(areas, 0)
    for area, category, name, served, content, standard, unit in said["rows"]:
        counts[area] += 1
        code = f"{areas.index(area) + 1:02d}{counts[area]:02d}"
        made.append((code, area, category, name, served, content, standard, said["funding"], unit))
    return made


_RESHAPED = {"professional_qualifications": _qualifications, "basic_public_services": _services}
