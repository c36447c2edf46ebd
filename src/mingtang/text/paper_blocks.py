"""The blocks of a paper's body: chapters, articles, paragraphs and what stands around them, each with a stable id."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .numerals import NUMERAL, chinese_number
from .paper_lines import responsible_units
from .warning import TextWarning

PUNCTUATED = re.compile(r"[。；;：:！？!?]$")
BRACKETED = re.compile(r"[(（][^()（）]*(?:[(（][^()（）]*[)）][^()（）]*)*[)）]")
CHAPTER_FORMAL = re.compile(rf"第({NUMERAL}|\d{{1,3}})章\s*(.*)")
_SECTION = re.compile(rf"第({NUMERAL}|\d{{1,3}})节\s*(.*)")
ARTICLE_FORMAL = re.compile(rf"第({NUMERAL}|\d{{1,3}})条\s*(.*)")
CHAPTER = re.compile(rf"({NUMERAL})、\s*(.*)")
ARTICLE = re.compile(rf"[(（]({NUMERAL})[)）]\s*[、.]?\s*(.*)")
ATTACHMENT_HEAD = re.compile(rf"附(?:件|表|录)\s*(?:\d{{1,3}}|{NUMERAL})?\s*[:：]?")
ATTACHMENT_LIST = re.compile(r"附(?:件|表|录)?\s*[:：]\s*(.+)")
_LISTED = re.compile(r"(?:附件)?\s*\d{1,3}\s*[.．、:：]\s*.+")
IMPRINT = re.compile(
    r"(?:抄\s*送|抄\s*报|主\s*送|主题词|印发机关|印发单位|共印)\s*[:：]?.*|.*日\s*印发|.*共印\s*\d+\s*份.*"
)
_ADDRESSEE_WORDS = re.compile(r"各|局|委|办|政府|部门|单位|公司|院|厅|会|部|机关")
_LONGEST_TITLE = 40

# Put before the lines of a signature, which only their neighbours tell from others.
SIGNATURE = "\x00"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a paper in reading order.

    ``kind``: addressee, title (of an attached text), chapter, section, article, paragraph, attachment, signature, note,
    imprint. ``number`` as written, ``text`` what follows number and title. ``id`` is stable while numbering is:
    ``c1`` chapter, ``a16`` article, ``a16p2`` its second paragraph, ``p1`` a paragraph outside; where articles begin
    anew in each chapter ``c2a1``, and in a further numbered part ``b2c1``. ``units``: responsible units named there.
    """

    kind: str
    id: str
    number: str = ""
    title: str = ""
    text: str = ""
    units: tuple[str, ...] = ()

    @property
    def full(self) -> str:
        """The block as one line of the paper."""
        stop = "。" if self.title and self.text and self.kind in ("article", "chapter") else ""
        space = "　" if self.number.startswith("第") and (self.title or self.text) else ""
        return f"{self.number}{space}{self.title}{stop}{self.text}"


