"""Pages of public bodies and of openness, as they are answered where no baked file is at hand."""

from django.http import Http404, HttpRequest, HttpResponse

from mingtang.editions.models import PublicRegion

from . import organisations


def units(request: HttpRequest) -> HttpResponse:
    return organisations.units_page().response()


def unit(request: HttpRequest, code: str) -> HttpResponse:
    """One body.

    Raises:
        Http404: there is none with that code.
    """
    page = organisations.unit_page(code)
    if page is None:
        raise Http404
    return page.response()


def region(request: HttpRequest, code: str) -> HttpResponse:
    """The site of a banner or county.

    Raises:
        Http404: there is none with that code.
    """
    # PostgreSQL refuses to be asked for a text with NUL in it; no code has one.
    found = None if "\x00" in code else PublicRegion.objects.filter(pk=code).first()
    if found is None:
        raise Http404
    return organisations.region_page(found).response()


def guide(request: HttpRequest) -> HttpResponse:
    return organisations.guide_page().response()


def catalogue(request: HttpRequest) -> HttpResponse:
    return organisations.catalogue_page().response()


def sitemap(request: HttpRequest) -> HttpResponse:
    return organisations.sitemap_page().response()
