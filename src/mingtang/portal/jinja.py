"""The template environment of the public site: Jinja2, which renders a paper's page about ten times as fast as Django's
own templates. That matters because every page is baked.

Templates never ask who is reading or what time it is: the same publication always gives the same bytes.
"""

import json
from datetime import date, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse
from django.template import engines
from django.utils.html import linebreaks
from jinja2 import ChainableUndefined, Environment
from markupsafe import Markup

from mingtang.rules import SHANGHAI


def environment(**options: Any) -> Environment:
    """Called once by Django's Jinja2 backend."""
    made = Environment(  # noqa: S701 - the backend asks for escaping
        **{**options, "undefined": ChainableUndefined, "trim_blocks": True, "lstrip_blocks": True}
    )
    made.globals.update(static=cache(staticfiles_storage.url), site=settings.SITE)
    made.filters.update(
        day=day,
        moment=moment,
        stamp=stamp,
        year=lambda value: f"{value.year}年",
        month=lambda value: f"{value.month}月",
        cut=cut,
        size=file_size,
        paragraphs=lambda text: Markup(linebreaks(text, autoescape=True)),  # noqa: S704 - linebreaks escapes
        json_text=json_text,
    )
    return made


def local(value: date | datetime) -> date | datetime:
    return value.astimezone(SHANGHAI) if isinstance(value, datetime) else value


def day(value: date | datetime | None) -> str:
    """``2026年3月2日`` of a date, or of an aware moment in Asia/Shanghai."""
    if value is None:
        return ""
    value = local(value)
    return f"{value.year}年{value.month}月{value.day}日"


def moment(value: datetime | None) -> str:
    """``2026年3月2日 09:05`` of an aware moment, in Asia/Shanghai."""
    return f"{day(value)} {local(value):%H:%M}" if value else ""


def stamp(value: datetime | None) -> str:
    """``2026-03-02 09:05``, as the META tags of government sites want it."""
    return f"{local(value):%Y-%m-%d %H:%M}" if value else ""


def cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def file_size(count: int) -> str:
    """``820 字节``, ``12.3 KB`` or ``4.5 MB``."""
    if count < 1024:
        return f"{count} 字节"
    return f"{count / 1024:.1f} KB" if count < 1024**2 else f"{count / 1024**2:.1f} MB"


def json_text(value: Any) -> Markup:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped here


def render_text(template: str, context: dict[str, Any]) -> str:
    """A template of the public site as text."""
    return str(engines["jinja2"].env.get_template(template).render(context))  # type: ignore[attr-defined]


def respond(template: str, context: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    """The same as an answer to a request."""
    return HttpResponse(render_text(template, context or {}), status=status)
