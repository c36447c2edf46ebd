"""Finding and masking personal data in Chinese text, before anything is published.

Positions always refer to the text as given. A fast expression picks runs with enough digits out of the raw text,
whatever separators stand between them; only those runs are normalised (full-width and mathematical digits become plain
ones, as in Unicode NFKC, each in its place) and judged by length, check digit and the words around them.

Not looked for: numbers written in Chinese numerals, names, images.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import regex
from stdnum import luhn
from stdnum.cn import ric, uscc

LABELS = {
    "resident_id": "居民身份证号码",
    "bank_card": "银行卡号",
    "mobile": "手机号码",
    "landline": "个人固定电话",
    "passport": "护照或通行证号码",
    "email": "电子邮箱",
    "address": "家庭住址",
}

_DIGIT = "0-9０-９\U0001d7ce-\U0001d7ff"
_PLAIN = {ord(c): str(unicodedata.digit(c)) for c in map(chr, [*range(0xFF10, 0xFF1A), *range(0x1D7CE, 0x1D800)])}
_PLAIN |= dict.fromkeys(map(ord, "xＸｘⅩⅹ"), "X")
_INVISIBLE = r"\u00ad\u180e\u200b-\u200f\u2060\ufeff"
_SEPARATOR = rf" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\-‐-―−－﹣﹘_.．·•・{_INVISIBLE}"
_RUN = regex.compile(
    rf"[{_DIGIT}](?:[{_SEPARATOR}\r\n]{{0,4}}+[{_DIGIT}]){{10,}}+(?:[{_SEPARATOR}\r\n]{{0,4}}+[XxＸｘⅩⅹ])?+"
)
# Within a normalised run: a number starts and ends where digits do; only an id may be broken over two lines.
_START, _END = rf"(?<![0-9][{_INVISIBLE}]*)", rf"(?![{_INVISIBLE}]*[0-9])"
_GAP, _LINE_GAP = rf"[{_SEPARATOR}]{{0,4}}+", rf"[{_SEPARATOR}\r\n]{{0,4}}+"
_BIRTHDAY = _LINE_GAP.join(["[01]", "[0-9]", "[0-3]", "[0-9]"])
_RESIDENT_ID = regex.compile(
    rf"{_START}[1-9](?:{_LINE_GAP}[0-9]){{5}}{_LINE_GAP}(?:1{_LINE_GAP}9|2{_LINE_GAP}0)(?:{_LINE_GAP}[0-9]){{2}}"
    rf"{_LINE_GAP}{_BIRTHDAY}(?:{_LINE_GAP}[0-9]){{3}}{_LINE_GAP}[0-9X]{_END}"
)
_OLD_RESIDENT_ID = regex.compile(
    rf"{_START}[1-9](?:{_LINE_GAP}[0-9]){{7}}{_LINE_GAP}{_BIRTHDAY}(?:{_LINE_GAP}[0-9]){{3}}{_END}"
)
_BANK_CARDS = [regex.compile(rf"{_START}[3-9](?:{_GAP}[0-9]){{{length - 1}}}{_END}") for length in (19, 18, 17, 16)]
_MOBILE = regex.compile(rf"{_START}(?P<prefix>(?:00)?86{_GAP}|0)?(?P<number>1{_GAP}[3-9](?:{_GAP}[0-9]){{9}}){_END}")
_NOT_DIGITS = regex.compile(r"[^0-9X]+")
_SHAPE = regex.compile(rf"[0-9](?:[{_INVISIBLE}]*[0-9])*")

_ID_WORDS = ("身份证", "身份号码", "公民身份", "证件号", "证件编号")
_PHONE_WORDS = regex.compile(r"电话|手机|联系|移动|热线|拨打|咨询|短信|微信|(?i:tel|phone|mobile)")
_CODE_WORDS = regex.compile(r"索引号|编号|编码|代码|流水号|单号|批号|文号|序列号|条码|学号|工号|合同号|案号")
_BANK_WORDS = (
    *("银行卡", "卡号", "账号", "帐号", "账户", "帐户", "开户"),
    *("一卡通", "借记卡", "储蓄卡", "信用卡", "存折"),
)
_CREDIT_CODE_WORDS = ("信用代码",)
_HOME_PHONE_WORDS = (
    *("家庭电话", "家庭联系电话", "家庭固定电话", "住宅电话", "宅电", "家中电话", "家里电话"),
    *("本人电话", "本人联系电话", "个人电话", "个人联系电话", "私人电话"),
)
_LANDLINE = regex.compile(
    rf"(?<![{_DIGIT}])(?:[(（]?[0０][{_DIGIT}]{{2,3}}[)）]?[{_SEPARATOR}]{{0,3}})?[2-8２-８](?:[{_SEPARATOR}]?[{_DIGIT}]){{6,7}}(?![{_DIGIT}])"
)
_PASSPORT_WORDS = ("护照", "通行证", "台胞证", "回乡证")
_PASSPORT = regex.compile(
    r"(?<![0-9A-Za-z])(?:[DEGHKMPSdeghkmps][A-Za-z]?|1[45]|[CcWwTtLl][A-Za-z]?)(?:[ \-]?[0-9]){7,8}(?![0-9A-Za-z])"
)
_EMAIL = regex.compile(
    r"(?<![A-Za-z0-9._%+\-])([A-Za-z0-9_%+\-][A-Za-z0-9._%+\-]{0,63})[@＠]((?:[A-Za-z0-9\-]{1,63}[.．]){1,5}[A-Za-z]{2,24})(?![A-Za-z0-9])"
)
_ADDRESS_WORDS = ("住址", "家庭地址", "户籍地址", "居住地址", "户籍所在地")
_ADDRESS = regex.compile(
    rf"(?:{'|'.join(_ADDRESS_WORDS)})(?:为|是|在)?[ \u3000]*[:：]?[ \u3000]*"
    r"([^\s，。；、,;:：()（）]{4,60})"
)
_TOWNSHIP = regex.compile(r"^.*?(?:街道办事处|街道|苏木|镇|乡)|^.*?(?:自治县|县|旗|区|市)")
_DOOR = regex.compile(rf"[{_DIGIT}一二三四五六七八九十百]+[ ]?(?:号|室|单元|栋|幢|座|楼|组|户|门|弄)")

# How people write eleven digits in groups; any other grouping needs a word such as 电话 before it.
_MOBILE_GROUPS = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (3, 4, 2, 2), (1,) * 11})
_DECIMAL_POINTS = frozenset(".．·•・")
_AROUND = 20  # characters before or after a number in which a word counts as said of it
_RANK = {kind: rank for rank, kind in enumerate(LABELS)}


@dataclass(frozen=True, slots=True)
class Finding:
    """Personal data at ``text[start:end]``. ``label`` names it in Chinese; ``value_masked`` may be shown to anyone."""

    kind: str
    start: int
    end: int
    value_masked: str
    label: str

    @property
    def severity(self) -> str:
        """``low`` for what papers often carry on purpose (an e-mail address), else ``high``."""
        return "low" if self.kind == "email" else "high"


def scan(text: str) -> list[Finding]:
    """Personal data in ``text``, in order, without overlaps.

    Resident ids have 18 characters with a real date and the check character of GB 11643 (a wrong one is let pass right
    after 身份证), or the old 15 digits after such a word; mobile numbers 11 digits; bank cards pass the Luhn check and
    stand within 20 characters of a word such as 银行卡, or in a table column headed so; fixed lines only after words
    such as 家庭电话, so that offices keep theirs; addresses of ``gov.cn`` mailboxes are left alone.
    """
    found: list[Finding] = []
    tables = _Tables(text)
    tabbed = "\t" in text
    ids_by_heading, cards_by_heading = tabbed and _any(_ID_WORDS, text), tabbed and _any(_BANK_WORDS, text)
    for run in _RUN.finditer(text):
        plain, offset = run[0].translate(_PLAIN), run.start()
        around = text[max(0, offset - _AROUND) : run.end() + _AROUND]
        readers: list[tuple[regex.Pattern[str], _Reader]] = [(_RESIDENT_ID, _resident_id), (_MOBILE, _mobile)]
        if ids_by_heading or _any(_ID_WORDS, around):
            readers.append((_OLD_RESIDENT_ID, _old_resident_id))
        if cards_by_heading or _any(_BANK_WORDS, around):
            readers += [(pattern, _bank_card) for pattern in _BANK_CARDS]
        for pattern, reader in readers:
            for match in pattern.finditer(plain, overlapped=True):
                if finding := reader(text, match, offset, tables):
                    found.append(finding)
    for finder in (_passports, _landlines, _emails, _addresses):
        found += finder(text)
    return _without_overlaps(found)


def mask(text: str, findings: Sequence[Finding] | None = None) -> str:
    """``text`` with every finding in its masked form: phone 3+4, resident id 6+4, bank card 4+4 characters kept.

    Without ``findings`` the text is scanned until nothing more is found.

    Raises:
        ValueError: findings overlap or lie outside the text.
    """
    if findings is not None:
        return _replace(text, findings)
    while found := scan(text):
        text = _replace(text, found)
    return text


def _replace(text: str, findings: Sequence[Finding]) -> str:
    parts, position = [], 0
    for finding in sorted(findings, key=lambda each: each.start):
        if not position <= finding.start < finding.end <= len(text):
            raise ValueError(f"the finding at {finding.start} to {finding.end} does not fit the text")
        parts += [text[position : finding.start], finding.value_masked]
        position = finding.end
    return "".join(parts) + text[position:]


def _finding(kind: str, start: int, end: int, masked: str) -> Finding:
    return Finding(kind, start, end, masked, LABELS[kind])


def _without_overlaps(found: list[Finding]) -> list[Finding]:
    """In order; where two overlap, one of the graver kind that covers both."""
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda each: (each.start, -each.end)):
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
            continue
        last = kept[-1]
        graver = min(last, finding, key=lambda each: _RANK[each.kind])
        kept[-1] = replace(graver, start=last.start, end=max(last.end, finding.end))
    return kept


def _resident_id(text: str, match: regex.Match[str], offset: int, tables: _Tables) -> Finding | None:
    start, end, digits = offset + match.start(), offset + match.end(), _NOT_DIGITS.sub("", match[0])
    if not _is_date(digits[6:14]) or _inside_a_code(text, start, end):
        return None
    if ric.calc_check_digit(digits) != digits[17] and not _near(_ID_WORDS, text, start):
        return None
    if _near(_CREDIT_CODE_WORDS, text, start) and uscc.is_valid(digits):
        return None
    return _finding("resident_id", start, end, f"{digits[:6]}{'*' * 8}{digits[14:]}")


def _old_resident_id(text: str, match: regex.Match[str], offset: int, tables: _Tables) -> Finding | None:
    start, end, digits = offset + match.start(), offset + match.end(), _NOT_DIGITS.sub("", match[0])
    if not _is_date("19" + digits[6:12]):
        return None
    if not _near(_ID_WORDS, text, start) and not tables.headed(_ID_WORDS, start):
        return None
    return _finding("resident_id", start, end, f"{digits[:6]}{'*' * 5}{digits[11:]}")


def _bank_card(text: str, match: regex.Match[str], offset: int, tables: _Tables) -> Finding | None:
    start, end = offset + match.start(), offset + match.end()
    near = _near(_BANK_WORDS, text, start) or _any(_BANK_WORDS, text[end : end + _AROUND])
    if not near and not tables.headed(_BANK_WORDS, start):
        return None
    digits = _NOT_DIGITS.sub("", match[0])
    if not luhn.is_valid(digits):
        return None
    return _finding("bank_card", start, end, f"{digits[:4]}{'*' * (len(digits) - 8)}{digits[-4:]}")


def _mobile(text: str, match: regex.Match[str], offset: int, tables: _Tables) -> Finding | None:
    start, end = offset + match.start("number"), offset + match.end("number")
    before = text[max(0, start - 12) : start]
    words = max((word.start() for word in _PHONE_WORDS.finditer(before)), default=-1)
    codes = max((word.start() for word in _CODE_WORDS.finditer(before)), default=-1)
    if codes > words or _inside_a_code(text, offset + match.start(), end):
        return None
    digits = _NOT_DIGITS.sub("", match["number"])
    if words < 0:
        shape = tuple(len(_NOT_DIGITS.sub("", group)) for group in _SHAPE.findall(match["number"]))
        if shape not in _MOBILE_GROUPS or match["prefix"] == "0":
            return None
        if shape == (3, 8) and match["number"][3] in _DECIMAL_POINTS:
            return None  # a longitude, say
    return _finding("mobile", start, end, f"{digits[:3]}****{digits[7:]}")


def _is_date(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year <= 2099
    except ValueError:
        return False


def _any(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)


def _near(words: tuple[str, ...], text: str, start: int) -> bool:
    return _any(words, text[max(0, start - _AROUND) : start])


def _inside_a_code(text: str, start: int, end: int) -> bool:
    """Whether letters and further digits are glued to the number: a credit code, a hash, a serial number."""
    before = after = ""
    while start > 0 and len(before) < 40 and text[start - 1].isascii() and text[start - 1].isalnum():
        start -= 1
        before += text[start]
    while end < len(text) and len(after) < 40 and text[end].isascii() and text[end].isalnum():
        after += text[end]
        end += 1
    return any(character.isdigit() for character in before + after)


class _Tables:
    """Column headings of tab-separated blocks of lines, looked up once per block."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._block = (0, 0)
        self._heading: list[str] = []

    def headed(self, words: tuple[str, ...], place: int) -> bool:
        """Whether ``place`` lies in a table column whose heading, in the table's first line, has one of ``words``."""
        text = self.text
        line_start = text.rfind("\n", 0, place) + 1
        line_end = _end_of_line(text, place)
        if text.find("\t", line_start, line_end) < 0:
            return False
        if not self._block[0] <= place < self._block[1]:
            start, end = line_start, line_end
            while start > 0:
                above = text.rfind("\n", 0, start - 1) + 1
                if text.find("\t", above, start) < 0:
                    break
                start = above
            while end < len(text):
                below = _end_of_line(text, end + 1)
                if text.find("\t", end + 1, below) < 0:
                    break
                end = below
            self._block = (start, end + 1)
            self._heading = text[start : _end_of_line(text, start)].split("\t")
        column = text.count("\t", line_start, place)
        return column < len(self._heading) and _any(words, self._heading[column])


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _passports(text: str) -> Iterator[Finding]:
    for start, window in _after_words(_PASSPORT_WORDS, text):
        plain = unicodedata.normalize("NFKC", window)
        if len(plain) != len(window):
            plain = window
        for match in _PASSPORT.finditer(plain):
            letters = match[0].replace(" ", "").replace("-", "")
            keep = 2 if letters[1].isalpha() else 1
            masked = f"{letters[:keep]}{'*' * (len(letters) - keep - 3)}{letters[-3:]}"
            yield _finding("passport", start + match.start(), start + match.end(), masked)


