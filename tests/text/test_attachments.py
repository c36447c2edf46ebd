"""Files to be published: taken by content, freed of metadata, and read wherever text can hide."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import typst
from docx import Document
from docx.oxml import parse_xml
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from pypdf import PdfReader, PdfWriter
from pypdf.actions import JavaScript
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from tests.text.test_uploads import W, repacked, saved

from mingtang.text.attachments import ReadFile, read_attachment, safe_name, unique_name
from mingtang.text.uploads import UploadError

IDENTITY = "11010519491231002X"
MASKED = "110105********002X"


def docx(*paragraphs: str) -> bytes:
    document = Document()
    document.core_properties.author = "王建国"
    document.core_properties.last_modified_by = "李秀英"
    document.core_properties.comments = "内部讨论稿"
    for paragraph in paragraphs:
        if paragraph.startswith("<"):
            document.element.body.insert(-1, parse_xml(paragraph.replace(">", f" {W}>", 1)))
        else:
            document.add_paragraph(paragraph)
    return saved(document)


def xlsx(fill: Callable[[Workbook], None]) -> bytes:
    book = Workbook()
    book.properties.creator = "王建国"
    book.active.title = "名单"  # type: ignore[union-attr]
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf(text: str, change: Callable[[PdfWriter], None] | None = None) -> bytes:
    made = typst.compile(
        f'#set document(author: "王建国", title: "稿")\n#set text(font: "Noto Serif CJK SC")\n{text}'.encode()
    )
    writer = PdfWriter(clone_from=io.BytesIO(made))
    if change:
        change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def png(*chunks: tuple[bytes, bytes], tail: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\x00\x00"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*one) for one in chunks) + pixels + chunk(b"IEND", b"") + tail


def jpeg(*segments: tuple[int, bytes], tail: bytes = b"") -> bytes:
    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    frame = segment(0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34"
    return b"\xff\xd8" + b"".join(segment(*one) for one in segments) + frame + scan + b"\xff\xd9" + tail


def refused(name: str, data: bytes, **options: Any) -> str:
    with pytest.raises(UploadError) as raised:
        read_attachment(name, data, **options)
    assert not raised.value.message.isascii() and (
        "请" in raised.value.message or "可以上传" in raised.value.message or "不能上传" in raised.value.message
    )
    return raised.value.code


def places(file: ReadFile) -> list[tuple[str, str]]:
    return [(finding.place, finding.sample) for finding in file.findings]


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_a_document_is_published_without_its_properties() -> None:
    data = docx("第一条　总则", f"第二条　联系人身份证{IDENTITY}")
    file = read_attachment("通知.docx", data)
    everything = b"".join(parts(file.content).values()).decode("utf-8", "ignore")
    assert "王建国" not in everything and "李秀英" not in everything and "内部讨论稿" not in everything
    assert places(file) == [("正文第2段", MASKED)]
    assert "总则" in file.text and file.media_type.endswith("wordprocessingml.document")
    assert read_attachment("通知.docx", data).sha256 == file.sha256
    assert [p.text for p in Document(io.BytesIO(file.content)).paragraphs][0] == "第一条　总则"


def test_text_hidden_in_a_document_is_found() -> None:
    document = Document()
    document.add_paragraph("正文")
    document.sections[0].footer.paragraphs[0].text = f"经办人身份证{IDENTITY}"
    hidden = document.add_paragraph().add_run("电话13800138000")
    hidden.font.hidden = True
    file = read_attachment("a.docx", saved(document))
    assert ("页脚", MASKED) in places(file)
    assert ("隐藏内容（word/document.xml）", "138****8000") in places(file)
    assert any("隐藏文字" in note for note in file.notes)


def test_comments_go_and_tracked_changes_are_refused() -> None:
    document = Document()
    run = document.add_paragraph("正文").runs[0]
    document.add_comment(run, text=f"此人身份证{IDENTITY}", author="王建国", initials="王")
    file = read_attachment("a.docx", saved(document))
    everything = b"".join(parts(file.content).values()).decode("utf-8", "ignore")
    assert IDENTITY not in everything and "王建国" not in everything and "commentReference" not in everything
    assert file.findings == () and any("批注" in note for note in file.notes)
    assert Document(io.BytesIO(file.content)).paragraphs[0].text == "正文"
    tracked = '<w:p><w:del w:id="1" w:author="a"><w:r><w:delText>旧</w:delText></w:r></w:del></w:p>'
    assert refused("a.docx", docx("正文", tracked)) == "tracked_changes"


def test_every_sheet_row_and_comment_of_a_workbook_is_read() -> None:
    def fill(book: Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        sheet.append(["姓名", "身份证号", "银行卡号"])
        sheet.append(["甲", IDENTITY, "6222020200112233445"])
        sheet.column_dimensions["B"].hidden = True
        sheet["A1"].comment = Comment("电话13800138000", "王建国")
        hidden = book.create_sheet("底表")
        hidden.sheet_state = "hidden"
        hidden["C9"] = 13900139000

    file = read_attachment("名单.xlsx", xlsx(fill))
    found = dict(places(file))
    assert found["工作表“名单”第2行"].startswith(("110105", "6222"))
    assert ("工作表“名单”第2行", MASKED) in places(file)
    assert ("工作表“底表”（隐藏）第9行", "139****9000") in places(file)
    assert ("批注", "138****8000") in places(file)
    assert any("“底表”是隐藏的" in note for note in file.notes) and any("隐藏的行或列" in note for note in file.notes)
    everything = b"".join(parts(file.content).values()).decode("utf-8", "ignore")
    assert "王建国" not in everything
    assert load_workbook(io.BytesIO(file.content))["名单"]["A2"].value == "甲"


def test_a_pdf_loses_its_metadata_and_keeps_its_pages() -> None:
    data = pdf(f"第一页\n#pagebreak()\n身份证{IDENTITY}")
    assert "王建国" in str(PdfReader(io.BytesIO(data)).metadata)
    file = read_attachment("附表.PDF", data)
    reader = PdfReader(io.BytesIO(file.content))
    assert "王建国" not in str(reader.metadata) and "/Metadata" not in reader.root_object
    assert "王建国".encode("utf-16-be") not in file.content and "王建国".encode() not in file.content
    assert places(file) == [("第2页", MASKED)] and "第一页" in file.text
    assert file.name == "附表.pdf" and len(reader.pages) == 2
    assert "/StructTreeRoot" in reader.root_object  # still readable aloud


def test_a_pdf_with_notes_scripts_or_files_inside() -> None:
    def note(writer: PdfWriter) -> None:
        one = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Text"),
                NameObject("/Contents"): TextStringObject(f"身份证{IDENTITY}"),
                NameObject("/T"): TextStringObject("王建国"),
            }
        )
        writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(one)])

    file = read_attachment("a.pdf", pdf("正文", note))
    assert places(file) == [("批注、表单或书签", MASKED)]
    assert "王建国" not in str(PdfReader(io.BytesIO(file.content)).pages[0]["/Annots"][0].get_object())  # type: ignore[index]
    assert refused("a.pdf", pdf("正文", lambda writer: writer.add_open_action(JavaScript("app.alert(1)")))) == "active"
    assert refused("a.pdf", pdf("正文", lambda writer: writer.add_attachment("x.txt", b"x") and None)) == "active"
    assert refused("a.pdf", pdf("正文", lambda writer: writer.encrypt("secret"))) == "encrypted"
    assert refused("a.pdf", pdf("正文") + b"MZ\x90\x00") == "polyglot"
    assert refused("a.pdf", b"GIF89a" + pdf("正文")) in ("wrong_kind", "polyglot")
    assert refused("a.pdf", pdf("正文")[:400]) == "malformed"


def test_a_signed_pdf_keeps_every_byte_and_its_metadata_is_judged() -> None:
    def sign(writer: PdfWriter) -> None:
        writer.add_metadata({"/Subject": f"身份证{IDENTITY}"})
        writer._add_object(DictionaryObject({NameObject("/Type"): NameObject("/Sig")}))
        writer.root_object[NameObject("/Perms")] = DictionaryObject(
            {NameObject("/DocMDP"): writer._add_object(DictionaryObject({NameObject("/Type"): NameObject("/Sig")}))}
        )

    data = pdf("正文", sign)
    file = read_attachment("a.pdf", data)
    assert file.content == data and places(file) == [("文件属性", MASKED)]
    assert any("电子签名" in note for note in file.notes)


def test_a_scan_is_pointed_out() -> None:
    file = read_attachment("a.pdf", pdf("#rect(width: 3cm)"))
    assert any("第1页没有可检查的文字" in note for note in file.notes)


def test_pictures_lose_place_and_author() -> None:
    file = read_attachment("图.png", png((b"tEXt", b"Author\0 tel 13800138000"), (b"eXIf", b"MM"), (b"pHYs", bytes(9))))
    assert b"tEXt" not in file.content and b"eXIf" not in file.content and b"pHYs" in file.content
    assert places(file) == [("图片属性", "138****8000")]
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + b"\0\0\0\0GPS secret"
    file = read_attachment("图.JPEG", jpeg((0xE0, b"JFIF\0"), (0xE1, exif), (0xFE, b"shot by wang")))
    assert file.name == "图.jpg" and file.media_type == "image/jpeg"
    assert b"secret" not in file.content and b"wang" not in file.content
    again = read_attachment("图.jpg", file.content)
    assert again.content == file.content and b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in file.content
    assert read_attachment("图.jpg", jpeg(tail=b"\0" * 9 + b"trailer")).content == jpeg()


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.png", png(tail=b"PK\x03\x04 not really a zip"), "polyglot"),
        ("a.jpg", jpeg(tail=b"<script>alert(1)</script>"), "polyglot"),
        ("a.png", png()[:-20], "malformed"),
        ("a.jpg", jpeg()[:-6], "malformed"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_format"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("a.exe", b"MZ\x90\x00\x03", "wrong_kind"),
        ("a.txt", b"<html><body>x</body></html>", "wrong_kind"),
        ("a.svg", b"<svg onload='x'></svg>", "wrong_kind"),
        ("a.gif", b"GIF89a\x00\x00", "wrong_kind"),
        ("a.rar", b"Rar!\x1a\x07\x00", "archive"),
        ("a.txt", b"", "empty"),
        ("a.txt", b"\x00\x01\x02", "wrong_kind"),
    ],
)
def test_what_is_not_taken(name: str, data: bytes, code: str) -> None:
    assert refused(name, data) == code


def test_office_packages_that_are_not_taken() -> None:
    plain = docx("正文")

    def with_part(name: str, content: bytes = b"x") -> bytes:
        return repacked(plain, lambda files: files.update({name: content}))

    assert refused("a.docx", with_part("word/vbaProject.bin")) == "macro"
    assert refused("a.docx", with_part("word/activeX/activeX1.xml", b"<a/>")) == "macro"
    assert refused("a.docx", with_part("word/embeddings/oleObject1.bin")) == "active"
    assert refused("a.docx", with_part("word/afchunk.mht")) == "active"
    assert refused("a.docx", with_part("word/extra.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")) == "malformed"
    assert refused("a.docx", with_part("word/bomb.xml", b"<a>" + b" " * 40_000_000 + b"</a>")) == "zip_bomb"
    relation = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="x/image" Target="file://server/a.png" TargetMode="External"/></Relationships>'
    assert refused("a.docx", with_part("word/_rels/header9.xml.rels", relation)) == "external"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("a.txt", "x")
    assert refused("a.zip", out.getvalue()) == "archive"
    assert refused("a.zip", plain[:200]) == "malformed"
    assert refused("a.docx", plain, limit_bytes=100) == "too_large"


def test_tables_as_text_are_read_by_column() -> None:
    rows = "姓名,银行卡号\n甲,\n乙,6222020200112233445\n"
    card = "6222021001116245702"
    file = read_attachment("发放表.csv", rows.replace("6222020200112233445", card).encode("gb18030"))
    assert places(file) == [("第3行", "6222***********5702")]
    assert file.content.decode("utf-8-sig").startswith("姓名,银行卡号") and file.media_type == "text/csv; charset=utf-8"
    assert read_attachment("说明.txt", "请照办。".encode()).content == "请照办。".encode()


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("..\\..\\etc\\passwd.pdf", "passwd.pdf"),
        ("../a/补助 标准（2026）.PDF", "补助_标准（2026）.pdf"),
        ("a\u202efdp.exe.pdf", "a_fdp.exe.pdf"),
        ("名单.xls", "名单.pdf"),
        ("e\u0301.pdf", "\u00e9.pdf"),
        (".pdf", "附件.pdf"),
        ("", "附件.pdf"),
        ("v1.2版本说明", "v1.2版本说明.pdf"),
        ('<script>"x".pdf', "script_x.pdf"),
        ("长" * 300 + ".pdf", "长" * 66 + ".pdf"),
    ],
)
def test_names_fit_addresses_and_file_systems(given: str, made: str) -> None:
    assert safe_name(given, "pdf") == made


def test_names_are_unique_and_hold_nobodys_number() -> None:
    assert unique_name("A.pdf", ["a.PDF", "A-2.pdf"]) == "A-3.pdf"
    assert unique_name("b.pdf", ["a.pdf"]) == "b.pdf"
    assert refused(f"王某{IDENTITY}.txt", b"x") == "name_personal"


@pytest.mark.parametrize(
    "make", [lambda: docx("正文"), lambda: xlsx(lambda book: None), lambda: pdf("正文"), png, jpeg]
)
def test_a_damaged_file_is_read_or_refused_with_a_message(make: Callable[[], bytes]) -> None:
    data, chance = make(), Random(4)
    for _ in range(40):
        damaged = bytearray(data[: chance.randrange(1, len(data) + 1)] if chance.random() < 0.3 else data)
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            assert read_attachment("a.bin", bytes(damaged)).content
        except UploadError as error:
            assert error.code and not error.message.isascii()
