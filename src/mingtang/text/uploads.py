"""Taking in an uploaded paper: plain text, .docx, .pdf or a web page, judged by its content, never by its name.

Nothing of a file becomes the paper but its text: no comments, no deleted or hidden text, no metadata, no pictures. What
is left behind is searched for personal data all the same. The file itself is kept with the record as a private original
(``disclosure.attachments``) and is never published.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from . import docx_text, limited, web_pages
from .file_findings import FileFinding, findings_in
from .passages import Passage
from .upload_errors import UploadError as UploadError
from .warning import TextWarning

LIMIT_BYTES = 20 * 1024 * 1024
LIMIT_UNPACKED_BYTES = 100 * 1024 * 1024
LIMIT_PARTS = 2000
LIMIT_RATIO = 150  # text in XML packs to a tenth or a twentieth
_RATIO_FROM_BYTES = 1024 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = [
    (b"MZ", "program", "这是可执行程序"),
    (b"\x7fELF", "program", "这是可执行程序"),
    (b"\xff\xd8\xff", "image", "这是图片"),
    (b"\x89PNG", "image", "这是图片"),
    (b"GIF8", "image", "这是图片"),
    (b"BM", "image", "这是图片"),
    (b"II*\x00", "image", "这是图片"),
    (b"MM\x00*", "image", "这是图片"),
    (b"RIFF", "media", "这是音视频或图片"),
    (b"{\\rtf", "rtf", "这是RTF文件（.rtf）"),
    (b"Rar!", "archive", "这是压缩包"),
    (b"7z\xbc\xaf", "archive", "这是压缩包"),
    (b"\x1f\x8b", "archive", "这是压缩包"),
]
_SAVE_AS = "请在文字处理软件中另存为 .docx，或把文字粘贴到 .txt 后上传。"
# Streams of old Office files, by which they are told apart; WPS writes the same ones.
_OLD_OFFICE = (
    ("WordDocument", f"这是旧版文字文档（.doc 或 .wps），只改后缀名不行。{_SAVE_AS}"),
    ("Workbook", "这是旧版表格（.xls 或 .et），不能作为公文导入。请另存为 .xlsx，作为附件上传。"),
    ("PowerPoint Document", "这是旧版演示文稿（.ppt 或 .dps），不能作为公文导入。请导出为PDF，作为附件上传。"),
)
_OFD = "这是版式文件（.ofd）。请在OFD阅读器中导出为PDF或复制出文字，另存为 .docx 或 .txt 后上传。"
_ENDINGS = {
    "txt": ("txt", "text"),
    "docx": ("docx",),
    "pdf": ("pdf",),
    "html": ("html", "htm", "shtml", "xhtml", "mht"),
}
_MARKUP = re.compile(r"\A\s*<(?:!doctype|html|head|body|\?xml|\?php|svg|!--)|<(?:html|body|script)[\s>]", re.I)


Kind = Literal["txt", "docx", "pdf", "html"]


@dataclass(frozen=True, slots=True)
class UploadedText:
    """The text of an upload with ``\\n`` line ends, and the SHA-256 (hex) of the bytes as they came.

    ``hidden`` is personal data that stands in the file but not in its text: in properties, notes, form fields,
    bookmarks, comments, or in text that nobody sees.
    """

    text: str
    kind: Kind
    sha256: str
    warnings: tuple[TextWarning, ...] = ()
    hidden: tuple[FileFinding, ...] = ()


def read_upload(name: str, data: bytes, *, limit_bytes: int = LIMIT_BYTES) -> UploadedText:
    """The text of a .txt (UTF-8, UTF-16 with byte order mark, GB 18030), .docx, .pdf or .html file.

    Raises:
        UploadError: ``too_large``, ``empty``, ``wrong_kind`` (picture, program ...), ``old_format`` (.doc, .wps, .et,
            .rtf, .ofd ...), ``encrypted``, ``macro``, ``zip_bomb``, ``too_much`` (memory or time), ``polyglot``,
            ``scanned``, ``garbled``, ``malformed``, ``binary``, ``undecodable``.
    """
    if len(data) > limit_bytes:
        raise UploadError("too_large", f"文件超过{limit_bytes / 1024 / 1024:g}兆字节，请去掉图片或拆分后再上传。")
    if not data:
        raise UploadError("empty", "文件是空的，请检查后重新上传。")
    kind, text, warnings, beyond = _read(name, data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UploadError("empty", "文件里没有文字。如果内容是图片或扫描件，请先转换成文字。")
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if ending not in _ENDINGS[kind]:
        said = f"文件名与内容不符，已按 .{kind} 读取，请核对内容。"
        warnings = [*warnings, TextWarning("name_differs", "file", said)]
    hidden = [one for one, visible in findings_in([Passage("正文", text, "行"), *beyond]) if not visible]
    warnings += [_told(one) for one in hidden[:20]]
    return UploadedText(text, kind, sha256(data).hexdigest(), tuple(warnings), tuple(hidden))


def _told(found: FileFinding) -> TextWarning:
    said = f"文件的“{found.place}”里有{found.label}（{found.sample}）。它没有导入；原件只存档，不要把这份原件另行公开。"
    return TextWarning("hidden_personal_data", "file", said)


def _read(name: str, data: bytes) -> tuple[Kind, str, list[TextWarning], list[Passage]]:
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "docx", *_read_docx(data)
    if b"%PDF-" in data[:1024]:
        if not data.startswith(b"%PDF-"):
            raise UploadError("polyglot", "PDF文件的开头有别的内容，可能有害，不能上传。请重新导出为PDF后再试。")
        if zipfile.is_zipfile(io.BytesIO(data)):
            raise UploadError("polyglot", "一个文件里藏着两种格式，可能有害，不能上传。请重新导出后再试。")
        return "pdf", *_apart("pdf", name, data)
    if web_pages.looks_like_page(data):
        return "html", *_apart("page", name, data)
    _refuse_known(data)
    return "txt", *decode_text(data), []


def _apart(task: str, name: str, data: bytes) -> tuple[str, list[TextWarning], list[Passage]]:
    """Read in a process with bounded memory and time."""
    answer = limited.ask(task, name, data)
    warnings = [TextWarning(*one) for one in answer["warnings"]]
    return answer["text"], warnings, [Passage(place, text, visible=False) for place, text in answer["beyond"]]


def _refuse_known(data: bytes) -> None:
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UploadError("encrypted", "文件设有密码，请取消密码后再上传。")
        said = next((said for stream, said in _OLD_OFFICE if stream.encode("utf-16-le") in data), _OLD_OFFICE[0][1])
        raise UploadError("old_format", said)
    for magic, kind, said in _MAGIC:
        if data.startswith(magic) and not (len(magic) == 2 and _looks_like_text(data)):
            mend = "，不能上传。" if kind == "program" else f"，不能作为公文导入。{_SAVE_AS}"
            raise UploadError("old_format" if kind == "rtf" else "wrong_kind", f"{said}{mend}")


def _looks_like_text(data: bytes) -> bool:
    """A text may well begin with the letters BM or MZ; a picture or a program has NUL bytes early on."""
    return b"\x00" not in data[:512]


def decode_text(data: bytes) -> tuple[str, list[TextWarning]]:
    """Text in one of the encodings that ``read_upload`` takes; raises the same UploadErrors."""
    warnings: list[TextWarning] = []
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
        if b"\x00" in data:
            raise UploadError("binary", f"文件不是文本。{_SAVE_AS}")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UploadError("undecodable", "无法识别文字编码，请另存为 UTF-8 编码的 .txt 后上传。")
    controls = {character for character in set(text) if unicodedata.category(character) == "Cc"} - set(
        "\t\n\r\f\x0b\x85"
    )
    if controls:
        raise UploadError("binary", f"文件含有控制字符，不是纯文本。{_SAVE_AS}")
    if encoding != "utf-8-sig":
        odd = sum(unicodedata.category(character) in ("Cn", "Co", "Cs") for character in text)
        if odd > len(text) // 100:
            raise UploadError("undecodable", "无法识别文字编码，请另存为 UTF-8 编码的 .txt 后上传。")
    if encoding == "gb18030":
        warnings.append(TextWarning("encoding_guessed", "text", "文字按国标编码（GB 18030）读取，请核对有无乱码。"))
    if _MARKUP.search(text[:2000]):
        raise UploadError("wrong_kind", f"这是网页或 XML 文件，不能作为公文导入。{_SAVE_AS}")
    return text, warnings


def _read_docx(data: bytes) -> tuple[str, list[TextWarning], list[Passage]]:
    from .office_files import every_text  # which itself asks here what a package may be

    malformed = UploadError("malformed", "文件已损坏，无法打开。请用文字处理软件打开并重新保存后上传。")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if "OFD.xml" in package.namelist():
                raise UploadError("old_format", _OFD)
            check_package(package, main="word/document.xml", ending=".docx")
            for part in package.infolist():
                # A document type could define entities that expand without end; Word writes none.
                if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in package.read(part):
                    raise malformed
            beyond = every_text(package)
        return *docx_text.read(data), beyond
    except UploadError:
        raise
    except Exception as error:  # whatever a hostile file does to the libraries, a person gets one plain answer
        raise malformed from error


def check_package(package: zipfile.ZipFile, *, main: str, ending: str) -> None:
    """Refuse an Office package that is encrypted, swells when unpacked, carries macros or lacks its ``main`` part.

    Raises:
        UploadError: ``encrypted``, ``zip_bomb``, ``macro`` or ``wrong_kind``.
    """
    parts = package.infolist()
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise UploadError("encrypted", "文件设有密码，请取消密码后再上传。")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if (
        len(parts) > LIMIT_PARTS
        or unpacked > LIMIT_UNPACKED_BYTES
        or (unpacked > _RATIO_FROM_BYTES and unpacked > packed * LIMIT_RATIO)
        or any(
            part.file_size > _RATIO_FROM_BYTES and part.file_size > part.compress_size * LIMIT_RATIO for part in parts
        )
    ):
        raise UploadError("zip_bomb", "文件解压后过大，可能有害，不能上传。请把文字另存为新文件后再试。")
    if any(name.lower().rsplit("/", 1)[-1] == "vbaproject.bin" for name in names):
        raise UploadError("macro", f"文件含有宏程序，请另存为不含宏的 {ending} 后上传。")
    if main not in names or "[Content_Types].xml" not in names:
        raise UploadError("wrong_kind", f"这是压缩包或其他 Office 文件，不是 {ending} 文档。{_SAVE_AS}")
    if b"macroEnabled" in package.read("[Content_Types].xml"):
        raise UploadError("macro", f"文件是启用宏的文档，请另存为不含宏的 {ending} 后上传。")
