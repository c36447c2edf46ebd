"""Handing published entries to outside platforms, each once, and reading what they say of them (D05.4, A31).

What a platform should hold is what everybody can read on the portal now. What it was told is in ``ExchangeLine``. The
difference becomes lines of a parcel, written down before the parcel is: a run that is killed is carried on by the next,
and one that repeats finds nothing to tell. Nothing here opens a network connection; somebody carries the folders.
"""

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import transaction

from mingtang.disclosure.models import Disclosed
from mingtang.disclosure.numbers import next_number
from mingtang.editions.models import LIVE, Edition
from mingtang.editions.register_reading import file_of
from mingtang.editions.tables import DATA
from mingtang.journal.names import register_event
from mingtang.rules import local_day
from mingtang.text.canonical import canonical_json
from mingtang.text.tables.exchanging import (
    ADD,
    CHANGE,
    REFUSED,
    WITHDRAW,
    Line,
    manifest_of,
    parcel_name,
    parcel_of,
    write_parcel,
)
from mingtang.text.tables.kinds import TableKind
from mingtang.text.tables.masking import is_shown, is_taken_back
from mingtang.text.tables.values import Value

from .catalog import HERE, kind_named, kinds
from .entries import hash_of, key_words, values_of
from .models import Batch, ExchangeFile, ExchangeLine, ExchangeProgress, Register

LINES_A_PARCEL = 2000
OUTGOING = "outgoing"
OVER, GONE = "公示期满", "已移出清单"
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Platform:
    """An outside platform, as its file in ``platforms/`` describes it.

    Attributes:
        accepted: event of a day all of whose entries it accepted. clock: event that opened the clock of that day.
        needs: columns that must be filled for an entry to be handed over.
    """

    id: str
    title: str
    accepted: str
    clock: str
    needs: tuple[str, ...] = ()


