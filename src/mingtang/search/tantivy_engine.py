"""The index in tantivy: pairs of units with their positions, facets as columns. No text is stored.

The cursor is a document of its own in the index (id 0): the engine's commit makes it lasting together with what was
indexed, or neither.
"""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from tantivy import (
    DocAddress,
    Document,
    FieldType,
    Index,
    Occur,
    Order,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
    SearchResult,
    TextAnalyzerBuilder,
    Tokenizer,
)

from .engine import FACETS, Asked, Cursor, Entry
from .words import BREAK, Word, indexed, units

FORMAT = 1  # another one makes every index be built anew
TITLE_BOOST, PAPER_BONUS, MOST_VALUES = 4.0, 4.0, 2000
BLOCK = 100  # places of the order by relevance that are weighed together
FOLLOWING_HEAP, REBUILDING_HEAP = 32_000_000, 256_000_000  # bytes
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_CURSOR = 0


@cache
def _schema() -> Schema:
    made = SchemaBuilder()
    made.add_unsigned_field("id", indexed=True, fast=True)
    made.add_text_field("text", tokenizer_name="units", index_option="position")
    made.add_text_field("title", tokenizer_name="units", index_option="position")
    made.add_text_field("number", tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        made.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    made.add_unsigned_field("day", indexed=True, fast=True)
    made.add_unsigned_field("moment", fast=True)
    made.add_float_field("recency", fast=True)
    made.add_unsigned_field("position", fast=True)
    made.add_unsigned_field("unclean", fast=True)
    made.add_text_field("leaf", stored=True, tokenizer_name="raw", index_option="basic")
    return made.build()


def _opened(folder: Path) -> Index:
    index = Index(_schema(), path=str(folder))
    index.register_tokenizer("units", TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    return index


class TantivyWriter:
    """Writes into ``folder``. Raises ValueError while another process writes there, or for a folder that is no index.

    ``fresh``: the folder is empty, so nothing has to be taken out before it is put.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self._folder, self._fresh = folder, fresh
        self._writer = (
            _opened(folder).writer(REBUILDING_HEAP, 2) if fresh else _opened(folder).writer(FOLLOWING_HEAP, 1)
        )

    def put(self, entry: Entry) -> None:
        if not self._fresh:
            self.remove(entry.id)
        made = Document()
        made.add_unsigned("id", entry.id)
        made.add_text("title", f"{indexed(entry.title)} {' '.join(units(entry.title))}")
        made.add_text("text", indexed(entry.title + BREAK + entry.text))
        for number in entry.numbers:
            made.add_text("number", number)
        for name in FACETS:
            for value in entry.facets.get(name, ()):
                made.add_text(name, value)
        made.add_unsigned("day", entry.day.toordinal())
        made.add_unsigned("moment", _moment(entry))
        # A year makes little more than one in a hundred: it decides between papers that match alike.
        made.add_float("recency", 1 + (entry.published_at - _EPOCH).total_seconds() / 86400 / 20000)
        self._writer.add_document(made)

    def remove(self, identity: int) -> None:
        self._writer.delete_documents_by_query(Query.term_query(_schema(), "id", identity))

    def commit(self, cursor: Cursor) -> None:
        self.remove(_CURSOR)
        made = Document()
        made.add_unsigned("id", _CURSOR)
        made.add_unsigned("position", cursor.position)
        made.add_unsigned("unclean", int(cursor.unclean))
        made.add_text("leaf", cursor.leaf)
        self._writer.add_document(made)
        self._writer.commit()
        self._let_the_group_read()
        self._writer.wait_merging_threads()
        self._let_the_group_read()

    def _let_the_group_read(self) -> None:
        """A reader may run as another user with the rights of the group: it then needs two files that the engine keeps
        to their owner, and takes a lock by opening a file to write."""
        lock = self._folder / ".tantivy-meta.lock"
        allowed = os.stat(lock).st_mode & 0o644
        for name in (".managed.json", "meta.json"):
            (self._folder / name).chmod(allowed)
        if allowed & 0o040:
            lock.chmod(allowed | 0o020)


def _moment(entry: Entry) -> int:
    """Microseconds, then part of the id, so that the order by time has no ties."""
    return int((entry.published_at.timestamp()) * 1_000_000) * 1000 + entry.id % 1000


class TantivyReader:
    """Reads the index in ``folder`` as of the last ``reload``. Raises ValueError for a folder that is no index."""

    def __init__(self, folder: Path) -> None:
        self._index = Index.open(str(folder))
        self._index.config_reader("manual")
        self._index.reload()

    def reload(self) -> None:
        """See what was committed since."""
        self._index.reload()

    def cursor(self) -> Cursor | None:
        searcher = self._index.searcher()
        hits = searcher.search(Query.term_query(_schema(), "id", _CURSOR), limit=1).hits
        if not hits:
            return None
        place = hits[0][1]
        [position], [unclean] = (searcher.fast_field_values(name, [place]) for name in ("position", "unclean"))
        return Cursor(int(position or 0), str(searcher.doc(place).get_first("leaf") or ""), bool(unclean))

    def find(self, asked: Asked, *, first: int, size: int) -> tuple[int, list[tuple[int, float]]]:
        searcher, query = self._index.searcher(), _query(asked)
        if asked.sort == "relevance":
            return _by_relevance(searcher, query, asked, first, size)
        order = Order.Desc if asked.sort == "newest" else Order.Asc
        result = searcher.search(query, limit=size, offset=first, order_by_field="moment", order=order)
        return _total(result), [(identity, 0.0) for identity in _ids(searcher, [place for _, place in result.hits])]

    def count(self, asked: Asked) -> int:
        return _total(self._index.searcher().search(_query(asked), limit=1))

    def facets(self, asked: Asked) -> dict[str, list[tuple[str, int]]]:
        searcher = self._index.searcher()
        free = [name for name in FACETS if name not in asked.filters]
        found = _values(searcher, _query(asked), free)
        for name in asked.filters:
            found |= _values(searcher, _query(asked, but=name), [name])
        return {name: found.get(name, []) for name in FACETS}

    def numbered(self, key: str) -> list[int]:
        searcher = self._index.searcher()
        result = searcher.search(
            Query.term_query(_schema(), "number", key, "basic"), limit=10, order_by_field="moment", order=Order.Desc
        )
        return _ids(searcher, [place for _, place in result.hits])

    def titled(self, word: Word, limit: int) -> list[int]:
        searcher = self._index.searcher()
        result = searcher.search(_in_title(word), limit=limit, order_by_field="moment", order=Order.Desc)
        return _ids(searcher, [place for _, place in result.hits])


def _ids(searcher: Searcher, places: list[DocAddress]) -> list[int]:
    return [int(value or 0) for value in searcher.fast_field_values("id", places)] if places else []


def _by_relevance(
    searcher: Searcher, query: Query, asked: Asked, first: int, size: int
) -> tuple[int, list[tuple[int, float]]]:
    """Best first, newer ones before older ones that match alike.

    Weighing every match would take half as long again where there are many: they are weighed in blocks of the order
    that the engine gives. Where all match alike, as with single units, that order says nothing, and all are weighed.
    """
    if all(len(word.units) == 1 for word in asked.wanted):
        result = searcher.search(query, limit=size, offset=first, weight_by_field="recency")
        places = [place for _, place in result.hits]
        return _total(result), list(
            zip(_ids(searcher, places), (float(score) for score, _ in result.hits), strict=True)
        )
    start, end = first // BLOCK * BLOCK, -(-(first + size) // BLOCK) * BLOCK
    result = searcher.search(query, limit=end - start, offset=start)
    places = [place for _, place in result.hits]
    recency = searcher.fast_field_values("recency", places) if places else []
    weighed = [
        (identity, float(score) * float(newer or 1))
        for identity, (score, _), newer in zip(_ids(searcher, places), result.hits, recency, strict=True)
    ]
    blocks = (weighed[begin : begin + BLOCK] for begin in range(0, len(weighed), BLOCK))
    ordered = [each for block in blocks for each in sorted(block, key=lambda found: -found[1])]
    return _total(result), ordered[first - start : first - start + size]


def _total(result: SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]


def _values(searcher: Searcher, query: Query, names: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    asked = {name: {"terms": {"field": name, "size": MOST_VALUES}} for name in names}
    if not asked:
        return {}
    return {
        name: [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in found["buckets"]]
        for name, found in searcher.aggregate(query, asked).items()
    }


def _query(asked: Asked, but: str = "") -> Query:
    """The engine's query; ``but`` names a facet whose filter is left out."""
    parts: list[tuple[Occur, Query]] = []
    for word in asked.wanted:
        parts += [(Occur.Must, _in_text(word)), (Occur.Should, Query.boost_query(_in_title(word), TITLE_BOOST))]
    for name, value in asked.filters.items():
        if name != but:
            parts.append((Occur.Must, _silent(Query.term_query(_schema(), name, value, "basic"))))
    if asked.since or asked.until:
        bounds = Query.range_query(
            _schema(),
            "day",
            FieldType.Unsigned,
            lower_bound=(asked.since or date.min).toordinal(),
            upper_bound=(asked.until or date.max).toordinal(),
        )
        parts.append((Occur.Must, _silent(bounds)))
    if not parts:
        parts.append((Occur.Must, _silent(Query.all_query())))
    elif asked.wanted:
        # Whoever looks for a policy wants the paper first, then what explains it.
        paper = Query.term_query(_schema(), "kind", "document", "basic")
        parts.append((Occur.Should, Query.const_score_query(paper, PAPER_BONUS)))
    parts += [(Occur.MustNot, _in_text(word)) for word in asked.unwanted]
    if not asked.wanted:
        parts.append((Occur.MustNot, Query.term_query(_schema(), "id", _CURSOR)))
    return Query.boolean_query(parts)


def _silent(query: Query) -> Query:
    """A condition that says nothing of relevance."""
    return Query.const_score_query(query, 0.0)


def _in_text(word: Word) -> Query:
    if len(word.units) == 1:
        # Every unit begins a pair: its texts are those of all pairs that begin with it.
        return Query.regex_query(_schema(), "text", f"{word.units[0]}.*")
    return _phrase("text", word)


def _in_title(word: Word) -> Query:
    if len(word.units) == 1:
        return Query.term_query(_schema(), "title", word.units[0])
    return _phrase("title", word)


def _phrase(name: str, word: Word) -> Query:
    """Every second pair covers all units; the last pair closes a phrase of odd length."""
    last = len(word.units) - 2
    found = [(place, word.units[place] + word.units[place + 1]) for place in sorted({*range(0, last, 2), last})]
    if len(found) == 1:
        return Query.term_query(_schema(), name, found[0][1])
    return Query.phrase_query(_schema(), name, list(found))
