"""The pages that are baked, as they are answered where no baked file is at hand; and the pages of errors."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.utils import timezone

from mingtang.text.old_addresses import place_of

from .jinja import respond
from .lists import archive_page, home_page, section_page, stage_page, stages
from .loading import load_one
from .publication_pages import publication_page


def home(request: HttpRequest) -> HttpResponse:
    return home_page(timezone.now()).response()


def section(request: HttpRequest, name: str) -> HttpResponse:
    """A section of the site. Words and filters in the address lead on to the search, where they once were answered."""
    if request.GET:
        return HttpResponsePermanentRedirect("/search?" + request.GET.urlencode())
    return section_page(name).response()


def archive(request: HttpRequest, name: str, number: int) -> HttpResponse:
    return _found(archive_page(name, number) if number < 2**31 else None).response()


def stage(request: HttpRequest, code: str) -> HttpResponse:
    if code not in dict(stages()):
        raise Http404
    return stage_page(code).response()


def publication(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """A publication by its live edition, or by edition ``number``. 410 with a tombstone where it was erased."""
    loaded = _found(load_one(slug))
    return _found(publication_page(loaded, number) if number != 0 else None).response()


def _found(thing: Any) -> Any:
    """The thing, or 404 where there is none."""
    if thing is None:
        raise Http404
    return thing


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Nothing is at this address: lead on to where a page of the old site is now, or say so."""
    target = _moved(request) if request.method in ("GET", "HEAD") else ""
    return HttpResponsePermanentRedirect(target) if target else respond("portal/not_found.html", status=404)


def _moved(request: HttpRequest) -> str:
    """What the public tree says of an address of the old site (bake.moved); empty where it says nothing."""
    place = place_of(request.get_full_path())
    try:
        target = (settings.PUBLIC_ROOT / place).read_text() if place else ""
    except (OSError, ValueError):
        return ""
    return target.strip() if target.startswith("/pub/") else ""


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke here: say so without a word about how. Asks the database nothing."""
    return respond("portal/server_error.html", status=500)
