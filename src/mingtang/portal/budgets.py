"""Pages of budgets and final accounts: of all units of the government, and of one unit's year. They read live editions
and nothing else; amounts are in 万元."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mingtang.editions.models import PublicUnit
from mingtang.text.tables.comparing import Compared, Node, by_start, compare, followed, percent, tree

from . import charts
from .budget_tables import (
    BUDGET,
    ECONOMIC,
    FUNCTIONAL,
    OUTTURN,
    REVENUE,
    THREE_PUBLIC,
    ZERO,
    Budgets,
    amount,
    code_lists,
    read_budgets,
)
from .pages import Page
from .regions import top_region

# Bodies that the people's congress or the finance bureau approves a budget for.
OWING = ("government", "general_office", "department")
FEW_LINES, MOST_BOXES = 60, 40
HEADS = (
    ("abroad", "因公出国（境）费"),
    ("vehicle_purchase", "公务用车购置费"),
    ("vehicle_operation", "公务用车运行费"),
    ("reception", "公务接待费"),
)
COUNTS = (
    ("abroad_groups", "因公出国（境）团组", "个"),
    ("abroad_persons", "因公出国（境）", "人次"),
    ("vehicles_bought", "购置公务用车", "辆"),
    ("vehicles_kept", "公务用车保有量", "辆"),
    ("receptions", "公务接待", "批次"),
    ("reception_persons", "公务接待", "人次"),
)


@dataclass(frozen=True)
class Line:
    """A line of a comparison as it is printed. ``note`` says what a code was called before, or that it is new."""

    name: str
    now: Decimal | None
    before: Decimal | None
    code: str = ""
    note: str = ""
    rank: int = 0
    bar: str = ""

    @property
    def difference(self) -> Decimal | None:
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def percent(self) -> Decimal | None:
        return percent(self.now or ZERO, self.before) if self.now is not None else None


@dataclass
class Group:
    """A 类 with its lines."""

    head: Line
    lines: list[Line] = field(default_factory=list)


def budgets_page() -> Page:
    """All units: who published the newest year's budget, how much it is, who did not."""
    found = read_budgets(kinds=(REVENUE, THREE_PUBLIC))
    year = max((one for unit in found.values() for one in unit.years if unit.total(one, BUDGET)), default=None)
    context: dict[str, Any] = {"section": "budgets", "year": year, "rows": [], "missing": []}
    if year is None:
        return Page("budgets/", "portal/budgets.html", context)
    units = {unit.pk: unit for unit in PublicUnit.objects.filter(valid_to=None)}
    published = [one for one in found.values() if one.total(year, BUDGET) is not None]
    published.sort(key=lambda one: -(one.total(year, BUDGET) or ZERO))
    kinds = {code: unit.kind for code, unit in units.items()}
    whole = [one for one in published if kinds.get(one.unit_code) == "government"]
    parts = [one for one in published if one not in whole]
    most = max((one.total(year, BUDGET) or ZERO for one in parts), default=ZERO)
    top = top_region()
    owing = [unit for unit in units.values() if unit.kind in OWING and top and unit.region_code == top.pk]
    context |= {
        "governments": [_listed(one, year, ZERO) for one in whole],
        "rows": [_listed(one, year, most) for one in parts],
        "missing": [
            (unit, found[unit.pk].years[0] if unit.pk in found and found[unit.pk].years else None)
            for unit in owing
            if unit.pk not in {one.unit_code for one in published}
        ],
        "owing": len(owing),
        "sum_now": sum((one.total(year, BUDGET) or ZERO for one in parts), ZERO),
        "sum_before": sum((one.total(year - 1, BUDGET) or ZERO for one in parts), ZERO),
    }
    return Page("budgets/", "portal/budgets.html", context)


def _listed(one: Budgets, year: int, most: Decimal) -> dict[str, Any]:
    now, before = one.total(year, BUDGET), one.total(year - 1, BUDGET)
    spent = one.three_public(year, BUDGET)
    return {
        "code": one.unit_code,
        "line": Line(one.unit_name, now, before, bar=charts.pair(now, before, most)),
        "three_public": amount(spent["total"]) if spent else None,
    }


def budget_page(unit: str, year: int) -> Page | None:
    """One unit's year; None where it has published nothing of that year."""
    one = read_budgets(unit).get(unit)
    return _year_page(one, year) if one is not None and year in one.years else None


def budget_pages(units: set[str] | None = None) -> Iterator[Page]:
    """All pages of budgets; of the units named, and of all together, where ``units`` names some."""
    yield budgets_page()
    if units is not None and not units:
        return
    for one in read_budgets(*sorted(units or ())).values():
        for year in one.years:
            yield _year_page(one, year)


