"""Working sheets to print: return slips, sign-off sheets and registers, as JSON values that PDF and .docx are made of."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone

from mingtang.disclosure.models import SecrecyReview
from mingtang.journal.models import Event
from mingtang.journal.names import event_label
from mingtang.journal.selectors import events_of, payload_of
from mingtang.records.models import CO_ISSUER, GATEKEEPER, Record, Remark
from mingtang.records.spec import RecordSpec
from mingtang.text.official import chinese_date
from mingtang.units.actors import Actor
from mingtang.units.models import Person, Post

from .detail import _was_automatic, capacity_words
from .mending import show_faults
from .official_pdf import made
from .present import shown
from .sheet_word import sheet_docx

Sheet = dict[str, Any]
MOST_ROWS = 2_000
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Boxes of the sign-off sheet: what stands in them, and the events whose doer signs there.
BOXES = (
    ("拟稿", ("created",)),
    ("送审", ("submitted",)),
    ("审核", ("approved",)),
    ("签发", ("signed",)),
    ("保密审查", ("reviewed", "corrected")),
    ("编号印发", ("issued",)),
    ("公开", ("published",)),
    ("存档", ("filed",)),
)


def sheet_file(sheet: Sheet, form: str, at: datetime) -> tuple[bytes, str]:
    """The bytes of a sheet and their media type; ``form`` is pdf or docx, anything else is 404.

    Raises:
        CannotRender: a PDF was asked for and the machine has no Chinese font.
    """
    if form == "pdf":
        return made("sheet.typ", sheet, {}, at), PDF
    if form == "docx":
        return sheet_docx(sheet, at), DOCX
    raise Http404


def _sheet(title: str, parts: Sequence[Mapping[str, Any]], *, foot: str, author: str, **changes: Any) -> Sheet:
    plain = {"subtitle": "", "red": False, "landscape": False, "warning": ""}
    return {"title": title, "parts": parts, "foot": foot, "author": author, **plain, **changes}


def _part(kind: str, heading: str = "", **values: Any) -> dict[str, Any]:
    return {"kind": kind, "heading": heading, **values}


def returns_of(record: Record) -> list[Event]:
    """Every return of the record, oldest first."""
    return [event for event in events_of(record.pk) if event.to_state == "returned"]


def return_slip_sheet(spec: RecordSpec, record: Record, event: Event, actor: Actor) -> Sheet:
    """The return slip (退文单) of one return: each fault with its article and how to mend it, and the clerk's words."""
    payload = payload_of(event)
    remark = Remark.objects.filter(pk=payload["remark"]).first() if payload.get("remark") else None
    automatic = _was_automatic(event, payload)
    author = "系统按规定自动退回" if automatic else _name(event)
    office = record.parties.filter(role=GATEKEEPER).select_related("unit").first()
    by_office = office is not None and (automatic or event.from_state in ("reported", "accepted"))
    returned_by = office.unit.name if office and by_office else record.lead_unit.name
    faults = show_faults(payload.get("faults", []), record, actor)
    number = [one.sequence for one in returns_of(record)].index(event.sequence) + 1
    facts = [
        ["来文标题", record.title],
        ["来文单位", record.lead_unit.name, "退文单位", returned_by],
        ["退文时间", _moment(event.at), "经办人", author],
        ["退文次数", f"第{number}次", "日志序号", str(event.sequence)],
    ]
    parts = [_part("facts", rows=facts)]
    if faults:
        listed = [{"message": one.message, "basis": one.basis, "mend": one.mend} for one in faults]
        parts.append(_part("faults", f"不符合要求的地方（{len(listed)}处）", faults=listed))
    if remark:
        parts.append(_part("words", "给起草单位的话", lines=remark.text.splitlines()))
    parts.append(_part("words", lines=["请按上列各条补正后重新报送。"]))
    blank = "\n\n年\u3000月\u3000日"
    parts.append(_part("facts", rows=[["退文单位签字", blank, "来文单位签收", blank]]))
    return _sheet("退文单", parts, foot=f"{spec.label} {record.pk}", author=returned_by)


