"""The public log: an append-only RFC 6962 tree over what was published, superseded, withdrawn and erased."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from django.db import connection

from mingtang.merkle import Tree, leaf_hash
from mingtang.rows import find, insert, update
from mingtang.text.canonical import canonical_json

from .models import LogEntry, LogHead, LogNode, Publication

Place = tuple[int, int]


@dataclass(frozen=True)
class NewEntry:
    """An entry waiting for its place in the log. ``salted_hash`` is hex."""

    publication: Publication
    edition_number: int
    kind: str
    salted_hash: str
    at: datetime


def salted_hash(salt: str, payload: str) -> str:
    """Hash that commits to a payload without letting anyone guess a short one after its erasure."""
    return sha256(f"{salt}\n{payload}".encode()).hexdigest()


def leaf_bytes(*, index: int, index_number: str, edition_number: int, kind: str, salted: str, at: datetime) -> bytes:
    """The bytes of a leaf: canonical JSON (RFC 8785) of number, edition, salted payload hash, time and kind."""
    return canonical_json(
        {
            "index": index,
            "publication": index_number,
            "edition": edition_number,
            "kind": kind,
            "payload": salted,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        }
    ).encode()


class DatabaseNodes:
    """NodeStore over the ``LogNode`` table."""

    def get_many(self, places: Iterable[Place]) -> Mapping[Place, bytes]:
        wanted = list(places)
        if not wanted:
            return {}
        pairs = ", ".join(["(%s, %s)"] * len(wanted))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT level, position, hash FROM {LogNode._meta.db_table} WHERE (level, position) IN (VALUES {pairs})",  # noqa: S608
                [number for place in wanted for number in place],
            )
            return {(level, position): bytes.fromhex(value) for level, position, value in cursor.fetchall()}

    def put_many(self, nodes: Mapping[Place, bytes]) -> None:
        insert(
            *(LogNode(level=level, position=position, hash=value.hex()) for (level, position), value in nodes.items())
        )


def log_tree(size: int | None = None) -> Tree:
    """The log's tree as it stands, or as it stood when it had ``size`` entries."""
    if size is None:
        head = LogHead.objects.filter(pk=1).first()
        size = head.size if head else 0
    return Tree(DatabaseNodes(), size=size)


def append_entries(entries: Iterable[NewEntry]) -> list[LogEntry]:
    """Give each entry the next index and extend the tree. Call inside a transaction, as the last lock taken."""
    waiting = list(entries)
    if not waiting:
        return []
    head = find(LogHead, pk=1, lock=True)
    if head is None:
        LogHead.objects.get_or_create(pk=1)
        head = LogHead.objects.select_for_update().get(pk=1)
    tree = log_tree(head.size)
    made = []
    for entry in waiting:
        index = tree.size
        leaf = leaf_bytes(
            index=index,
            index_number=entry.publication.index_number,
            edition_number=entry.edition_number,
            kind=entry.kind,
            salted=entry.salted_hash,
            at=entry.at,
        )
        tree.append(leaf)
        made.append(
            LogEntry(
                index=index,
                publication=entry.publication,
                edition_number=entry.edition_number,
                kind=entry.kind,
                salted_hash=entry.salted_hash,
                at=entry.at,
                leaf_hash=leaf_hash(leaf).hex(),
            )
        )
    insert(*made)
    head.size, head.root = tree.size, tree.root().hex()
    update(head)
    return made
