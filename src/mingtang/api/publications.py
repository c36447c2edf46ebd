"""Publications: found, listed, read, proved."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import quote_etag
from ninja import Path, Query, Router

from mingtang.editions.log import log_tree
from mingtang.editions.models import ERASED
from mingtang.portal.loading import Loaded, load_one
from mingtang.portal.proofs import Checkpoints, checked_entries, proof_data
from mingtang.search import folders
from mingtang.search.selectors import search

from . import answers, cursors
from .filters import Filters, PublicationQuery, Whole, filtered
from .problems import Problem, Refusal
from .reading import detail_data, edition_data, json_text, publications_data
from .schemas import Payload

router = Router(tags=["公开内容"])
Slug = Path(..., description="网址里的名字", examples=["000014349-2026-00001"])
Number = Path(..., ge=1, le=10_000, description="版次")


@router.get(
    "/publications",
    response={200: answers.PublicationPage, 503: Problem},
    summary="公开内容列表，可检索、筛选、排序",
    operation_id="listPublications",
)
def publications(request: HttpRequest, response: HttpResponse, asked: Query[PublicationQuery]) -> dict[str, Any]:
    page = _searched(asked) if asked.q.strip() else _listed(asked)
    if page["next"]:
        given = {**request.GET.dict(), "cursor": page["next"]}
        response.headers["Link"] = f'<{request.path}?{urlencode(given, errors="replace")}>; rel="next"'
    return page


def _listed(asked: PublicationQuery) -> dict[str, Any]:
    """From the database, by published time and id: new publications do not shift what comes after a cursor."""
    rows = filtered(asked)
    total = None if asked.cursor else rows.count()
    oldest = asked.sort == "oldest"
    if asked.cursor:
        moment, identity = cursors.publication_place(asked.cursor)
        beyond, step = ("gt", "gte") if oldest else ("lt", "lte")
        rows = rows.filter(
            Q(**{f"published_at__{beyond}": moment}) | Q(**{f"pk__{beyond}": identity}),
            **{f"published_at__{step}": moment},
        )
    order = ("published_at", "pk") if oldest else ("-published_at", "-pk")
    found = list(rows.order_by(*order)[: asked.limit + 1])
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    last = cursors.after_publication(shown[-1].published_at, shown[-1].pk) if more else None
    return {"data": publications_data(shown), "next": last, "total": total, "notes": []}


def _searched(asked: PublicationQuery) -> dict[str, Any]:
    """From the index, page by page. The size of the first page holds for those that follow."""
    _need_index()
    page, size = cursors.page_place(asked.cursor) if asked.cursor else (0, asked.limit)
    found = search(asked.wanted(sort=asked.sort), page=page + 1, size=size)
    data = publications_data(hit.publication for hit in found.hits)
    for one, hit in zip(data, found.hits, strict=True):
        one["highlight"] = {"title": hit.title, "snippet": hit.snippet}
    more = bool(found.hits) and (page + 1) * size < found.total
    after = cursors.after_page(page + 1, size) if more else None
    return {"data": data, "next": after, "total": found.total, "notes": found.notes}


@router.get(
    "/facets",
    response={200: answers.Facets, 503: Problem},
    summary="可以按什么筛选，各有几件",
    operation_id="listFacets",
)
def facets(request: HttpRequest, asked: Query[Filters]) -> dict[str, Any]:
    _need_index()
    found = search(asked.wanted(), page=1, size=1)
    named = {
        name: [{"value": value, "label": label, "count": count} for value, label, count in rows]
        for name, rows in found.facets.items()
    }
    return {"total": found.total, "facets": named}


def _need_index() -> None:
    if folders.reader() is None:
        raise Refusal(503, "全文检索正在建立，请稍后再试。", headers={"Retry-After": "30"})


@router.get(
    "/publications/{slug}",
    response={200: answers.PublicationDetail, 410: Problem},
    summary="一件公开内容，连同现行版的内容",
    operation_id="getPublication",
    by_alias=True,
)
def publication(request: HttpRequest, slug: str = Slug) -> HttpResponse:
    # Written out here and not by the model: the content must stay as it was hashed.
    return HttpResponse(json_text(detail_data(_readable(slug))), content_type="application/json; charset=utf-8")


@router.get(
    "/publications/{slug}/editions",
    response=answers.EditionList,
    summary="一件公开内容的全部版次",
    operation_id="listEditions",
)
def editions(request: HttpRequest, slug: str = Slug) -> dict[str, Any]:
    return {"data": [edition_data(edition) for edition in _loaded(slug).editions]}


@router.get(
    "/publications/{slug}/editions/{number}",
    response={200: Payload, 410: Problem},
    summary="一个版次的内容，与当初散列时一字不差",
    description="回答的字节就是散列的字节；ETag 是它的 SHA-256。已撤回的版次仍可读取，是否有效看公开内容本身。",
    operation_id="getEdition",
    by_alias=True,
)
def edition(request: HttpRequest, slug: str = Slug, number: Whole = Number) -> HttpResponse:
    loaded = _loaded(slug)
    found = next((one for one in loaded.editions if one.number == number), None)
    if found is None:
        raise Http404
    if found.state == ERASED:
        raise _gone(loaded)
    return HttpResponse(
        found.payload,
        content_type="application/json; charset=utf-8",
        headers={"ETag": quote_etag(found.payload_hash)},
    )


@router.get(
    "/publications/{slug}/proof",
    response=answers.Proof,
    summary="一件公开内容在公开日志里的证明",
    description="已清除的内容也有证明：日志里从来没有内容。",
    operation_id="getProof",
)
def proof(request: HttpRequest, slug: str = Slug) -> Any:
    loaded = _loaded(slug)
    return proof_data(loaded, checked_entries(loaded, Checkpoints(), log_tree()))


def _loaded(slug: str) -> Loaded:
    loaded = load_one(slug)
    if loaded is None:
        raise Http404
    return loaded


def _readable(slug: str) -> Loaded:
    """Raises Refusal (410) where the content was erased."""
    loaded = _loaded(slug)
    if loaded.publication.validity == "erased":
        raise _gone(loaded)
    return loaded


def _gone(loaded: Loaded) -> Refusal:
    """What stands where an erased publication stood."""
    publication = loaded.publication
    return Refusal(
        410,
        publication.validity_reason,
        index_number=publication.index_number,
        erased_at=publication.validity_at.isoformat() if publication.validity_at else None,
    )
