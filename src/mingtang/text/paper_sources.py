"""A folder or ZIP of papers as it comes from an old site: what is in it, read file by file, and nothing outside it."""

from __future__ import annotations

import os
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType

from .upload_errors import UploadError

LIMIT_ENTRIES = 100_000
LIMIT_DIRECTORY_BYTES = 64 * 1024 * 1024
_UTF8_NAME = 0x800
_ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class SourceFault:
    """A file of the source that is not taken, and why, in Chinese."""

    name: str
    code: str
    message: str


class PaperSource:
    """The files below a folder or in a ZIP. Use as a context manager; ``read`` may be called from several threads.

    Names are relative, with ``/`` between folders, in Unicode NFC. ``faults`` are entries that are left aside.

    Raises:
        UploadError: ``malformed``, ``archive`` (neither folder nor ZIP), ``encrypted`` or ``too_large`` (entries).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[SourceFault] = []
        self._files: dict[str, Path | zipfile.ZipInfo] = {}
        self._taken: dict[str, str] = {}
        self._ambiguous: set[str] = set()
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            entries: Iterator[tuple[str, Path | zipfile.ZipInfo]] = self._of_folder()
        else:
            entries = self._of_zip()
        for name, entry in entries:
            self._add(name, entry)
        self._by_last: dict[str, list[str]] = {}
        for name in self._files:
            self._by_last.setdefault(name.rsplit("/", 1)[-1].casefold(), []).append(name)
        self._folded = {name.casefold(): name for name in self._files}

    def __enter__(self) -> PaperSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._zip is not None:
            self._zip.close()

    @property
    def names(self) -> list[str]:
        return sorted(self._files)

    def find(self, asked: str) -> str:
        """The name that a sheet means: the whole path, or the last part where only one file has it.

        Raises:
            UploadError: ``missing``, ``ambiguous`` or ``outside`` (a path that leads out of the source).
        """
        wanted = unicodedata.normalize("NFC", asked.strip()).replace("\\", "/").removeprefix("./")
        if _leads_out(wanted):
            raise UploadError("outside", f"“{asked}”指向了文件夹外面，没有读取。请改成文件夹里的相对路径。")
        if wanted.casefold() in self._ambiguous:
            raise UploadError("ambiguous", f"有两个文件都叫“{asked}”，分不清是哪一个。请改名后再导入。")
        name = self._folded.get(wanted.casefold())
        if name is not None:
            return name
        candidates = self._by_last.get(wanted.rsplit("/", 1)[-1].casefold(), []) if "/" not in wanted else []
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise UploadError("ambiguous", f"不同文件夹里都有“{asked}”，请在对照表里写上文件夹。")
        raise UploadError("missing", f"没有找到文件“{asked}”，请检查文件名，或把文件补上。")

    def read(self, name: str, *, limit_bytes: int) -> bytes:
        """The bytes of a file called as in ``names``.

        Raises:
            UploadError: ``too_large``, ``encrypted`` or ``malformed``.
        """
        entry = self._files[name]
        try:
            if isinstance(entry, Path):
                # Not followed: a link may have been put there since the folder was listed.
                descriptor = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW)
                with os.fdopen(descriptor, "rb") as file:
                    data = file.read(limit_bytes + 1)
            else:
                assert self._zip is not None
                with self._zip.open(entry) as packed:
                    data = packed.read(limit_bytes + 1)
        except Exception as error:  # zipfile, zlib and their siblings have many errors of their own
            raise UploadError("malformed", "文件读不出来，可能已经损坏。请换一份重新导入。") from error
        if len(data) > limit_bytes:
            raise UploadError("too_large", f"文件超过{limit_bytes // 1024 // 1024}兆字节，请拆分或压缩图片后再导入。")
        return data

    def _add(self, raw: str, entry: Path | zipfile.ZipInfo) -> None:
        name = unicodedata.normalize("NFC", raw).replace("\\", "/")
        last = name.rsplit("/", 1)[-1]
        if any(part in _JUNK for part in name.split("/")) or last.startswith(("._", "~$")):
            return
        fault: tuple[str, str] | None = None
        if _leads_out(name):
            fault = ("outside", "路径指向了文件夹外面，没有读取。")
        elif entry.is_symlink() if isinstance(entry, Path) else stat.S_ISLNK(entry.external_attr >> 16):
            fault = ("link", "这是链接，不是文件，没有读取。请换成文件本身。")
        elif isinstance(entry, zipfile.ZipInfo) and entry.flag_bits & 1:
            fault = ("encrypted", "压缩包里的文件设有密码，没有读取。请取消密码后重新打包。")
        elif last.lower().endswith(_ARCHIVES):
            fault = ("nested", "压缩包里还有压缩包，没有打开。请解压后重新打包。")
        if fault is not None:
            self.faults.append(SourceFault(raw, *fault))
            return
        folded = name.casefold()
        if folded in self._taken:
            self._ambiguous.add(folded)
            self._files.pop(self._taken[folded], None)
            self.faults.append(SourceFault(raw, "ambiguous", "有两个文件同名，分不清是哪一个。请改名后再导入。"))
            return
        self._taken[folded] = name
        self._files[name] = entry

    def _of_folder(self) -> Iterator[tuple[str, Path | zipfile.ZipInfo]]:
        count = 0
        for folder, folders, names in os.walk(self.path, followlinks=False):
            folders.sort()
            for name in sorted([*names, *(each for each in folders if Path(folder, each).is_symlink())]):
                count += 1
                if count > LIMIT_ENTRIES:
                    raise _too_many()
                entry = Path(folder, name)
                if entry.is_symlink() or entry.is_file():
                    yield os.fsencode(entry.relative_to(self.path).as_posix()).decode("utf-8", "replace"), entry

    def _of_zip(self) -> Iterator[tuple[str, Path | zipfile.ZipInfo]]:
        try:
            _check_directory(self.path)
            self._zip = zipfile.ZipFile(self.path)
        except UploadError:
            raise
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise UploadError(
                "archive", "这不是文件夹，也不是能打开的 .zip 压缩包。请解压后用文件夹，或重新打包成 .zip。"
            ) from error
        for entry in self._zip.infolist():
            if not entry.is_dir():
                yield _name_of(entry), entry


def _too_many() -> UploadError:
    return UploadError("too_large", f"里面的文件超过{LIMIT_ENTRIES}个，请分成几批导入。")


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not parts or name.startswith("/") or ".." in parts or (len(name) > 1 and name[1] == ":") or "\x00" in name


def _name_of(entry: zipfile.ZipInfo) -> str:
    """The name as it was meant: UTF-8 where the entry says so, else what the bytes are, UTF-8 or GB 18030."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _check_directory(path: Path) -> None:
    """Look at the end of a ZIP before its directory is read into memory: it may list millions of entries."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 66_000))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 22:
        return  # zipfile will say that this is none
    count, length = struct.unpack("<HI", tail[place + 10 : place + 16])
    if wide := tail.rfind(b"PK\x06\x06", 0, place) + 1:
        count, length = struct.unpack("<QQ", tail[wide + 31 : wide + 47])
    if count > LIMIT_ENTRIES or length > LIMIT_DIRECTORY_BYTES:
        raise _too_many()
