"""Taking over the papers of an old site: read apart, written one by one, each with what became of its row.

A paper comes in with its file as a private original, never public, and goes no other way than papers go: as a draft of
the person who takes it over. What is complete and without personal data is sent on to be reviewed, the rest waits to be
mended. Every paper is one transaction, together with its row in ``MigratedPaper``: after a crash the next run goes on
where this one stopped, and nothing comes in twice.
"""

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from typing import Any

from django.db import IntegrityError

from mingtang.journal.writing import writing
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.services import open_record, perform
from mingtang.rows import insert
from mingtang.text.attachments import read_attachment
from mingtang.text.limited import Reader
from mingtang.text.mapping_sheets import SheetRow
from mingtang.text.old_addresses import local_part
from mingtang.text.paper_reading import read_paper
from mingtang.text.uploads import LIMIT_BYTES, UploadError
from mingtang.units.models import Unit

from .migration_rows import LONGEST_ADDRESS, LONGEST_TITLE, Fault, Plan, Prepared, Rows, complete, fault
from .models import CLEAN, MEND, REFUSED, REPEATED, MigratedPaper, PaperMigration

__all__ = ["Done", "Plan", "begin", "run"]


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
        self.came_in: set[int] = set()
        if migration is not None:
            # What brought no paper is tried again.
            MigratedPaper.objects.filter(migration=migration, key=None).delete()
            self.came_in = set(earlier.filter(migration=migration).values_list("row", flat=True))
        self.rows = Rows(plan, {local_part(one): row for one, row in earlier.values_list("old_address", "row")})

    def take(self, prepared: Prepared, now: datetime) -> Done:
        """Write one row: its paper and what became of it, or only what is wrong with it."""
        faults = list(prepared.faults)
        if prepared.paper is None:
            return self._note(prepared, REFUSED, faults, now)
        if prepared.key in self.keys:
            return self._note(prepared, REPEATED, [], now)
        unit = self.rows.lead_unit(prepared, faults)
        if unit is None:
            return self._note(prepared, REFUSED, faults, now)
        data = self.rows.form_data(prepared, unit, faults)
        if self.migration is None:
            outcome = MEND if faults or not complete(data) else CLEAN
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
            self.rows.addresses[address] = prepared.row.number

    def _note(self, prepared: Prepared, outcome: str, faults: list[Fault], now: datetime) -> Done:
        if self.migration is not None:
            with writing():
                insert_outcome(self.migration, prepared, outcome, faults, now)
        return Done(prepared.row.number, prepared.name or prepared.row.texts.get("file", ""), outcome, faults)


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
