"""Reading copies to download. Made on demand, and kept for the next reader while they are asked for."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import ERASED, Edition, Publication
from mingtang.editions.selectors import shown

from . import renderings

MOST_KEPT = 64
LONGEST_NAME = 60
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Making = Callable[[Publication, Edition, Mapping[str, Any]], bytes]


def paper_pdf(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The live edition as PDF; 304 for who has it, 410 where it was erased, 503 where the machine has no font.

    Raises:
        Http404: no such publication, or no PDF of its script.
    """
    return _copy(request, slug, "pdf", PDF)


def paper_docx(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The live edition as .docx; 304 for who has it, 410 where it was erased.

    Raises:
        Http404: no such publication.
    """
    return _copy(request, slug, "docx", DOCX)


def _copy(request: HttpRequest, slug: str, ending: str, media_type: str) -> HttpResponseBase:
    found = shown(f"pub/{slug}")
    if found is None:
        raise Http404
    if found.edition.state == ERASED:
        return _said(str(_("内容已依法清除。")), 410)
    etag = quote_etag(f"{found.edition.payload_hash}-{ending}{renderings.VERSION}")
    if (unchanged := get_conditional_response(request, etag=etag)) is not None:
        return unchanged
    try:
        data = _made(found.publication.pk, found.edition.number, found.edition.salt, ending)
    except renderings.CannotRender as error:
        return _said(str(error), 404 if error.lasting else 503)
    name = f"{found.payload['title'][:LONGEST_NAME]}.{ending}"
    headers = {"ETag": etag, "Content-Disposition": content_disposition_header(ending != "pdf", name) or ""}
    return HttpResponse(data, content_type=media_type, headers=headers)


def _said(message: str, status: int) -> HttpResponse:
    return HttpResponse(f"{message}\n", content_type="text/plain; charset=utf-8", status=status)


@lru_cache(maxsize=MOST_KEPT)
def _made(publication_id: int, number: int, salt: str, ending: str) -> bytes:
    """The bytes of a copy. The salt is part of the key: every edition has its own, and an erased one has none."""
    publication = Publication.objects.get(pk=publication_id)
    found = shown(publication.path, number)
    if found is None or found.edition.salt != salt:
        raise Http404
    make: Making = renderings.pdf if ending == "pdf" else renderings.docx
    return make(publication, found.edition, found.payload)
