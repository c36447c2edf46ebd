"""Invented comments on an invented draft: campaigns with small changes, their flips, and people who write for themselves."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

SUBJECTS = [
    "停车收费",
    "公交线路",
    "小区养犬",
    "垃圾分类",
    "老旧电梯",
    "学校周边交通",
    "夜市经营",
    "河道保洁",
    "幼儿园学位",
    "供暖温度",
    "电动自行车充电",
    "广场噪声",
    "医院挂号",
    "菜市场搬迁",
    "公园照明",
    "盲道占用",
    "社区食堂",
    "图书馆借阅",
    "出租车管理",
    "绿化养护",
]
PLACES = [
    "东关街",
    "西大街",
    "和平路",
    "科尔沁区",
    "开发区",
    "火车站",
    "明仁小区",
    "新城",
    "老城",
    "滨河",
    "建国路",
    "民主社区",
]
PEOPLE = [
    "退休教师",
    "出租车司机",
    "个体商户",
    "大学生",
    "宝妈",
    "外卖骑手",
    "社区医生",
    "物业人员",
    "环卫工",
    "上班族",
    "残障人士",
]
VERBS = ["安排", "检查", "维护", "协调", "管理", "改造", "宣传", "巡查", "登记", "评估", "规划", "组织", "监督", "培训"]
THINGS = [
    "路灯",
    "标线",
    "护栏",
    "座椅",
    "值班人员",
    "投诉电话",
    "垃圾桶",
    "监控",
    "充电桩",
    "公示牌",
    "排水沟",
    "健身器材",
    "站台",
    "窗口",
    "宣传栏",
    "电子屏",
    "导向牌",
    "停车位",
    "消防通道",
    "雨棚",
    "坡道",
    "花坛",
    "水管",
    "网格员",
    "志愿者",
    "预约平台",
]
FEELINGS = [
    "实在头疼",
    "很受影响",
    "深有体会",
    "看在眼里",
    "十分关心",
    "有些担心",
    "盼了很久",
    "每天都碰到",
    "跟邻居聊过",
    "写信反映过",
]
OPENINGS = ["您好，", "领导好：", "尊敬的领导，", "作为普通市民，", "我想说，", "各位同志，", ""]
CLOSINGS = ["谢谢！", "望采纳。", "盼复。", "希望重视。", "辛苦了", "请认真研究。", ""]
TEMPLATES = [
    "关于{subject}的规定，我支持{place}的方案，收费每小时{number}元比较合适，请把{thing}和{thing2}的日常管理落到实处，让居民看得见变化",
    "本人同意在{place}提高{subject}的标准，{thing}的数量应当与人口相适应，{number}天之内答复群众反映的问题，并把结果告诉大家",
    "建议延长{place}{subject}的服务时间，每天{number}小时，{thing}由专人负责，{thing2}定期检修，群众办事少跑路，工作人员轮流值守",
    "{place}一带{subject}的问题由来已久，应当允许商户参与协商，{thing}的费用按{number}%分担，{thing2}由街道统一维护，账目贴在门口",
    "请增加{place}附近的{thing}，{subject}关系到每家每户，孩子上学老人看病都要经过，希望{number}月底完工，把{thing2}一并修好",
]
#: The word of a template and what turns it into the opposite view.
FLIPS = [
    ("支持", "反对"),
    ("同意", "不同意"),
    ("应当", "不应当"),
    ("提高", "降低"),
    ("延长", "缩短"),
    ("允许", "禁止"),
    ("增加", "减少"),
    ("少跑路", "没少跑路"),
    ("合适", "不合适"),
    ("请增加", "请勿增加"),
    ("分担", "别分担"),
]
_SAME = [
    ("希望", "盼望"),
    ("居民", "街坊"),
    ("群众", "百姓"),
    ("孩子", "小孩"),
    ("由来已久", "存在很久"),
    ("的", ""),
    ("和", "与"),
]
_CHINESE = "零一二三四五六七八九"


@dataclass
class Planted:
    """``opinions`` are (identifier, text); ``campaign_of`` says which campaign one belongs to, ``flip_of`` of which it is
    the opposite or has another number."""

    opinions: list[tuple[str, str]] = field(default_factory=list)
    campaign_of: dict[str, int] = field(default_factory=dict)
    flip_of: dict[str, int] = field(default_factory=dict)


def chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    return (("" if tens == 1 else _CHINESE[tens]) + "十" if tens else "") + (_CHINESE[ones] if ones or not tens else "")


def template(draw: random.Random, number: int) -> str:
    thing, thing2 = draw.sample(THINGS, 2)
    return draw.choice(TEMPLATES).format(
        subject=draw.choice(SUBJECTS), place=draw.choice(PLACES), number=number, thing=thing, thing2=thing2
    )


def changed(draw: random.Random, text: str, number: int) -> str:
    """A campaign's text as somebody sends it: greeting, synonyms, a name, other punctuation, another way to write 30."""
    for before, after in draw.sample(_SAME, 2):
        if draw.random() < 0.5:
            text = text.replace(before, after, 1)
    written = str(number)
    way = draw.random()
    if way < 0.15:
        text = text.replace(written, written.translate({48 + digit: 0xFF10 + digit for digit in range(10)}), 1)
    elif way < 0.3 and f"{written}%" not in text:
        text = text.replace(written, chinese(number), 1)
    if draw.random() < 0.3:
        text = text.replace("，", draw.choice([",", " ", "。", "\u200b，", "！"]))
    if draw.random() < 0.2:
        place = draw.randrange(len(text))
        if text[place] in "的了和请把在由":
            text = text[:place] + text[place + 1 :]
    return draw.choice(OPENINGS) + text + "。" + draw.choice(CLOSINGS)


