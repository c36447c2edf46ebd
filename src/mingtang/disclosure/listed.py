"""Entries of published lists that a paper may name: of the negative list (article 20) or the catalogue (article 17).

Papers know no lists and lists know no papers; both know this. An entry is named by a text that only its provider reads.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mingtang.units.models import Unit

NEGATIVE_LIST, CATALOGUE = "negative_list", "disclosure_catalogue"


@dataclass(frozen=True)
class ListSource:
    """``entries`` gives (name, words) of what a unit may choose now; ``words`` those of a name, also of former entries."""

    entries: Callable[[Unit], list[tuple[str, str]]]
    words: Callable[[str], str]


_sources: dict[str, ListSource] = {}


def provide_list(kind: str, source: ListSource) -> None:
    """Have entries of lists of ``kind`` come from ``source``."""
    _sources[kind] = source


def entries_for(kind: str, unit: Unit) -> list[tuple[str, str]]:
    """Names and words of the entries a unit may choose now, in the order of their lists."""
    return _sources[kind].entries(unit) if kind in _sources else []


def words_of(kind: str, name: str) -> str:
    """An entry as people read it; empty for no name."""
    return _sources[kind].words(name) if name and kind in _sources else ""
