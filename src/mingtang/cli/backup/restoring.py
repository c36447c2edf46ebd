"""Restoring a city: everything is made anew beside what is there, compared, and only then put in its place.

The process that restores never loads the settings of the old home: it works in a staging folder inside
MINGTANG_HOME as if that were the home, and on a staging file or, on PostgreSQL, inside one transaction.
"""

import fcntl
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mingtang.merkle.notes import Checkpoint, NoteError, open_note, read_keys

from .archive import HEAD, HOME, ArchiveReader, Member, is_safe
from .sealing import Damaged, Newer

STAGING = ".restore-"
# Held by the worker as long as it lives.
WORKER_LOCK = "worker.lock"
# While it is there, the city is between two states and nothing may run on it.
MARK = "restore.state.json"
ASKED = ("units_person", "units_unit", "journal_event", "editions_edition", "records_record")
LOG_KEY, KEPT = "secrets/log_key", "secrets/log_key.checkpoint"
# Of this machine alone, or rebuilt by the worker.
DROPPED = ("search", "public", "public.state.json", "static")


class Refused(Exception):
    """Why nothing is restored. The message is Chinese."""


@dataclass(frozen=True)
class Place:
    """Where a city lives: its home, and its database by URL."""

    home: Path
    url: str

    @classmethod
    def of_environment(cls) -> "Place":
        home = Path(os.environ.get("MINGTANG_HOME", "var")).resolve()
        return cls(home, os.environ.get("MINGTANG_DATABASE_URL") or f"sqlite:///{home / 'mingtang.sqlite3'}")

    @property
    def file(self) -> Path | None:
        """The database's file; None on PostgreSQL."""
        import dj_database_url

        parsed = dj_database_url.parse(self.url)
        return Path(str(parsed["NAME"])) if parsed["ENGINE"].endswith("sqlite3") else None

    def holds_data(self) -> bool:
        """Whether any row of a city is in the database, whatever release made it.

        Raises:
            Refused: the database cannot be asked.
        """
        if self.file is not None:
            if not self.file.exists() or not self.file.stat().st_size:
                return False
            try:
                with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as found:
                    known = {name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                    return any(found.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in known & {*ASKED})  # noqa: S608
            except sqlite3.DatabaseError:
                # Whatever it is, it is not ours to overwrite unasked.
                return True
        import psycopg

        try:
            with psycopg.connect(self.url, connect_timeout=10) as connection:
                rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
                known = {str(name) for (name,) in rows}
                asked = [f"SELECT 1 FROM {name} LIMIT 1" for name in known & {*ASKED}]  # noqa: S608
                return any(connection.execute(question).fetchone() for question in asked)
        except psycopg.Error as error:
            raise Refused(f"数据库连不上，没有恢复：{type(error).__name__}") from None


@dataclass
class Staging:
    """The new home while it is being made, and the new database file beside the old one (None on PostgreSQL)."""

    place: Place
    folder: Path
    file: Path | None

    @classmethod
    def make(cls, place: Place) -> "Staging":
        """Empty; what a killed restore left is cleared away."""
        place.home.mkdir(parents=True, exist_ok=True)
        folders = {place.home, place.file.parent if place.file else place.home}
        for left in [path for folder in folders if folder.is_dir() for path in folder.glob(f"{STAGING}*")]:
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
        name = f"{STAGING}{secrets.token_hex(4)}"
        folder = place.home / name
        folder.mkdir(mode=0o750)
        file = place.file
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file = file.with_name(f"{name}.sqlite3")
        return cls(place, folder, file)

    def use(self) -> None:
        """Make this process live in it. Before the settings are loaded."""
        os.environ["MINGTANG_HOME"] = str(self.folder)
        if self.file is not None:
            os.environ["MINGTANG_DATABASE_URL"] = f"sqlite:///{self.file}"
        # What the system hands over belongs to the city that was; the archive has its own.
        os.environ.pop("CREDENTIALS_DIRECTORY", None)

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.file is not None:
            for ending in ("", "-wal", "-shm", "-journal"):
                self.file.with_name(self.file.name + ending).unlink(missing_ok=True)


@contextmanager
def held(path: Path, told: str) -> Iterator[None]:
    """Hold a lock that ends with this process. Raises Refused with ``told`` if another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        give_to_owner(path.parent, path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(told) from None
        yield


def give_to_owner(home: Path, *paths: Path) -> None:
    """Files that root made for a home of another user become that user's."""
    owner = home.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        for path in paths:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def only_one(home: Path) -> AbstractContextManager[None]:
    """One backup, restore or move at a time. Raises Refused."""
    return held(home / "keeping.lock", "另一个备份、恢复或搬迁正在进行，请等它结束。")


def no_worker(home: Path) -> AbstractContextManager[None]:
    """Keeps the background worker from running. Raises Refused if it does."""
    return held(home / WORKER_LOCK, "后台任务还在运行。请先停止明堂（systemctl stop mingtang-worker 等），再做一次。")


def read_head(members: Iterator[Member]) -> dict[str, Any]:
    """The archive's first member.

    Raises:
        Damaged: it is no such thing.
        Newer: a newer release wrote it.
    """
    first = next(members, None)
    try:
        if first is None or first.name != HEAD or first.size > 1 << 20:
            raise ValueError
        head = dict(json.loads(first.read()))
        made_by, own = _parts(str(head["version"])), _parts(version("mingtang"))
        list(head["migrations"]), dict(head["columns"])
    except (ValueError, KeyError, TypeError):
        raise Damaged("备份文件已损坏：开头（head.json）读不懂。") from None
    if int(head["format"]) > 1 or made_by > own:
        raise Newer(
            f"这份备份由更新的明堂（{head['version']}）做成，这里是 {version('mingtang')}。请先升级程序，再恢复。"
        )
    return head


def _parts(text: str) -> list[int]:
    return [int("".join(filter(str.isdigit, part)) or 0) for part in text.split(".")]


def unpack_home(members: Iterator[Member], folder: Path) -> Iterator[Member]:
    """Write the files of the home into ``folder``; then give the other members, from the first on."""
    for member in members:
        if not member.name.startswith(HOME):
            yield member
            yield from members
            return
        name = member.name.removeprefix(HOME)
        if not is_safe(name):
            raise Damaged(f"备份文件已损坏：“{member.name}”不是备份里该有的文件。")
        path = folder / name
        private = name.startswith("secrets/")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o750)
        mode = 0o600 if private else member.mode & 0o755
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as handle:
            for block in member.blocks():
                handle.write(block)


