"""What every address of the API has in common: only reading, from any site, so often and no oftener, with parameters
that exist, an ETag, and problems as data."""

import re
from collections.abc import Callable, Iterable
from functools import cache, wraps
from hashlib import sha256
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from mingtang import __version__
from mingtang.editions.models import Checkpoint, LogHead
from mingtang.intake.limits import client_address

from .limits import spend
from .openapi import api
from .problems import not_found, problem

METHODS = "GET, HEAD, OPTIONS"
CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, "
    "RateLimit-Reset",
    # The answers are for other sites' programs too.
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT = {
    "Allow": METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
# What these answer changes with the log alone, so that an unchanged log needs no second look.
OF_THE_LOG = {"publication", "editions", "entries", "checkpoints", "checkpoint", "proof"}
View = Callable[..., HttpResponseBase]


def guarded(patterns: Iterable[Any]) -> list[URLPattern]:
    """The same addresses behind the gate."""
    return [URLPattern(one.pattern, guard(one.callback), one.default_args, one.name) for one in patterns]


def guard(view: View) -> View:
    @wraps(view, updated=())
    def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=CROSS_ORIGIN | PREFLIGHT)
        allowance = spend("bulk" if _is_bulk(request) else "requests", client_address(request), timezone.now())
        if request.method not in ("GET", "HEAD"):
            response: HttpResponseBase = problem(405, "开放接口只供读取，请用 GET。", headers={"Allow": METHODS})
        elif allowance.over:
            response = problem(429, f"每{allowance.seconds}秒最多{allowance.most}次，请{allowance.reset}秒后再来。")
        else:
            try:
                response = _answer(view, request, *args, **kwargs)
            except SuspiciousOperation:
                response = problem(400, "参数太多，或者写法有问题。")
        for name, value in (allowance.headers() | CROSS_ORIGIN).items():
            response.headers[name] = value
        return response

    # Nothing is written, so there is nothing to forge; a POST must meet 405 and not a page about cookies.
    gate.csrf_exempt = True  # type: ignore[attr-defined]
    return gate


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    if errors := _strange_parameters(request):
        return problem(400, errors=errors)
    etag = _etag_of_log(request)
    if etag and (unchanged := get_conditional_response(request, etag=etag)):
        return _kept(unchanged, etag)
    head, request.method = request.method == "HEAD", "GET"
    try:
        response = view(request, *args, **kwargs)
    except Http404:
        response = not_found()
    finally:
        request.method = "HEAD" if head else "GET"
    if response.status_code == 200:
        if "ETag" not in response.headers:
            content = b"" if response.streaming else response.content  # type: ignore[attr-defined]
            response.headers["ETag"] = etag or _weak(content)
        etag = response.headers["ETag"]
        response = get_conditional_response(request, etag=etag, response=response) or response  # type: ignore[arg-type]
        _kept(response, etag)
    return _without_content(response) if head else response


def _kept(response: Any, etag: str) -> Any:
    """Caches may keep it but ask each time: what is erased must be gone from them too."""
    response.headers["ETag"] = etag
    response.headers.setdefault("Cache-Control", "public, no-cache")
    return response


def _without_content(response: Any) -> HttpResponseBase:
    """What HEAD gets: the headers of the answer, its length too where that is known."""
    headers = dict(response.headers)
    if response.streaming:
        return StreamingHttpResponse((), status=response.status_code, headers=headers)
    headers.setdefault("Content-Length", str(len(response.content)))
    return HttpResponse(status=response.status_code, headers=headers)


def _weak(content: bytes) -> str:
    return f"W/{quote_etag(sha256(content).hexdigest()[:32])}"


def _etag_of_log(request: HttpRequest) -> str:
    """The ETag of an answer that depends on the log, the release and the address alone; empty for any other."""
    match = request.resolver_match
    plain_list = match and match.url_name == "publications" and not request.GET.get("q", "").strip()
    if not (match and (match.url_name in OF_THE_LOG or plain_list or _is_bulk(request))):
        return ""
    head = LogHead.objects.filter(pk=1).values_list("size", "root").first()
    newest = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first()
    return _weak(f"{__version__} {head} {newest} {request.get_full_path()}".encode())


def _is_bulk(request: HttpRequest) -> bool:
    return bool(request.resolver_match and (request.resolver_match.url_name or "").startswith("bulk_"))


def _strange_parameters(request: HttpRequest) -> dict[str, str]:
    """Parameters that do not exist or are given twice, each with what to do."""
    if not request.GET:
        return {}
    known = _known_parameters(request.resolver_match.route if request.resolver_match else "")
    found = {}
    for name, values in request.GET.lists():
        if name not in known:
            found[name[:80]] = "没有这个参数。可用的有：" + "、".join(known) if known else "这里没有参数。"
        elif len(values) > 1:
            found[name] = "只能给一个值"
    return found


@cache
def _known_parameters(route: str) -> tuple[str, ...]:
    """The description is the law: only what it names may be asked."""
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    operation = api.get_openapi_schema()["paths"].get(path, {}).get("get", {})
    return tuple(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
