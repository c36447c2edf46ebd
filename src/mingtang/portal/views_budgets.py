"""Pages of budgets, as they are answered."""

from django.http import Http404, HttpRequest, HttpResponse

from .budgets import budget_page, budgets_page


def budgets(request: HttpRequest) -> HttpResponse:
    return budgets_page().response()


def budget(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """One unit's year.

    Raises:
        Http404: it has published nothing of that year.
    """
    page = None if "\x00" in code or not 1900 < year < 2200 else budget_page(code, year)
    if page is None:
        raise Http404
    return page.response()
