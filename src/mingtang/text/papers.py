"""Parsing official papers (公文): from plain text to title, number, issuers, dates and numbered blocks.

What cannot be recognised is left empty and asked for in a warning, never guessed. No text of the body is changed but
for stray typesetting marks, which are removed and counted in the warnings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from .numerals import find_date, find_web_date
from .paper_blocks import (
    ARTICLE,
    ARTICLE_FORMAL,
    ATTACHMENT_HEAD,
    ATTACHMENT_LIST,
    BRACKETED,
    CHAPTER,
    CHAPTER_FORMAL,
    IMPRINT,
    PUNCTUATED,
    SIGNATURE,
    Block,
    Part,
    with_unique_ids,
)
from .paper_lines import (
    clean,
    document_number,
    is_organ,
    may_be_several,
    no_value,
    page_chrome,
    plain_organ,
    split_organs,
)
from .warning import TextWarning

__all__ = ["Block", "Paper", "parse_paper"]

_GENRES = (
    "通知|意见|办法|规定|决定|公告|通告|通报|报告|请示|批复|函|纪要|方案|细则|条例|规则|议案|命令|令|决议|公报|规划|要点|计划|制度|"
    "目录|清单|解读|指南|标准|章程|预案|措施|规程|准则|实施意见|建议|倡议书|说明"
)
_TITLE_END = re.compile(rf"(?:{_GENRES})[》”\"]?(?:\s*[(（][^()（）]{{1,30}}[)）])?$")
_SECRECY = re.compile(r"(?:绝密|机密|秘密)(?:[★☆*].*)?")
_HEAD_NOISE = re.compile(r"(?:特急|加急|平急|急件|签发人[:：].*|\d{6})")
_LETTERHEAD = re.compile(r"(.{4,60}?)文件")


@dataclass(slots=True)
class Paper:
    """What was recognised; None, empty lists: not recognised, with a warning where it is to be asked."""

    title: str | None = None
    document_number: str | None = None
    issuers: list[str] = field(default_factory=list)
    written_on: date | None = None
    published_on: date | None = None
    source: str | None = None
    addressees: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    warnings: list[TextWarning] = field(default_factory=list)

    @property
    def chapters(self) -> list[Block]:
        return [block for block in self.blocks if block.kind == "chapter"]

    @property
    def articles(self) -> list[Block]:
        return [block for block in self.blocks if block.kind == "article"]

    @property
    def responsible_units(self) -> list[str]:
        """Names after 责任单位, distinct, in order of first appearance, the level handed on within a list."""
        return list(dict.fromkeys(name for block in self.blocks for name in block.units))

    @property
    def units_by_article(self) -> dict[str, list[str]]:
        """Block id of each article: the responsible units named in it and its further paragraphs."""
        named: dict[str, list[str]] = {}
        current = ""
        for block in self.blocks:
            if block.kind == "article":
                current = block.id
                named[current] = []
            if current and block.id.startswith(current):
                named[current] += [name for name in block.units if name not in named[current]]
        return named

    def as_dict(self) -> dict[str, Any]:
        """For JSON: dates as ISO text, chapters and articles as counts."""
        return {
            "title": self.title,
            "document_number": self.document_number,
            "issuers": self.issuers,
            "written_on": self.written_on.isoformat() if self.written_on else None,
            "published_on": self.published_on.isoformat() if self.published_on else None,
            "source": self.source,
            "chapters": len(self.chapters),
            "articles": len(self.articles),
            "responsible_units": self.responsible_units,
            "warnings": [warning.as_dict() for warning in self.warnings],
        }


def parse_paper(text: str) -> Paper:
    """Read a paper pasted from a web page or taken from an upload. Never raises; asks by warnings."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        text, marks = clean(text)
        self.paper = Paper()
        self.page: dict[str, str] = {}
        self.lines: list[str] = []
        for raw in text.split("\n"):
            line = re.sub(r"[ \f\v]+", " ", raw).strip()
            if not line:
                continue
            said = page_chrome(line)
            if said is None:
                self.lines.append(line)
            else:
                self.page = said | self.page
        self.letterhead: list[str] = []
        self.signers: list[str] = []
        self.signed: list[date] = []
        self.impossible_date = False
        for mark in marks:
            self.warn("stray_mark", "text", f"正文中的排版残留“{mark}”已去除，请核对前后文字。")

    def warn(self, code: str, name: str, message: str) -> None:
        self.paper.warnings.append(TextWarning(code, name, message))

    def read(self) -> Paper:
        rest = self.read_head()
        numbered = 0
        for number, part in enumerate(self.parts(rest)):
            reader = Part(part, first=number == 0)
            blocks = reader.blocks()
            self.paper.addressees = self.paper.addressees or reader.addressees
            self.paper.warnings += reader.warnings
            if any(block.kind in ("chapter", "article") for block in blocks):
                numbered += 1
            prefix = f"b{numbered}" if numbered > 1 else ""
            self.paper.blocks += [
                replace(block, id=prefix + block.id) if block.id[0] in "cas" and prefix else block for block in blocks
            ]
        self.paper.blocks = with_unique_ids(self.paper.blocks)
        self.settle()
        return self.paper

    def read_head(self) -> list[str]:
        """Title, number and what stands above them; returns the lines of the body."""
        title: list[str] = []
        done = False
        place = 0
        for place, line in enumerate(self.lines):
            if number := document_number(line):
                self.number(number, line)
            elif _SECRECY.fullmatch(line):
                self.warn("secrecy_mark", "secrecy", f"文中有密级标志“{line}”，涉密文件不得公开，请先核实。")
            elif _HEAD_NOISE.fullmatch(line):
                continue
            elif not title and (match := _LETTERHEAD.fullmatch(line)) and all(map(is_organ, split_organs(match[1]))):
                self.letterhead += split_organs(match[1])
            elif done or len(title) == 5 or len(line) > 150 or PUNCTUATED.search(line) or self.begins_body(line):
                break
            else:
                title.append(line)
                done = _TITLE_END.search(line) is not None and (
                    not is_organ(line) or "关于" in line or place + 1 == len(self.lines)
                )
        else:
            place = len(self.lines)
        if not done and not (title and title[0].count("关于") == 1 and len(title) == 1):
            return [*title, *self.lines[place:]]
        self.paper.title = _joined(title)
        return self.lines[place:]

    def begins_body(self, line: str) -> bool:
        found = find_date(line)
        return bool(
            (found and found.start == 0 and found.end == len(line))
            or BRACKETED.fullmatch(line)
            or CHAPTER.match(line)
            or ARTICLE.match(line)
            or ARTICLE_FORMAL.match(line)
            or CHAPTER_FORMAL.match(line)
        )

    def number(self, number: str, line: str) -> None:
        if self.paper.document_number not in (None, number):
            self.warn("document_number_twice", "document_number", f"文中另有发文字号“{number}”，请确认采用哪一个。")
            return
        self.paper.document_number = number
        line = re.sub(r"\s+签发人.*$", "", line)
        if number not in line:
            self.warn(
                "document_number_repaired", "document_number", f"发文字号“{line}”已按国家标准改为“{number}”，请核对。"
            )

    def parts(self, lines: list[str]) -> list[list[str]]:
        """The paper itself, then each text attached after the signature or under a heading 附件."""
        parts: list[list[str]] = [[]]
        begun = False  # whether the part has more than a signature
        place = 0
        while place < len(lines):
            end = self.signature_end(lines, place)
            if end:
                self.sign(lines[place:end])
                parts[-1] += [f"{SIGNATURE}{line}" for line in lines[place:end]]
                skipped = end
                while skipped < len(lines) and IMPRINT.fullmatch(lines[skipped]):
                    skipped += 1
                following = lines[skipped] if skipped < len(lines) else ""
                if (
                    begun
                    and following
                    and not BRACKETED.fullmatch(following)
                    and not ATTACHMENT_LIST.fullmatch(following)
                ):
                    parts[-1] += lines[end:skipped]
                    parts.append([])
                    begun = False
                    end = skipped
                place = end
                continue
            if ATTACHMENT_HEAD.fullmatch(lines[place]):
                parts.append([])
            parts[-1].append(lines[place])
            begun = True
            place += 1
        return parts

    def signature_end(self, lines: list[str], place: int) -> int:
        """Where the signature (落款) that begins at ``place`` ends; 0 when none does."""
        end = place
        while end < len(lines) and end - place < 12 and all(map(is_organ, lines[end].split())):
            end += 1
        if end < len(lines) and (found := find_date(lines[end])):
            before, after = lines[end][: found.start].strip(), lines[end][found.end :].strip()
            if not after and (not before or all(map(is_organ, before.split()))):
                return end + 1
        return 0

    def sign(self, lines: list[str]) -> None:
        found = find_date(lines[-1])
        if found is None:
            return
        if found.day is None:
            self.impossible_date = True
        else:
            self.signed.append(found.day)
        if not self.signers:
            self.signers = split_organs(" ".join([*lines[:-1], lines[-1][: found.start]]))

    def settle(self) -> None:
        """Decide between what different places of the paper say, and ask for the rest."""
        paper, page = self.paper, self.page
        if paper.title is None:
            self.warn("title_missing", "title", "没有识别出标题，请填写。")
        if paper.document_number is None and page.get("document_number"):
            written = page["document_number"]
            if number := document_number(written):
                self.number(number, written)
        if paper.document_number is None:
            self.warn("document_number_missing", "document_number", "没有识别出发文字号，请填写；确无文号的请注明。")
        self.settle_issuers()
        self.settle_dates()
        source = page.get("source")
        paper.source = None if source is None or no_value(source) else source
        if paper.source is None:
            said = "没有识别出信息来源" if source is None else f"信息来源写的是“{source or '空'}”"
            self.warn("source_missing", "source", f"{said}，请填写来源单位。")
        if not any(block.kind in ("chapter", "article", "paragraph") for block in paper.blocks):
            self.warn("body_missing", "body", "没有识别出正文，请检查文件内容。")

    def settle_issuers(self) -> None:
        named = _issuers_of_title(self.paper.title or "")
        signers = self.signers
        if len(named) == 1 and len(signers) > 1 and plain_organ(named[0]) == plain_organ("".join(signers)):
            named = signers
        if named and signers and [*map(plain_organ, named)] != [*map(plain_organ, signers)]:
            if len(named) == len(signers) and all(
                plain_organ(full).endswith(plain_organ(short)) for short, full in zip(named, signers, strict=True)
            ):
                named = signers
            else:
                shown = "、".join(named), "、".join(signers)
                self.warn(
                    "issuers_conflict", "issuers", f"标题中的发文机关是“{shown[0]}”，落款是“{shown[1]}”，请确认。"
                )
        elif named and signers and named != signers:
            for name, signer in zip(named, signers, strict=True):
                if name != signer:
                    self.warn("issuer_form_differs", "issuers", f"落款写作“{signer}”，已采用标题中的“{name}”，请核对。")
        self.paper.issuers = named or signers or self.letterhead
        if not self.paper.issuers and self.page.get("issuers"):
            self.paper.issuers = split_organs(self.page["issuers"])
        if not self.paper.issuers:
            self.warn("issuers_missing", "issuers", "没有识别出发文机关，请填写。")
        for name in self.paper.issuers:
            if may_be_several(name):
                self.warn("issuer_unclear", "issuers", f"“{name}”可能是连写的几个机关，请分开填写。")

    def settle_dates(self) -> None:
        paper, page = self.paper, self.page
        if self.signed:
            paper.written_on = self.signed[0]
        elif page.get("written_on"):
            paper.written_on = find_web_date(page["written_on"])
        if len(set(self.signed)) > 1:
            shown = "、".join(day.isoformat() for day in dict.fromkeys(self.signed))
            self.warn("written_on_several", "written_on", f"文中有几个落款日期（{shown}），已采用第一个，请确认。")
        if self.impossible_date:
            self.warn("date_impossible", "written_on", "落款日期在日历上不存在，请核对原文。")
        elif paper.written_on is None:
            noted = next((block for block in paper.blocks if block.kind == "note" and find_date(block.text)), None)
            hint = f"（题注为“{noted.text}”）" if noted else ""
            self.warn("written_on_missing", "written_on", f"没有识别出成文日期{hint}，请填写。")
        if page.get("published_on"):
            paper.published_on = find_web_date(page["published_on"])
            if paper.published_on is None:
                self.warn("published_on_unclear", "published_on", f"发布日期“{page['published_on']}”无法识别，请填写。")


def _joined(lines: list[str]) -> str:
    """A title's lines in one; organs that follow one another keep a space between them."""
    title = lines[0]
    for before, line in zip(lines, lines[1:], strict=False):
        title += f" {line}" if is_organ(before) and is_organ(re.split("关于", line)[0]) else line
    return title


def _issuers_of_title(title: str) -> list[str]:
    before, about, _ = title.partition("关于")
    if not about and (match := re.fullmatch(r"(.+?)(?:公告|通告|令|决定|公报)", title)):
        before, about = match[1], "令"
    names = split_organs(before) if about else []
    return names if all(map(is_organ, names)) else []
