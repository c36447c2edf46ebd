"""``mingtang keys``: which keys this city has, how old they are, and changing one."""

import argparse
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

STALE_DAYS = 365


@dataclass(frozen=True)
class Key:
    """One kind of key. ``change`` makes a new one; without it the key stays for good."""

    name: str
    file: str
    purpose: str
    change: Callable[[], None] | None
    after: str = ""


@dataclass(frozen=True)
class State:
    """``made`` is None where nobody knows; ``older`` counts keys that still open what they sealed."""

    key: Key
    made: datetime | None
    older: int
    exists: bool

    def days(self, now: datetime) -> int | None:
        return None if self.made is None else max((now - self.made).days, 0)


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser."""
    actions = subparsers.add_parser("keys", help="钥匙").add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="列出钥匙和用了多久").set_defaults(func=_list)
    rotate = actions.add_parser("rotate", help="换一把钥匙；旧的留着，用来打开以前封的")
    rotate.add_argument("name", choices=[key.name for key in KEYS if key.change])
    rotate.set_defaults(func=lambda arguments: _rotate(arguments.name))


def states() -> list[State]:
    """Every key of this installation."""
    return [_state(key) for key in KEYS]


def _state(key: Key) -> State:
    path = place_of(key.file)
    if not path.exists():
        return State(key, None, 0, exists=False)
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    words = lines[0].split()
    made = datetime.fromtimestamp(path.stat().st_mtime, timezone.get_current_timezone())
    if key.file in ROTATED and len(words) > 1:
        made = datetime.fromisoformat(words[1])
    # The log's file has the private key above the list of public ones.
    older = len(lines) - (2 if key.name == "log" else 1)
    return State(key, made, max(older, 0), exists=True)


def place_of(file: str) -> Path:
    """Where a key file lies: what the system hands to this process goes before."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(given) / file if given else None
    return path if path is not None and path.exists() else settings.HOME / "secrets" / file


def _list(arguments: argparse.Namespace) -> int:
    now = timezone.localtime()
    for state in states():
        days = state.days(now)
        age = "还没有" if not state.exists else "不知何时所做" if days is None else f"用了 {days} 天"
        more = f"，旧钥匙 {state.older} 把" if state.older else ""
        fixed = "" if state.key.change else "；不更换"
        told = "，建议更换" if state.key.change and days is not None and days > STALE_DAYS else ""
        print(f"{state.key.name:<14} {age}{more}{told}。{state.key.purpose}{fixed}")
    return 0


def _rotate(name: str) -> int:
    from mingtang.journal.administration import KEY_ROTATED
    from mingtang.journal.writing import append, writing

    key = next(each for each in KEYS if each.name == name)
    assert key.change is not None
    if name == "django" and os.environ.get("MINGTANG_SECRET_KEY"):
        print("这把钥匙由环境变量 MINGTANG_SECRET_KEY 给出，请在那里更换。", file=sys.stderr)
        return 1
    try:
        with writing():
            append(KEY_ROTATED, at=timezone.localtime(), payload={"key": name})
            key.change()
    except OSError as error:
        print(
            f"没有换成：{error.strerror}（{place_of(key.file)}）。由系统交给程序的钥匙，请在交出它的地方更换：",
            file=sys.stderr,
        )
        print("新的一行放在最前面，原来的行留在下面。", file=sys.stderr)
        return 1
    print(f"已换：{key.purpose}{key.after}")
    return 0


def put_first(path: Path, line: str) -> None:
    """Put a new key before those in a file, at once and for good, with the file's own rights."""
    told = path.stat()
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
            handle.write(f"{line}\n{path.read_text(encoding='utf-8').strip()}\n")
            handle.flush()
            os.fsync(handle.fileno())
        draft.chmod(told.st_mode & 0o777)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _new_line(file: str) -> Callable[[], None]:
    def change() -> None:
        made = timezone.localtime().isoformat(timespec="seconds")
        put_first(place_of(file), f"{secrets.token_urlsafe(50)} {made}")

    return change


def _change_log_key() -> None:
    from mingtang.disclosure.checkpoints import rotate_key

    rotate_key()


def _change_identity_key() -> None:
    from mingtang.audit.identity_keys import add_key

    add_key()


RESTART = "请马上重新启动明堂的所有进程。"
ROTATED = ("django_key", "intake_key", "one_time_code_key")
KEYS = (
    Key(
        "log", "log_key", "公开日志的签名", _change_log_key, "。请把新的核验钥匙（mingtang log key）告诉保存镜像的人。"
    ),
    Key("django", "django_key", "登录会话和表单的签名", _new_line("django_key"), f"。上一把还认得。{RESTART}"),
    Key(
        "intake",
        "intake_key",
        "群众来信的密封、查询码和退订链接",
        _new_line("intake_key"),
        f"。旧钥匙封的仍能打开，旧查询码仍能用。{RESTART}分开部署的，公开进程要拿到同一个文件。",
    ),
    Key("one-time-code", "one_time_code_key", "动态口令的密封", _new_line("one_time_code_key"), f"。{RESTART}"),
    Key(
        "identity", "identity_keys", "申请人身份信息的加密", _change_identity_key, "。原有的由后台任务逐步改用新钥匙。"
    ),
    Key("audit", "audit_key", "审计记录的印记", None),
)
