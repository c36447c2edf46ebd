"""A page of the public site before it is text: which template, with what, at which address."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from .jinja import render_text, respond


@dataclass(frozen=True)
class Page:
    """``path`` is the address without its leading slash: empty for the home page, else ending in a slash."""

    path: str
    template: str
    context: dict[str, Any]
    status: int = 200

    def text(self) -> str:
        return render_text(self.template, {"here": f"/{self.path}", **self.context})

    def response(self) -> HttpResponse:
        return respond(self.template, {"here": f"/{self.path}", **self.context}, self.status)
