"""The text of a PDF paper as it was written: in reading order, without page furniture, its lines joined to paragraphs.

What nobody sees on the pages (white, tiny, covered or transparent text, bookmarks, notes, form fields, properties) is no
part of the paper; it is handed back apart, to be searched for personal data.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pypdfium2
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError
from pypdf.generic import IndirectObject

from . import pdf_letters, pdf_lines
from .passages import Passage
from .pdf_letters import PageLetters
from .upload_errors import UploadError
from .warning import TextWarning

LIMIT_PAGES = 3000
LIMIT_LETTERS = 5_000_000
_PRINT_AGAIN = "请用“打印”或“导出为PDF”重新生成后上传。"
_FEW_LETTERS = 5
_MANY_SHAPES = 60
_TEXT_KEYS = ("/Contents", "/RC", "/V", "/DV", "/TU", "/Alt", "/ActualText", "/URI", "/Subj", "/T", "/F", "/UF")


def task(name: str, data: bytes) -> dict[str, Any]:
    """``read`` for the process apart: text, warnings and passages as JSON values."""
    text, warnings, beyond = read(data)
    return {
        "text": text,
        "warnings": [[one.code, one.field, one.message] for one in warnings],
        "beyond": [[one.place, one.text] for one in beyond],
    }


def read(data: bytes) -> tuple[str, list[TextWarning], list[Passage]]:
    """Text, what should be looked at, and what stands in the file beyond its visible text.

    Raises:
        UploadError: ``malformed``, ``encrypted``, ``polyglot``, ``too_large``, ``scanned`` (no text at all) or
            ``garbled`` (a text layer that says something else than what is seen).
    """
    check_ends(data)
    try:
        beyond, layers_off = _beyond(data)
        pages = _pages(data, layers_off)
    except (UploadError, MemoryError, RecursionError):
        raise
    except FileNotDecryptedError as error:
        raise _encrypted() from error
    except Exception as error:  # whatever a hostile file does to the libraries, a person gets one plain answer
        raise _malformed() from error
    warnings = list(_judge(pages))
    for number, page in enumerate(pages, 1):
        for why, letters in page.hidden.items():
            beyond.append(Passage(f"第{number}页{why}", pdf_lines.plain(letters), visible=False))
    if any(page.hidden for page in pages):
        warnings.append(TextWarning("hidden_text_dropped", "text", "文件带有看不见的文字，看不见的文字没有导入。"))
    return pdf_lines.paper_text(pages), warnings, beyond


def check_ends(data: bytes) -> None:
    """Refuse a PDF that lacks its end or has something before or behind it.

    Raises:
        UploadError: ``malformed`` or ``polyglot``.
    """
    end = data.rfind(b"%%EOF")
    if not data.startswith(b"%PDF-") or end < 0:
        raise _malformed()
    if len(data.rstrip(b"\x00\r\n\t ")) > end + 5:
        raise UploadError("polyglot", f"PDF文件后面藏着别的内容，可能有害，不能上传。{_PRINT_AGAIN}")


def _malformed() -> UploadError:
    return UploadError("malformed", f"PDF文件已损坏或不规范。{_PRINT_AGAIN}")


def _encrypted() -> UploadError:
    return UploadError("encrypted", f"PDF文件设有密码或权限限制。{_PRINT_AGAIN}")


def _pages(data: bytes, layers_off: frozenset[str]) -> list[PageLetters]:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise _malformed() from error
    found, letters = [], 0
    try:
        for page in document:
            found.append(pdf_letters.read_page(page, layers_off))
            page.close()
            letters += len(found[-1].letters)
            if letters > LIMIT_LETTERS:
                raise UploadError("too_large", "PDF文件的文字过多，请拆分后再上传。")
    finally:
        document.close()
    return found


def _judge(pages: list[PageLetters]) -> Iterator[TextWarning]:
    """Whether there is a text to be read at all, and on which pages not."""
    pictures = [number for number, page in enumerate(pages, 1) if _is_picture(page)]
    if pictures and not any(len(page.letters) > _FEW_LETTERS for page in pages):
        raise UploadError(
            "scanned",
            "这是扫描件或图片做成的PDF，里面没有文字，读不出来。请另找 .docx 或 .txt 的电子文本导入，"
            "或用文字识别软件识别、核对后粘贴正文；扫描件可作为附件上传。",
        )
    letters = [letter.text for page in pages for letter in page.letters]
    if not letters:
        raise UploadError("empty", "文件里没有文字，请检查后重新上传。")
    if garbled("".join(letters), sum(page.unmapped for page in pages)):
        raise UploadError(
            "garbled",
            "这份PDF看起来是文字，复制出来却是乱码（字体没有说明每个字是什么），不能导入。"
            "请用原来的文字处理软件重新导出，或另找 .docx、.txt 的电子文本。",
        )
    if pictures:
        yield TextWarning("scanned_pages", "text", f"第{_few(pictures)}页是扫描件或图片，没有读出文字，请补录。")
    recognised = [number for number, page in enumerate(pages, 1) if page.recognised]
    if recognised:
        said = f"第{_few(recognised)}页的文字是从扫描件识别出来的，可能有错字，请逐字核对。"
        yield TextWarning("recognised_text", "text", said)
    if any(page.pictured > 0.02 for number, page in enumerate(pages, 1) if number not in (*pictures, *recognised)):
        yield TextWarning("pictures_dropped", "text", "文件中的图片没有导入，图中如有文字请补录。")


def _is_picture(page: PageLetters) -> bool:
    """A page without text that is not blank either: a picture, or letters drawn as shapes."""
    return len(page.letters) <= _FEW_LETTERS and (page.pictured > 0.3 or page.drawn > _MANY_SHAPES)


def _few(numbers: list[int]) -> str:
    return "、".join(map(str, numbers[:10])) + ("等" if len(numbers) > 10 else "")


def garbled(text: str, unmapped: int = 0) -> bool:
    """Whether letters without spaces are no writing: private or unassigned characters, or characters nobody uses.

    Of the Chinese characters of an official paper nearly all are among the 3,755 of the first level of GB 2312; wrong
    mappings scatter over the twenty thousand of Unicode. Letters of a font without mapping come out as signs.
    """
    if len(text) < 20:
        return False
    strange = sum(
        character == "\ufffd" or "\ue000" <= character <= "\uf8ff" or character < " " or character > "\U000f0000"
        for character in text
    )
    if strange + unmapped > len(text) // 10:
        return True
    chinese = [character for character in text if "\u3400" <= character <= "\u9fff"]
    if len(chinese) >= 20:
        common = _common_characters()
        return sum(character in common for character in chinese) < len(chinese) * 0.7
    if any("\u1800" <= character <= "\u18af" for character in text):
        return False
    return sum(character.isalnum() for character in text) < len(text) * 0.6


@cache
def _common_characters() -> frozenset[str]:
    """The first level of GB 2312; its last row has five places nobody filled."""
    rows = (bytes((first, second)) for first in range(0xB0, 0xD8) for second in range(0xA1, 0xFF))
    return frozenset("".join(each.decode("gb2312", "ignore") for each in rows))


def _beyond(data: bytes) -> tuple[list[Passage], frozenset[str]]:
    """What stands in bookmarks, notes, forms and properties, and the names of layers that are switched off."""
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise _encrypted()
    if len(reader.pages) > LIMIT_PAGES:
        raise UploadError("too_large", f"PDF文件超过{LIMIT_PAGES}页，请拆分后再上传。")
    texts: dict[str, list[str]] = {}
    for one in _dictionaries(reader):
        place, found = _texts(one)
        if found:
            texts.setdefault(place, []).extend(found)
    about = [str(value) for value in (reader.metadata or {}).values()]
    texts.setdefault("文件属性", []).extend([*about, *_xmp(reader)])
    passages = [Passage(place, "\n".join(found), visible=False) for place, found in texts.items() if any(found)]
    return passages, frozenset(_layers_off(reader))


def _dictionaries(reader: PdfReader) -> Iterator[Mapping[str, Any]]:
    """Every dictionary of the file, earlier versions of its objects left aside."""
    numbers = {(number, generation) for generation, table in reader.xref.items() for number in table}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    waiting: list[Any] = []
    for number, generation in sorted(numbers):
        waiting.append(reader.get_object(IndirectObject(number, generation, reader)))
        while waiting:
            one = waiting.pop()
            if isinstance(one, Mapping):
                yield one
                values: Any = dict.values(one)  # type: ignore[arg-type]
            elif isinstance(one, list):
                values = list.__iter__(one)
            else:
                continue
            waiting += [value for value in values if isinstance(value, Mapping | list)]


def _texts(one: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Where a dictionary stands in words, and its texts. Titles belong to bookmarks, names to form fields."""
    keys: tuple[str, ...] = _TEXT_KEYS
    if "/Title" in one and ("/Parent" in one or "/Dest" in one or "/A" in one):
        place, keys = "书签", ("/Title",)
    elif one.get("/FT") or one.get("/Subtype") == "/Widget":
        place = "表单"
    elif one.get("/Subtype") or one.get("/Type") == "/Annot":
        place = "批注"
    else:
        place = "隐藏内容"
    found = []
    for key in keys:
        value = one.get(key)
        if isinstance(value, str) and not value.startswith("/") and len(value) > 4:
            found.append(value)
    return place, found


def _xmp(reader: PdfReader) -> list[str]:
    stream: Any = reader.root_object.get("/Metadata")
    return [] if stream is None else [stream.get_object().get_data().decode("utf-8", "replace")]


def _layers_off(reader: PdfReader) -> Iterator[str]:
    properties: Any = reader.root_object.get("/OCProperties", {})
    settings: Any = properties.get_object().get("/D", {}) if properties else {}
    for one in settings.get_object().get("/OFF", []) if settings else []:
        yield str(one.get_object().get("/Name", ""))
