"""What outside platforms say of the entries handed to them, and what follows: clocks stop, clerks see what was refused."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from mingtang.disclosure.models import ShownCursor
from mingtang.duties.models import DutyPart
from mingtang.editions.models import LogHead
from mingtang.journal.names import register_event
from mingtang.journal.writing import append, writing
from mingtang.records.errors import NotAllowed
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Context, spec_for
from mingtang.rules import local_day
from mingtang.text.tables.exchanging import ACCEPTED, REFUSED, WITHDRAW, Receipt, ReceiptError, read_receipt
from mingtang.units.actors import SYSTEM, Actor
from mingtang.units.roles import DRAFTER

from .catalog import kind_named
from .entries import values_of
from .exchange import Platform, folder_of, hand_over, pairs, platforms, told_of, write_waiting
from .models import ADDED, Batch, Entry, ExchangeFile, ExchangeLine, ExchangeProgress, Register
from .services import KIND

logger = logging.getLogger(__name__)
LARGEST_RECEIPT = 20 * 1024 * 1024
# A receipt without its last line may still be on its way; after this it is set aside.
STILL_WRITING = timedelta(hours=1)
RECEIPTS, DONE, FAULTY = "receipts", "done", "faulty"
PUSHED_AGAIN = "register.pushed_again"
register_event(PUSHED_AGAIN, "要求重新推送")


class Exchange:
    """Follows what is public, for one process. ``reached`` is what it last looked at everything for."""

    def __init__(self) -> None:
        self.reached: tuple[Any, ...] = ()

    def follow(self, now: datetime) -> int:
        """Read receipts, hand over what is new, stop the clocks of what is done; returns how many lines were made.

        Safe to repeat, at once with another, and after a process that died. Looks at every register only if something
        was published, a day began, or somebody asked to hand over again.
        """
        read_receipts(now)
        mark = (
            LogHead.objects.filter(pk=1).values_list("size", flat=True).first(),
            ShownCursor.objects.filter(pk=1).values_list("position", flat=True).first(),
            local_day(now),
        )
        made = 0
        if mark != self.reached or ExchangeProgress.objects.filter(day=None).exists():
            made = sum(hand_over(register, platform, now) for platform, register in pairs())
            self.reached = mark
        write_waiting(now)
        settle(now)
        return made


def read_receipts(now: datetime) -> int:
    """Read the receipts that lie in the platforms' folders; returns how many were taken.

    A receipt that cannot be used goes to ``faulty`` with the reason beside it. One that was read but not yet moved when
    the process died is read again, which changes nothing.
    """
    taken = 0
    for platform in platforms():
        folder = folder_of(platform, RECEIPTS)
        for path in sorted(folder.glob("[!.]*.csv")) if folder.is_dir() else ():
            taken += _take_file(path, platform, now)
    return taken


def _take_file(path: Path, platform: str, now: datetime) -> bool:
    try:
        size, changed = path.stat().st_size, path.stat().st_mtime
        if size > LARGEST_RECEIPT:
            raise ReceiptError("文件太大，不像回执。")
        take_receipt(path.read_bytes(), now, platform=platform)
    except ReceiptError as error:
        if error.unfinished and now.timestamp() - changed < STILL_WRITING.total_seconds():
            return False
        logger.warning("receipt %s: %s", path.name, error.message)
        _move(path, FAULTY)
        (path.parent / FAULTY / f"{path.name}.txt").write_text(error.message + "\n", encoding="utf-8")
        return False
    except FileNotFoundError:
        # Another run has moved it.
        return False
    _move(path, DONE)
    return True


def _move(path: Path, part: str) -> None:
    folder = path.parent / part
    folder.mkdir(exist_ok=True)
    path.replace(folder / path.name)


def take_receipt(content: bytes, now: datetime, *, platform: str = "") -> int:
    """Write down what a receipt says, all of it or nothing; returns how many lines it newly answers.

    Raises:
        ReceiptError: it cannot be used, is of a batch or platform that it should not be, or contradicts an earlier one.
    """
    receipt = read_receipt(content)
    with transaction.atomic():
        file = ExchangeFile.objects.select_for_update().filter(name=receipt.name).first()
        if file is None or (platform and file.platform != platform):
            raise ReceiptError(f"没有交给这个平台的批次“{receipt.name}”。")
        news = _answered(file, receipt, now)
        ExchangeLine.objects.bulk_update(news, ["state", "refusal", "answered_at"], batch_size=500)
        touched = {line.register_id for line in news}
        found = ExchangeProgress.objects.filter(register__in=touched, platform=file.platform)
        found.update(unsettled=True)
    return len(news)


def _answered(file: ExchangeFile, receipt: Receipt, now: datetime) -> list[ExchangeLine]:
    lines = {line.number: line for line in file.lines.all()}
    news = []
    for number, (result, reason) in receipt.answers.items():
        line = lines.get(number)
        if line is None:
            raise ReceiptError(f"批次“{file.name}”只有{file.count}条，没有第{number}条。")
        if line.state == ExchangeLine.SENT:
            line.state, line.refusal, line.answered_at = result, reason, now
            news.append(line)
        elif (line.state, line.refusal) != (result, reason):
            raise ReceiptError(f"第{number}条以前的回执不是这样说的，请同平台核对。")
    return news


def settle(now: datetime) -> int:
    """Stop the clocks of days all of whose entries a platform has accepted; returns how many.

    Entries that a platform does not take (A31: natural persons are no enterprises), or that are public no longer, hold
    up nothing.
    """
    closed = 0
    waiting = list(ExchangeProgress.objects.filter(unsettled=True).select_related("register__record"))
    for progress in waiting:
        platform = platforms().get(progress.platform)
        if platform is None:
            continue
        with writing():
            # Set first: an answer that comes meanwhile makes it unsettled again.
            ExchangeProgress.objects.filter(pk=progress.pk).update(unsettled=False)
            closed += _settle(progress, platform, now)
    return closed


def _settle(progress: ExchangeProgress, platform: Platform, now: datetime) -> int:
    register, closed = progress.register, 0
    kind = kind_named(register.register_kind)
    keys = _open_keys(register, platform)
    start = next((clock.start for clock in kind.clocks if clock.opens == platform.clock), "")
    if not keys or not start:
        return 0
    last = {
        key_hash: (action, state)
        for key_hash, action, state in ExchangeLine.objects.filter(register=register, platform=platform.id)
        .order_by("turn")
        .values_list("key_hash", "action", "state")
    }
    for batch in Batch.objects.filter(register=register, sequence__lte=progress.edition).order_by("sequence"):
        mine = [one for one in batch.clocks if one["opens"] == platform.clock]
        mine = [one for one in mine if f"{register.record_id}:{one['key']}" in keys]
        days = _days(batch, start) if mine else {}
        for one in mine:
            handed = [last[key] for key in days.get(one["start"], ()) if key in last]
            if any(action != WITHDRAW and state != ACCEPTED for action, state in handed):
                continue
            append(
                platform.accepted,
                at=now,
                record_id=register.record_id,
                unit_code=register.record.lead_unit_id,
                payload={"duty_key": one["key"], "count": str(len(handed))},
                subject=Context(spec_for(KIND), register.record, SYSTEM, now),
            )
            closed += 1
    return closed


def _open_keys(register: Register, platform: Platform) -> frozenset[str]:
    """Keys of the duties of a register of which this platform's part is still open."""
    found: set[str] = set()
    for rule, part in rulebook().closed_by(platform.accepted):
        if part is not None:
            waiting = DutyPart.objects.filter(
                name=part.code, closed_at=None, duty__code=rule.id, duty__record=register.record_id
            )
            found.update(waiting.values_list("duty__key", flat=True))
    return frozenset(found)


