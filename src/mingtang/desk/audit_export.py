"""Taking audit records away as a table with its proof."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST
from openpyxl import Workbook

from mingtang.audit.exporting import TooMany, export, take
from mingtang.audit.models import Access
from mingtang.disclosure.checkpoints import published_keys, signer, verifiers
from mingtang.editions.models import Checkpoint as CheckpointRow
from mingtang.journal.models import Event
from mingtang.merkle.audit_export import ACTION, AT, DID, FORMS, LOOKED, NUMBER, PERSON_ID, SOURCE, TABLE
from mingtang.merkle.notes import Checkpoint, NoteError, open_note

from .access import StaffRequest
from .administration import administrator_view
from .audit_filters import read
from .audit_show import Line, Names
from .exports import neutral
from .noting import note_as

FORM_LABELS = {"csv": "导出 CSV", "xlsx": "导出 Excel", "json": "导出 JSON"}
COLUMNS = (
    SOURCE,
    NUMBER,
    AT,
    PERSON_ID,
    "人员",
    "单位",
    ACTION,
    "动作",
    "对象",
    "对象标识",
    "说明",
    "用途",
    "结果",
    "网络地址",
)


@require_POST
@administrator_view("audit_export")
def audit_export(request: StaffRequest, form: str) -> HttpResponse:
    """What matches the conditions, with proof; noted before it is handed over."""
    if form not in FORMS:
        raise Http404
    asked = read(request.GET)
    back = redirect(f"{reverse('desk:audit')}?{request.GET.urlencode()}")
    if asked.faults:
        return back
    try:
        taken = take(asked.wanted, request.now)
    except TooMany as error:
        messages.error(request, str(error))
        return back
    entries: list[Access | Event] = [*taken.accesses, *taken.events]
    names = Names(entries)
    name = f"{TABLE}.{form}"
    data = export(
        taken,
        (name, _table(form, (names.line(entry) for entry in sorted(entries, key=lambda entry: entry.at)))),
        asked={key: value for key, value in asked.typed.items() if value},
        sign=lambda head: signer().sign(head),
        keys=published_keys(),
        checkpoint=_newest_checkpoint(),
        now=request.now,
    )
    note_as(request, action="export", subject_kind="audit", part=f"audit_export {form} {len(entries)}")
    response = HttpResponse(data, content_type="application/zip")
    stem = f"审计记录-{timezone.localtime(request.now):%Y-%m-%d-%H%M}"
    response["Content-Disposition"] = content_disposition_header(True, f"{stem}.zip") or "attachment"
    return response


def _newest_checkpoint() -> tuple[str, Checkpoint] | None:
    row = CheckpointRow.objects.order_by("size").last()
    if row is None:
        return None
    try:
        return row.note, Checkpoint.from_text(open_note(row.note, verifiers()))
    except NoteError:
        return None


def _table(form: str, lines: Iterable[Line]) -> bytes:
    rows = [_cells(line) for line in lines]
    if form == "json":
        told = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        return json.dumps(told, ensure_ascii=False, indent=1).encode()
    if form == "csv":
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows([neutral(cell) for cell in row] for row in rows)
        return b"\xef\xbb\xbf" + text.getvalue().encode()
    book = Workbook(write_only=True)
    sheet = book.create_sheet(TABLE)
    sheet.append(list(COLUMNS))
    for row in rows:
        sheet.append([neutral(cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cells(line: Line) -> list[Any]:
    return [
        LOOKED if line.source == "access" else DID,
        line.number,
        f"{line.at:%Y-%m-%d %H:%M:%S}",
        line.person_id if line.person_id is not None else "",
        line.person,
        line.unit,
        line.action,
        line.label,
        line.subject,
        line.subject_id,
        line.part,
        line.purpose,
        line.outcome,
        line.address,
    ]