def flipped(draw: random.Random, text: str, number: int) -> str:
    """The same words with the opposite view or another number."""
    ways = [(before, after) for before, after in FLIPS if before in text]
    if draw.random() < 0.5 or not ways:
        other = draw.choice([value for value in range(2, 90) if value != number])
        return text.replace(str(number), str(other) if draw.random() < 0.5 else chinese(other), 1)
    return text.replace(*draw.choice(ways), 1)


def own_words(draw: random.Random) -> str:
    parts = [
        f"{draw.choice(OPENINGS)}我是{draw.choice(PLACES)}的{draw.choice(PEOPLE)}，{draw.choice(SUBJECTS)}这件事{draw.choice(FEELINGS)}。"
    ]
    for _ in range(draw.randrange(1, 5)):
        way = draw.random()
        if way < 0.4:
            parts.append(
                f"{draw.choice(PLACES)}的{draw.choice(THINGS)}能否{draw.choice(VERBS)}，{draw.choice(THINGS)}也{draw.choice(VERBS)}一遍。"
            )
        elif way < 0.7:
            parts.append(
                f"建议{draw.choice(VERBS)}{draw.choice(THINGS)}，顺便{draw.choice(VERBS)}{draw.choice(PLACES)}{draw.choice(SUBJECTS)}。"
            )
        elif way < 0.85:
            parts.append(
                f"{draw.choice(['支持', '反对', '不同意', '赞成'])}第{draw.randrange(1, 30)}条关于{draw.choice(SUBJECTS)}的写法。"
            )
        else:
            parts.append(f"上个月等了{draw.randrange(2, 90)}分钟，{draw.choice(THINGS)}{draw.choice(FEELINGS)}。")
    return "".join(parts) + draw.choice(CLOSINGS)


def planted(count: int, seed: int = 7, *, share: float = 0.5, campaigns: int = 0) -> Planted:
    """``count`` comments, ``share`` of them in campaigns of uneven size, with flips among every campaign."""
    draw = random.Random(seed)
    campaigns = campaigns or max(4, count // 1000)
    made = Planted()
    texts = [(number := draw.randrange(2, 90), template(draw, number)) for _ in range(campaigns)]
    weights = [1 / (place + 1) for place in range(campaigns)]
    texts_out: list[tuple[str, int | None, int | None]] = []
    for place in draw.choices(range(campaigns), weights, k=int(count * share)):
        number, text = texts[place]
        if draw.random() < 0.1:
            texts_out.append((changed_flip(draw, text, number), None, place))
        else:
            sent = text if draw.random() < 0.2 else changed(draw, text, number)
            texts_out.append((sent, place, None))
    texts_out += [(own_words(draw), None, None) for _ in range(count - len(texts_out))]
    draw.shuffle(texts_out)
    for place, (text, campaign, flip) in enumerate(texts_out):
        identifier = f"o{place:06}"
        made.opinions.append((identifier, text[:200]))
        if campaign is not None:
            made.campaign_of[identifier] = campaign
        if flip is not None:
            made.flip_of[identifier] = flip
    return made


def changed_flip(draw: random.Random, text: str, number: int) -> str:
    return draw.choice(OPENINGS) + flipped(draw, text, number) + draw.choice(CLOSINGS)


def recall(made: Planted, groups: list[tuple[str, ...]]) -> float:
    """Share of campaign comments that stand in the largest group of their campaign, whoever else stands there; see ``mixed``."""
    best: dict[int, int] = {}
    for members in groups:
        counts: dict[int, int] = {}
        for identifier in members:
            if (campaign := made.campaign_of.get(identifier)) is not None:
                counts[campaign] = counts.get(campaign, 0) + 1
        for campaign, found in counts.items():
            best[campaign] = max(best.get(campaign, 0), found)
    return sum(best.values()) / max(len(made.campaign_of), 1)


def mixed(made: Planted, groups: list[tuple[str, ...]]) -> int:
    """How many groups hold comments of more than one campaign."""
    return sum(len({made.campaign_of[name] for name in members if name in made.campaign_of}) > 1 for members in groups)


def merged_flips(made: Planted, groups: list[tuple[str, ...]]) -> int:
    """How many flipped comments stand in a group with comments of the campaign they contradict."""
    wrong = 0
    for members in groups:
        campaigns = {made.campaign_of[identifier] for identifier in members if identifier in made.campaign_of}
        wrong += sum(made.flip_of.get(identifier) in campaigns for identifier in members)
    return wrong


def strangers(made: Planted, groups: list[tuple[str, ...]]) -> int:
    """How many comments of people's own words stand in a group with a campaign."""
    own = 0
    for members in groups:
        if any(identifier in made.campaign_of for identifier in members):
            own += sum(i not in made.campaign_of and i not in made.flip_of for i in members)
    return own
