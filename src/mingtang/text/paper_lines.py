"""Recognising single lines and phrases of official papers (公文): page chrome, numbers, organs, responsible units.

The form of papers follows GB/T 9704-2012.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Residue of typesetting programs, such as a font command in hollow brackets.
_STRAY_MARK = re.compile(
    r"〖[/A-Za-z][^〖〗\u4e00-\u9fff\n]{0,30}〗|[【［]/?(?:HT|KH|JZ|ZK|BT|WT|SX|FL|JY|JP|CS|HJ|LM|BP|BG|BF)[A-Z0-9+\-;.,]{0,20}[】］]"
)
_JUNK = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufff9-\ufffc]")

_LABELS = {
    "published_on": ("发布日期", "发布时间", "发表时间", "上网日期"),
    "written_on": ("成文日期", "发文日期"),
    "source": ("信息来源", "文章来源", "来源", "稿源"),
    "document_number": ("发文字号", "发文文号", "文号"),
    "issuers": ("发文机关", "发文机构", "发布机构", "发布单位"),
    "": (
        *(
            "浏览次数",
            "浏览量",
            "阅读次数",
            "阅读量",
            "点击次数",
            "点击数",
            "点击量",
            "点击率",
            "访问次数",
            "访问量",
            "阅读",
        ),
        *(
            "作者",
            "责任编辑",
            "编辑",
            "字体大小",
            "字体",
            "字号",
            "索引号",
            "主题分类",
            "体裁分类",
            "公开方式",
            "公开范围",
        ),
        *(
            "公开时限",
            "有效性",
            "信息索引",
            "分享到",
            "打印",
            "当前位置",
            "您的位置",
            "您现在的位置",
            "上一篇",
            "下一篇",
        ),
    ),
}
_FIELD_OF = {label: field for field, labels in _LABELS.items() for label in labels}
_LABEL = re.compile(rf"({'|'.join(sorted(_FIELD_OF, key=len, reverse=True))})\s*[:：]")
_PAGE_WORDS = re.compile(
    r"(?:[【\[(（]?(?:首页|打印本页|打印|关闭窗口|关闭|返回顶部|返回首页|返回|分享到|分享|收藏|网站地图|无障碍阅读|我要纠错|大|中|小)"
    r"[】\])）]?[\s|>›»·]*)+"
)
_NO_VALUE = frozenset({"", "暂无来源", "暂无", "无", "未知", "无来源", "-", "—"})

_OPEN, _CLOSE = r"[〔\[【(（〖﹝［〈<{「]", r"[〕\]】)）〗﹞］〉>}」]"
_NUMBER = re.compile(
    rf"(?P<word>[\u4e00-\u9fff]{{1,20}}?)\s*(?:{_OPEN}\s*(?P<year>(?:19|20)\d\d|[一二][九〇零○][〇零○一二三四五六七八九]{{2}})\s*年?\s*{_CLOSE}"
    r"|(?P<bare>(?:19|20)\d\d)\s*年?)"
    r"\s*第?\s*(?P<count>\d{1,5})\s*号"
)
_FIGURES = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_ORDER_NUMBER = re.compile(r"(?P<organ>[\u4e00-\u9fff]{2,30}令)?\s*第?\s*(?P<count>\d{1,5})\s*号")

_ORGAN = re.compile(
    r"[\u4e00-\u9fff()（）]{1,40}(?:办公厅|办公室|委员会|政府|党委|党组|委|局|厅|部|院|署|办|中心|司|处|站|所|社|会|团|公司|学校|大学|银行)"
    r"(?:[(（](?:室|章|印|代章|盖章)[)）])?"
)
_PLACE = re.compile(
    r"(?:中共|中国共产党)?([\u4e00-\u9fff]{2,10}?(?:自治区|自治州|自治县|自治旗|省|市|州|盟|县|旗|区|镇|乡|苏木))"
)
_SEVERAL = re.compile(r"(?:局|委员会|办公厅|厅|办公室).{2,}(?:局|委员会|办公厅|厅|办公室|部)$")

_RESPONSIBLE = re.compile(r"(责任单位|责任部门|责任主体|牵头单位|牵头部门|配合单位|协办单位)\s*[:：]")
# 市 before 场, 容, 民, 政管 and the like belongs to the name itself (市场监管局), not to the level.
_LEVEL = re.compile(
    r"(自治区|市(?![场容区县])(?!民热线)(?!政(?![府务协法]))|省|州(?!县)|盟|旗(?![县区])|县(?!区)|区(?!域))"
)
_HAS_PLACE = re.compile(
    r"(?:各|全|中央|国家|驻|中共|党中央|国务院)|[\u4e00-\u9fff]{1,6}?(?:自治区|(?<!城)市(?!场|政|容|民)|(?<![社园景库])区(?!域|划)|县|旗|盟|省)"
)


def clean(text: str) -> tuple[str, list[str]]:
    """Text with plain line ends and no invisible characters or stray typesetting marks, and the marks removed."""
    text = re.sub(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", text)
    text = _JUNK.sub("", text.replace("\u00a0", " ").replace("\u3000", " "))
    marks = [match[0] for match in _STRAY_MARK.finditer(text)]
    return _STRAY_MARK.sub("", text), marks


def page_chrome(line: str) -> dict[str, str] | None:
    """What a line of a web page's frame says by field (``""``: nothing of use); None when it is no such line."""
    if len(line) > 200:
        return None
    if _PAGE_WORDS.fullmatch(line):
        return {}
    plain = line.strip("【】[] ")
    labels = list(_LABEL.finditer(plain))
    if not labels or labels[0].start():
        return None
    ends = [label.start() for label in labels[1:]] + [len(plain)]
    said: dict[str, str] = {}
    for label, end in zip(labels, ends, strict=True):
        said.setdefault(_FIELD_OF[label[1]], plain[label.end() : end].strip(" |【】[]()（）"))
    return said


