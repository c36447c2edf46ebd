"""The .docx of a paper: sections, grid, faces, fields and the order that word processors insist on."""

import io
from typing import Any

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from tests.printing.papers import AT, FORMS, ROWS, content

from mingtang.desk.official_word import official_docx
from mingtang.text.official import paragraph, table

# The order of the standard of the file format; a word processor may refuse a file that keeps another.
PARAGRAPH = """pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs
suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid
spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment textboxTightWrap outlineLvl
divId cnfStyle rPr sectPr pPrChange"""
RUN = """rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid vanish
webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em lang"""
SECTION = """footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType pgNumType
cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid"""
# Stand first, in any order.
FREE = {"headerReference", "footerReference"}
ROW = "cnfStyle divId gridBefore gridAfter wBefore wAfter cantSplit trHeight tblHeader tblCellSpacing jc hidden"


def made(**changes: Any) -> Any:
    return Document(io.BytesIO(official_docx(content(**changes), {}, AT)))


def names(element: Any) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]


def one(document: Any, words: str) -> Any:
    return next(line for line in document.paragraphs if words in line.text)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_page_grid_and_words_in_the_right_order(form: str) -> None:
    cells = {**table([["项目", "金额"], ["道路", "100"]]), "widths": [8, 8]}
    document = made(**FORMS[form], rows=[*ROWS, cells], notes=["（此件公开发布）"])
    section = document.sections[0]
    assert [round(length.mm) for length in (section.page_width, section.page_height)] == [210, 297]
    margins = [section.top_margin, section.bottom_margin, section.left_margin, section.right_margin]
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]
    grid = section._sectPr.find(qn("w:docGrid"))
    assert grid.get(qn("w:type")) == "linesAndChars"
    assert 22 * int(grid.get(qn("w:linePitch"))) <= Mm(225).twips < 23 * int(grid.get(qn("w:linePitch")))
    pitch = 16 + int(grid.get(qn("w:charSpace"))) / 4096
    assert 28 * pitch == pytest.approx(Mm(156).pt, abs=0.01)
    for tag, order in (("pPr", PARAGRAPH), ("rPr", RUN), ("sectPr", SECTION), ("trPr", ROW)):
        known = order.split()
        roots = [document.element, section.footer._element, section.even_page_footer._element]
        for element in (found for root in roots for found in root.iter(qn(f"w:{tag}"))):
            places = [known.index(name) for name in names(element) if name not in FREE]
            assert places == sorted(set(places)), names(element)
    assert document.core_properties.title == content()["title"][0]
    text = "\n".join(line.text for line in document.paragraphs)
    for words in ("现就有关事项通知如下。", "（此件公开发布）", content()["copies"]):
        assert words in text


def test_body_title_and_head_have_size_face_and_pitch() -> None:
    document = made()
    body = one(document, "现就有关事项通知如下")
    layout = body.paragraph_format
    assert layout.first_line_indent == Pt(32) and layout.line_spacing_rule == WD_LINE_SPACING.EXACTLY
    assert 28 < layout.line_spacing.pt < 29
    run = body.runs[0]
    assert run.font.size == Pt(16) and run._element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋_GB2312"
    title = one(document, "通辽市教育局关于课后服务的通知")
    assert title.alignment == WD_ALIGN_PARAGRAPH.CENTER and title.runs[0].font.size == Pt(22)
    assert title.runs[0].font.name == "方正小标宋简体" and title.style.name == "Title"
    head = one(document, "通辽市教育局文件")
    assert head.runs[0].font.color.rgb == RGBColor(0xE6, 0x00, 0x12)
    rule = one(document, "通教发〔2026〕9号")._element.pPr.find(qn("w:pBdr"))
    assert rule[0].get(qn("w:color")) == "E60012"
    heading = one(document, "一、总体要求")
    assert heading.runs[0].font.name == "黑体" and heading._element.pPr.find(qn("w:outlineLvl")) is not None
    lead = one(document, "（一）减材料。")
    assert [run.font.name for run in lead.runs] == ["楷体_GB2312", "仿宋_GB2312"]


def test_pages_are_numbered_on_the_outside() -> None:
    document = made()
    assert document.settings.odd_and_even_pages_header_footer
    section = document.sections[0]
    for footer, align in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        number = footer.paragraphs[0]
        assert number.alignment == align and number.text.replace(" ", "") == "——"
        assert [mark.text for mark in number._element.iter(qn("w:instrText"))] == ["PAGE"]
        assert {run.font.size for run in number.runs if run.text} == {Pt(14)}
    letter = made(**FORMS["letter"]).sections[0]
    assert letter.different_first_page_header_footer
    assert not list(letter.first_page_footer._element.iter(qn("w:instrText")))


def test_long_heads_are_narrowed_and_joint_ones_stand_in_a_table() -> None:
    document = made(mark=["通辽市奈曼旗青龙山镇人民政府综合行政执法局"])
    run = one(document, "综合行政执法局文件").runs[0]
    narrowed = int(run._element.rPr.find(qn("w:w")).get(qn("w:val")))
    assert narrowed < 100 and 22 * run.font.size.pt * narrowed / 100 <= Mm(156).pt + 1
    joint = ["中共通辽市委办公厅", "通辽市人民政府办公厅"]
    document = made(mark=joint, signature=joint)
    head, seals = document.tables
    assert [row.cells[0].text for row in head.rows] == joint and head.rows[0].cells[1].text == "文件"
    assert [cell.text.split("\n")[0] for cell in seals.rows[0].cells] == joint
    assert seals.rows[-1].cells[-1].text.endswith("2026年3月2日")


def test_annexes_break_the_page_and_the_imprint_stands_on_the_lower_edge() -> None:
    annex = {"head": "附件", "title": ["任务分工表"], "rows": [paragraph("另行通知。")]}
    document = made(annexes=[annex], listed=["任务分工表"])
    assert next(line for line in document.paragraphs if line.text == "附件").paragraph_format.page_break_before
    for words in ("抄送：市委办公厅", "2026年3月3日印发"):
        frame = one(document, words)._element.pPr.find(qn("w:framePr"))
        assert frame.get(qn("w:yAlign")) == "bottom" and frame.get(qn("w:vAnchor")) == "margin"