def _year_page(one: Budgets, year: int) -> Page:
    stage = BUDGET if one.spending(year, BUDGET) or one.total(year, BUDGET) is not None else OUTTURN
    now, before = one.spending(year, stage), one.spending(year - 1, stage)
    total, earlier = one.total(year, stage), one.total(year - 1, stage)
    groups = _groups(one, now, before, year)
    outturn = one.spending(year, OUTTURN) if stage == BUDGET else {}
    nodes = _nodes(one, now, year)
    ranks = {node.code: rank for rank, node in enumerate(nodes, 1)}
    context = {
        "section": "budgets",
        "unit": one,
        "year": year,
        "stage": stage,
        "swatch": charts.swatch,
        "title": f"{one.unit_name}{year}年{'预算和决算' if outturn else stage}",
        "total": Line("合计", total, earlier),
        "lead": _lead(one, now, year),
        "groups": groups,
        "few": sum(len(group.lines) for group in groups) <= FEW_LINES,
        "classes": _classes(one, now, before, year, ranks),
        "map_wide": charts.treemap(nodes, "map-wide", *_map_words(nodes, year, stage)) if nodes else "",
        "map_narrow": (
            charts.treemap(nodes, "map-narrow", *_map_words(nodes, year, stage), width=340, height=460) if nodes else ""
        ),
        "outturn": _against_plan(one, now, outturn, year) if outturn else [],
        "newest_outturn": next((other for other in one.years if one.total(other, OUTTURN) is not None), None),
        "trend": _trend(one),
        "trend_rows": [(other, one.total(other, BUDGET), one.total(other, OUTTURN)) for other in sorted(one.years)],
        "three_public": _three_public(one, year, stage),
        "counts": _counts(one, year),
        "economic": _economic(one, year, stage),
        "revenue": _revenue(one, year, stage),
        "files": [one.tables[kind] for kind in (FUNCTIONAL, ECONOMIC, THREE_PUBLIC, REVENUE) if kind in one.tables],
    }
    return Page(f"budgets/{one.unit_code}/{year}/", "portal/budget.html", context)


def _lead(one: Budgets, now: dict[str, Decimal], year: int) -> list[tuple[str, int]]:
    """Of every 100 yuan how much goes to the largest classes: name and whole yuan."""
    classes, whole = by_start(now, 3), sum(now.values(), ZERO)
    ordered = sorted(classes.items(), key=lambda item: -item[1])[:3]
    return [
        (one.name_of(code, year).removesuffix("支出"), round(value / whole * 100)) for code, value in ordered if whole
    ]


def _nodes(one: Budgets, now: dict[str, Decimal], year: int) -> list[Node]:
    lengths = (3, 7) if len(now) <= MOST_BOXES else (3, 5)
    return [
        Node(node.code, node.name, node.amount, [part for part in node.parts if part.amount])
        for node in tree(now, lambda code: one.name_of(code, year), lengths)
        if node.amount
    ]


def _map_words(nodes: Sequence[Node], year: int, stage: str) -> tuple[str, str]:
    told = "，".join(f"{node.name}{node.amount:,.2f}万元" for node in nodes[:6])
    return f"{year}年{stage}的钱花在哪里", f"方块越大，钱越多。{told}。全部数字在下面的表里。"


def _compared(one: Budgets, now: dict[str, Decimal], before: dict[str, Decimal], year: int) -> list[Compared]:
    return compare(now, before, followed(code_lists(), FUNCTIONAL, year - 1, year))


def _groups(one: Budgets, now: dict[str, Decimal], before: dict[str, Decimal], year: int) -> list[Group]:
    """Every item under its 类, this year against the last through the crosswalk of the codes."""
    groups: dict[str, Group] = {}
    for item in sorted(_compared(one, now, before, year), key=lambda item: (item.codes or item.previous)[0]):
        codes = item.codes or item.previous
        name = "、".join(one.name_of(code, year if item.codes else year - 1) for code in codes)
        moved = item.codes and item.previous and item.previous != item.codes
        note = f"上年科目：{'、'.join(item.previous)}" if moved else ""
        group = groups.setdefault(codes[0][:3], Group(Line("", None, None)))
        group.lines.append(
            Line(
                name,
                item.now,
                item.before if before else None,
                "" if codes[0].startswith("999") else "、".join(codes),
                note,
            )
        )
    for code, group in groups.items():
        held = [line.now or ZERO for line in group.lines], [line.before or ZERO for line in group.lines]
        group.head = Line(
            one.name_of(code, year),
            sum(held[0], ZERO),
            sum(held[1], ZERO) if before else None,
            code if code != "999" else "",
        )
    return [group for _code, group in sorted(groups.items())]


