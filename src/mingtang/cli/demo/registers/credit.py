"""Permits, penalties, spot checks and serious breaches. Companies, persons and numbers are invented; the same company
comes up at several departments, so that looking one up finds something."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from zlib import crc32

from stdnum.cn import uscc

from . import DemoTable
from .invented import company, credit_code, person, resident_number
from .lists import told

PARTY = ("行政相对人名称", "行政相对人类别", "统一社会信用代码", "法定代表人", "证件类型", "证件号码")
PERMITS = (
    *PARTY,
    *("行政许可决定文书名称", "行政许可决定文书号", "许可类别", "办理情形", "许可证书名称", "许可编号", "许可内容"),
    *("许可决定日期", "有效期自", "有效期至", "许可机关", "许可机关代码", "当前状态"),
)
PENALTIES = (
    *PARTY,
    *("行政处罚决定书文号", "违法行为类型", "违法事实", "处罚依据", "处罚类别", "处罚内容", "罚款金额（万元）"),
    *("没收违法所得、没收非法财物的金额（万元）", "处罚决定日期", "公示截止期", "处罚机关", "处罚机关代码"),
)
SPOT_CHECKS = (
    *("被检查单位名称", "统一社会信用代码", "检查文书编号", "抽查计划名称", "抽查任务编号", "抽查类型", "抽查事项"),
    *("抽查日期", "抽查结果", "处理情况", "抽查机关", "抽查机关代码", "检查人员"),
)
BREACHES = (
    *("企业名称", "统一社会信用代码", "列入决定文号", "失信领域", "列入事由", "列入依据", "列入日期", "公示截止期"),
    *("列入机关", "列入机关代码", "法定代表人", "移出日期", "移出事由"),
)
COMPANIES = 420
ENTERPRISE, TRADER, PERSON = "法人及非法人组织", "个体工商户", "自然人"
FINDINGS = (
    ("未发现问题", ""),
    ("未发现问题", ""),
    ("未发现问题", ""),
    ("发现问题已责令改正", "当场下达责令改正通知书，复查已改正"),
    ("通过登记的住所（经营场所）无法联系", "列入经营异常名录"),
    ("发现问题待后续处理", "已立案，正在调查"),
)
TODAY, HISTORY = date(2026, 11, 25), 1000


@dataclass(frozen=True)
class _Party:
    name: str
    kind: str
    code: str
    head: str


def tables() -> Iterator[DemoTable]:
    parties = list(_companies())
    for department in told("credit")["departments"]:
        random = Random(f"credit {department['unit']}")  # noqa: S311 - the same rows at every call
        mine = [one for one in parties if any(trade in one.name for trade in department["trades"])]
        known = mine + random.sample(parties, 40)
        organ = _organ(department["unit"])
        made = zip(
            ("permits", "penalties", "spot_checks", "serious_breaches"),
            (PERMITS, PENALTIES, SPOT_CHECKS, BREACHES),
            (_permits, _penalties, _spot_checks, _breaches),
            department["counts"],
            strict=True,
        )
        for kind, heading, rows, count in made:
            if count:
                held = list(rows(department, organ, known, count, random))
                yield DemoTable(kind, department["unit"], heading, held, f"演示数据：{count}条。")


def _companies() -> Iterator[_Party]:
    random = Random("credit companies")  # noqa: S311 - the same rows at every call
    trades = [trade for department in told("credit")["departments"] for trade in department["trades"]]
    names: set[str] = set()
    while len(names) < COMPANIES:
        name = company(random, trades[len(names) % len(trades)])
        if name in names:
            continue
        names.add(name)
        kind = ENTERPRISE
        if len(names) % 7 == 0:
            name, kind = name.removesuffix("有限公司") + "店", TRADER
        yield _Party(name, kind, credit_code(random), person(random))


def _organ(unit: str) -> str:
    """An organ's code (11) with a right check character, made up."""
    body = f"11150500{crc32(unit.encode()) % 10**9:09}"
    return body + uscc.calc_check_digit(body)


