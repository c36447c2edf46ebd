"""Checking a published log: signatures, tiles, entries, times, and that it goes on from what was seen before."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .memory import Remembered
from .notes import Checkpoint, NoteError, moment_of, open_note, read_keys
from .readers import Reader, ReadError
from .tiles import (
    HASH_BYTES,
    HEIGHT,
    WIDTH,
    TileError,
    TileStore,
    bundle,
    entries_path,
    tile_number,
    tile_path,
    tiles_for,
)
from .tree import MemoryStore, Tree, leaf_hash

FOLDER = "log/"
CHECKPOINT, KEY, CHECKPOINTS = f"{FOLDER}checkpoint", f"{FOLDER}key", f"{FOLDER}checkpoints/"
FIELDS = {"index", "publication", "edition", "kind", "payload", "at"}
# Entries are dated when their step begins; a checkpoint may be signed before a slow one is done.
SLACK = timedelta(minutes=10)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Finding:
    """Something wrong. ``path`` is relative to the tree, or names a row; ``message`` is Chinese, for people."""

    kind: str
    path: str
    message: str


@dataclass(frozen=True)
class Entry:
    """One leaf, read. ``payload`` is the salted hash in hex, ``leaf`` the bytes that the tree holds."""

    index: int
    publication: str
    edition: int
    kind: str
    payload: str
    at: datetime
    leaf: bytes


@dataclass
class Log:
    """A log as far as it could be read. ``tree`` is None where nothing that was read gives the checkpoint's root."""

    keys: list[str]
    newest: Checkpoint
    note: str
    tree: Tree | None = None
    entries: dict[int, Entry] = field(default_factory=dict)
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    by_publication: dict[str, list[Entry]] = field(default_factory=dict)


