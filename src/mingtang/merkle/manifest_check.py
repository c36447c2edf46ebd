"""Reading the signed list of everything in a published tree (``manifest/``), and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256

from .log_check import CHECKPOINTS, FOLDER, Log, LogCheck, when
from .memory import Remembered
from .notes import NoteError, moment_of, open_note
from .readers import ReadError

INDEX = "manifest/index"
UNLISTED = ("manifest/", "log/checkpoint", CHECKPOINTS, f"{FOLDER}tile/")


@dataclass(frozen=True)
class Line:
    """One line of the manifest. ``edition`` is ``index_number#n``, or ``-`` for what belongs to no edition."""

    digest: str
    edition: str
    path: str

    @property
    def publication(self) -> str:
        return self.edition.rpartition("#")[0]

    @property
    def number(self) -> str:
        return self.edition.rpartition("#")[2] if self.publication else ""

    @property
    def whose(self) -> str:
        return f"（{self.publication} 第 {self.number} 版）" if self.publication else ""


@dataclass
class Listed:
    """The manifest as read: its lines by path, the note of its index, its shards, and its moment (ISO)."""

    lines: dict[str, Line] = field(default_factory=dict)
    note: str | None = None
    shards: dict[str, str] = field(default_factory=dict)
    as_of: str = ""


def read_manifest(check: LogCheck, log: Log, remembered: Remembered | None) -> Listed:
    """Read index and shards; a damaged one is noted, and what it should list is then not known."""
    listed = Listed(note=check.read_text(INDEX))
    if listed.note is None:
        return listed
    try:
        title, size, release, as_of, *rows = open_note(listed.note, log.keys).removesuffix("\n").split("\n")
        moment = moment_of(as_of)
        right = title == f"{log.newest.origin} manifest" and release != ""
    except NoteError as error:
        check.note("manifest", INDEX, str(error))
        return listed
    except ValueError:
        right = False
    if not right:
        check.note("manifest", INDEX, "清单目录的格式不对。")
        return listed
    if size != str(log.newest.size):
        check.note("manifest", INDEX, f"清单写着日志有 {size} 条，检查点是 {log.newest.size} 条：两者不是同一时刻的。")
    if remembered is not None and remembered.as_of and moment < moment_of(remembered.as_of):
        before = when(moment_of(remembered.as_of))
        told = f"清单是 {when(moment)} 的，比记得的（{before}）旧：目录被回退，或这是一份旧的镜像。"
        check.note("rewritten", INDEX, told)
    listed.as_of = as_of
    for row in rows:
        digest, _, name = row.partition("  ")
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or not re.fullmatch(r"[0-9a-f]{2}\.txt", name):
            check.note("manifest", INDEX, f"清单目录里有一行读不懂：{row[:200]}")
        else:
            listed.shards[f"manifest/{name}"] = digest
    for path, data in check.reader.read_many(listed.shards):
        if isinstance(data, ReadError):
            check.note("unreadable", path, f"{data}。")
        elif data is None:
            check.note("missing", path, "清单分册缺失。")
        else:
            if sha256(data).hexdigest() != listed.shards[path]:
                check.note("manifest", path, "清单分册被改动：与签了名的目录不符。")
            _read_shard(check, path, data, listed.lines)
    return listed


def _read_shard(check: LogCheck, path: str, data: bytes, lines: dict[str, Line]) -> None:
    before = ""
    for number, text in enumerate(data.decode(errors="replace").removesuffix("\n").split("\n"), 1):
        parts = text.split("  ", 2)
        line = Line(*parts) if len(parts) == 3 else Line("", "", "")
        if not re.fullmatch(r"[0-9a-f]{64}", line.digest) or not _safe(line.path) or not line.edition:
            check.note("manifest", path, f"第 {number} 行读不懂：{text[:200]}")
        elif line.path <= before or shard_of(line.path) != path[-6:-4] or line.path.startswith(UNLISTED):
            check.note("manifest", path, f"第 {number} 行不该在这里：{line.path}")
        else:
            lines[line.path] = line
        before = line.path or before


def _safe(path: str) -> bool:
    """Whether a path stays within the tree, whoever wrote it."""
    bad = re.search(r"[\x00-\x1f\\\ufffd]", path)
    return bool(path) and not bad and not any(part in ("", ".", "..") for part in path.split("/"))


def shard_of(path: str) -> str:
    """The shard of a path, two hex digits: a publication's files share one."""
    parts = path.split("/")
    key = "/".join(parts[:2]) if parts[0] == "pub" and len(parts) > 1 else path
    return sha256(key.encode()).hexdigest()[:2]
