"""Everything at once: all live editions as JSON lines and a table, and the data package that describes both.

Rows come in the order they were first published, so that what is added comes last. They are written as they are
read: nothing is held but five hundred rows.
"""

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from defusedcsv import csv
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router

from mingtang.editions.models import LIVE, WITHDRAWN, Checkpoint, Edition, LogHead, Publication
from mingtang.editions.selectors import publications

from . import answers
from .reading import edition_data, json_text, publication_data

router = Router(tags=["成批下载"])
AT_ONCE = 500
JSON_LINES, GZIP, CSV = "application/jsonl", "application/gzip", "text/csv"
# Table Schema of the CSV, and how each cell is found in a publication's data.
COLUMNS = {
    "index_number": ("string", "索引号"),
    "slug": ("string", "网址里的名字"),
    "url": ("string", "网页地址"),
    "kind": ("string", "类别"),
    "title": ("string", "标题"),
    "document_number": ("string", "发文字号"),
    "unit_code": ("string", "发布机构代码"),
    "unit_name": ("string", "发布机构"),
    "region": ("string", "地区代码"),
    "stages": ("string", "五公开类别，分号隔开"),
    "topic": ("string", "主题分类"),
    "genre": ("string", "体裁"),
    "language": ("string", "语言"),
    "written_on": ("date", "成文日期"),
    "published_at": ("datetime", "公开时间"),
    "validity": ("string", "有效性"),
    "validity_reason": ("string", "状态说明"),
    "validity_at": ("datetime", "状态变更时间"),
    "edition": ("integer", "现行版次；已撤回的为空"),
}
# Table Schema of the JSON lines: what stands in each object.
_TYPES = {"unit": "object", "stages": "array", "written_on": "date", "published_at": "datetime"}
_TYPES |= {"validity_at": "datetime", "edition": "integer", "edition_number": "integer"}
_TYPES |= {"edition_published_at": "datetime", "payload": "object"}
# The wide forms of what starts a formula; defusedcsv knows the others.
_WIDE = ("＝", "＋", "－", "＠", "\t", "\r")


def rows() -> Iterator[dict[str, Any]]:
    """Every publication that still says something, with its live edition; withdrawn ones without content."""
    for publication, edition in _editions():
        live = edition.state == LIVE
        information = edition_data(edition)
        yield {
            **publication_data(publication, edition.number if live else None),
            "edition_state": edition.state,
            "edition_number": edition.number,
            "edition_published_at": information["published_at"],
            "payload_hash": edition.payload_hash,
            "payload": edition.payload if live else "null",
        }


def _editions() -> Iterator[tuple[Publication, Edition]]:
    reached = 0
    while batch := list(publications().order_by("pk").filter(pk__gt=reached)[:AT_ONCE]):
        reached = batch[-1].pk
        newest: dict[int, Edition] = {}
        for edition in Edition.objects.filter(publication__in=batch, state__in=(LIVE, WITHDRAWN)).order_by("number"):
            newest[edition.publication_id] = edition
        yield from ((one, newest[one.pk]) for one in batch if one.pk in newest)


def lines() -> Iterator[bytes]:
    """The content goes in as the text it is."""
    for row in rows():
        payload = row.pop("payload")
        yield f'{json_text(row)[:-1]},"payload":{payload}}}\n'.encode()


