"""A reading copy as .docx: the layout of GB/T 9704-2012 as far as a word processor keeps it."""

from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from mingtang.text.typesetting import NOT_XML
from mingtang.text.word import add_field, finished

# Named fonts of Chinese office programs; where one is missing, the program takes its own.
FANG, SONG, HEI, KAI, MONGOLIAN = "仿宋", "宋体", "黑体", "楷体", "Mongolian Baiti"
RED, GREY = RGBColor(0xB3, 0x00, 0x1B), RGBColor(0x59, 0x59, 0x59)
LINE = Pt(29)  # 22 lines on 225 mm
CENTRE, RIGHT, JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.JUSTIFY


def made(content: dict[str, Any], published_at: datetime, *, vertical: bool) -> bytes:
    """The bytes of a copy of ``content`` (see ``renderings.content_of``). The same content gives the same bytes."""
    document = Document()
    _page(document, content, vertical)
    body = MONGOLIAN if vertical else FANG
    indent = Pt(32) if content["chinese"] else Pt(0)

    def paragraph(*runs: tuple[str, str], align: Any = JUSTIFY, first: Any = indent, size: int = 16, **how: Any) -> Any:
        made_here = document.add_paragraph()
        layout = made_here.paragraph_format
        layout.alignment, layout.first_line_indent = align, first
        layout.space_before = layout.space_after = Pt(0)
        layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, max(LINE, Pt(size + 13))
        for text, font in runs:
            if text:
                _run(made_here, text, font, size, **how)
        return made_here

    none = Pt(0)
    for issuer in content["issuers"]:
        paragraph((issuer, SONG), align=CENTRE, first=none, size=22, bold=True, colour=RED)
    _red_rule(paragraph((content["number"], body), align=CENTRE, first=none))
    paragraph()
    title = paragraph((content["title"], SONG), align=CENTRE, first=none, size=22, bold=True)
    title.style = document.styles["Title"]
    paragraph()
    if content["addressees"]:
        paragraph((content["addressees"], body), first=none)
    for row in content["rows"]:
        if row["kind"] == "heading":
            heading = paragraph((row["lead"] + row["text"], HEI if row["level"] == 1 else KAI))
            heading.style = document.styles[f"Heading {row['level']}"]
        elif row["kind"] == "signature":
            paragraph((row["text"], body), align=RIGHT, first=none)
        else:
            paragraph((row["lead"], KAI), (row["text"], body))
    if content["signature"]:
        paragraph()
    for line in content["signature"]:
        paragraph((line, body), align=RIGHT, first=none)
    for title_of, items in content["after"]:
        paragraph()
        paragraph((title_of, HEI))
        for item in items:
            paragraph((item, body))
    return finished(document, title=content["title"], author="、".join(content["issuers"]), at=published_at)


def _run(paragraph: Any, text: str, font: str, size: int, *, bold: bool = False, colour: Any = None) -> None:
    run = paragraph.add_run(NOT_XML.sub("", text))
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, font
    if colour is not None:
        run.font.color.rgb = colour
    else:
        run.font.color.rgb = RGBColor(0, 0, 0)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _page(document: Any, content: dict[str, Any], vertical: bool) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(20)
    if vertical:
        direction = OxmlElement("w:textDirection")
        direction.set(qn("w:val"), "tbLrV")
        section._sectPr.append(direction)
    number = section.footer.paragraphs[0]
    number.alignment = CENTRE
    _run(number, "— ", SONG, 14)
    add_field(number, "PAGE", 14, SONG)
    _run(number, " —", SONG, 14)
    note = section.footer.add_paragraph()
    note.alignment = CENTRE
    _run(note, content["footer"], SONG, 9, colour=GREY)
    language = document.styles.element.find(f".//{qn('w:lang')}")
    if language is not None:
        for name in ("w:val", "w:eastAsia"):
            language.set(qn(name), {"zh": "zh-CN", "en": "en-GB", "mn": "mn-Mong-CN"}.get(content["lang"], "zh-CN"))


def _red_rule(paragraph: Any) -> None:
    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "8"), ("space", "8"), ("color", "B3001B")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    properties = paragraph._element.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )
