"""One publication through its editions: what changed, and the record as data."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import ERASED
from mingtang.text.difference import readable, segments
from mingtang.text.papers import Block

from .loading import Loaded, load_one, payload_of
from .pages import Page
from .publication_pages import SECTIONS
from .rulebook import label

FIELDS = {
    "title": _("标题"),
    "document_number": _("发文字号"),
    "issuers": _("发文机关"),
    "addressees": _("主送机关"),
    "written_on": _("成文日期"),
    "effective_on": _("施行日期"),
    "source": _("信息来源"),
    "genre": _("体裁"),
    "topic": _("主题分类"),
    "stages": _("五公开"),
    "openness": _("公开属性"),
    "mode": _("公开方式"),
    "cuts": _("删减说明"),
    "language": _("语言"),
    "attachments": _("附件"),
    "methods": _("解读方式"),
    "experts": _("专家"),
    "interpreters": _("解读单位"),
    "cooperators": _("配合单位"),
    "held_at": _("举行时间"),
    "method": _("方式"),
    "speaker": _("主讲人"),
    "place": _("地点"),
    "policies": _("讲解的政策"),
    "leaders": _("负责人"),
    "divisions": _("内设机构"),
    "organ": _("公开工作机构"),
    "address": _("办公地址"),
    "office_hours": _("办公时间"),
    "phone": _("联系电话"),
    "fax": _("传真"),
    "website": _("互联网联系方式"),
    "openness_office": _("公开工作机构"),
    "openness_phone": _("公开工作机构电话"),
}
CODES = {"stages": "five_disclosures", "openness": "openness_attributes", "mode": "disclosure_modes"}
LONGEST_UNFOLDED = 3


def difference(request: HttpRequest, slug: str, first: int, second: int) -> HttpResponse:
    """What edition ``second`` adds to and drops from edition ``first``; 410 where the content of either was erased.

    Raises:
        Http404: no such publication or edition.
    """
    loaded = load_one(slug)
    page = difference_page(loaded, first, second) if loaded else None
    if page is None:
        raise Http404
    return page.response()


def difference_page(loaded: Loaded, first: int, second: int) -> Page | None:
    """The two editions compared; None where either does not exist."""
    editions = {edition.number: edition for edition in loaded.editions}
    if first not in editions or second not in editions:
        return None
    old, new = editions[first], editions[second]
    erased = ERASED in (old.state, new.state)
    context: dict[str, Any] = {
        "publication": loaded.publication,
        "slug": loaded.slug,
        "old": old,
        "new": new,
        "erased": erased,
        "section": SECTIONS.get(loaded.publication.kind, "policies"),
    }
    if not erased:
        before, after = payload_of(old), payload_of(new)
        changes = readable(_blocks(before), _blocks(after))
        context["fields"] = _changed_fields(before, after)
        context["counts"] = {
            kind: sum(1 for change in changes if change.kind == kind) for kind in ("changed", "inserted", "deleted")
        }
        context["unchanged"] = not context["fields"] and not any(context["counts"].values())
        runs = [(same, list(run)) for same, run in groupby(changes, lambda change: change.kind == "same")]
        context["runs"] = [(same and len(run) > LONGEST_UNFOLDED, run) for same, run in runs]
    path = f"pub/{loaded.slug}/difference/{first}/{second}/"
    return Page(path, "portal/difference.html", context, 410 if erased else 200)


def compared(loaded: Loaded) -> list[tuple[int, int]]:
    """The pairs of editions that pages link to: each with the next, and each with the newest."""
    numbers = [edition.number for edition in loaded.editions]
    pairs = {*zip(numbers, numbers[1:], strict=False), *((number, numbers[-1]) for number in numbers[:-1])}
    return sorted(pairs)


def _blocks(payload: Mapping[str, Any]) -> list[Block]:
    """The text of any kind of publication as blocks: the body of a paper, or the material and points of another."""
    body = [
        Block(block["kind"], block["id"], block.get("number", ""), block.get("title", ""), block.get("text", ""))
        for block in payload.get("blocks") or payload.get("material") or []
    ]
    points = [
        Block("point", f"point-{point['code']}", title=f"{point['label']}：", text=_point_text(point))
        for point in payload.get("points", [])
    ]
    summary = [Block("summary", "summary", text=payload["summary"])] if payload.get("summary") else []
    return [*summary, *body, *points]


def _point_text(point: Mapping[str, Any]) -> str:
    return str(point.get("text") or _("不适用，") + str(point.get("not_applicable", "")))


def _changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    pairs = ((name, _words(name, old.get(name)), _words(name, new.get(name))) for name in FIELDS)
    return [(str(FIELDS[name]), segments(before, after)) for name, before, after in pairs if before != after]


def _words(name: str, value: Any) -> str:
    """A field of a payload as people read it."""
    if isinstance(value, list | tuple):
        return "、".join(_words(name, item) for item in value)
    if name == "attachments" and isinstance(value, Mapping):
        return str(value.get("name", ""))
    if isinstance(value, Mapping):
        return "，".join(str(inner) for inner in value.values() if inner)
    text = "" if value is None else str(value)
    return label(CODES[name], text) or text if name in CODES else text


def record_json(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponseBase:
    """The live edition, or edition ``number``, as exactly the text that was hashed; its hash is the ETag. 410 if erased.

    Raises:
        Http404: no such publication or edition.
    """
    loaded = load_one(slug)
    wanted = [one for one in loaded.editions if one.number == number] if loaded else []
    if loaded is None or (number is not None and not wanted):
        raise Http404
    edition = wanted[0] if wanted else loaded.live
    if edition.state == ERASED:
        gone = {
            "error": str(_("内容已依法清除")),
            "index_number": loaded.publication.index_number,
            "edition": edition.number,
            "reason": loaded.publication.validity_reason,
        }
        return JsonResponse(gone, status=410, json_dumps_params={"ensure_ascii": False})
    etag = quote_etag(edition.payload_hash)
    response = HttpResponse(edition.payload, content_type="application/json; charset=utf-8", headers={"ETag": etag})
    return get_conditional_response(request, etag=etag, response=response) or response