def check_note(reader: ArchiveReader, folder: Path, pinned: str = "") -> str:
    """The key that signed the archive's list: one of the log in it, and the ``pinned`` one where given.

    Raises:
        Damaged: it did not.
    """
    try:
        text = (folder / LOG_KEY).read_text(encoding="utf-8").split("\n", 1)[1]
        keys = read_keys(text, pinned)
        body = open_note(reader.note, keys)
    except (OSError, IndexError, NoteError) as error:
        raise Damaged(f"备份的签名不能相信：{error}") from None
    if reader.list_hash not in body:
        raise Damaged("备份文件已损坏：清单（manifest.json）与它的签名对不上。")
    return keys[0]


def keep_what_is_newer(place: Place, folder: Path) -> None:
    """Into the staging home: the log key that followed the archive's, and the newest checkpoint this house published.

    So an old backup can be restored, but does not sign a second history under the same name.
    """
    archived = _published(folder / LOG_KEY)
    own = _published(place.home / LOG_KEY)
    if archived and archived[0] in own[1:]:
        shutil.copyfile(place.home / LOG_KEY, folder / LOG_KEY)
    known = own if archived and archived[0] in own else archived
    newest, note = _checkpoint(folder / KEPT, archived), None
    for path in (place.home / KEPT, place.home / "public" / "log" / "checkpoint"):
        found = _checkpoint(path, known)
        if found is not None and (newest is None or found.size > newest.size):
            newest, note = found, path.read_bytes()
    if note is not None:
        (folder / KEPT).write_bytes(note)
        (folder / KEPT).chmod(0o600)


