"""What a search engine must do for this room, whichever it is. ``tantivy_engine`` is the one in use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from .words import Word

FACETS = ("kind", "unit", "region", "stage", "topic", "genre", "year", "validity", "language")
Sort = Literal["relevance", "newest", "oldest"]


@dataclass(frozen=True)
class Entry:
    """One publication as it is indexed. ``facets`` holds values by the names of :data:`FACETS`; empty ones are left
    out. ``numbers`` are keys made by :func:`words.number_key`; ``day`` is the published day in Asia/Shanghai."""

    id: int
    title: str
    text: str
    numbers: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]
    day: date
    published_at: datetime


@dataclass(frozen=True)
class Asked:
    """All of ``wanted`` and none of ``unwanted``, with each facet's value, published within the days, inclusive."""

    wanted: tuple[Word, ...] = ()
    unwanted: tuple[Word, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    sort: Sort = "relevance"


@dataclass(frozen=True)
class Cursor:
    """How far an index has followed the log: ``position`` entries, the last of which had the hash ``leaf``.

    ``unclean``: something was erased whose words may still lie in the index's files.
    """

    position: int
    leaf: str = ""
    unclean: bool = False


class Reader(Protocol):
    """One state of an index; threads share it."""

    def cursor(self) -> Cursor | None:
        """How far it has followed; None for an index that was never committed."""

    def find(self, asked: Asked, *, first: int, size: int) -> tuple[int, list[tuple[int, float]]]:
        """The exact number of publications found, and ids with scores from the ``first`` (0-based) on."""

    def count(self, asked: Asked) -> int:
        """The exact number of publications found."""

    def facets(self, asked: Asked) -> dict[str, list[tuple[str, int]]]:
        """Values of each facet with how many publications have it, among what the other filters leave."""

    def numbered(self, key: str) -> list[int]:
        """Ids of publications with this number."""

    def titled(self, word: Word, limit: int) -> list[int]:
        """Ids of publications whose title or number contains the word, newest first."""


class Writer(Protocol):
    """The one writer of an index. Nothing it does is seen before ``commit``, which does all of it or nothing."""

    def put(self, entry: Entry) -> None:
        """Add a publication, or put it in place of what the index has of it."""

    def remove(self, identity: int) -> None:
        """Take a publication out; nothing if it is not there."""

    def commit(self, cursor: Cursor) -> None:
        """Make it all lasting together with how far the log was followed, and end."""
