"""Verifying the house itself: journal, editions, log and checkpoints in the database against each other.

Names the row that was changed. The public tree is looked at with the verifier that strangers use, but with the key and
the checkpoint kept in this house.
"""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from mingtang.editions.log import DatabaseNodes, leaf_bytes, salted_hash
from mingtang.editions.models import ERASED, Edition, LogEntry, LogHead, LogNode, Publication
from mingtang.editions.models import Checkpoint as CheckpointRow
from mingtang.journal.models import Event, JournalHead
from mingtang.journal.selectors import verify_journal
from mingtang.merkle import MemoryStore, Tree, leaf_hash
from mingtang.merkle.log_check import SLACK, Finding, when
from mingtang.merkle.memory import Memory, Remembered
from mingtang.merkle.mirror import LOOKS, Unusable, verify
from mingtang.merkle.notes import Checkpoint, NoteError, open_note
from mingtang.merkle.readers import FolderReader
from mingtang.text.canonical import content_hash

from .checkpoints import kept_checkpoint, verifiers


def verify_house() -> list[Finding]:
    """Everything wrong in database and public tree; empty if sound. Reads all rows."""
    for _look in range(LOOKS):
        before = _heads()
        found = _look_at_all()
        # What was written while we read may not fit what we read before it.
        if not found or before == _heads():
            break
    return found


def _heads() -> list[tuple[int, str]]:
    journal, log = JournalHead.objects.filter(pk=1), LogHead.objects.filter(pk=1)
    return [*journal.values_list("sequence", "hash"), *log.values_list("size", "root")]


def _look_at_all() -> list[Finding]:
    found = [Finding("journal", "办事日志", f"{problem}。") for problem in verify_journal()]
    tree = _rebuilt()
    found += _entries()
    found += _editions()
    found += _nodes(tree)
    found += _checkpoints(tree)
    return found + _public_tree()


def _rebuilt() -> Tree:
    """The log's tree, made anew from what the entries say, not from the hashes stored with them."""
    tree = Tree(MemoryStore())
    tree.extend(_leaf(entry) for entry in _all_entries())
    return tree


def _all_entries() -> Iterator[LogEntry]:
    return LogEntry.objects.select_related("publication").order_by("index").iterator(2000)


def _leaf(entry: LogEntry) -> bytes:
    return leaf_bytes(
        index=entry.index,
        index_number=entry.publication.index_number,
        edition_number=entry.edition_number,
        kind=entry.kind,
        salted=entry.salted_hash,
        at=entry.at,
    )


def _entries() -> Iterator[Finding]:
    expected = 0
    latest: datetime | None = None
    for entry in _all_entries():
        row = f"公开日志第 {entry.index} 条"
        if entry.index != expected:
            yield Finding("entry", f"公开日志第 {expected} 条", "这一条缺失。")
            expected = entry.index
        if leaf_hash(_leaf(entry)).hex() != entry.leaf_hash:
            yield Finding(
                "entry", row, f"内容被改动（{entry.publication.index_number} 第 {entry.edition_number} 版）。"
            )
        elif latest is not None and entry.at < latest - SLACK:
            yield Finding("backdated", row, f"日期倒填：自称 {when(entry.at)}，排在它前面的已到 {when(latest)}。")
        latest = max(latest or entry.at, entry.at)
        expected += 1


