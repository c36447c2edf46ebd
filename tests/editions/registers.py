"""Registers made public without the office: payload and files exactly as ``register/1`` has them."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from mingtang.editions.models import LIVE, SUPERSEDED, Edition, EditionFile, Publication, PublicFile
from mingtang.text.canonical import canonical_json, content_hash

SHANGHAI = ZoneInfo("Asia/Shanghai")
PUBLISHED = datetime(2026, 10, 12, 9, tzinfo=SHANGHAI)
_serial = count(1)

PENALTIES: list[dict[str, Any]] = [
    {"name": "decision_number", "title": "决定书文号", "shown": True},
    {"name": "company_name", "title": "行政相对人名称", "shown": True},
    {"name": "credit_code", "title": "统一社会信用代码", "shown": True, "description": "18位。"},
    {
        "name": "category",
        "title": "处罚类别",
        "facet": True,
        "shown": True,
        "code_list": {"1": "警告", "2": "罚款", "3": "没收违法所得"},
    },
    {"name": "amount", "title": "罚款金额", "type": "number", "unit": "万元", "shown": True},
    {"name": "decided_on", "title": "决定日期", "type": "date", "shown": True},
    {"name": "facts", "title": "违法事实", "shown": False},
    {"name": "shown_until", "title": "公示截止日期", "type": "date", "shown": False},
]
ROWS: list[tuple[str, ...]] = [
    (
        "通罚〔2026〕1号",
        "演示甲商贸有限公司",
        "91150500MA0N000014",
        "2",
        "1.5",
        "2026-03-02",
        "销售过期食品。",
        "2027-03-02",
    ),
    (
        "通罚〔2026〕2号",
        "演示乙建筑有限公司",
        "91150500MA0N00002X",
        "1",
        "",
        "2026-04-11",
        "未按规定公示。",
        "2027-04-11",
    ),
    ("通罚〔2026〕3号", "演示丙运输有限公司", "91150500MA0N000035", "2", "12", "2026-02-20", "超限运输。", ""),
    ("通罚〔2025〕9号", "演示丁餐饮店", "92150500MA0N00004K", "3", "0.2", "2025-05-06", "无照经营。", "2026-05-06"),
]


def csv_bytes(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def package_bytes(payload: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    fields = [
        {"name": one["name"], "title": one["title"], "type": one.get("type", "string")} for one in payload["columns"]
    ]
    resource = {
        "name": "data-csv",
        "path": "data.csv",
        "format": "csv",
        "encoding": "utf-8",
        "bytes": len(files["data.csv"]),
        "hash": f"sha256:{sha256(files['data.csv']).hexdigest()}",
        "profile": "tabular-data-resource",
        "schema": {"fields": fields, "primaryKey": list(payload["key"])},
    }
    return json.dumps({"name": "register", "title": payload["title"], "resources": [resource]}).encode()


def put_register(
    columns: list[dict[str, Any]] | None = None,
    rows: Iterable[Sequence[str]] = ROWS,
    *,
    of: Publication | None = None,
    changes: Iterable[Sequence[str]] = (),
    title: str = "通辽市环境保护局行政处罚名单",
    key: Sequence[str] = ("decision_number",),
    at: datetime = PUBLISHED,
    row: Mapping[str, Any] | None = None,
    **said: Any,
) -> Publication:
    """A register with one live edition, or the next edition of ``of``. ``said`` goes into the payload, ``row`` into
    the publication; ``changes`` are lines of changes.csv."""
    columns = PENALTIES if columns is None else columns
    rows = list(rows)
    files = {"data.csv": csv_bytes([one["name"] for one in columns], rows)}
    files["changes.csv"] = csv_bytes(("change", "key", "field", "before", "after"), changes)
    payload: dict[str, Any] = {
        "schema": "register/1",
        "title": title,
        "register_kind": "penalties",
        "kind_title": "行政处罚信息",
        "family": "credit",
        "article": 5,
        "level": "city",
        "description": "对企业和个体工商户作出的行政处罚决定。有异议可以拨打12345投诉。",
        "note": "按周更新。",
        "columns": columns,
        "key": list(key),
        "count": len(rows),
        "sequence": 1,
        "effective": f"{at:%Y-%m-%d}",
        "changes": {"added": len(rows), "changed": 0, "removed": 0},
        "adjustments": [],
        "charts": [],
        "complete": {},
        "stages": ["result"],
        "openness": "full_release",
        "mode": "proactive",
        **said,
    }
    files["datapackage.json"] = package_bytes(payload, files)
    payload["attachments"] = [
        {
            "name": name,
            "sha256": sha256(data).hexdigest(),
            "size": len(data),
            "media_type": "text/csv; charset=utf-8" if name.endswith(".csv") else "application/json",
        }
        for name, data in files.items()
    ]
    serial = next(_serial)
    publication = of or Publication.objects.create(
        **{
            "index_number": f"000014350/2026-{serial:05}",
            "path": f"pub/000014350-2026-{serial:05}",
            "kind": "register",
            "title": title,
            "unit_code": "hbj",
            "unit_name": "通辽市环境保护局",
            "region_code": "150500",
            "stages": ["result"],
            "published_at": at,
            **(row or {}),
        }
    )
    earlier = Edition.objects.filter(publication=publication)
    payload["sequence"] = earlier.count() + 1
    earlier.filter(state=LIVE).update(state=SUPERSEDED)
    text = canonical_json(payload)
    edition = Edition.objects.create(
        publication=publication,
        number=payload["sequence"],
        payload=text,
        payload_hash=content_hash(text),
        salt="5a",
        published_at=at,
    )
    for position, (one, data) in enumerate(zip(payload["attachments"], files.values(), strict=True)):
        file, _ = PublicFile.objects.get_or_create(
            sha256=one["sha256"], defaults={"media_type": one["media_type"], "size": one["size"], "content": data}
        )
        EditionFile.objects.create(edition=edition, file=file, name=one["name"], position=position)
    return publication
