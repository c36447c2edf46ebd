"""What went wrong, as problem details (RFC 9457) in plain Chinese. Says which parameter is meant, never how it is
built inside."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.errors import ValidationError
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: ("parameters", "参数不对"),
    404: ("not-found", "没有找到"),
    405: ("method", "只能读取"),
    410: ("erased", "内容已依法清除"),
    429: ("too-many", "请求太频繁"),
    500: ("fault", "出错了"),
    503: ("building", "检索正在建立"),
}
# The messages of pydantic in plain Chinese, filled in from the error's own context.
_WORDS = {
    "greater_than_equal": "不能小于{ge}",
    "less_than_equal": "不能大于{le}",
    "string_too_long": "最多{max_length}个字",
    "string_too_short": "不能为空",
    "literal_error": "只能是：{expected}",
    "string_pattern_mismatch": "写法不对",
    "missing": "没有给出",
}


class Fault(BaseModel):
    """哪个参数有什么问题。"""

    parameter: str
    detail: str


class Problem(BaseModel):
    """出了什么问题（RFC 9457）。"""

    type: str = Field(description="问题种类的说明网址", json_schema_extra={"format": "uri-reference"})
    title: str = Field(description="问题种类")
    status: int
    detail: str = Field("", description="这一次的情况")
    errors: list[Fault] = Field([], description="参数不对时：哪个参数，什么问题")


class Refusal(Exception):
    """Ends a request with a problem. ``extra`` are members of the problem beyond the usual ones."""

    def __init__(self, status: int, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.extra = status, detail, extra


def problem(
    status: int,
    detail: str = "",
    *,
    errors: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> HttpResponse:
    """An answer with ``status``; ``errors`` are details by parameter."""
    name, title = TITLES[status]
    body: dict[str, Any] = {"type": f"/api/#{name}", "title": title, "status": status, "detail": detail, **extra}
    if errors:
        body["errors"] = [{"parameter": parameter, "detail": words} for parameter, words in errors.items()]
        body["detail"] = detail or "；".join(f"{parameter}：{words}" for parameter, words in errors.items())
    text = json.dumps(body, ensure_ascii=False)
    return HttpResponse(
        text, status=status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store", **(headers or {})}
    )


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problem(refusal.status, refusal.detail, **refusal.extra)


def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """400 naming each parameter; a part of the address that cannot be is simply not there: 404."""
    found: dict[str, str] = {}
    for one in error.errors:
        place = [str(part) for part in one["loc"]]
        if place[0] == "path":
            return not_found()
        words = _WORDS.get(one["type"]) or str(one["msg"])
        found.setdefault(place[-1], words.format_map({"expected": "", **one.get("ctx", {})}))
    return problem(400, errors=found)


def not_found(detail: str = "没有这个接口，或者没有这一件。有哪些接口见 /api/。") -> HttpResponse:
    return problem(404, detail)
