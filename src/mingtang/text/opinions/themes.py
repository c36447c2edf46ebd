"""Themes of a clause: groups of opinions on one matter with one stance, proposed here, settled by an officer.

An operation takes themes and gives themes. None can lose or double an opinion; each raises ValueError instead.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .grouping import Group, Settings
from .guard import stance_of
from .terms import mentions, shares, top_terms

OTHER = "其他意见"
_STANCE_WORDS = {"for": "赞成", "against": "反对", "both": "部分赞成"}
_READ = 400
_WIDEST = 0.8


@dataclass(frozen=True, slots=True)
class Theme:
    """``opinions`` are identifiers in order; ``stance`` for, against, both or empty; ``confirmed`` by an officer."""

    id: str
    clause: str
    title: str
    terms: tuple[str, ...]
    opinions: tuple[str, ...]
    stance: str = ""
    confirmed: bool = False


Themes = tuple[Theme, ...]
Part = tuple[Group, tuple[str, ...]]


def propose(
    groups: Sequence[Group],
    clause_of: Mapping[str, str],
    *,
    most: int = 12,
    least: int = 3,
    settings: Settings | None = None,
) -> Themes:
    """Themes of every clause: at most ``most`` for a stance, of at least ``least`` opinions; the rest is 其他意见.

    ``clause_of`` gives the clause id of an opinion, empty for the whole draft. A group commented to several clauses is
    counted in each with its own opinions. Opposite stances never share a theme. Same input and seed, same themes.
    """
    seed = (settings or Settings()).seed
    placed: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for group in sorted(groups, key=lambda each: (-len(each.members), each.id)):
        stance = stance_of(group.template)
        parts: dict[str, list[str]] = defaultdict(list)
        for identifier in group.members:
            parts[clause_of.get(identifier, "")].append(identifier)
        for clause, members in parts.items():
            placed[clause, stance].append((group, tuple(members)))
    background = shares(group.template for group in groups[:5000])
    made: list[Theme] = []
    for (clause, stance), bucket in sorted(placed.items()):
        made += _themes(clause, stance, bucket, background, most, least, seed)
    return tuple(made)


def _themes(
    clause: str,
    stance: str,
    bucket: list[Part],
    background: Mapping[str, float],
    most: int,
    least: int,
    seed: int,
) -> list[Theme]:
    bucket = sorted(bucket, key=lambda part: (-len(part[1]), part[0].id))
    read = bucket[:_READ]
    chosen = top_terms([(group.template, len(members)) for group, members in read], background, limit=most * 3)
    # What nearly everybody says parts nobody from anybody, except where all say the same.
    widest = _WIDEST * sum(len(members) for _, members in bucket) if len(bucket) > 1 else float("inf")
    heads: list[str] = []
    left = list(bucket)
    parts: list[tuple[str, list[Part]]] = []
    for _ in range(most):
        weights: Counter[str] = Counter()
        for group, members in left:
            weights.update(dict.fromkeys(mentions(group.template, chosen), len(members)))
        free = [term for term in chosen if term not in heads and least <= weights[term] <= widest]
        if not free:
            break
        head = min(free, key=lambda term: (-weights[term], chosen.index(term)))
        heads.append(head)
        mine = [part for part in left if mentions(part[0].template, [head])]
        gone = {group.id for group, _ in mine}
        left = [part for part in left if part[0].id not in gone]
        parts.append((head, mine))
    if left:
        parts.append(("", left))
    made: list[Theme] = []
    for head, mine in parts:
        terms = top_terms([(group.template, len(members)) for group, members in mine[:_READ]], background)
        terms = [head, *(term for term in terms if term != head)][:8] if head else terms
        title = "、".join(terms[:2]) if head else OTHER
        if stance:
            title = f"{_STANCE_WORDS[stance]}：{title}"
        opinions = tuple(sorted(identifier for _, members in mine for identifier in members))
        made.append(Theme(_name(seed, clause, stance, head), clause, title, tuple(terms), opinions, stance))
    return made


def confirm(themes: Themes, theme: str) -> Themes:
    """The theme as it stands, settled by an officer."""
    return _put(themes, replace(_get(themes, theme), confirmed=True))


def rename(themes: Themes, theme: str, title: str) -> Themes:
    """Another title; a blank one is refused."""
    if not title.strip():
        raise ValueError("a theme needs a title")
    return _put(themes, replace(_get(themes, theme), title=title.strip()))


def merge(themes: Themes, into: str, others: Collection[str]) -> Themes:
    """One theme of several of the same clause. It keeps the id and title of ``into`` and must be confirmed anew.

    Themes of opposite stance are refused: the answers to them cannot be one.
    """
    kept = _get(themes, into)
    taken = [_get(themes, other) for other in sorted(set(others) - {into})]
    if any(other.clause != kept.clause for other in taken):
        raise ValueError("themes of different clauses are not merged")
    stances = {each.stance for each in (kept, *taken) if each.stance}
    if len(stances) > 1:
        raise ValueError("themes of opposite stance are not merged")
    opinions = tuple(sorted(identifier for each in (kept, *taken) for identifier in each.opinions))
    terms = tuple(dict.fromkeys(term for each in (kept, *taken) for term in each.terms))[:8]
    stance = next(iter(stances), "")
    gone = {other.id for other in taken}
    merged = replace(kept, opinions=opinions, terms=terms, stance=stance, confirmed=False)
    return _settled(themes, tuple(merged if each.id == into else each for each in themes if each.id not in gone))


def split(themes: Themes, theme: str, opinions: Iterable[str], title: str) -> Themes:
    """A new theme of some opinions of one, placed after it. Both must keep at least one opinion."""
    whole = _get(themes, theme)
    moved = set(opinions)
    if not title.strip() or not moved or not moved < set(whole.opinions):
        raise ValueError("a split takes some, not all, opinions of the theme and gives them a title")
    number = 1
    while (name := _name(number, whole.clause, whole.id, title.strip())) in {each.id for each in themes}:
        number += 1
    part = replace(whole, id=name, title=title.strip(), opinions=tuple(sorted(moved)), confirmed=False)
    rest = replace(whole, opinions=tuple(each for each in whole.opinions if each not in moved), confirmed=False)
    made: list[Theme] = []
    for each in themes:
        made += [rest, part] if each.id == theme else [each]
    return _settled(themes, tuple(made))


def move(themes: Themes, opinions: Iterable[str], target: str) -> Themes:
    """Opinions put into another theme of their clause. A theme left with none goes; both must be confirmed anew."""
    moved = set(opinions)
    goal = _get(themes, target)
    missing = moved - {identifier for each in themes if each.clause == goal.clause for identifier in each.opinions}
    if missing:
        raise ValueError(f"not of this clause: {', '.join(sorted(missing)[:5])}")
    made: list[Theme] = []
    for each in themes:
        if each.id == target:
            opinions_now = tuple(sorted({*each.opinions, *moved}))
        else:
            opinions_now = tuple(identifier for identifier in each.opinions if identifier not in moved)
        if opinions_now == each.opinions:
            made.append(each)
        elif opinions_now:
            made.append(replace(each, opinions=opinions_now, confirmed=False))
    return _settled(themes, tuple(made))


def opinions_of(themes: Themes) -> list[str]:
    """Every opinion in order, once for each theme it is in."""
    return sorted(identifier for each in themes for identifier in each.opinions)


def _settled(before: Themes, after: Themes) -> Themes:
    if opinions_of(before) != opinions_of(after):
        raise ValueError("an operation must keep every opinion exactly once")
    return after


def _get(themes: Themes, theme: str) -> Theme:
    for each in themes:
        if each.id == theme:
            return each
    raise ValueError(f"no such theme: {theme}")


def _put(themes: Themes, theme: Theme) -> Themes:
    return _settled(themes, tuple(theme if each.id == theme.id else each for each in themes))


def _name(seed: int, *parts: str) -> str:
    return "t" + hashlib.sha256("\n".join((str(seed), *parts)).encode()).hexdigest()[:12]
