"""The static layout of a log (C2SP tlog-tiles): paths below the log's folder, entry bundles, reading from tiles.

A tile of level L holds up to 256 hashes of complete subtrees of ``256**L`` leaves each; one with fewer is partial. All
paths are relative to the log's folder, such as ``tile/0/x001/x234/067`` or ``tile/entries/000.p/17``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from .tree import EMPTY_ROOT, Place, Tree, node_hash

WIDTH = 256
HEIGHT = 8
HASH_BYTES = 32
LARGEST_LEAF = 2**16 - 1


class TileError(ValueError):
    """A tile or bundle is missing or has no such form. ``path`` names it; the message is Chinese."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(problem)
        self.path = path


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """Path of tile ``number`` of ``level``; ``width`` (1 to 256) is how many hashes it holds."""
    return f"tile/{level}/{_number(number, width)}"


def entries_path(number: int, width: int = WIDTH) -> str:
    """Path of the bundle with the leaves whose hashes tile ``number`` of level 0 holds."""
    return f"tile/entries/{_number(number, width)}"


def _number(number: int, width: int) -> str:
    if number < 0 or not 1 <= width <= WIDTH:
        raise ValueError(f"there is no tile {number} of width {width}")
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(groups) + (f".p/{width}" if width < WIDTH else "")


def bundle(leaves: Iterable[bytes]) -> bytes:
    """Leaves of one tile as one file: each after its length in two bytes, big-endian.

    Raises:
        ValueError: a leaf is longer than 65,535 bytes.
    """
    parts = []
    for leaf in leaves:
        if len(leaf) > LARGEST_LEAF:
            raise ValueError("a leaf has at most 65535 bytes")
        parts += [len(leaf).to_bytes(2, "big"), leaf]
    return b"".join(parts)


def unbundle(data: bytes) -> list[bytes]:
    """The leaves of a bundle.

    Raises:
        ValueError: the bytes end within a leaf.
    """
    leaves, place = [], 0
    while place < len(data):
        end = place + 2 + int.from_bytes(data[place : place + 2], "big")
        if place + 2 > len(data) or end > len(data):
            raise ValueError("a bundle ends within a leaf")
        leaves.append(data[place + 2 : end])
        place = end
    return leaves


def tiles_for(old_size: int, new_size: int) -> list[tuple[int, int, int]]:
    """What has to be written when the log grows: (level, number, width), lower levels and numbers first.

    Level 0 stands for the hash tile and the bundle of entries alike. ``tiles_for(0, size)`` is a whole log of ``size``
    leaves: nothing is left out but partial tiles of sizes between.
    """
    found = []
    level, old, new = 0, old_size, new_size
    while new:
        if new > old:
            found += [(level, number, WIDTH) for number in range(old // WIDTH, new // WIDTH)]
            if new % WIDTH:
                found.append((level, new // WIDTH, new % WIDTH))
        level, old, new = level + 1, old // WIDTH, new // WIDTH
    return found


class TileStore:
    """Nodes of a tree of ``size`` leaves, read from its tiles by ``read``, which answers None for what is not there.

    A ``NodeStore`` for reading: give it to ``Tree``, or ask it for roots and proofs. A tile is read once.
    """

    def __init__(self, read: Callable[[str], bytes | None], size: int) -> None:
        self.read, self.size = read, size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def get_many(self, places: Iterable[Place], /) -> dict[Place, bytes]:
        """Raises TileError for a missing or damaged tile."""
        return {place: self._node(*place) for place in places if (place[1] + 1) << place[0] <= self.size}

    def put_many(self, nodes: Mapping[Place, bytes], /) -> None:
        raise TypeError("tiles are only read here")

    def root(self, size: int | None = None) -> bytes:
        """The 32-byte root over the first ``size`` leaves."""
        return self._tree.root(size) if self.size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        return self._tree.inclusion_proof(index, size)

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        return self._tree.consistency_proof(first, second)

    @property
    def _tree(self) -> Tree:
        return Tree(self, self.size)

    def leaves(self, number: int) -> list[bytes]:
        """The leaves of bundle ``number``. Raises TileError for a missing or damaged one."""
        width = self._width(0, number)
        path, data = self._bytes(entries_path, number, width)
        try:
            leaves = unbundle(data)
        except ValueError:
            leaves = []
        if len(leaves) < width or (len(leaves) > width and path == entries_path(number, width)):
            raise TileError(path, "日志条目文件不完整或被改动。")
        return leaves[:width]

    def tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of one tile. Raises TileError for a missing or damaged one."""
        if (level, number) not in self._tiles:
            width = self._width(level, number)
            path, data = self._bytes(lambda *place: tile_path(level, *place), number, width)
            if len(data) not in (width * HASH_BYTES, WIDTH * HASH_BYTES):
                raise TileError(path, "哈希文件的长度不对。")
            self._tiles[level, number] = [
                data[start : start + HASH_BYTES] for start in range(0, width * HASH_BYTES, HASH_BYTES)
            ]
        return self._tiles[level, number]

    def _width(self, level: int, number: int) -> int:
        return min(WIDTH, (self.size >> HEIGHT * level) - number * WIDTH)

    def _bytes(self, path_of: Callable[[int, int], str], number: int, width: int) -> tuple[str, bytes]:
        """The file, or the full one that took its place: the specification lets partial tiles go then."""
        for wide in dict.fromkeys((width, WIDTH)):
            path = path_of(number, wide)
            data = self.read(path)
            if data is not None:
                return path, data
        raise TileError(path_of(number, width), "日志文件缺失。")

    def _node(self, level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, HEIGHT)
        first = index << inner
        start = first % WIDTH
        row = self.tile(tile_level, first // WIDTH)[start : start + (1 << inner)]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        return row[0]


def tile_number(path: str) -> tuple[str, int, int] | None:
    """(level or "entries", number, width) of a path below the log's folder; None if it is no tile's or bundle's."""
    match = re.fullmatch(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?", path)
    if match is None:
        return None
    number, width = int(match[2].replace("x", "").replace("/", "")), int(match[3] or WIDTH)
    if not 1 <= width <= WIDTH or _number(number, width) != match[2] + (f".p/{match[3]}" if match[3] else ""):
        return None
    return match[1], number, width
