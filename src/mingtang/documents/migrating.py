"""Taking over the papers of an old site: read apart, written one by one, each with what became of its row.

A paper comes in with its file as a private original, never public, and goes no other way than papers go: as a draft of
the person who takes it over. What is complete and without personal data is sent on to be reviewed, the rest waits to be
mended. Every paper is one transaction, together with its row in ``MigratedPaper``: after a crash the next run goes on
where this one stopped, and nothing comes in twice.
"""

import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from queue import SimpleQueue
from typing import Any

from django.db import IntegrityError

from mingtang.disclosure.attachments import FileChanges
from mingtang.journal.writing import writing
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.rulebook import rulebook
from mingtang.records.services import open_record, perform
from mingtang.rows import insert
from mingtang.text.attachments import ReadFile, read_attachment
from mingtang.text.limited import Reader
from mingtang.text.mapping_sheets import LABELS, Sheet, SheetRow
from mingtang.text.old_addresses import local_part
from mingtang.text.paper_reading import ReadPaper, read_paper
from mingtang.text.paper_sources import PaperSource
from mingtang.text.personal_data import scan
from mingtang.text.uploads import LIMIT_BYTES, UploadError
from mingtang.units.actors import Actor
from mingtang.units.models import Unit
from mingtang.units.roles import DRAFTER, ROLES
from mingtang.units.selectors import GENERAL_OFFICE, GOVERNMENT, general_office_of, recognise, unit_names

from .models import CLEAN, DEPARTMENT, MEND, REFUSED, REPEATED, MigratedPaper, PaperMigration
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


@dataclass(frozen=True)
class Done:
    """What became of a row."""

    row: int
    file_name: str
    outcome: str
    faults: list[Fault]


def begin(plan: Plan, *, sheet_sha256: str, now: datetime, resume: bool) -> PaperMigration:
    """The run this is, or the one it goes on with.

    Raises:
        NotAllowed: an earlier run over the same files and sheet was broken off, and ``resume`` was not asked.
    """
    name = plan.source.path.name[-400:]
    earlier = PaperMigration.objects.filter(source=name, sheet_sha256=sheet_sha256).first()
    if earlier is not None:
        if earlier.finished_at is None and not resume:
            raise NotAllowed("这批文件上次没有迁移完。请加上 --resume 接着做；已经导入的不会重复导入。")
        earlier.finished_at, earlier.changed_at = None, now
        earlier.save(update_fields=["finished_at", "changed_at"])
        return earlier
    assert plan.actor.person_id is not None
    return PaperMigration.objects.create(
        source=name,
        sheet_sha256=sheet_sha256,
        started_by_id=plan.actor.person_id,
        started_by=plan.actor.name[:80],
        adopted_on=plan.adopted_on,
        started_at=now,
        changed_at=now,
        total=len(plan.sheet.rows),
    )


def run(plan: Plan, migration: PaperMigration | None, *, clock: Callable[[], datetime], workers: int) -> Iterator[Done]:
    """Take over every row that did not come in before, in the order of the sheet, and tell of each.

    Args:
        migration: what ``begin`` gave; None writes nothing and only tells what would become of each row.
        clock: the moment at which a paper is written.
        workers: processes that read files at the same time.
    """
    writer = _Writer(plan, migration)
    rows = [row for row in plan.sheet.rows if row.number not in writer.came_in]
    for prepared in _read_ahead(plan, rows, workers):
        yield writer.take(prepared, clock())
    left_over = list(_left_over(plan))
    yield from left_over
    if migration is not None:
        now = clock()
        MigratedPaper.objects.bulk_create(
            MigratedPaper(
                migration=migration, row=0, file_name=one.file_name[-400:], outcome=REFUSED, faults=one.faults, at=now
            )
            for one in left_over
        )
        migration.finished_at = migration.changed_at = now
        migration.save(update_fields=["finished_at", "changed_at"])


def _left_over(plan: Plan) -> Iterator[Done]:
    """Files that cannot be read, files that stand in no row, and rows of the sheet that were left out."""
    for one in plan.source.faults:
        yield Done(0, one.name, REFUSED, [fault("file", one.message)])
    for number, said in plan.sheet.left_out:
        yield Done(0, f"对照表第{number}行", REFUSED, [fault("file", said)])
    named = set()
    for row in plan.sheet.rows:
        for asked in [row.texts.get("file", ""), *row.several("attachments")]:
            try:
                named.add(plan.source.find(asked))
            except UploadError:
                continue
    for name in plan.source.names:
        if name not in named:
            said = "文件不在对照表里，没有导入。需要导入的，请在对照表里补一行。"
            yield Done(0, name, REFUSED, [fault("file", said)])


def _read_ahead(plan: Plan, rows: Iterable[SheetRow], workers: int) -> Iterator[Prepared]:
    """Rows with their files read, in order; a few are read while earlier ones are written."""
    readers: SimpleQueue[Reader] = SimpleQueue()
    made = [Reader() for _ in range(workers)]
    for reader in made:
        readers.put(reader)

    def read(row: SheetRow) -> Prepared:
        reader = readers.get()
        try:
            return _prepare(plan, row, reader)
        finally:
            readers.put(reader)

    waiting: deque[Future[Prepared]] = deque()
    try:
        with ThreadPoolExecutor(workers) as pool:
            for row in rows:
                waiting.append(pool.submit(read, row))
                if len(waiting) > workers * 3:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        for reader in made:
            reader.close()


