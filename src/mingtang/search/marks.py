"""What was found, shown: a title or a piece of text as HTML with the words in ``<mark>``."""

import re
import unicodedata
from functools import cache, lru_cache
from itertools import islice

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from .words import BREAK, IGNORED, SINGLE, Word

SNIPPET, LEAD, MOST_MATCHES = 120, 24, 400
_BETWEEN = f"[{IGNORED}]*"
_LETTER = rf"[^\W\d_{SINGLE}]"  # digits of any width stand by themselves
_PAUSE = re.compile(r"[。；！？\n]")
_Span = tuple[int, int]


def marked(text: str, words: tuple[Word, ...]) -> SafeString:
    """The whole text escaped, with every occurrence of the words marked."""
    return _html(text, [(start, end) for start, end, _ in _matches(text, words)])


def snippet(text: str, words: tuple[Word, ...], length: int = SNIPPET) -> SafeString:
    """The piece of about ``length`` characters where most of the words stand together; the beginning without any."""
    found = _matches(text, words)
    start = _start(text, found, length) if found else 0
    end = min(len(text), start + length)
    spans = [(max(first, start) - start, min(last, end) - start) for first, last, _ in found if start <= first < end]
    piece = _html(text[start:end], spans)
    return mark_safe(("…" if start else "") + piece + ("…" if end < len(text) else ""))  # noqa: S308


def _start(text: str, found: list[tuple[int, int, int]], length: int) -> int:
    """Where to begin: before the match that has most different words after it, at a pause if one is near."""
    most, best = 0, found[0][0]
    for number, (first, _, _) in enumerate(found):
        near: set[int] = set()
        for start, end, which in found[number:]:
            if end - first > length - LEAD:
                break
            near.add(which)
            if start - first > length:
                break
        if len(near) > most:
            most, best = len(near), first
    earliest = max(0, best - LEAD)
    pauses = [pause.end() for pause in _PAUSE.finditer(text, earliest, best)]
    return pauses[-1] if pauses and earliest else earliest


def _matches(text: str, words: tuple[Word, ...]) -> list[tuple[int, int, int]]:
    """Start, end and number of the word for each place where one of the words stands.

    Words as they were written are looked for first: that is quick, and nearly always all there is.
    """
    if not words:
        return []
    plain = _plain(words)
    found = _spans(plain, text) if plain else []
    return found or _spans(_pattern(words), text)


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int, int]]:
    return [
        (match.start(), match.end(), match.lastindex or 0) for match in islice(pattern.finditer(text), MOST_MATCHES)
    ]


@lru_cache(256)
def _plain(words: tuple[Word, ...]) -> re.Pattern[str] | None:
    """The words as they stand; None where letters, digits or punctuation may be written in several ways."""
    if any(len(unit) > 1 or unit == BREAK or unit.isascii() for word in words for unit in word.units):
        return None
    longest_first = sorted(words, key=lambda word: -len(word.units))
    return re.compile("|".join(f"({''.join(word.units)})" for word in longest_first))


@lru_cache(256)
def _pattern(words: tuple[Word, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=lambda word: -len(word.units))
    return re.compile("|".join(f"({_BETWEEN.join(map(_unit, word.units))})" for word in longest_first))


def _unit(unit: str) -> str:
    if unit == BREAK:
        return r"\W+"
    letters = unit.removesuffix("_")
    found = "".join(f"[{re.escape(letter + _variants().get(letter, ''))}]" for letter in letters)
    return f"(?<!{_LETTER}){found}(?!{_LETTER})" if unit.endswith("_") else found


@cache
def _variants() -> dict[str, str]:
    """Other ways of writing a character that the index takes for it: capitals, full width, compatibility forms."""
    found: dict[str, str] = {}
    for code in (*range(0x41, 0xD800), *range(0xF900, 0x10000), *range(0x2F800, 0x2FA20)):
        same = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(same) == 1 and same != chr(code):
            found[same] = found.get(same, "") + chr(code)
    return found


def _html(text: str, spans: list[_Span]) -> SafeString:
    parts, reached = [], 0
    for start, end in spans:
        parts += [escape(text[reached:start]), "<mark>", escape(text[start:end]), "</mark>"]
        reached = end
    parts.append(escape(text[reached:]))
    return mark_safe("".join(parts))  # noqa: S308
