"""Making an archive while the city is at work: one snapshot of the database, written beside its final name and put in
place when it is whole and on the disk."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from mingtang.bake import state as bake_state
from mingtang.disclosure.checkpoints import signer

from .archive import HEAD, TABLES, ArchiveWriter, to_json, writing
from .archive import HOME as IN_HOME
from .loading import applied, missing
from .restoring import give_to_owner
from .tables import drawn_keys, heads, lines_of, tables_of

ENDING = ".mingtang-backup"
DRAFT = ".draft-"
SEGMENT = 4 << 20
STATE = "backup.state.json"
SECRETS = ("audit_key", "django_key", "intake_key", "one_time_code_key")
# Made anew from the rest, or of this machine alone.
LEFT_OUT = re.compile(
    r"public|public\..*|\.public-.*|search|static|restore\.state\.json|\.restore-.*|replaced-.*|worker\..*"
    r"|backup\.state\.json|.*\.lock|.*\.draft|moved\.json|.*\.mingtang-backup|\.draft-.*|.*\.log"
)


class Refused(Exception):
    """What keeps a backup from being made. The message is Chinese."""


@dataclass(frozen=True)
class Saved:
    """An archive that was made. ``size`` in bytes."""

    path: Path
    size: int
    sha256: str
    rows: int
    editions: int


def save(target: Path, wrap: Callable[[bytes], dict[str, Any]], *, now: datetime) -> Saved:
    """Write an archive to ``target``, a file that is not there yet or a folder that is.

    Raises:
        Refused: there is such a file, or the database is not of this release.
        OSError: the disk is full or not writable. Nothing is left behind.
    """
    if target.is_dir():
        target = target / f"mingtang-{now:%Y%m%d-%H%M%S}{ENDING}"
    if target.exists():
        raise Refused(f"已有同名文件，不会覆盖：{target}")
    if absent := missing():
        names = "、".join(f"{app}.{name}" for app, name in absent[:3])
        raise Refused(f"数据库还没有升级到这个版本（缺 {names}），请先运行 mingtang migrate。")
    for left in target.parent.glob(f"{DRAFT}*{ENDING}"):
        left.unlink(missing_ok=True)
    draft = target.with_name(f"{DRAFT}{os.getpid()}{ENDING}")
    try:
        with draft.open("xb") as handle:
            os.fchmod(handle.fileno(), 0o600)
            hashed = _Hashing(handle)
            with writing(hashed, wrap) as archive:  # type: ignore[arg-type]
                told = write_city(archive, now=now)
            handle.flush()
            os.fsync(handle.fileno())
        os.link(draft, target)
    except FileExistsError:
        raise Refused(f"已有同名文件，不会覆盖：{target}") from None
    finally:
        draft.unlink(missing_ok=True)
    synchronise(target.parent)
    tables = told["tables"]
    saved = Saved(
        target,
        hashed.size,
        hashed.digest.hexdigest(),
        sum(rows for rows, _ in tables.values()),
        tables.get("editions_edition", [0])[0],
    )
    note = {"at": now.isoformat(), "sha256": saved.sha256, "size": saved.size, "file": str(target.resolve())}
    write_whole(settings.HOME / STATE, to_json(note))
    return saved


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest ``keep`` archives that ``save`` named itself; gives those deleted."""
    named = re.compile(rf"mingtang-\d{{8}}-\d{{6}}{re.escape(ENDING)}")
    found = sorted(path for path in folder.iterdir() if named.fullmatch(path.name))
    old = found[:-keep] if keep else []
    for path in old:
        path.unlink(missing_ok=True)
    return old


