"""Canonical JSON (RFC 8785): the bytes that are hashed, kept as text."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import regex
import rfc8785

LARGEST_INTEGER = 2**53 - 1
_REFUSED = regex.compile(r"[\x00\ud800-\udfff]")


class CanonicalError(ValueError):
    """A value that has no canonical form here. ``place`` is a dotted path to it."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place or 'the value'}: {problem}")
        self.place = place


def canonical_json(value: Any) -> str:
    """RFC 8785 text of None, booleans, integers, strings, lists, tuples and dicts with string keys.

    Raises:
        CanonicalError: a float (amounts are strings), an integer beyond 2**53 - 1, NUL or a lone surrogate (databases
            refuse the one, UTF-8 the other), a key that is no string, any other type, or nesting too deep.
    """
    try:
        for place, problem in _problems(value, ""):
            raise CanonicalError(place, problem)
        return rfc8785.dumps(value).decode()
    except RecursionError:
        raise CanonicalError("", "nested too deeply") from None


def content_hash(text: str) -> str:
    """SHA-256 of the UTF-8 bytes of ``text``, 64 hex digits."""
    return sha256(text.encode()).hexdigest()


def _problems(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if found := _REFUSED.search(value):
            kind = "the character NUL" if found[0] == "\x00" else "a lone surrogate"
            yield place, f"contains {kind} at {found.start()}"
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            yield place, "an integer beyond 2**53 - 1; give it as a string"
    elif isinstance(value, float):
        yield place, "a float; give amounts as strings"
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                yield place, f"the key {key!r} is not a string"
                continue
            yield from _problems(key, f"{place}.{key!r}" if place else repr(key))
            yield from _problems(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _problems(inner, f"{place}.{number}" if place else str(number))
    else:
        yield place, f"{type(value).__name__} has no JSON form here"
