"""``mingtang demo``: load the demonstration city, print its accounts, or throw it away."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from . import demo_guard

PASSWORD_FILE = "demo_accounts.json"  # noqa: S105


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser."""
    parser = subparsers.add_parser("demo", help="演示城市")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("load", help="装载演示城市（数据库须为空）").set_defaults(func=load_command)
    actions.add_parser("accounts", help="列出演示账号").set_defaults(func=accounts_command)
    discard = actions.add_parser("discard", help="清掉演示城市，留下一个空的安装")
    discard.add_argument("--city", help="演示城市的名称；写了就不再问")
    discard.set_defaults(func=discard_command)


def load_command(arguments: argparse.Namespace) -> int:
    """Load into an empty database; refuses any other."""
    from mingtang.units.models import Unit

    if Unit.objects.exists() or settings.OWN_CITY:
        print("这里已有单位，或者已是自己的城市，演示数据不会装进去。")
        return 1
    refused = demo_guard.refusal([], settings.ALLOWED_HOSTS, settings.SITE["address"])
    if refused:
        print(refused)
        return 1
    load(print)
    print_accounts(f"http://127.0.0.1:{settings.PORT}")
    return 0


def accounts_command(arguments: argparse.Namespace) -> int:
    print_accounts(f"http://127.0.0.1:{settings.PORT}")
    return 0


def discard_command(arguments: argparse.Namespace) -> int:
    """Empty the database and take away everything made from it, once the city's name was typed.

    Refuses when anybody real has an account: their work would go too.
    """
    from mingtang.units.models import Person
    from mingtang.units.profile import current_profile

    from .backup import restoring

    real = Person.objects.filter(demonstration=False).count()
    if not (demo_guard.is_marked(settings.HOME) or demo_guard.has_people()):
        print("这里没有演示城市，什么都没有动。", file=sys.stderr)
        return 1
    if real:
        print(f"这里有{real}个真实账号，不能整个清掉。正式使用请换一个空的数据目录（MINGTANG_HOME）。", file=sys.stderr)
        return 1
    try:
        with restoring.no_worker(settings.HOME):
            name = current_profile().name
            if arguments.city is None:
                print(f"将清掉{settings.HOME}里的演示城市：全部单位、人员、文件、公开页面和签名钥匙，不能恢复。")
            try:
                typed = arguments.city if arguments.city is not None else input(f"确认请输入城市名称“{name}”：")
            except (EOFError, KeyboardInterrupt):
                typed = ""
            if typed.strip() != name:
                print("名称不对，什么都没有动。", file=sys.stderr)
                return 1
            _discard()
    except restoring.Refused as error:
        print(error, file=sys.stderr)
        return 1
    print("演示城市已清掉，安装是空的。接下来：mingtang init")
    return 0


def _discard() -> None:
    """The mark goes last: whoever was interrupted can do it over."""
    call_command("flush", interactive=False, verbosity=0)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # Deleted rows would else stay readable in the file.
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for folder in (settings.PUBLIC_ROOT, settings.SEARCH_ROOT):
        shutil.rmtree(folder, ignore_errors=True)
    leftovers = [settings.PUBLIC_ROOT.with_name(f"{settings.PUBLIC_ROOT.name}.state.json")]
    # A log key that signed for the demonstration must not sign for a city.
    leftovers += sorted(settings.LOG_KEY.parent.glob(f"{settings.LOG_KEY.name}*"))
    for path in (*leftovers, settings.HOME / "secrets" / PASSWORD_FILE, settings.HOME / demo_guard.MARK):
        path.unlink(missing_ok=True)


def load(step: Callable[[str], object]) -> None:
    """A year of the city, made by the real services with moments that lie in the past."""
    from .demo.year import load_year

    (settings.HOME / demo_guard.MARK).touch()
    # This process bakes the first pages; those started after it read the mark themselves.
    settings.SITE["demonstration"] = True
    accounts = load_year(now=timezone.localtime(), step=step)
    path = settings.HOME / "secrets" / PASSWORD_FILE
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(json.dumps(accounts, ensure_ascii=False, indent=1))
    path.chmod(0o600)


def print_accounts(address: str) -> None:
    """Say where to sign in, as whom. Prints nothing where no demonstration city was loaded."""
    path = settings.HOME / "secrets" / PASSWORD_FILE
    if not path.exists():
        return
    accounts = json.loads(path.read_text())
    print(
        f"\n公众网站  {address}/\n办公台    {address}/desk/\n\n演示账号（虚构人员，密码都是 {accounts['password']}）："
    )
    for username, description in accounts["people"]:
        print(f"  {username:<16} {description}")
    print("\n按 Ctrl+C 停止。", flush=True)
