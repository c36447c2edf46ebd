"""Moving a city from SQLite to PostgreSQL: all or nothing, with nobody writing meanwhile.

The source is held by one write transaction from the first row read to the end; readers go on. A second process fills
the target in one transaction from the same stream that a backup is made of. When the target has it all, every table of
the source is closed to writes for good: a process that was not told of the move cannot write where nobody looks.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from .archive import to_json, writing
from .loading import missing
from .restoring import Place, Refused, no_worker, only_one
from .saving import write_city, write_whole

MOVED = "moved.json"
CLOSED = "数据已经搬到 PostgreSQL，请设置 MINGTANG_DATABASE_URL"


def move(url: str, step: Callable[[str], None]) -> int:
    """Move everything to the empty database at ``url``. Returns the exit status.

    Raises:
        Refused: nothing was moved, and why.
    """
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise Refused("--to 要写 postgresql://用户:密码@主机/数据库")
    source = connections["default"]
    if source.vendor != "sqlite":
        raise Refused("现在用的已经是 PostgreSQL。换一个 PostgreSQL 请用 mingtang backup 和 restore。")
    with only_one(settings.HOME), no_worker(settings.HOME):
        if missing():
            raise Refused("数据库还没有升级到这个版本，请先运行 mingtang migrate。")
        with _held(source) as connection:
            target = Place(settings.HOME, url)
            again = target.holds_data()
            step("把数据搬到 PostgreSQL……" if not again else "目标数据库里已有数据，先对照是不是上次搬到一半的……")
            told = _send(connection, url, compare=again)
            step("核对完毕，封存原来的 SQLite 数据库……")
            where = urlsplit(url)
            note = {"to": f"{where.hostname or ''}{where.path}", "at": timezone.localtime().isoformat()}
            write_whole(settings.HOME / MOVED, to_json(note))
            _close_to_writes(connection)
    rows = sum(count for count, _ in told["tables"].values())
    step(f"已搬完：{len(told['tables'])} 张表，{rows} 行，每张表的行数和散列相同，编号从原处接着数。")
    print(f"办事日志 {told['journal']['sequence']} 条，末端 {told['journal']['hash'][:16]}… 相同。")
    print(f"公开日志 {told['log']['size']} 条，树根 {told['log']['root'][:16]}… 相同。")
    print("现在设置 MINGTANG_DATABASE_URL 为新的数据库，再启动。所有人要重新登录一次。")
    print("公开进程的数据库角色要收窄：mingtang public-role 角色名")
    return 0


@contextmanager
def _held(source: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """A connection that holds the write lock; what it changed is kept only if all went well."""
    connection = connections.create_connection("default")
    try:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
        yield connection
        with connection.cursor() as cursor:
            cursor.execute("COMMIT")
    except DatabaseError as error:
        raise Refused(f"没有搬：数据库出错（{type(error).__name__}）。原来的数据没有动。") from None
    finally:
        connection.close()
        source.close()


def _send(connection: BaseDatabaseWrapper, url: str, *, compare: bool) -> dict[str, Any]:
    """Stream the city into another process that has the target as its database; gives the manifest.

    Raises:
        Refused: it did not take all of it.
    """
    environment = {**os.environ, "MINGTANG_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "mingtang.settings.embedded"}
    command = [sys.executable, "-m", "mingtang.cli.backup.receiving", *(["--compare"] if compare else [])]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    assert process.stdin is not None
    manifest: dict[str, Any] = {}
    try:
        with process.stdin as pipe, writing(cast(BinaryIO, pipe), None) as archive:
            manifest = write_city(archive, now=timezone.localtime(), reading=connection)
    except BrokenPipeError:
        # It says itself why it wants no more.
        pass
    except BaseException:
        process.kill()
        raise
    finally:
        ended = process.wait()
    if ended:
        raise Refused("没有搬完，两边的数据都没有动。")
    return manifest


def _close_to_writes(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%%'")
        for (name,) in cursor.fetchall():
            for action in ("INSERT", "UPDATE", "DELETE"):
                cursor.execute(
                    f'CREATE TRIGGER IF NOT EXISTS "moved_{action.lower()}_{name}" BEFORE {action} ON "{name}"'
                    f" BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END"
                )


def moved_to() -> str:
    """Where the city went; empty if it is here."""
    try:
        return str(json.loads((settings.HOME / MOVED).read_text(encoding="utf-8"))["to"])
    except (OSError, ValueError, KeyError):
        return ""