def _published(path: Path) -> list[str]:
    try:
        return list(read_keys(path.read_text(encoding="utf-8").split("\n", 1)[1]))
    except (OSError, IndexError, NoteError, UnicodeDecodeError):
        return []


def _checkpoint(path: Path, keys: list[str]) -> Checkpoint | None:
    try:
        return Checkpoint.from_text(open_note(path.read_text(encoding="utf-8"), keys))
    except (OSError, NoteError, UnicodeDecodeError):
        return None


def given_otherwise(credentials: Path | None, home: Path) -> list[Path]:
    """Restored keys that the system hands to processes in another form: what they sealed would not open."""
    if credentials is None or not credentials.is_dir():
        return []
    restored = sorted((home / "secrets").iterdir())
    return [
        path
        for path in restored
        if (credentials / path.name).is_file() and (credentials / path.name).read_bytes() != path.read_bytes()
    ]


def rebuild_tree(manifest: dict[str, Any], now: datetime) -> str:
    """Bake the public tree in the staging home, and say in Chinese whether it is what it was."""
    from django.conf import settings

    from mingtang.bake import following as bake
    from mingtang.bake import state as bake_state
    from mingtang.disclosure.checkpoints import BehindPublished, published_keys, refuse_if_behind, signer

    try:
        refuse_if_behind()
    except BehindPublished as error:
        return f"注意：{error}公开目录保持原样，没有重新生成。"
    told = manifest.get("tree")
    moment = datetime.fromisoformat(told["state"]["as_of"]) if told else now
    baked = bake.rebuild(bake.Key(signer(), published_keys()), settings.PUBLIC_ROOT, moment)
    words = f"公开目录已重新生成：{baked.publications} 件公开内容"
    if told is None:
        return f"{words}。"
    state = bake_state.read(settings.PUBLIC_ROOT)
    index = sha256((settings.PUBLIC_ROOT / "manifest" / "index").read_bytes()).hexdigest()
    if state is None or vars(state) != told["state"]:
        return f"{words}。备份时的目录由别的版本生成，或没有跟上数据库，不能逐字节对照。"
    if index == told["index"]:
        return f"{words}，与备份时逐字节相同。"
    return f"{words}，但与备份时的不同：网址（MINGTANG_ADDRESS）或城市配置可能变了。"


def switch(staging: Staging, commit: Callable[[], None]) -> Path | None:
    """Put the new home and database in place of the old. Returns the folder that keeps the old ones, if there were any.

    A mark stands in the home while it happens: if the process dies in between, nothing starts until the restore is
    run again.
    """
    home = staging.place.home
    made = [staging.folder, *staging.folder.rglob("*"), *([staging.file] if staging.file else [])]
    give_to_owner(home, *made)
    mark = home / MARK
    mark.write_text(json.dumps({"staging": staging.folder.name}))
    _synchronise(home)
    try:
        commit()
    except BaseException:
        mark.unlink()
        raise
    old = home / f"replaced-{staging.folder.name.removeprefix(STAGING)}"
    old.mkdir(mode=0o700)
    file = staging.place.file
    if file is not None and staging.file is not None:
        kept = old if file.parent == home else file.parent / old.name
        kept.mkdir(mode=0o700, exist_ok=True)
        for ending in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                os.rename(f"{file}{ending}", kept / f"{file.name}{ending}")
        os.rename(staging.file, file)
        with suppress(OSError):
            kept.rmdir()
    names = sorted(path.name for path in staging.folder.iterdir())
    dropped = [name for name in DROPPED if name in names or name == "search"]
    for name in names + [name for name in dropped if name not in names]:
        old.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            os.rename(home / name, old / name)
        with suppress(FileNotFoundError):
            os.rename(staging.folder / name, home / name)
    for name in DROPPED:
        path = old / name
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    staging.folder.rmdir()
    (home / "moved.json").unlink(missing_ok=True)
    _synchronise(home)
    mark.unlink()
    with suppress(OSError):
        old.rmdir()
    return old if old.exists() else None


def _synchronise(folder: Path) -> None:
    os.sync()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
