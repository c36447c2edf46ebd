"""What became of the opinions: a receipt for each, and the feedback report that is the sum of the receipts.

Articles 7 and 9: whether opinions were adopted is made public, with reasons for concentrated ones that were not (S09.6).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .grouping import Group
from .themes import Theme

ADOPTED, PARTLY, NOT_ADOPTED, OUT_OF_SCOPE, OPEN = "adopted", "partly", "not_adopted", "out_of_scope", ""
DISPOSITIONS = {ADOPTED: "采纳", PARTLY: "部分采纳", NOT_ADOPTED: "不予采纳", OUT_OF_SCOPE: "不属于征求意见范围"}
_NEED_REASON = (PARTLY, NOT_ADOPTED, OUT_OF_SCOPE)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When opinions are comparatively concentrated: so many authors, or this share of all opinions, whichever first.

    The Opinion gives no number; ``authors`` and ``share`` are settings of the rule pack, published with the report.
    """

    authors: int = 5
    share: Fraction = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Disposition:
    """``kind`` of ``DISPOSITIONS``, and the reason given to the public."""

    kind: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a citizen finds under a receipt number. ``kind`` is empty while open; ``own`` where it departs from its theme.

    ``author`` tells people apart for counting only and is no part of what is shown.
    """

    opinion: str
    author: str
    clause: str
    theme: str
    group: str
    kind: str
    reason: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row: opinions of a theme disposed of in one way for one reason.

    ``raw`` opinions, ``distinct`` texts (groups of copies count once), ``authors`` people.
    """

    clause: str
    theme: str
    title: str
    kind: str
    reason: str
    raw: int
    distinct: int
    authors: int
    concentrated: bool


@dataclass(frozen=True, slots=True)
class Report:
    """``raw``, ``distinct``, ``authors`` over all receipts; ``by_kind`` counts receipts. A group or an author in several
    lines counts once here, so only ``raw`` adds up over the lines."""

    lines: tuple[Line, ...]
    raw: int
    distinct: int
    authors: int
    by_kind: Mapping[str, int]


def concentrated(
    themes: Iterable[Theme],
    author_of: Mapping[str, str],
    thresholds: Thresholds | None = None,
    marked: Collection[str] = (),
) -> set[str]:
    """Ids of themes that many people share, and of those that an officer ``marked``.

    A group of copies is never larger than its theme, so themes are enough to look at. An opinion without a known author counts as one author.
    """
    thresholds = thresholds or Thresholds()
    themes = list(themes)
    total = sum(len(theme.opinions) for theme in themes)
    found = set(marked) & {theme.id for theme in themes}
    for theme in themes:
        authors = {author_of.get(opinion) or f"\n{opinion}" for opinion in theme.opinions}
        if len(authors) >= thresholds.authors or len(theme.opinions) >= thresholds.share * total > 0:
            found.add(theme.id)
    return found


def receipts(
    themes: Iterable[Theme],
    groups: Iterable[Group],
    author_of: Mapping[str, str],
    by_theme: Mapping[str, Disposition],
    by_opinion: Mapping[str, Disposition],
) -> list[Receipt]:
    """One receipt for each opinion, in order: its own disposition, else that of its theme, else still open.

    Raises ValueError for an unknown kind, an opinion in two themes, a disposition of nothing.
    """
    themes = list(themes)
    for given in (*by_theme.values(), *by_opinion.values()):
        if given.kind not in DISPOSITIONS:
            raise ValueError(f"unknown disposition: {given.kind}")
    group_of = {member: group.id for group in groups for member in group.members}
    made: dict[str, Receipt] = {}
    for theme in themes:
        for opinion in theme.opinions:
            if opinion in made:
                raise ValueError(f"an opinion is in two themes: {opinion}")
            own = by_opinion.get(opinion)
            given = own or by_theme.get(theme.id) or Disposition(OPEN)
            author = author_of.get(opinion) or f"\n{opinion}"
            # An opinion that was never grouped stands for itself.
            group = group_of.get(opinion, f"\n{opinion}")
            made[opinion] = Receipt(
                opinion, author, theme.clause, theme.id, group, given.kind, given.reason.strip(), own is not None
            )
    unknown = (set(by_theme) - {theme.id for theme in themes}) | (set(by_opinion) - set(made))
    if unknown:
        raise ValueError(f"disposed of, but not there: {', '.join(sorted(unknown)[:5])}")
    return [made[opinion] for opinion in sorted(made)]


