"""Finding a passage again however it is written: over line ends, in full-width digits, with blanks or dashes between.

Text and passage are folded the same way: NFKC, small letters, no white space, nothing invisible; in passages of six
characters and more no dashes and dots either, as in numbers people write in groups.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..personal_data import scan
from ..redact import MARK
from .cuts import EVERY_FINDING, Counted, FileCut

_LONG = 6
_SEPARATORS = frozenset("‐‑‒–—―−－﹣﹘-_.．·•・,，/")
_SKIPPED = {"Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Mn"}
_folded: dict[str, str] = {}
_tight: dict[str, str] = {}


def _fold_character(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character).casefold()
    kept = "".join(one for one in plain if unicodedata.category(one) not in _SKIPPED and one not in "\ufffe\uffff")
    _folded[character] = kept
    _tight[character] = "".join(one for one in kept if one not in _SEPARATORS)
    return kept


def fold(text: str, *, tight: bool = False) -> tuple[str, list[int]]:
    """Folded text, and for each of its characters the place in ``text`` it came from. ``tight``: no separators."""
    table = _tight if tight else _folded
    parts: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character not in table:
            _fold_character(character)
        kept = table[character]
        if kept:
            parts.append(kept)
            places += [place] * len(kept)
    return "".join(parts), places


@dataclass(frozen=True, slots=True)
class Needle:
    """One passage to cut. ``owner`` is the place of its cut in the list of cuts."""

    quote: str
    key: str
    tight: bool
    owner: int


@dataclass
class Needles:
    """Every passage to be cut from one file."""

    found: list[Needle] = field(default_factory=list)
    _shortest: int = 0
    _known: set[tuple[str, int]] = field(default_factory=set)
    _bytes: _ByteForms | None = None

    def __bool__(self) -> bool:
        return bool(self.found)

    def add(self, quote: str, owner: int) -> None:
        loose = fold(quote)[0]
        tight = fold(quote, tight=True)[0]
        use_tight = len(tight) >= _LONG
        key = tight if use_tight else loose
        if key and (key, owner) not in self._known:
            self._known.add((key, owner))
            self._shortest = min(self._shortest, len(key)) if self.found else len(key)
            self.found.append(Needle(quote, key, use_tight, owner))

    @property
    def quotes(self) -> list[tuple[str, int]]:
        return [(one.quote, one.owner) for one in self.found]

    def spans(self, text: str) -> list[tuple[int, int, int]]:
        """Start, end (in ``text``) and owner of everything to be cut from it, in order."""
        spans: list[tuple[int, int, int]] = []
        for tight in (False, True):
            wanted = [one for one in self.found if one.tight is tight]
            if not wanted:
                continue
            folded, places = fold(text, tight=tight)
            for needle in wanted:
                place = folded.find(needle.key)
                while place >= 0:
                    last = place + len(needle.key)
                    spans.append((places[place], places[last - 1] + 1, needle.owner))
                    place = folded.find(needle.key, last)
        return sorted(spans)

    def in_text(self, text: str) -> bool:
        return 4 * len(text) >= self._shortest and bool(self.spans(text))

    def count(self, text: str, counted: Counted, *, hidden: bool) -> int:
        """Note how often each passage stands in ``text``; the number of places."""
        spans = self.spans(text)
        for _, _, owner in spans:
            counted.see(owner, hidden=hidden)
        return len(spans)

    def clean(self, text: str, counted: Counted | None = None) -> str:
        """``text`` with ``MARK`` in the place of everything to be cut."""
        parts, position, marked = [], 0, -1
        for start, end, owner in self.spans(text):
            if counted is not None:
                counted.see(owner)
            if start >= position and start != marked:
                parts += [text[position:start], MARK]
            position = max(position, end)
            marked = position
        return "".join([*parts, text[position:]])

    def in_bytes(self, data: bytes) -> bool:
        """Whether a passage stands in raw bytes: as UTF-8, UTF-16 or GB 18030, plain or written in hexadecimal.

        Very short passages would be met by chance and are not looked for here.
        """
        if self._bytes is None or self._bytes.count != len(self.found):
            self._bytes = _ByteForms(self.found)
        return self._bytes.stands_in(data)


_PREFIX = 4


class _ByteForms:
    """Many byte strings looked for in one pass: an expression finds their beginnings, a table says how they go on."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        self.count = len(needles)
        forms: set[bytes] = set()
        for needle in needles:
            for written in {needle.quote, needle.key, needle.quote.strip(), needle.quote.upper()}:
                for encoding in ("utf-8", "utf-16-be", "utf-16-le", "gb18030"):
                    coded = written.encode(encoding, "ignore")
                    least = 8 if written.isascii() and encoding in ("utf-8", "gb18030") else 6
                    if len(coded) >= least:
                        forms |= {coded, coded.hex().encode(), coded.hex().upper().encode()}
        self.ends: dict[bytes, list[bytes]] = {}
        for form in sorted(forms):
            self.ends.setdefault(form[:_PREFIX], []).append(form)
        beginnings = sorted(self.ends)
        # The lookahead lets beginnings overlap.
        self.pattern = re.compile(b"(?=(" + _branches(beginnings) + b"))", re.S) if beginnings else None

    def stands_in(self, data: bytes) -> bool:
        if self.pattern is None:
            return False
        if len(data) > 65_536:  # white and black areas of pictures, which no text can hold
            data = data.replace(b"\xff" * 16, b"").replace(bytes(16), b"")
        place = 0
        while match := self.pattern.search(data, place):
            place = match.start()
            if any(data.startswith(form, place) for form in self.ends[match[1]]):
                return True
            place += 1
        return False


def _branches(words: Sequence[bytes]) -> bytes:
    """An expression for ``words``, all of one length, that branches letter by letter."""
    if not words[0]:
        return b""
    by_first: dict[bytes, list[bytes]] = {}
    for word in words:
        by_first.setdefault(word[:1], []).append(word[1:])
    if len(words[0]) == 1:
        return b"[" + b"".join(re.escape(first) for first in by_first) + b"]"
    branches = [re.escape(first) + _branches(rest) for first, rest in by_first.items()]
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"


def needles_of(cuts: Sequence[FileCut], texts: Iterable[str]) -> Needles:
    """The passages that ``cuts`` name, with what the scan finds in ``texts`` where a cut names findings."""
    needles = Needles()
    wanted: list[tuple[int, str]] = []
    for owner, cut in enumerate(cuts):
        if cut.quote.strip():
            needles.add(cut.quote, owner)
        if cut.finding:
            wanted.append((owner, cut.finding))
    if wanted:
        for kind, sample, quote in _scanned(texts):
            for owner, finding in wanted:
                if finding in (EVERY_FINDING, f"{kind}:{sample}"):
                    needles.add(quote, owner)
    return needles


def _scanned(texts: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    for text in texts:
        for finding in scan(text):
            yield finding.kind, finding.value_masked, text[finding.start : finding.end]
