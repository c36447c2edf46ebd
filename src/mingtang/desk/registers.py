"""Registers of papers received (收文登记簿) and sent (发文登记簿), read off the journal, on screen and to print."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render

from mingtang.documents.models import Document
from mingtang.journal.models import Event
from mingtang.records.models import GATEKEEPER, RecordParty
from mingtang.records.selectors import visible_to
from mingtang.records.spec import spec_for
from mingtang.units.models import Person

from .access import StaffRequest, business_view
from .exports import table
from .present import shown

PAGE = 50
CHUNK = 500
RECEIVED, SENT = "received", "sent"


@dataclass(frozen=True)
class Register:
    """One kind of book: its name, the events that open a line in it, and its columns."""

    label: str
    opens: Q
    headings: tuple[str, ...]


# A paper returned from one of these states was sent up and turned back by the gates in the same moment.
BEFORE = ("drafting", "returned", "head_approved")
REGISTERS = {
    RECEIVED: Register(
        "收文登记簿",
        Q(name="document.reported") | Q(name="document.returned", from_state__in=BEFORE),
        ("来文时间", "来文单位", "标题", "文种", "报送人", "办理结果", "办结时间"),
    ),
    SENT: Register(
        "发文登记簿",
        Q(name="document.issued"),
        ("印发时间", "发文字号", "标题", "文种", "发文机关", "主送机关", "签发人", "签发时间", "印发人", "现在状态"),
    ),
}
_OUTCOMES = ("document.accepted", "document.returned")


@business_view
def page(request: StaffRequest, register: str = RECEIVED) -> HttpResponse:
    """One book for one year, newest first."""
    book, year = _asked(request, register)
    found = _events(request, register, year)
    paginator = Paginator(found.order_by("-sequence"), PAGE)
    shown_page = paginator.get_page(request.GET.get("page"))
    context = {
        "book": book,
        "register": register,
        "registers": [(name, one.label) for name, one in REGISTERS.items()],
        "year": year,
        "years": range(request.now.year, request.now.year - 10, -1),
        "page": shown_page,
        "rows": [
            (key, [shown(cell) for cell in cells])
            for key, cells in _rows(request, register, list(shown_page.object_list))
        ],
        "title_column": book.headings.index("标题"),
        "forms": [("pdf", "打印 PDF"), ("docx", "打印 Word"), ("xlsx", "导出 Excel"), ("csv", "导出 CSV")],
        "asked": f"year={year}",
    }
    return render(request, "desk/register.html", context)


@business_view
def export(request: StaffRequest, register: str, form: str) -> HttpResponse:
    """The whole year's book as csv, xlsx, pdf or docx, oldest first, as a book is written."""
    book, year = _asked(request, register)
    events = _events(request, register, year).order_by("sequence")

    def rows() -> Iterator[list[Any]]:
        chunk: list[Event] = []
        for event in events.iterator(CHUNK):
            chunk.append(event)
            if len(chunk) == CHUNK:
                yield from (cells for _, cells in _rows(request, register, chunk))
                chunk = []
        yield from (cells for _, cells in _rows(request, register, chunk))

    return table(form, f"{book.label}-{year}年", book.headings, rows(), now=request.now)


def _asked(request: StaffRequest, register: str) -> tuple[Register, int]:
    if register not in REGISTERS:
        raise Http404
    wanted = request.GET.get("year", "")
    year = int(wanted) if re.fullmatch(r"[12]\d{3}", wanted) else request.now.year
    return REGISTERS[register], year


def _events(request: StaffRequest, register: str, year: int) -> Any:
    """Lines of the year among the records this person may see; papers received only where one's unit is the office."""
    records = visible_to(request.actor).filter(kind="document")
    if register == RECEIVED:
        received = RecordParty.objects.filter(role=GATEKEEPER, unit__in=request.actor.units).values("record_id")
        records = records.filter(pk__in=received)
    zone = request.now.tzinfo
    start, end = (datetime(one, 1, 1, tzinfo=zone) for one in (year, year + 1))
    return Event.objects.filter(
        REGISTERS[register].opens, at__gte=start, at__lt=end, record_id__in=records.values("pk")
    )


def _rows(request: StaffRequest, register: str, events: list[Event]) -> Iterator[tuple[Any, list[Any]]]:
    """Record key and cells of each line: four queries for a chunk, whatever its length."""
    keys = {event.record_id for event in events if event.record_id}
    papers = Document.objects.select_related("record__lead_unit").in_bulk(keys)
    around = list(
        Event.objects.filter(record_id__in=keys, name__in=(*_OUTCOMES, "document.signed")).order_by("sequence")
    )
    people = {
        person.pk: str(person)
        for person in Person.objects.filter(pk__in={event.actor_id for event in [*events, *around] if event.actor_id})
    }
    states = {name: state.label for name, state in spec_for("document").state_by_name.items()}
    for event in events:
        paper = papers.get(event.record_id)
        if paper is None:
            continue
        doer = people.get(event.actor_id or 0, "系统")
        if register == RECEIVED:
            later = (one for one in around if one.record_id == event.record_id and one.sequence >= event.sequence)
            outcome = next((one for one in later if one.name in _OUTCOMES), None)
            result = {"document.accepted": "已收文", "document.returned": "已退文"}.get(
                outcome.name if outcome else "", "待收文"
            )
            cells = [
                event.at,
                paper.record.lead_unit.name,
                paper.title,
                paper.genre,
                doer,
                result,
                outcome.at if outcome else "",
            ]
        else:
            signed = next(
                (one for one in reversed(around) if one.record_id == event.record_id and one.name == "document.signed"),
                None,
            )
            signer = people.get(signed.actor_id or 0, "") if signed else ""
            cells = [
                event.at,
                paper.document_number,
                paper.title,
                paper.genre,
                "、".join(paper.issuers),
                paper.addressees,
                signer,
                signed.at if signed else "",
                doer,
                states.get(paper.record.state, ""),
            ]
        yield paper.pk, cells
