"""A public draft as clauses people can comment on, and their quotations found again in a later version of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..bodies import blocks_of
from ..difference import Segment, readable, segments
from ..paper_blocks import Block

KEPT, MOVED, CHANGED, GONE = "kept", "moved", "changed", "gone"
_HEADINGS = ("chapter", "section")
_LEAST = 0.5
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Clause:
    """``id`` as in the public page (``c1``, ``a16``, ``a16p2``); ``under`` are the ids of its chapter, section, article.

    ``text`` is the whole line as people read it, with number and title. Paragraphs of an article can be commented on
    by themselves.
    """

    id: str
    kind: str
    number: str
    text: str
    under: tuple[str, ...] = ()

    @property
    def commentable(self) -> bool:
        """Headings lead to clauses; a comment on one is a comment on the whole chapter and allowed by the article."""
        return self.kind not in (*_HEADINGS, "addressee", "signature", "imprint")


@dataclass(frozen=True, slots=True)
class Quotation:
    """What a citizen marked: ``text`` at ``start`` (characters) of the clause ``clause`` of one version."""

    clause: str
    text: str
    start: int = 0


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a quotation stands in a version: ``clause`` and ``start:end`` in it, empty and 0 where it is gone.

    ``state``: kept, the same words in the clause that continues the old one, whatever its number now; moved, the same
    words in another clause; changed, other words in the same clause, ``changes`` says which; gone, the clause left.
    """

    state: str
    clause: str = ""
    start: int = 0
    end: int = 0
    changes: tuple[Segment, ...] = ()


def clauses_of(body: str) -> list[Clause]:
    """The clauses of a draft in reading order. The same text gives the same ids."""
    made: list[Clause] = []
    heading: dict[str, str] = {}
    article = ""
    for block in blocks_of(body):
        if block.kind in _HEADINGS:
            if block.kind == "chapter":
                heading.pop("section", None)
            under = tuple(heading[kind] for kind in _HEADINGS if kind in heading and kind != block.kind)
            heading[block.kind] = block.id
            article = ""
        else:
            chapters = tuple(heading[kind] for kind in _HEADINGS if kind in heading)
            within = article and block.kind == "paragraph" and block.id.startswith(f"{article}p")
            under = (*chapters, article) if within else chapters
            if block.kind == "article":
                article = block.id
        made.append(Clause(block.id, block.kind, block.number, block.full, under))
    return made


def quote(clause: Clause, text: str, start: int = 0) -> Quotation:
    """A quotation of a clause, at the place nearest ``start``. Raises ValueError where the clause has no such words."""
    at = _nearest(clause.text, text, start) if text else -1
    if at < 0:
        raise ValueError("the clause does not say that")
    return Quotation(clause.id, text, at)


def continued(old: str, new: str) -> dict[str, str]:
    """Ids of the old version's clauses, each with the id of the clause of the new version that continues it."""
    before, after = blocks_of(old), blocks_of(new)
    return {change.old_id: change.new_id for change in readable(before, after) if change.old_id and change.new_id}


def anchor_all(quotations: Sequence[Quotation], old: str, new: str) -> list[Anchor]:
    """Each quotation of the draft ``old`` found in the draft ``new``, in the order given.

    Nothing of a quotation is lost: the caller keeps it with the version it was made in and adds the anchor.
    """
    follows = continued(old, new)
    blocks: dict[str, Block] = {block.id: block for block in blocks_of(new)}
    return [_anchor(quotation, follows.get(quotation.clause, ""), blocks) for quotation in quotations]


def _anchor(quotation: Quotation, clause: str, blocks: dict[str, Block]) -> Anchor:
    words = quotation.text
    if clause and words:
        at = _nearest(blocks[clause].full, words, quotation.start)
        if at >= 0:
            return Anchor(KEPT, clause, at, at + len(words))
    # Two characters stand anywhere; only a phrase can be said to have moved.
    if len(words) >= 4:
        for block in sorted(blocks.values(), key=lambda block: block.kind in _HEADINGS):
            at = block.full.find(words)
            if at >= 0:
                return Anchor(MOVED, block.id, at, at + len(words))
    if not clause:
        return Anchor(GONE)
    text = blocks[clause].full
    start, end = _likest(words, text)
    return Anchor(CHANGED, clause, start, end, tuple(segments(words, text[start:end])))


def _nearest(text: str, words: str, start: int) -> int:
    """Where ``words`` stands in ``text``, closest to ``start``; -1 for nowhere."""
    best = at = text.find(words)
    while at >= 0:
        if abs(at - start) < abs(best - start):
            best = at
        at = text.find(words, at + 1)
    return best


def _likest(words: str, text: str) -> tuple[int, int]:
    """The stretch of a clause that took the place of ``words``; the whole clause where little of them is left."""
    whole = (0, len(text))
    if len(words) > _LONGEST or len(text) > _LONGEST:
        return whole
    matcher = SequenceMatcher(None, words, text, autojunk=False)
    runs = [run for run in matcher.get_matching_blocks() if run.size > 1 or len(words) < 4]
    if not words or sum(run.size for run in runs) < _LEAST * len(words):
        return whole
    runs = [run for run in runs if run.size]
    # What stood before the first and after the last run in the quotation is taken to have kept its length.
    start = max(0, runs[0].b - runs[0].a)
    end = min(len(text), runs[-1].b + runs[-1].size + len(words) - runs[-1].a - runs[-1].size)
    return start, end