def sign_off_sheet(spec: RecordSpec, record: Record, row: Any) -> Sheet:
    """The sign-off sheet (发文稿纸): who drafted, reviewed, signed and issued, when, with their words; from the journal."""
    events = list(events_of(record.pk))
    payloads = {event.pk: payload_of(event) for event in events}
    named = {event.actor_id for event in events if event.actor_id}
    named |= {payload["capacity"]["by"] for payload in payloads.values() if "by" in payload.get("capacity", {})}
    people = {person.pk: str(person) for person in Person.objects.filter(pk__in=named)}
    units = _units_of(record, people)
    kept = {str(payload["remark"]) for payload in payloads.values() if payload.get("remark")}
    remarks = {str(remark.pk): remark.text for remark in Remark.objects.filter(pk__in=kept)}

    def doer(event: Event) -> str:
        return people.get(event.actor_id or 0, "系统") + capacity_words(payloads[event.pk], people)

    def words(event: Event) -> str:
        payload = payload_of(event)
        faults = [
            f"{fault.get('message', '')}（第{fault.get('article', '')}条）" for fault in payload.get("faults", [])
        ]
        return "\n".join(filter(None, [remarks.get(payload.get("remark", ""), ""), *faults]))

    facts = [[label, value] for label, value in _main_facts(spec, row)]
    boxes = []
    for label, names in BOXES:
        event = next((one for one in reversed(events) if one.name.partition(".")[2] in names), None)
        if event is not None:
            boxes += [label, f"{doer(event)}\n{_moment(event.at)}"]
    paired = [boxes[place : place + 4] for place in range(0, len(boxes), 4)]
    parties = [party.unit.name for party in record.parties.filter(role=CO_ISSUER).select_related("unit")]
    parts = [
        _part(
            "facts",
            rows=[["标题", record.title], *_paired(facts), *([["会签单位", "、".join(parties)]] if parties else [])],
        )
    ]
    if paired:
        parts.append(_part("facts", "经办", rows=paired))
    review = SecrecyReview.objects.filter(record=record).last()
    if review is not None:
        verdict = "可以公开" if review.passed else "不通过"
        masked = sum(1 for mask in review.masks if mask.get("decision") == "mask")
        said = f"{verdict}；遮盖个人信息{masked}处，保留{len(review.masks) - masked}处。{review.opinion}"
        parts.append(
            _part("facts", "保密审查意见", rows=[["结论", said], ["内容散列", _groups_of(review.content_hash)]])
        )
    moved = [event for event in events if event.from_state != event.to_state or event.name.endswith(".created")]
    cells = [["序号", "环节", "经办人", "单位", "时间", "意见"]]
    cells += [
        [
            str(event.sequence),
            event_label(event.name),
            doer(event),
            units.get(event.actor_id or 0, ""),
            _cell(event.at),
            words(event),
        ]
        for event in moved
    ]
    parts.append(_part("table", "办理过程", cells=cells, widths=[6, 15, 12, 12, 18, 22]))
    last = events[-1] if events else None
    foot = f"据办事日志第{events[0].sequence}至{last.sequence}条，末条散列 {last.hash[:16]}" if last else ""
    title = "发文稿纸" if spec.kind == "document" else f"{spec.label}签发单"
    return _sheet(title, parts, foot=foot, author=record.lead_unit.name, subtitle=record.lead_unit.name, red=True)


def _groups_of(digest: str) -> str:
    """A hash in groups that can go to the next line."""
    return " ".join(digest[place : place + 16] for place in range(0, len(digest), 16))


def _main_facts(spec: RecordSpec, row: Any) -> list[tuple[str, str]]:
    """The facts of the record's page that fit a sheet; the title has a row of its own."""
    found = [(label, shown(value)) for _, facts in spec.facts_shown(row) for label, value in facts]
    return [(label, value) for label, value in found if value and label not in ("标题",)][:14]


def _paired(facts: list[list[str]]) -> list[list[str]]:
    """Two short facts to a row; a long one alone."""
    rows: list[list[str]] = []
    waiting: list[str] = []
    for label, value in facts:
        if len(value) > 26 or "\n" in value:
            rows += [waiting] if waiting else []
            rows.append([label, value])
            waiting = []
        elif waiting:
            rows.append([*waiting, label, value])
            waiting = []
        else:
            waiting = [label, value]
    return rows + ([waiting] if waiting else [])


def register_sheet(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], *, now: datetime, subtitle: str = ""
) -> Sheet:
    """A list as a register on A4 across, rows numbered. Of more than ``MOST_ROWS`` it prints the first and says so."""
    cells = [["序号", *map(str, headings)]]
    warning = ""
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            warning = f"只印前{MOST_ROWS}条。请缩小范围再印；全部内容请导出 Excel。"
            break
        cells.append([str(number), *(_cell(value) for value in row)])
    longest = [max(_width(cell[index]) for cell in cells) for index in range(len(cells[0]))]
    widths = [min(28, max(5, length)) for length in longest]
    parts = [_part("table", "", cells=cells, widths=widths)]
    foot = f"共{len(cells) - 1}条，{_moment(now)}打印"
    return _sheet(title, parts, foot=foot, author="", subtitle=subtitle, landscape=True, warning=warning)


def _width(text: str) -> float:
    return sum(0.55 if character < "\u2000" else 1.0 for character in text)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return shown(value)


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{chinese_date(local.date())} {local:%H:%M}"


def _name(event: Event) -> str:
    person = Person.objects.filter(pk=event.actor_id).first() if event.actor_id else None
    return str(person or "系统")


def _units_of(record: Record, people: Iterable[int]) -> dict[int, str]:
    """The unit of each person, among those that are party to the record."""
    parties = record.parties.values_list("unit_id", flat=True)
    posts = Post.objects.filter(person__in=list(people), unit__in=list(parties)).select_related("unit").order_by("-pk")
    return {post.person_id: post.unit.short_name for post in posts}
