"""The public log: its entries and its signed checkpoints."""

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Query, Router

from mingtang.editions.log import leaf_bytes
from mingtang.editions.models import Checkpoint, LogEntry, LogHead
from mingtang.portal.papers import slug_of

from . import answers, cursors
from .filters import EntryQuery, PlaceQuery
from .reading import local

router = Router(tags=["公开日志"])
AT_ONCE = 1000


@router.get(
    "/log/entries",
    response=answers.LogEntries,
    summary="公开日志的各行",
    description="从 start 起（含）到 end 止（不含），一次最多1000行；没有的行不给出。",
    operation_id="listLogEntries",
)
def entries(request: HttpRequest, asked: Query[EntryQuery]) -> dict[str, Any]:
    end = min(asked.end, asked.start + AT_ONCE)
    rows = LogEntry.objects.filter(index__gte=asked.start, index__lt=end).select_related("publication")
    size = LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0
    return {"size": size, "data": [_entry(row) for row in rows.order_by("index")]}


def _entry(row: LogEntry) -> dict[str, Any]:
    leaf = leaf_bytes(
        index=row.index,
        index_number=row.publication.index_number,
        edition_number=row.edition_number,
        kind=row.kind,
        salted=row.salted_hash,
        at=row.at,
    )
    return {
        "index": row.index,
        "publication": row.publication.index_number,
        "slug": slug_of(row.publication),
        "edition": row.edition_number,
        "kind": row.kind,
        "at": local(row.at),
        "salted_hash": row.salted_hash,
        "leaf_hash": row.leaf_hash,
        "leaf": leaf.decode(),
    }


@router.get(
    "/log/checkpoints",
    response=answers.CheckpointPage,
    summary="历次检查点，由小到大",
    operation_id="listCheckpoints",
)
def checkpoints(request: HttpRequest, asked: Query[PlaceQuery]) -> dict[str, Any]:
    rows = Checkpoint.objects.order_by("size")
    if asked.cursor:
        rows = rows.filter(size__gt=cursors.number_of(asked.cursor, below=2**63))
    found = list(rows[: asked.limit + 1])
    shown = found[: asked.limit]
    after = cursors.base36(shown[-1].size) if len(found) > asked.limit else None
    return {"data": [_checkpoint(row) for row in shown], "next": after}


@router.get(
    "/log/checkpoint",
    response=answers.Checkpoint,
    summary="最新的检查点",
    operation_id="getCheckpoint",
)
def checkpoint(request: HttpRequest) -> dict[str, Any]:
    newest = Checkpoint.objects.order_by("-size").first()
    if newest is None:
        raise Http404
    return _checkpoint(newest)


def _checkpoint(row: Checkpoint) -> dict[str, Any]:
    return {"size": row.size, "root": row.root, "at": local(row.at), "note": row.note}
