"""What a reader asks, read from an address and written back to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from mingtang.editions.models import VALIDITY

from .engine import FACETS, Sort
from .words import LONGEST_QUERY, clean

SORTS: tuple[Sort, ...] = ("relevance", "newest", "oldest")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SHAPES = {
    "kind": _CODE,
    "unit": _CODE,
    "region": re.compile(r"[A-Za-z0-9]{1,12}"),
    "stage": _CODE,
    "topic": re.compile(r".{1,40}"),
    "genre": re.compile(r".{1,40}"),
    "year": re.compile(r"[0-9]{4}"),
    "validity": re.compile("|".join(sorted(set(VALIDITY) - {"erased"}))),
    "language": _CODE,
}


@dataclass(frozen=True)
class Wanted:
    """Words and filters; what is empty filters nothing. ``since`` and ``until`` are published days, inclusive."""

    q: str = ""
    kind: str = ""
    unit: str = ""
    region: str = ""
    stage: str = ""
    topic: str = ""
    genre: str = ""
    year: str = ""
    validity: str = ""
    language: str = ""
    since: date | None = None
    until: date | None = None
    sort: Sort = "relevance"

    def query(self, page: int = 1, **changes: Any) -> str:
        """The address's query with some of it changed, such as ``?q=供热&unit=...``; the first page is not named."""
        asked = replace(self, **changes)
        given = ((each, getattr(asked, each.name)) for each in fields(asked))
        written = {each.name: str(value) for each, value in given if value and value != each.default}
        return "?" + urlencode(written | ({"page": str(page)} if page > 1 else {}), errors="replace")

    def filters(self) -> dict[str, str]:
        """The facets that are filtered, with their values."""
        return {name: value for name in FACETS if (value := getattr(self, name))}


def wanted_of(data: Mapping[str, str]) -> Wanted:
    """Filters from a query; what is malformed filters nothing. Never fails.

    ``q`` keeps one character more than is used, so that a search can tell that something was cut.
    """
    given = {name: clean(str(data.get(name, ""))) for name in ("q", "since", "until", "sort", *FACETS)}
    sort = next((known for known in SORTS if known == given["sort"]), SORTS[0])
    found = {name: given[name] if shape.fullmatch(given[name]) else "" for name, shape in _SHAPES.items()}
    return Wanted(
        q=given["q"][: LONGEST_QUERY + 1],
        since=_day(given["since"]),
        until=_day(given["until"]),
        sort=sort,
        **found,
    )


def _day(text: str) -> date | None:
    """A day written ``2026-03-05``."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
