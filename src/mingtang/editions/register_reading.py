"""Reading what registers make public: the current table of each, rows by position or key, and what became of an entry.

Every read goes through the table that is current and whose edition was neither withdrawn nor erased: what was withdrawn or erased cannot be
reached, whatever rows there may still be.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from mingtang.rules import local_day

from .models import (
    ERASED,
    LIVE,
    SUPERSEDED,
    Edition,
    EditionFile,
    Publication,
    PublicPiece,
    PublicRow,
    PublicRowChange,
    PublicTable,
)
from .table_index import TableIndex, kept, pieces_of
from .tables import DATA, KIND, SCHEMA, Shape, key_of, rows_of, shape_of

# A new edition is public a moment before its rows are made; until then the ones before it are read.
READABLE = (LIVE, SUPERSEDED)


@dataclass(frozen=True)
class Row:
    """An entry: its place in the list (0-based), its key in addresses, its values as texts by column."""

    position: int
    key: str
    values: list[str]


@dataclass(frozen=True)
class Change:
    """What edition ``edition`` did to an entry: ``added``, ``changed`` or ``removed``; details (column, before, after)."""

    edition: int
    key: str
    words: str
    change: str
    details: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Register:
    """One edition of a register with its rows: the live one from its projected table, another from its file."""

    publication: Publication
    edition: Edition
    table: PublicTable | None
    payload: dict[str, Any]
    shape: Shape

    @property
    def slug(self) -> str:
        return self.publication.path.removeprefix("pub/")

    @property
    def count(self) -> int:
        return self.table.count if self.table is not None else len(self._held[0])

    @cached_property
    def index(self) -> TableIndex:
        if self.table is not None:
            return TableIndex(("table", self.table.pk), self.table.count, self.shape, self._piece)
        rows, pieces = self._held
        return TableIndex(("edition", self.edition.pk), len(rows), self.shape, pieces.get)

    def rows(self, positions: Iterable[int]) -> list[Row]:
        """The rows at these positions, in the order given."""
        wanted = list(positions)
        if self.table is None:
            held = self._held[0]
            return [Row(place, key_of(self.shape.key_words(held[place])), held[place]) for place in wanted]
        found: dict[int, Row] = {}
        for start in range(0, len(wanted), 500):
            read = PublicRow.objects.filter(table=self.table, position__in=wanted[start : start + 500])
            for position, key, text in read.values_list("position", "key", "values"):
                found[position] = Row(position, key, json.loads(text))
        return [found[place] for place in wanted if place in found]

    def every(self) -> Iterator[Row]:
        """All rows in the order of the list."""
        if self.table is None:
            for place, values in enumerate(self._held[0]):
                yield Row(place, key_of(self.shape.key_words(values)), values)
            return
        read = PublicRow.objects.filter(table=self.table).order_by("position")
        for position, key, text in read.values_list("position", "key", "values").iterator(2000):
            yield Row(position, key, json.loads(text))

    def entry(self, key: str, today: date) -> Row | None:
        """The entry with this key, if it is still shown on ``today``."""
        if self.table is None:
            found = [row for row in self.every() if row.key == key]
        else:
            read = PublicRow.objects.filter(table=self.table, key=key).order_by("position")[:20]
            found = [Row(place, key, json.loads(text)) for place, text in read.values_list("position", "values")]
        return next((row for row in found if self.index.visible(row.position, today)), None)

    @property
    def _held(self) -> tuple[list[list[str]], dict[str, bytes]]:
        """Rows and pieces of an edition that has no table, reckoned when first asked for."""

        def make() -> tuple[Any, int]:
            content = file_of(self.edition, DATA) or b""
            rows = list(rows_of(content, self.shape))
            return (rows, pieces_of(self.shape, rows)), 6 * len(content)

        return kept.get(("held", self.edition.pk), make)  # type: ignore[no-any-return]

    def _piece(self, name: str) -> bytes | None:
        found = PublicPiece.objects.filter(table=self.table, name=name).values_list("content", flat=True).first()
        return bytes(found) if found is not None else None


def tables() -> QuerySet[PublicTable]:
    """Tables that everybody may read, without the payloads of their editions."""
    return (
        PublicTable.objects.filter(current=True, edition__state__in=READABLE)
        .exclude(publication__validity__in=("withdrawn", "erased"))
        .select_related("publication", "edition")
        .defer("edition__payload")
    )


def register_at(slug: str) -> Register | None:
    """The register at ``/pub/<slug>/`` as its live edition has it; None where there is none or its rows are not made."""
    if "\x00" in slug:
        return None
    table = tables().filter(publication__path=f"pub/{slug}").first()
    return _register(table.publication, table.edition, table) if table is not None else None


def register_edition(slug: str, number: int) -> Register | None:
    """The same in edition ``number``; None where there is none, its content was erased, or its entries are shown for a
    time only."""
    if "\x00" in slug or not 0 < number < 2**31:
        return None
    live = register_at(slug)
    if live is not None and live.edition.number == number:
        return live
    rows = Edition.objects.filter(publication__path=f"pub/{slug}", publication__kind=KIND, number=number)
    edition = rows.exclude(state=ERASED).select_related("publication").defer("payload").first()
    found = _register(edition.publication, edition, None) if edition is not None else None
    return found if found is not None and not found.shape.for_a_time else None


def edition_at(publication: Publication, day: date) -> int | None:
    """The number of the edition everybody read at the end of ``day`` (Asia/Shanghai); None before the first."""
    rows = Edition.objects.filter(publication=publication).order_by("-number").values_list("number", "published_at")
    return next((number for number, at in rows if local_day(at) <= day), None)


def _register(publication: Publication, edition: Edition, table: PublicTable | None) -> Register | None:
    def make() -> tuple[Any, int]:
        text = Edition.objects.filter(pk=edition.pk).values_list("payload", flat=True).first() or "{}"
        payload = json.loads(text)
        return (payload, shape_of(payload)), 4 * len(text)

    payload, shape = kept.get(("payload", edition.pk), make)
    if payload.get("schema") != SCHEMA:
        return None
    return Register(publication, edition, table, payload, shape)


def file_of(edition: Edition, name: str) -> bytes | None:
    """The bytes of a file of an edition."""
    use = EditionFile.objects.filter(edition=edition, name=name).select_related("file").first()
    return bytes(use.file.content) if use is not None else None


def changes_in(publication: Publication, number: int, *, most: int = 200) -> list[Change]:
    """What edition ``number`` changed, the first ``most`` entries."""
    rows = PublicRowChange.objects.filter(publication=publication, edition_number=number).order_by("id")[:most]
    return [_change(row) for row in rows]


def changes_of_entry(publication: Publication, key: str, upto: int) -> list[Change]:
    """What became of an entry in editions up to ``upto``, newest first."""
    rows = PublicRowChange.objects.filter(publication=publication, key=key, edition_number__lte=upto)
    return [_change(row) for row in rows.order_by("-edition_number")]


def _change(row: PublicRowChange) -> Change:
    details = [(name, before, after) for name, before, after in json.loads(row.details or "[]")]
    return Change(row.edition_number, row.key, row.words, row.change, details)
