"""A folder of public files: written whole or not at all, with compressed siblings, and never outside itself."""

import gzip
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath

import brotli

COMPRESSED = (".html", ".json", ".xml", ".atom", ".rss", ".txt", ".css", ".js", ".svg")
GZIP_LEVEL, BROTLI_QUALITY = 6, 5
# Hashes in hex hardly shrink, and few ask for them.
UNCOMPRESSED = ("proof.json",)
SMALLEST_COMPRESSED = 200
DRAFT = ".draft-"
SIBLINGS = (".gz", ".br")


class Tree:
    """The public folder. Paths are relative, with ``/`` between names."""

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        """``fresh`` is a tree that nobody is served from yet: its files need not be put in place at once."""
        self.root, self.fresh = root, fresh
        self._made: set[str] = set()

    def place(self, path: str) -> Path:
        """Where a path lies.

        Raises:
            ValueError: the path is absolute, has an empty, ``.`` or ``..`` part, or a character that no address has.
        """
        parts = PurePosixPath(path).parts
        if not parts or path != "/".join(parts) or any(part in ("..", "/") or "\x00" in part for part in parts):
            raise ValueError(f"not a path of the public tree: {path!r}")
        return self.root.joinpath(*parts)

    def read(self, path: str) -> bytes | None:
        try:
            return self.place(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, path: str, data: bytes) -> str:
        """Put a file and its compressed siblings in place, unless they are there already. Returns its SHA-256 in hex.

        The siblings come last: a reader may get the old text compressed for a moment, never a broken one.
        """
        place = str(self.place(path))
        folder = os.path.dirname(place)
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        compress = compressible(path) and len(data) >= SMALLEST_COMPRESSED
        if self.fresh or not _holds(place, data, compress):
            put = _write if self.fresh else _put
            put(place, data)
            smaller = _compressed(data) if compress else {}
            for suffix in SIBLINGS:
                if suffix in smaller:
                    put(place + suffix, smaller[suffix])
                elif not self.fresh:
                    Path(place + suffix).unlink(missing_ok=True)
        return sha256(data).hexdigest()

    def remove(self, path: str) -> None:
        """Take a file and its siblings away, and folders that become empty."""
        place = self.place(path)
        for sibling in (place, place.with_name(place.name + ".br"), place.with_name(place.name + ".gz")):
            sibling.unlink(missing_ok=True)
        for folder in place.parents:
            if folder == self.root:
                break
            self._made.discard(str(folder))
            try:
                folder.rmdir()
            except OSError:
                break

    def files(self, under: str = "") -> Iterator[str]:
        """Paths of the files below a folder, without compressed siblings and drafts of a broken write."""
        start = self.place(under) if under else self.root
        for folder, folders, names in os.walk(start):
            folders.sort()
            here = Path(folder).relative_to(self.root)
            known = set(names)
            for name in sorted(names):
                if name.startswith(DRAFT) or (name.endswith((".br", ".gz")) and name[:-3] in known):
                    continue
                yield (here / name).as_posix()

    def sweep(self) -> None:
        """Take away what a process that was killed left half-written."""
        for folder, _folders, names in os.walk(self.root):
            for name in names:
                if name.startswith(DRAFT):
                    Path(folder, name).unlink(missing_ok=True)


def compressible(path: str) -> bool:
    return path.endswith(COMPRESSED) and not path.endswith(UNCOMPRESSED)


def _holds(place: str, data: bytes, compress: bool) -> bool:
    try:
        stat = os.stat(place)
        if stat.st_size != len(data):
            return False
        with open(place, "rb") as handle:
            if handle.read() != data:
                return False
        # A sibling older than its text was left by a process that was killed between the two.
        return not compress or all(os.stat(place + suffix).st_mtime_ns >= stat.st_mtime_ns for suffix in SIBLINGS)
    except OSError:
        return False


def _put(place: str, data: bytes) -> None:
    folder, name = os.path.split(place)
    draft = f"{folder}/{DRAFT}{os.getpid()}-{name}"
    try:
        _write(draft, data)
        os.replace(draft, place)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _write(place: str, data: bytes) -> None:
    with open(place, "wb", buffering=0) as handle:
        handle.write(data)


def _compressed(data: bytes) -> dict[str, bytes]:
    """Both siblings; the time in the gzip header is zero, so that the same text gives the same bytes."""
    return {
        ".gz": gzip.compress(data, GZIP_LEVEL, mtime=0),
        ".br": brotli.compress(data, quality=BROTLI_QUALITY, mode=brotli.MODE_TEXT),
    }
