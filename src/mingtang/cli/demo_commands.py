"""``mingtang demo``: load the demonstration city, or print its accounts."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone

PASSWORD_FILE = "demo_accounts.json"  # noqa: S105


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser."""
    parser = subparsers.add_parser("demo", help="演示城市")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("load", help="装载演示城市（数据库须为空）").set_defaults(func=load_command)
    actions.add_parser("accounts", help="列出演示账号").set_defaults(func=accounts_command)


def load_command(arguments: argparse.Namespace) -> int:
    """Load into an empty database; refuses any other."""
    from mingtang.units.models import Unit

    if Unit.objects.exists():
        print("数据库里已有单位，演示数据不会装进去。")
        return 1
    load(print)
    print_accounts(f"http://127.0.0.1:{settings.PORT}")
    return 0


def accounts_command(arguments: argparse.Namespace) -> int:
    print_accounts(f"http://127.0.0.1:{settings.PORT}")
    return 0


def load(step: Callable[[str], object]) -> None:
    """A year of the city, made by the real services with moments that lie in the past."""
    from .demo.year import load_year

    (settings.HOME / "demonstration").touch()
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
