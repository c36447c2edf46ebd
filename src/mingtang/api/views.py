"""The page that tells people what the open API has."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from mingtang.portal.pages import Page

from .openapi import api
from .problems import TITLES


def index(request: HttpRequest) -> HttpResponse:
    """Made from the description that programs read, so that the two never differ."""
    described = api.get_openapi_schema()
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in described["tags"]}
    for path, operations in described["paths"].items():
        operation = operations["get"]
        groups[operation["tags"][0]].append({"path": path, **operation})
    context = {
        "groups": groups,
        "limits": settings.API_LIMITS,
        "problems": [(status, name, words) for status, (name, words) in TITLES.items()],
    }
    response = Page("api/", "api/index.html", context).response()
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
