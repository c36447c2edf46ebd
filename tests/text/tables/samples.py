"""A kind of table and workbooks of it, as offices make them."""

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

from mingtang.text.tables.kinds import TableKind, kind_of

PENALTY: dict[str, Any] = {
    "id": "penalty",
    "title": "行政处罚",
    "article": 5,
    "duty": "D05.4",
    "stage": "management",
    "keepers": "credit_supervision_units",
    "key": ["document_number"],
    "fields": [
        {
            "name": "party",
            "title": "行政相对人名称",
            "aliases": ["当事人", "相对人名称"],
            "constraints": {"required": True, "maxLength": 100},
        },
        {
            "name": "credit_code",
            "title": "统一社会信用代码",
            "aliases": ["信用代码"],
            "check": "credit_code",
        },
        {
            "name": "document_number",
            "title": "行政处罚决定书文号",
            "aliases": ["决定书文号", "文号"],
            "check": "document_number",
            "constraints": {"required": True},
        },
        {"name": "category", "title": "处罚类别", "constraints": {"enum": ["警告", "罚款", "没收违法所得"]}},
        {
            "name": "fine",
            "title": "罚款金额",
            "type": "number",
            "unit": "万元",
            "decimals": 6,
            "constraints": {"minimum": 0},
        },
        {"name": "confiscated", "title": "没收金额", "type": "number", "unit": "万元", "decimals": 6},
        {"name": "total", "title": "罚没合计", "type": "number", "unit": "万元", "decimals": 6},
        {"name": "decided_on", "title": "处罚决定日期", "type": "date", "constraints": {"required": True}},
        {"name": "shown_until", "title": "公示截止期", "type": "date"},
    ],
    "rules": [
        {"kind": "sum", "total": "total", "parts": ["fine", "confiscated"], "message": "请核对罚没合计。"},
        {"kind": "order", "first": "decided_on", "second": "shown_until", "message": "请核对两个日期。"},
    ],
}
GOOD_CODE = "91330203674737244W"


def kind() -> TableKind:
    return kind_of(PENALTY)


def book(rows: Sequence[Sequence[Any]], *, merged: Sequence[str] = (), name: str = "Sheet1") -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = name
    for row in rows:
        sheet.append(list(row))
    for place in merged:
        sheet.merge_cells(place)
    return saved(made)


def saved(made: Workbook) -> bytes:
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()