def compressed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """gzip without a time in it: the same content gives the same bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for part in parts:
        if packed := packer.compress(part):
            yield packed
    yield packer.flush()


class _Echo:
    """Hands each written line straight back."""

    def write(self, line: str) -> str:
        return line


def table() -> Iterator[bytes]:
    """The publications as CSV that spreadsheets open: no cell can start a formula."""
    writer = csv.writer(_Echo())
    yield ("\ufeff" + writer.writerow(COLUMNS)).encode()
    for publication, edition in _editions():
        data = publication_data(publication, edition.number if edition.state == LIVE else None)
        data |= {f"unit_{name}": value for name, value in data["unit"].items()}
        data["stages"] = ";".join(data["stages"])
        yield writer.writerow([_cell(data[name]) for name in COLUMNS]).encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(_WIDE) else text


def _stream(parts: Iterable[bytes], media_type: str, name: str) -> StreamingHttpResponse:
    """Sent in pieces of some size: a line at a time costs more than making it."""
    waiting = iter(parts)
    joined = iter(lambda: b"".join(islice(waiting, 50)), b"")
    kind = f"{media_type}; charset=utf-8" if media_type != GZIP else media_type
    return StreamingHttpResponse(
        joined, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _documented(media_type: str, words: str) -> dict[str, Any]:
    return {"responses": {200: {"description": words, "content": {media_type: {"schema": {"type": "string"}}}}}}


@router.get(
    "/bulk/editions.jsonl",
    summary="全部现行版次，JSON Lines",
    description="一行一件：元数据和现行版的内容，按首次公开的先后。已撤回的只有元数据，已清除的不在其中。",
    operation_id="downloadEditions",
    openapi_extra=_documented(JSON_LINES, "每行是一个 Row"),
)
def bulk_editions(request: HttpRequest) -> Any:
    return _stream(lines(), JSON_LINES, "editions.jsonl")


@router.get(
    "/bulk/editions.jsonl.gz",
    summary="同上，gzip 压缩",
    operation_id="downloadEditionsCompressed",
    openapi_extra=_documented(GZIP, "gzip 文件"),
)
def bulk_editions_compressed(request: HttpRequest) -> Any:
    return _stream(compressed(lines()), GZIP, "editions.jsonl.gz")


@router.get(
    "/bulk/publications.csv",
    summary="全部公开内容的目录，CSV",
    description="没有正文。以 = + - @ 等开头的格子前面加了一个单引号，免得被电子表格当成公式。",
    operation_id="downloadPublications",
    openapi_extra=_documented(CSV, "CSV，UTF-8"),
)
def bulk_publications(request: HttpRequest) -> Any:
    return _stream(table(), CSV, "publications.csv")


@router.get(
    "/bulk/datapackage.json",
    summary="数据包说明（Frictionless Data Package）",
    operation_id="getDataPackage",
    openapi_extra={
        "responses": {
            200: {"description": "数据包", "content": {"application/json": {"schema": {"type": "object"}}}},
        }
    },
)
def datapackage(request: HttpRequest) -> Any:
    return HttpResponse(json_text(package()), content_type="application/json; charset=utf-8")


def package() -> dict[str, Any]:
    """The data package: what the files are, and how far the log had come."""
    head = LogHead.objects.filter(pk=1).first()
    newest = Checkpoint.objects.order_by("-size").first()
    fields = [{"name": name, "type": kind, "title": words} for name, (kind, words) in COLUMNS.items()]
    return {
        "name": "mingtang-publications",
        "title": f"{settings.SITE.get('title', '')}：全部公开内容",
        "description": "边读边写，不附散列；内容可以按公开日志核验。没有列出的就是没有公开的。",
        "homepage": f"{settings.SITE['address']}/api/",
        "version": "1",
        "log": {
            "size": head.size if head else 0,
            "root": head.root if head else "",
            "checkpoint": newest.note if newest else "",
        },
        "resources": [
            {
                "name": "editions",
                "title": "全部现行版次",
                "path": "editions.jsonl",
                "format": "jsonl",
                "mediatype": JSON_LINES,
                "encoding": "utf-8",
                "schema": {"fields": _row_fields(), "primaryKey": ["index_number"]},
            },
            {
                "name": "publications",
                "title": "全部公开内容的目录",
                "profile": "tabular-data-resource",
                "path": "publications.csv",
                "format": "csv",
                "mediatype": CSV,
                "encoding": "utf-8",
                "schema": {"fields": fields, "primaryKey": ["index_number"], "missingValues": [""]},
            },
        ],
    }


def _row_fields() -> list[dict[str, str]]:
    return [
        {"name": name, "type": _TYPES.get(name, "string"), "title": field.description or name}
        for name, field in answers.Row.model_fields.items()
    ]
