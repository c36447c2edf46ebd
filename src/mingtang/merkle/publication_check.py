"""Checking one publication of a published tree against the log: its proof, its data, and the dates it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from .log_check import Entry, Log, LogCheck, when
from .manifest_check import Line
from .notes import moment_of
from .proofs import verify_inclusion
from .tree import leaf_hash


@dataclass(frozen=True)
class Proved:
    """One entry as ``proof.json`` has it, to be proved in the tree of ``size`` leaves. ``salt`` is empty once erased."""

    index: int
    edition: int
    kind: str
    at: datetime
    leaf: bytes
    leaf_hash: str
    salt: str
    size: int
    proof: list[bytes]

    @classmethod
    def read(cls, item: Any) -> Proved:
        """Raises ValueError, TypeError or KeyError for what is none."""
        str(item["salt"]).encode()
        return cls(
            index=int(item["index"]),
            edition=int(item["edition"]),
            kind=str(item["kind"]),
            at=moment_of(item["at"]),
            leaf=str(item["leaf"]).encode(),
            leaf_hash=str(item["leaf_hash"]),
            salt=str(item["salt"]),
            size=int(item["checkpoint_size"]),
            proof=[bytes.fromhex(value) for value in item["proof"]],
        )


@dataclass
class PublicationCheck:
    """A publication's folder. ``kept`` holds its JSON files and pages by name, ``lines`` the manifest's lines by path.

    ``sizes`` gathers the sizes of the checkpoints that proofs rest on.
    """

    look: LogCheck
    log: Log
    folder: str
    kept: Mapping[str, bytes]
    lines: Mapping[str, Line]
    sizes: set[int]

    def note(self, kind: str, name: str, message: str) -> None:
        self.look.note(kind, f"{self.folder}/{name}", message)

    def check(self) -> None:
        raw = self.kept.get("proof.json")
        if raw is None:
            if f"{self.folder}/proof.json" not in self.lines:
                self.note("missing", "proof.json", "清单里没有这份公开件的证明。")
            return
        try:
            proof = json.loads(raw)
            number, proved = str(proof["publication"]), [Proved.read(item) for item in proof["entries"]]
            notes = {int(size): str(note) for size, note in proof["checkpoints"].items()}
            path = proof["path"]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self.note("proof", "proof.json", "证明读不懂。")
            return
        entries = {entry.index: entry for entry in self.log.by_publication.get(number, [])}
        if path != self.folder or any(line.publication != number for line in self._editions_listed()):
            self.note("proof", "proof.json", f"索引号（{number}）与所在的网址或清单里的不同。")
        for item in proved:
            self._entry(item, entries.get(item.index), notes)
        left = sorted(set(entries) - {item.index for item in proved})
        if left:
            self.note("proof", "proof.json", f"证明里少了日志第 {'、'.join(map(str, left))} 条。")
        self._editions(list(entries.values()), {item.edition: item.salt for item in proved})

    def _editions_listed(self) -> list[Line]:
        """The manifest's lines of the files read here that belong to an edition."""
        found = (self.lines.get(f"{self.folder}/{name}") for name in self.kept)
        return [line for line in found if line is not None and line.publication]

    def _entry(self, item: Proved, entry: Entry | None, notes: Mapping[int, str]) -> None:
        if entry is not None and item.at != entry.at:
            told = f"日期被改：证明写 {when(item.at)}，日志第 {item.index} 条写 {when(entry.at)}。"
            self.note("backdated", "proof.json", told)
        known = (entry.edition, entry.kind, entry.leaf) if entry else None
        if known != (item.edition, item.kind, item.leaf) or item.leaf_hash != leaf_hash(item.leaf).hex():
            self.note("proof", "proof.json", f"证明里的第 {item.index} 条与日志里的不同。")
        self.sizes.add(item.size)
        note = notes.get(item.size)
        checkpoint = self.look.opened(self.log, note, f"{self.folder}/proof.json") if note is not None else None
        if checkpoint is None or checkpoint.size != item.size:
            self.note("proof", "proof.json", f"日志第 {item.index} 条所凭的第 {item.size} 条检查点缺失或不对。")
        elif not verify_inclusion(leaf_hash(item.leaf), item.index, item.size, item.proof, checkpoint.root):
            self.note("proof", "proof.json", f"日志第 {item.index} 条的证明不成立。")

    def _editions(self, entries: Iterable[Entry], salts: Mapping[int, str]) -> None:
        published = {entry.edition: entry for entry in entries if entry.kind == "published"}
        erased = {entry.edition for entry in entries if entry.kind == "erased"}
        for strange in sorted({line.number for line in self._editions_listed()} - {str(key) for key in published}):
            self.note("proof", "proof.json", f"清单里有第 {strange} 版，日志里没有。")
        first = min((entry.at for entry in published.values()), default=None)
        newest = max(published, default=0)
        for edition, entry in published.items():
            # The newest has its files in the folder itself, each earlier one in a folder of its own.
            name = "" if edition == newest else f"edition/{edition}/"
            self._record(f"{name}record.json", entry, salts.get(edition, ""), edition in erased)
            page = self.kept.get(f"{name}index.html")
            match = re.search(rb'<meta name="PubDate" content="([^"]*)"', page) if page else None
            shown = match[1].decode(errors="replace") if match else ""
            if match and first is not None and shown != when(first):
                told = f"页面写的公开时间是 {shown}，日志写的是 {when(first)}。"
                self.note("backdated", f"{name}index.html", told)

    def _record(self, name: str, entry: Entry, salt: str, erased: bool) -> None:
        record = self.kept.get(name)
        if erased:
            if salt or record is not None:
                self.note("erased", name, f"日志说第 {entry.edition} 版已清除，内容或盐却还在。")
        elif not salt:
            self.note("removed", "proof.json", f"第 {entry.edition} 版没有盐，日志里却没有清除它的记录。")
        elif f"{self.folder}/{name}" not in self.lines:
            self.note("removed", name, f"第 {entry.edition} 版的内容不见了，日志里却没有清除它的记录。")
        elif record is not None and sha256(salt.encode() + b"\n" + record).hexdigest() != entry.payload:
            self.note("changed", name, f"第 {entry.edition} 版的内容与公开时记入日志的不同。")
