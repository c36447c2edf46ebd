"""The text of an edition: whatever a payload of any schema says in words."""

from collections.abc import Iterable, Iterator
from typing import Any

from .words import BREAK

# What a program reads, and what stands in columns of its own.
_CODES = {
    *("schema", "id", "kind", "code", "codes", "openness", "mode", "stages", "url", "clip", "at", "articles"),
    *("sha256", "media_type", "language", "held_at"),
}
_COLUMNS = {"title", "document_number", "genre", "topic", "written_on", "effective_on", "signed_on"}


def pieces(payload: dict[str, Any]) -> list[str]:
    """The paragraphs, points, names and notes of a payload in order, without its title and number."""
    return [
        piece
        for name, value in payload.items()
        if name not in _COLUMNS and name not in _CODES
        for piece in _pieces(value)
    ]


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _pieces(item)
    elif isinstance(value, dict):
        if "number" in value and isinstance(value.get("text"), str):  # a block of a body is one run of text
            yield "".join(str(value.get(part, "")) for part in ("number", "title", "text"))
            return
        for name, inner in value.items():
            if name not in _CODES:
                yield from _pieces(inner)


def indexed_text(found: Iterable[str]) -> str:
    """Pieces so that no phrase reaches from one into the next."""
    return BREAK.join(found)


def shown_text(found: Iterable[str]) -> str:
    """Pieces to cut a snippet from."""
    return "\n".join(found)
