"""Building .docx pages: runs in Chinese faces, exact lines, fields, rules and tables; the same words give the same bytes.

Fonts are named, not embedded: where the reader's machine lacks one, the word processor takes its own.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor, Twips
from docx.text.paragraph import Paragraph

from .office_files import packed
from .typesetting import NOT_XML

FANG, SONG, HEI, KAI, ROMAN = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
FONT_OF = {"fang": FANG, "song": SONG, "hei": HEI, "kai": KAI, "roman": ROMAN}
# What to take where a font is missing, in the order a word processor tries them.
_OTHER_NAMES = {FANG: "仿宋", SONG: "华文中宋", KAI: "楷体"}
BLACK, RED, GREY = RGBColor(0, 0, 0), RGBColor(0xE6, 0x00, 0x12), RGBColor(0x59, 0x59, 0x59)
LEFT, CENTRE, RIGHT, JUSTIFY = (
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)
PITCH = Twips(Mm(225).twips // 22)  # 22 lines on 225 mm: rounded down, or the last would not fit
_NONE = Pt(0)
# Properties once built are copied: a long paper has a handful of kinds of paragraphs. Filled with numbers of our own only.
MOST_KEPT = 500
_layouts: dict[tuple[Any, ...], Any] = {}
_faces: dict[tuple[Any, ...], Any] = {}


def new_document() -> Any:
    """An empty document that speaks Chinese and keeps no more space between paragraphs than it is told."""
    document = Document()
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FANG, Pt(16)
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), FANG)
    layout = normal.paragraph_format
    layout.space_before = layout.space_after = _NONE
    layout.widow_control = False
    language = document.styles.element.find(f".//{qn('w:lang')}")
    if language is not None:
        language.set(qn("w:val"), "zh-CN")
        language.set(qn("w:eastAsia"), "zh-CN")
    return document


def set_page(section: Any, *, top: float, bottom: float, left: float, right: float, landscape: bool = False) -> None:
    """A4 with margins in millimetres."""
    section.page_width, section.page_height = (Mm(297), Mm(210)) if landscape else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.top_margin, section.bottom_margin = Mm(top), Mm(bottom)
    section.left_margin, section.right_margin = Mm(left), Mm(right)


def set_grid(section: Any) -> None:
    """22 lines of 28 characters of 16 pt on 156 x 225 mm."""
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    grid = OxmlElement("w:docGrid")
    grid.set(qn("w:type"), "linesAndChars")
    grid.set(qn("w:linePitch"), str(PITCH.twips))
    grid.set(qn("w:charSpace"), str(round((Mm(156).pt / 28 - 16) * 4096)))
    section._sectPr.append(grid)


def add_paragraph(
    container: Any,
    *runs: tuple[str, str],
    size: float = 16,
    align: Any = JUSTIFY,
    first: float = 0,
    left: float = 0,
    right: float = 0,
    before: float = 0,
    after: float = 0,
    line: float | None = None,
    **how: Any,
) -> Any:
    """A paragraph of (text, font) runs. Lengths in points; ``line`` is the exact pitch, by default that of the page."""
    made = container.add_paragraph()
    return fill(
        made,
        *runs,
        size=size,
        align=align,
        first=first,
        left=left,
        right=right,
        before=before,
        after=after,
        line=line,
        **how,
    )


def fill(
    paragraph: Any,
    *runs: tuple[str, str],
    size: float,
    align: Any,
    first: float = 0,
    left: float = 0,
    right: float = 0,
    before: float = 0,
    after: float = 0,
    line: float | None = None,
    **how: Any,
) -> Any:
    key = (align, first, left, right, before, after, line, size if line is None else 0)
    bare = paragraph._p.pPr is None
    if bare and key in _layouts:
        paragraph._p.insert(0, deepcopy(_layouts[key]))
    else:
        layout = paragraph.paragraph_format
        layout.alignment = align
        layout.first_line_indent, layout.left_indent, layout.right_indent = Pt(first), Pt(left), Pt(right)
        layout.space_before, layout.space_after = Pt(before), Pt(after)
        layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        layout.line_spacing = Pt(line) if line is not None else PITCH if size <= 16 else Pt(size + 13)
        if bare and len(_layouts) < MOST_KEPT:
            _layouts[key] = deepcopy(paragraph._p.pPr)
    for text, font in runs:
        if text:
            add_run(paragraph, text, font, size, **how)
    return paragraph


def add_run(
    paragraph: Any,
    text: str,
    font: str,
    size: float,
    *,
    bold: bool = False,
    colour: Any = BLACK,
    narrowed: int = 100,
) -> Any:
    """Text in a face. ``narrowed``: width of its characters in per cent."""
    run = paragraph.add_run(NOT_XML.sub("", text).replace("\u200b", ""))
    key = (font, size, bold, str(colour), narrowed)
    if key in _faces:
        run._element.insert(0, deepcopy(_faces[key]))
        return run
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, font
    run.font.color.rgb = colour
    properties = run._element.get_or_add_rPr()
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if narrowed != 100:
        scale = OxmlElement("w:w")
        scale.set(qn("w:val"), str(narrowed))
        properties.insert_element_before(scale, "w:kern", "w:position", "w:sz", "w:szCs", "w:highlight", "w:u")
    if len(_faces) < MOST_KEPT:
        _faces[key] = deepcopy(properties)
    return run


def add_field(paragraph: Any, name: str, size: float, font: str = ROMAN) -> None:
    """A field that the word processor fills in, such as PAGE."""
    for kind, text in (("begin", ""), ("", name), ("end", "")):
        run = add_run(paragraph, "", font, size)
        mark = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark.text = text
        run._element.append(mark)


def add_borders(paragraph: Any, **sides: tuple[str, int, str]) -> None:
    """Rules of a paragraph: side = (kind, eighths of a point, colour)."""
    borders = OxmlElement("w:pBdr")
    for side in ("top", "bottom"):
        if side in sides:
            kind, weight, colour = sides[side]
            element = OxmlElement(f"w:{side}")
            for name, value in (("val", kind), ("sz", str(weight)), ("space", "4"), ("color", colour)):
                element.set(qn(f"w:{name}"), value)
            borders.append(element)
    properties = paragraph._element.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:snapToGrid", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def add_table(
    document: Any,
    cells: Sequence[Sequence[str]],
    widths: Sequence[float],
    *,
    size: float,
    head: int = 1,
    align: Any = CENTRE,
) -> Any:
    """A table with thin rules on ``widths`` in points; its first ``head`` rows come again on every page."""
    table = document.add_table(rows=len(cells), cols=len(widths))
    table.style = document.styles["Table Grid"]
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    for number, (row, words) in enumerate(zip(table.rows, cells, strict=True)):
        properties = row._tr.get_or_add_trPr()
        whole = OxmlElement("w:cantSplit")
        properties.append(whole)
        if number < head:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, text, width in zip(row._tr.tc_lst, words, widths, strict=True):
            cell.width = Pt(width)
            _fill_cell(cell, text, HEI if number < head else FANG, size, CENTRE if number < head else align)
    return table


def _fill_cell(cell: Any, text: str, font: str, size: float, align: Any) -> None:
    paragraph = Paragraph(cell.p_lst[0], None)  # type: ignore[arg-type]
    fill(paragraph, (text, font), size=size, align=align, line=size + 5, before=2, after=2)


def finished(document: Any, *, title: str, author: str, at: datetime) -> bytes:
    """The bytes of a document that says who and when, and nothing else about its making."""
    about = document.core_properties
    about.title, about.author, about.last_modified_by = plain(title), plain(author), ""
    about.comments = about.keywords = about.subject = about.category = ""
    about.created = about.modified = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    about.revision = 1
    _name_fonts(document)
    out = io.BytesIO()
    document.save(out)
    with zipfile.ZipFile(out) as package:
        return packed({name: package.read(name) for name in sorted(package.namelist())})


def plain(text: str) -> str:
    """Text as the properties of a document can hold it."""
    return NOT_XML.sub("", text)[:255]


def _name_fonts(document: Any) -> None:
    """Tell the word processor what else a font is called, in the part where it looks."""
    for relation in document.part.rels.values():
        if relation.reltype.endswith("/fontTable"):
            names = "".join(
                f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
                for name, other in _OTHER_NAMES.items()
            )
            space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
            relation.target_part._blob = (
                f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts xmlns:w="{space}">{names}</w:fonts>'
            ).encode()
