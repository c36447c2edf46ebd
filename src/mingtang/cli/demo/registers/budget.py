"""Budgets and final accounts of the demonstration government and twelve of its departments.

Amounts are made, not looked up. They add up as they must: functions to the table of revenue and expenditure, basic
expenditure to its economic classes, contributions of staff to the functional items they are booked under, departments
to the government. All sums are integers in hundredths of 万元, so that nothing is rounded twice.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from mingtang.text.tables.codes import CodeLists

from . import DemoTable

SEED = 20260115
BUDGET, OUTTURN = "预算", "决算"
# In the order in which tables of a unit are handed in: later ones must agree with earlier ones.
TABLES = (
    (2024, BUDGET),
    (2024, OUTTURN),
    (2025, BUDGET),
    (2025, OUTTURN),
    (2026, BUDGET),
)
CODES = CodeLists(Path(__file__).parents[3] / "registers" / "codes")
GOVERNMENT = "szf"
SECRET = {"2040221": "《中华人民共和国保守国家秘密法》", "2040222": "《中华人民共和国保守国家秘密法》"}
FUNCTIONAL_HEADING = ("年度", "阶段", "科目编码", "科目名称", "合计", "基本支出", "项目支出", "涉密", "不公开依据")
ECONOMIC_HEADING = ("年度", "阶段", "经济分类科目编码", "科目名称", "合计", "人员经费", "公用经费")
REVENUE_HEADING = ("年度", "阶段", "收支", "项目", "金额", "其中：一般公共预算")
HEADS = ("abroad", "purchase", "operation", "reception")
COUNTS = (
    "因公出国（境）团组数",
    "因公出国（境）人次",
    "公务用车购置数",
    "公务用车保有量",
    "公务接待批次",
    "公务接待人次",
)
THREE_PUBLIC_HEADING = (
    "年度",
    "阶段",
    "“三公”经费合计",
    "因公出国（境）费",
    "公务用车购置及运行费",
    "公务用车购置费",
    "公务用车运行费",
    "公务接待费",
    *COUNTS,
)


@dataclass
class Figures:
    """One unit's figures of one year and stage, in hundredths of 万元."""

    basic: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    project: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    personnel: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    operating: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    heads: dict[str, int] = field(default_factory=lambda: dict.fromkeys(HEADS, 0))
    counts: list[int] = field(default_factory=lambda: [0] * len(COUNTS))
    other_income: dict[str, int] = field(default_factory=dict)

    def total(self, code: str) -> int:
        return self.basic.get(code, 0) + self.project.get(code, 0)

    @property
    def codes(self) -> list[str]:
        return sorted({code for code in (*self.basic, *self.project) if self.total(code)})

    def add(self, other: "Figures") -> None:
        for name in ("basic", "project", "personnel", "operating", "heads"):
            for code, amount in getattr(other, name).items():
                getattr(self, name)[code] += amount
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]


def tables() -> Iterator[DemoTable]:
    """Four tables for each unit, those that others must agree with first."""
    for unit, made in figures().items():
        yield DemoTable("budget_revenue", unit, REVENUE_HEADING, _revenue(unit, made), "年度预算和决算。")
        yield DemoTable("budget_economic", unit, ECONOMIC_HEADING, _economic(made), "年度预算和决算。")
        yield DemoTable("three_public", unit, THREE_PUBLIC_HEADING, _three_public(made), "年度预算和决算。")
        yield DemoTable("budget_functional", unit, FUNCTIONAL_HEADING, _functional(made), "年度预算和决算。")


@cache
def figures() -> dict[str, dict[tuple[int, str], Figures]]:
    """All units' figures by year and stage: the departments', and the government's, which holds theirs and more."""
    described = tomllib.loads((Path(__file__).parent / "budget.toml").read_text(encoding="utf-8"))
    made = {unit: _department(unit, said) for unit, said in described["departments"].items()}
    whole = _department(GOVERNMENT, described["others"])
    for (year, stage), one in whole.items():
        for department in made.values():
            one.add(department[year, stage])
        one.personnel, one.operating = _as_government(one)
        _government_income(one)
    return {GOVERNMENT: whole, **made}


