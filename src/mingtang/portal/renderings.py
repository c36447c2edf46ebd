"""Reading copies of a publication to print or keep: PDF in the page layout of GB/T 9704-2012, and .docx.

The same edition always gives the same bytes on the same machine: no clock, no random name, only what was published.
"""

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import typst
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import Edition, LogEntry, Publication

from . import word_copy
from .languages import is_vertical
from .papers import day, pieces, points
from .profiles import parts

TEMPLATE = Path(__file__).parent / "typst" / "paper.typ"
# Changes whenever the same edition would give other bytes: the ETag carries it.
VERSION = 1
# The first of each that the machine has; the last two of each list come with free packages of every distribution.
FONTS = {
    "fang": ("FangSong", "FangSong_GB2312", "STFangsong", "FZFangSong-Z02", "Noto Serif CJK SC", "Source Han Serif SC"),
    "song": ("FZXiaoBiaoSong-B05", "STZhongsong", "SimSun", "Noto Serif CJK SC", "Source Han Serif SC"),
    "hei": ("SimHei", "STHeiti", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Zen Hei"),
    "kai": ("KaiTi", "KaiTi_GB2312", "STKaiti", "AR PL UKai CN", "Noto Serif CJK SC", "Source Han Serif SC"),
}
_one_at_a_time = Lock()


class CannotRender(Exception):
    """No copy can be made; ``str()`` says why in Chinese. ``lasting`` where waiting or a font would not help."""

    def __init__(self, message: str, *, lasting: bool) -> None:
        super().__init__(message)
        self.lasting = lasting


def pdf(publication: Publication, edition: Edition, payload: Mapping[str, Any]) -> bytes:
    """An edition as PDF/UA-1: A4, 37 mm above and 28 mm left, 16 pt text, 22 lines a page, numbered — 1 —.

    A text with a character that no font of the machine has is tagged all the same, but makes no claim to the standard.

    Raises:
        CannotRender: the machine has no Chinese font, or the text is set in columns.
    """
    if is_vertical(publication):
        raise CannotRender(str(_("蒙古文竖排文本不提供PDF，请看网页或下载 .docx。")), lasting=True)
    content = content_of(publication, edition, payload) | {"fonts": _fonts()}
    moment = int(edition.published_at.timestamp())
    try:
        return _compiled(content, moment, "ua-1")
    except typst.TypstError:
        # The standard asks for a shape of every character. A rare one without a shape here must not cost the copy.
        return _compiled(content, moment, None)


def _compiled(content: Mapping[str, Any], moment: int, standard: Literal["ua-1"] | None) -> bytes:
    with _one_at_a_time:
        made = _compiler().compile(
            format="pdf",
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
            timestamp=moment,
            pdf_standards=standard,
        )
    assert isinstance(made, bytes)
    return made


def docx(publication: Publication, edition: Edition, payload: Mapping[str, Any]) -> bytes:
    """An edition as .docx in the same layout; traditional Mongolian in columns from left to right."""
    content = content_of(publication, edition, payload)
    return word_copy.made(content, edition.published_at, vertical=is_vertical(publication))


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(input=str(TEMPLATE), root=str(TEMPLATE.parent))


@cache
def _fonts() -> dict[str, str]:
    return chosen_fonts(typst.Fonts().families())


def chosen_fonts(families: Collection[str]) -> dict[str, str]:
    """Of the font families a machine has, the one for each kind of Chinese type.

    Raises:
        CannotRender: it has none.
    """
    present = {family for names in FONTS.values() for family in names if family in families}
    if not present:
        raise CannotRender(
            str(_("服务器没有中文字体，不能生成PDF。请管理员安装一种，例如 Debian 的 fonts-noto-cjk，再重启服务。")),
            lasting=False,
        )
    any_font = sorted(present)[-1]
    return {kind: next((name for name in names if name in families), any_font) for kind, names in FONTS.items()}


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
            [f"{number}. {file['name']}" for number, file in enumerate(payload.get("attachments", []), 1)],
        ),
    ]


def _footer(publication: Publication, edition: Edition) -> str:
    entry = LogEntry.objects.filter(publication=publication, edition_number=edition.number, kind="published").first()
    log = str(_("，公开日志第%(index)s条") % {"index": entry.index}) if entry else ""
    return str(
        _("索引号 %(number)s，第%(edition)s版，%(day)s公开%(log)s。阅读文本，以网站公开的为准。")
        % {"number": publication.index_number, "edition": edition.number, "day": day(edition.published_at), "log": log}
    )
