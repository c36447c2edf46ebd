"""One publication through its editions: what changed, the record as data, and the proof that nothing was swapped."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext_lazy as _

from mingtang.editions.log import leaf_bytes, log_tree, salted_hash
from mingtang.editions.models import ERASED, VALIDITY, Edition, LogEntry, LogHead
from mingtang.editions.selectors import Shown, shown
from mingtang.merkle import MissingNode, leaf_hash, verify_inclusion
from mingtang.text.canonical import content_hash
from mingtang.text.difference import readable, segments
from mingtang.text.papers import Block

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
    "methods": _("解读方式"),
    "experts": _("专家"),
    "interpreters": _("解读单位"),
    "cooperators": _("配合单位"),
    "held_at": _("举行时间"),
    "method": _("方式"),
    "speaker": _("主讲人"),
    "place": _("地点"),
    "policies": _("讲解的政策"),
}
CODES = {"stages": "five_disclosures", "openness": "openness_attributes", "mode": "disclosure_modes"}
KINDS = {"published": _("公开"), "superseded": _("被新版替代"), **VALIDITY}
LONGEST_UNFOLDED = 3


def _shown(slug: str, number: int | None = None) -> Shown:
    found = shown(f"pub/{slug}", number)
    if found is None:
        raise Http404
    return found


def difference(request: HttpRequest, slug: str, first: int, second: int) -> HttpResponse:
    """What edition ``second`` adds to and drops from edition ``first``; 410 where the content of either was erased.

    Raises:
        Http404: no such publication or edition.
    """
    # Edition 0 would mean "the newest" to the selector.
    if not (first and second):
        raise Http404
    old, new = _shown(slug, first), _shown(slug, second)
    erased = ERASED in (old.edition.state, new.edition.state)
    context: dict[str, Any] = {
        "publication": new.publication,
        "slug": slug,
        "old": old.edition,
        "new": new.edition,
        "erased": erased,
    }
    if not erased:
        changes = readable(_blocks(old.payload), _blocks(new.payload))
        context["fields"] = _changed_fields(old.payload, new.payload)
        context["counts"] = {
            kind: sum(1 for change in changes if change.kind == kind) for kind in ("changed", "inserted", "deleted")
        }
        context["unchanged"] = not context["fields"] and not any(context["counts"].values())
        runs = [(same, list(run)) for same, run in groupby(changes, lambda change: change.kind == "same")]
        context["runs"] = [(same and len(run) > LONGEST_UNFOLDED, run) for same, run in runs]
    return render(request, "portal/difference.html", context, status=410 if erased else 200)


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
    if isinstance(value, Mapping):
        return "，".join(str(inner) for inner in value.values() if inner)
    text = "" if value is None else str(value)
    return label(CODES[name], text) or text if name in CODES else text


def record_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The newest edition, or ``?edition=N``, as exactly the text that was hashed; its hash is the ETag. 410 if erased.

    Raises:
        Http404: no such publication or edition.
    """
    wanted = request.GET.get("edition", "")
    if wanted and not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted[:10]) < 2**31):
        raise Http404
    found = _shown(slug, int(wanted) if wanted else None)
    if found.edition.state == ERASED:
        gone = {
            "error": str(_("内容已依法清除")),
            "index_number": found.publication.index_number,
            "edition": found.edition.number,
            "reason": found.publication.validity_reason,
        }
        return JsonResponse(gone, status=410, json_dumps_params={"ensure_ascii": False})
    etag = quote_etag(found.edition.payload_hash)
    response = HttpResponse(
        found.edition.payload, content_type="application/json; charset=utf-8", headers={"ETag": etag}
    )
    return get_conditional_response(request, etag=etag, response=response) or response


@dataclass(frozen=True)
class Checked:
    """A log entry with its proof and the outcome of each check; ``content`` is None once the content was erased."""

    entry: LogEntry
    edition: Edition
    leaf: str
    proof: list[str]
    written: bool
    content: bool | None
    included: bool

    @property
    def kind_label(self) -> str:
        return str(KINDS.get(self.entry.kind, self.entry.kind))

    @property
    def holds(self) -> bool:
        return self.written and self.included and self.content is not False

    @property
    def salt(self) -> str:
        """Kept back after an erasure: with it a short content could be guessed from its hash."""
        return "" if self.edition.state == ERASED else self.edition.salt


def proof(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the publication's entries stand in the public log, with proofs checked here; ``?format=json`` as data.

    Erased publications keep their proof: the log never held their content.

    Raises:
        Http404: no such publication.
    """
    found = _shown(slug)
    head = LogHead.objects.filter(pk=1).first() or LogHead()
    entries = LogEntry.objects.filter(publication=found.publication, index__lt=head.size).select_related("publication")
    editions = {edition.number: edition for edition in found.publication.editions.all()}
    checked = [_checked(entry, editions[entry.edition_number], head) for entry in entries]
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "publication": found.publication.index_number,
                "size": head.size,
                "root": head.root,
                "entries": [
                    {
                        "index": item.entry.index,
                        "edition": item.entry.edition_number,
                        "leaf": item.leaf,
                        "leaf_hash": item.entry.leaf_hash,
                        "proof": item.proof,
                        "salt": item.salt,
                    }
                    for item in checked
                ],
            },
            json_dumps_params={"ensure_ascii": False},
        )
    context = {
        "publication": found.publication,
        "slug": slug,
        "checked": checked,
        "holds": bool(checked) and all(item.holds for item in checked),
        "head": head,
        "script": render_to_string("portal/verify.txt"),
    }
    return render(request, "portal/proof.html", context)


def _checked(entry: LogEntry, edition: Edition, head: LogHead) -> Checked:
    leaf = leaf_bytes(
        index=entry.index,
        index_number=entry.publication.index_number,
        edition_number=entry.edition_number,
        kind=entry.kind,
        salted=entry.salted_hash,
        at=entry.at,
    )
    try:
        path = log_tree(head.size).inclusion_proof(entry.index)
        included = verify_inclusion(leaf_hash(leaf), entry.index, head.size, path, bytes.fromhex(head.root))
    except MissingNode:
        path, included = [], False
    content = None
    if edition.state != ERASED:
        content = (
            salted_hash(edition.salt, edition.payload) == entry.salted_hash
            and content_hash(edition.payload) == edition.payload_hash
        )
    return Checked(
        entry=entry,
        edition=edition,
        leaf=leaf.decode(),
        proof=[value.hex() for value in path],
        written=leaf_hash(leaf).hex() == entry.leaf_hash,
        content=content,
        included=included,
    )
