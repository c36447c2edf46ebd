"""How the demonstration city's bodies publish their registers; what is in them the families' own modules say."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

from mingtang.disclosure.listed import NEGATIVE_LIST, entries_for
from mingtang.records.models import Record
from mingtang.registers import staging
from mingtang.registers.entries import values_of
from mingtang.registers.models import WAITING, Batch
from mingtang.registers.openness import entry_named
from mingtang.registers.services import Upload, open_register
from mingtang.units import roles
from mingtang.units.models import Unit

from .. import registers as demo
from . import DemoTable

if TYPE_CHECKING:
    from ..year import Story, Telling, Year


def register_stories(year: "Year", make_story: "type[Story]") -> Iterator["Telling"]:
    """A story for the tables of one family that a unit publishes together."""
    told: dict[tuple[str, str], list[DemoTable]] = defaultdict(list)
    for one in demo.tables():
        told[one.unit, one.family].append(one)
    for (code, family), group in told.items():
        # Lists that papers rest on come before the papers.
        days_ago = 360 if family == "openness" else 20 + crc32(f"{code} {family}".encode()) % 240
        unit = Unit.objects.get(pk=code)
        yield _publish(make_story(year, days_ago, unit, 10), group)


def _publish(story: "Story", group: Sequence[DemoTable]) -> "Telling":
    yield story.moment
    records = [_open(story, one) for one in group]
    for record in records:
        yield from story.act(record, "hand_in", roles.DRAFTER)
    for record in records:
        yield from story.act(record, "approve", roles.UNIT_HEAD)
        yield from story.review(record)
        yield from story.publish(record)


def _open(story: "Story", one: DemoTable) -> Record:
    upload = Upload(f"{one.kind}.csv", as_csv(one.heading, one.rows))
    actor = story.actor(roles.DRAFTER)
    record = open_register(one.kind, unit=story.unit, actor=actor, now=story.moment, upload=upload, note=one.note)
    batch = Batch.objects.get(register_id=record.pk)
    if batch.stage == WAITING:
        staging.read(batch.pk, clock=lambda: story.moment)
        batch.refresh_from_db()
    if batch.counts.get("faulty") or any(fault["severity"] == "block" for fault in batch.faults):
        first = batch.entries.filter(change="faulty").first()
        raise ValueError(f"demo register {one.kind} of {one.unit}: {batch.faults} {first and first.faults}")
    return record


def listed(unit: Unit, ground: str) -> str:
    """The entry of the unit's negative list that names such matters; empty where no list is public yet."""
    for name, _words in entries_for(NEGATIVE_LIST, unit):
        entry = entry_named(name)
        if entry is not None and values_of(entry.values).get("ground") == ground:
            return name
    return ""


def as_csv(heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A table as a spreadsheet saves it."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(heading)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode()
