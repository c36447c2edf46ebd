"""Words that stand out in some texts against others, without a dictionary.

A piece of two to six characters is a word where it comes back in several texts and is free on both sides: what stands
before and behind it varies. Of pieces in each other the longer one stays if it is nearly as frequent.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from .cleaning import plain
from .guard import TABLE

_SHORTEST, _LONGEST = 2, 6
_SINGLE = set(
    "的了和与在是有对把被让给就都也还很到从向以及或而其这那此我你他她它们您请吗吧呢啊之为个将使可能会要不没一等中上下里"
)
_STOP = {
    "建议",
    "希望",
    "意见",
    "本人",
    "我们",
    "政府",
    "领导",
    "感谢",
    "谢谢",
    "问题",
    "市民",
    "群众",
    "居民",
    "您好",
    "采纳",
    "重视",
    "规定",
    "办法",
    "条例",
    "相关",
    "有关",
    "部门",
    "工作",
    "进行",
    "情况",
    "尊敬",
    *(word for pair in TABLE["pairs"] for side in ("one", "other") for word in pair[side]),
}


def pieces_of(text: str) -> set[str]:
    """Every piece of a text that could be a word. Pieces do not cross punctuation."""
    found: set[str] = set()
    for run in runs_of(text):
        for size in range(_SHORTEST, _LONGEST + 1):
            for at in range(len(run) - size + 1):
                piece = run[at : at + size]
                if piece[0] not in _SINGLE and piece[-1] not in _SINGLE and piece not in _STOP:
                    found.add(piece)
    return found


def runs_of(text: str) -> list[str]:
    """Stretches of letters without a digit between punctuation."""
    return "".join(sign if sign.isalpha() else " " for sign in plain(text)).split()


def top_terms(
    texts: Sequence[tuple[str, int]], background: Mapping[str, float] | None = None, *, limit: int = 8
) -> list[str]:
    """The terms of ``(text, weight)`` pairs, the most telling first; ties by characters.

    ``background`` is the share (0 to 1) of all texts that have a piece, as ``shares`` gives it.
    """
    background = background or {}
    weights: Counter[str] = Counter()
    before: dict[str, set[str]] = defaultdict(set)
    behind: dict[str, set[str]] = defaultdict(set)
    written: Counter[str] = Counter()
    for text, weight in texts:
        pieces = pieces_of(text)
        written.update(pieces)
        weights.update(dict.fromkeys(pieces, weight))
    # A term of one text is a term only where there is no other.
    least = 2 if len(texts) > 1 else 1
    weights = Counter({piece: count for piece, count in weights.items() if written[piece] >= least})
    for text, _ in texts:
        for run in runs_of(text):
            for size in range(_SHORTEST, _LONGEST + 1):
                for at in range(len(run) - size + 1):
                    piece = run[at : at + size]
                    if piece in weights:
                        before[piece].add(_edge(run[at - 1] if at else ""))
                        behind[piece].add(_edge(run[at + size] if at + size < len(run) else ""))
    total = sum(weight for _, weight in texts) or 1

    def score(piece: str) -> float:
        share = weights[piece] / total
        telling = share * math.log1p((share + 0.01) / (background.get(piece, share / 4) + 0.01))
        # A stretch that one and the same character always follows is half of a word.
        edges = 1.0 if all(len(side[piece]) > 1 or "" in side[piece] for side in (before, behind)) else 0.3
        return telling * edges * math.log2(1 + len(piece))

    ranked = sorted(weights, key=lambda piece: (-round(score(piece), 9), -len(piece), piece))
    chosen: list[str] = []
    for piece in ranked[: limit * 40]:
        if len(chosen) == limit:
            break
        if not any(_overlap(piece, other) for other in chosen):
            chosen.append(piece)
    return chosen


def shares(texts: Iterable[str]) -> dict[str, float]:
    """The share of texts that have a piece; pieces of one text only are left out."""
    counts: Counter[str] = Counter()
    number = 0
    for text in texts:
        counts.update(pieces_of(text))
        number += 1
    return {piece: count / number for piece, count in counts.items() if count > 1}


def _edge(sign: str) -> str:
    """Particles bound a word as punctuation does."""
    return "" if sign in _SINGLE else sign


def _overlap(piece: str, other: str) -> bool:
    if piece in other or other in piece:
        return True
    edge = max(1, min(len(piece), len(other)) - 1)
    return piece[-edge:] == other[:edge] or other[-edge:] == piece[:edge]


def mentions(text: str, terms: Collection[str]) -> list[str]:
    """Which of the terms a text has, in their order."""
    reading = plain(text)
    return [term for term in terms if term in reading]