def _landlines(text: str) -> Iterator[Finding]:
    for start, window in _after_words(_HOME_PHONE_WORDS, text):
        for match in _LANDLINE.finditer(window):
            digits = _NOT_DIGITS.sub("", match[0].translate(_PLAIN))
            yield _finding("landline", start + match.start(), start + match.end(), f"{digits[:-4]}****")


def _after_words(words: tuple[str, ...], text: str) -> Iterator[tuple[int, str]]:
    for word in words:
        place = text.find(word)
        while place >= 0:
            end = place + len(word)
            yield end, text[end : end + _AROUND + 14]
            place = text.find(word, end)


def _emails(text: str) -> Iterator[Finding]:
    if "@" not in text and "＠" not in text:
        return
    for match in _EMAIL.finditer(text):
        domain = match[2].replace("．", ".").lower()
        if domain != "gov.cn" and not domain.endswith(".gov.cn"):
            yield _finding("email", match.start(), match.end(), f"{match[1][0]}***@{domain}")


def _addresses(text: str) -> Iterator[Finding]:
    if not _any(_ADDRESS_WORDS, text):
        return
    for match in _ADDRESS.finditer(text):
        address = match[1]
        doors = list(_DOOR.finditer(address))
        if not doors:
            continue
        town = _TOWNSHIP.search(address, endpos=doors[0].start())
        start = town.end() if town else 0
        yield _finding("address", match.start(1) + start, match.start(1) + doors[-1].end(), "***")


_Reader = Callable[[str, "regex.Match[str]", int, _Tables], Finding | None]
