"""A paper read from a PDF reads as it was written; what nobody sees in the file is told, and traps are refused."""

import io
import zipfile
import zlib
from datetime import date

import pytest
from pypdf import PdfReader, PdfWriter, Transformation
from pypdf.generic import RectangleObject
from tests.text.pdf_making import (
    altered,
    drawn,
    joined,
    scanned,
    typeset,
    with_bookmark,
    with_form_field,
    with_note,
    with_property,
)

from mingtang.text.papers import parse_paper
from mingtang.text.pdf_text import garbled
from mingtang.text.uploads import UploadedText, UploadError, read_upload

LONG = "申请人应当提交申请表和有关证明材料，学校受理后在二十个工作日内组织评议并将结果在校内公示，公示无异议的报市教育局备案。"
ID_NUMBER = "11010519491231002X"
PAPER = f"""
#align(center, text(22pt)[云滩市教育局关于做好\\ 义务教育补助工作的通知])
#align(center)[云教发〔2017〕12号]

#par(first-line-indent: 0em)[各区教育局，各有关学校：]

为做好补助工作，现就有关事项通知如下。

一、总体要求

（一）明确对象。{LONG * 6}

（二）规范程序。{LONG * 6}

二、保障措施

{LONG * 4}

#align(right)[云滩市教育局]
#align(right)[2017年1月25日]
"""


@pytest.fixture(scope="module")
def paper() -> bytes:
    return typeset(PAPER, header="[云滩市政府文件汇编 第#context counter(page).display()页]")


def codes(upload: UploadedText) -> set[str]:
    return {one.code for one in upload.warnings}


def refused(data: bytes, name: str = "a.pdf") -> str:
    with pytest.raises(UploadError) as raised:
        read_upload(name, data)
    assert "请" in raised.value.message or "不能" in raised.value.message
    return raised.value.code


def test_a_paper_reads_as_it_was_written(paper: bytes) -> None:
    upload = read_upload("通知.pdf", paper)
    assert upload.kind == "pdf"
    lines = upload.text.split("\n")
    assert f"（一）明确对象。{LONG * 6}" in lines  # the lines of a paragraph are one again, over the page's end too
    assert f"（二）规范程序。{LONG * 6}" in lines
    assert not any("汇编" in line or line.strip("— ").isdigit() for line in lines)
    read = parse_paper(upload.text)
    assert (read.title, read.document_number) == ("云滩市教育局关于做好义务教育补助工作的通知", "云教发〔2017〕12号")
    assert (read.issuers, read.written_on) == (["云滩市教育局"], date(2017, 1, 25))
    assert (len(read.chapters), len(read.articles)) == (2, 2)
    assert not codes(upload)


def test_a_table_keeps_its_rows(paper: bytes) -> None:
    table = "#table(columns: (4cm, 4cm, 4cm), [项目], [数量], [单位], [甲类], [12], [套], [乙类], [30], [台])"
    text = read_upload("a.pdf", typeset(f"{PAPER}\n#pagebreak()\n附件\n\n{table}")).text
    assert "项目\t数量\t单位\n甲类\t12\t套\n乙类\t30\t台" in text


def test_two_columns_are_read_one_after_the_other() -> None:
    words = ["左栏" + LONG * 5, "右栏" + LONG * 5]
    text = read_upload(
        "a.pdf", typeset(f"#set page(columns: 2)\n#set text(size: 9pt)\n{words[0]}\n#colbreak()\n{words[1]}")
    ).text
    assert text.replace("\n", "") == "".join(words)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_is_turned_to_be_read(paper: bytes, degrees: int) -> None:
    def turn(writer: PdfWriter) -> None:
        for page in writer.pages:
            width, height = float(page.mediabox.width), float(page.mediabox.height)
            moved = {90: (height, 0), 180: (width, height), 270: (0, width)}[degrees]
            page.add_transformation(Transformation().rotate(degrees).translate(*moved))
            if degrees != 180:
                page.mediabox = page.cropbox = RectangleObject((0, 0, height, width))
            page.rotate(degrees)

    assert read_upload("a.pdf", altered(paper, turn)).text == read_upload("a.pdf", paper).text


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (f"#text(fill: white)[身份证号{ID_NUMBER}]", "与底色相同的文字"),
        (f"#text(size: 1pt)[身份证号{ID_NUMBER}]", "极小的文字"),
        (f"#place(dx: -20cm)[身份证号{ID_NUMBER}]", "页面之外的文字"),
        (f"#place[身份证号{ID_NUMBER}]\n#place(rect(width: 15cm, height: 1cm, fill: black))", "被遮盖的文字"),
        (f"#text(fill: rgb(0, 0, 0, 1))[身份证号{ID_NUMBER}]", "与底色相同的文字|透明文字"),
    ],
)
def test_text_that_nobody_sees_is_told_and_left_out(words: str, place: str) -> None:
    upload = read_upload("a.pdf", typeset(f"{PAPER}\n\n{words}"))
    assert ID_NUMBER not in upload.text
    (found,) = upload.hidden
    assert found.kind == "resident_id"
    assert any(found.place.endswith(each) for each in place.split("|"))
    assert {"hidden_text_dropped", "hidden_personal_data"} <= codes(upload)


