"""``mingtang public-role``: narrow the database role of the public process."""

import sys
from typing import Any

from django.db import DatabaseError


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser."""
    parser = subparsers.add_parser("public-role", help="收窄公开进程的数据库角色（PostgreSQL）")
    parser.add_argument("role", help="已经建好的角色名，例如 mingtang_public")
    parser.set_defaults(func=lambda arguments: narrow(arguments.role))


def narrow(role: str) -> int:
    """Grant the role what the public process needs and nothing else. Run again after each ``mingtang migrate``."""
    from mingtang.intake.public_role import grant_public_role

    try:
        grant_public_role(role)
    except (DatabaseError, RuntimeError) as error:
        print(f"没有办成：{error}".strip(), file=sys.stderr)
        return 1
    print(f"角色 {role} 现在只能读公开库、递交表单、凭查询码查回执。升级（migrate）之后再运行一次。")
    return 0
