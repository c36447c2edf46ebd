"""``mingtang backup``, ``restore`` and ``move``: keeping a city, and bringing it back."""

import argparse
import getpass
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from .backup import archive, restoring, sealing

TYPED = "替换"
SetUp = Callable[[], None]


def register(subparsers: Any, *, set_up: SetUp) -> None:
    """Add the commands to the ``mingtang`` parser. ``set_up`` prepares the database, once it is known which one."""
    parser = subparsers.add_parser(
        "backup",
        help="备份整座城：数据库、文件、钥匙，做成一个加密的文件；不用停机",
        description="退出码：0 完成，1 没有做成，2 备份文件有问题。",
    )
    parser.add_argument("place", nargs="?", type=Path, help="备份文件，或放备份的文件夹")
    parser.add_argument("--check", action="store_true", help="只核验这个备份文件，不恢复")
    parser.add_argument("--keep", type=int, default=0, metavar="N", help="文件夹里只留最新的 N 份")
    parser.add_argument("--new-key", type=Path, metavar="FILE", help="做一对备份钥匙：恢复用的写进 FILE，请存到别处")
    parser.add_argument(
        "--recipient", default=os.environ.get("MINGTANG_BACKUP_RECIPIENT", ""), help="给这把备份钥匙加密"
    )
    parser.add_argument("--key", default="", help="核验时只相信这把日志钥匙")
    _add_opening(parser)
    parser.set_defaults(func=lambda arguments: _told(_backup, arguments, set_up))
    parser = subparsers.add_parser(
        "restore", help="从备份文件恢复整座城", description="恢复到 MINGTANG_HOME 和 MINGTANG_DATABASE_URL 指的地方。"
    )
    parser.add_argument("file", type=Path, help="备份文件")
    parser.add_argument("--replace", action="store_true", help=f"数据库里已有数据也恢复；要输入“{TYPED}”确认")
    parser.add_argument("--no-tree", action="store_true", help="不马上重新生成公开目录，由后台任务生成")
    parser.add_argument("--key", default="", help="只相信这把日志钥匙签的备份")
    _add_opening(parser)
    parser.set_defaults(func=lambda arguments: _told(_restore, arguments, set_up))
    parser = subparsers.add_parser("move", help="把数据从 SQLite 搬到 PostgreSQL")
    parser.add_argument("--to", required=True, metavar="URL", help="postgresql://用户:密码@主机/空的数据库")
    parser.set_defaults(func=lambda arguments: _told(_move, arguments, set_up))


def _add_opening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="口令写在这个文件的第一行")
    parser.add_argument("--identity", type=Path, metavar="FILE", help="恢复用的备份钥匙（--new-key 写的文件）")


