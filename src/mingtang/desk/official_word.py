"""An official paper as .docx in the layout of GB/T 9704-2012, from the same content as the PDF."""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from mingtang.text import word
from mingtang.text.official import LETTER, ORDER, UPWARD
from mingtang.text.word import CENTRE, FANG, FONT_OF, HEI, JUSTIFY, KAI, LEFT, PITCH, RED, RIGHT, ROMAN, SONG

EM = 16.0
LINE = PITCH.pt
WIDTH = Mm(156).pt
RED_HEX = "E60012"


def official_docx(content: Mapping[str, Any], pictures: Mapping[str, bytes], at: datetime) -> bytes:
    """The paper's bytes. ``content`` is what ``documents.official.official_content`` gives; ``at`` dates the file."""
    return _Writer(content, pictures).written(at)


class _Writer:
    def __init__(self, content: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
        self.content, self.pictures = content, pictures
        self.form = content["form"]
        self.document = word.new_document()
        self.section = self.document.sections[0]

    def written(self, at: datetime) -> bytes:
        self.page()
        self.letterhead()
        self.title()
        content = self.content
        if content["addressees"] and not content["addressees_below"]:
            self.add((content["addressees"], FANG))
        for row in content["rows"]:
            self.row(row)
        self.listed()
        self.attendance()
        self.signature()
        for note in content["notes"]:
            self.add((note, FANG), first=2 * EM)
        for annex in content["annexes"]:
            self.annex(annex)
        self.imprint()
        return word.finished(self.document, title=content["title"][0], author="、".join(content["issuers"]), at=at)

    def add(self, *runs: tuple[str, str], **how: Any) -> Any:
        return word.add_paragraph(self.document, *runs, **how)

    def blank(self, lines: int = 1) -> None:
        for _ in range(lines):
            self.add()

    def page(self) -> None:
        """Page, grid, page numbers outside on both sides, and the word that this is a draft."""
        section = self.section
        word.set_page(section, top=37, bottom=35, left=28, right=26)
        word.set_grid(section)
        section.footer_distance, section.header_distance = Mm(22.5), Mm(14)
        self.document.settings.odd_and_even_pages_header_footer = True
        section.different_first_page_header_footer = self.form == LETTER
        for footer, align in ((section.footer, RIGHT), (section.even_page_footer, LEFT)):
            number = word.fill(footer.paragraphs[0], ("— ", ROMAN), size=14, align=align, left=14, right=14, line=16)
            word.add_field(number, "PAGE", 14)
            word.add_run(number, " —", ROMAN, 14)
        headers = [section.header, section.even_page_header]
        if self.form == LETTER:
            headers.append(section.first_page_header)
            section.first_page_header.is_linked_to_previous = False
            rule = word.fill(section.first_page_footer.paragraphs[0], size=2, align=CENTRE, line=4, left=-23, right=-17)
            word.add_borders(rule, bottom=("thinThickSmallGap", 24, RED_HEX))
        for header in headers:
            if self.content["warning"]:
                word.fill(header.paragraphs[0], (self.content["warning"], HEI), size=10.5, align=CENTRE, line=14)

    def letterhead(self) -> None:
        content = self.content
        security = [
            (text, font)
            for text, font in ((content["copy_number"], FANG), (content["secrecy"], HEI), (content["urgency"], HEI))
            if text
        ]
        if self.form == LETTER:
            self.mark(38, before=0)
            word.add_borders(self.document.paragraphs[-1], bottom=("thickThinSmallGap", 24, RED_HEX))
            first = security[0] if security else ("", FANG)
            line = self.add(first, before=10, align=LEFT)
            line.paragraph_format.tab_stops.add_tab_stop(Pt(WIDTH), WD_TAB_ALIGNMENT.RIGHT)
            word.add_run(line, f"\t{content['number']}", FANG, EM)
            for mark in security[1:]:
                self.add(mark, align=LEFT)
            return
        for mark in security:
            self.add(mark, align=LEFT)
        down = Mm(20 if self.form == ORDER else 35).pt - len(security) * LINE
        self.mark(42 if self.form == ORDER else 50, before=max(0.0, down))
        self.blank(2)
        if self.form == UPWARD:
            number = self.upward_number()
        else:
            number = self.add((content["number"], FANG), align=CENTRE)
        if self.form != ORDER:
            word.add_borders(number, bottom=("single", 8, RED_HEX))

    def mark(self, most: float, *, before: float) -> None:
        """The name of the issuing organ in red, narrowed to the width of the text."""
        names, suffix = self.content["mark"], self.content["suffix"]
        size = min(most, max(22.0, Mm(58).pt / (len(names) * 1.28)))
        if len(names) == 1:
            self.mark_line(f"{names[0]}{suffix}", size, before)
            return
        longest = max(map(len, names))
        ratio = min(1.0, (WIDTH - 11) / ((longest + (2.6 if suffix else 0)) * size))
        widths = [longest * size * ratio + 11, 2.6 * size * ratio]
        table = self.document.add_table(rows=len(names), cols=2 if suffix else 1)
        table.autofit, table.alignment = False, WD_TABLE_ALIGNMENT.CENTER
        for column, width in zip(table.columns, widths, strict=False):
            column.width = Pt(width)
        if before > 0:
            spacer = OxmlElement("w:p")
            table._tbl.addprevious(spacer)
            word.fill(Paragraph(spacer, self.document._body), size=EM, align=LEFT, line=before)
        for index, name in enumerate(names):
            cell = table.cell(index, 0)
            cell.width = Pt(widths[0])
            line = word.fill(cell.paragraphs[0], size=size, align=WD_ALIGN_PARAGRAPH.DISTRIBUTE, line=size * 1.28)
            word.add_run(line, name, SONG, size, colour=RED, narrowed=round(100 * ratio))
        if suffix:
            merged = table.cell(0, 1).merge(table.cell(len(names) - 1, 1))
            merged.width, merged.vertical_alignment = Pt(widths[1]), WD_ALIGN_VERTICAL.CENTER
            line = word.fill(merged.paragraphs[0], size=size, align=CENTRE, line=size * 1.28)
            word.add_run(line, suffix, SONG, size, colour=RED, narrowed=round(100 * ratio))

    def mark_line(self, text: str, size: float, before: float) -> None:
        ratio = min(1.0, (WIDTH - 11) / (len(text) * size))
        if ratio < 0.6:
            size, ratio = size * ratio / 0.6, 0.6
        line = self.add(align=CENTRE, before=before, line=size * 1.1)
        word.add_run(line, text, SONG, size, colour=RED, narrowed=round(100 * ratio))

    def upward_number(self) -> Any:
        """Number left, signers right, two to a line; the number on the line of the last signer."""
        pairs = [self.content["signers"][place : place + 2] for place in range(0, len(self.content["signers"]), 2)]
        for place, pair in enumerate(pairs or [[]]):
            last = place == len(pairs or [[]]) - 1
            line = self.add((self.content["number"] if last else "", FANG), align=LEFT, left=EM, right=EM)
            line.paragraph_format.tab_stops.add_tab_stop(Pt(WIDTH - 13 * EM))
            line.paragraph_format.tab_stops.add_tab_stop(Pt(WIDTH - 9 * EM))
            word.add_run(line, "\t" + ("签发人：" if place == 0 else ""), FANG, EM)
            word.add_run(line, "\t" + "\u3000".join(pair), KAI, EM)
        return line

    def title(self) -> None:
        lines = self.content["title_lines"]
        self.blank(2)
        for number, text in enumerate(lines):
            made = self.add((text, SONG), size=22, align=CENTRE, line=35)
            if number == 0:
                made.style = self.document.styles["Title"]
                for border in made.style.element.iter(qn("w:pBdr")):
                    border.getparent().remove(border)
                    break
        if lines:
            self.blank()

    def row(self, row: Mapping[str, Any]) -> None:
        if row["kind"] == "table":
            total = sum(row["widths"])
            size = 9 if row["columns"] > 7 else 12
            word.add_table(self.document, row["cells"], [width * WIDTH / total for width in row["widths"]], size=size)
            return
        if row["kind"] == "picture":
            made = self.add(align=CENTRE)
            made.paragraph_format.line_spacing = 1.0
            made.add_run().add_picture(io.BytesIO(self.pictures[row["file"]]), width=Pt(WIDTH))
            return
        align = {"center": CENTRE, "right": RIGHT}.get(row["align"], JUSTIFY)
        made = self.add(
            (row["lead"], FONT_OF[row["face"]]),
            (row["text"], FANG),
            align=align,
            first=2 * EM if row["indent"] else 0,
            right=4 * EM if row["align"] == "right" else 0,
        )
        if row["kind"] == "heading":
            outline = OxmlElement("w:outlineLvl")
            outline.set(qn("w:val"), str(row["level"] - 1))
            made._element.get_or_add_pPr().append(outline)
            made.paragraph_format.keep_with_next = True

    def listed(self) -> None:
        names = self.content["listed"]
        if names:
            self.blank()
        if len(names) == 1:
            self.add((f"附件：{names[0]}", FANG), left=5 * EM, first=-3 * EM)
            return
        for number, name in enumerate(names, 1):
            lead = "附件：" if number == 1 else "\u3000\u3000\u3000"
            self.add((f"{lead}{number}.{name}", FANG), left=6 * EM, first=-4 * EM, align=LEFT)

    def attendance(self) -> None:
        for place, (label, people) in enumerate(self.content["attendance"]):
            if place == 0:
                self.blank()
            self.add((f"{label}：", HEI), (people, FANG), left=5 * EM, first=-3 * EM)

    def signature(self) -> None:
        content = self.content
        names, date, long = content["signature"], content["date"], max(map(_width, content["signature"]), default=0.0)
        day = _width(date)
        if not names and not date and not content["signer"]:
            return
        self.blank(2 if content["seal"] else 1)
        if content["signer"]:
            self.add(
                (f"{content['signer_title']}\u3000\u3000", FANG), (content["signer"], KAI), align=RIGHT, right=4 * EM
            )
            self.blank()
            self.add((date, FANG), align=RIGHT, right=4 * EM)
        elif len(names) > 1 and content["seal"]:
            self.seals(names, date, long)
        else:
            if content["seal"]:
                before, after = max(0.0, 4 + day / 2 - long / 2), max(4.0, long / 2 - day / 2)
            elif day > long:
                before, after = 4 + day - long, 2.0
            else:
                before, after = 2.0, max(0.0, long - day)
            for name in names:
                self.add(
                    (name, FANG), align=RIGHT, right=(before + (long - _width(name)) / 2) * EM
                ).paragraph_format.keep_with_next = True
            self.add((date, FANG), align=RIGHT, right=after * EM)

    def seals(self, names: list[str], date: str, long: float) -> None:
        """Rows of names with room for seals between them; the date under the last."""
        across = min(len(names), 3 if long < 9 else 2 if long < 13.5 else 1)
        whole = len(names) - len(names) % across
        cells = [*names[:whole], *[""] * (-len(names) % across), *names[whole:]]
        table = self.document.add_table(rows=0, cols=across)
        for start in range(0, len(cells), across):
            row = table.add_row()
            last = start + across >= len(cells)
            for cell, name in zip(row.cells, cells[start : start + across], strict=True):
                word.fill(
                    cell.paragraphs[0], (name, FANG), size=EM, align=CENTRE, after=0 if last else Mm(45).pt - LINE
                )
            if last and date:
                word.add_paragraph(row.cells[-1], (date, FANG), align=CENTRE)

    def annex(self, annex: Mapping[str, Any]) -> None:
        first = self.add((annex["head"], HEI), align=LEFT)
        first.paragraph_format.page_break_before = True
        if annex["head"]:
            self.blank()
        for text in annex["title"]:
            self.add((text, SONG), size=22, align=CENTRE, line=35)
        if annex["title"]:
            self.blank()
        for row in annex["rows"]:
            self.row(row)

    def imprint(self) -> None:
        """A frame on the bottom margin of the last page. Only who sees the pages can move it to an even one."""
        content = self.content
        below = content["addressees"].rstrip("：") if content["addressees_below"] else ""
        sent = [(label, words) for label, words in (("主送", below), ("抄送", content["copies"])) if words]
        printed = content["printed_by"] or content["printed_on"]
        if not sent and not printed:
            return
        rules = self.form != LETTER
        lines = []
        for label, words in sent:
            lines.append(
                self.add((f"{label}：{words}。", FANG), size=14, left=14 + 3 * 14, first=-3 * 14, right=14, line=20)
            )
        if printed:
            line = self.add((content["printed_by"], FANG), size=14, left=14, right=14, align=LEFT, line=20)
            line.paragraph_format.tab_stops.add_tab_stop(Pt(WIDTH - 14), WD_TAB_ALIGNMENT.RIGHT)
            if content["printed_on"]:
                word.add_run(line, f"\t{content['printed_on']}印发", FANG, 14)
            lines.append(line)
        if rules:
            for place, line in enumerate(lines):
                sides = {}
                if place == 0:
                    sides["top"] = ("single", 8, "000000")
                if place == len(lines) - 1:
                    sides["bottom"] = ("single", 8, "000000")
                if printed and sent and place == len(lines) - 1:
                    sides["top"] = ("single", 6, "000000")
                word.add_borders(line, **sides)
        for line in lines:
            _at_the_bottom(line)


def _width(text: str) -> float:
    """In characters of the text: digits and letters take half."""
    return sum(0.5 if character < "\u2000" else 1.0 for character in text)


def _at_the_bottom(paragraph: Any) -> None:
    """Anchor a paragraph in a frame at the bottom of the text; neighbouring ones share the frame."""
    frame = OxmlElement("w:framePr")
    values = (
        ("w", str(round(WIDTH * 20))),
        ("wrap", "around"),
        ("vAnchor", "margin"),
        ("hAnchor", "margin"),
        ("xAlign", "center"),
        ("yAlign", "bottom"),
    )
    for name, value in values:
        frame.set(qn(f"w:{name}"), value)
    properties = paragraph._element.get_or_add_pPr()
    properties.insert_element_before(
        frame,
        "w:widowControl",
        "w:numPr",
        "w:suppressLineNumbers",
        "w:pBdr",
        "w:shd",
        "w:tabs",
        "w:spacing",
        "w:ind",
        "w:jc",
    )
