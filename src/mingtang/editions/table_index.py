"""Finding, filtering, sorting and paging the rows of a table that never changes.

An edition is immutable, so everything is reckoned once when its rows are projected and kept as pieces: the order of the
rows by each shown column, the rows that have each value of a filter as a bitmap, and a text for each row. A page is then
an AND of bitmaps and a slice of an order: no query that grows with the table, on any database.
"""

import json
import unicodedata
import zlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import compress
from operator import itemgetter
from threading import Lock
from typing import Any

from .tables import Column, Shape

# More values than a reader can choose from are no filter; long texts of long tables are searched by their beginning.
MOST_VALUES, FEW_ROWS, CLIP, LONGEST = 300, 20_000, 160, 4000
MOST_WORDS, KEPT_BYTES = 8, 128 * 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """``text``: words that must all be in the row. ``filters``: column to value. ``sort``: a shown column, or empty for
    the order of the list; ``down`` reverses it, empty values stay last."""

    text: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    down: bool = False


@dataclass(frozen=True)
class Page:
    """``positions`` are rows of the page; ``facets``: values with counts among what the other filters leave."""

    total: int
    positions: list[int]
    facets: dict[str, list[tuple[str, int]]]


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def pieces_of(shape: Shape, rows: Sequence[Sequence[str]]) -> dict[str, bytes]:
    """Everything a table is found by, by name."""
    found = {f"order:{one.name}": _order(one, [row[place] for row in rows]) for place, one in shape.shown}
    for place, one in shape.facets:
        found[f"facet:{one.name}"] = _facet([row[place] for row in rows])
    found["text"] = _packed(_texts(shape, rows))
    if shape.hide_after:
        place = shape.place(shape.hide_after) or 0
        found["hide"] = _packed(row[place] for row in rows)
    return found


def _packed(lines: Iterable[str]) -> bytes:
    return zlib.compress("\n".join(lines).encode(), 1)


def _lines(content: bytes) -> list[str]:
    return zlib.decompress(content).decode().split("\n")


def _texts(shape: Shape, rows: Sequence[Sequence[str]]) -> Iterable[str]:
    most = LONGEST if len(rows) <= FEW_ROWS else CLIP
    places = [place for place, one in shape.shown if one.type == "string"]
    places += [place for place, one in enumerate(shape.columns) if one.type == "string" and place not in places]
    named = {place: shape.columns[place].names for place in places if shape.columns[place].names}
    for row in rows:
        parts, left = [], most
        for place in places:
            value = row[place]
            if not value or left <= 0:
                continue
            if place in named and value in named[place]:
                value = f"{value} {named[place][value]}"
            parts.append(value[:left])
            left -= len(value)
        yield folded("\t".join(parts)).replace("\n", " ")


def _order(column: Column, values: Sequence[str]) -> bytes:
    """How many rows have a value, those rows in rising order, then those without."""
    key = _sort_key(column)
    filled = sorted((place for place, value in enumerate(values) if value), key=lambda place: key(values[place]))
    empty = [place for place, value in enumerate(values) if not value]
    return array("I", [len(filled), *filled, *empty]).tobytes()


def _sort_key(column: Column) -> Callable[[str], Any]:
    if column.is_amount:

        def amount(value: str) -> Decimal:
            try:
                return Decimal(value)
            except InvalidOperation:
                return Decimal(0)

        return amount
    if column.type == "string" and not column.names:
        # The common characters stand in the order of their pinyin there.
        return lambda value: value.encode("gb18030")
    return lambda value: value


def _facet(values: Sequence[str]) -> bytes:
    rows: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        if value:
            rows.setdefault(value, []).append(place)
    chosen = sorted(rows, key=lambda value: (-len(rows[value]), value))[:MOST_VALUES]
    width = len(values) // 8 + 1
    bitmaps = bytearray()
    for value in chosen:
        bits = bytearray(width)
        for place in rows[value]:
            bits[place >> 3] |= 1 << (place & 7)
        bitmaps += bits
    return json.dumps(chosen, ensure_ascii=False).encode() + b"\n" + zlib.compress(bytes(bitmaps), 1)


def _bitmaps(content: bytes, count: int) -> dict[str, int]:
    heading, _, packed = content.partition(b"\n")
    bits, width = zlib.decompress(packed), count // 8 + 1
    return {
        value: int.from_bytes(bits[place * width : (place + 1) * width], "little")
        for place, value in enumerate(json.loads(heading))
    }