def last_backup(home: Path) -> dict[str, Any] | None:
    """``at``, ``sha256``, ``size`` and ``file`` of the newest archive; None if none was ever made."""
    try:
        return dict(json.loads((home / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_city(archive: ArchiveWriter, *, now: datetime, reading: BaseDatabaseWrapper | None = None) -> dict[str, Any]:
    """Everything of this city into an archive. Returns its manifest. With ``reading``, only the database, as that
    connection sees it.

    Files go first: a checkpoint kept beside the key is then never ahead of the database in the same archive.
    """
    key, tables = signer(), tables_of(apps)
    head = {
        "format": 1,
        "version": version("mingtang"),
        "at": now.isoformat(),
        "city": settings.SITE.get("domain", ""),
        "vendor": connections["default"].vendor,
        "migrations": applied(),
        "columns": {table.name: table.columns for table in tables},
    }
    archive.add(HEAD, to_json(head))
    before = _secrets()
    if reading is None:
        for name, path in _home_files():
            archive.add_file(f"{IN_HOME}{name}", path)
        for name in SECRETS:
            given = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / name
            wanted = os.environ.get("CREDENTIALS_DIRECTORY") and f"{IN_HOME}secrets/{name}" not in archive.members
            if wanted and given.exists():
                archive.add_file(f"{IN_HOME}secrets/{name}", given)
    with snapshot() if reading is None else nullcontext(reading) as connection:
        if before != _secrets():
            raise Refused("备份时换了钥匙，请再备份一次。")
        manifest: dict[str, Any] = {
            **head,
            **heads(connection),
            "tables": {table.name: _add_table(archive, table, connection) for table in tables},
            "drawn": drawn_keys(tables, connection),
            "tree": tree_now(),
        }
    archive.finish(manifest, key.sign)
    return manifest


def tree_now() -> dict[str, Any] | None:
    """How far the public tree is baked, and the hash of the list of its files; None where there is no tree."""
    state = bake_state.read(settings.PUBLIC_ROOT)
    try:
        index = (settings.PUBLIC_ROOT / "manifest" / "index").read_bytes()
    except OSError:
        return None
    if state is None or state != bake_state.read(settings.PUBLIC_ROOT):
        return None
    return {"state": vars(state), "index": sha256(index).hexdigest()}


@contextmanager
def snapshot() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own that sees the database as it is now, however long it reads, and holds up no writer."""
    connection = connections.create_connection("default")
    try:
        if connection.vendor == "postgresql":
            connection.set_autocommit(False)
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        else:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN DEFERRED")
                # The first read fixes the moment.
                cursor.execute("SELECT COUNT(*) FROM sqlite_master")
                cursor.fetchone()
        yield connection
    finally:
        if connection.connection is not None:
            with connection.wrap_database_errors:
                connection.connection.rollback()
        connection.close()


def _add_table(archive: ArchiveWriter, table: Any, connection: BaseDatabaseWrapper) -> list[Any]:
    """Rows in segments of a few MiB; gives their number and the hash over all of them."""
    count, digest, number, waiting = 0, sha256(), 0, bytearray()
    for line in lines_of(table, connection):
        count += 1
        waiting += line
        if len(waiting) >= SEGMENT:
            digest.update(waiting)
            archive.add(f"{TABLES}{table.name}/{number:06d}.jsonl", bytes(waiting))
            number, waiting = number + 1, bytearray()
    if waiting:
        digest.update(waiting)
        archive.add(f"{TABLES}{table.name}/{number:06d}.jsonl", bytes(waiting))
    return [count, digest.hexdigest()]


def _home_files() -> Iterator[tuple[str, Path]]:
    database = str(settings.DATABASES["default"]["NAME"])
    for folder, folders, names in os.walk(settings.HOME):
        here = Path(folder)
        if here == settings.HOME:
            folders[:] = [name for name in folders if not LEFT_OUT.fullmatch(name)]
            names = [name for name in names if not LEFT_OUT.fullmatch(name)]
        folders.sort()
        for name in sorted(names):
            path = here / name
            if path.is_symlink() or not path.is_file() or str(path).startswith(database) or name.endswith(ENDING):
                continue
            yield path.relative_to(settings.HOME).as_posix(), path


def _secrets() -> dict[str, bytes]:
    folder = settings.LOG_KEY.parent
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(f"{settings.LOG_KEY.name}.")
    }


class _Hashing:
    """A file handle that hashes and counts what goes through it."""

    def __init__(self, handle: BinaryIO) -> None:
        self.handle, self.digest, self.size = handle, sha256(), 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self.handle.write(data)


def write_whole(path: Path, data: bytes) -> None:
    """Put a small file in place at once, for its owner alone."""
    draft = path.with_name(f"{path.name}.draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    give_to_owner(path.parent, draft)
    os.replace(draft, path)


def synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
