"""What lies in an archive: a compressed tar stream of members, and last a signed list of them all.

Members, in this order: ``head.json`` (what must be known before anything is unpacked), ``home/…`` (files of
MINGTANG_HOME), ``tables/<table>/<number>.jsonl`` (rows, see ``tables``), ``manifest.json`` (size and SHA-256 of every
member, and what the restored city must come to), ``manifest.note`` (its hash, signed with the log's key).
"""

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

from .sealing import Damaged, SealedReader, SealingWriter

HEAD, MANIFEST, NOTE = "head.json", "manifest.json", "manifest.note"
HOME, TABLES = "home/", "tables/"
BLOCK = 1 << 20
# Beyond this level text shrinks little and takes long.
LEVEL = 2
LARGEST_LIST = 256 << 20


@dataclass
class ArchiveWriter:
    """Adds members and remembers their hashes."""

    tar: tarfile.TarFile
    members: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))
        self.members[name] = [len(data), sha256(data).hexdigest()]

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it stands, whatever its size.

        Raises:
            OSError: it cannot be read, or became shorter meanwhile.
        """
        with path.open("rb") as handle:
            info = tarfile.TarInfo(name)
            info.size = path.stat().st_size
            info.mode = path.stat().st_mode & 0o777
            hashed = _Hashed(handle, info.size)
            self.tar.addfile(info, cast(Any, hashed))
        self.members[name] = [info.size, hashed.digest.hexdigest()]

    def finish(self, manifest: dict[str, Any], sign: Callable[[str], str]) -> None:
        """Close the list of members and sign it."""
        data = to_json({**manifest, "members": self.members})
        self.add(MANIFEST, data)
        self.add(NOTE, sign(note_text(data)).encode())


class _Hashed:
    """The first ``size`` bytes of a file, hashed as they are read."""

    def __init__(self, handle: BinaryIO, size: int) -> None:
        self.handle, self.left, self.digest = handle, size, sha256()

    def read(self, count: int) -> bytes:
        data = self.handle.read(min(count, self.left))
        self.left -= len(data)
        self.digest.update(data)
        return data


@contextmanager
def writing(handle: BinaryIO, wrap: Callable[[bytes], dict[str, Any]] | None) -> Iterator[ArchiveWriter]:
    """An archive written into ``handle``; sealed, unless ``wrap`` is None (between two processes of our own)."""
    sealed = SealingWriter(handle, wrap) if wrap else None
    packed = gzip.GzipFile(fileobj=sealed or handle, mode="wb", compresslevel=LEVEL, mtime=0) if wrap else None
    target = cast(BinaryIO, packed or handle)
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK) as tar:
        yield ArchiveWriter(tar)
    if packed is not None and sealed is not None:
        packed.close()
        sealed.finish()


@dataclass
class Member:
    """One member, to be read before the next one is asked for."""

    name: str
    size: int
    mode: int
    handle: Any
    digest: Any = field(default_factory=sha256)

    def blocks(self) -> Iterator[bytes]:
        while data := self.handle.read(BLOCK):
            self.digest.update(data)
            yield data

    def read(self) -> bytes:
        return b"".join(self.blocks())


@dataclass
class ArchiveReader:
    """Members one after another, each checked against the list at the end. ``manifest`` is there after the last."""

    stream: BinaryIO
    manifest: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    seen: dict[str, list[Any]] = field(default_factory=dict)

    def members(self) -> Iterator[Member]:
        """Every member before the list. What nobody read is read here, for its hash.

        Raises:
            Damaged: naming the member where the archive is altered or ends.
        """
        name, data = "", b""
        try:
            with tarfile.open(fileobj=self.stream, mode="r|", bufsize=BLOCK) as tar:
                for info in tar:
                    name = info.name
                    if not info.isfile() or not is_safe(name):
                        raise Damaged("不是备份里该有的文件。")
                    member = Member(name, info.size, info.mode, tar.extractfile(info))
                    if name in (MANIFEST, NOTE):
                        if info.size > LARGEST_LIST:
                            raise Damaged("大小不对。")
                        data, self.note = (member.read(), "") if name == MANIFEST else (data, member.read().decode())
                        continue
                    if self.manifest or data:
                        raise Damaged("排在清单后面。")
                    yield member
                    for _ in member.blocks():
                        pass
                    if name in self.seen:
                        raise Damaged("出现了两次。")
                    self.seen[name] = [info.size, member.digest.hexdigest()]
            while self.stream.read(BLOCK):
                pass
        except Damaged as error:
            raise Damaged(f"备份文件已损坏：{_place(name)}{error}") from None
        except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, UnicodeDecodeError, ValueError) as error:
            raise Damaged(f"备份文件已损坏：{_place(name)}读不出来（{type(error).__name__}）。") from None
        self._compare(data)

    def _compare(self, data: bytes) -> None:
        try:
            self.manifest = json.loads(data)
            listed = self.manifest["members"]
        except (ValueError, KeyError, TypeError):
            raise Damaged("备份文件已损坏：没有清单（manifest.json），文件不完整。") from None
        for name, told in listed.items():
            if name not in self.seen:
                raise Damaged(f"备份文件已损坏：清单里的“{name}”不见了。")
            if self.seen[name] != told:
                raise Damaged(f"备份文件已损坏：“{name}”与清单的不同，被改动。")
        for name in self.seen:
            if name not in listed:
                raise Damaged(f"备份文件已损坏：“{name}”不在清单里。")
        self.list_hash = sha256(data).hexdigest()
        if note_text(data) not in self.note:
            raise Damaged("备份文件已损坏：清单（manifest.json）与它的签名对不上。")


@contextmanager
def reading(path: Path, passphrase: Callable[[], str], identities: list[str]) -> Iterator[ArchiveReader]:
    """An archive opened for one pass.

    Raises:
        Damaged, Locked, Newer: see ``sealing``.
        OSError: the file cannot be read.
    """
    with path.open("rb") as handle:
        sealed = io.BufferedReader(SealedReader(handle, passphrase, identities), BLOCK)
        yield ArchiveReader(cast(BinaryIO, gzip.GzipFile(fileobj=sealed, mode="rb")))


def is_safe(name: str) -> bool:
    """A relative path that stays below its folder."""
    parts = name.split("/")
    return bool(name) and not name.startswith("/") and not {"", ".", ".."} & set(parts) and "\x00" not in name


def note_text(manifest: bytes) -> str:
    """What is signed of a manifest."""
    return f"mingtang backup 1\n{sha256(manifest).hexdigest()}\n"


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _place(name: str) -> str:
    return f"在“{name}”或紧接着它的地方" if name else "在开头"