@cache
def platforms() -> Mapping[str, Platform]:
    """Every platform by its id."""
    found = {}
    for path in sorted((HERE / "platforms").glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        data["needs"] = tuple(data.get("needs", ()))
        found[path.stem] = Platform(id=path.stem, **data)
    return found


for _platform in platforms().values():
    register_event(_platform.accepted, f"已推送{_platform.title}")


def folder_of(platform: str, part: str) -> Path:
    """Where parcels for a platform are put (``outgoing``), and its receipts looked for (``receipts``)."""
    return Path(settings.EXCHANGE_ROOT) / platform / part


def pairs() -> Iterator[tuple[Platform, Register]]:
    """Registers and the platforms their kind goes to, by the kinds' files."""
    for kind in kinds().values():
        known = [platforms()[name] for name in kind.platforms if name in platforms()]
        if known:
            for register in Register.objects.filter(register_kind=kind.id).select_related("record").order_by("pk"):
                yield from ((platform, register) for platform in known)


def hand_over(register: Register, platform: Platform, now: datetime) -> int:
    """Make lines of what the platform should hold and was not told; returns how many.

    Only of an edition that everybody can read. Two runs at once wait for each other at the row of the progress.
    """
    edition = _readable(register)
    if edition is None:
        return 0
    number, today = edition.number if edition.state == LIVE else 0, local_day(now)
    done = ExchangeProgress.objects.filter(register=register, platform=platform.id).first()
    if done is None and not number:
        return 0
    if done and (done.edition, done.day) == (number, today):
        return 0
    kind = kind_named(register.register_kind)
    with transaction.atomic():
        ExchangeProgress.objects.get_or_create(register=register, platform=platform.id)
        progress = ExchangeProgress.objects.select_for_update().get(register=register, platform=platform.id)
        lines = list(_lines(register, platform, kind, _rows(edition, kind) if number else [], today))
        for start in range(0, len(lines), LINES_A_PARCEL):
            _put_out(register, platform, kind, lines[start : start + LINES_A_PARCEL], now)
        progress.edition, progress.day, progress.unsettled = number, today, True
        progress.save()
    return len(lines)


def _readable(register: Register) -> Edition | None:
    """The newest edition if everybody can read it, or it was taken down; None if it is on its way."""
    disclosed = Disclosed.objects.filter(record=register.record_id).first()
    if disclosed is None:
        return None
    newest = Edition.objects.filter(publication__index_number=disclosed.index_number).order_by("-number").first()
    if newest is None or newest.state != LIVE:
        return newest
    waiting = Batch.objects.filter(register=register, sequence=newest.number, shown_at=None).exists()
    return None if waiting else newest


def _rows(edition: Edition, kind: TableKind) -> list[Values]:
    """The public entries of an edition, read from its own file; nothing private is in reach."""
    text = (file_of(edition, DATA) or b"").decode("utf-8-sig")
    texts = {one.name for one in kind.public_fields if one.type == "string"}
    return [
        # What a spreadsheet would have run as a formula has a space before it there.
        {name: cell.lstrip(" ") if name in texts else cell for name, cell in row.items() if cell}
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


@dataclass(frozen=True)
class Told:
    """What a platform was told of an entry: its last line, and the last that it has not refused."""

    last: ExchangeLine
    held: ExchangeLine | None


def told_of(register: Register, platform: Platform) -> dict[str, Told]:
    found: dict[str, Told] = {}
    for line in ExchangeLine.objects.filter(register=register, platform=platform.id).order_by("turn"):
        before = found.get(line.key_hash)
        held = line if line.state != REFUSED else before.held if before else None
        found[line.key_hash] = Told(line, held)
    return found


def _lines(
    register: Register, platform: Platform, kind: TableKind, rows: Iterable[Values], today: date
) -> Iterator[ExchangeLine]:
    told = told_of(register, platform)
    why: dict[str, tuple[str, Values]] = {}
    for values in rows:
        key_hash = hash_of(values, kind)
        if not is_shown(kind, values, today):
            why[key_hash] = OVER, {name: values.get(name) for name in kind.key}
        elif is_taken_back(kind, values):
            why[key_hash] = _reason(kind, values), values
        elif all(values.get(name) for name in platform.needs):
            before = told.pop(key_hash, None)
            line = _line(register, platform, kind, values, before, CHANGE if _holds(before) else ADD)
            if _is_news(line, before):
                yield line
    for key_hash, before in told.items():
        if before.held is None or before.held.action == WITHDRAW:
            continue
        gone = {name: values_of(before.last.values).get(name) for name in kind.key}
        reason, values = why.get(key_hash, (GONE, gone))
        line = _line(register, platform, kind, values, before, WITHDRAW, reason)
        if _is_news(line, before):
            yield line


def _reason(kind: TableKind, values: Values) -> str:
    """Why an entry was taken back: what its column of that name says."""
    named = (str(values[name]) for name in kind.retracted["keeps"] if name.endswith("reason") and values.get(name))
    return next(named, GONE)


def _holds(before: Told | None) -> bool:
    return before is not None and before.held is not None and before.held.action != WITHDRAW


def _is_news(line: ExchangeLine, before: Told | None) -> bool:
    """Whether the platform was not told just this last. What it refused is told again once it differs, or if asked."""
    if before is None or before.last.again:
        return True
    same = (before.last.values == line.values) and (before.last.action == WITHDRAW) == (line.action == WITHDRAW)
    return not same


def _line(
    register: Register,
    platform: Platform,
    kind: TableKind,
    values: Values,
    before: Told | None,
    action: str,
    reason: str = "",
) -> ExchangeLine:
    return ExchangeLine(
        register=register,
        platform=platform.id,
        key_hash=before.last.key_hash if before else hash_of(values, kind),
        turn=before.last.turn + 1 if before else 1,
        action=action,
        words=key_words(values, kind)[:400],
        values=canonical_json({name: value for name, value in values.items() if value is not None}),
        reason=reason[:400],
    )


def _put_out(register: Register, platform: Platform, kind: TableKind, lines: list[ExchangeLine], now: datetime) -> None:
    number = next_number(f"exchange:{platform.id}")
    name = parcel_name(platform.id, kind.id, number)
    content = parcel_of(kind, (Line(line.action, line.key_hash, values_of(line.values), line.reason) for line in lines))
    file = ExchangeFile.objects.create(
        platform=platform.id,
        number=number,
        register_kind=kind.id,
        name=name,
        count=len(lines),
        sha256=sha256(content).hexdigest(),
        content=content,
        made_at=now,
    )
    for place, line in enumerate(lines, 1):
        line.file, line.number = file, place
    ExchangeLine.objects.bulk_create(lines, batch_size=1000)


def write_waiting(now: datetime) -> int:
    """Put parcels into their folders that are not there yet; returns how many.

    Raises:
        OSError: a folder cannot be written to. The parcel waits.
    """
    written = 0
    for key in list(ExchangeFile.objects.filter(written_at=None).values_list("pk", flat=True)):
        file = ExchangeFile.objects.get(pk=key)
        kind, content = kind_named(file.register_kind), bytes(file.content)
        manifest = manifest_of(kind, file.name, file.platform, content, file.count, file.made_at)
        write_parcel(folder_of(file.platform, OUTGOING), file.name, content, manifest)
        written += ExchangeFile.objects.filter(pk=key, written_at=None).update(written_at=now)
    return written
