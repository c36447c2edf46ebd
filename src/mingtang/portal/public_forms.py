"""How public forms are answered: CSRF by cookie without a session, nothing typed is lost, nothing is cached."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.template.backends.utils import csrf_input
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from .jinja import respond

View = Callable[..., HttpResponse]
PROBLEMS = {
    "cookie": "为了您的安全，这一页需要再确认一次。您填写的内容都在，请再点一次提交。如果总是这样，请允许浏览器保存本站的 Cookie。",
    "quick": "提交得太快了。请核对一遍，再点一次提交。",
    "old": "这一页打开得太久了，已经更新。您填写的内容都在，请再点一次提交。",
    "often": "这个网络一小时内提交的次数太多了。您填写的内容都在，请过一会儿再点提交；着急请打网页下方的电话。",
    "down": "现在存不下来，是本站的故障，不是您的操作有误。您填写的内容都在，请过几分钟再点一次提交。",
}
STATUS = {"cookie": 403, "often": 429, "down": 503}


class _Noted(CsrfViewMiddleware):
    """Notes a request whose CSRF token does not fit, for the view to show its form again."""

    def _reject(self, request: HttpRequest, reason: str) -> None:
        request.META["MINGTANG_CSRF_REFUSED"] = reason


def form_view(view: View) -> View:
    """A view of a public form. Ask ``is_forged`` before believing a POST."""
    checked = cast(View, decorator_from_middleware(_Noted)(view))
    return csrf_exempt(never_cache(checked))


def is_forged(request: HttpRequest) -> bool:
    """True for a POST that did not come from a page of ours, or whose cookie was lost."""
    return "MINGTANG_CSRF_REFUSED" in request.META


def form_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, problem: str = "", status: int = 200
) -> HttpResponse:
    """A page with a form; ``problem`` is a key of ``PROBLEMS`` and decides the status, 422 by default."""
    shown = {"csrf": csrf_input(request), "problem": PROBLEMS.get(problem, ""), **context}
    return respond(template, shown, STATUS.get(problem, 422) if problem else status)