def _department(unit: str, said: Mapping[str, Any]) -> dict[tuple[int, str], Figures]:
    random = Random(f"{SEED}{unit}")  # noqa: S311 - the same figures at every call
    growth = dict.fromkeys(said["projects"], 1.0)
    staff, heads = 1.0, dict(said["three_public"])
    made: dict[tuple[int, str], Figures] = {}
    for year, stage in TABLES:
        if stage == BUDGET:
            staff *= random.uniform(0.99, 1.035)
            growth = {code: rate * random.uniform(0.88, 1.15) for code, rate in growth.items()}
            heads = {name: amount * random.uniform(0.88, 0.99) for name, amount in heads.items()}
            heads["purchase"] = said["three_public"]["purchase"] if random.random() < 0.4 else 0
            made[year, stage] = _budget(said, staff, growth, heads, random)
        else:
            made[year, stage] = _outturn(made[year, BUDGET], random)
    return made


def _budget(
    said: Mapping[str, Any], staff: float, growth: Mapping[str, float], heads: Mapping[str, float], random: Random
) -> Figures:
    made = Figures()
    for code, count in said["staff"].items():
        _people(made, code, count, staff, random)
    for code, amount in said["projects"].items():
        made.project[code] += _hundredths(amount * growth[code], round_to=500)
    made.heads = {name: _hundredths(heads[name], round_to=10) for name in HEADS}
    # What basic expenditure pays of the three; projects pay the rest.
    for head, code in (("abroad", "30212"), ("operation", "30231"), ("reception", "30217")):
        share = made.heads[head] * random.randint(55, 100) // 100
        made.operating[code] += share
        made.basic[said["run"]] += share
    made.other_income = {name: _hundredths(amount * staff, round_to=500) for name, amount in said["income"].items()}
    return made


def _people(made: Figures, code: str, count: int, staff: float, random: Random) -> None:
    """Pay and running costs of ``count`` people booked under ``code``; an office's run item ends in 01."""
    office = code.endswith("01")
    pay = {
        "30101": count * 462 * staff,
        "30102": count * (418 if office else 215) * staff,
        "30103": count * (152 if office else 38) * staff,
        "30107": 0 if office else count * 371 * staff,
    }
    amounts = {name: _hundredths(value / 100) for name, value in pay.items() if value}
    wages = sum(amounts.values())
    shares = {"30108": 16, "30109": 8, "30110": 7, "30111": 3, "30112": 1, "30113": 12}
    booked = {
        "30108": "2080505",
        "30109": "2080506",
        "30110": "2101101" if office else "2101102",
        "30111": "2101103",
        "30113": "2210201",
    }
    for name, amount in amounts.items():
        made.personnel[name] += amount
        made.basic[code] += amount
    for name, share in shares.items():
        amount = wages * share // 100
        made.personnel[name] += amount
        made.basic[booked.get(name, code)] += amount
    retired = wages * 3 // 100
    made.personnel["30302"] += retired
    made.basic["2080501" if office else "2080502"] += retired
    costs = {"30201": 42, "30202": 6, "30205": 5, "30206": 14, "30207": 11, "30208": 22, "30211": 24, "30213": 9}
    costs |= {"30215": 3, "30216": 7, "30226": 8, "30228": 18, "30229": 20, "30239": 31 if office else 4, "30299": 12}
    for name, each in costs.items():
        amount = _hundredths(count * each * staff * random.uniform(0.92, 1.08) / 100)
        made.operating[name] += amount
        made.basic[code] += amount


