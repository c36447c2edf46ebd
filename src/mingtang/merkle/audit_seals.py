"""Seals over access rows: what they commit to, worked out alike by the house and by whoever checks an export."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

from .tree import MemoryStore, Tree

FIRST = "0" * 64


def leaf_of(number: int, values: Iterable[str | int | None]) -> bytes:
    """The bytes a seal commits to: a JSON array of the row's number and its values, without blanks."""
    return json.dumps([number, *values], ensure_ascii=False, separators=(",", ":")).encode()


def tree_of(leaves: Iterable[bytes]) -> Tree:
    tree = Tree(MemoryStore())
    tree.extend(leaves)
    return tree


def seal_hash(
    *, sequence: int, first: int, last: int, count: int, gaps: str, root: str, start: int, end: int, previous: str
) -> str:
    """64 hex digits over everything a seal says and the seal before it; ``start`` and ``end`` in microseconds."""
    said = [sequence, first, last, count, gaps, root, start, end, previous]
    return sha256(b"mingtang audit seal\n" + json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def missing_ranges(present: Iterable[int], first: int, last: int) -> str:
    """The numbers from first to last that are not among ``present`` (ascending), as text."""
    parts, expected = [], first
    for number in present:
        if number > expected:
            parts.append(_range(expected, number - 1))
        expected = number + 1
    if expected <= last:
        parts.append(_range(expected, last))
    return ",".join(parts)


def read_ranges(text: str) -> list[tuple[int, int]]:
    """Pairs of first and last number."""
    pairs = [part.split("-") for part in text.split(",") if part]
    return [(int(pair[0]), int(pair[-1])) for pair in pairs]


def _range(start: int, end: int) -> str:
    return str(start) if end == start else f"{start}-{end}"