def _told(act: Callable[..., int], arguments: argparse.Namespace, set_up: SetUp) -> int:
    """Run one command; what the operator can mend is one Chinese line."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return act(arguments, set_up)
    except (sealing.Damaged, sealing.Locked, sealing.Newer) as error:
        print(error, file=sys.stderr)
        return 2
    except (restoring.Refused, BlockingIOError) as error:
        print(error, file=sys.stderr)
    except (ValueError, UnsupportedAlgorithm) as error:
        print(f"没有做成：{error}", file=sys.stderr)
    except OSError as error:
        print(f"没有做成：{error.strerror or error}{_named(error)}。原有的数据没有动。", file=sys.stderr)
    except KeyboardInterrupt:
        print("已停止，原有的数据没有动。", file=sys.stderr)
    return 1


def _named(error: OSError) -> str:
    return f"（{error.filename}）" if error.filename else ""


def _step(started: float) -> Callable[[str], None]:
    return lambda text: print(f"[{time.monotonic() - started:5.1f} 秒] {text}", flush=True)


def _backup(arguments: argparse.Namespace, set_up: SetUp) -> int:
    if arguments.new_key is not None:
        return _new_key(arguments.new_key)
    if arguments.place is None:
        raise restoring.Refused("请写明备份文件或文件夹：mingtang backup FILE")
    if arguments.check:
        return _check(arguments)
    wrap = _wrapping(arguments)
    set_up()
    from django.conf import settings
    from django.db import DatabaseError
    from django.utils import timezone

    from .backup import saving

    started = time.monotonic()
    with restoring.only_one(settings.HOME):
        try:
            saved = saving.save(arguments.place, wrap, now=timezone.localtime())
        except saving.Refused as error:
            raise restoring.Refused(str(error)) from None
        except DatabaseError as error:
            raise restoring.Refused(f"没有做成：数据库不能使用（{type(error).__name__}）。") from None
        print(
            f"已备份：{saved.path}（{_size(saved.size)}，{saved.rows} 行，公开版 {saved.editions} 份，用时 {time.monotonic() - started:.0f} 秒）"
        )
        print(f"SHA-256 {saved.sha256}")
        profile = settings.PROFILE_FOLDER.resolve()
        if os.environ.get("MINGTANG_PROFILE") and not profile.is_relative_to(settings.HOME):
            print(f"注意：城市档案在 {profile}，不在数据目录里，请另外备份。")
        if arguments.keep and arguments.place.is_dir():
            for path in saving.prune(arguments.place, arguments.keep):
                print(f"已删除旧备份：{path.name}")
    return 0


def _new_key(path: Path) -> int:
    identity, recipient = sealing.new_identity()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        handle.write(f"{identity}\n")
    print(f"恢复用的钥匙写进了 {path}。请把它存到这台机器以外的地方，再从这里删去：没有它，备份打不开。")
    print(f"备份时给出：MINGTANG_BACKUP_RECIPIENT={recipient}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    """Read an archive to its end without restoring anything."""
    import tempfile

    rows = 0
    with archive.reading(arguments.place, partial(_passphrase, arguments), _identities(arguments)) as reader:
        members = reader.members()
        head = restoring.read_head(members)
        with tempfile.TemporaryDirectory(prefix="mingtang-check-") as folder:
            for member in members:
                if member.name == f"{archive.HOME}{restoring.LOG_KEY}":
                    kept = Path(folder) / restoring.LOG_KEY
                    kept.parent.mkdir()
                    kept.touch(0o600)
                    kept.write_bytes(member.read())
                elif member.name.startswith(archive.TABLES):
                    rows += sum(block.count(b"\n") for block in member.blocks())
            signed_by = restoring.check_note(reader, Path(folder), arguments.key)
    told = sum(count for count, _ in reader.manifest["tables"].values())
    if rows != told:
        raise sealing.Damaged(f"备份文件已损坏：应有 {told} 行，实际 {rows} 行。")
    print(f"完好：{head['city']}，{head['at']}，{len(reader.seen)} 个成员，{rows} 行。")
    print(f"办事日志 {reader.manifest['journal']['sequence']} 条，公开日志 {reader.manifest['log']['size']} 条。")
    print(f"签名钥匙 {signed_by}")
    return 0


def _restore(arguments: argparse.Namespace, set_up: SetUp) -> int:
    place = restoring.Place.of_environment()
    place.home.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    step = _step(started)
    with ExitStack() as stack:
        stack.enter_context(restoring.only_one(place.home))
        stack.enter_context(restoring.no_worker(place.home))
        reader = stack.enter_context(
            archive.reading(arguments.file, partial(_passphrase, arguments), _identities(arguments))
        )
        members = reader.members()
        head = restoring.read_head(members)
        if not (place.home / restoring.MARK).exists() and place.holds_data():
            _confirm(arguments)
        step(f"备份做于 {head['at']}，{head['city']}")
        staging = restoring.Staging.make(place)
        stack.callback(staging.clear)
        return _restore_into(staging, reader, members, head, arguments, set_up, step)


def _restore_into(
    staging: restoring.Staging,
    reader: archive.ArchiveReader,
    members: Any,
    head: dict[str, Any],
    arguments: argparse.Namespace,
    set_up: SetUp,
    step: Callable[[str], None],
) -> int:
    given = os.environ.get("CREDENTIALS_DIRECTORY", "")
    rest = restoring.unpack_home(members, staging.folder)
    first = next(rest, None)
    staging.use()
    set_up()
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.utils import timezone

    from .backup import loading

    def members_again() -> Any:
        if first is not None:
            yield first
        yield from rest

    with ExitStack() as stack:
        try:
            # Pages name the styles they were made with.
            call_command("collectstatic", interactive=False, verbosity=0)
            stack.enter_context(loading.all_or_nothing())
            step("装入数据库……")
            loading.fill(reader, members_again(), head, step)
            signed_by = restoring.check_note(reader, staging.folder, arguments.key)
            restoring.keep_what_is_newer(staging.place, staging.folder)
            told = "公开目录由后台任务重新生成。"
            if not arguments.no_tree:
                step("重新生成公开目录……")
                told = restoring.rebuild_tree(reader.manifest, timezone.localtime())
            step("换上恢复好的城……")
        except DatabaseError as error:
            raise restoring.Refused(f"没有恢复：数据库出错（{_first_line(error)}）。原有的数据没有动。") from None

        def commit() -> None:
            stack.pop_all().close()
            if connection.vendor == "sqlite":
                with connection.cursor() as cursor:
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()

        try:
            old = restoring.switch(staging, commit)
        except DatabaseError as error:
            raise restoring.Refused(f"没有恢复：数据库出错（{_first_line(error)}）。原有的数据没有动。") from None
    rows = sum(count for count, _ in reader.manifest["tables"].values())
    journal, log = reader.manifest["journal"], reader.manifest["log"]
    step(f"已恢复：{rows} 行，每张表的散列与备份相同。")
    print(
        f"办事日志 {journal['sequence']} 条，末端 {journal['hash'][:16]}…；公开日志 {log['size']} 条，树根 {log['root'][:16]}…"
    )
    print(told)
    print(f"备份由这把钥匙签名：{signed_by}")
    if old is not None:
        print(f"换下来的旧数据在 {old}，确认不再需要后可以删去。")
    for path in restoring.given_otherwise(Path(given) if given else None, staging.place.home):
        print(f"注意：系统另外交给程序的 {path.name} 与备份里的不同，请换成这一份：{path}")
    if connection.vendor == "postgresql":
        print("公开进程的数据库角色要重新收窄：mingtang public-role 角色名")
    return 1 if told.startswith("注意") else 0


def _first_line(error: Exception) -> str:
    """Without the rows that databases quote."""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:120]}" if str(error) else type(error).__name__


def _confirm(arguments: argparse.Namespace) -> None:
    if not arguments.replace:
        raise restoring.Refused("数据库里已有数据，没有恢复。请用空的数据库和数据目录；要换掉现有的，加 --replace。")
    print(f"现有的数据会被备份里的换掉。确定的话请输入“{TYPED}”：", end="", flush=True)
    if sys.stdin.readline().strip() != TYPED:
        raise restoring.Refused("没有确认，没有恢复。")


def _wrapping(arguments: argparse.Namespace) -> Callable[[bytes], dict[str, Any]]:
    if arguments.recipient:
        return partial(sealing.wrap_for_recipient, arguments.recipient)
    passphrase = _passphrase(arguments, new=True)
    if len(passphrase) < sealing.SHORTEST_PASSPHRASE:
        raise restoring.Refused(f"备份口令至少 {sealing.SHORTEST_PASSPHRASE} 个字符：备份里有全部钥匙。")
    return partial(sealing.wrap_for_passphrase, passphrase)


def _passphrase(arguments: argparse.Namespace, *, new: bool = False) -> str:
    """From a file, the environment, what the system hands over, or typed; the empty text if a key is to open it."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    given = arguments.passphrase_file or (Path(credentials) / "backup_passphrase" if credentials else None)
    if given is not None and given.exists():
        return (given.read_text(encoding="utf-8").splitlines() or [""])[0].strip()
    if arguments.passphrase_file is not None:
        raise restoring.Refused(f"没有口令文件：{given}")
    typed = os.environ.get("MINGTANG_BACKUP_PASSPHRASE", "")
    if typed or not sys.stdin.isatty():
        if not typed:
            raise restoring.Refused(
                "没有备份口令：请设 MINGTANG_BACKUP_PASSPHRASE，或用 --passphrase-file，或给出备份钥匙（--recipient）。"
            )
        return typed
    typed = getpass.getpass("备份口令：")
    if new and getpass.getpass("再输一次：") != typed:
        raise restoring.Refused("两次输入的口令不同。")
    return typed


def _identities(arguments: argparse.Namespace) -> list[str]:
    if arguments.identity is None:
        return []
    return [line for line in arguments.identity.read_text(encoding="utf-8").splitlines() if line.strip()]


def _size(count: int) -> str:
    return f"{count / (1 << 20):.1f} MiB" if count >= 1 << 20 else f"{count / (1 << 10):.1f} KiB"


def _move(arguments: argparse.Namespace, set_up: SetUp) -> int:
    set_up()
    from .backup import moving

    return moving.move(arguments.to, _step(time.monotonic()))