def no_value(value: str) -> bool:
    """Whether a field of a web page says that it says nothing."""
    return value in _NO_VALUE


def document_number(line: str) -> str | None:
    """The document number (发文字号) a whole line consists of, in the standard's form 字〔年〕号; None for other lines."""
    plain = unicodedata.normalize("NFKC", line)
    plain = re.sub(r"\s+签发人.*$", "", plain).strip()
    match = _NUMBER.fullmatch(plain) or _NUMBER.fullmatch(plain.removeprefix("(").removesuffix(")"))
    if match:
        year = (match["year"] or match["bare"]).translate(_FIGURES)
        return f"{match['word']}〔{year}〕{int(match['count'])}号"
    match = _ORDER_NUMBER.fullmatch(plain)
    return f"{match['organ']}第{int(match['count'])}号" if match and match["organ"] else None


def is_organ(text: str) -> bool:
    """Whether a short text reads like the name of an organ."""
    return _ORGAN.fullmatch(text) is not None


def split_organs(text: str) -> list[str]:
    """Organs named one after another, also run together where the place's name tells them apart."""
    names: list[str] = []
    for chunk in re.split(r"[\s、,，;；]+", text.strip()):
        if not chunk:
            continue
        place = _PLACE.match(chunk)
        cuts = [0]
        if place:
            for match in re.finditer(rf"(?:中共|中国共产党)?{re.escape(place[1])}", chunk):
                if match.start() and is_organ(chunk[cuts[-1] : match.start()]):
                    cuts.append(match.start())
        names += [chunk[start:end] for start, end in zip(cuts, [*cuts[1:], len(chunk)], strict=True)]
    return [re.sub(r"[(（](?:章|印|代章|盖章)[)）]$", "", name) for name in names]


def may_be_several(organ: str) -> bool:
    """Whether what was taken for one organ may be several run together."""
    return _SEVERAL.search(organ) is not None


def plain_organ(name: str) -> str:
    """A form in which the ways of writing one organ are alike: party prefix and 人民 dropped, 委员会 as 委."""
    name = re.sub(r"\s|中国共产党|中共", "", name)
    return name.replace("委员会", "委").replace("人民政府", "政府").replace("发展和改革", "发展改革")


def responsible_units(text: str) -> Iterator[list[str]]:
    """The names after each 责任单位 or 牵头单位 of a paragraph, the level (市) handed on to bare names after it."""
    for match in _RESPONSIBLE.finditer(text):
        bracketed = "(" in text[: match.start()].rstrip()[-1:] or "（" in text[: match.start()].rstrip()[-1:]
        yield _with_level(_names(text, match.end(), bracketed))


def _names(text: str, start: int, bracketed: bool) -> list[str]:
    names, name, depth = [], "", 0
    following = _RESPONSIBLE.search(text, start)
    stop = following.start() if following else len(text)
    for character in text[start:stop]:
        if character in "(（":
            depth += 1
        elif character in ")）":
            if not depth:
                break
            depth -= 1
        elif character == "。" or (character in ":：" and not bracketed):
            break
        if character in "、,，;；" and not depth:
            names.append(name)
            name = ""
        else:
            name += character
    names.append(name.rstrip("(（"))
    return [stripped for each in names if (stripped := each.strip())]


def _with_level(names: list[str]) -> list[str]:
    level, full = "", []
    for name in names:
        if match := _LEVEL.match(name):
            level = match[1]
        elif _HAS_PLACE.match(name):
            level = ""
        full.append(name if match or not level else level + name)
    return full
