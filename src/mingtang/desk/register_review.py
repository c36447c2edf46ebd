"""What the approver and the secrecy reviewer are shown of a register: what changes, what is masked, what was found."""

import csv
import io
import json
from typing import Any

from mingtang.disclosure.models import ATTACHMENT, Attachment, AttachmentContent
from mingtang.editions.tables import DATA
from mingtang.records.models import Record
from mingtang.registers.models import ADDED, CHANGED, CHANGES, REMOVED

from .access import StaffRequest, record_url
from .register_changes import show_changes
from .register_page import KIND, Words, opened

SAMPLE, SHOWN_CHANGES = 10, 10


def review_of(request: StaffRequest, record: Record) -> dict[str, Any] | None:
    """Summary, first changes, masked and inner columns, findings by column and a sample of what becomes public.

    None for other kinds, and for a register whose batch was not handed in yet.
    """
    if record.kind != KIND:
        return None
    working = opened(request, record.pk)
    batch = working.batch
    if batch is None or not batch.payload:
        return None
    payload = json.loads(batch.payload)
    data = Attachment.objects.filter(record=record, role=ATTACHMENT, name=DATA).first()
    headings, rows = _sample(data, payload, working.words)
    touched = list(working.touched().order_by("position", "id")[:SHOWN_CHANGES])
    return {
        "count": payload["count"],
        "counts": [(CHANGES[name], payload["changes"].get(name, 0)) for name in (ADDED, CHANGED, REMOVED)],
        "note": payload["note"],
        "correction": payload.get("correction", ""),
        "first": working.register.sequence == 0,
        "changes": show_changes(working, touched),
        "more_changes": working.touched().count() - len(touched),
        "adjustments": payload["adjustments"],
        "masked": [column["title"] for column in payload["columns"] if column.get("masked")],
        "inside": [one.title for one in working.kind.fields if not one.public],
        "findings": data.findings if data else [],
        "headings": headings,
        "rows": rows,
        "changes_url": record_url(record, "register_changes"),
        "preview_url": record_url(record, "register_preview"),
        "entries_url": record_url(record, "register_entries"),
    }


def _sample(data: Attachment | None, payload: dict[str, Any], words: Words) -> tuple[list[str], list[list[str]]]:
    """Rows spread evenly over the file that will be public, with the titles of its columns."""
    if data is None:
        return [], []
    content = bytes(AttachmentContent.objects.get(attachment=data).content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))[1:]
    step = max(1, len(rows) // SAMPLE)
    names = [(column["name"], column["type"] == "boolean") for column in payload["columns"]]
    shown = [
        [
            words.of(name, (cell == "true" if logical else cell) if cell else None)
            for (name, logical), cell in zip(names, row, strict=True)
        ]
        for row in rows[::step][:SAMPLE]
    ]
    return [column["title"] for column in payload["columns"]], shown