class LogCheck:
    """One look at a log. Findings are added to ``found``."""

    def __init__(self, reader: Reader, found: list[Finding]) -> None:
        self.reader, self.found = reader, found
        self._opened: dict[str, Checkpoint | None] = {}

    def note(self, kind: str, path: str, message: str) -> None:
        self.found.append(Finding(kind, path, message))

    def read(self, path: str, kind: str = "missing") -> bytes | None:
        """A file that must be there; noted if it is not."""
        try:
            data = self.reader.read(path)
        except ReadError as error:
            self.note("unreadable", path, f"{error}。")
            return None
        if data is None:
            self.note(kind, path, "文件缺失。")
        return data

    def read_text(self, path: str) -> str | None:
        data = self.read(path)
        try:
            return None if data is None else data.decode()
        except UnicodeDecodeError:
            self.note("changed", path, "文件不是 UTF-8 文字，被改动过。")
            return None

    def open(self, pinned: str, remembered_key: str = "") -> Log | None:
        """Keys and newest checkpoint; None where either cannot be believed."""
        keys = self._keys(pinned or remembered_key)
        note = self.read_text(CHECKPOINT)
        if note is None or not keys:
            return None
        try:
            newest = Checkpoint.from_text(open_note(note, keys))
        except NoteError as error:
            self.note("checkpoint", CHECKPOINT, str(error))
            return None
        if newest.origin != keys[0].split("+")[0]:
            self.note("checkpoint", CHECKPOINT, f"检查点写的日志名称是 {newest.origin}，与钥匙的名称不同。")
            return None
        return Log(keys, newest, note)

    def _keys(self, pinned: str) -> list[str]:
        text = self.read_text(KEY)
        try:
            return read_keys(text or "", pinned) if text is not None else [pinned] if pinned else []
        except NoteError as error:
            self.note("key", KEY, str(error))
            return [pinned] if pinned else []

    # The tree and its entries.

    def check_tree(self, log: Log) -> None:
        """Bundles, tiles and the checkpoint's root against each other; what differs is named."""
        store = TileStore(self._read_in_log, log.newest.size)
        bundles: dict[int, list[bytes]] = {}
        rows: dict[int, list[bytes]] = {}
        for level, number, _ in tiles_for(0, log.newest.size):
            row = self._tried(store.tile, level, number)
            if level == 0:
                rows[number] = row
                bundles[number] = self._tried(store.leaves, number)
        hashes = {number: [leaf_hash(leaf) for leaf in leaves] for number, leaves in bundles.items()}
        by_entries, by_tiles = _tree_of(hashes, log.newest.size), _tree_of(rows, log.newest.size)
        if by_entries is not None and by_entries.root() == log.newest.root:
            log.tree = by_entries
        elif by_tiles is not None and by_tiles.root() == log.newest.root:
            log.tree = by_tiles
        else:
            self.note("tree", CHECKPOINT, f"日志的 {log.newest.size} 条条目算出的树根与检查点签名的不同。")
        good = log.tree.store.levels if log.tree is not None and isinstance(log.tree.store, MemoryStore) else None
        for number, leaves in bundles.items():
            expected = good[0][number * WIDTH : (number + 1) * WIDTH] if good else rows[number]
            for place, leaf in enumerate(leaves):
                index = number * WIDTH + place
                if expected and hashes[number][place] != expected[place]:
                    self.note("entry", _entry_path(log, index), f"日志第 {index} 条（从 0 数起）的内容被改动。")
                else:
                    self._enter(log, index, leaf)
        if good:
            self._compare_tiles(log, good)

    def _tried(self, read: Callable[..., list[bytes]], *place: int) -> list[bytes]:
        try:
            return read(*place)
        except TileError as error:
            self.note("tile", FOLDER + error.path, str(error))
        except ReadError as error:
            self.note("unreadable", FOLDER, f"{error}。")
        return []

    def _read_in_log(self, path: str) -> bytes | None:
        return self.reader.read(FOLDER + path)

    def _compare_tiles(self, log: Log, good: list[list[bytes]]) -> None:
        """Every tile there is, byte by byte: those of this size, and where files can be listed all others too."""
        wanted = {tile_path(level, number, width) for level, number, width in tiles_for(0, log.newest.size)}
        wanted |= {entries_path(number, width) for level, number, width in tiles_for(0, log.newest.size) if level == 0}
        listed = [path.removeprefix(FOLDER) for path in self.reader.paths() or [] if path.startswith(f"{FOLDER}tile/")]
        for path in sorted({*wanted, *listed}):
            place = tile_number(path)
            with suppress(ReadError):
                data = self._read_in_log(path)
                if place is None:
                    self.note("extra", FOLDER + path, "多出来的文件：它不是日志的文件。")
                elif data is not None and place[0] != "entries":
                    level, number, width = int(place[0]), place[1], place[2]
                    row = good[HEIGHT * level] if HEIGHT * level < len(good) else []
                    if data != b"".join(row[number * WIDTH : number * WIDTH + width]) or len(data) < HASH_BYTES * width:
                        self.note("tile", FOLDER + path, "哈希文件被改动，或超出了日志的长度。")
                elif data is not None and path not in wanted:
                    self._compare_spare_bundle(log, path, data, place[1], place[2])

    def _compare_spare_bundle(self, log: Log, path: str, data: bytes, number: int, width: int) -> None:
        leaves = [log.entries.get(number * WIDTH + place) for place in range(width)]
        known = [entry.leaf for entry in leaves if entry is not None]
        full = self._read_in_log(entries_path(number)) or b""
        if not (len(known) == width and data == bundle(known)) and not (full.startswith(data) and data):
            self.note("entry", FOLDER + path, "日志条目文件被改动，或超出了日志的长度。")

    def _enter(self, log: Log, index: int, leaf: bytes) -> None:
        try:
            data = json.loads(leaf)
            at = moment_of(data["at"])
            right = set(data) == FIELDS and data["index"] == index
            entry = Entry(
                index, str(data["publication"]), int(data["edition"]), str(data["kind"]), str(data["payload"]), at, leaf
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            right = False
        if not right:
            self.note("entry", _entry_path(log, index), f"日志第 {index} 条（从 0 数起）读不懂。")
            return
        log.entries[index] = entry
        log.by_publication.setdefault(entry.publication, []).append(entry)

    # Checkpoints.

    def opened(self, log: Log, note: str, path: str) -> Checkpoint | None:
        """A checkpoint by its note, checked against the tree once, however many proofs carry it."""
        if note in self._opened:
            return self._opened[note]
        checkpoint = None
        try:
            checkpoint = Checkpoint.from_text(open_note(note, log.keys))
        except NoteError as error:
            self.note("checkpoint", path, str(error))
        if checkpoint is not None and not self._consistent(log, checkpoint, path):
            checkpoint = None
        if checkpoint is not None:
            log.checkpoints.setdefault(checkpoint.size, checkpoint)
        self._opened[note] = checkpoint
        return checkpoint

    def _consistent(self, log: Log, checkpoint: Checkpoint, path: str) -> bool:
        if checkpoint.origin != log.newest.origin:
            self.note("checkpoint", path, f"这是另一个日志（{checkpoint.origin}）的检查点。")
        elif checkpoint.size > log.newest.size:
            self.note(
                "rewritten", path, f"签过 {checkpoint.size} 条的检查点，日志却只有 {log.newest.size} 条：日志被回退。"
            )
        elif log.tree is not None and log.tree.root(checkpoint.size) != checkpoint.root:
            self.note("rewritten", path, f"第 {checkpoint.size} 条的检查点与现在的日志对不上：历史被改写。")
        else:
            return True
        return False

    def check_checkpoints(self, log: Log, sizes: Iterable[int]) -> None:
        """The kept checkpoints: those of ``sizes``, the newest, and where files can be listed all there are."""
        names = {f"{CHECKPOINTS}{size}" for size in {*sizes, log.newest.size} if size <= log.newest.size}
        names |= {path for path in self.reader.paths() or [] if path.startswith(CHECKPOINTS)}
        for path in sorted(names):
            note = self.read_text(path)
            checkpoint = self.opened(log, note, path) if note is not None else None
            if checkpoint is not None and path != f"{CHECKPOINTS}{checkpoint.size}":
                self.note("checkpoint", path, f"文件名与内容不符：它是第 {checkpoint.size} 条的检查点。")
            if checkpoint is not None and checkpoint.size == log.newest.size and note != log.note:
                self.note("checkpoint", path, "与最新的检查点 log/checkpoint 不同。")

    def check_times(self, log: Log) -> None:
        """Checkpoints and entries never go back in time, nor the journal in its numbers. Call when all are known."""
        before: Checkpoint | None = None
        for size in sorted({*log.checkpoints, log.newest.size}):
            here = log.newest if size == log.newest.size else log.checkpoints[size]
            if before is not None:
                self._goes_on(before, here, f"{CHECKPOINTS}{size}")
            before = here
        latest: datetime | None = None
        sizes = sorted(log.checkpoints)
        for index, entry in sorted(log.entries.items()):
            after = bisect_right(sizes, index)
            earlier = log.checkpoints[sizes[after - 1]].at if after else None
            told = f"日期倒填：日志第 {index} 条（{entry.publication} 第 {entry.edition} 版）自称 {when(entry.at)}"
            if earlier is not None and entry.at < earlier - SLACK:
                told += f"，可 {when(earlier)} 的检查点里还没有它。"
                self.note("backdated", _entry_path(log, index), told)
            elif latest is not None and entry.at < latest - SLACK:
                self.note("backdated", _entry_path(log, index), f"{told}，排在它前面的已到 {when(latest)}。")
            latest = entry.at if latest is None else max(latest, entry.at)

    def _goes_on(self, before: Checkpoint, here: Checkpoint, path: str) -> None:
        if here.at < before.at:
            self.note("backdated", path, f"检查点的时间倒退：{when(before.at)} 之后是 {when(here.at)}。")
        if here.journal_sequence < before.journal_sequence:
            self.note(
                "rewritten", path, f"办事日志倒退：从第 {before.journal_sequence} 条退到第 {here.journal_sequence} 条。"
            )
        elif here.journal_sequence == before.journal_sequence and here.journal_hash != before.journal_hash:
            self.note("rewritten", path, f"办事日志第 {here.journal_sequence} 条有两种内容：办事日志被改写。")

    def check_memory(self, log: Log, remembered: Remembered) -> None:
        """The log goes on from the one remembered."""
        past = remembered.state
        if past.size > log.newest.size:
            self.note(
                "rewritten",
                CHECKPOINT,
                f"记得日志有 {past.size} 条（{when(past.at)}），现在只有 {log.newest.size} 条：日志被回退，或这是一份旧的镜像。",
            )
            return
        root = log.tree.root(past.size) if log.tree is not None else past.root
        if past.size == log.newest.size:
            root = log.newest.root
        if root != past.root:
            self.note(
                "rewritten",
                CHECKPOINT,
                f"记得第 {past.size} 条时的树根是 {past.root.hex()[:16]}…，现在对不上：历史被改写。",
            )
            return
        self._goes_on(past, log.newest, CHECKPOINT)


def _tree_of(rows: dict[int, list[bytes]], size: int) -> Tree | None:
    """The tree over leaf hashes by tile; None if any is missing."""
    hashes = [value for number in sorted(rows) for value in rows[number]]
    if len(hashes) != size:
        return None
    tree = Tree(MemoryStore())
    tree.extend_hashes(hashes)
    return tree


def _entry_path(log: Log, index: int) -> str:
    number = index // WIDTH
    return FOLDER + entries_path(number, min(WIDTH, log.newest.size - number * WIDTH))


def when(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
