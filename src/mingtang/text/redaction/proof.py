"""Reading a redacted file again, with other readers than wrote it, to prove that nothing that was cut is left."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import docx as python_docx
import openpyxl
from lxml import etree
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import IndirectObject, NullObject, TextStringObject

from .. import pictures
from ..redact import MARK
from ..uploads import UploadError
from . import images, pdf_layer, pdf_text
from .cuts import Box
from .needles import Needles
from .package import single_texts, texts_of
from .pdf import Plan
from .pdf_kept import readings

_MARKS = set(MARK)
_FRAME = {"/Type", "/Pages"}
_PAGE = {"/Type", "/Parent", "/Contents", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Group"}
_GONE = {
    *("/Annots", "/Outlines", "/AcroForm", "/Names", "/Metadata", "/EmbeddedFiles", "/JavaScript", "/JS", "/Thumb"),
    *("/PieceInfo", "/StructTreeRoot", "/OCProperties", "/OpenAction", "/AA", "/Perms", "/Collection", "/Dests"),
    *("/Alternates", "/LastModified", "/OPI", "/Info", "/Prev", "/XRefStm", "/Encrypt", "/AF"),
}
PDF_CHECKED = (
    "每页文字（按存储顺序和版面顺序）",
    "另一阅读器提取的文字",
    "删减处的像素",
    "全部对象和数据流（解压后）",
    "文件原始字节",
    "文件属性、书签、批注、表单、附件、脚本、缩略图",
    "历史版本",
    "文件名",
)
OFFICE_CHECKED = (
    "全部部件的文字和属性",
    "解压后的字节",
    "批注、修订、隐藏文字、隐藏工作表和行列",
    "文件属性、缩略图、嵌入对象、自定义数据",
    "图片的像素和属性",
    "另一阅读器提取的文字",
    "文件名和部件名",
)
PICTURE_CHECKED = ("删减处的像素", "图片属性和缩略图", "文件原始字节", "图片之后的内容", "文件名")
TEXT_CHECKED = ("全部文字", "文件原始字节", "文件名")


def pdf_remains(data: bytes, plan: Plan) -> list[str]:
    """Where in a redacted PDF something is left; empty when nothing is."""
    found = [] if not plan.needles.in_bytes(data) else ["文件原始字节"]
    if data.count(b"%%EOF") != 1 or data.count(b"startxref") != 1:
        found.append("历史版本")
    with pdf_text.opened(data) as document:
        if len(document) != len(plan.sizes):
            return ["页数"]
        texts = []
        for index in range(len(document)):
            with pdf_text.page_of(document, index) as page:
                read = pdf_text.read_page(page)
            texts.append(read.text)
            if plan.needles.in_text(read.in_lines()[0]):
                found.append(f"第{index + 1}页文字")
            left = [read.text[place] for box in plan.boxes.get(index, ()) for place in _within(read, box)]
            if any(one not in _MARKS and not one.isspace() and one.isprintable() for one in left):
                found.append(f"第{index + 1}页方框内的文字")
        found += [f"第{index + 1}页文字" for index in pdf_text.places_in(texts, plan.needles)]
    try:
        return found + _in_objects(data, plan)
    except Exception:  # what another reader cannot read is not proved
        return [*found, "另一阅读器读不出的内容"]


def _within(read: pdf_text.PageText, box: Box) -> Iterator[int]:
    """Characters whose middle lies in the box."""
    for place, (left, top, right, bottom) in enumerate(read.boxes):
        if box[0] < (left + right) / 2 < box[2] and box[1] < (top + bottom) / 2 < box[3]:
            yield place


def _in_objects(data: bytes, plan: Plan) -> list[str]:
    reader = PdfReader(io.BytesIO(data), strict=True)
    found: list[str] = []
    if set(reader.trailer) - {"/Root", "/Size", "/ID"}:
        found.append("文件尾部")
    if set(reader.root_object) - _FRAME:
        found.append("文件目录")
    for generation, places in reader.xref.items():
        for number in places:
            if number == 0:
                continue
            one = reader.get_object(IndirectObject(number, generation, reader))
            if one is None or isinstance(one, NullObject):
                continue
            found += _in_object(one, plan)
    for index, page in enumerate(reader.pages):
        if set(page) - _PAGE:
            found.append(f"第{index + 1}页附带的内容")
        if index in plan.rebuilt:
            if not _blackened(page, plan, index):
                found.append(f"第{index + 1}页删减处的图像")
        elif plan.needles.in_text(page.extract_text()):
            found.append(f"第{index + 1}页文字")
    return found


def _in_object(one: Any, plan: Plan) -> Iterator[str]:
    waiting = [one]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, TextStringObject | bytes):
            raw = inner if isinstance(inner, bytes) else inner.original_bytes
            if any(plan.needles.in_text(text) for text in (str(inner), *readings(raw))):
                yield "对象里的文字"
        elif isinstance(inner, dict):
            if set(inner) & _GONE:
                yield f"不该保留的内容（{'、'.join(sorted(set(inner) & _GONE))}）"
            for key in dict.keys(inner):
                if plan.needles.in_text(str(key)[1:]):
                    yield "对象里的名称"
            waiting += [value for value in dict.values(inner) if not isinstance(value, IndirectObject)]
            if hasattr(inner, "get_data") and plan.needles.in_bytes(_decoded(inner)):
                yield "数据流"
        elif isinstance(inner, list):
            waiting += [value for value in list.__iter__(inner) if not isinstance(value, IndirectObject)]
        elif isinstance(inner, str) and inner.startswith("/") and plan.needles.in_text(inner[1:]):
            yield "对象里的名称"


def _decoded(stream: Any) -> bytes:
    filters = stream.get("/Filter")
    if filters in ("/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode"):
        return bytes(stream._data)
    return bytes(stream.get_data())


def _blackened(page: Any, plan: Plan, index: int) -> bool:
    boxes = plan.boxes.get(index, [])
    if set(page["/Resources"].get("/XObject", ())) != {"/Im0"}:
        return False
    stream = page["/Resources"]["/XObject"]["/Im0"].get_object()
    width, height = int(stream["/Width"]), int(stream["/Height"])
    scale = pdf_layer.scale_of(*plan.sizes[index])
    if stream["/Filter"] == "/DCTDecode":
        picture = Image.open(io.BytesIO(stream._data)).convert("L")
        edge, limit = 8, 40
    else:
        packed = stream.get_data()
        picture = Image.frombytes("P", (width, height), packed, "raw", "P;2")
        edge, limit = 0, 0
    for box in boxes:
        left, top, right, bottom = pdf_layer.pixels_of(box, scale)
        inner = (left + edge, top + edge, min(right, width) - edge, min(bottom, height) - edge)
        if inner[0] < inner[2] and inner[1] < inner[3]:
            darkest = Image.frombytes("L", picture.size, picture.tobytes()).crop(inner).getextrema()[1]
            if not isinstance(darkest, int | float) or darkest > limit:
                return False
    return True


def office_remains(data: bytes, kind: str, needles: Needles, boxes: dict[str, list[Box | None]]) -> list[str]:
    """Where in a redacted package something is left; empty when nothing is."""
    found = ["文件原始字节"] if needles.in_bytes(data) else []
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        if package.comment or min(part.header_offset for part in package.infolist()):
            found.append("文件前后的内容")
        for part in package.infolist():
            if needles.in_text(part.filename) or part.extra or part.comment:
                found.append("部件名")
            found += [f"{part.filename}" for _ in _in_part(part.filename, package.read(part), needles, boxes)][:1]
    text = _office_text(data, kind)
    if needles.in_text(text):
        found.append("另一阅读器提取的文字")
    return found


def _in_part(name: str, data: bytes, needles: Needles, boxes: dict[str, list[Box | None]]) -> Iterator[str]:
    if needles.in_bytes(data):
        yield name
    lower = name.lower()
    if lower.endswith((".xml", ".rels", ".vml", ".svg")):
        tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, recover=True))
        single = list(single_texts(tree))
        # Run together, texts may join numbers that have nothing to do with each other; then blocks and single texts count.
        joined = needles.in_text("".join(tree.itertext())) or needles.in_text("\n".join(single))
        if joined and any(needles.in_text(text) for text in [texts_of(tree)[0], *single]):
            yield name
        if any(etree.QName(one).localname in ("del", "delText", "moveFrom", "rsid") for one in tree.iter("{*}*")):
            yield name
    elif lower.endswith((".png", ".jpg", ".jpeg", ".jfif")):
        ending = "png" if lower.endswith("png") else "jpg"
        if any(passage.text.strip() for passage in pictures.read(data, ending)[1]):
            yield name
        if name in boxes and not images.is_black(data, boxes[name]):
            yield name


def _office_text(data: bytes, kind: str) -> str:
    if kind == "docx":
        paper = python_docx.Document(io.BytesIO(data))
        lines = [paragraph.text for paragraph in paper.paragraphs]
        lines += [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
        for section in paper.sections:
            lines += [one.text for part in (section.header, section.footer) for one in part.paragraphs]
        about = paper.core_properties
        return "\n".join([*lines, about.author, about.title, about.subject, about.keywords, about.comments])
    book = openpyxl.load_workbook(io.BytesIO(data))
    lines = [str(name) for name in book.defined_names]
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            return MARK + "隐藏工作表"
        lines.append(sheet.title)
        lines += [
            "\t".join("" if value is None else str(value) for value in row) for row in sheet.iter_rows(values_only=True)
        ]
    return "\n".join(lines)


def picture_remains(data: bytes, ending: str, needles: Needles, boxes: Sequence[Box | None]) -> list[str]:
    """Where in a redacted picture something is left; empty when nothing is."""
    found = ["文件原始字节"] if needles.in_bytes(data) else []
    try:
        clean, passages, _ = pictures.read(data, ending)
    except UploadError:
        return [*found, "图片格式"]
    if clean != data or passages:
        found.append("图片属性")
    with Image.open(io.BytesIO(data)) as picture:
        if picture.getexif() or set(picture.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}:
            found.append("图片属性")
    if not images.is_black(data, boxes):
        found.append("删减处的像素")
    return found