def feedback(given: Sequence[Receipt], titles: Mapping[str, str], concentrated_themes: Collection[str] = ()) -> Report:
    """The report of the receipts, by clause in its order of ``titles``, then theme. Nothing is counted elsewhere."""
    parts: dict[tuple[str, str, str, str], list[Receipt]] = defaultdict(list)
    for receipt in given:
        parts[receipt.clause, receipt.theme, receipt.kind, receipt.reason].append(receipt)
    place = {theme: number for number, theme in enumerate(titles)}
    lines = tuple(
        Line(
            clause,
            theme,
            titles.get(theme, ""),
            kind,
            reason,
            len(part),
            len({each.group for each in part}),
            len({each.author for each in part}),
            theme in concentrated_themes,
        )
        for (clause, theme, kind, reason), part in sorted(
            parts.items(), key=lambda item: (place.get(item[0][1], len(place)), -len(item[1]), item[0])
        )
    )
    kinds = Counter(receipt.kind for receipt in given)
    return Report(
        lines,
        len(given),
        len({each.group for each in given}),
        len({each.author for each in given}),
        {kind: kinds[kind] for kind in (*DISPOSITIONS, OPEN) if kinds[kind] or kind},
    )


def disagreements(report: Report, given: Sequence[Receipt]) -> list[str]:
    """Every number of a report that is not the sum of the receipts, in words; empty for a true report."""
    wrong: list[str] = []

    def same(name: str, told: int, counted: int) -> None:
        if told != counted:
            wrong.append(f"{name}: told {told}, counted {counted}")

    same("receipts", len(given), len({each.opinion for each in given}))
    same("raw", report.raw, len(given))
    same("raw of lines", sum(line.raw for line in report.lines), len(given))
    same("raw by kind", sum(report.by_kind.values()), len(given))
    same("distinct", report.distinct, len({each.group for each in given}))
    same("authors", report.authors, len({each.author for each in given}))
    for kind in sorted({*report.by_kind, *(each.kind for each in given)}):
        counted = sum(each.kind == kind for each in given)
        same(f"kind {kind or 'open'}", report.by_kind.get(kind, 0), counted)
        same(f"lines of kind {kind or 'open'}", sum(line.raw for line in report.lines if line.kind == kind), counted)
    parts: dict[tuple[str, str, str, str], list[Receipt]] = defaultdict(list)
    for each in given:
        parts[each.clause, each.theme, each.kind, each.reason].append(each)
    told = Counter((line.clause, line.theme, line.kind, line.reason) for line in report.lines)
    for key in sorted({*told, *parts}):
        same(f"lines for {key}", told[key], 1 if key in parts else 0)
    for line in report.lines:
        part = parts.get((line.clause, line.theme, line.kind, line.reason), [])
        name = f"{line.theme} {line.kind or 'open'}"
        same(f"raw of {name}", line.raw, len(part))
        same(f"distinct of {name}", line.distinct, len({each.group for each in part}))
        same(f"authors of {name}", line.authors, len({each.author for each in part}))
    return wrong


def unanswered(report: Report) -> list[Line]:
    """Lines that keep the feedback from being published (S09.6): a concentrated theme open, or refused without a reason."""
    return [
        line
        for line in report.lines
        if line.concentrated and (line.kind == OPEN or (line.kind in _NEED_REASON and not line.reason))
    ]
