"""The append-only Merkle tree of RFC 6962, section 2.1, over a store of complete-subtree hashes.

Node ``(level, index)`` is the hash over leaves ``index * 2**level`` up to ``(index + 1) * 2**level``; only nodes whose
leaves all exist are kept, so none ever changes. An append writes one node per completed level, and every root or proof
is worked out from one ``get_many``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Protocol

Place = tuple[int, int]
EMPTY_ROOT = sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """The 32-byte hash of a leaf's bytes, with the prefix that keeps leaves and nodes apart."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class NodeStore(Protocol):
    """Where nodes are kept. Missing places are left out of the answer of ``get_many``."""

    def get_many(self, places: list[Place], /) -> Mapping[Place, bytes]: ...

    def put_many(self, nodes: Mapping[Place, bytes], /) -> None: ...


class MissingNode(LookupError):
    """The store lacks a node that a tree of this size must have: it is damaged or behind."""


class MemoryStore:
    """A NodeStore in memory, one list per level. Nodes of a level must come in order, as the tree writes them."""

    def __init__(self) -> None:
        self.levels: list[list[bytes]] = []

    def get_many(self, places: Iterable[Place], /) -> dict[Place, bytes]:
        return {
            (level, index): self.levels[level][index]
            for level, index in places
            if level < len(self.levels) and index < len(self.levels[level])
        }

    def put_many(self, nodes: Mapping[Place, bytes], /) -> None:
        for (level, index), value in nodes.items():
            while level >= len(self.levels):
                self.levels.append([])
            row = self.levels[level]
            if index > len(row):
                raise ValueError(f"node {index} of level {level} comes before its left neighbours")
            row[index : index + 1] = [value]


class Tree:
    """A tree of ``size`` leaves over ``store``. Not safe for two writers: the caller holds the lock."""

    def __init__(self, store: NodeStore, size: int = 0) -> None:
        if size < 0:
            raise ValueError("a tree cannot have fewer than no leaves")
        self.store = store
        self.size = size
        self._edge: list[bytes] | None = None if size else []

    def append(self, data: bytes) -> int:
        """Add a leaf; returns its index. Writes O(log size) nodes in one ``put_many``."""
        return self.extend_hashes([leaf_hash(data)])

    def extend(self, leaves: Iterable[bytes]) -> int:
        """Add leaves in order with one ``put_many``; returns the index of the first."""
        return self.extend_hashes([leaf_hash(data) for data in leaves])

    def extend_hashes(self, hashes: Sequence[bytes]) -> int:
        """Add leaves of which only the leaf hashes are at hand; returns the index of the first."""
        first, size, edge = self.size, self.size, list(self._right_edge())
        nodes: dict[Place, bytes] = {}
        for value in hashes:
            if len(value) != 32:
                raise ValueError("a leaf hash has 32 bytes")
            level, index = 0, size
            nodes[level, index] = value
            while index & 1:
                value = node_hash(edge.pop(), value)
                level, index = level + 1, index >> 1
                nodes[level, index] = value
            edge.append(value)
            size += 1
        if nodes:
            self.store.put_many(nodes)
        self.size, self._edge = size, edge
        return first

    def root(self, size: int | None = None) -> bytes:
        """The 32-byte root over the first ``size`` leaves (all of them when None).

        Raises:
            ValueError: the tree never had that size.
        """
        size = self._known(size)
        if not size:
            return EMPTY_ROOT
        return _fold(self._right_edge()) if size == self.size else self._hashes([(0, size)])[0]

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path (RFC 6962, 2.1.1) of leaf ``index`` in the tree of the first ``size`` leaves.

        Raises:
            ValueError: the tree never had that size, or such a tree has no such leaf.
        """
        size = self._known(size)
        if not 0 <= index < size:
            raise ValueError(f"a tree of {size} leaves has no leaf {index}")
        ranges: list[tuple[int, int]] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                ranges.append((middle, high))
                high = middle
            else:
                ranges.append((low, middle))
                low = middle
        return self._hashes(ranges[::-1])

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        """Proof (RFC 6962, 2.1.2) that the tree of ``first`` leaves is a prefix of that of ``second``.

        Empty when the sizes are equal or ``first`` is 0.

        Raises:
            ValueError: the tree never had those sizes, or ``first`` is beyond ``second``.
        """
        second = self._known(second)
        if not 0 <= first <= second:
            raise ValueError(f"a tree of {first} leaves is no prefix of one of {second}")
        if first == 0:
            return []
        ranges: list[tuple[int, int]] = []
        low, high = 0, second
        while high != first:
            middle = low + _split(high - low)
            if first <= middle:
                ranges.append((middle, high))
                high = middle
            else:
                ranges.append((low, middle))
                low = middle
        if low:
            ranges.append((low, high))
        return self._hashes(ranges[::-1])

    def _known(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, never {size}")
        return size

    def _right_edge(self) -> list[bytes]:
        if self._edge is None:
            places = _cover(0, self.size)
            found = self._get(places)
            self._edge = [found[place] for place in places]
        return self._edge

    def _hashes(self, ranges: list[tuple[int, int]]) -> list[bytes]:
        covers = [_cover(low, high) for low, high in ranges]
        found = self._get([place for cover in covers for place in cover])
        return [_fold([found[place] for place in cover]) for cover in covers]

    def _get(self, places: list[Place]) -> Mapping[Place, bytes]:
        found = self.store.get_many(places) if places else {}
        for place in places:
            if place not in found:
                raise MissingNode(f"the store lacks node {place} of a tree of {self.size} leaves")
        return found


def _split(count: int) -> int:
    """The largest power of two smaller than ``count`` (2 or more)."""
    return 1 << (count - 1).bit_length() - 1


def _cover(low: int, high: int) -> list[Place]:
    """The complete subtrees over leaves low to high, left to right; ``low`` is aligned as the tree's splits are."""
    places = []
    while low < high:
        level = (high - low).bit_length() - 1
        places.append((level, low >> level))
        low += 1 << level
    return places


def _fold(hashes: Sequence[bytes]) -> bytes:
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value