class Part:
    """One text with its own numbering: the paper itself or an attached text."""

    def __init__(self, lines: list[str], *, first: bool) -> None:
        self.lines = lines
        self.first = first
        self.addressees: list[str] = []
        self.warnings: list[TextWarning] = []
        self.formal = any(ARTICLE_FORMAL.match(line) for line in lines)

    def blocks(self) -> list[Block]:
        made: list[Block] = []
        chapter = article = listed = ""
        counts: Counter[str] = Counter()
        starts_anew = self.articles_start_anew()
        previous = {"chapter": 0, "article": 0}
        title_expected, opening = not self.first, True
        for line in self.lines:
            kind, number, value, rest = self.classify(line, listed, title_expected, opening)
            opening = opening and kind in ("signature", "note")
            listed = kind if kind == "attachment" else ""
            if kind == "title":
                title_expected = ATTACHMENT_HEAD.fullmatch(line) is not None
            elif kind not in ("signature", "imprint"):
                title_expected = False
            if kind == "addressee":
                self.addressees = _addressees(line)
            if kind in ("chapter", "article"):
                title, rest = _title_and_text(rest, formal=self.formal and kind == "article", chapter=kind == "chapter")
                if value != previous[kind] + 1 and not (kind == "article" and starts_anew and value == 1):
                    self.warnings.append(
                        TextWarning(f"{kind}_number_gap", "body", f"“{number}”的编号与前文不连续，请核对。")
                    )
                previous[kind] = value
                if kind == "chapter":
                    chapter, article = f"c{value}", ""
                    identifier = chapter
                else:
                    article = f"{chapter if starts_anew else ''}a{value}"
                    identifier = article
                counts[identifier] = 1 if rest else 0
                if kind == "article":
                    counts[identifier] = 1
                made.append(Block(kind, identifier, number, title, rest, _units(rest)))
                continue
            if kind == "section":
                made.append(Block(kind, f"s{value}", number, rest))
                continue
            owner = (article or chapter) if kind == "paragraph" else ""
            counts[owner or kind] += 1
            identifier = f"{owner}p{counts[owner]}" if owner else f"{_LETTERS[kind]}{counts[kind]}"
            made.append(Block(kind, identifier, text=rest, units=_units(rest) if kind == "paragraph" else ()))
        return made

    def classify(self, line: str, listed: str, title_expected: bool, opening: bool) -> tuple[str, str, int, str]:
        """Kind, number as written, its value, and the rest of the line."""
        if line.startswith(SIGNATURE):
            return "signature", "", 0, line[1:]
        patterns = [("chapter", CHAPTER_FORMAL), ("section", _SECTION), ("article", ARTICLE_FORMAL)]
        if not self.formal:
            patterns += [("chapter", CHAPTER), ("article", ARTICLE)]
        for kind, pattern in patterns:
            if (match := pattern.match(line)) and (value := chinese_number(match[1])):
                return kind, line[: match.start(2)].strip(), value, line[match.start(2) :]
        if IMPRINT.fullmatch(line):
            return "imprint", "", 0, line
        if title_expected and len(line) <= 80 and not PUNCTUATED.search(line):
            return "title", "", 0, line
        if ATTACHMENT_LIST.fullmatch(line) or (listed and _LISTED.fullmatch(line)):
            return "attachment", "", 0, line
        if BRACKETED.fullmatch(line):
            return "note", "", 0, line
        if opening and self.first and line[-1] in ":：" and len(line) <= 300 and _ADDRESSEE_WORDS.search(line):
            return "addressee", "", 0, line
        return "paragraph", "", 0, line

    def articles_start_anew(self) -> bool:
        """Whether an article number comes twice, so that only its chapter tells which is meant."""
        pattern = ARTICLE_FORMAL if self.formal else ARTICLE
        numbers = [chinese_number(match[1]) for line in self.lines if (match := pattern.match(line))]
        return len(numbers) != len(set(numbers))


_LETTERS = {
    "paragraph": "p",
    "title": "t",
    "addressee": "to",
    "attachment": "x",
    "note": "n",
    "imprint": "i",
    "signature": "g",
}


def with_unique_ids(blocks: Iterable[Block]) -> list[Block]:
    """Ids outside the numbering run through all parts; a number written twice gets ``r2`` behind it."""
    made: list[Block] = []
    taken: set[str] = set()
    highest: Counter[str] = Counter()
    for block in blocks:
        identifier = block.id
        match = re.fullmatch(r"([a-z]+)\d+", identifier)
        if match and not block.number:
            highest[match[1]] += 1
            identifier = f"{match[1]}{highest[match[1]]}"
        while identifier in taken:
            highest[block.id] += 1
            identifier = f"{block.id}r{highest[block.id] + 1}"
        taken.add(identifier)
        made.append(replace(block, id=identifier) if identifier != block.id else block)
    return made


def _title_and_text(rest: str, *, formal: bool, chapter: bool) -> tuple[str, str]:
    """The heading of a numbered line, up to its first full stop, and what follows."""
    if formal:
        return "", rest
    heading, stop, text = rest.partition("。")
    if not stop and (chapter or not _units(rest)) and len(rest) <= _LONGEST_TITLE:
        return rest, ""
    return (heading, text) if text and len(heading) <= _LONGEST_TITLE else ("", rest)


def _units(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in responsible_units(text) for name in names))


def _addressees(line: str) -> list[str]:
    """Groups of addressees as written: parted by commas, or by 、 where there is no comma."""
    line = line.rstrip(":：")
    groups = re.split(r"[,，;；]", line)
    return [name.strip() for name in (groups if len(groups) > 1 else line.split("、")) if name.strip()]
