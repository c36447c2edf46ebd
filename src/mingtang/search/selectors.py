"""Searching what is public: one page of papers with their marks, exact numbers, and help where nothing is found."""

import json
from dataclasses import dataclass, field

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mingtang.editions.models import LIVE, Edition, Publication

from . import folders
from .engine import Asked, Reader
from .following import HIDDEN, file_texts
from .labels import labels
from .marks import marked, snippet
from .texts import pieces, shown_text
from .wanted import Wanted
from .words import BREAK, Query, Word, number_key, parse

DEEPEST, MOST_SUGGESTIONS = 10_000, 5
Facets = dict[str, list[tuple[str, str, int]]]


@dataclass(frozen=True)
class Hit:
    """One paper found; ``title`` and ``snippet`` are HTML with the words in ``<mark>``, all else escaped."""

    publication: Publication
    title: SafeString
    snippet: SafeString
    score: float


@dataclass(frozen=True)
class Found:
    """``facets``: (value, label, how many) by facet, among what the other filters leave. ``notes``: in Chinese, what
    was not looked for. ``suggestions``: other words with how many papers they find without any filter. ``direct``:
    the paper whose number was asked for."""

    total: int
    hits: list[Hit] = field(default_factory=list)
    facets: Facets = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    suggestions: list[tuple[str, int]] = field(default_factory=list)
    direct: Publication | None = None


def search(wanted: Wanted, *, page: int = 1, size: int = 20) -> Found:
    """One page (from 1 on) of what is found. Never fails on what is asked; says so while there is no index."""
    reader = folders.reader()
    if reader is None:
        return Found(0, notes=[_("全文检索正在建立，请稍后再试。")])
    query = parse(wanted.q)
    notes = list(query.notes)
    if wanted.q.strip() and not query.wanted and not query.unwanted:
        return Found(0, notes=notes or [_("检索词里没有可以检索的文字。")])
    asked = _asked(wanted, query)
    first, size = max(page - 1, 0) * max(size, 1), max(size, 1)
    if first + size > DEEPEST:
        total, ids = reader.count(asked), list[tuple[int, float]]()
        notes.append(_("只能翻看前%(most)s条，请加上检索词或筛选条件。") % {"most": DEEPEST})
    else:
        total, ids = reader.find(asked, first=first, size=size)
    return Found(
        total,
        _hits(ids, query.wanted),
        _facets(reader, asked),
        notes,
        [] if total else _suggestions(reader, wanted, query),
        _direct(reader, wanted.q),
    )


def suggest(prefix: str, limit: int = 8) -> list[str]:
    """Titles and document numbers that begin with ``prefix`` or contain it, those that begin with it first."""
    reader, query = folders.reader(), parse(prefix)
    if reader is None or not query.wanted:
        return []
    whole = Word(prefix, tuple(unit for word in query.wanted for unit in word.units))
    by_id = _shown(reader.titled(whole, limit * 5))
    key = number_key(prefix)
    found: dict[str, bool] = {}
    for publication in by_id.values():
        number, title = publication.document_number, publication.title
        text = number if number and key in number_key(number) else title
        found.setdefault(text, number_key(text).startswith(key))
    return sorted(found, key=lambda text: not found[text])[:limit]


def _asked(wanted: Wanted, query: Query) -> Asked:
    sort = "newest" if wanted.sort == "relevance" and not query.wanted else wanted.sort
    return Asked(query.wanted, query.unwanted, wanted.filters(), wanted.since, wanted.until, sort)


def _shown(ids: list[int]) -> dict[int, Publication]:
    """Publications in the order of ``ids``. The database knows of an erasure before the index does."""
    found = Publication.objects.exclude(validity__in=HIDDEN).in_bulk(ids)
    return {identity: found[identity] for identity in ids if identity in found}


def _hits(ids: list[tuple[int, float]], words: tuple[Word, ...]) -> list[Hit]:
    publications = _shown([identity for identity, _ in ids])
    editions = Edition.objects.filter(state=LIVE, publication__in=publications)
    rows = list(editions.values_list("pk", "publication_id", "payload"))
    files = file_texts(pk for pk, _, _ in rows) if rows else {}
    texts = {owner: shown_text([*pieces(json.loads(payload)), *files.get(pk, [])]) for pk, owner, payload in rows}
    scores = dict(ids)
    return [
        Hit(publication, marked(publication.title, words), snippet(texts[identity], words), scores[identity])
        for identity, publication in publications.items()
        if identity in texts
    ]


def _facets(reader: Reader, asked: Asked) -> Facets:
    """Years newest first, everything else by how much there is."""
    found: Facets = {}
    for name, rows in reader.facets(asked).items():
        names = labels(name, [value for value, _ in rows])
        ordered = sorted(rows, key=lambda row: (-int(row[0]) if name == "year" else -row[1], row[0]))  # noqa: B023
        found[name] = [(value, names[value], count) for value, count in ordered]
    return found


def _direct(reader: Reader, text: str) -> Publication | None:
    key = number_key(text)
    return next(iter(_shown(reader.numbered(key)).values()), None) if key else None


def _suggestions(reader: Reader, wanted: Wanted, query: Query) -> list[tuple[str, int]]:
    """The same words without filters, fewer of the words, or a long word in pieces: whatever finds something."""
    tried: dict[str, tuple[Word, ...]] = {}
    words = query.wanted
    if words and (wanted.filters() or wanted.since or wanted.until or query.unwanted):
        tried[" ".join(_written(word) for word in words)] = words
    if len(words) > 1:
        for left_out in range(len(words)):
            fewer = words[:left_out] + words[left_out + 1 :]
            tried[" ".join(_written(word) for word in fewer)] = fewer
    for word in words:
        pieces_of = _halves(word)
        if pieces_of:
            others = tuple(other for other in words if other != word)
            both = (*others, *pieces_of)
            tried[" ".join(_written(each) for each in both)] = both
            tried |= {each.text: (each,) for each in pieces_of}
    counted = [(text, reader.count(Asked(each))) for text, each in tried.items()]
    return [(text, count) for text, count in counted if count][:MOST_SUGGESTIONS]


def _written(word: Word) -> str:
    return f'"{word.text}"' if " " in word.text else word.text


def _halves(word: Word) -> list[Word]:
    """A long word of single characters in two pieces that can be looked for by themselves."""
    if len(word.units) < 4 or BREAK in word.units or any(len(unit) > 1 for unit in word.units):
        return []
    middle = len(word.units) // 2
    return [Word("".join(part), part) for part in (word.units[:middle], word.units[middle:])]