def _outturn(budget: Figures, random: Random) -> Figures:
    """What was spent: pay much as planned, projects more or less, the three public expenses no more than planned."""
    made = Figures()
    spent = {head: amount * random.randint(62, 97) // 100 for head, amount in budget.heads.items()}
    made.heads = spent
    plan = dict(budget.basic)
    for source, target in ((budget.personnel, made.personnel), (budget.operating, made.operating)):
        for code, amount in source.items():
            target[code] = amount * random.randint(96, 103) // 100
    for head, code in (("abroad", "30212"), ("operation", "30231"), ("reception", "30217")):
        made.operating[code] = min(made.operating.get(code, 0), spent[head])
    total, planned = sum(made.personnel.values()) + sum(made.operating.values()), sum(plan.values())
    made.basic.update({code: amount * total // planned for code, amount in plan.items()})
    largest = max(plan, key=lambda code: plan[code])
    made.basic[largest] += total - sum(made.basic.values())
    for code, amount in budget.project.items():
        made.project[code] = amount * random.randint(81, 109) // 100
    made.other_income = {name: amount * random.randint(90, 112) // 100 for name, amount in budget.other_income.items()}
    groups = 1 if spent["abroad"] else 0
    made.counts = [
        groups,
        groups * random.randint(2, 5),
        spent["purchase"] // 1800,
        max(1, spent["operation"] // 290),
        spent["reception"] // 9,
        spent["reception"] // 9 * 7 + random.randint(0, 6),
    ]
    return made


def _as_government(one: Figures) -> tuple[dict[str, int], dict[str, int]]:
    """The same basic expenditure by the government's own economic classes."""
    people: dict[str, int] = defaultdict(int)
    running: dict[str, int] = defaultdict(int)
    for code, amount in one.personnel.items():
        if code == "30113":
            people["50103"] += amount
        elif code in ("30108", "30109", "30110", "30111", "30112"):
            people["50102"] += amount
        elif code.startswith("301"):
            people["50101"] += amount
        else:
            people["50905"] += amount
    to = {"30215": "50202", "30216": "50203", "30226": "50205", "30217": "50206", "30212": "50207", "30231": "50208"}
    to |= {"30213": "50209", "30299": "50299"}
    for code, amount in one.operating.items():
        running[to.get(code, "50201")] += amount
    return people, running


def _government_income(one: Figures) -> None:
    """Where the government's money comes from: shares of what it spends, the rest from above."""
    total = sum(one.total(code) for code in one.codes)
    shares = {"税收收入": 34, "非税收入": 15, "地方政府一般债务收入": 9, "调入资金": 4, "上年结余": 2}
    one.other_income = {name: total * share // 100 for name, share in shares.items()}
    one.other_income["上级补助收入"] = total - sum(one.other_income.values())


def _functional(made: Mapping[tuple[int, str], Figures]) -> list[tuple[object, ...]]:
    return [
        (
            year,
            stage,
            code,
            CODES.at("budget_functional", year).items[code].name,
            *map(text, (one.total(code), one.basic.get(code, 0), one.project.get(code, 0))),
            "是" if code in SECRET else "",
            SECRET.get(code, ""),
        )
        for (year, stage), one in made.items()
        for code in one.codes
    ]


def _economic(made: Mapping[tuple[int, str], Figures]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for (year, stage), one in made.items():
        names = CODES.at("budget_economic", year).items
        for code in sorted({*one.personnel, *one.operating}):
            people, running = one.personnel.get(code, 0), one.operating.get(code, 0)
            rows.append((year, stage, code, names[code].name, text(people + running), text(people), text(running)))
    return rows


def _revenue(unit: str, made: Mapping[tuple[int, str], Figures]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for (year, stage), one in made.items():
        classes: dict[str, int] = defaultdict(int)
        for code in one.codes:
            classes[code[:3]] += one.total(code)
        general = sum(classes.values())
        names = CODES.at("budget_functional", year).items
        if unit == GOVERNMENT:
            income = [(name, amount, amount) for name, amount in one.other_income.items()]
            other = 0
        else:
            income = [("一般公共预算拨款收入", general, general)]
            income += [(name, amount, 0) for name, amount in one.other_income.items()]
            other = sum(one.other_income.values())
        spending = [(names[code].name, amount, amount) for code, amount in sorted(classes.items())]
        if other:
            # What comes from other sources is spent on the unit's own trade.
            place = max(range(len(spending)), key=lambda number: spending[number][1])
            name, amount, share = spending[place]
            spending[place] = (name, amount + other, share)
        for side, items in (("收入", income), ("支出", spending)):
            rows += [(year, stage, side, name, text(amount), text(share)) for name, amount, share in items]
            sums = sum(amount for _, amount, _ in items), sum(share for _, _, share in items)
            rows.append((year, stage, side, f"{side}总计", *map(text, sums)))
    return rows


def _three_public(made: Mapping[tuple[int, str], Figures]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for (year, stage), one in made.items():
        abroad, purchase, operation, reception = (one.heads[name] for name in HEADS)
        amounts = (abroad + purchase + operation + reception, abroad, purchase + operation, purchase, operation)
        counts = tuple(one.counts) if stage == OUTTURN else ("",) * len(COUNTS)
        rows.append((year, stage, *map(text, (*amounts, reception)), *counts))
    return rows


def text(amount: int) -> str:
    """Hundredths of 万元 as offices write them: ``1234.50``."""
    return f"{amount // 100}.{amount % 100:02d}"


def _hundredths(amount: float, round_to: int = 1) -> int:
    """``amount`` in 万元, rounded to ``round_to`` hundredths."""
    return round(amount * 100 / round_to) * round_to