def _days(batch: Batch, field: str) -> dict[str, list[str]]:
    """Names of the entries that a batch added, by their day."""
    found: dict[str, list[str]] = {}
    for key_hash, text in Entry.objects.filter(batch=batch, change=ADDED).values_list("key_hash", "values"):
        found.setdefault(str(values_of(text).get(field) or ""), []).append(key_hash)
    return found


def refused_lines(units: Iterable[str] | None = None) -> QuerySet[ExchangeLine]:
    """Lines that a platform refused, of entries not handed over anew since; newest answer first. Of ``units`` (codes) or
    all. ``words`` names the entry, ``refusal`` says why."""
    later = ExchangeLine.objects.filter(
        register=OuterRef("register"),
        platform=OuterRef("platform"),
        key_hash=OuterRef("key_hash"),
        turn__gt=OuterRef("turn"),
    )
    found = ExchangeLine.objects.filter(~Exists(later), state=REFUSED, again=False)
    if units is not None:
        found = found.filter(register__keeper__in=list(units))
    return found.select_related("file", "register__record__lead_unit").order_by("-answered_at", "file", "number")


def push_again(line: ExchangeLine, *, actor: Actor, now: datetime) -> None:
    """Hand a refused entry over once more as it is, where the mistake was the platform's. Asking twice asks once.

    Raises:
        NotAllowed: the actor does not draft for the unit, or the line was not refused.
    """
    register = line.register
    if not actor.holds(DRAFTER, [register.record.lead_unit_id]):
        raise NotAllowed("只有本单位的拟稿人可以要求重新推送。")
    with writing():
        if not ExchangeLine.objects.filter(pk=line.pk, state=REFUSED, again=False).update(again=True):
            if ExchangeLine.objects.filter(pk=line.pk, state=REFUSED, again=True).exists():
                return
            raise NotAllowed("这一条没有被拒收，不用重新推送。")
        ExchangeProgress.objects.filter(register=register, platform=line.platform).update(day=None)
        append(
            PUSHED_AGAIN,
            at=now,
            record_id=register.record_id,
            unit_code=register.record.lead_unit_id,
            actor_id=actor.person_id,
            payload={"batch": line.file.name, "line": str(line.number)},
            subject=Context(spec_for(KIND), register.record, actor, now),
        )


def standing(register: Register) -> list[dict[str, Any]]:
    """How a register stands with each platform: title, lines ``sent``, ``accepted`` and ``refused`` by entry's last line."""
    made = []
    for name in kind_named(register.register_kind).platforms:
        counts = dict.fromkeys((ExchangeLine.SENT, ACCEPTED, REFUSED), 0)
        if name in platforms():
            for told in told_of(register, platforms()[name]).values():
                counts[told.last.state] += 1
            made.append({"platform": name, "title": platforms()[name].title, **counts})
    return made


def set_aside() -> list[tuple[str, str]]:
    """Receipts that could not be used: name and reason, for whoever looks after the exchange."""
    found = []
    for platform in platforms():
        for path in sorted((folder_of(platform, RECEIPTS) / FAULTY).glob("*.txt")):
            found.append((path.name.removesuffix(".txt"), path.read_text(encoding="utf-8").strip()))
    return found
