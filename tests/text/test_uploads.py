"""Uploads are judged by content; of a .docx only the text that a reader would see comes in."""

import io
import zipfile
from collections.abc import Callable
from hashlib import sha256

import pytest
from docx import Document
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st

from mingtang.text.uploads import UploadedText, UploadError, read_upload

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
TEXT = "云滩市教育局关于补助的通知\n各区：\n请照办。"


def docx(*paragraphs: str) -> bytes:
    document = Document()
    for paragraph in paragraphs:
        if paragraph.startswith("<"):
            document.element.body.insert(-1, parse_xml(paragraph.replace(">", f" {W}>", 1)))
        else:
            document.add_paragraph(paragraph)
    return saved(document)


def saved(document) -> bytes:  # type: ignore[no-untyped-def]
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def repacked(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


def refused(name: str, data: bytes, **options: int) -> str:
    with pytest.raises(UploadError) as raised:
        read_upload(name, data, **options)
    assert "请" in raised.value.message or "不能" in raised.value.message
    assert not raised.value.message.isascii()
    return raised.value.code


def codes(upload: UploadedText) -> list[str]:
    return [warning.code for warning in upload.warnings]


@pytest.mark.parametrize(
    ("encoding", "warned"),
    [("utf-8", []), ("utf-8-sig", []), ("utf-16", []), ("gb18030", ["encoding_guessed"])],
)
def test_text_in_every_encoding(encoding: str, warned: list[str]) -> None:
    data = TEXT.replace("\n", "\r\n").encode(encoding)
    upload = read_upload("a.txt", data)
    assert (upload.text, upload.kind, codes(upload)) == (TEXT, "txt", warned)
    assert upload.sha256 == sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        (b"%PDF-1.7\n", "malformed"),
        (b"MZ\x90\x00\x03", "wrong_kind"),
        (b"\x7fELF\x02", "wrong_kind"),
        (b"\x89PNG\r\n\x1a\n", "wrong_kind"),
        (b"\xff\xd8\xff\xe0", "wrong_kind"),
        (b"GIF89a", "wrong_kind"),
        (b"BM\x00\x00\x10\x00", "wrong_kind"),
        (b"{\\rtf1\\ansi}", "old_format"),
        (b"Rar!\x1a\x07", "wrong_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "old_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"<!DOCTYPE html><p></p>", "empty"),
        (b"\n <HTML lang=zh>", "empty"),
        (b"<?xml version='1.0'?><w:wordDocument/>", "wrong_kind"),
        ("标题\n<script>alert(1)</script>".encode(), "wrong_kind"),
        (b"abc\x00def", "binary"),
        (b"abc\x07def", "binary"),
        (b"\xff\xff\xff\xff", "undecodable"),
        (b"\xff\xfeabc", "undecodable"),
        (b"PK\x05\x06" + b"\x00" * 18, "wrong_kind"),
        (b"PK\x03\x04 not a zip", "malformed"),
    ],
)
@pytest.mark.parametrize("name", ["paper.docx", "paper.txt", "paper"])
def test_what_cannot_be_taken(name: str, data: bytes, code: str) -> None:
    assert refused(name, data) == code


def test_size_is_limited() -> None:
    assert refused("a.txt", b"a" * 101, limit_bytes=100) == "too_large"
    assert read_upload("a.txt", b"a" * 100, limit_bytes=100).text == "a" * 100


def test_text_that_begins_like_a_program_is_text() -> None:
    assert read_upload("a.txt", "MZ是两个字母，BM也是".encode()).text.startswith("MZ")
    assert read_upload("a.txt", b"PK is a word").kind == "txt"


def test_the_name_decides_nothing() -> None:
    upload = read_upload("paper.docx", TEXT.encode())
    assert (upload.kind, codes(upload)) == ("txt", ["name_differs"])
    upload = read_upload("paper.txt", docx("甲"))
    assert (upload.kind, codes(upload)) == ("docx", ["name_differs"])
    assert codes(read_upload("PAPER.DOCX", docx("甲"))) == []


