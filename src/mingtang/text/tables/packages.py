"""Writing a table for others: CSV, JSON and a Frictionless data package that describes them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from .kinds import TableField, TableKind
from .values import Value

TRUE, FALSE = "true", "false"


def csv_of(fields: Sequence[TableField], rows: Iterable[Mapping[str, Value]]) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets show Chinese; headings are field names, as the schema says.

    A cell that a spreadsheet would run as a formula gets a space before it.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([one.name for one in fields])
    for row in rows:
        writer.writerow([_text(one, row.get(one.name)) for one in fields])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def json_of(fields: Sequence[TableField], rows: Iterable[Mapping[str, Value]]) -> bytes:
    """A JSON array of objects, an entry a line; amounts stay text."""
    lines = (json.dumps({one.name: row.get(one.name) for one in fields}, ensure_ascii=False) for row in rows)
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def package_of(
    kind: TableKind,
    *,
    name: str,
    title: str,
    made: datetime,
    version: str,
    files: Mapping[str, bytes],
    homepage: str = "",
) -> bytes:
    """``datapackage.json`` for the CSV and JSON files given by their paths.

    Only the CSV carries the schema: Table Schema has no number type that JSON text would satisfy.
    """
    described: dict[str, Any] = {
        "name": name,
        "title": title,
        "description": kind.description or kind.title,
        "created": made.isoformat(),
        "version": version,
        "resources": [_resource(kind, path, data) for path, data in files.items()],
    }
    if homepage:
        described["homepage"] = homepage
    return (json.dumps(described, ensure_ascii=False, indent=2) + "\n").encode()


def _resource(kind: TableKind, path: str, data: bytes) -> dict[str, Any]:
    stem, _, ending = path.rpartition(".")
    made: dict[str, Any] = {
        "name": f"{stem}-{ending}".lower().replace("_", "-"),
        "path": path,
        "format": ending,
        "mediatype": "text/csv" if ending == "csv" else "application/json",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{sha256(data).hexdigest()}",
    }
    if ending == "csv":
        made["profile"] = "tabular-data-resource"
        made["schema"] = kind.schema()
    return made


def _text(one: TableField, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return TRUE if value else FALSE
    text = str(value)
    if one.type == "string" and text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f" {text}"
    return text
