"""From letters on pages to the text of a paper: lines, what belongs to the page and not to the paper, paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from .pdf_letters import Letter, PageLetters

_WORD_GAP, _CELL_GAP = 0.3, 1.5  # in widths of a Chinese character
_SHORTEST_FULL_LINE = 14  # characters: what is shorter was ended by its writer, not by the margin
_MARGIN = 0.12  # of the page's height, above and below, where headers and page numbers stand
_PAGE_NUMBER = re.compile(
    r"[-—–－─·•.\s]*(?:第\s*)?(?:\d{1,4}|[ivxlc]{1,6}|[一二三四五六七八九十百]{1,4})\s*(?:页|/\s*\d{1,4})?"
    r"[\s,，]*(?:[/／]?\s*共\s*\d{1,4}\s*页)?[-—–－─·•.\s]*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"第[〇零一二三四五六七八九十百\d]{1,5}[章节条]|[一二三四五六七八九十]{1,3}、|[(（][一二三四五六七八九十\d]{1,3}[)）]|\d{1,2}[.．、]\s*\D"
    r"|附\s*件"
)
_ENDED = re.compile(r"[。；;：:！？!?]$")


@dataclass(slots=True)
class Segment:
    """Letters that follow one another on a line without a wide gap."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    em: float
    letters: list[Letter]


@dataclass(slots=True)
class Line:
    """Segments beside one another, from left to right. ``page`` counts from 0; ``column`` is 1 or 2 on pages that have
    two, else 0."""

    segments: list[Segment]
    page: int
    column: int = 0

    @property
    def left(self) -> float:
        return self.segments[0].left

    @property
    def right(self) -> float:
        return self.segments[-1].right

    @property
    def middle(self) -> float:
        return (self.segments[0].bottom + self.segments[0].top) / 2

    @property
    def em(self) -> float:
        return max(segment.em for segment in self.segments)

    @property
    def text(self) -> str:
        return "\t".join(segment.text for segment in self.segments)


def paper_text(pages: Sequence[PageLetters]) -> str:
    """Paragraphs, one a line, in reading order; cells of a table and words set far apart are parted by tabs."""
    lines = [_in_order(_lines(_segments(page.letters), number), page) for number, page in enumerate(pages)]
    kept = _without_furniture(lines, [page.height for page in pages])
    return "\n".join(_paragraphs(kept))


def plain(letters: Iterable[Letter]) -> str:
    """Letters as lines, with no more ado: for text that is only searched."""
    return "\n".join(line.text for line in _lines(_segments(list(letters)), 0))


def _segments(letters: Sequence[Letter]) -> list[Segment]:
    """Runs of letters as the file has them, broken where the pen jumps."""
    made: list[Segment] = []
    run: list[Letter] = []
    for letter in letters:
        if run and _jumps(run[-1], letter):
            made.append(_segment(run))
            run = []
        run.append(letter)
    if run:
        made.append(_segment(run))
    return made


def _jumps(last: Letter, letter: Letter) -> bool:
    em = max(last.top - last.bottom, letter.top - letter.bottom)
    same_line = min(last.top, letter.top) - max(last.bottom, letter.bottom) > 0.5 * min(
        last.top - last.bottom, letter.top - letter.bottom
    )
    return not same_line or not -0.5 * em < letter.left - last.right < _CELL_GAP * em


def _segment(run: Sequence[Letter]) -> Segment:
    wide = [one.right - one.left for one in run if one.text >= "\u2e80"]
    em = median(wide) if wide else 0.8 * median(one.top - one.bottom for one in run)
    parts = [run[0].text]
    for before, letter in pairwise(run):
        if letter.left - before.right > _WORD_GAP * em:
            parts.append(" ")
        parts.append(letter.text)
    return Segment(
        "".join(parts),
        run[0].left,
        max(one.right for one in run),
        min(one.bottom for one in run),
        max(one.top for one in run),
        em or 1.0,
        list(run),
    )