def _prepare(plan: Plan, row: SheetRow, reader: Reader) -> Prepared:
    prepared = Prepared(row, faults=[fault(name, said) for _, name, said in row.faults])
    asked = row.texts.get("file", "")
    try:
        if not asked:
            raise UploadError("missing", "这一行没有写文件名。")
        prepared.name = plan.source.find(asked)
        prepared.data = plan.source.read(prepared.name, limit_bytes=LIMIT_BYTES)
        prepared.paper = read_paper(reader, prepared.name, prepared.data)
    except UploadError as error:
        prepared.faults.append(fault("file", error.message))
        return prepared
    for asked in row.several("attachments"):
        try:
            name = plan.source.find(asked)
            prepared.files.append(read_attachment(name, plan.source.read(name, limit_bytes=LIMIT_BYTES)))
        except UploadError as error:
            prepared.faults.append(fault("attachments", f"附件“{asked}”没有导入：{error.message}"))
    return prepared


class _Writer:
    """Writes prepared rows. Knows what came in before, so that only new papers ask the database."""

    def __init__(self, plan: Plan, migration: PaperMigration | None) -> None:
        self.plan, self.migration = plan, migration
        earlier = MigratedPaper.objects.exclude(key=None)
        self.keys = set(earlier.values_list("key", flat=True))
        self.addresses = {local_part(one): row for one, row in earlier.values_list("old_address", "row")}
        self.came_in: set[int] = set()
        if migration is not None:
            # What brought no paper is tried again.
            MigratedPaper.objects.filter(migration=migration, key=None).delete()
            self.came_in = set(earlier.filter(migration=migration).values_list("row", flat=True))
        self.known = unit_names()
        self.units = {unit.pk: unit for unit in Unit.objects.select_related("parent")}
        self.classes = rulebook().enumerations["five_disclosures"].items

    def take(self, prepared: Prepared, now: datetime) -> Done:
        """Write one row: its paper and what became of it, or only what is wrong with it."""
        faults = list(prepared.faults)
        if prepared.paper is None:
            return self._note(prepared, REFUSED, faults, now)
        if prepared.key in self.keys:
            return self._note(prepared, REPEATED, [], now)
        unit = self._unit(prepared, faults)
        if unit is None:
            return self._note(prepared, REFUSED, faults, now)
        data = self._data(prepared, unit, faults)
        if self.migration is None:
            outcome = MEND if faults or not _complete(data) else CLEAN
            self._remember(prepared)
            return Done(prepared.row.number, prepared.name, outcome, faults)
        try:
            return self._write(prepared, unit, data, faults, now)
        except IntegrityError:  # another run wrote the same paper in the meantime
            return self._note(prepared, REPEATED, [], now)
        except (Refused, NotAllowed) as error:
            return self._note(prepared, REFUSED, [*faults, fault("file", str(error))], now)

    def _write(self, prepared: Prepared, unit: Unit, data: dict[str, Any], faults: list[Fault], now: datetime) -> Done:
        assert self.migration is not None
        with writing():
            record_id = uuid.UUID(bytes=bytes.fromhex(prepared.key)[:16], version=4)
            record = open_record(
                "document", actor=self.plan.actor, unit=unit, now=now, data=data, record_id=record_id
            ).record
            if not faults:
                try:
                    perform(record, "admit", actor=self.plan.actor, now=now)
                except Refused as refused:
                    faults += [fault(each.field or "", f"{each.message}{each.mend}") for each in refused.faults]
            outcome = MEND if faults else CLEAN
            insert_outcome(self.migration, prepared, outcome, faults, now, unit=unit, record_id=record_id)
        self._remember(prepared)
        return Done(prepared.row.number, prepared.name, outcome, faults)

    def _remember(self, prepared: Prepared) -> None:
        self.keys.add(prepared.key)
        if address := local_part(prepared.row.texts.get("old_address", "")):
            self.addresses[address] = prepared.row.number

    def _note(self, prepared: Prepared, outcome: str, faults: list[Fault], now: datetime) -> Done:
        if self.migration is not None:
            with writing():
                insert_outcome(self.migration, prepared, outcome, faults, now)
        return Done(prepared.row.number, prepared.name or prepared.row.texts.get("file", ""), outcome, faults)

    def _unit(self, prepared: Prepared, faults: list[Fault]) -> Unit | None:
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

    def _data(self, prepared: Prepared, unit: Unit, faults: list[Fault]) -> dict[str, Any]:
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


def insert_outcome(
    migration: PaperMigration,
    prepared: Prepared,
    outcome: str,
    faults: list[Fault],
    now: datetime,
    *,
    unit: Unit | None = None,
    record_id: uuid.UUID | None = None,
) -> None:
    """Write what became of a row."""
    row, brought = prepared.row, outcome in (CLEAN, MEND)
    title = row.texts.get("title") or (prepared.paper.title if prepared.paper else "")
    insert(
        MigratedPaper(
            migration=migration,
            row=row.number,
            file_name=(prepared.name or row.texts.get("file", ""))[-400:],
            old_address=row.texts.get("old_address", "")[:LONGEST_ADDRESS],
            key=prepared.key if brought else None,
            outcome=outcome,
            title=title[:LONGEST_TITLE],
            unit_code=unit.pk if unit else "",
            record_id=record_id,
            faults=faults,
            at=now,
        )
    )


def _complete(data: dict[str, Any]) -> bool:
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