def test_white_words_on_a_dark_ground_are_read() -> None:
    upload = read_upload("a.pdf", typeset(f"{PAPER}\n\n#block(fill: navy, inset: 8pt, text(fill: white)[醒目的提示])"))
    assert "醒目的提示" in upload.text
    assert not upload.hidden


@pytest.mark.parametrize(
    ("add", "place"),
    [(with_bookmark, "书签"), (with_property, "文件属性"), (with_note, "批注"), (with_form_field, "表单")],
)
def test_personal_data_beside_the_text_is_told(paper: bytes, add, place: str) -> None:  # type: ignore[no-untyped-def]
    upload = read_upload("a.pdf", add(paper, f"联系人身份证号{ID_NUMBER}"))
    assert [(one.place, one.kind, one.sample) for one in upload.hidden] == [
        (place, "resident_id", "110105********002X")
    ]
    assert ID_NUMBER not in upload.text


def test_a_scan_is_refused_with_what_to_do() -> None:
    with pytest.raises(UploadError) as raised:
        read_upload("a.pdf", scanned(3))
    assert raised.value.code == "scanned"
    assert "附件" in raised.value.message


def test_scanned_pages_among_others_are_named(paper: bytes) -> None:
    upload = read_upload("a.pdf", joined(paper, scanned(1)))
    (warning,) = [one for one in upload.warnings if one.code == "scanned_pages"]
    pages = len(PdfReader(io.BytesIO(paper)).pages)
    assert f"第{pages + 1}页" in warning.message


def test_letters_that_say_something_else_than_what_is_seen_are_refused() -> None:
    codes_of = range(65, 91)
    strange = {code: chr(0x4E00 + 767 * (code - 64)) for code in codes_of}
    letters = "".join(map(chr, codes_of)) * 2
    assert refused(drawn(f"BT /F1 12 Tf 50 700 Td ({letters}) Tj ET", mapped=strange)) == "garbled"
    private = {code: chr(0xE000 + code) for code in codes_of}
    assert refused(drawn(f"BT /F1 12 Tf 50 700 Td ({letters}) Tj ET", mapped=private)) == "garbled"


def test_what_counts_as_writing() -> None:
    assert not garbled(LONG)
    assert not garbled("Notice of the General Office on opening government affairs")
    assert not garbled("ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ" * 4)
    assert garbled("!\"#$%&'()*+,-./:;<=>?@[]" * 3)


def test_broken_encrypted_and_double_files_are_refused(paper: bytes) -> None:
    assert refused(paper[: len(paper) // 2]) == "malformed"
    assert refused(altered(paper, lambda writer: writer.encrypt("secret"))) == "encrypted"
    assert refused(altered(paper, lambda writer: writer.encrypt("", "owner"))) == "encrypted"
    assert refused(b"GIF89a" + paper) == "polyglot"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("word/document.xml", "x")
    assert refused(paper + archive.getvalue()) == "polyglot"
    assert refused(paper + b"MZ" + b"\x90" * 500) == "polyglot"


def test_a_page_that_swells_when_opened_is_bounded() -> None:
    bomb = zlib.compress(b"\x00" * (1 << 20), 9)
    packed = zlib.compress(b" " * (512 << 20), 9)  # half a gigabyte of nothing, in half a megabyte
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    from pypdf.generic import EncodedStreamObject, NameObject

    content = EncodedStreamObject()
    content._data = packed
    content[NameObject("/Filter")] = NameObject("/FlateDecode")
    page[NameObject("/Contents")] = writer._add_object(content)
    out = io.BytesIO()
    writer.write(out)
    assert len(bomb) < 1 << 20
    assert refused(out.getvalue()) in ("too_much", "empty", "malformed")
