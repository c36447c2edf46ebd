"""Verifying a whole published tree, a mirror of it or the site itself: no database, no trust in whoever serves it.

Everything wrong is collected: what was changed, what is missing, what was removed, what is dated back.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from .log_check import CHECKPOINT, CHECKPOINTS, FOLDER, KEY, Finding, Log, LogCheck, when
from .manifest_check import INDEX, Line, Listed, read_manifest
from .memory import Memory, Remembered
from .notes import Checkpoint, NoteError, read_keys
from .publication_check import PublicationCheck
from .readers import COMPRESSED, Reader, ReadError, expand

LOOKS = 3
# With one of these the log is not to be believed.
DOUBTS = frozenset({"rewritten", "tree", "checkpoint", "key", "backdated", "tile", "entry"})


class Unusable(Exception):
    """There is nothing here that could be verified. The message is Chinese."""


@dataclass
class Report:
    """What a look found, and how much was looked at."""

    findings: list[Finding]
    checkpoint: Checkpoint | None = None
    files: int = 0
    files_listed: int = 0
    publications: int = 0
    remembered: Remembered | None = None
    as_of: str = ""


def verify(reader: Reader, memory: Memory, *, key: str = "", sample: int = 0) -> Report:
    """Look at everything below ``reader`` and compare it with what ``memory`` keeps, which is then brought up to date.

    Args:
        key: the verifier key to trust; without it the remembered one, and at the first look the one that is there.
        sample: look at so many files drawn at random instead of all; the log and the manifest are always read whole.

    Raises:
        Unusable: no log, manifest or key is there at all, or the key given is none.
    """
    _usable(reader, key)
    done: set[Line] = set()
    for look in range(LOOKS):
        mirror = Mirror(reader, memory, key, sample, done)
        report = mirror.look()
        # Something may have been published while we read: then look again, at what did not fit.
        if not (report.findings and look < LOOKS - 1 and mirror.moved()):
            break
    return report


def _usable(reader: Reader, key: str) -> None:
    try:
        there = [path for path in (KEY, CHECKPOINT, INDEX) if reader.read(path) is not None]
    except ReadError as error:
        raise Unusable(f"{error}。") from None
    if not there:
        raise Unusable("这里没有可以核验的内容：找不到 log/checkpoint 和 manifest/index。")
    if key:
        try:
            read_keys(f"{key}\n")
        except NoteError as error:
            raise Unusable(f"--key 不是核验钥匙：{error}") from None


@dataclass
class Mirror:
    """One look at a tree. ``done`` holds the lines whose files were found good, also by an earlier look."""

    reader: Reader
    memory: Memory
    key: str
    sample: int
    done: set[Line]
    found: list[Finding] = field(default_factory=list)
    listed: Listed = field(default_factory=Listed)
    sizes: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.check = LogCheck(self.reader, self.found)

    def look(self) -> Report:
        report = Report(self.found)
        expected = self._expected()
        log = self.check.open(self.key, expected.key if expected else "")
        if log is None:
            return report
        report.checkpoint = log.newest
        remembered = self.memory.of(log.newest.origin)
        place = self.memory.places.get(self.reader.address)
        if place is not None and place != log.newest.origin:
            self.note("rewritten", KEY, f"这个地址上原来的日志叫 {place}，现在换成了 {log.newest.origin}。")
        self.check.check_tree(log)
        if remembered is not None:
            self.check.check_memory(log, remembered)
        self.listed = read_manifest(self.check, log, remembered)
        lines = self.listed.lines
        report.as_of, report.files_listed = self.listed.as_of, len(lines)
        self._files(log, lines, report)
        self._removed(log, lines)
        self._extra(lines)
        self.check.check_checkpoints(log, self.sizes | ({remembered.state.size} if remembered else set()))
        self.check.check_times(log)
        self._remember(log, remembered, report)
        return report

    def note(self, kind: str, path: str, message: str) -> None:
        self.found.append(Finding(kind, path, message))

    def moved(self) -> bool:
        """Whether the signed index changed since this look read it."""
        try:
            data = self.reader.read(INDEX)
        except ReadError:
            return False
        return data is not None and data != (self.listed.note or "").encode()

    def _expected(self) -> Remembered | None:
        """What is remembered of the log at this address, or of the one whose name the key there bears."""
        origin = self.memory.places.get(self.reader.address, "")
        if not origin:
            with suppress(ReadError):
                origin = (self.reader.read(KEY) or b"").decode(errors="replace").split("+")[0]
        return self.memory.of(origin)

    def _files(self, log: Log, lines: Mapping[str, Line], report: Report) -> None:
        folders: dict[str, list[str]] = defaultdict(list)
        for path in self._wanted(lines):
            folders["/".join(path.split("/")[:2]) if path.startswith("pub/") else ""].append(path)
        for folder, paths in folders.items():
            kept: dict[str, bytes] = {}
            for path, data in self.reader.read_many(paths):
                report.files += 1
                self._file(lines[path], data)
                if folder and isinstance(data, bytes) and path.endswith((".json", "/index.html")):
                    kept[path.removeprefix(f"{folder}/")] = data
            if folder:
                report.publications += 1
                PublicationCheck(self.check, log, folder, kept, lines, self.sizes).check()

    def _wanted(self, lines: Mapping[str, Line]) -> list[str]:
        """The paths to read, sorted: all, or some at random with what proves the publications they belong to."""
        if not 0 < self.sample < len(lines):
            return sorted(lines)
        drawn = set(random.sample(sorted(lines), self.sample))
        folders = {"/".join(path.split("/")[:2]) for path in drawn if path.startswith("pub/")}
        proofs = {f"{folder}/{name}" for folder in folders for name in ("proof.json", "record.json")}
        return sorted(drawn | (proofs & lines.keys()))

    def _file(self, line: Line, data: bytes | None | ReadError) -> None:
        if line in self.done:
            return
        if isinstance(data, ReadError):
            self.note("unreadable", line.path, f"{data}{line.whose}。")
        elif data is None:
            self.note("missing", line.path, f"文件缺失{line.whose}。")
        elif sha256(data).hexdigest() != line.digest:
            self.note("changed", line.path, f"文件被改动{line.whose}。")
        elif self.reader.live:
            self.done.add(line)

    # What only a folder can show.

    @cached_property
    def _there(self) -> frozenset[str]:
        return frozenset(self.reader.paths() or [])

    def _extra(self, lines: Mapping[str, Line]) -> None:
        """Files that nothing lists, and compressed copies, which are what browsers get, that differ from the text."""
        own = {INDEX, CHECKPOINT, *self.listed.shards}
        for path in sorted(self._there):
            plain = path.removesuffix(".gz").removesuffix(".br")
            if path in lines or path in own or path.startswith((f"{FOLDER}tile/", CHECKPOINTS)):
                continue
            if plain == path or (plain not in lines and plain not in own):
                self.note("extra", path, "多出来的文件：清单里没有它。")
            elif not self._same(path, plain, lines.get(plain)):
                self.note("changed", path, f"压缩的一份与原文不同{lines[plain].whose if plain in lines else ''}。")

    def _same(self, path: str, plain: str, line: Line | None) -> bool:
        """Whether a compressed copy holds what is listed, or for what nothing lists, what lies beside it."""
        with suppress(ReadError):
            packed = self.reader.read(path) or b""
            digest = sha256(expand(packed, COMPRESSED[path[-3:]])).hexdigest()
            listed = line.digest if line else self.listed.shards.get(plain)
            return digest == (listed or sha256(self.reader.read(plain) or b"").hexdigest())
        return False

    def _removed(self, log: Log, lines: Mapping[str, Line]) -> None:
        """Publications that the log names and the manifest does not, or whose files are all gone: told in one line."""
        if not lines:
            return
        there: dict[str, list[str]] = defaultdict(list)
        for line in lines.values():
            there[line.publication].append(line.path)
        missing = {one.path for one in self.found if one.kind == "missing"}
        for publication, entries in sorted(log.by_publication.items()):
            paths = there.get(publication, [])
            if all(path in missing for path in paths):
                folder = "/".join(paths[0].split("/")[:2]) if paths else "pub/" + publication.replace("/", "-")
                self.found[:] = [one for one in self.found if not one.path.startswith(f"{folder}/")]
                told = f"整份公开件不见了：日志第 {entries[0].index} 条（{when(entries[0].at)}）记着 {publication}。"
                self.note("removed", folder, told)

    def _remember(self, log: Log, remembered: Remembered | None, report: Report) -> None:
        """Keep this look unless the log itself is in doubt; pages may be wrong without that."""
        if any(one.kind in DOUBTS for one in self.found):
            return
        key = self.key or (remembered.key if remembered else log.keys[0])
        as_of = report.as_of or (remembered.as_of if remembered else "")
        report.remembered = Remembered(key, log.newest.to_text(), as_of)
        self.memory.keep(self.reader.address, log.newest.origin, report.remembered)
