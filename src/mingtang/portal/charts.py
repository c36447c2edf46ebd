"""Charts made on the server: SVG without scripts and without style attributes. Colours and sizes are classes of
``charts.css``. Every chart has a title and a description, and stands beside the table of its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

from mingtang.text.tables.comparing import Node

RANKS = 6
_ENDINGS = ("支出", "事务")


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Point:
    """A place on the axis of a trend: its label, and a value for each series, None where there is none."""

    label: str
    values: tuple[Decimal | None, ...]


def treemap(
    nodes: Sequence[Node], name: str, title: str, description: str, *, width: int = 1000, height: int = 420
) -> Markup:
    """Boxes as large as their amounts: ``nodes`` are groups, their parts the boxes. ``name`` is unique on the page."""
    parts = []
    areas = _squares([float(node.amount) for node in nodes], Box(0, 0, width, height))
    for rank, (node, area) in enumerate(zip(nodes, areas, strict=True), 1):
        inner = node.parts or [node]
        boxes = _squares([float(part.amount) for part in inner], area)
        for part, box in zip(inner, boxes, strict=True):
            parts.append(_tile(part, node, box, min(rank, RANKS)))
        parts.append(f'<rect class="group" {_place(area)}/>')
    return _svg(f"treemap size-{'narrow' if width < 500 else 'wide'}", name, title, description, width, height, parts)


def trend(points: Sequence[Point], series: Sequence[str], name: str, title: str, description: str) -> Markup:
    """Columns side by side for each point, one for each series; numbers stand above them as they are given."""
    width, height, top, bottom = 360, 220, 26, 30
    most = max((value for point in points for value in point.values if value is not None), default=Decimal(1)) or 1
    room = width / max(1, len(points))
    parts = [f'<line class="axis" x1="0" y1="{height - bottom}" x2="{width}" y2="{height - bottom}"/>']
    for place, point in enumerate(points):
        column = room * 0.78 / len(series)
        for number, value in enumerate(point.values):
            if value is None:
                continue
            tall = float(value / most) * (height - top - bottom)
            x, y = place * room + room * 0.11 + number * column, height - bottom - tall
            parts.append(f'<rect class="series-{number + 1}" {_place(Box(x, y, column - 2, tall))}/>')
            parts.append(f'<text class="value" x="{x + (column - 2) / 2:.1f}" y="{y - 6:.1f}">{_short(value)}</text>')
        parts.append(
            f'<text class="label" x="{(place + 0.5) * room:.1f}" y="{height - 9}">{escape(point.label)}</text>'
        )
    return _svg("trend", name, title, description, width, height, parts)


def pair(now: Decimal | None, before: Decimal | None, most: Decimal) -> Markup:
    """Two bars on one scale for a cell of a table whose numbers stand beside it: now solid, before hollow below it."""
    bars = []
    for kind, value, y in (("now", now, 0), ("before", before, 8)):
        if value:
            share = max(0.6, float(value / most) * 100) if most else 0
            bars.append(f'<rect class="{kind}" x="0" y="{y}" width="{share:.2f}" height="6"/>')
    return Markup(  # noqa: S704 - numbers only
        '<svg class="pair" viewBox="0 0 100 14" width="100" height="14" preserveAspectRatio="none" aria-hidden="true" '
        f'focusable="false">{"".join(bars)}</svg>'
    )


def swatch(rank: int) -> Markup:
    """The colour of a group of a treemap, for its legend."""
    rank = min(rank, RANKS)
    return Markup(  # noqa: S704 - a number only
        '<svg class="swatch" viewBox="0 0 10 10" width="14" height="14" aria-hidden="true" focusable="false">'
        f'<rect class="rank-{rank}" x="0.5" y="0.5" width="9" height="9"/></svg>'
    )


def _tile(part: Node, group: Node, box: Box, rank: int) -> str:
    size = 17 if box.width > 130 and box.height > 60 else 14
    lines = _wrapped(part.name, int((box.width - 14) / size), int((box.height - 10) / (size * 1.35)))
    told = [f'<rect class="rank-{rank}" {_place(box)}><title>{escape(_said(part, group))}</title></rect>']
    y = box.y + size + 5
    for number, line in enumerate(lines):
        kind = "amount" if line.startswith("\t") else "name"
        told.append(
            f'<text class="on-{rank} {kind} size-{size}" x="{box.x + 8:.1f}" y="{y + number * size * 1.35:.1f}">'
            f"{escape(line.strip())}</text>"
        )
    room = box.height - 10 - len(lines) * size * 1.35
    if lines and room > size and box.width > 78:
        told.append(
            f'<text class="on-{rank} amount size-{size}" x="{box.x + 8:.1f}" '
            f'y="{y + len(lines) * size * 1.35:.1f}">{_short(part.amount)}</text>'
        )
    return "".join(told)


def _said(part: Node, group: Node) -> str:
    where = "" if part is group else f"{group.name}："
    return f"{where}{part.name} {part.amount:,.2f}万元"


def _wrapped(text: str, most: int, lines: int) -> list[str]:
    """``text`` in lines of at most ``most`` characters; nothing if it does not fit."""
    for ending in _ENDINGS:
        text = text.removesuffix(ending) if len(text) > len(ending) + 1 else text
    if most < 2 or lines < 1 or len(text) > most * min(lines, 3):
        return []
    count = -(-len(text) // most)
    each = -(-len(text) // count)
    return [text[start : start + each] for start in range(0, len(text), each)]


def _short(amount: Decimal) -> str:
    """An amount in 万元 in few characters, always with its unit: ``8.1亿``, ``320万``."""
    if amount >= 10000:
        return f"{amount / 10000:.2f}亿" if amount < 1000000 else f"{amount / 10000:.1f}亿"
    return f"{amount:,.0f}万" if amount >= 100 else f"{amount:.1f}万"


def _squares(amounts: Sequence[float], area: Box) -> list[Box]:
    """Boxes for amounts (largest first) that fill ``area``, as near to squares as rows of them come (Bruls, Huizing and
    van Wijk 2000)."""
    whole = sum(amounts)
    if whole <= 0 or area.width <= 0 or area.height <= 0:
        return [Box(area.x, area.y, 0, 0) for _ in amounts]
    scale = area.width * area.height / whole
    sizes = [amount * scale for amount in amounts]
    made: list[Box] = []
    while len(made) < len(sizes):
        rest = sizes[len(made) :]
        side = min(area.width, area.height)
        if side <= 0:
            made += [Box(area.x, area.y, 0, 0) for _ in rest]
            break
        count = 1
        while count < len(rest) and _worst(rest[: count + 1], side) <= _worst(rest[:count], side):
            count += 1
        made, area = _row(made, rest[:count], area)
    return made


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    if total <= 0 or min(row) <= 0:
        return float("inf")
    return max(side * side * max(row) / (total * total), total * total / (side * side * min(row)))


def _row(made: list[Box], row: Sequence[float], area: Box) -> tuple[list[Box], Box]:
    """Lays a row of boxes along the shorter side; returns what is left of the area too."""
    total = sum(row)
    if area.width >= area.height:
        width, y = total / area.height, area.y
        for size in row:
            tall = size / width if width else 0
            made.append(Box(area.x, y, width, tall))
            y += tall
        return made, Box(area.x + width, area.y, max(0.0, area.width - width), area.height)
    height, x = total / area.width, area.x
    for size in row:
        wide = size / height if height else 0
        made.append(Box(x, area.y, wide, height))
        x += wide
    return made, Box(area.x, area.y + height, area.width, max(0.0, area.height - height))


def _place(box: Box) -> str:
    return f'x="{box.x:.1f}" y="{box.y:.1f}" width="{max(0, box.width):.1f}" height="{max(0, box.height):.1f}"'


def _svg(kind: str, name: str, title: str, description: str, width: int, height: int, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704 - every text in it was escaped
        f'<svg class="chart {kind}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-t {name}-d" '
        f'focusable="false"><title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
        f"{''.join(parts)}</svg>"
    )
