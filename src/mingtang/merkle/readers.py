"""Reading a published tree: a folder on disk, or a web address served by anything."""

from __future__ import annotations

import gzip
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

import brotli

AT_ONCE = 4
TRIES = 3
TIMEOUT_SECONDS = 30
LARGEST_FILE = 512 * 1024 * 1024
GONE = (404, 410)
COMPRESSED = {".gz": "gzip", ".br": "br"}


class ReadError(Exception):
    """A file that is there could not be read. The message is Chinese."""


class Reader(Protocol):
    """Reads files of a tree by their relative path; None for one that is not there. ``live``: it may change."""

    live: bool
    address: str

    def read(self, path: str) -> bytes | None: ...

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None | ReadError]]: ...

    def paths(self) -> list[str] | None:
        """Every file there is, sorted; None where that cannot be asked."""


class FolderReader:
    """A folder on disk."""

    live = False

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root.resolve())

    def read(self, path: str) -> bytes | None:
        file = self.root / path
        try:
            return file.read_bytes() if file.is_file() else None
        except (OSError, ValueError) as error:
            raise ReadError(f"读不出：{error}") from error

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None | ReadError]]:
        return ((path, _tried(self, path)) for path in paths)

    def paths(self) -> list[str]:
        found = []
        for folder, _, names in os.walk(self.root):
            inner = Path(folder).relative_to(self.root).as_posix()
            found += [name if inner == "." else f"{inner}/{name}" for name in names]
        return sorted(found)


class WebReader:
    """An http or https address, asked as a browser asks, so that the compressed copies are looked at too."""

    live = True

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def read(self, path: str) -> bytes | None:
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(attempt)
            try:
                return self._get(path)
            except HTTPError as error:
                if error.code == 410 and path.endswith("/gone.html"):
                    # What stands where content was erased by law says so in its status too.
                    return _body(error)
                if error.code in GONE:
                    return None
                problem = f"服务器回答 {error.code}"
                if error.code < 500 and error.code != 429:
                    break
            except (URLError, OSError, HTTPException, ValueError) as error:
                problem = str(getattr(error, "reason", error)) or type(error).__name__
        raise ReadError(f"读不到：{problem}")

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None | ReadError]]:
        wanted = list(paths)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from zip(wanted, pool.map(lambda path: _tried(self, path), wanted), strict=True)

    def paths(self) -> None:
        return None

    def _get(self, path: str) -> bytes:
        headers = {"Accept-Encoding": "br, gzip", "Accept": "*/*", "User-Agent": "mingtang-verify"}
        request = Request(f"{self.address}/{quote(path)}", headers=headers)  # noqa: S310
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return _body(answer)


def reader_for(place: str) -> Reader:
    """A reader of a folder or of an http(s) address."""
    if place.startswith(("http://", "https://")):
        return WebReader(place)
    return FolderReader(Path(place))


def expand(data: bytes, encoding: str) -> bytes:
    """Undo ``gzip`` or ``br``.

    Raises:
        ReadError: the bytes are no such stream.
    """
    try:
        return bytes(brotli.decompress(data)) if encoding == "br" else gzip.decompress(data)
    except (brotli.error, OSError, EOFError, zlib.error) as error:
        raise ReadError("压缩的一份解不开，或被改动") from error


def _body(answer: Any) -> bytes:
    data: bytes = answer.read(LARGEST_FILE + 1)
    encoding = answer.headers.get("Content-Encoding", "")
    if len(data) > LARGEST_FILE:
        raise ReadError("文件太大")
    return expand(data, encoding) if encoding in COMPRESSED.values() else data


def _tried(reader: Reader, path: str) -> bytes | None | ReadError:
    try:
        return reader.read(path)
    except ReadError as error:
        return error