def _editions() -> Iterator[Finding]:
    logged: dict[tuple[int, int], tuple[str, datetime]] = {}
    erased: set[tuple[int, int]] = set()
    first: dict[int, datetime] = {}
    for key, number, kind, salted, at in LogEntry.objects.order_by("index").values_list(
        "publication_id", "edition_number", "kind", "salted_hash", "at"
    ):
        if kind == "published":
            logged[key, number] = (salted, at)
            first.setdefault(key, at)
        elif kind == "erased":
            erased.add((key, number))
    for edition in Edition.objects.select_related("publication").iterator(500):
        place = (edition.publication_id, edition.number)
        row = f"公开版 {edition.publication.index_number} 第 {edition.number} 版"
        if place not in logged:
            yield Finding("edition", row, "公开日志里没有它。")
            continue
        salted, at = logged.pop(place)
        if edition.state == ERASED or place in erased:
            if edition.state != ERASED or edition.payload or edition.salt:
                yield Finding("edition", row, "公开日志说它已清除，内容却还在。")
            elif place not in erased:
                yield Finding("edition", row, "内容被清除，公开日志里却没有这件事。")
        elif salted_hash(edition.salt, edition.payload) != salted:
            yield Finding("edition", row, "内容与公开时记入日志的不同：这一行被改动。")
        elif content_hash(edition.payload) != edition.payload_hash:
            yield Finding("edition", row, "内容散列被改动。")
        if edition.published_at != at:
            yield Finding("backdated", row, f"公开时间写作 {when(edition.published_at)}，日志写的是 {when(at)}。")
    for key, number in sorted(logged):
        name = Publication.objects.filter(pk=key).values_list("index_number", flat=True).first()
        yield Finding("removed", f"公开版 {name} 第 {number} 版", "公开日志里有它，这一行却不见了。")
    for publication in Publication.objects.iterator(2000):
        began = first.get(publication.pk)
        if began is not None and publication.published_at != began:
            told = f"公开时间写作 {when(publication.published_at)}，日志写的是 {when(began)}。"
            yield Finding("backdated", f"公开件 {publication.index_number}", told)


def _nodes(tree: Tree) -> Iterator[Finding]:
    """Stored nodes and the head, against the tree made anew."""
    assert isinstance(tree.store, MemoryStore)
    head = LogHead.objects.filter(pk=1).first()
    size, root = (head.size, head.root) if head else (0, "")
    if size != tree.size:
        yield Finding("tree", "公开日志末端", f"写着 {size} 条，实际有 {tree.size} 条。")
    elif size and root != tree.root().hex():
        yield Finding("tree", "公开日志末端", "树根与各条算出的不同：有的条目被改动。")
    stored = DatabaseNodes()
    for level, row in enumerate(tree.store.levels):
        for start in range(0, len(row), 128):
            places = [(level, position) for position in range(start, min(start + 128, len(row)))]
            nodes = stored.get_many(places)
            for place in places:
                if nodes.get(place) != row[place[1]]:
                    yield Finding("tree", f"公开日志的树 {place[0]} 层第 {place[1]} 个", "节点缺失或被改动。")
    if LogNode.objects.count() > sum(map(len, tree.store.levels)):
        yield Finding("tree", "公开日志的树", "有多出来的节点。")


def _checkpoints(tree: Tree) -> Iterator[Finding]:
    keys, before = verifiers(), None
    for row in CheckpointRow.objects.order_by("size"):
        name = f"第 {row.size} 条的检查点"
        try:
            signed = Checkpoint.from_text(open_note(row.note, keys))
        except NoteError as error:
            yield Finding("checkpoint", name, str(error))
            continue
        told = (row.size, row.root, row.journal_sequence, row.journal_hash, row.at)
        if told != (signed.size, signed.root.hex(), signed.journal_sequence, signed.journal_hash, signed.at):
            yield Finding("checkpoint", name, "这一行与它签了名的文字不同：被改动。")
        if signed.size > tree.size:
            yield Finding("rewritten", name, f"公开日志只有 {tree.size} 条：被删短，或恢复的备份太旧。")
        elif tree.root(signed.size) != signed.root:
            yield Finding("rewritten", name, "与现在的公开日志对不上：之前的条目被改写。")
        event = Event.objects.filter(pk=signed.journal_sequence).first()
        if signed.journal_sequence and (event is None or event.hash != signed.journal_hash):
            yield Finding("rewritten", name, f"与办事日志第 {signed.journal_sequence} 条对不上：办事日志被改写或删短。")
        if before is not None and (signed.at < before.at or signed.journal_sequence < before.journal_sequence):
            yield Finding("checkpoint", name, "时间或办事日志的条数比前一个检查点还小。")
        before = signed


def _public_tree() -> list[Finding]:
    if not settings.PUBLIC_ROOT.exists() and not CheckpointRow.objects.exists():
        return []
    memory, kept, key = Memory(None), kept_checkpoint(), verifiers()[-1]
    if kept is not None:
        memory.logs[kept.origin] = Remembered(key, kept.to_text())
    try:
        return verify(FolderReader(settings.PUBLIC_ROOT), memory, key=key).findings
    except Unusable as error:
        return [Finding("missing", "公开目录", f"{error}请运行 mingtang rebuild。")]
