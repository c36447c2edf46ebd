"""What one row of a mapping sheet and its files come to: who leads the paper, its form data, and what is wrong with it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from mingtang.disclosure.attachments import FileChanges
from mingtang.records.rulebook import rulebook
from mingtang.text.attachments import ReadFile
from mingtang.text.mapping_sheets import LABELS, Sheet, SheetRow
from mingtang.text.old_addresses import local_part
from mingtang.text.paper_reading import ReadPaper
from mingtang.text.paper_sources import PaperSource
from mingtang.text.personal_data import scan
from mingtang.units.actors import Actor
from mingtang.units.models import Unit
from mingtang.units.roles import DRAFTER, ROLES
from mingtang.units.selectors import GENERAL_OFFICE, GOVERNMENT, general_office_of, recognise, unit_names

from .models import DEPARTMENT
from .models import GENERAL_OFFICE as IN_OFFICE_NAME
from .models import GOVERNMENT as IN_GOVERNMENT_NAME
from .vocabulary import GENRES, TOPICS

LONGEST_TITLE, LONGEST_NUMBER, LONGEST_SOURCE, LONGEST_ADDRESS = 400, 80, 80, 1000
# What the reader of papers could not settle and nobody should publish unseen.
MUST_BE_SEEN = frozenset(
    {
        *("secrecy_mark", "date_impossible", "body_missing", "recognised_text", "scanned_pages", "automatic_numbering"),
        *("tracked_changes", "garbled_text", "issuers_conflict", "document_number_twice", "written_on_several"),
    }
)
VALIDITY = {
    **dict.fromkeys(("", "有效", "现行有效", "继续有效", "是"), ""),
    **dict.fromkeys(("废止", "已废止"), "repealed"),
    **dict.fromkeys(("失效", "已失效", "无效", "否"), "lapsed"),
    **dict.fromkeys(("修改", "已修改", "已修订"), "amended"),
}
Fault = dict[str, str]


def fault(field_name: str, message: str) -> Fault:
    return {"field": field_name, "message": message}


@dataclass(frozen=True)
class Plan:
    """What is to be taken over. ``unit`` leads papers whose own unit is not named; ``stages`` are the classes of the
    five disclosures for papers whose row names none; only papers published before ``adopted_on`` are old papers."""

    source: PaperSource
    sheet: Sheet
    actor: Actor
    adopted_on: date
    unit: Unit | None = None
    stages: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass
class Prepared:
    """A row with what its files say, read but not yet written."""

    row: SheetRow
    name: str = ""
    data: bytes = b""
    paper: ReadPaper | None = None
    files: list[ReadFile] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The same file under the same old address is the same paper."""
        assert self.paper is not None
        address = local_part(self.row.texts.get("old_address", ""))
        return sha256(f"{self.paper.sha256}\n{address}".encode()).hexdigest()


