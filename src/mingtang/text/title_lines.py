"""Breaking a title into lines as GB/T 9704-2012 asks: no word cut in two, lines balanced, no short tail.

There is no dictionary: names of bodies and the everyday words of titles are kept whole, and marks say where to break.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

WIDEST = 20  # characters of 22 pt on 156 mm
_LONGEST_BALANCED = 160
_FORBIDDEN = 1e6
# Words that stand in titles of papers; cutting one is the worst a break can do short of parting a mark.
_WORDS: str = (
    "通知 意见 办法 规定 决定 公告 通告 通报 报告 请示 批复 纪要 方案 细则 条例 规则 规划 要点 计划 制度 目录 清单 解读 指南 "
    "标准 章程 预案 措施 实施 管理 工作 关于 印发 转发 批转 人民 政府 办公 机关 单位 部门 公开 政务 信息 服务 全面 推进 加强 "
    "进一步 做好 开展 建立 健全 完善 落实 贯彻 执行 促进 发展 改革 规范 调整 试行 暂行 年度 有关 事项 问题 若干 重点 任务 "
    "分工 安全 生产 经济 社会 教育 卫生 健康 文化 旅游 农业 农村 牧区 林业 草原 水利 交通 运输 建设 城乡 城市 住房 环境 保护 "
    "生态 资源 自然 财政 税收 金融 审计 统计 价格 市场 监管 监督 检查 考核 评估 奖励 补贴 补助 救助 保险 保障 就业 创业 人才 "
    "科技 创新 企业 项目 资金 预算 决算 采购 招标 投标 土地 房屋 学校 学生 幼儿 义务 高中 职业 培训 医疗 医院 药品 食品 疾病 "
    "防治 防控 预防 应急 突发 事件 消防 公安 司法 民政 民族 宗教 退役 军人 优抚 养老 儿童 妇女 残疾 困难 群众 居民 农民 牧民 "
    "供暖 供水 供热 用水 用电 垃圾 污水 大气 污染 节能 减排 节约 能源 电力 煤炭 数字 数据 共享 网络 平台 系统 行政 审批 许可 "
    "处罚 执法 程序 决策 重大 权力 责任 名录 名单 人员 会议 召开 举行 活动 组织 领导 小组 成立 成员 联席 机制 体系 能力 水平 质量 "
    "提升 提高 深化 优化 营商 简化 办事 材料 环节 流程 时间 安排 假期 寒假 暑假 冬季 春季 夏季 秋季 防汛 抗旱 森林 防火 "
    "自治区 自治旗 委员会 办公厅 办公室 指导 试点 示范 创建 评选 表彰 先进 集体 个人 同意 设立 撤销 任免 职务 申请 情况 物业 收费 公示"
)
_CLOSING = frozenset("、，。；：？！》〉”’）】〕・…—")
_OPENING = frozenset("《〈“‘（【〔")
_LEADS = ("关于", "印发", "转发", "批转", "贯彻")


def title_lines(title: str, whole: Collection[str] = (), widest: int = WIDEST) -> list[str]:
    """The lines of a title of at most ``widest`` Chinese characters each; ``whole`` names are cut only if too long.

    Line breaks that the title has already are kept. Nothing but white space at a break is left out.
    """
    lines = []
    name = "|".join(re.escape(one) for one in sorted(whole, key=len, reverse=True) if one)
    if name and (joint := re.match(rf"(?:(?:{name})[ \u3000]*){{2,}}", title)):
        # Joint issuers stand one to a line.
        title = "\n".join([*re.findall(name, joint[0]), title[joint.end() :]])
    for part in title.splitlines():
        part = " ".join(part.split())
        if part:
            lines += _broken(part, tuple(sorted(filter(None, set(whole)))), widest)
    return lines


@cache
def _broken(title: str, whole: tuple[str, ...], widest: int) -> list[str]:
    total = _width(title)
    if total <= widest:
        return [title]
    costs = _break_costs(title, whole)
    fewest = -int(-total // widest)
    if len(title) > _LONGEST_BALANCED:
        return _filled(title, costs, widest)
    found = [_best(title, costs, count, widest) for count in (fewest, fewest + 1, fewest + 2)]
    priced = [(cost + 3 * number, lines) for number, (cost, lines) in enumerate(found) if lines]
    return min(priced)[1] if priced else _filled(title, costs, widest)


def _width(text: str) -> float:
    """In Chinese characters: letters, digits and marks of other scripts take half."""
    return sum(0.55 if character < "\u2000" else 1.0 for character in text)


def _break_costs(title: str, whole: Sequence[str]) -> list[float]:
    """What a break before each character costs. Negative where people like to break."""
    costs = [12.0] * len(title)
    for place in range(1, len(title)):
        before, here = title[place - 1], title[place]
        if (
            here in _CLOSING
            or before in _OPENING
            or (before < "\u2000" and here < "\u2000" and " " not in before + here)
        ):
            costs[place] = _FORBIDDEN
        elif before in "、》）”" or here in "《（":
            costs[place] = 1.0
        elif before == " " or here == " ":
            costs[place] = -12.0
        elif here == "的":
            costs[place] = 60.0
        elif before in "的和及与":
            costs[place] = 3.0
        elif here in "和及与":
            costs[place] = 4.0
    for name, price in [*((word, 50.0) for word in _WORDS.split(" ")), *((name, 90.0) for name in whole)]:
        for match in re.finditer(re.escape(name), title):
            for place in range(match.start() + 1, match.end()):
                costs[place] = max(costs[place], price)
            for place in (match.start(), match.end()):
                if 0 < place < len(title):
                    costs[place] = (
                        min(costs[place], 0.0 if name in whole else 5.0) if costs[place] < 50 else costs[place]
                    )
    for lead in _LEADS:
        for match in re.finditer(lead, title):
            if match.start() and costs[match.start()] < 50:
                costs[match.start()] = -8.0 if lead == "关于" else -2.0
    for match in re.finditer("《[^《》]{1,18}》", title):
        for place in range(match.start() + 1, match.end()):
            costs[place] += 8.0
    return costs


def _best(title: str, costs: Sequence[float], count: int, widest: int) -> tuple[float, list[str]]:
    """The cheapest way to ``count`` lines: good places, equal lengths, no line between two longer ones."""
    size = len(title)
    before = [0.0]
    for character in title:
        before.append(before[-1] + _width(character))
    mean = before[-1] / count
    # (place, width of the line before, whether lines have become shorter) -> cost and where each line ended
    reached: dict[tuple[int, int, bool], tuple[float, tuple[int, ...]]] = {(0, -1, False): (0.0, ())}
    for number in range(1, count + 1):
        following: dict[tuple[int, int, bool], tuple[float, tuple[int, ...]]] = {}
        for (start, last, fell), (cost, ends) in reached.items():
            for end in range(start + 1, size + 1):
                width = before[end] - before[start]
                if width > widest:
                    break
                if (end == size) != (number == count):
                    continue
                price = cost + 0.35 * (width - mean) ** 2 + (costs[end] if end < size else 0.0)
                if width < 5:
                    price += 25.0
                if fell and width > last + 1:
                    price += 12.0
                if price >= _FORBIDDEN:
                    continue
                key = (end, round(width), fell or (last >= 0 and width < last - 1))
                if key not in following or price < following[key][0]:
                    following[key] = (price, (*ends, end))
        reached = following
    if not reached:
        return _FORBIDDEN, []
    cost, ends = min(reached.values())
    return cost, [title[start:end].strip() for start, end in zip((0, *ends), ends, strict=False)]


def _filled(title: str, costs: Sequence[float], widest: int) -> list[str]:
    """Line after line, each broken at the best of its last places; for titles too long to balance."""
    lines, start = [], 0
    while start < len(title):
        end, width = start, 0.0
        while end < len(title) and width + _width(title[end]) <= widest:
            width += _width(title[end])
            end += 1
        if end < len(title):
            end = min(range(max(start + 1, end - 6), end + 1), key=lambda place: (costs[place], -place))
        lines.append(title[start:end].strip())
        start = end
    return [line for line in lines if line]
