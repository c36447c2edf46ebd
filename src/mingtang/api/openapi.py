"""The API as it describes itself (OpenAPI 3.1)."""

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.renderers import JSONRenderer
from pydantic.json_schema import models_json_schema

from .answers import Row
from .cursors import NoSuchPlace
from .problems import MEDIA_TYPE, Problem, Refusal, invalid, not_found, problem, refused

DESCRIPTION = """本站公开的全部内容，供程序读取。只读；不用注册，不用密钥；任何网站的脚本都可以直接调用。

- 正文按“版次”公开，每一版的内容是一段规范 JSON（RFC 8785），它的散列记在公开日志里，可以自己核验。
- 列表按 `cursor` 翻页：把上一页的 `next` 原样带上。翻页途中新公开的内容不会让条目重复或漏掉。
- 参数写错会得到 400，说明里写明是哪个参数；没有的参数也算写错。
- 每个回答带 `ETag`；再问时带上 `If-None-Match`，没有变化就是 304。
- 已依法清除的内容不会出现在任何回答里，它的位置只有一个说明（410）。
- 回答的字段今后可能增加，不会减少或改变意思；要改变时换成 `/api/v2/`。"""
_RATE = {
    "RateLimit-Limit": "这段时间里最多几次",
    "RateLimit-Remaining": "还剩几次",
    "RateLimit-Reset": "多少秒后重新计算",
}
_PROBLEMS = {
    "400": "参数不对",
    "404": "没有这一件",
    "405": "只能读取",
    "429": "请求太频繁",
}
logger = logging.getLogger(__name__)


class Plain(JSONRenderer):
    """Chinese as Chinese."""

    json_dumps_params = {"ensure_ascii": False, "separators": (",", ":")}


class OpenApi(NinjaAPI):
    """Adds to ninja's description what the gate does to every answer."""

    described: Any = None

    def get_openapi_schema(self, **keywords: Any) -> Any:
        """Made once: nothing in it changes while a process runs."""
        if self.described is None:
            schema = super().get_openapi_schema(**keywords)
            schema["components"]["schemas"] = _schemas(schema["components"]["schemas"])
            for operations in schema["paths"].values():
                for operation in operations.values():
                    _describe(operation)
            self.described = schema
        return self.described


def _schemas(found: dict[str, Any]) -> dict[str, Any]:
    """The shapes of answers, with those that ninja does not see; what only names parameters is left out."""
    unseen: Any = [(model, "serialization") for model in (Problem, Row)]
    _, more = models_json_schema(unseen, by_alias=True, ref_template="#/components/schemas/{model}")
    asked = {"Filters", *(name for name in found if name.endswith("Query"))}
    return {name: shape for name, shape in sorted((found | more["$defs"]).items()) if name not in asked}


def _describe(operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        if parameter["schema"].get("default") in (None, ""):
            parameter["schema"].pop("default", None)
        parameter["schema"].pop("title", None)
        # Shown beside the parameter already.
        parameter["schema"].pop("description", None)
        # A list is how a schema gives examples; a parameter would need names for them.
        if examples := parameter.pop("examples", None):
            parameter["schema"]["examples"] = examples
    responses = {str(status): answer for status, answer in operation["responses"].items()}
    operation["responses"] = responses
    responses["200"].setdefault("headers", {})["ETag"] = {"description": "版本标记", "schema": {"type": "string"}}
    responses["200"]["description"] = "成功"
    responses["304"] = {"description": "没有变化"}
    for status, words in _PROBLEMS.items():
        responses[status] = {"description": words, "content": _problem_content()}
    responses["429"]["headers"] = {
        "Retry-After": {"description": "多少秒后再来", "required": True, "schema": {"type": "integer"}}
    }
    for status in ("410", "503"):
        if status in responses:
            responses[status]["content"] = _problem_content()
    for status in ("200", "400", "404", "429"):
        responses[status].setdefault("headers", {}).update(
            {
                name: {"description": words, "required": True, "schema": {"type": "integer"}}
                for name, words in _RATE.items()
            }
        )


def _problem_content() -> dict[str, Any]:
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """Says nothing about the cause, which is in the log."""
    logger.error("the API failed at %s", request.path, exc_info=error)
    return problem(500, "这里出错了，已经记录。请稍后再试。")


api = OpenApi(
    title="政务公开开放接口",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    renderer=Plain(),
    urls_namespace="api",
    openapi_extra={
        "info": {"license": {"name": "数据说明", "url": "/api/#licence"}},
        "tags": [
            {"name": "公开内容", "description": "文件、解读和别的公开内容"},
            {"name": "公开日志", "description": "核验用"},
            {"name": "机构和职责", "description": "单位、地区、职责"},
            {"name": "成批下载", "description": "全部内容"},
        ],
    },
)
_HANDLERS: dict[type[Exception], Any] = {
    ValidationError: invalid,
    Refusal: refused,
    NoSuchPlace: lambda request, error: not_found("没有这一页：cursor 不是这个列表给出的。请从第一页看起。"),
    Http404: lambda request, error: not_found(),
    Exception: _broken,
}
for kind, handler in _HANDLERS.items():
    api.add_exception_handler(kind, handler)