class Rows:
    """Reads rows against the units of this installation. ``addresses`` are old addresses in use, with their rows."""

    def __init__(self, plan: Plan, addresses: dict[str, int]) -> None:
        self.plan, self.addresses = plan, addresses
        self.known = unit_names()
        self.units = {unit.pk: unit for unit in Unit.objects.select_related("parent")}
        self.classes = rulebook().enumerations["five_disclosures"].items

    def lead_unit(self, prepared: Prepared, faults: list[Fault]) -> Unit | None:
        """Who leads the paper: the unit its row names, its first issuer, or the one given for all."""
        assert prepared.paper is not None
        named = prepared.row.texts.get("unit", "")
        written = [named] if named else [*prepared.row.several("issuers"), *prepared.paper.issuers]
        codes = [code for name in written if (code := recognise(name, self.known))]
        unit = self.units[codes[0]] if codes else self.plan.unit
        if unit is None or (named and not codes):
            said = (
                f"单位“{named or '、'.join(written) or '空'}”没有对应到系统里的单位，请在“单位”一列写上系统里的名称。"
            )
            faults.append(fault("unit", said))
            return None
        if unit.kind == GOVERNMENT:
            unit = general_office_of(unit)
        if not self.plan.actor.holds(DRAFTER, [unit.pk]):
            said = f"{self.plan.actor.name}不是{unit.name}的{ROLES[DRAFTER]}，不能替它迁入文件。请先安排岗位，或请它的起草人办理。"
            faults.append(fault("unit", said))
            return None
        return unit

    def form_data(self, prepared: Prepared, unit: Unit, faults: list[Fault]) -> dict[str, Any]:
        """Form data of the paper: what the row says, and where it is silent, what the paper says."""
        row, paper = prepared.row, prepared.paper
        assert paper is not None
        texts = row.texts
        title = " ".join(texts.get("title", paper.title).split())
        if len(title) > LONGEST_TITLE:
            faults.append(fault("title", "标题过长，只保留了前400个字，请核对。"))
        issuers = row.several("issuers") or paper.issuers
        published_on = row.days.get("published_on", paper.published_on)
        address = texts.get("old_address", "")[:LONGEST_ADDRESS]
        if published_on is None:
            faults.append(fault("published_on", "没有原网页发布日期，请填写。"))
        elif published_on >= self.plan.adopted_on:
            said = f"原网页发布日期{published_on}不早于启用本系统的{self.plan.adopted_on}，请按新文件办理。"
            faults.append(fault("published_on", said))
        place = local_part(address)
        if place and place in self.addresses:
            faults.append(fault("old_address", f"旧地址与第{self.addresses[place]}行相同，请核对。"))
        faults += _personal_data(title, paper, prepared.files)
        faults += [fault(one.field, one.message) for one in paper.questions if one.code in MUST_BE_SEEN]
        topic = texts.get("topic", "")
        if topic and topic not in TOPICS:
            faults.append(fault("topic", f"没有“{topic}”这个主题分类，请从系统的分类里选。"))
        return {
            "title": title[:LONGEST_TITLE],
            "name_of": _name_of(self.units, issuers, self.known, unit),
            "lead_units": [unit.pk],
            "document_number": texts.get("document_number", paper.document_number)[:LONGEST_NUMBER],
            "issuers": issuers,
            "addressees": paper.addressees,
            "body": paper.body,
            "genre": next((genre for genre in GENRES if title.endswith(genre)), ""),
            "topic": topic if topic in TOPICS else "",
            "written_on": row.days.get("written_on", paper.written_on),
            "effective_on": row.days.get("effective_on"),
            "web_published_on": published_on,
            "source_unit": paper.source[:LONGEST_SOURCE],
            "responsible_units": paper.responsible_units,
            "import_warnings": [one.message for one in paper.questions],
            "stages": self._stages(row, faults),
            "openness": "full_release",
            "mode": "on_own_initiative",
            "policy": False,
            "attachments": FileChanges(tuple(prepared.files)),
            "original": (prepared.name.rsplit("/", 1)[-1], prepared.data),
            "original_findings": paper.hidden,
            "legacy": {
                "adopted_on": self.plan.adopted_on.isoformat(),
                "old_address": address,
                "old_index_number": texts.get("index_number", "")[:LONGEST_NUMBER],
                "validity": _validity(texts.get("validity", ""), faults),
            },
        }

    def _stages(self, row: SheetRow, faults: list[Fault]) -> list[str]:
        found = []
        for name in row.several("stages"):
            code = next((code for code, label in self.classes.items() if name in (label, label[:2], code)), "")
            if code:
                found.append(code)
            else:
                faults.append(fault("stages", f"没有“{name}”这个五公开类别，请写{'、'.join(self.classes.values())}。"))
        return found or list(self.plan.stages)


def complete(data: dict[str, Any]) -> bool:
    """Whether the steps after it could find every field they need."""
    return all(data[name] for name in ("title", "body", "written_on", "stages"))


def _name_of(units: dict[str, Unit], issuers: list[str], known: dict[str, str], unit: Unit) -> str:
    """In whose name the paper was issued."""
    kinds = [units[code].kind for name in issuers[:1] if (code := recognise(name, known))]
    kind = kinds[0] if kinds else ""
    if kind == GOVERNMENT:
        return IN_GOVERNMENT_NAME
    return IN_OFFICE_NAME if GENERAL_OFFICE in (kind or unit.kind,) else DEPARTMENT


def _validity(written: str, faults: list[Fault]) -> str:
    if written in VALIDITY:
        return VALIDITY[written]
    faults.append(fault("validity", f"有效性写的是“{written[:40]}”，请写有效、废止、失效或已修改。"))
    return ""


def _personal_data(title: str, paper: ReadPaper, files: list[ReadFile]) -> Iterator[Fault]:
    """What a person has to look at before anything is published: in the text, in hidden places, in attached files."""
    for name, text in (("title", title), ("addressees", paper.addressees)):
        for found in scan(text):
            yield fault(name, f"{LABELS.get(name, '主送机关')}里有{found.label}（{found.value_masked}）。")
    told = Counter(f"正文里有{one['label']}（{one['sample']}）。" for one in paper.visible)
    for said in told:
        yield fault("body", said)
    for one in paper.hidden:
        yield fault("file", f"原件的“{one['place']}”里有{one['label']}（{one['sample']}），没有导入，请核对。")
    for file in files:
        for finding in file.findings:
            said = f"附件“{file.name}”{finding.place}有{finding.label}（{finding.sample}）。"
            yield fault("attachments", said)
