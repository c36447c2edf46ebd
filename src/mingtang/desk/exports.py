"""Tables people take away: CSV that Excel reads, XLSX, and printed registers. A cell can never start a formula."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

from defusedcsv import csv
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from mingtang.text.typesetting import CannotRender

from .sheets import register_sheet, sheet_file

# What spreadsheets take for the start of a formula, the full-width forms included.
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LONGEST_CELL = 32_767


def neutral(value: Any) -> str | int | float | Decimal:
    """A value for a cell: numbers stay numbers, text that would start a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    text = ILLEGAL_CHARACTERS_RE.sub("", str(value))[:LONGEST_CELL]
    return f"'{text}" if text.lstrip(" ").startswith(STARTS_FORMULA) else text


def table(
    form: str, name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], *, now: datetime | None = None
) -> HttpResponse:
    """``rows`` as a download called ``name``; ``form`` is csv, xlsx or, where ``now`` is given, pdf or docx; else 404."""
    if form == "csv":
        response: Any = StreamingHttpResponse(_csv_lines(headings, rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv")
        return response
    if form in ("pdf", "docx") and now is not None:
        return _printed(form, name, headings, rows, now)
    if form != "xlsx":
        raise Http404
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    sheet.append([neutral(heading) for heading in headings])
    for row in rows:
        sheet.append([neutral(cell) for cell in row])
    file = TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    book.save(file)
    file.seek(0)
    return FileResponse(  # type: ignore[return-value]
        file,
        as_attachment=True,
        filename=f"{name}.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def _printed(
    form: str, name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], now: datetime
) -> HttpResponse:
    """A register on A4 across; a PDF opens in the browser."""
    title, _, subtitle = name.partition("-")
    try:
        data, media_type = sheet_file(register_sheet(title, headings, rows, now=now, subtitle=subtitle), form, now)
    except CannotRender as error:
        return HttpResponse(f"{error}\n", content_type="text/plain; charset=utf-8", status=503)
    response = HttpResponse(data, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(form != "pdf", f"{name}.{form}") or "attachment"
    return response


class _Echo:
    """Hands each written line straight back, so that nothing piles up."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([neutral(heading) for heading in headings])
    for row in rows:
        yield writer.writerow([neutral(cell) for cell in row])