def _days(unit: str, count: int, random: Random) -> list[date]:
    """Days of decisions: most of them years of history, the last few just before the list is published."""
    # As ``telling`` chooses the day.
    published = TODAY - timedelta(days=20 + crc32(f"{unit} credit".encode()) % 240)
    days = [published - timedelta(days=random.randrange(70, HISTORY)) for _place in range(count - min(count, 4))]
    working = published - timedelta(days=2 + max(0, (published - timedelta(days=2)).weekday() - 4))
    return sorted(days) + [working] * min(count, 4)


def _party(known: list[_Party], random: Random, *, persons: int) -> tuple[object, ...]:
    """Cells of a party; one in ``persons`` is a natural person."""
    if random.randrange(persons) == 0:
        return person(random), PERSON, "", "", "身份证", resident_number(random, "150502")
    one = random.choice(known)
    return one.name, one.kind, one.code, one.head, "", ""


def _number(department: Mapping[str, Any], what: str, day: date, place: int) -> str:
    return f"{department['mark']}{what}〔{day.year}〕{place}号"


def _permits(
    department: Mapping[str, Any], organ: str, known: list[_Party], count: int, random: Random
) -> Iterator[tuple[object, ...]]:
    for place, day in enumerate(_days(department["unit"], count, random), 1):
        title, kind, content = random.choice(department["permits"])
        years = random.choice((3, 5))
        yield (
            *_party(known, random, persons=16),
            "准予行政许可决定书",
            _number(department, "许可", day, place),
            kind,
            random.choice(("准予", "准予", "准予", "变更", "延续")),
            title,
            f"YS1505{day.year}{place:05}",
            content.format(random.randrange(2, 200)),
            day.isoformat(),
            day.isoformat(),
            (day + timedelta(days=365 * years)).isoformat(),
            department["organ"],
            organ,
            "正常",
        )


def _penalties(
    department: Mapping[str, Any], organ: str, known: list[_Party], count: int, random: Random
) -> Iterator[tuple[object, ...]]:
    for place, day in enumerate(_days(department["unit"], count, random), 1):
        conduct, facts, basis, kinds = random.choice(department["penalties"])
        fine = random.choice(("0.05", "0.2", "0.5", "1", "1.5", "2.35", "5", "10"))
        taken = random.choice(("0.038", "0.12", "0.86")) if "没收" in kinds else ""
        content = kinds.replace("罚款", f"罚款{fine}万元").replace("；", "，")
        yield (
            *_party(known, random, persons=9),
            _number(department, "罚", day, place),
            conduct,
            facts.format(random.randrange(2, 30)),
            basis,
            kinds,
            content,
            fine if "罚款" in kinds else "",
            taken,
            day.isoformat(),
            (day + timedelta(days=365 if place % 5 == 0 and day > TODAY - timedelta(days=300) else 1095)).isoformat(),
            department["organ"],
            organ,
        )


def _spot_checks(
    department: Mapping[str, Any], organ: str, known: list[_Party], count: int, random: Random
) -> Iterator[tuple[object, ...]]:
    for place, day in enumerate(_days(department["unit"], count, random), 1):
        one, (result, handling) = random.choice(known), random.choice(FINDINGS)
        matter = random.choice(department["matters"])
        yield (
            one.name,
            one.code,
            _number(department, "查", day, place),
            f"{day.year}年{matter}随机抽查计划",
            f"YS{day.year}{crc32(matter.encode()) % 1000:03}",
            random.choice(("定向", "不定向")),
            matter,
            day.isoformat(),
            result,
            handling,
            department["organ"],
            organ,
            f"{person(random)}、{person(random)}",
        )


def _breaches(
    department: Mapping[str, Any], organ: str, known: list[_Party], count: int, random: Random
) -> Iterator[tuple[object, ...]]:
    for place, day in enumerate(_days(department["unit"], count, random), 1):
        one = random.choice([party for party in known if party.kind == ENTERPRISE])
        field, reason, basis = random.choice(department["breaches"])
        left = place % 9 == 0
        yield (
            one.name,
            one.code,
            _number(department, "失信列", day, place),
            field,
            reason,
            basis,
            day.isoformat(),
            (day + timedelta(days=1095)).isoformat(),
            department["organ"],
            organ,
            one.head,
            (day + timedelta(days=400)).isoformat() if left else "",
            "履行义务满一年，依申请提前移出" if left else "",
        )
