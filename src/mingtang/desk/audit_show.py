"""The audit trail in words: names of officials, kinds and numbers of records, never a title, a text or a citizen."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from mingtang.audit import identity
from mingtang.audit.models import Access
from mingtang.audit.names import ACTIONS, SIGN_IN_FAILED, UNNOTED
from mingtang.audit.rows import mark_of, open_address, values_of
from mingtang.audit.selectors import people_of
from mingtang.disclosure.models import Disclosed
from mingtang.intake.numbers import read_number
from mingtang.journal.models import Event
from mingtang.journal.names import event_label
from mingtang.records.models import Record
from mingtang.records.spec import RecordSpec, all_specs
from mingtang.units.models import Person, Unit

from .sign_in_journal import REFUSED

PAGES = {
    "home": "我的工作",
    "duties": "职责时限",
    "duties_export": "职责时限",
    "duty": "职责",
    "journal": "办事日志",
    "audit": "审计查询",
    "audit_person": "审计：人员",
    "audit_record": "审计：事项",
    "audit_export": "审计记录",
    "people": "人员",
    "units": "单位",
}
PARTS = {
    "detail": "全文和办理情况",
    "history": "全部记录",
    "edit": "修改页",
    "new": "新建页",
    "do": "办理",
    "file": "附件",
    "export": "表格",
    "password": "密码",
    "one_time_code": "动态口令",
}
NUMBER_FIELDS = ("number", "document_number")
OUTCOMES = {
    401: "没有登录",
    403: "没有权限",
    404: "不在其范围",
    409: "已被他人办理",
    422: "未通过核对",
    429: "超过次数",
}


@dataclass(frozen=True)
class Line:
    """One row of the timeline. ``source`` is ``access`` or ``event``; ``subject_url`` is empty where nothing opens."""

    source: str
    number: int
    at: datetime
    person_id: int | None
    person: str
    unit: str
    action: str
    label: str
    subject: str
    subject_kind: str
    subject_id: str
    part: str
    purpose: str
    outcome: str
    address: str
    damaged: bool


class Names:
    """Looks names up once for a whole page: four small queries."""

    def __init__(
        self,
        entries: Sequence[Access | Event],
        people: Iterable[int] = (),
        records: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.people = {
            person.pk: str(person) for person in Person.objects.filter(pk__in=people_of(entries) | set(people))
        }
        codes = {entry.unit_code for entry in entries if entry.unit_code}
        self.units = dict(Unit.objects.filter(pk__in=codes).values_list("code", "short_name"))
        ids = {subject for entry in entries if (subject := _record_id(entry)) is not None}
        ids |= {uuid.UUID(key) for _, key in records}
        self.kinds = dict(Record.objects.filter(pk__in=ids).values_list("pk", "kind"))
        self.numbers = numbers_of(self.kinds)

    def person(self, person_id: int | None, missing: str = "系统") -> str:
        return missing if person_id is None else self.people.get(person_id, f"{person_id} 号账号")

    def line(self, entry: Access | Event) -> Line:
        return self._access(entry) if isinstance(entry, Access) else self._event(entry)

    def _access(self, row: Access) -> Line:
        record_id = _record_id(row)
        known = record_id in self.kinds
        name, _, rest = row.part.partition(" ")
        part = str(identity.FIELDS.get(name) or PARTS.get(name, ""))
        if name == "find":
            part = f"按{identity.FIELDS.get(rest, rest)}查找"
        elif name == "do" or (name == "file" and rest):
            part = f"{part} {rest}"
        if row.action == UNNOTED:
            part = f"{row.part} 次"
        return Line(
            source="access",
            number=row.id,
            at=timezone.localtime(row.at),
            person_id=row.actor_id,
            person=self.person(row.actor_id, "未知用户名" if row.action == SIGN_IN_FAILED else "系统"),
            unit=self.units.get(row.unit_code, row.unit_code),
            action=row.action,
            label=str(ACTIONS.get(row.action, row.action)),
            subject=self.subject(row.subject_kind, row.subject_id),
            subject_kind=row.subject_kind if known else "",
            subject_id=row.subject_id if known else "",
            part=part,
            purpose=str(identity.PURPOSES.get(row.purpose, row.purpose)),
            outcome=OUTCOMES.get(row.status, "" if row.status < 400 else f"出错（{row.status}）"),
            address=open_address(row.address),
            damaged=mark_of(values_of(row)) != row.mark,
        )

    def _event(self, event: Event) -> Line:
        kind = self.kinds.get(event.record_id, "") if event.record_id else ""
        return Line(
            source="event",
            number=event.sequence,
            at=timezone.localtime(event.at),
            person_id=event.actor_id,
            person=self.person(event.actor_id, "未知用户名" if event.name == REFUSED else "系统"),
            unit=self.units.get(event.unit_code, event.unit_code),
            action=event.name,
            label=event_label(event.name),
            subject=self.subject(kind, str(event.record_id)) if kind else "",
            subject_kind=kind,
            subject_id=str(event.record_id) if kind else "",
            part="",
            purpose="",
            outcome="",
            address="",
            damaged=False,
        )

    def subject(self, kind: str, subject_id: str) -> str:
        """``网民找错 2026-11-ABCD-1234``: the kind and its number, or the first letters of its id."""
        spec = _specs().get(kind)
        label = spec.label if spec else PAGES.get(kind, kind)
        if not subject_id:
            return label
        try:
            number = self.numbers.get(uuid.UUID(subject_id), "")
        except ValueError:
            number = ""
        return f"{label} {number or subject_id[:8]}"


def _specs() -> dict[str, RecordSpec]:
    return {spec.kind: spec for spec in all_specs()}


def _record_id(entry: Access | Event) -> uuid.UUID | None:
    if isinstance(entry, Event):
        return entry.record_id
    try:
        return uuid.UUID(entry.subject_id) if len(entry.subject_id) == 36 else None
    except ValueError:
        return None


def _numbered() -> list[tuple[str, Any, str]]:
    """Kinds whose records have a number of their own, with their rows and the number's field."""
    found = []
    for spec in all_specs():
        fields = {field.name for field in spec.model._meta.get_fields()}
        name = next((name for name in NUMBER_FIELDS if name in fields), "")
        if name:
            found.append((spec.kind, spec.model._default_manager, name))
    return found


def numbers_of(kinds: dict[uuid.UUID, str]) -> dict[uuid.UUID, str]:
    """Own numbers of records (receipt, document number), else the index number of what was made public."""
    if not kinds:
        return {}
    numbers = dict(Disclosed.objects.filter(record_id__in=kinds).values_list("record_id", "index_number"))
    for kind, rows, name in _numbered():
        ids = [key for key, own in kinds.items() if own == kind]
        if ids:
            own = rows.filter(pk__in=ids).values_list("pk", name)
            numbers.update({key: number for key, number in own if number})
    return numbers


def records_numbered(text: str) -> list[tuple[str, uuid.UUID]]:
    """Kind and id of the records that a typed number or id means; at most ten."""
    typed = text.strip().replace("\x00", "")
    ids: list[uuid.UUID] = []
    try:
        ids.append(uuid.UUID(typed))
    except ValueError:
        wanted = {typed, read_number(typed) or typed}
        for _, rows, name in _numbered():
            ids += rows.filter(**{f"{name}__in": wanted}).values_list("pk", flat=True)[:10]
        ids += Disclosed.objects.filter(index_number=typed).values_list("record_id", flat=True)[:10]
    return [(kind, key) for key, kind in Record.objects.filter(pk__in=ids).values_list("pk", "kind")[:10]]
