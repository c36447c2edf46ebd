"""PDF files as they may be published: read page by page, without scripts, embedded files, earlier versions or metadata."""

from __future__ import annotations

import io
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from threading import Lock
from typing import Any

import pypdfium2
from pypdf import PdfReader, PdfWriter
from pypdf.errors import FileNotDecryptedError

from . import limited
from .passages import Passage
from .uploads import UploadError

LIMIT_PAGES = 3000
LIMIT_SECONDS = 240.0  # for as many pages
_PRINT_AGAIN = "请用“打印”或“导出为PDF”重新生成后上传。"
# The PDF library keeps one state for the whole process.
_one_at_a_time = Lock()
_ACTIVE_ACTIONS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/GoToE", "/RichMediaExecute"}
_ACTIVE_SUBTYPES = {"/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}
_TEXT_KEYS = ("/Contents", "/RC", "/Title", "/V", "/DV", "/TU", "/Alt", "/ActualText", "/URI", "/Subj")


def task(name: str, data: bytes) -> dict[str, Any]:
    """``read`` for the process apart: content in base64, passages and notes as JSON values."""
    content, passages, notes = read(data)
    return {
        "content": b64encode(content).decode("ascii"),
        "passages": [[one.place, one.text, one.visible] for one in passages],
        "notes": notes,
    }


def read_apart(data: bytes) -> tuple[bytes, list[Passage], list[str]]:
    """``read`` in a process with bounded memory and time.

    Raises:
        UploadError: as ``read``, or ``too_much``.
    """
    answer = limited.ask("pdf_file", "", data, seconds=LIMIT_SECONDS)
    passages = [Passage(place, text, visible=visible) for place, text, visible in answer["passages"]]
    return b64decode(answer["content"]), passages, list(answer["notes"])


def read(data: bytes) -> tuple[bytes, list[Passage], list[str]]:
    """The file without metadata, its text by page with what stands in notes and forms, and what a reviewer should know.

    A file with an electronic signature keeps every byte: changing one would break the signature. Its metadata is
    judged instead.

    Raises:
        UploadError: ``malformed``, ``encrypted``, ``active``, ``polyglot`` or ``too_large`` (pages).
    """
    malformed = UploadError("malformed", f"PDF文件已损坏或不规范。{_PRINT_AGAIN}")
    ended = data.rstrip(b"\x00\r\n\t ")
    end = data.rfind(b"%%EOF")
    if end < 0:
        raise malformed
    if len(ended) > end + 5:
        raise UploadError("polyglot", f"PDF文件后面藏着别的内容，可能有害，不能上传。{_PRINT_AGAIN}")
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise _encrypted()
        if len(reader.pages) > LIMIT_PAGES:
            raise UploadError("too_large", f"PDF文件超过{LIMIT_PAGES}页，请拆分后再上传。")
        about = [str(value) for value in (reader.metadata or {}).values()]
        writer = PdfWriter(clone_from=reader)
        writer.pdf_header = reader.pdf_header
        objects = list(_dictionaries(writer))
        _refuse_active(objects)
        passages, notes = _pages(data), []
        hidden = "\n".join(text for one in objects for text in _texts(one))
        if hidden:
            passages.append(Passage("批注、表单或书签", hidden, visible=False))
        if any(one.get("/Type") == "/Sig" or (one.get("/FT") == "/Sig" and "/V" in one) for one in objects):
            passages.append(Passage("文件属性", "\n".join([*about, _xmp(reader)]), visible=False))
            said = "、".join(value for value in about if value.strip())[:200]
            notes.append(f"带电子签名，原样公开，文件属性没有清除{f'：{said}' if said else ''}。")
            content = data
        else:
            content = _without_metadata(writer, objects)
    except UploadError:
        raise
    except FileNotDecryptedError as error:
        raise _encrypted() from error
    except Exception as error:  # whatever a hostile file does to the libraries, a person gets one plain answer
        raise malformed from error
    empty = [number for number, passage in enumerate(passages, 1) if passage.visible and not passage.text.strip()]
    if empty:
        pages = "、".join(map(str, empty[:10])) + ("等" if len(empty) > 10 else "")
        notes.append(f"第{pages}页没有可检查的文字（扫描件或图片），请逐页看一看有没有个人信息。")
    return content, passages, notes


def _encrypted() -> UploadError:
    return UploadError("encrypted", f"PDF文件设有密码或权限限制。{_PRINT_AGAIN}")


def _pages(data: bytes) -> list[Passage]:
    with _one_at_a_time:
        document = pypdfium2.PdfDocument(data)
        try:
            return [Passage(f"第{number}页", _page_text(page)) for number, page in enumerate(document, 1)]
        finally:
            document.close()


def _page_text(page: pypdfium2.PdfPage) -> str:
    textpage = page.get_textpage()
    try:
        text = str(textpage.get_text_range())
    finally:
        textpage.close()
        page.close()
    # A hyphen at the end of a line comes back as U+FFFE or U+0002.
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "").replace("\x02", "")


def _dictionaries(writer: PdfWriter) -> Iterator[Mapping[str, Any]]:
    """Every dictionary of the file, those inside others too."""
    waiting: list[Any] = [one for one in writer._objects if one is not None]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            yield one
            values: Iterable[Any] = dict.values(one)  # type: ignore[arg-type]
            # As they lie in the file: a reference is an object of its own.
            waiting += [value for value in values if isinstance(value, Mapping | list)]
        elif isinstance(one, list):
            waiting += [value for value in list.__iter__(one) if isinstance(value, Mapping | list)]


def _refuse_active(objects: list[Mapping[str, Any]]) -> None:
    for one in objects:
        if "/JS" in one or one.get("/S") in _ACTIVE_ACTIONS or "/XFA" in one or "/AA" in one:
            raise UploadError("active", f"PDF文件带有脚本或自动执行的动作，不能上传。{_PRINT_AGAIN}")
        if one.get("/Subtype") in _ACTIVE_SUBTYPES or "/EmbeddedFiles" in one or one.get("/Type") == "/EmbeddedFile":
            raise UploadError("active", f"PDF文件里嵌有别的文件或音视频，请取出后单独上传。{_PRINT_AGAIN}")


def _texts(one: Mapping[str, Any]) -> Iterator[str]:
    for key in _TEXT_KEYS:
        value = one.get(key)
        if isinstance(value, str) and not value.startswith("/") and len(value) > 4:
            yield value


def _xmp(reader: PdfReader) -> str:
    stream: Any = reader.root_object.get("/Metadata")
    return "" if stream is None else stream.get_object().get_data().decode("utf-8", "replace")


def _without_metadata(writer: PdfWriter, objects: list[Mapping[str, Any]]) -> bytes:
    writer.metadata = None
    for one in objects:
        drop = ["/Metadata", "/PieceInfo", "/LastModified"]
        if one.get("/Type") == "/Annot" and one.get("/Subtype") != "/Widget":
            drop += ["/T", "/CreationDate", "/M"]
        for key in drop:
            if key in one:
                del one[key]  # type: ignore[attr-defined]
    # The emptied properties and earlier versions of pages are still there until nothing refers to them.
    writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
