"""Reading copies of a publication to print or keep: PDF in the page layout of GB/T 9704-2012, and .docx.

The same edition always gives the same bytes on the same machine: no clock, no random name, only what was published.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import Edition, LogEntry, Publication
from mingtang.text.typesetting import CannotRender, chosen_fonts, fonts, set_pages

from . import word_copy
from .languages import is_vertical
from .papers import day, pieces, points
from .profiles import parts

__all__ = ["CannotRender", "chosen_fonts", "content_of", "docx", "pdf"]
TEMPLATE = Path(__file__).parent / "typst" / "paper.typ"
# Changes whenever the same edition would give other bytes: the ETag carries it.
VERSION = 2


def pdf(publication: Publication, edition: Edition, payload: Mapping[str, Any]) -> bytes:
    """An edition as PDF/UA-1: A4, 37 mm above and 28 mm left, 16 pt text, 22 lines a page, numbered — 1 —.

    A text with a character that no font of the machine has is tagged all the same, but makes no claim to the standard.

    Raises:
        CannotRender: the machine has no Chinese font, or the text is set in columns.
    """
    if is_vertical(publication):
        raise CannotRender(str(_("蒙古文竖排文本不提供PDF，请看网页或下载 .docx。")), lasting=True)
    content = content_of(publication, edition, payload) | {"fonts": fonts()}
    return set_pages(TEMPLATE, content, int(edition.published_at.timestamp()))


def docx(publication: Publication, edition: Edition, payload: Mapping[str, Any]) -> bytes:
    """An edition as .docx in the same layout; traditional Mongolian in columns from left to right."""
    content = content_of(publication, edition, payload)
    return word_copy.made(content, edition.published_at, vertical=is_vertical(publication))


def content_of(publication: Publication, edition: Edition, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What stands on a reading copy, in order, as JSON values. Both forms are made of this and of nothing else."""
    chinese = publication.language == "zh-Hans"
    rows = [_row(piece) for piece in pieces(payload.get("blocks") or payload.get("material") or [])]
    if payload.get("summary"):
        rows += [_paragraph(text) for text in str(payload["summary"]).splitlines() if text.strip()]
    issuers = [str(name) for name in payload.get("issuers") or [publication.unit_name]]
    signed = any(row["kind"] == "signature" for row in rows)
    written = day(payload.get("written_on", ""))
    addressees = str(payload.get("addressees", ""))
    if addressees and addressees[-1] not in "：:":
        addressees += "：" if chinese else ":"
    language, _hyphen, region = publication.language.partition("-")
    return {
        "title": str(payload.get("title", publication.title)),
        "number": str(payload.get("document_number", "")),
        "issuers": issuers,
        "addressees": addressees,
        "rows": rows,
        "signature": [] if signed or publication.kind != "document" else [*issuers, *([written] if written else [])],
        "after": [(title, items) for title, items in _after(payload) if items],
        "footer": _footer(publication, edition),
        "lang": language,
        "region": "CN" if chinese else None,
        "chinese": chinese,
    }


def _row(piece: Any) -> dict[str, Any]:
    if piece.kind in ("chapter", "section", "title"):
        lead = f"{piece.number}{piece.gap}{piece.title}"
        return {"kind": "heading", "level": 1 if piece.kind != "section" else 2, "lead": lead, "text": piece.text}
    if piece.kind == "signature":
        return {"kind": "signature", "lead": "", "text": f"{piece.number}{piece.title}{piece.text}"}
    lead = f"{piece.number}{piece.gap}{piece.title}"
    if piece.title and piece.text and not piece.title.endswith(tuple("。？！；：:.")):
        lead += "。"
    return {"kind": "paragraph", "lead": lead, "text": piece.text, "strong": piece.kind == "article"}


def _paragraph(text: str, lead: str = "") -> dict[str, Any]:
    return {"kind": "paragraph", "lead": lead, "text": text, "strong": False}


def _after(payload: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What follows the text: points of an interpretation, what was cut, which files are attached."""
    cuts = [
        f"{cut.get('reason', '')}（{cut['ground']}）" if cut.get("ground") else cut.get("reason", "")
        for cut in payload.get("cuts", [])
    ]
    return [
        (str(_("解读要点")), [f"{name}：{words}" for name, words in points(payload)]),
        *parts(payload),
        (str(_("删减说明")), cuts),
        (
            str(_("附件（见网站）")),
            [
                f"{number}. {file['name']}{_('（删减后公开）') if file.get('cuts') else ''}"
                for number, file in enumerate(payload.get("attachments", []), 1)
            ],
        ),
    ]


def _footer(publication: Publication, edition: Edition) -> str:
    entry = LogEntry.objects.filter(publication=publication, edition_number=edition.number, kind="published").first()
    log = str(_("，公开日志第%(index)s条") % {"index": entry.index}) if entry else ""
    return str(
        _("索引号 %(number)s，第%(edition)s版，%(day)s公开%(log)s。阅读文本，以网站公开的为准。")
        % {"number": publication.index_number, "edition": edition.number, "day": day(edition.published_at), "log": log}
    )