def _classes(
    one: Budgets, now: dict[str, Decimal], before: dict[str, Decimal], year: int, ranks: dict[str, int]
) -> list[Line]:
    """Sums by 类, the largest first, with their bars."""
    groups = _groups(one, now, before, year)
    most = max((max(group.head.now or ZERO, group.head.before or ZERO) for group in groups), default=ZERO)
    lines = [
        Line(
            group.head.name,
            group.head.now,
            group.head.before,
            group.head.code,
            rank=ranks.get(group.head.code or "999", 0),
            bar=charts.pair(group.head.now, group.head.before, most),
        )
        for group in groups
    ]
    return sorted(lines, key=lambda line: -(line.now or ZERO))


def _against_plan(one: Budgets, plan: dict[str, Decimal], spent: dict[str, Decimal], year: int) -> list[Line]:
    """Final account (``now``) against the budget (``before``), by 类, and all together."""
    compared = compare(by_start(spent, 3), by_start(plan, 3))
    most = max((max(item.now or ZERO, item.before or ZERO) for item in compared), default=ZERO)
    lines = [
        Line(
            one.name_of((item.codes or item.previous)[0], year),
            item.now or ZERO,
            item.before or ZERO,
            bar=charts.pair(item.now, item.before, most),
        )
        for item in compared
    ]
    lines.sort(key=lambda line: -(line.now or ZERO))
    return [*lines, Line("合计", sum(spent.values(), ZERO), sum(plan.values(), ZERO))]


def _trend(one: Budgets) -> str:
    years = sorted(one.years)
    points = [
        charts.Point(f"{year}年", (one.total(year, BUDGET), one.total(year, OUTTURN)))
        for year in years
        if one.total(year, BUDGET) is not None or one.total(year, OUTTURN) is not None
    ]
    told = "；".join(
        f"{point.label}{'，'.join(f'{word}{value:,.2f}万元' for word, value in zip((BUDGET, OUTTURN), point.values, strict=True) if value is not None)}"
        for point in points
    )
    return charts.trend(points, (BUDGET, OUTTURN), "trend", "各年的预算和决算", f"{told}。") if len(points) > 1 else ""


def _three_public(one: Budgets, year: int, stage: str) -> list[Line]:
    """The heads, zeros too, and their sum; with the outturn of the year before where that is what there is."""
    now, before = one.three_public(year, stage), one.three_public(year - 1, stage)
    if now is None:
        return []
    most = max(amount(values[name]) for values in (now, before) if values for name, _title in HEADS)
    lines = []
    for name, title in (*HEADS, ("total", "合计")):
        held = amount(now[name]), amount(before[name]) if before else None
        lines.append(Line(title, *held, bar=charts.pair(*held, most) if name != "total" else ""))
    return lines


def _counts(one: Budgets, year: int) -> tuple[int, list[tuple[str, str, str]]]:
    """The newest final account's numbers of groups, vehicles and receptions, not later than ``year``."""
    for other in one.years:
        values = one.three_public(other, OUTTURN) if other <= year else None
        if values:
            return other, [(title, values[name], unit) for name, title, unit in COUNTS]
    return 0, []


def _economic(one: Budgets, year: int, stage: str) -> list[Group]:
    """Basic expenditure by economic class (类) and section (款)."""
    table = one.table(ECONOMIC, year, stage)
    if table is None:
        return []
    now, before = table.amounts(year, stage), table.amounts(year - 1, stage)
    groups: dict[str, Group] = {}
    listed = code_lists().at(ECONOMIC, year).items
    for item in compare(now, before, followed(code_lists(), ECONOMIC, year - 1, year)):
        codes = item.codes or item.previous
        line = Line(
            "、".join(listed[code].name if code in listed else code for code in codes),
            item.now,
            item.before if before else None,
            "、".join(codes),
        )
        groups.setdefault(codes[0][:3], Group(Line("", None, None))).lines.append(line)
    for code, group in groups.items():
        group.head = Line(listed[code].name if code in listed else code, *_sums(group.lines, bool(before)), code)
    return list(groups.values())


def _sums(lines: Iterable[Line], before: bool) -> tuple[Decimal, Decimal | None]:
    held = list(lines)
    return sum((line.now or ZERO for line in held), ZERO), (
        sum((line.before or ZERO for line in held), ZERO) if before else None
    )


def _revenue(one: Budgets, year: int, stage: str) -> list[tuple[str, list[Line]]]:
    """Both sides of the table of revenue and expenditure."""
    table = one.table(REVENUE, year, stage)
    if table is None:
        return []
    before = {(row["side"], row["item"]): amount(row["amount"]) for row in table.rows.get((year - 1, stage), [])}
    sides = []
    for side in ("收入", "支出"):
        rows = [row for row in table.rows[year, stage] if row["side"] == side]
        sides.append(
            (side, [Line(row["item"], amount(row["amount"]), before.get((side, row["item"]))) for row in rows])
        )
    return sides
