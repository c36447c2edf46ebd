"""Aid to people in need and poverty funds. Persons are invented; identity numbers have right check digits."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from . import DemoTable
from .invented import person, resident_number

AID_HEADING = (
    *("救助编号", "救助类别", "旗县市区", "苏木乡镇（街道）", "嘎查村（社区）", "救助对象", "身份证号码", "住址"),
    *("银行卡号", "联系电话", "救助人数", "救助金额", "发放月份", "救助理由"),
)
FUND_HEADING = ("年度", "资金编号", "资金名称", "资金来源", "下达文号", "资金总额", "已安排", "未安排")
USE_HEADING = (
    *("使用编号", "年度", "资金编号", "使用项目", "项目类别", "旗县市区", "嘎查村", "户编号", "户主姓名", "使用金额"),
    "安排日期",
)
# Programme: how many records, least and most in yuan, why.
PROGRAMMES = (
    ("最低生活保障", 900, 300, 1200, "家庭人均收入低于低保标准"),
    ("特困人员供养", 300, 700, 1500, "无劳动能力、无生活来源、无法定赡养人"),
    ("医疗救助", 300, 500, 20000, "重病住院，自付费用过高"),
    ("临时救助", 200, 500, 5000, "突发困难"),
    ("受灾人员救助", 200, 300, 3000, "农田受旱、房屋受损"),
    ("慈善救助", 100, 500, 5000, "慈善项目资助"),
)
PLACES = (
    ("150502", "科尔沁区", "演示街道", ("演示一社区", "演示二社区")),
    ("150521", "科尔沁左翼中旗", "演示东苏木", ("演示东嘎查", "演示西嘎查")),
    ("150523", "开鲁县", "演示开镇", ("演示前村", "演示后村")),
    ("150524", "库伦旗", "演示库苏木", ("演示南嘎查", "演示北嘎查")),
    ("150525", "奈曼旗", "大沁他拉镇", ("演示上嘎查", "演示下嘎查")),
    ("150526", "扎鲁特旗", "巴彦塔拉苏木", ("演示甲嘎查", "演示乙嘎查")),
)
SOURCES = ("中央", "自治区", "市级", "旗县级", "社会帮扶")
USES = (
    *(("肉牛养殖补助", "产业扶贫"), ("村内道路硬化", "基础设施"), ("危房改造补助", "住房安全")),
    *(("学生资助", "教育资助"), ("医疗保险补贴", "健康扶贫"), ("公益岗位补贴", "就业扶贫")),
)
# Uses of a fund, and the per cent of it that nobody has allocated yet.
FUNDS = [(8 if number % 2 else 7, (0, 10, 0, 5)[number % 4]) for number in range(20)]


def tables() -> Iterator[DemoTable]:
    yield DemoTable("aid_records", "mzj", AID_HEADING, list(_records()), "演示数据：2026年六类救助。")
    funds, uses = _funds()
    yield DemoTable("poverty_funds", "nmj", FUND_HEADING, funds, "演示数据：2026年各笔资金的安排。")
    yield DemoTable("poverty_fund_uses", "nmj", USE_HEADING, uses, "演示数据：2026年资金使用明细。")


def _records() -> Iterator[tuple[object, ...]]:
    random = Random("aid")  # noqa: S311 - the same rows at every call
    number = 0
    for programme, count, least, most, ground in PROGRAMMES:
        for place in range(count):
            number += 1
            code, banner, township, villages = PLACES[place % len(PLACES)]
            village = random.choice(villages)
            yield (
                f"JZ-2026-{number:06}",
                programme,
                banner,
                township,
                village,
                person(random),
                resident_number(random, code),
                f"{banner}{township}{village}{random.randrange(1, 200)}号",
                f"621700{random.randrange(10**13):013}",
                f"1380000{random.randrange(10**4):04}",
                random.randrange(1, 6),
                f"{random.randrange(least, most)}.00",
                f"2026-{random.randrange(1, 11):02}",
                ground,
            )


def _funds() -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Twenty funds and their hundred and fifty uses; each fund is what is allocated and what is not."""
    random = Random("funds")  # noqa: S311 - the same rows at every call
    funds: list[tuple[object, ...]] = []
    uses: list[tuple[object, ...]] = []
    for number, (count, free) in enumerate(FUNDS, 1):
        fund = f"FP2026-{number:02}"
        total = Decimal(random.randrange(100, 900) * 10)
        allocated = total * (100 - free) / 100
        share = (allocated / count).quantize(Decimal("1"))
        amounts = [share] * (count - 1) + [allocated - share * (count - 1)]
        for place, amount in enumerate(amounts, 1):
            project, use_class = USES[(number + place) % len(USES)]
            region, banner, _township, villages = PLACES[(number + place) % len(PLACES)]
            household = use_class == "产业扶贫" or use_class == "住房安全"
            uses.append(
                (
                    f"{fund}-{place:03}",
                    2026,
                    fund,
                    project,
                    use_class,
                    banner,
                    villages[place % 2],
                    f"{region}2002010{number:02}{place:03}" if household else "",
                    person(random) if household else "",
                    f"{amount:.2f}",
                    f"2026-{1 + (number + place) % 10:02}-15",
                )
            )
        funds.append(
            (
                2026,
                fund,
                f"演示{SOURCES[number % 5]}扶贫资金第{number}笔",
                SOURCES[number % 5],
                f"演示财农〔2026〕{number}号",
                f"{total:.2f}",
                f"{allocated:.2f}",
                f"{total - allocated:.2f}",
            )
        )
    return funds, uses
