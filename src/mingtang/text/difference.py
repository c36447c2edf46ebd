"""What changed between two versions of a paper, for people: block by block, then character by character.

Segments carry text only, no markup; whoever renders them escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from .papers import Block

Segment = tuple[str, str]
_ALIKE = 0.5
_LONGEST_BY_CHARACTER = 1500
_SENTENCES = re.compile(r"[^。；;，,！？!?\n]*[。；;，,！？!?\n]?")


@dataclass(frozen=True, slots=True)
class Change:
    """One block in reading order.

    ``kind``: same, changed, inserted, deleted. ``segments``: ``(op, text)`` with op equal, insert or delete; equal and
    delete together are the old text, equal and insert the new. ``old_id``, ``new_id``: block ids, empty for plain text
    and where the block is missing.
    """

    kind: str
    segments: tuple[Segment, ...]
    old_id: str = ""
    new_id: str = ""


def readable(old: Sequence[Block] | str, new: Sequence[Block] | str) -> list[Change]:
    """Every block of both versions once. An article that only moved down by a new one before it stays the same article.

    Plain text is compared line by line.
    """
    before, after = _items(old), _items(new)
    # Numbers are left out of the comparison: they shift when an article is put in.
    matcher = SequenceMatcher(
        None, [_content(item) for item in before], [_content(item) for item in after], autojunk=False
    )
    changes: list[Change] = []
    for operation, start, end, new_start, new_end in matcher.get_opcodes():
        if operation == "equal":
            pairs: list[tuple[Block | None, Block | None]] = list(
                zip(before[start:end], after[new_start:new_end], strict=True)
            )
        else:
            pairs = _paired(before[start:end], after[new_start:new_end])
        changes += [_change(left, right) for left, right in pairs]
    return changes


def segments(old: str, new: str) -> list[Segment]:
    """The difference of two texts by character, by clause where they are long; neighbours of one kind are joined."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    middle = list(_compare(left, right)) if left and right else [("delete", left), ("insert", right)]
    return _joined([("equal", old[:head]), *middle, ("equal", old[len(old) - tail :])])


def _items(version: Sequence[Block] | str) -> list[Block]:
    if isinstance(version, str):
        return [Block("paragraph", "", text=line) for line in version.split("\n")] if version else []
    return list(version)


def _content(block: Block) -> tuple[str, str, str]:
    return block.kind, block.title, block.text


def _change(old: Block | None, new: Block | None) -> Change:
    made = segments(old.full if old else "", new.full if new else "")
    if old is None or new is None:
        kind = "inserted" if old is None else "deleted"
    else:
        kind = "same" if old.full == new.full else "changed"
    return Change(kind, tuple(made), old.id if old else "", new.id if new else "")


def _paired(old: list[Block], new: list[Block]) -> list[tuple[Block | None, Block | None]]:
    """Each old block with the new one that continues it, in order; those that have none stand alone."""
    best: dict[tuple[int, int], float] = {}
    scores = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for row in range(len(old) - 1, -1, -1):
        for column in range(len(new) - 1, -1, -1):
            alike = _alike(old[row], new[column])
            best[row, column] = alike
            scores[row][column] = max(
                scores[row + 1][column], scores[row][column + 1], scores[row + 1][column + 1] + alike if alike else 0.0
            )
    pairs: list[tuple[Block | None, Block | None]] = []
    row = column = 0
    while row < len(old) and column < len(new):
        alike = best[row, column]
        if alike and scores[row][column] == scores[row + 1][column + 1] + alike:
            pairs.append((old[row], new[column]))
            row, column = row + 1, column + 1
        elif scores[row][column] == scores[row + 1][column]:
            pairs.append((old[row], None))
            row += 1
        else:
            pairs.append((None, new[column]))
            column += 1
    return pairs + [(block, None) for block in old[row:]] + [(None, block) for block in new[column:]]


def _alike(old: Block, new: Block) -> float:
    """How much two blocks are one: 0 when they are not. The same heading is enough."""
    if old.kind != new.kind:
        return 0.0
    if old.title and old.title == new.title:
        return 1.5
    left, right = old.title + old.text, new.title + new.text
    if not left or not right:
        return 0.0
    pairs_left, pairs_right = _bigrams(left), _bigrams(right)
    score = 2 * len(pairs_left & pairs_right) / (len(pairs_left) + len(pairs_right))
    return score if score >= _ALIKE else 0.0


@lru_cache(maxsize=4096)
def _bigrams(text: str) -> frozenset[str]:
    return frozenset(text[place : place + 2] for place in range(max(1, len(text) - 1)))


def _compare(old: str, new: str) -> Iterator[Segment]:
    if max(len(old), len(new)) > _LONGEST_BY_CHARACTER:
        left, right = _SENTENCES.findall(old), _SENTENCES.findall(new)
        for operation, start, end, new_start, new_end in SequenceMatcher(
            None, left, right, autojunk=False
        ).get_opcodes():
            was, now = "".join(left[start:end]), "".join(right[new_start:new_end])
            if operation == "equal":
                yield "equal", was
            elif was and now and max(len(was), len(now)) <= _LONGEST_BY_CHARACTER:
                yield from _compare(was, now)
            else:
                yield "delete", was
                yield "insert", now
        return
    for operation, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            yield "equal", old[start:end]
        else:
            yield "delete", old[start:end]
            yield "insert", new[new_start:new_end]


def _joined(made: list[Segment]) -> list[Segment]:
    """Join neighbours of one kind; a single like character between two changes belongs to them: it only confuses."""
    made = [segment for segment in made if segment[1]]
    parts: list[Segment] = []
    deleted = inserted = ""

    def flush() -> None:
        nonlocal deleted, inserted
        parts.extend(segment for segment in (("delete", deleted), ("insert", inserted)) if segment[1])
        deleted = inserted = ""

    for place, (operation, text) in enumerate(made):
        if operation == "delete":
            deleted += text
        elif operation == "insert":
            inserted += text
        elif deleted and inserted and len(text) == 1 and text.isalnum() and place + 1 < len(made):
            deleted, inserted = deleted + text, inserted + text
        else:
            flush()
            if parts and parts[-1][0] == "equal":
                text = parts.pop()[1] + text
            parts.append(("equal", text))
    flush()
    return parts


def _common(left: str, right: str) -> int:
    """Length of the common beginning."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
