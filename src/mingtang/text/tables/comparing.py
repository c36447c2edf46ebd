"""Amounts by code set side by side: with another year through the crosswalk of the codes, with what was planned, over
several units, and as a tree.

Amounts are Decimal in the unit of the table; codes are those of a code list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from .codes import CodeLists

ZERO = Decimal(0)


@dataclass(frozen=True)
class Compared:
    """What belongs together in two tables. ``codes`` are those of now and ``before`` those of then: more than one where a
    code was split or several became one. An amount is None where the table has no such line."""

    codes: tuple[str, ...]
    previous: tuple[str, ...]
    now: Decimal | None
    before: Decimal | None

    @property
    def difference(self) -> Decimal:
        return (self.now or ZERO) - (self.before or ZERO)

    @property
    def percent(self) -> Decimal | None:
        """Change in per cent, one decimal; None where there is nothing to compare with."""
        return percent(self.now or ZERO, self.before)


def percent(now: Decimal, before: Decimal | None) -> Decimal | None:
    """How much more ``now`` is than ``before``, in per cent, one decimal; None without a ``before``."""
    if not before:
        return None
    return ((now - before) / before * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)


def compare(
    now: Mapping[str, Decimal], before: Mapping[str, Decimal], follow: Callable[[str], Iterable[str]] | None = None
) -> list[Compared]:
    """Two tables line by line, in the order of ``now``, then what is gone.

    ``follow`` says what a code of then is called now (``followed`` makes it from code lists). A code that was split is
    compared with all its parts together, for nobody knows what share of it each part is.
    """
    parents: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while (above := parents.setdefault(node, node)) != node:
            node = above
        return node

    for code in now:
        root(("now", code))
    for code in before:
        followers = [one for one in (follow(code) if follow else (code,)) if one in now]
        for one in followers:
            parents[root(("before", code))] = root(("now", one))
        root(("before", code))
    groups: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for side, table in enumerate((now, before)):
        for code in table:
            groups.setdefault(root(("before" if side else "now", code)), ([], []))[side].append(code)
    return [
        Compared(
            tuple(here),
            tuple(there),
            sum((now[code] for code in here), ZERO) if here else None,
            sum((before[code] for code in there), ZERO) if there else None,
        )
        for here, there in groups.values()
    ]


def followed(lists: CodeLists, name: str, start: int, end: int) -> Callable[[str], list[str]]:
    """What codes of the list ``name`` in the year ``start`` are called in ``end``."""
    return lambda code: lists.follow(name, code, start, end)


def roll_up(tables: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """The sum of several tables, code by code."""
    made: dict[str, Decimal] = {}
    for table in tables:
        for code, amount in table.items():
            made[code] = made.get(code, ZERO) + amount
    return made


def by_start(amounts: Mapping[str, Decimal], length: int) -> dict[str, Decimal]:
    """Sums by the first ``length`` characters of the codes, such as 3 for 类."""
    return roll_up({code[:length]: amount} for code, amount in amounts.items())


@dataclass
class Node:
    """A part of a whole with its parts, the largest first."""

    code: str
    name: str
    amount: Decimal
    parts: list[Node] = field(default_factory=list)


def tree(
    amounts: Mapping[str, Decimal], name_of: Callable[[str], str], lengths: tuple[int, ...] = (3, 5, 7)
) -> list[Node]:
    """Amounts as a tree by the starts of their codes: 类, 款, 项 for the classification of functions."""
    return _nodes(amounts, name_of, lengths)


def _nodes(amounts: Mapping[str, Decimal], name_of: Callable[[str], str], lengths: tuple[int, ...]) -> list[Node]:
    length, deeper = lengths[0], lengths[1:]
    made = []
    for code, amount in by_start(amounts, length).items():
        below = {one: value for one, value in amounts.items() if one.startswith(code)}
        made.append(Node(code, name_of(code), amount, _nodes(below, name_of, deeper) if deeper else []))
    return sorted(made, key=lambda node: (-node.amount, node.code))


def walk(nodes: Iterable[Node], depth: int = 0) -> Iterator[tuple[int, Node]]:
    """All nodes with their depth, a node before its parts."""
    for node in nodes:
        yield depth, node
        yield from walk(node.parts, depth + 1)