def _lines(segments: Iterable[Segment], page: int) -> list[Line]:
    """Segments on one height together, from the top of the page down."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda one: (-(one.top + one.bottom), one.left)):
        if rows:
            first = rows[-1][0]
            shared = min(first.top, segment.top) - max(first.bottom, segment.bottom)
            if shared > 0.5 * min(first.top - first.bottom, segment.top - segment.bottom):
                rows[-1].append(segment)
                continue
        rows.append([segment])
    return [Line(_joined(sorted(row, key=lambda one: one.left)), page) for row in rows]


def _joined(row: Sequence[Segment]) -> list[Segment]:
    """Neighbours without a wide gap as one segment: some programs place every letter by itself."""
    made = [row[0]]
    for segment in row[1:]:
        last = made[-1]
        em = max(last.em, segment.em)
        gap = segment.left - last.right
        if gap >= _CELL_GAP * em:
            made.append(segment)
            continue
        last.text += (" " if gap > _WORD_GAP * em else "") + segment.text
        last.right, last.em = max(last.right, segment.right), em
        last.bottom, last.top = min(last.bottom, segment.bottom), max(last.top, segment.top)
        last.letters += segment.letters
    return made


def _in_order(lines: list[Line], page: PageLetters) -> list[Line]:
    """Lines of a page set in two columns: the left one first. A table looks alike, but its cells are not full."""
    gutter = _gutter(lines, page.width)
    if gutter is None:
        return lines
    made: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for whole in lines:
        line = Line([part for one in whole.segments for part in _parted(one, gutter)], whole.page)
        if any(one.left < gutter < one.right for one in line.segments):
            made += [*left, *right, line]
            left, right = [], []
            continue
        for column, side in ((1, left), (2, right)):
            if segments := [one for one in line.segments if (one.right <= gutter) == (column == 1)]:
                side.append(Line(segments, line.page, column))
    return [*made, *left, *right]


def _parted(segment: Segment, gutter: float) -> list[Segment]:
    """A segment cut at the gutter, where a mark at the end of a line reached so far that two columns looked like one."""
    if not segment.left < gutter < segment.right:
        return [segment]
    left = [one for one in segment.letters if (one.left + one.right) / 2 < gutter]
    right = [one for one in segment.letters if (one.left + one.right) / 2 >= gutter]
    if not left or not right or right[0].left - left[-1].left < 1.4 * segment.em:
        return [segment]
    return [_segment(left), _segment(right)]


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    """The middle of the empty strip between two columns of running text."""
    pairs = [line for line in lines if len(line.segments) == 2]
    if len(pairs) < 6 or len(pairs) * 2 < len(lines):
        return None
    end = max(line.segments[0].right for line in pairs)
    start = min(line.segments[1].left for line in pairs)
    if not width * 0.3 < end < start < width * 0.7:
        return None
    room = (end - min(line.left for line in pairs)) + (max(line.right for line in pairs) - start)
    filled = sum(one.right - one.left for line in pairs for one in line.segments) / len(pairs)
    return (end + start) / 2 if filled > 0.8 * room else None


def _without_furniture(pages: Sequence[list[Line]], heights: Sequence[float]) -> list[Line]:
    """All lines but page numbers, and but headers and footers: what stands alike in the margin of half the pages."""
    alike: Counter[str] = Counter()
    for lines, height in zip(pages, heights, strict=True):
        alike.update({_shape(line) for line in lines if _in_margin(line, height)})
    often = {shape for shape, count in alike.items() if count >= max(2, len(pages) / 2)}
    return [
        line
        for lines, height in zip(pages, heights, strict=True)
        for line in lines
        if not (_in_margin(line, height) and (_PAGE_NUMBER.fullmatch(line.text) or _shape(line) in often))
    ]


def _in_margin(line: Line, height: float) -> bool:
    return not height * _MARGIN < line.middle < height * (1 - _MARGIN)


def _shape(line: Line) -> str:
    return re.sub(r"\d+", "#", re.sub(r"\s", "", line.text))


def _paragraphs(lines: Sequence[Line]) -> list[str]:
    """Lines joined where the margin and not the writer ended them."""
    if not lines:
        return []
    edges = {
        column: _edges([line for line in lines if line.column == column]) for column in {line.column for line in lines}
    }
    gaps = [
        before.middle - line.middle
        for before, line in pairwise(lines)
        if before.page == line.page and before.middle > line.middle
    ]
    usual = median(gaps) if gaps else 0.0
    made = [lines[0].text]
    for before, line in pairwise(lines):
        if _goes_on(before, line, edges[line.column][0], edges[before.column][1], usual):
            made[-1] += _between(made[-1], line.text) + line.text
        else:
            made.append(line.text)
    return made


def _edges(lines: Sequence[Line]) -> tuple[float, float]:
    """Where full lines begin and end: the outermost of the common right edges of the wider half of lines, and the left
    edge that lines come back to after a full one that was indented."""
    widths = sorted(line.right - line.left for line in lines)
    wide = [line for line in lines if line.right - line.left >= widths[len(widths) // 2]]
    rights = Counter(round(line.right / 4) for line in wide).most_common()
    # Punctuation squeezed at the end of a line moves its edge a little.
    right = max(edge for edge, count in rights if count * 3 >= rights[0][1]) * 4
    back = [
        line
        for before, line in pairwise(lines)
        if before.right > right - 1.6 * before.em and 1.2 * before.em < before.left - line.left < 4 * before.em
    ]
    left = Counter(round(line.left / 2) for line in back or wide).most_common(1)[0][0] * 2
    return left, right


def _goes_on(before: Line, line: Line, left: float, right: float, usual: float) -> bool:
    em = before.em
    if len(before.segments) > 1 or len(line.segments) > 1:
        return False
    if not 0.85 < line.em / em < 1.18:
        return False
    if before.right - before.left < _SHORTEST_FULL_LINE * em or before.right < right - 1.6 * em:
        return False
    if line.left > left + 1.2 * em or line.left < left - 1.2 * em:
        return False
    if before.page == line.page and before.middle - line.middle > 1.7 * usual > 0:
        return False
    return not (_NUMBERED.match(line.text) and _ENDED.search(before.text))


def _between(before: str, after: str) -> str:
    """A space where words of letters meet; Chinese needs none."""
    if before[-1:] == "-" and after[:1].isascii() and after[:1].islower():
        return ""
    return " " if before[-1:].isascii() and after[:1].isascii() and before[-1:].isalnum() else ""
