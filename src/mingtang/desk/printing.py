"""Printing a record: the paper in the layout of GB/T 9704-2012, its sign-off sheet, its return slips."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from mingtang.audit.names import EXPORT
from mingtang.audit.services import note_access
from mingtang.documents.official import ISSUED, OfficialForm, official_content, proposed
from mingtang.records.models import Record
from mingtang.text.typesetting import CannotRender, fonts, substitutions

from .access import StaffRequest, business_view, message_page, record_or_404, record_url
from .official_pdf import official_pdf
from .official_word import official_docx
from .present import moment_words
from .sheets import DOCX, PDF, return_slip_sheet, returns_of, sheet_file, sign_off_sheet

LONGEST_NAME = 60
PAPERS = {"pdf": PDF, "docx": DOCX}


@business_view
def page(request: StaffRequest, kind: str, record_id: uuid.UUID) -> HttpResponse:
    """What can be printed of a record; for a paper, what its printed copy is to say. Posting it gives the file."""
    spec, record = record_or_404(request, kind, record_id)
    row = spec.detail(record)
    form = None
    status = 200
    if record.kind == "document":
        values = request.POST if request.method == "POST" else None
        form = OfficialForm(values, initial=proposed(row), paper=row)
        if request.method == "POST":
            if form.is_valid():
                ending = request.POST.get("file", "pdf")
                return _paper(request, record, row, form.cleaned_data, ending, saved=True)
            status = 422
    context = {
        "spec": spec,
        "record": record,
        "form": form,
        "groups": _groups(form),
        "returns": [
            {"sequence": event.sequence, "at": moment_words(event.at, request.now)} for event in returns_of(record)
        ],
        "instead": _substitutions(),
        "draft": record.kind == "document" and record.state not in ISSUED,
        "cuts": len(getattr(row, "cuts", [])) if getattr(row, "openness", "") == "redacted_release" else 0,
    }
    return render(request, "desk/print.html", context, status=status)


@business_view
def paper(request: StaffRequest, kind: str, record_id: uuid.UUID, form: str) -> HttpResponse:
    """The paper as the record proposes it, without being asked anything."""
    spec, record = record_or_404(request, kind, record_id)
    if record.kind != "document":
        raise Http404
    row = spec.detail(record)
    return _paper(request, record, row, proposed(row), form)


@business_view
def sheet(request: StaffRequest, kind: str, record_id: uuid.UUID, form: str) -> HttpResponse:
    """The sign-off sheet."""
    spec, record = record_or_404(request, kind, record_id)
    content = sign_off_sheet(spec, record, spec.detail(record))
    return _sheet(request, record, content, form)


@business_view
def slip(request: StaffRequest, kind: str, record_id: uuid.UUID, form: str) -> HttpResponse:
    """A return slip: the last one, or that of ``?event=`` (sequence number in the journal)."""
    spec, record = record_or_404(request, kind, record_id)
    wanted = request.GET.get("event", "")
    found = [event for event in returns_of(record) if not wanted or str(event.sequence) == wanted]
    if not found:
        raise Http404
    content = return_slip_sheet(spec, record, found[-1], request.actor)
    return _sheet(request, record, content, form)


def download(name: str, data: bytes, ending: str, *, saved: bool = False) -> HttpResponse:
    """A printed file: a PDF opens in the browser unless ``saved``, a .docx is always saved."""
    response = HttpResponse(data, content_type=PAPERS[ending])
    name = f"{name[:LONGEST_NAME]}.{ending}"
    response["Content-Disposition"] = content_disposition_header(saved or ending != "pdf", name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def cannot_render(request: StaffRequest, error: CannotRender, back: str = "") -> HttpResponse:
    return message_page(request, 503, "现在不能生成PDF", f"{error}也可以先用 Word 格式。", back=back)


def _paper(
    request: StaffRequest, record: Record, row: Any, chosen: dict[str, Any], ending: str, *, saved: bool = False
) -> HttpResponse:
    if ending not in PAPERS:
        raise Http404
    content, pictures = official_content(row, chosen)
    make = official_pdf if ending == "pdf" else official_docx
    try:
        data = make(content, pictures, record.changed_at)
    except CannotRender as error:
        return cannot_render(request, error, record_url(record))
    _note(request, record, f"paper.{ending}")
    return download(record.title, data, ending, saved=saved)


def _sheet(request: StaffRequest, record: Record, content: dict[str, Any], ending: str) -> HttpResponse:
    try:
        data, _ = sheet_file(content, ending, record.changed_at)
    except CannotRender as error:
        return cannot_render(request, error, record_url(record))
    _note(request, record, f"{content['title']}.{ending}")
    return download(f"{content['title']}-{record.title}", data, ending)


def _note(request: StaffRequest, record: Record, part: str) -> None:
    note_access(
        actor_id=request.user.pk,
        action=EXPORT,
        subject_kind=record.kind,
        subject_id=record.pk,
        part=part,
        now=request.now,
        unit_code=min(request.actor.units, default=""),
    )


def _groups(form: OfficialForm | None) -> list[tuple[Any, list[Any]]]:
    if form is None:
        return []
    return [(heading, [form[name] for name in names]) for heading, names in form.groups]


def _substitutions() -> list[str]:
    try:
        return [str(one) for one in substitutions(fonts())]
    except CannotRender as error:
        return [str(error)]
