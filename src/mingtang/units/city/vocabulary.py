"""Words people write in a city's description, and what they mean."""

import re

KINDS = {
    "government": "政府",
    "general_office": "政府办公厅（室）",
    "department": "部门",
    "party_organ": "党委部门",
    "centre": "中心",
    "village_committee": "村（嘎查）民委员会",
}
_KIND_WORDS = {
    "government": ("人民政府", "乡镇政府", "苏木政府", "开发区管委会"),
    "general_office": ("政府办公厅", "政府办公室", "政府办", "办公厅", "办公室"),
    "department": ("政府部门", "组成部门", "直属机构", "派出机构", "事业单位", "街道办事处", "工作部门", "垂管单位"),
    "party_organ": ("党委", "党委工作部门", "党的机构"),
    "centre": ("服务中心", "政务服务中心"),
    "village_committee": ("村委会", "嘎查委员会", "村民委员会", "村", "嘎查", "社区"),
}
# As in ``units.roles``, whose labels need settings to be read.
ROLES = {
    "drafter": "起草人",
    "secrecy_reviewer": "保密审查员",
    "unit_head": "单位负责人",
    "general_office_clerk": "政府办公厅文书",
    "openness_officer": "政务公开专职人员",
    "assessor": "考核人员",
    "system_administrator": "系统管理员",
    "security_administrator": "安全管理员",
    "audit_administrator": "审计管理员",
}
_ROLE_WORDS = {
    "drafter": ("拟稿人", "办文人员", "经办人"),
    "secrecy_reviewer": ("保密员", "保密审查"),
    "unit_head": ("负责人", "主要负责人"),
    "general_office_clerk": ("文书", "政府办公室文书", "政府办文书", "收文人员"),
    "openness_officer": ("政务公开专员", "公开专员", "政务公开人员"),
}
# A proposed code is a letter for the kind and a number: no spelling by sound, which nobody does the same way twice.
LETTERS = {
    "government": "g",
    "general_office": "o",
    "department": "d",
    "party_organ": "p",
    "centre": "c",
    "village_committee": "v",
}
LEVELS = {"city": "市级", "county": "旗县级", "township": "乡镇级", "village": "村级"}
_LEVEL_WORDS = {
    "city": ("市", "盟市", "地级", "设区的市"),
    "county": ("县", "旗", "县级", "旗县", "区"),
    "township": ("乡", "镇", "苏木", "街道", "乡级", "镇级", "苏木乡镇"),
    "village": ("村", "嘎查", "社区", "嘎查村"),
}
LEVEL_BY_LENGTH = {9: "township", 12: "village"}
# First two digits of GB/T 2260.
PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)
YES, NO = ("是", "1", "√", "✓", "有", "y", "yes", "true"), ("否", "0", "×", "无", "不是", "n", "no", "false", "-", "—")


def kind_of(written: str, name: str) -> str:
    """The kind of a unit by what was written, or by its name where nothing was; empty for words that mean none."""
    text = written.replace("(", "（").replace(")", "）")
    if text:
        return next((code for code, label in KINDS.items() if text in (code, label) or text in _KIND_WORDS[code]), "")
    if re.search(r"(人民政府|管理委员会|管委会)(办公厅|办公室)$", name):
        return "general_office"
    if name.endswith("人民政府"):
        return "government"
    if name.startswith(("中共", "中国共产党")):
        return "party_organ"
    if re.search(r"(村民委员会|嘎查委员会|嘎查村民委员会|居民委员会)$", name):
        return "village_committee"
    return "centre" if name.endswith("中心") else "department"


def role_of(written: str) -> str:
    """The code of a role by what was written; empty for words that mean none."""
    return next(
        (code for code, label in ROLES.items() if written in (code, label) or written in _ROLE_WORDS.get(code, ())), ""
    )


def level_of(written: str, code: str) -> str:
    """The level of a region by what was written, or by its code: 150500 is a city, 150526 a county."""
    for level, label in LEVELS.items():
        if written and (written in (level, label) or written in _LEVEL_WORDS[level]):
            return level
    if written:
        return ""
    if len(code) == 6:
        return "city" if code.endswith("00") else "county"
    return LEVEL_BY_LENGTH.get(len(code), "")


def short_name_of(name: str, city: str) -> str:
    """``教育局`` of ``青禾县教育局``; ``县政府``, ``县政府办公室`` of the government and its office."""
    bare = name.removeprefix("中共").removeprefix(city) or name
    if bare.startswith("人民政府") and city:
        return f"{city[-1]}{bare.removeprefix('人民')}"
    return bare.replace("人民政府", "政府")


def several(text: str) -> list[str]:
    """Parts of a list in one cell, whatever they are set apart by."""
    return [part.strip() for part in re.split(r"[、,，;；/\n|]", text) if part.strip()]


def flag(text: str) -> bool | None:
    """是 or 否; None for anything else."""
    word = text.strip().lower()
    return True if word in YES else False if word in NO or not word else None


def day(text: str) -> str | None:
    """ISO date of ``2019-3-1``, ``2019/3/1``, ``2019.3.1``, ``20190301`` or ``2019年3月1日``; None for anything else."""
    from datetime import date

    found = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?", text.replace(" ", ""))
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups())).isoformat()
    except ValueError:
        return None
