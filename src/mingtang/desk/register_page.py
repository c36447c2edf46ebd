"""What every page of one register needs: who may change it, what is being changed, and where to go on."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from mingtang.editions.tables import JOIN
from mingtang.records.errors import NotAllowed
from mingtang.records.models import Record
from mingtang.records.spec import RecordSpec
from mingtang.registers.catalog import code_lists, kind_named
from mingtang.registers.entries import entries_at, open_batch, touched
from mingtang.registers.models import ADDED, CHANGED, CHANGES, FAILED, FAULTY, READY, REMOVED, Batch, Entry, Register
from mingtang.registers.services import change
from mingtang.text.tables.kinds import TableField, TableKind
from mingtang.text.tables.values import Value
from mingtang.units.models import Region, Unit
from mingtang.units.roles import ROLES

from .access import StaffRequest, record_or_404, record_url

KIND = "register"
CHECKED = {
    "credit_code": "统一社会信用代码，18位",
    "resident_id": "居民身份证号码，18位",
    "unit": "单位全称或者简称",
    "region": "行政区划名称或者代码",
    "document_number": "发文字号，例如通政发〔2026〕12号",
}
TONES = {ADDED: "open", CHANGED: "waiting", REMOVED: "closed", FAULTY: "late"}


@dataclass
class Working:
    """One register as the person who asks sees it."""

    request: StaffRequest
    spec: RecordSpec
    record: Record
    register: Register
    kind: TableKind
    batch: Batch | None

    @property
    def may_change(self) -> bool:
        """Whether this person may put something into the open batch now, or begin one."""
        drafts = self.request.actor.holds(self.spec.creator, [self.record.lead_unit_id])
        return drafts and (self.record.state in self.spec.editable_in or self.record.state == "published")

    def must_change(self) -> None:
        """Raises NotAllowed, saying who may and when."""
        if not self.may_change:
            state, role = self.spec.state_by_name[self.record.state].label, ROLES[self.spec.creator]
            name = self.record.lead_unit.short_name
            raise NotAllowed(f"“{state}”的清单现在不能改，或者不由您改。起草、更新和退回以后由{name}的{role}改。")

    @cached_property
    def words(self) -> "Words":
        return Words(self.kind, self.request.now.year)

    @property
    def reading(self) -> bool:
        """Whether a file is still being read."""
        return self.batch is not None and self.batch.stage not in (READY, FAILED)

    def url(self, page: str, **kwargs: Any) -> str:
        return record_url(self.record, page, **kwargs)

    def touched(self) -> QuerySet[Entry]:
        """Entries that the open batch adds, changes or removes, in the order of the list."""
        return Entry.objects.none() if self.batch is None else touched(self.batch)

    def change(self, **data: Any) -> None:
        """Put what was posted into the open batch (``registers.services.change``), once however often it is posted."""
        key = self.request.POST.get("request_key", "")[:80]
        change(self.record, actor=self.request.actor, now=self.request.now, request_key=key, **data)

    def context(self, here: str) -> dict[str, Any]:
        """What the head of each page shows."""
        counts = self.batch.counts if self.batch is not None else {}
        pages = [("register_work", "概况和导入"), ("register_entries", "全部条目"), ("register_preview", "公开预览")]
        if self.batch is not None and self.batch.columns:
            pages.insert(1, ("register_columns", "列的对应"))
        if self.batch is not None and (counts.get(FAULTY) or self.batch.faults):
            pages.insert(1, ("register_faults", f"改错（{counts.get(FAULTY, 0)}行）"))
        if self.batch is not None:
            changed = sum(counts.get(name, 0) for name in (ADDED, CHANGED, REMOVED))
            pages.insert(-2, ("register_changes", f"变化（{changed}条）"))
        return {
            "spec": self.spec,
            "record": self.record,
            "register": self.register,
            "kind": self.kind,
            "batch": self.batch,
            "state": self.spec.state_by_name[self.record.state],
            "may_change": self.may_change,
            "reading": self.reading,
            "counts": [
                (name, label, counts.get(name, 0))
                for name, label in CHANGES.items()
                if self.batch and self.batch.counts
            ],
            "warnings": counts.get("warnings", 0),
            "held": entries_at(self.register).count() if self.register.sequence else 0,
            "pages": [(name, label, self.url(name), name == here) for name, label in pages],
            "request_key": str(uuid.uuid4()),
        }


def opened(request: StaffRequest, record_id: uuid.UUID) -> Working:
    """The register with its open batch. Raises Http404 if it is not this person's to see."""
    spec, record = record_or_404(request, KIND, record_id)
    register = Register.objects.select_related("keeper").get(pk=record.pk)
    register.record = record
    return Working(request, spec, record, register, kind_named(register.register_kind), open_batch(register))


def landing(record: Record) -> str:
    """Where somebody goes on who has just put something in: to what has to be done next."""
    batch = Batch.objects.filter(register_id=record.pk, published_at=None).first()
    if batch is None or batch.stage == FAILED:
        return record_url(record, "register_work")
    if batch.stage != READY:
        return record_url(record, "register_progress")
    missing = any(fault["code"] == "column_missing" for fault in batch.faults)
    if missing or any(column["field"] and not column["sure"] for column in batch.columns):
        return record_url(record, "register_columns")
    if batch.counts.get(FAULTY) or batch.faults:
        return record_url(record, "register_faults")
    return record_url(record, "register_work")


def overview_url() -> str:
    return reverse("desk:registers")


class Words:
    """Values as people read them: names beside codes, units and regions by name, yes and no."""

    def __init__(self, kind: TableKind, year: int) -> None:
        self.kind, self.year = kind, year
        self.fields = {one.name: one for one in kind.fields}
        self._names: dict[str, dict[str, str]] = {}

    def names(self, one: TableField) -> dict[str, str]:
        """Names of the codes a column may hold; empty where it holds none."""
        if one.name not in self._names:
            self._names[one.name] = self._read(one)
        return self._names[one.name]

    def _read(self, one: TableField) -> dict[str, str]:
        if one.check == "unit":
            return dict(Unit.objects.values_list("code", "name"))
        if one.check == "region":
            return dict(Region.objects.values_list("code", "name"))
        if not one.code_list:
            return {}
        try:
            return {code: item.name for code, item in code_lists().at(one.code_list, self.year).items.items()}
        except LookupError:
            return {}

    def of(self, name: str, value: Value) -> str:
        """One value; empty for nothing."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "是" if value else "否"
        one = self.fields.get(name)
        known = self.names(one).get(str(value)) if one is not None else None
        if known is None:
            return str(value)
        return f"{value} {known}" if one is not None and one.code_list else known

    def title(self, values: dict[str, Value]) -> str:
        """What an entry is called: its key, and its name where it has one."""
        key = JOIN.join(self.of(name, values.get(name)) for name in self.kind.key if values.get(name) is not None)
        named = next(
            (
                one.name
                for one in self.kind.fields
                if one.name.endswith(("name", "title")) and one.name not in self.kind.key
            ),
            "",
        )
        name = self.of(named, values.get(named)) if named else ""
        return f"{key} {name}".strip() or "（没有编号的一行）"


def choices_of(one: TableField, words: Words) -> list[str]:
    """What may be chosen for a column, as people write it: names of codes behind their codes."""
    if "enum" in one.constraints:
        return [str(value) for value in one.constraints["enum"]]
    if one.type == "boolean":
        return ["是", "否"]
    if one.code_list:
        return [f"{code} {name}" for code, name in words.names(one).items()]
    return []
