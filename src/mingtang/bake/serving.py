"""Serving the public tree before Django is asked: a thin layer for the embedded default, where no nginx stands.

It knows conditional and range requests, the compressed siblings, and what is gone for good (410). What lies not in the
tree goes on to the application, so that a page outlives a dead database and a form still works.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
# Files that are sent as they are. The system's own list is not asked: it differs from machine to machine.
SENT_AS_THEY_ARE = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ofd": "application/ofd",
    ".csv": "text/csv; charset=utf-8",
    ".zip": "application/zip",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
# Signed texts of the log and the manifest have no ending.
PLAIN = ("log/checkpoint", "log/key", "manifest/index")
BINARY = "log/tile/"
LASTING = ("static/", "log/checkpoints/")
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
LARGEST_KEPT, KEPT_BYTES, CHUNK = 256 * 1024, 64 * 1024 * 1024, 64 * 1024


@dataclass(frozen=True)
class Found:
    """One representation of a file. ``body`` is kept for small ones."""

    path: str
    signature: tuple[int, int, int]
    size: int
    status: str
    headers: tuple[tuple[str, str], ...]
    etag: str
    modified: int
    body: bytes | None


class PublicFiles:
    """WSGI: answers GET and HEAD from the tree at ``root``; everything else, and what is not there, by ``application``.

    ``headers`` are added to every answer from the tree; the same ones the application sets.
    """

    def __init__(self, application: Application, root: Path, headers: Mapping[str, str]) -> None:
        self.application, self.root = application, str(root)
        self.common = tuple(headers.items())
        self._kept: OrderedDict[tuple[str, str], Found] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        found = None
        if method in ("GET", "HEAD"):
            wanted = tree_path(environ.get("PATH_INFO", ""))
            if wanted is not None:
                found = self._find(wanted, environ)
        if found is None:
            return self.application(environ, start_response)
        return self._answer(found, environ, start_response, head=method == "HEAD")

    def _find(self, wanted: str, environ: Mapping[str, Any]) -> Found | None:
        # A range is of the file itself, never of a compressed one.
        accepted = "" if "HTTP_RANGE" in environ else environ.get("HTTP_ACCEPT_ENCODING", "")
        place = f"{self.root}/{wanted}"
        status = "200 OK"
        try:
            stat = os.stat(place)
        except (OSError, ValueError):
            if not wanted.endswith("index.html"):
                return None
            wanted = wanted.removesuffix("index.html") + "gone.html"
            place, status = f"{self.root}/{wanted}", "410 Gone"
            try:
                stat = os.stat(place)
            except (OSError, ValueError):
                return None
        if not stat.st_mode & 0o100000:
            return None
        encoding = _best(accepted)
        signature = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        kept = self._kept.get((place, encoding))
        if kept is not None and kept.signature == signature:
            return kept
        return self._open(wanted, place, status, signature, encoding)

    def _open(
        self, wanted: str, place: str, status: str, signature: tuple[int, int, int], encoding: str
    ) -> Found | None:
        used, path, stat = "", place, None
        compressible = os.path.splitext(place)[1] in TYPES
        for name, suffix in ENCODINGS if compressible else ():
            if name == encoding or (encoding == "br gzip"):
                try:
                    stat = os.stat(place + suffix)
                except OSError:
                    continue
                # A sibling older than its text is the one of the text before.
                if stat.st_mtime_ns >= signature[0]:
                    used, path = name, place + suffix
                    break
                stat = None
        try:
            size = stat.st_size if stat else signature[1]
            body = None
            if size <= LARGEST_KEPT:
                with open(path, "rb") as handle:
                    body = handle.read()
                size = len(body)
        except OSError:
            return None
        etag = f'"{signature[0]:x}-{signature[1]:x}{"-" + used if used else ""}"'
        modified = signature[0] // 1_000_000_000
        lasting = wanted.startswith(LASTING) or (wanted.startswith(BINARY) and ".p/" not in wanted)
        headers = [
            ("Content-Type", content_type(wanted)),
            ("ETag", etag),
            ("Last-Modified", formatdate(modified, usegmt=True)),
            ("Cache-Control", "public, max-age=31536000, immutable" if lasting else "no-cache"),
            ("Accept-Ranges", "bytes"),
            *self.common,
        ]
        if compressible:
            headers.append(("Vary", "Accept-Encoding"))
        if used:
            headers.append(("Content-Encoding", used))
        if wanted.startswith("pub/") and "/files/" in wanted:
            headers.append(("Content-Disposition", "attachment"))
        found = Found(path, signature, size, status, tuple(headers), etag, modified, body)
        # Not kept while its sibling is still being written.
        if body is not None and (used or not compressible or not encoding or signature[1] < 200):
            self._keep((place, encoding), found)
        return found

    def _keep(self, key: tuple[str, str], found: Found) -> None:
        with self._lock:
            old = self._kept.pop(key, None)
            self._bytes += found.size - (old.size if old else 0)
            self._kept[key] = found
            while self._bytes > KEPT_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.size

    def _answer(
        self, found: Found, environ: Mapping[str, Any], start_response: StartResponse, *, head: bool
    ) -> Iterable[bytes]:
        headers = list(found.headers)
        if found.status.startswith("200"):
            if _unchanged(found, environ):
                start_response("304 Not Modified", headers)
                return []
            asked = environ.get("HTTP_RANGE")
            if asked and _range_applies(found, environ):
                part = _range_of(asked, found.size)
                if part == "unsatisfiable":
                    headers += [("Content-Range", f"bytes */{found.size}"), ("Content-Length", "0")]
                    start_response("416 Range Not Satisfiable", headers)
                    return []
                if isinstance(part, tuple):
                    first, end = part
                    headers += [
                        ("Content-Range", f"bytes {first}-{end - 1}/{found.size}"),
                        ("Content-Length", str(end - first)),
                    ]
                    start_response("206 Partial Content", headers)
                    return [] if head else _bytes(found, first, end)
        headers.append(("Content-Length", str(found.size)))
        start_response(found.status, headers)
        return [] if head else _bytes(found, 0, found.size)


@lru_cache(maxsize=4096)
def tree_path(path_info: str) -> str | None:
    """The path in the tree for a request's path; None where no file can be meant.

    Nothing that climbs, hides or is empty passes, whatever it was written as: the server has undone percent-encoding.
    """
    try:
        path = path_info.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    if not path.startswith("/") or "\x00" in path or "\\" in path:
        return None
    path = path[1:]
    if path == "" or path.endswith("/"):
        path += "index.html"
    if path.endswith((".br", ".gz")) or any(not part or part.startswith(".") for part in path.split("/")):
        return None
    return path


def content_type(path: str) -> str:
    if path in PLAIN or path.startswith("log/checkpoints/"):
        return "text/plain; charset=utf-8"
    if path.startswith(BINARY):
        return "application/octet-stream"
    ending = os.path.splitext(path)[1]
    return TYPES.get(ending) or SENT_AS_THEY_ARE.get(ending) or "application/octet-stream"


@lru_cache(maxsize=256)
def _best(accepted: str) -> str:
    """``br``, ``gzip``, ``br gzip`` where both will do, or nothing."""
    if not accepted:
        return ""
    offered = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.strip().partition(";")
        offered[name.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    star = offered.get("*", False)
    return " ".join(name for name, _ in ENCODINGS if offered.get(name, star))


def _unchanged(found: Found, environ: Mapping[str, Any]) -> bool:
    match = environ.get("HTTP_IF_NONE_MATCH")
    if match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in match.split(",")}
        return "*" in tags or found.etag in tags
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is None:
        return False
    try:
        return found.modified <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False


def _range_applies(found: Found, environ: Mapping[str, Any]) -> bool:
    """``If-Range`` with another tag or time asks for the whole."""
    given = environ.get("HTTP_IF_RANGE")
    if given is None:
        return True
    if given.startswith('"'):
        return bool(given == found.etag)
    try:
        return parsedate_to_datetime(given).timestamp() == found.modified
    except (ValueError, TypeError, OverflowError):
        return False


def _range_of(asked: str, size: int) -> tuple[int, int] | str | None:
    """First byte and the one after the last; ``unsatisfiable``; or None for what is ignored: several or nonsense."""
    unit, _, spec = asked.partition("=")
    first, dash, last = spec.strip().partition("-")
    first, last = first.strip(), last.strip()
    if unit.strip() != "bytes" or not dash or "," in spec or len(spec) > 40:
        return None
    if any(part and not (part.isascii() and part.isdigit()) for part in (first, last)) or not (first or last):
        return None
    if not first:
        count = min(int(last), size)
        return (size - count, size) if count else "unsatisfiable"
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < int(first):
        return None
    return (start, end) if start < size else "unsatisfiable"


def _bytes(found: Found, first: int, end: int) -> Iterable[bytes]:
    if found.body is not None:
        return [found.body if (first, end) == (0, found.size) else found.body[first:end]]
    return _chunks(found.path, first, end)


def _chunks(path: str, first: int, end: int) -> Iterator[bytes]:
    with open(path, "rb") as handle:
        handle.seek(first)
        left = end - first
        while left > 0:
            data = handle.read(min(CHUNK, left))
            if not data:
                return
            left -= len(data)
            yield data
