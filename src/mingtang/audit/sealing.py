"""Sealing access rows in batches, so that none can be changed, taken out or slipped in unnoticed; dropping old ones."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.db.utils import OperationalError

from mingtang.journal.writing import append, writing
from mingtang.merkle.audit_seals import FIRST, leaf_of, missing_ranges, seal_hash, tree_of
from mingtang.rows import find, insert, update

from .models import Access, Seal, SealHead
from .names import DROPPED, SEALED
from .rows import microseconds, values_of

BATCH = 4096
# A row waits no longer than this for its seal; until then its mark protects it.
SEAL_AFTER = timedelta(minutes=10)
LOCK_MILLISECONDS = 2000
SEALS_DROPPED_AT_ONCE = 5


def seal_waiting(now: datetime, *, at_once: bool = False) -> int:
    """Seal whatever is due: full batches, and rows that waited ten minutes (with ``at_once`` all). Gives how many seals.

    Each seal is one transaction with its journal event: killed at any point, both are there or neither. Called by two
    workers at once, the second finds the head moved and leaves it.
    """
    upto = _settled()
    made = 0
    while upto and _seal_batch(now, upto, at_once):
        made += 1
    return made


def _settled() -> int:
    """The highest number below which no transaction can still add a row.

    PostgreSQL hands numbers out before the row is committed: wait until whoever is adding one is done. If that takes
    too long nothing is sealed this time.
    """
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(Access._meta.db_table)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
                cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
                return Access.objects.aggregate(last=Max("id"))["last"] or 0
        except OperationalError:
            return 0
    return Access.objects.aggregate(last=Max("id"))["last"] or 0


def _seal_batch(now: datetime, upto: int, at_once: bool) -> bool:
    head = find(SealHead, pk=1) or SealHead()
    rows = list(Access.objects.filter(id__gt=head.last_id, id__lte=upto).order_by("id")[:BATCH])
    waited = now - rows[0].at if rows else timedelta(0)
    # A row of the future: the clock was set back. It is sealed at once.
    if not rows or (len(rows) < BATCH and not at_once and timedelta(0) <= waited < SEAL_AFTER):
        return False
    moments = [row.at for row in rows]
    # The first seal begins where the table does.
    start = head.last_id + 1 if head.sequence else rows[0].id
    root = tree_of(leaf_of(row.id, values_of(row)) for row in rows).root().hex()
    with writing():
        locked = find(SealHead, pk=1, lock=True)
        if locked is None:
            SealHead.objects.get_or_create(pk=1)
            locked = SealHead.objects.select_for_update().get(pk=1)
        if locked.last_id != head.last_id:
            return False
        seal = Seal(
            sequence=head.sequence + 1,
            first_id=start,
            last_id=rows[-1].id,
            count=len(rows),
            gaps=missing_ranges((row.id for row in rows), start, rows[-1].id),
            root=root,
            from_at=min(moments),
            to_at=max(moments),
            previous_hash=head.hash or FIRST,
            at=now,
        )
        seal.hash = hash_of(seal)
        event = append(SEALED, at=now, payload={"seal": seal.sequence, "hash": seal.hash, "rows": seal.count})
        seal.event_id = event.id
        insert(seal)
        locked.sequence, locked.hash, locked.last_id = seal.sequence, seal.hash, seal.last_id
        update(locked)
    return True


def hash_of(seal: Seal) -> str:
    """What the seal's hash must be, from its other fields."""
    return seal_hash(
        sequence=seal.sequence,
        first=seal.first_id,
        last=seal.last_id,
        count=seal.count,
        gaps=seal.gaps,
        root=seal.root,
        start=microseconds(seal.from_at),
        end=microseconds(seal.to_at),
        previous=seal.previous_hash,
    )


def drop_old(now: datetime) -> int:
    """Drop rows older than the months they are kept, by whole seals from the oldest on; gives how many seals.

    The seals stay, and the journal tells: proofs of what was exported before still hold. A seal goes only when all
    before it are gone.
    """
    cut = months_before(now, settings.AUDIT_MONTHS)
    old: list[Seal] = []
    for seal in Seal.objects.filter(dropped_by=None).order_by("sequence")[:SEALS_DROPPED_AT_ONCE]:
        if seal.to_at >= cut:
            break
        old.append(seal)
    if not old:
        return 0
    with writing():
        find(SealHead, pk=1, lock=True)
        event = append(DROPPED, at=now, payload={"from": old[0].sequence, "to": old[-1].sequence})
        Access.objects.filter(id__gte=old[0].first_id, id__lte=old[-1].last_id).delete()
        Seal.objects.filter(sequence__gte=old[0].sequence, sequence__lte=old[-1].sequence).update(dropped_by=event.id)
    return len(old)


def months_before(now: datetime, months: int) -> datetime:
    """The same day ``months`` earlier, or the last one of that month."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    for day in (now.day, 30, 29, 28):
        try:
            return now.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise ValueError(f"{months} months before {now}")
