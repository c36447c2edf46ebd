"""One publication as it is read: its data box, its text in pieces, what explains it, its versions and its seal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from mingtang.editions.log import salted_hash
from mingtang.editions.models import Edition, LogEntry, Publication

from .jinja import day as day_of
from .kinds import KINDS
from .loading import Loaded
from .rulebook import label, rulebook

LONGEST_NAME = 12


@dataclass(frozen=True)
class Piece:
    """A block of a text ready to be shown. ``level`` is its heading's level; ``notes`` explain it."""

    id: str
    kind: str
    number: str
    title: str
    text: str
    level: int
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """``（一）减材料``, or the beginning of the text where a piece has no title."""
        words = self.title or (self.text if len(self.text) <= LONGEST_NAME else f"{self.text[:LONGEST_NAME]}…")
        return f"{self.number}{self.gap}{words}"

    @property
    def gap(self) -> str:
        """What stands between number and words: a space after 第一条, nothing after （一）."""
        return "\u3000" if self.number.endswith(("条", "章", "节")) else ""


@dataclass(frozen=True)
class Explanation:
    """An interpretation or interpretation event beside the paper it explains, with the articles it speaks of."""

    publication: Publication
    slug: str
    anchor: str
    kind_label: str
    payload: Mapping[str, Any]
    material: list[Piece]
    points: list[tuple[str, str]]
    articles: list[tuple[str, str]]


@dataclass(frozen=True)
class Seal:
    """What checking an edition against the public log gave. ``entry`` is None where the log does not have it."""

    entry: LogEntry | None
    holds: bool


def slug_of(publication: Publication) -> str:
    """The path without its ``pub/``, as addresses take it."""
    return publication.path.removeprefix("pub/")


def day(value: Any) -> str:
    """``2026年3月2日`` of a date or an aware moment; a payload's ISO text is read, anything else returned as it is."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            return value
    return day_of(value or None)


def data_box(publication: Publication, payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and value of the box above a publication; a paper's ten items always stand there."""
    openness = label("openness_attributes", payload.get("openness", ""))
    mode = label("disclosure_modes", payload.get("mode", ""))
    stages = "、".join(filter(None, (label("five_disclosures", code) for code in publication.stages)))
    items = [
        (_("索引号"), publication.index_number),
        (_("主题分类"), publication.topic),
        (_("发布机构"), publication.unit_name),
        (_("成文日期"), day(publication.written_on)),
        (_("公开日期"), day(publication.published_at)),
        (_("发文字号"), publication.document_number),
        (_("有效性"), publication.validity_label),
        (_("体裁"), publication.genre),
        (_("公开方式"), "，".join(filter(None, (mode, openness)))),
        (_("信息来源"), payload.get("source", "")),
    ]
    paper = publication.kind == "document"
    box = [(str(name), value or str(_("无"))) for name, value in items if value or paper]
    further = (
        (_("施行日期"), day(payload.get("effective_on", ""))),
        (_("五公开"), stages),
        (_("原网站发布日期"), day(payload.get("web_published_on", ""))),
        (_("原网站索引号"), payload.get("old_index_number", "")),
    )
    for name, value in further:
        if value:
            box.append((str(name), value))
    return box


def pieces(blocks: Iterable[Mapping[str, Any]], *, top: int = 2, anchors: bool = True) -> list[Piece]:
    """Blocks with heading levels from ``top`` down. Without ``anchors`` they get no id: another text has them."""
    blocks = list(blocks)
    chapters = any(block.get("kind") in ("chapter", "title") for block in blocks)
    below = top + 1 if chapters else top
    return [
        Piece(
            id=block.get("id", "") if anchors else "",
            kind=block.get("kind", "paragraph"),
            number=block.get("number", ""),
            title=heading_of(block),
            text="" if heading_of(block) == block.get("text") else block.get("text", ""),
            level=top if block.get("kind") in ("chapter", "title") else below,
            notes=[],
        )
        for block in blocks
    ]


def heading_of(block: Mapping[str, Any]) -> str:
    """The words of a heading; the title of an attached text is written as its text."""
    words = block.get("title", "")
    return str(words or block.get("text", "") if block.get("kind") in ("chapter", "section", "title") else words)


def contents(text: Sequence[Piece]) -> list[tuple[Piece, list[Piece]]]:
    """Chapters with their articles; empty for a text without chapters."""
    found: list[tuple[Piece, list[Piece]]] = []
    for piece in text:
        if piece.kind == "chapter":
            found.append((piece, []))
        elif piece.kind == "article" and found:
            found[-1][1].append(piece)
    return found if len(found) > 1 else []


def explanations(loaded: Loaded, text: Sequence[Piece]) -> list[Explanation]:
    """What explains a paper, oldest first; each article they speak of is noted on its piece of ``text``."""
    by_id = {piece.id: piece for piece in text if piece.id}
    by_number: dict[str, list[Piece]] = {}
    for piece in text:
        if piece.kind == "article" and piece.id:
            by_number.setdefault(piece.id.rsplit("a", 1)[-1], []).append(piece)
    made = []
    for number, source in enumerate(loaded.sources, 1):
        if not source.payload:
            continue
        anchor = f"explanation-{number}"
        spoken_of = [piece for name in source.payload.get("articles", []) for piece in _meant(name, by_id, by_number)]
        for piece in spoken_of:
            piece.notes.append((anchor, source.publication.title))
        made.append(
            Explanation(
                publication=source.publication,
                slug=source.slug,
                anchor=anchor,
                kind_label=str(KINDS.get(source.publication.kind, "")),
                payload=source.payload,
                material=pieces(source.payload.get("material", []), top=4, anchors=False),
                points=points(source.payload),
                articles=[(piece.id, piece.name) for piece in spoken_of],
            )
        )
    return made


def _meant(name: str, by_id: Mapping[str, Piece], by_number: Mapping[str, list[Piece]]) -> list[Piece]:
    """The article an interpretation names; by its number alone only where the paper has that number once."""
    if name in by_id:
        return [by_id[name]]
    found = by_number.get(name.removeprefix("a"), [])
    return found if len(found) == 1 else []


def points(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The points of an interpretation in the order of article 11, the missing ones said to be missing."""
    if payload.get("schema") != "interpretation/1":
        return []
    given = {point["code"]: point for point in payload.get("points", [])}
    names = {**rulebook().enumerations["interpretation_points"].items}
    names.update({code: point["label"] for code, point in given.items()})
    return [(name, _point(given.get(code, {}))) for code, name in names.items()]


def _point(point: Mapping[str, Any]) -> str:
    if text := point.get("text"):
        return str(text)
    if "not_applicable" in point:
        return str(_("不适用：")) + str(point["not_applicable"])
    return str(_("没有写"))


def media(payload: Mapping[str, Any]) -> list[dict[str, str]]:
    """Where else an interpretation appeared. An address that is no web address is shown but not linked."""
    return [
        {
            "outlet": placement.get("outlet", ""),
            "url": placement.get("url", "") if urlsplit(placement.get("url", "")).scheme in ("http", "https") else "",
            "day": day(placement.get("at", "")),
        }
        for placement in payload.get("media", [])
    ]


def seal(loaded: Loaded, edition: Edition) -> Seal:
    """Check the edition's text against the entry the log made when it was published."""
    entry = next(
        (one for one in loaded.entries if one.edition_number == edition.number and one.kind == "published"), None
    )
    return Seal(entry, entry is not None and salted_hash(edition.salt, edition.payload) == entry.salted_hash)
