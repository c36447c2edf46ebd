"""Taking in a file that will be published beside a paper: judged by its content, freed of metadata, and its text read
wherever text can hide, so that personal data is found before anybody else finds it.

What comes back is the file as it would be published; its hash is what a reviewer passes. Taken: .pdf, .docx, .xlsx,
.csv, .txt, .png, .jpg.
"""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import regex

from . import office_files, pdf_files, pictures
from .file_findings import FileFinding as FileFinding
from .file_findings import findings_in
from .passages import Passage
from .personal_data import scan
from .uploads import LIMIT_BYTES, UploadError, decode_text

LIMIT_FILES = 20
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
}
TAKEN = "、".join(f".{ending}" for ending in MEDIA_TYPES)
_ENDINGS = {"jpeg": "jpg", "jpe": "jpg", "text": "txt"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REFUSED = (
    (b"MZ", "这是可执行程序，不能上传。"),
    (b"\x7fELF", "这是可执行程序，不能上传。"),
    (b"GIF8", "不收GIF图片，请另存为 .png 后上传。"),
    (b"BM", "不收BMP图片，请另存为 .png 后上传。"),
    (b"II*\x00", "不收TIFF图片，请另存为 .png 或 .pdf 后上传。"),
    (b"MM\x00*", "不收TIFF图片，请另存为 .png 或 .pdf 后上传。"),
    (b"RIFF", "不收音视频和WebP图片，图片请另存为 .png 后上传。"),
    (b"{\\rtf", "不收RTF文件，请另存为 .docx 后上传。"),
    (b"Rar!", "不收压缩包，请解压后逐个上传里面的文件。"),
    (b"7z\xbc\xaf", "不收压缩包，请解压后逐个上传里面的文件。"),
    (b"\x1f\x8b", "不收压缩包，请解压后逐个上传里面的文件。"),
)
_UNSAFE = regex.compile(r'[\s\p{C}/\\:*?"<>|#%&{}$!`\'@+=;,，~^\[\]]+')
_LONGEST_NAME, _LONGEST_NAME_BYTES = 80, 200


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it would be published. ``text`` is what a reader of it reads; ``notes`` are what a reviewer should
    know, in Chinese; ``sha256`` is of ``content``, in hex."""

    name: str
    media_type: str
    content: bytes
    sha256: str
    text: str
    findings: tuple[FileFinding, ...]
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.content)


def read_attachment(name: str, data: bytes, *, limit_bytes: int = LIMIT_BYTES) -> ReadFile:
    """Read, clean and judge one file.

    Raises:
        UploadError: ``too_large``, ``empty``, ``wrong_kind``, ``old_format``, ``archive``, ``encrypted``, ``macro``,
            ``active`` (scripts, embedded files), ``external`` (parts lying elsewhere), ``tracked_changes``,
            ``polyglot`` (two kinds of file in one), ``zip_bomb``, ``malformed``, ``binary``, ``undecodable`` or
            ``name_personal`` (personal data in the name).
    """
    if len(data) > limit_bytes:
        raise UploadError("too_large", f"文件超过{limit_bytes / 1024 / 1024:g}兆字节，请压缩图片或拆分后再上传。")
    if not data:
        raise UploadError("empty", "文件是空的，请检查后重新上传。")
    ending = kind_of(name, data)
    content, passages, notes = _read(ending, data)
    safe = safe_name(name, ending)
    if scan(safe):
        raise UploadError("name_personal", "文件名里有个人信息，请改名后再上传。")
    return ReadFile(
        name=safe,
        media_type=MEDIA_TYPES[ending],
        content=content,
        sha256=sha256(content).hexdigest(),
        text="\n".join(passage.text for passage in passages if passage.visible).replace("\x00", ""),
        findings=tuple(found for found, _ in findings_in(passages)),
        notes=tuple(notes),
    )


def safe_name(name: str, ending: str) -> str:
    """A file name for addresses and for any file system: NFC, no folders, no marks with a meaning, the content's ending.

    At most 80 characters and 200 bytes of UTF-8.
    """
    bare = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, typed = bare.rpartition(".")
    typed = typed.lower()
    if not dot or (typed not in MEDIA_TYPES and typed not in _ENDINGS and not (typed.isascii() and typed.isalnum())):
        stem = bare
    stem = _UNSAFE.sub("_", stem).strip("._- ")[:_LONGEST_NAME]
    while len(stem.encode()) > _LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem or '附件'}.{ending}"


def unique_name(name: str, taken: Iterable[str]) -> str:
    """``name``, or with -2, -3 ... before its ending where it is taken; capital letters make no difference."""
    used = {each.casefold() for each in taken}
    stem, _, ending = name.rpartition(".")
    number, made = 1, name
    while made.casefold() in used:
        number += 1
        made = f"{stem}-{number}.{ending}"
    return made


def kind_of(name: str, data: bytes) -> str:
    """The ending that belongs to the content."""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return office_files.kind_of(data)
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UploadError("encrypted", "文件设有密码，请取消密码后再上传。")
        raise UploadError(
            "old_format", "这是旧版 Office 文件（.doc、.xls、.ppt、.wps），请另存为 .docx、.xlsx 或 .pdf 后上传。"
        )
    found = ""
    if data.startswith(b"%PDF-"):
        found = "pdf"
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        found = "png"
    elif data.startswith(b"\xff\xd8\xff"):
        found = "jpg"
    if found or b"\x00" in data[:512]:
        if zipfile.is_zipfile(io.BytesIO(data)):
            raise UploadError("polyglot", "一个文件里藏着两种格式，可能有害，不能上传。请重新导出后再试。")
        if found:
            return found
    for magic, said in _REFUSED:
        if data.startswith(magic) and (len(magic) > 2 or b"\x00" in data[:512]):
            raise UploadError("archive" if "压缩包" in said else "wrong_kind", said)
    if b"%PDF-" in data[:1024]:
        raise UploadError("polyglot", "PDF文件的开头有别的内容，可能有害，不能上传。请重新导出为PDF后再试。")
    typed = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return "csv" if typed == "csv" else "txt"


def _read(ending: str, data: bytes) -> tuple[bytes, list[Passage], list[str]]:
    if ending == "pdf":
        return pdf_files.read_apart(data)
    if ending in ("docx", "xlsx"):
        return office_files.read(data, ending)
    if ending in ("png", "jpg"):
        return pictures.read(data, ending)
    try:
        text, warnings = decode_text(data)
    except UploadError as error:
        if error.code in ("binary", "wrong_kind"):
            raise UploadError("wrong_kind", f"不收这种文件。可以上传：{TAKEN}。") from error
        raise
    notes = [warning.message for warning in warnings]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = text.encode("utf-8-sig" if ending == "csv" else "utf-8")
        notes.append("文字已转换成 UTF-8 编码，便于各种设备打开。")
    lines = text if ending == "txt" else _table(text)
    return data, [Passage("", lines, "行")], notes


def _table(text: str) -> str:
    """Rows of a CSV file, one a line, cells parted by tabs so that column headings count."""
    delimiter = max(",;\t", key=text[:4000].count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return text
    return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
