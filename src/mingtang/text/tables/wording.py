"""What a cell has to say in words: something particular, a law with its article, a time limit that can be counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

WITHIN, PERIODIC, PROMPTLY = "within", "periodic", "promptly"
FEWEST_CHARACTERS = 4
_NARROW = str.maketrans("０１２３４５６７８９（）", "0123456789()")
_FILLER = re.compile(
    r"其他|其它|有关|相关|涉及|所有|一切|属于|依法|按规定|等等|信息|内容|事项|资料|材料|文件|情况|工作|方面|类|等|的|之|和|及|或"
)
_MARKS = re.compile(r"[\s，。、；：,.;:（）()“”\"'·—-]+")
_LAW = re.compile(r"《[^《》]{4,}》.*?第[〇零一二三四五六七八九十百千\d]+条")
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMBER = r"([0-9]{1,3}|[〇零一二两三四五六七八九十百]{1,5})"
_WITHIN = re.compile(_NUMBER + r"个?(工作日|自然日|日历日|日|天|小时)(?:之内|以内|内)")
_DAY = re.compile(_NUMBER + r"(?:日|号)(?:之前|以前|前)")
_MONTH_END = re.compile(_NUMBER + r"月(?:底|末)(?:之前|以前|前)?")
_MONTH_DAY = re.compile(_NUMBER + r"月" + _NUMBER + r"(?:日|号)(?:之前|以前|前)")
_AFTER = re.compile(r"(?:结束|终了|过)后?" + _NUMBER + r"(?:个?自然日|日|天)(?:之内|以内|内)")
_MONTHS = (
    ("每半年", 6),
    ("每季", 3),
    ("按季", 3),
    ("每个季度", 3),
    ("每年", 12),
    ("按年", 12),
    ("每月", 1),
    ("按月", 1),
)
_PROMPTLY = re.compile(r"及时|实时|即时|随时|立即|动态更新")
_UNITS = {"工作日": "working_days", "小时": "clock_hours"}


@dataclass(frozen=True, slots=True)
class LimitText:
    """A time limit as its words say it.

    Attributes:
        kind: ``within`` (so long after a thing was formed), ``periodic`` or ``promptly``.
        number, unit: of ``within``: how many ``working_days``, ``calendar_days`` or ``clock_hours``.
        months: of ``periodic``: how long a period is. due_month, due_day: within the period, counted from 1; 0 where the
            words leave the end of the period, or of the month.
    """

    kind: str
    number: int = 0
    unit: str = ""
    months: int = 0
    due_month: int = 0
    due_day: int = 0


def is_vague(text: str, wordings: Iterable[str]) -> bool:
    """Whether nothing particular is left once stock wordings (the rules' lists) and filler are taken out.

    Article 20: an entry of a negative list has to be specific enough for inspection.
    """
    left = text
    for wording in sorted(wordings, key=len, reverse=True):
        left = left.replace(wording, "")
    left = _MARKS.sub("", _FILLER.sub("", left))
    return len(left) < 2 or len(_MARKS.sub("", text)) < FEWEST_CHARACTERS


def cites_law(text: str) -> bool:
    """Whether a law is named with one of its articles, such as 《保守国家秘密法》第十三条."""
    return bool(_LAW.search(text))


def limit_text(text: str) -> LimitText | None:
    """What a time limit says: “形成之日起20个工作日内”, “每季度首月15日前”, “每年3月31日前”, “及时”; None if it says none."""
    said = re.sub(r"\s+", "", text.translate(_NARROW))
    months = next((count for words, count in _MONTHS if words in said), 0)
    if months:
        return _periodic(said, months)
    found = _WITHIN.search(said)
    if found:
        number = _number(found[1])
        return LimitText(WITHIN, number, _UNITS.get(found[2], "calendar_days")) if number else None
    return LimitText(PROMPTLY) if _PROMPTLY.search(said) else None


def _periodic(said: str, months: int) -> LimitText | None:
    month, day = 0, 0
    if found := _AFTER.search(said):
        month, day = 1, _number(found[1])
    elif found := _MONTH_DAY.search(said):
        month, day = _number(found[1]), _number(found[2])
    elif found := _DAY.search(said):
        day = _number(found[1])
        month = months if "末月" in said or "最后一个月" in said else 2 if "次月" in said or "第二个月" in said else 1
    elif found := _MONTH_END.search(said):
        month = _number(found[1])
    if month > months or day > 31:
        return None
    return LimitText(PERIODIC, months=months, due_month=month, due_day=day)


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    total, held = 0, 0
    for sign in text:
        if sign in _DIGITS:
            held = _DIGITS[sign]
        else:
            total += (held or 1) * {"十": 10, "百": 100}[sign]
            held = 0
    return total + held
