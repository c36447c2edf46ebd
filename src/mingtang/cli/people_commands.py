"""``mingtang people``: accounts and posts, for whoever runs the installation."""

import argparse
import getpass
import os
import sys
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from mingtang.units.models import Person, Unit
from mingtang.units.roles import ROLES
from mingtang.units.selectors import recognise
from mingtang.units.services import UnitsError, person_create, post_assign, set_password, totp_reset


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser. Passwords come from MINGTANG_PASSWORD or are asked for."""
    actions = subparsers.add_parser("people", help="账号和岗位").add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="新建账号")
    create.add_argument("username")
    create.add_argument("--name", required=True, help="姓名")
    create.set_defaults(func=_told(create_person))
    post = actions.add_parser("post", help="安排岗位")
    post.add_argument("username")
    post.add_argument("--unit", required=True, help="单位代码或名称")
    post.add_argument("--role", required=True, choices=sorted(ROLES))
    post.add_argument("--title", default="")
    post.add_argument("--from", dest="valid_from", type=date.fromisoformat, default=None, help="任职起始日，默认今天")
    post.set_defaults(func=_told(assign_post))
    actions.add_parser("list", help="列出账号和岗位").set_defaults(func=list_people)
    password = actions.add_parser("password", help="重设密码")
    password.add_argument("username")
    password.set_defaults(func=_told(reset_password))
    codes = actions.add_parser("totp-reset", help="取消动态口令和备用码（手机丢失时）")
    codes.add_argument("username")
    codes.set_defaults(func=_told(reset_codes))


def _told(action: Any) -> Any:
    """Turn refusals into one line on standard error and exit status 1."""

    def run(arguments: argparse.Namespace) -> int:
        try:
            return int(action(arguments))
        except UnitsError as error:
            print(error, file=sys.stderr)
        except ValidationError as error:
            print("；".join(error.messages), file=sys.stderr)
        return 1

    return run


def _password() -> str:
    return os.environ.get("MINGTANG_PASSWORD") or getpass.getpass("密码：")


def _person(username: str) -> Person:
    person = Person.objects.filter(username=username).first()
    if person is None:
        raise UnitsError(f"没有账号“{username}”。")
    return person


def create_person(arguments: argparse.Namespace) -> int:
    person = person_create(username=arguments.username, display_name=arguments.name, password=_password())
    print(f"已新建账号 {person.username}（{person.display_name}）。")
    return 0


def assign_post(arguments: argparse.Namespace) -> int:
    code = arguments.unit if Unit.objects.filter(pk=arguments.unit).exists() else recognise(arguments.unit)
    if code is None:
        raise UnitsError(f"没有单位“{arguments.unit}”。")
    post = post_assign(
        person=_person(arguments.username),
        unit=Unit.objects.get(pk=code),
        role=arguments.role,
        title=arguments.title,
        valid_from=arguments.valid_from or timezone.localdate(),
    )
    print(f"{arguments.username} 自 {post.valid_from} 起任{post.unit.name}{ROLES[post.role]}。")
    return 0


def list_people(arguments: argparse.Namespace) -> int:
    for person in Person.objects.prefetch_related("posts__unit").order_by("username"):
        posts = "；".join(f"{post.unit.short_name} {ROLES[post.role]}" for post in person.posts.all())
        print(f"{person.username}\t{person.display_name}\t{'' if person.is_active else '已停用 '}{posts}")
    return 0


def reset_password(arguments: argparse.Namespace) -> int:
    set_password(person=_person(arguments.username), password=_password())
    print("密码已重设，原有登录全部失效。")
    return 0


def reset_codes(arguments: argparse.Namespace) -> int:
    totp_reset(person=_person(arguments.username))
    print("动态口令和备用码已取消，原有登录全部失效。请本人登录后重新启用。")
    return 0