def test_paragraphs_and_tables_in_order() -> None:
    document = Document()
    document.add_paragraph("一、甲")
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, [("姓名", "事项"), ("某某", "第一行\n第二行")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.add_paragraph("二、乙\t丙")
    upload = read_upload("a.docx", saved(document))
    assert (upload.text, upload.kind, codes(upload)) == (
        "一、甲\n姓名\t事项\n某某\t第一行 第二行\n二、乙\t丙", "docx", [],
    )  # fmt: skip


def test_tracked_changes_read_as_accepted() -> None:
    upload = read_upload(
        "a.docx",
        docx(
            "<w:p><w:r><w:t>经</w:t></w:r><w:ins w:id='1' w:author='x'><w:r><w:t>局</w:t></w:r></w:ins>"
            "<w:del w:id='2' w:author='x'><w:r><w:delText>删去的话</w:delText></w:r></w:del><w:r><w:t>同意</w:t></w:r></w:p>",
            "<w:p><w:pPr><w:rPr><w:del w:id='3' w:author='x'/></w:rPr></w:pPr><w:r><w:t>上半句</w:t></w:r></w:p>",
            "<w:p><w:moveFrom w:id='4'><w:r><w:t>搬走</w:t></w:r></w:moveFrom><w:r><w:t>下半句</w:t></w:r></w:p>",
            "<w:ins w:id='5'><w:p><w:r><w:t>整段插入</w:t></w:r></w:p></w:ins>",
        ),
    )
    assert upload.text == "经局同意\n上半句下半句\n整段插入"
    assert codes(upload) == ["tracked_changes"]


def test_hidden_text_comments_and_fields_stay_out() -> None:
    upload = read_upload(
        "a.docx",
        docx(
            "<w:p><w:commentRangeStart w:id='1'/><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏</w:t></w:r>"
            "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>可见</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
            "<w:hyperlink><w:r><w:t>链接</w:t></w:r></w:hyperlink><w:r><w:noBreakHyphen/><w:br/><w:t>尾</w:t></w:r></w:p>",
            "<w:sdt><w:sdtContent><w:p><w:r><w:t>控件</w:t></w:r></w:p></w:sdtContent></w:sdt>",
            "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/></w:numPr></w:pPr><w:r><w:t>自动</w:t></w:r></w:p>",
        ),
    )
    assert upload.text == "可见链接-\n尾\n控件\n自动"
    assert codes(upload) == ["comments_dropped", "hidden_text_dropped", "automatic_numbering"]


def test_text_boxes_are_read_once() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>云滩市教育局文件</w:t></w:r></w:p></w:txbxContent>"
    upload = read_upload(
        "a.docx",
        docx(
            "<w:p><w:r><w:t>前</w:t></w:r><w:r>"
            '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
            f"<mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
        ),
    )
    assert upload.text == "前\n云滩市教育局文件"


def test_automatic_numbers_by_style_are_asked_for() -> None:
    document = Document()
    document.add_paragraph("甲", style="List Number")
    assert codes(read_upload("a.docx", saved(document))) == ["automatic_numbering"]


def test_other_packages_and_macros() -> None:
    paper = docx("甲")
    assert refused("a.docx", repacked(paper, lambda parts: parts.pop("word/document.xml"))) == "wrong_kind"
    assert refused("a.docx", repacked(paper, lambda parts: parts.update({"word/vbaProject.bin": b"x"}))) == "macro"

    def enable(parts: dict[str, bytes]) -> None:
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
            b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            b"application/vnd.ms-word.document.macroEnabled.main+xml",
        )

    assert refused("a.docx", repacked(paper, enable)) == "macro"


def test_broken_packages() -> None:
    paper = docx("甲" * 1000)
    assert refused("a.docx", paper[: len(paper) // 2]) == "malformed"
    assert (
        refused("a.docx", repacked(paper, lambda parts: parts.update({"word/document.xml": b"<w:docu"}))) == "malformed"
    )
    entity = b'<!DOCTYPE a [<!ENTITY b "cc">]><a>&b;</a>'
    assert refused("a.docx", repacked(paper, lambda parts: parts.update({"word/document.xml": entity}))) == "malformed"
    encrypted = bytearray(paper)
    for place in range(len(encrypted) - 4):
        if encrypted[place : place + 4] == b"PK\x01\x02":
            encrypted[place + 8] |= 1
    assert refused("a.docx", bytes(encrypted)) == "encrypted"
    assert refused("a.docx", docx()) == "empty"


def test_bombs_are_not_unpacked() -> None:
    paper = docx("甲")
    bomb = repacked(paper, lambda parts: parts.update({"word/media/a.bin": b"\x00" * 20_000_000}))
    assert len(bomb) < 100_000
    assert refused("a.docx", bomb) == "zip_bomb"
    many = repacked(paper, lambda parts: parts.update({f"word/media/{number}": b"" for number in range(2100)}))
    assert refused("a.docx", many) == "zip_bomb"
    lying = bytearray(repacked(paper, lambda parts: parts.update({"word/document.xml": b"<a>" + b" " * 20_000_000})))
    honest = (20_000_003).to_bytes(4, "little")
    place = lying.find(honest)
    while place >= 0:
        lying[place : place + 4] = (5000).to_bytes(4, "little")
        place = lying.find(honest)
    assert refused("a.docx", bytes(lying)) == "malformed"


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: b"PK\x03\x04" + tail)))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        upload = read_upload("a.docx", data)
    except UploadError as error:
        assert error.message
    else:
        assert upload.text.strip()


PAPER = docx("云滩市教育局关于补助的通知", "请照办。")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(PAPER) - 1), st.integers(0, 255))
def test_a_flipped_byte_is_read_or_refused(place: int, value: int) -> None:
    data = bytearray(PAPER)
    data[place] = value
    try:
        upload = read_upload("a.docx", bytes(data))
    except UploadError as error:
        assert error.message
    else:
        assert upload.text
