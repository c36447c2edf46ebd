"""What changed between two versions of a table, entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .values import Value

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class EntryChange:
    """An entry that is new, gone or different. ``fields`` are the names of the columns that differ."""

    kind: str
    key: str
    before: Values | None
    after: Values | None
    fields: tuple[str, ...] = ()


def differences(before: Mapping[str, Values], after: Iterable[tuple[str, Values]]) -> Iterator[EntryChange]:
    """Changes from one version to the next, both by key: first those of ``after`` in its order, then what is gone.

    The older version is held in memory, the newer one may be read as it comes.
    """
    left = dict(before)
    for key, values in after:
        old = left.pop(key, None)
        if old is None:
            yield EntryChange(ADDED, key, None, values)
            continue
        fields = tuple(name for name in {**old, **values} if old.get(name) != values.get(name))
        if fields:
            yield EntryChange(CHANGED, key, old, values, fields)
    for key, values in left.items():
        yield EntryChange(REMOVED, key, values, None)
