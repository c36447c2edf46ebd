"""Groups of opinions that are copies of one text with small changes, from one to hundreds of thousands.

Equal texts first become one. Texts are then put into bins by the guard (sides taken, numbers), and only those of one bin
are compared. In a bin they are read by how often each was sent in, then by their characters, so the order in which they
came plays no part. A text is looked up among the leaders, the texts found to be like no earlier one, by a sketch: the
smallest hashes of its three-character pieces. It joins every leader whose two-character pieces it shares enough of, and
what one text joins becomes one group.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from heapq import nsmallest
from typing import Any
from zlib import crc32

from ..difference import Segment, segments
from .cleaning import cleaned, key_of_plain, plain
from .guard import TABLE, Guard, guard_of_plain


@dataclass(frozen=True, slots=True)
class Settings:
    """What the grouping depends on; published with its result.

    ``alike``: least share of two-character pieces in common (0 to 1). ``sketch``: hashes kept of a text. ``hits``: least
    hashes in common before texts are compared. ``crowded``: a hash of more leaders than this tells nothing.
    ``compared``: at most so many leaders are compared with a text.
    """

    alike: float = 0.55
    sketch: int = 24
    hits: int = 3
    crowded: int = 64
    compared: int = 12
    seed: int = 20161

    def __post_init__(self) -> None:
        if not 0 < self.alike <= 1 or min(self.sketch, self.hits, self.crowded, self.compared) < 1:
            raise ValueError("alike lies above 0 and up to 1; the counts are at least 1")


@dataclass(frozen=True, slots=True)
class Group:
    """``members`` are identifiers in order; ``template`` is the text most of them sent, as people read it."""

    id: str
    template: str
    members: tuple[str, ...]
    guard: Guard
    texts: int = 1


def group(opinions: Iterable[tuple[str, str]], settings: Settings | None = None) -> list[Group]:
    """Groups of ``(identifier, text)``, the largest first. Every identifier is in exactly one group.

    The same opinions in any order give the same groups with the same ids. Raises ValueError for an identifier given
    twice.
    """
    settings = settings or Settings()
    senders: dict[str, list[str]] = {}
    bins: dict[tuple[Guard, str], dict[str, list[str]]] = {}
    known: set[str] = set()
    texts: dict[str, Counter[str]] = {}
    for identifier, text in opinions:
        if identifier in known:
            raise ValueError(f"identifier given twice: {identifier}")
        known.add(identifier)
        senders.setdefault(text, []).append(identifier)
    for text, identifiers in senders.items():
        reading = plain(text)
        key = key_of_plain(reading)
        # Signs alone (？？！) have no content to compare; each stands for itself.
        guard = guard_of_plain(reading)
        bins.setdefault((guard, "" if key else reading), {}).setdefault(key, []).extend(identifiers)
        texts.setdefault(f"{key}\n{'' if key else reading}", Counter())[text] += len(identifiers)
    groups: list[Group] = []
    for (guard, signs), keys in sorted(bins.items()):
        for together in _alike(keys, settings):
            members = tuple(sorted(identifier for key in together for identifier in keys[key]))
            template = max(together, key=lambda key: (len(keys[key]), [-ord(sign) for sign in key]))
            written = texts[f"{template}\n{signs}"]
            best = min(written, key=lambda text: (-written[text], text))
            shown = hashlib.sha256("\n".join((*guard, signs, min(together))).encode("utf-8", "replace"))
            groups.append(Group(shown.hexdigest()[:16], cleaned(best), members, guard, len(together)))
    return sorted(groups, key=lambda each: (-len(each.members), each.id))


def changes_from_template(template: str, text: str) -> list[Segment]:
    """What one opinion changed of its group's template: ``(equal | delete | insert, text)``."""
    return segments(template, cleaned(text))


def description(settings: Settings | None = None) -> dict[str, Any]:
    """What is published beside the groups: method, thresholds, seed, and every word the guard knows."""
    return {
        "method": "seeded bottom sketch of three-character pieces, Jaccard of two-character pieces, guard by equality",
        "method_zh": (
            "先去除空白、标点后合并完全相同的意见；态度、否定、增减方向和数字（含单位）完全一致的，才互相比较；"
            "用三字片段的最小哈希找出可能相近的意见，两字片段重合度达到阈值的归为一组。与提交先后无关。"
        ),
        "settings": asdict(settings or Settings()),
        "guard": TABLE,
    }


def _alike(keys: Mapping[str, Sequence[str]], settings: Settings) -> list[list[str]]:
    """Keys of one bin that belong together."""
    if len(keys) == 1:
        return [list(keys)]
    ordered = sorted(keys, key=lambda key: (-len(keys[key]), key))
    leaders: list[str] = []
    above: list[int] = []
    followers: list[list[str]] = []
    postings: dict[int, list[int]] = defaultdict(list)

    def root(number: int) -> int:
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    for key in ordered:
        sketch = _sketch(key, settings)
        shared: dict[int, int] = {}
        for piece in sketch:
            found = postings.get(piece)
            if found is not None and len(found) <= settings.crowded:
                for leader in found:
                    shared[leader] = shared.get(leader, 0) + 1
        least = min(settings.hits, len(sketch))
        candidates = [(-count, leader) for leader, count in shared.items() if count >= least]
        joined: list[int] = []
        if candidates:
            pieces = _pieces(key)
            for _, leader in nsmallest(settings.compared, candidates):
                if _share(pieces, leaders[leader]) >= settings.alike:
                    joined.append(leader)
        if joined:
            first = min(map(root, joined))
            for leader in joined:
                above[root(leader)] = first
            followers[joined[0]].append(key)
        else:
            number = len(leaders)
            leaders.append(key)
            above.append(number)
            followers.append([key])
            for piece in sketch:
                # One more than crowded marks the piece; longer lists would only cost memory.
                if len(place := postings[piece]) <= settings.crowded:
                    place.append(number)
    together: dict[int, list[str]] = {}
    for number in range(len(leaders)):
        together.setdefault(root(number), []).extend(followers[number])
    return list(together.values())


def _sketch(key: str, settings: Settings) -> list[int]:
    data = key.encode("utf-16-le", "surrogatepass")
    seed = settings.seed
    # CRC is linear; the multiplication makes the order of hashes independent of the characters.
    hashes = {(crc32(data[at : at + 6], seed) * 2654435761) & 0xFFFFFFFF for at in range(0, max(len(data) - 4, 1), 2)}
    return sorted(hashes)[: settings.sketch]


def _pieces(key: str) -> set[str]:
    return {key[at : at + 2] for at in range(max(len(key) - 1, 1))}


def _share(pieces: set[str], other: str) -> float:
    others = _pieces(other)
    common = len(pieces & others)
    return common / (len(pieces) + len(others) - common)
