"""Noting who looked at what: one row an access."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from mingtang.rows import insert

from .models import Access
from .names import ACTIONS, MUST_BE_NOTED
from .rows import mark_of, seal_address, values_of

# What SQLite calls FULL.
SYNCED = 2


@dataclass
class Asked:
    """The request under way: where it came from, and whether an access was noted for it already."""

    address: str = ""
    request_id: str = ""
    noted: bool = False
    count: int = 0

    def is_noted(self) -> None:
        self.noted = True

    def next_id(self) -> str:
        """No two rows are alike: a second one of the same request gets a number behind the request's id."""
        self.count += 1
        return self.request_id[:28] + (f"/{self.count}" if self.count > 1 else "")


_asked: ContextVar[Asked | None] = ContextVar("audit_request", default=None)


@contextmanager
def asking(address: str, request_id: str) -> Iterator[Asked]:
    """Everything noted inside belongs to one request from ``address``."""
    asked = Asked(address, request_id)
    token = _asked.set(asked)
    try:
        yield asked
    finally:
        _asked.reset(token)


def note_access(
    *,
    actor_id: int | None,
    action: str,
    subject_kind: str = "",
    subject_id: object = "",
    purpose: str = "",
    now: datetime,
    unit_code: str = "",
    part: str = "",
    status: int = 200,
) -> Access:
    """Keep who did what to which subject, in the transaction under way if there is one. One insert.

    Network address and request number are those of the request under way; a request for which something was noted is
    not noted a second time by the desk.

    Args:
        action: a key of ``names.ACTIONS``.
        subject_kind, subject_id: the kind of record, or a word such as ``duty``, and its id; empty for lists.
        purpose: a key of ``identity.PURPOSES`` where one was asked for.
        part: which page or file of the subject.

    Raises:
        LookupError: there is no such action.
        ValueError: ``now`` is naive.
        django.db.DatabaseError: it could not be kept.
    """
    if action not in ACTIONS:
        raise LookupError(f"{action} is no action of the audit trail")
    if now.tzinfo is None:
        raise ValueError("an access needs an aware moment")
    asked = _asked.get()
    row = Access(
        at=now,
        actor_id=actor_id,
        action=action,
        subject_kind=subject_kind[:40],
        subject_id=str(subject_id)[:40],
        part=part[:60],
        unit_code=unit_code[:40],
        purpose=purpose[:40],
        status=status,
        address=seal_address(asked.address) if asked else "",
        request_id=asked.next_id() if asked else f"-{secrets.token_hex(8)}",
    )
    row.mark = mark_of(values_of(row))
    if action in MUST_BE_NOTED or connection.in_atomic_block:
        insert(row)
    else:
        _insert_unsynced(row)
    if asked is not None:
        transaction.on_commit(asked.is_noted)
    return row


def _insert_unsynced(row: Access) -> None:
    """Add a row without waiting for the disk: it outlives a killed process, only a power cut may take the last ones.

    Whatever must be noted before it is shown waits for the disk, as all other work does.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")
            insert(row)
        return
    connection.ensure_connection()
    database: Any = connection.connection
    (level,) = database.execute("PRAGMA synchronous").fetchone()
    if level < SYNCED:
        insert(row)
        return
    database.execute("PRAGMA synchronous=NORMAL")
    try:
        insert(row)
    finally:
        database.execute(f"PRAGMA synchronous={level}")
