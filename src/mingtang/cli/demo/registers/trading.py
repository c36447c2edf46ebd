"""Public-resource trades of the four classes and partnership projects. Companies and persons are invented."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from . import DemoTable
from .invented import company, credit_code, money, person

TRADE_HEADING = (
    *("统一交易标识码", "交易类别", "项目编号", "招标项目编号", "标段（包）编号", "项目名称", "项目所在地"),
    *(
        "招标人（采购人、出让人、转让方）",
        "交易方式",
        "公告名称",
        "公告性质",
        "公告类型",
        "公告发布日期",
        "公告发布媒体",
    ),
    *("中标（成交）人", "中标（成交）人代码", "中标（成交）人类别", "中标（成交）人角色", "成交金额", "金额单位"),
    *("成交日期", "交易系统代码", "公共服务系统代码", "数据时间", "监督部门", "投诉渠道"),
)
PROJECT_HEADING = (
    *("项目编号", "项目名称", "项目所在地", "所属行业", "项目阶段", "项目概况", "总投资", "合作期限（年）", "运作方式"),
    *(
        "回报机制",
        "实施机构",
        "资格预审结果",
        "资格预审日期",
        "成交结果",
        "成交社会资本方",
        "社会资本方代码",
        "成交日期",
    ),
)
REGIONS = (
    *("科尔沁区", "科尔沁左翼中旗", "科尔沁左翼后旗", "开鲁县", "库伦旗", "奈曼旗", "扎鲁特旗", "霍林郭勒市"),
    "通辽经济技术开发区",
)
# Class: how many, letter of the code, methods, works, supervisor, how to complain.
CLASSES = (
    (
        "工程建设项目招标投标",
        220,
        "A",
        ("公开招标", "邀请招标"),
        ("小学教学楼改造工程", "农村公路硬化工程", "灌区节水改造工程", "老旧小区改造工程", "供热管网更新工程"),
        "通辽市住房和城乡建设局",
        "市住房和城乡建设局招标投标监管科，0475-5550171",
    ),
    (
        "政府采购",
        260,
        "D",
        ("公开招标", "竞争性磋商", "竞争性谈判", "询价", "单一来源"),
        ("办公设备采购", "信息系统运维服务", "乡镇卫生院设备采购", "校服采购", "公务用车维修服务"),
        "通辽市财政局",
        "市财政局政府采购监管科，0475-5550160",
    ),
    (
        "土地使用权和矿业权出让",
        70,
        "B",
        ("挂牌", "拍卖", "招标出让"),
        ("国有建设用地使用权", "工业用地使用权", "建筑用砂采矿权", "商服用地使用权"),
        "通辽市自然资源局",
        "市自然资源局自然资源权益科，0475-5550182",
    ),
    (
        "国有产权",
        50,
        "C",
        ("网络竞价", "拍卖", "协议转让"),
        ("国有房产转让", "国有企业股权转让", "报废车辆转让", "国有设备转让"),
        "通辽市国有资产监督管理委员会",
        "市国资委产权管理科，0475-5550193",
    ),
)
BUYERS = ("演示第一小学", "演示卫生院", "演示交通建设中心", "演示水务服务中心", "演示旗人民政府办公室")
SECTORS = (
    ("污水处理厂", "生态建设和环境保护", "BOT", "可行性缺口补助"),
    ("城市供热", "能源", "TOT", "使用者付费"),
    ("市民体育中心", "体育", "BOT", "可行性缺口补助"),
    ("乡村供水", "水利建设", "ROT", "政府付费"),
)
STAGES = ("识别", "准备", "采购", "采购", "执行", "执行", "执行", "执行", "执行", "执行", "采购", "移交")
FIRST_DAY = date(2026, 1, 5)


def tables() -> Iterator[DemoTable]:
    yield DemoTable(
        "public_resource_trades", "zfj", TRADE_HEADING, list(_trades()), "演示数据：2026年1月至11月的交易。"
    )
    yield DemoTable("partnership_projects", "czj", PROJECT_HEADING, list(_projects()), "演示数据：在库的全部项目。")


def _trades() -> Iterator[tuple[object, ...]]:
    random = Random("trades")  # noqa: S311 - the same rows at every call
    number = 0
    for name, count, letter, methods, works, supervisor, complaint in CLASSES:
        for place in range(count):
            number += 1
            region, work = REGIONS[place % len(REGIONS)], random.choice(works)
            title = f"演示{region}{work}（{place + 1:03}号）"
            noticed = FIRST_DAY + timedelta(days=random.randrange(270))
            dealt = noticed + timedelta(days=random.randrange(21, 45))
            # One in fifteen came to nothing, and land is now and then bought by a person.
            failed, by_person = place % 15 == 14, letter == "B" and place % 20 == 3
            deal: tuple[object, ...] = ("", "", "", "", "", "", "")
            if not failed:
                winner = person(random) if by_person else company(random, work[:2])
                kind = "自然人" if by_person else "法人"
                code = "" if by_person else credit_code(random)
                deal = (winner, code, kind, "独立", money(random, 20, 3000), "万元", dealt.isoformat())
            yield (
                f"{letter}01-150500-2026-{number:06}",
                name,
                f"2026-150500-{letter}{number:05}",
                f"{letter}15050020260{number:05}",
                f"{letter}15050020260{number:05}01",
                title,
                region,
                random.choice(BUYERS),
                random.choice(methods),
                f"{title}{'终止公告' if failed else '成交公告'}",
                "正常公告",
                "终止公告" if failed else "成交公告",
                noticed.isoformat(),
                "通辽市公共资源交易平台（演示）",
                *deal,
                "TLGGZY01",
                "NMGGFW01",
                (dealt + timedelta(days=1)).isoformat(),
                supervisor,
                complaint,
            )


def _projects() -> Iterator[tuple[object, ...]]:
    random = Random("partnership")  # noqa: S311 - the same rows at every call
    for number, stage in enumerate(STAGES, 1):
        work, sector, operation, returns = SECTORS[number % len(SECTORS)]
        region = REGIONS[number % len(REGIONS)]
        qualified = date(2024 + number % 2, 1 + number % 12, 10)
        awarded = qualified + timedelta(days=60)
        invited = stage in ("执行", "移交") or number == len(STAGES) - 1
        result: tuple[object, ...] = ("", "", "", "")
        if stage in ("执行", "移交"):
            winner = company(random, work[:2])
            result = (f"{winner}以综合得分第一成交", winner, credit_code(random), awarded.isoformat())
        yield (
            f"1505002024{number:04}",
            f"演示{region}{work}项目",
            region,
            sector,
            stage,
            f"在{region}新建和改造{work}设施，由社会资本方建设、运营和维护，期满移交（演示）。",
            money(random, 5000, 60000),
            random.choice((15, 20, 25, 30)),
            operation,
            returns,
            f"演示{region}住房和城乡建设局",
            f"{3 + number % 3}家单位通过资格预审" if invited else "",
            qualified.isoformat() if invited else "",
            *result,
        )
