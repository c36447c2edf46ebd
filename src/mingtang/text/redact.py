"""Cutting passages out of a text before it is made public (删减后公开).

The result is new text in which nothing of a cut passage stays, not even its length: every cut leaves the same mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MARK = "〔删减〕"


@dataclass(frozen=True, slots=True)
class Cut:
    """``quote`` is what is cut: at ``start:end``, or wherever it stands when no place is given."""

    quote: str
    reason: str
    ground: str
    start: int | None = None
    end: int | None = None


class CutError(ValueError):
    """A cut that does not fit the text. ``code`` is stable, ``message`` plain Chinese, ``number`` counts cuts from 1."""

    def __init__(self, code: str, number: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.number = number
        self.message = message


def apply_cuts(text: str, cuts: Iterable[Cut]) -> str:
    """``text`` with every cut passage replaced by ``MARK``.

    Raises:
        CutError: ``empty``, ``reason_missing``, ``ground_missing``, ``moved`` (the text at the place is no longer the
            quoted one), ``not_found``, ``overlap``.
    """
    spans: list[tuple[int, int, int]] = []
    for number, cut in enumerate(cuts, 1):
        _check(cut, number)
        spans += [(start, end, number) for start, end in _places(text, cut, number)]
    spans.sort()
    parts: list[str] = []
    position = 0
    for start, end, number in spans:
        if start < position:
            raise CutError("overlap", number, f"第{number}处删减与另一处重叠，请合并为一处。")
        parts += [text[position:start], MARK]
        position = end
    return "".join(parts) + text[position:]


def remaining(text: str, cuts: Iterable[Cut]) -> list[tuple[int, int]]:
    """Places (cut number from 1, position) where words cut elsewhere still stand in ``text``, to be asked about."""
    found: list[tuple[int, int]] = []
    for number, cut in enumerate(cuts, 1):
        found += [(number, start) for start in _occurrences(text, cut.quote)]
    return found


def _check(cut: Cut, number: int) -> None:
    if not cut.quote:
        raise CutError("empty", number, f"第{number}处删减没有选中文字。")
    if not cut.reason.strip():
        raise CutError("reason_missing", number, f"第{number}处删减没有写理由，请补充。")
    if not cut.ground.strip():
        raise CutError("ground_missing", number, f"第{number}处删减没有选依据，请补充。")


def _places(text: str, cut: Cut, number: int) -> list[tuple[int, int]]:
    if cut.start is None:
        found = _occurrences(text, cut.quote)
        if not found:
            raise CutError("not_found", number, f"第{number}处删减的文字在正文中找不到，可能正文已修改，请重新选取。")
        return [(start, start + len(cut.quote)) for start in found]
    end = cut.start + len(cut.quote)
    if cut.start < 0 or cut.end not in (None, end) or text[cut.start : end] != cut.quote:
        raise CutError("moved", number, f"第{number}处删减的位置与所引文字对不上，可能正文已修改，请重新选取。")
    return [(cut.start, end)]


def _occurrences(text: str, quote: str) -> list[int]:
    found: list[int] = []
    place = text.find(quote) if quote else -1
    while place >= 0:
        found.append(place)
        place = text.find(quote, place + len(quote))
    return found