class Kept:
    """Pieces in memory, the longest unused ones given up first. Threads share it."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self.most, self.used = most, 0
        self._held: OrderedDict[tuple[Any, ...], tuple[Any, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...], make: Callable[[], tuple[Any, int]]) -> Any:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][0]
        made, size = make()
        with self._lock:
            if key not in self._held and size <= self.most:
                self._held[key] = (made, size)
                self.used += size
                while self.used > self.most:
                    _, (_, freed) = self._held.popitem(last=False)
                    self.used -= freed
        return made

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self.used = 0


kept = Kept()


class TableIndex:
    """The pieces of one table, read when first needed. ``identity`` names the table for good; ``read`` gives a piece,
    or None where it has none by that name."""

    def __init__(self, identity: Any, count: int, shape: Shape, read: Callable[[str], bytes | None]) -> None:
        self.identity, self.count, self.shape, self.read = identity, count, shape, read

    def page(self, asked: Asked, *, offset: int, size: int, today: date) -> Page:
        """Rows from ``offset`` (0-based) on, at most ``size``, of those that fit and whose last day is not before
        ``today``. A filter on a column that is none, or for a value nobody has, finds nothing."""
        base = self._visible(today)
        for word in folded(asked.text.replace("\x00", " ")).split()[:MOST_WORDS]:
            base &= self._with_text(word)
        chosen = {name: self._facet(name).get(value, 0) for name, value in asked.filters.items()}
        fits = base
        for bits in chosen.values():
            fits &= bits
        facets = {}
        for _place, column in self.shape.facets:
            among = base
            for name, bits in chosen.items():
                if name != column.name:
                    among &= bits
            counted = ((value, (among & bits).bit_count()) for value, bits in self._facet(column.name).items())
            facets[column.name] = sorted(((value, n) for value, n in counted if n), key=lambda one: (-one[1], one[0]))
        return Page(fits.bit_count(), self._slice(fits, asked, offset, size), facets)

    def positions(self, asked: Asked, today: date) -> list[int]:
        """All rows that fit, in their order."""
        return self.page(asked, offset=0, size=self.count, today=today).positions

    def visible(self, position: int, today: date) -> bool:
        return bool(self._visible(today) >> position & 1)

    def _slice(self, fits: int, asked: Asked, offset: int, size: int) -> list[int]:
        every = fits == (1 << self.count) - 1
        order = self._order(asked.sort, asked.down) if asked.sort else range(self.count)
        if every:
            return list(order[offset : offset + size])
        if not fits:
            return []
        # One character a row, then only those rows of the order that have a one.
        flags = format(fits, f"0{self.count}b").encode().translate(_FLAG)[::-1]
        picked = flags if isinstance(order, range) else itemgetter(*order)(flags) if len(order) > 1 else flags
        return list(compress(order, picked))[offset : offset + size]

    def _order(self, name: str, down: bool) -> Sequence[int]:
        def make() -> tuple[Any, int]:
            content = self.read(f"order:{name}")
            if content is None:
                return range(self.count), 0
            found = array("I")
            found.frombytes(content)
            filled = found[0]
            rows = found[1 : filled + 1]
            if down:
                rows = rows[::-1]
            return rows + found[filled + 1 :], 4 * self.count

        return kept.get((self.identity, "order", name, down), make)  # type: ignore[no-any-return]

    def _facet(self, name: str) -> dict[str, int]:
        def make() -> tuple[Any, int]:
            content = self.read(f"facet:{name}")
            found = _bitmaps(content, self.count) if content is not None else {}
            return found, len(found) * (self.count // 7 + 100)

        return kept.get((self.identity, "facet", name), make)  # type: ignore[no-any-return]

    def _with_text(self, word: str) -> int:
        def make() -> tuple[Any, int]:
            lines = _lines(self.read("text") or zlib.compress(b""))
            return lines, sum(map(len, lines)) * 2 + 60 * len(lines)

        lines = kept.get((self.identity, "text"), make)[: self.count]
        return int("".join(["1" if word in line else "0" for line in lines])[::-1] or "0", 2)

    def _visible(self, today: date) -> int:
        if not self.shape.hide_after:
            return (1 << self.count) - 1
        day = today.isoformat()

        def make() -> tuple[Any, int]:
            lines = _lines(self.read("hide") or zlib.compress(b""))[: self.count]
            bits = "".join(["0" if line and line < day else "1" for line in lines])[::-1]
            return int(bits or "0", 2), self.count // 7 + 100

        return kept.get((self.identity, "visible", day), make)  # type: ignore[no-any-return]


_FLAG = bytes.maketrans(b"01", b"\x00\x01")
