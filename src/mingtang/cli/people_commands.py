"""``mingtang people``: accounts, posts and secrets without a browser, for whoever runs the installation."""

import argparse
import getpass
import os
import sys
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from mingtang.units.actors import SYSTEM
from mingtang.units.credentials import reset_password, totp_reset
from mingtang.units.errors import UnitsError
from mingtang.units.handover import Handover, hand_over, preview
from mingtang.units.models import DELEGATED, POST_KINDS, SUBSTANTIVE, Person, Post, Unit
from mingtang.units.people import person_create, person_disable, person_enable
from mingtang.units.posts import post_assign, post_end
from mingtang.units.roles import ROLES
from mingtang.units.selectors import recognise


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser. Passwords come from MINGTANG_PASSWORD or are asked for."""
    actions = subparsers.add_parser("people", help="账号和岗位").add_subparsers(dest="action", required=True)

    def action(name: str, words: str, function: Any, *names: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = actions.add_parser(name, help=words)
        for positional in names:
            parser.add_argument(positional)
        parser.set_defaults(func=_told(function))
        return parser

    action("create", "新建账号", create_person, "username").add_argument("--name", required=True, help="姓名")
    post = action("post", "安排岗位", assign_post, "username")
    post.add_argument("--unit", required=True, help="单位代码或名称")
    post.add_argument("--role", required=True, choices=sorted(ROLES))
    post.add_argument("--title", default="")
    post.add_argument("--from", dest="valid_from", type=date.fromisoformat, default=None, help="任职起始日，默认今天")
    post.add_argument("--to", dest="valid_to", type=date.fromisoformat, default=None, help="最后一日")
    post.add_argument("--kind", choices=sorted(POST_KINDS), default=SUBSTANTIVE, help="任职、主持工作或受委托代签")
    post.add_argument("--by", default="", help="委托人的用户名")
    ended = action("end-post", "立即结束岗位", end_post, "username")
    ended.add_argument("--unit", required=True, help="单位代码或名称")
    ended.add_argument("--role", required=True, choices=sorted(ROLES))
    action("list", "列出账号和岗位", list_people)
    action("disable", "停用账号", disable, "username")
    action("enable", "恢复账号", enable, "username")
    moving = action("hand-over", "把一个单位的工作移交给接手人", move_work, "username", "successor")
    moving.add_argument("--unit", required=True, help="单位代码或名称")
    moving.add_argument("--take-posts", action="store_true", help="接手人同时接任岗位")
    moving.add_argument("--yes", action="store_true", help="不写这一项只列出会移交什么")
    action("password", "重设密码", give_password, "username")
    action("totp-reset", "取消动态口令和备用码（手机丢失时）", reset_codes, "username")


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


def _unit(written: str) -> Unit:
    code = written if Unit.objects.filter(pk=written).exists() else recognise(written)
    if code is None:
        raise UnitsError(f"没有单位“{written}”。")
    return Unit.objects.get(pk=code)


def create_person(arguments: argparse.Namespace) -> int:
    person = person_create(
        username=arguments.username, display_name=arguments.name, password=_password(), now=timezone.localtime()
    )
    print(f"已新建账号 {person.username}（{person.display_name}）。首次登录时必须换成自己的密码。")
    return 0


def assign_post(arguments: argparse.Namespace) -> int:
    if arguments.kind == DELEGATED and not arguments.by:
        raise UnitsError("委托代签要用 --by 写明委托人。")
    now = timezone.localtime()
    post = post_assign(
        person=_person(arguments.username),
        unit=_unit(arguments.unit),
        role=arguments.role,
        title=arguments.title,
        valid_from=arguments.valid_from or now.date(),
        valid_to=arguments.valid_to,
        kind=arguments.kind,
        delegated_by=_person(arguments.by) if arguments.by else None,
        now=now,
    )
    print(f"{arguments.username} 自 {post.valid_from} 起任{post.unit.name}{ROLES[post.role]}。")
    return 0


def end_post(arguments: argparse.Namespace) -> int:
    person, unit, now = _person(arguments.username), _unit(arguments.unit), timezone.localtime()
    post = Post.objects.filter(person=person, unit=unit, role=arguments.role, ended_at=None).order_by("-pk").first()
    if post is None:
        raise UnitsError(f"{person}没有{unit.name}{ROLES[arguments.role]}这个岗位。")
    post_end(post=post, now=now)
    print(f"{person}的{unit.name}{ROLES[arguments.role]}岗位已结束。")
    return 0


def list_people(arguments: argparse.Namespace) -> int:
    for person in Person.objects.prefetch_related("posts__unit").order_by("username"):
        posts = "；".join(
            f"{post.unit.short_name} {ROLES[post.role]}" for post in person.posts.all() if post.ended_at is None
        )
        print(f"{person.username}\t{person.display_name}\t{'' if person.is_active else '已停用 '}{posts}")
    return 0


def disable(arguments: argparse.Namespace) -> int:
    person = person_disable(person=_person(arguments.username), actor=SYSTEM, now=timezone.localtime())
    print(f"账号 {person.username} 已停用，登录全部失效。")
    return 0


def enable(arguments: argparse.Namespace) -> int:
    person = person_enable(person=_person(arguments.username), actor=SYSTEM, now=timezone.localtime())
    print(f"账号 {person.username} 已恢复。")
    return 0


def move_work(arguments: argparse.Namespace) -> int:
    """Say what would move; with ``--yes``, move it."""
    wish = Handover(
        person=_person(arguments.username),
        successor=_person(arguments.successor),
        unit=_unit(arguments.unit),
        actor=SYSTEM,
        now=timezone.localtime(),
        take_posts=arguments.take_posts,
    )
    for line in preview(wish) if not arguments.yes else hand_over(wish):
        print(f"{line.label}：{line.count}{'（' + line.note + '）' if line.note else ''}")
    print("已移交。" if arguments.yes else "以上尚未移交；确认后加 --yes。")
    return 0


def give_password(arguments: argparse.Namespace) -> int:
    reset_password(person=_person(arguments.username), password=_password(), now=timezone.localtime())
    print("密码已重设，原有登录全部失效；首次登录时必须换成自己的密码。")
    return 0


def reset_codes(arguments: argparse.Namespace) -> int:
    totp_reset(person=_person(arguments.username), now=timezone.localtime())
    print("动态口令和备用码已取消，原有登录全部失效。请本人登录后重新启用。")
    return 0
