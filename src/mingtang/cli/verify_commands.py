"""``mingtang verify``: check a mirror, the site, or the house itself; ``mingtang log``: the key that signs the log."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mingtang.merkle.log_check import Finding, when
from mingtang.merkle.memory import Memory
from mingtang.merkle.mirror import Report, Unusable, verify
from mingtang.merkle.notes import NoteError
from mingtang.merkle.readers import reader_for

LABELS = {
    "missing": "缺失",
    "removed": "被撤走",
    "changed": "被改动",
    "extra": "多出",
    "backdated": "日期倒填",
    "rewritten": "历史不符",
    "checkpoint": "检查点",
    "key": "钥匙",
    "tree": "日志",
    "tile": "日志",
    "entry": "日志",
    "manifest": "清单",
    "proof": "证明",
    "erased": "清除",
    "unreadable": "读不到",
    "journal": "办事日志",
    "edition": "公开版",
}


def register(subparsers: Any, *, set_up: Callable[[], None]) -> None:
    """Add ``verify`` to the ``mingtang`` parser. ``set_up`` prepares the database, which only the house itself needs."""
    parser = subparsers.add_parser(
        "verify",
        help="核验公开目录、镜像或网站；不写地址时核验本机的数据库和公开目录",
        description="核验公开的内容有没有被改动、撤走或倒填日期，并与上次记住的检查点对照。退出码：0 完好，1 有问题，2 无法核验。",
    )
    parser.add_argument("place", nargs="?", help="文件夹，或以 http(s):// 开头的网址")
    parser.add_argument("--key", default="", help="只相信这把核验钥匙（名称+编号+编码），不用第一次见到的")
    parser.add_argument("--memory", type=Path, help="记忆文件，默认 ~/.config/mingtang/verify.json")
    parser.add_argument("--sample", type=_count, default=0, help="只随机核对这么多个文件（日志和清单总是全部核对）")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出")
    parser.set_defaults(func=lambda arguments: _verify(arguments, set_up))


def register_log(subparsers: Any) -> None:
    """Add ``log``, which needs the house's own settings."""
    actions = subparsers.add_parser("log", help="公开日志的签名钥匙").add_subparsers(dest="action", required=True)
    actions.add_parser("key", help="显示核验钥匙").set_defaults(func=_show_key)
    actions.add_parser("rotate-key", help="换一把签名钥匙，由旧钥匙签字承认").set_defaults(func=_rotate_key)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("应为正整数")
    return number


def _verify(arguments: argparse.Namespace, set_up: Callable[[], None]) -> int:
    if arguments.place is None:
        return _verify_house(arguments, set_up)
    try:
        memory = Memory(arguments.memory or _memory_path())
        reader = reader_for(arguments.place)
        first = not memory.logs
        report = verify(reader, memory, key=arguments.key, sample=arguments.sample)
    except (Unusable, NoteError, OSError) as error:
        print(f"无法核验：{error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(_as_json(arguments.place, report), ensure_ascii=False, indent=1))
    else:
        _print_findings(report.findings)
        _print_summary(report, first)
    return 1 if report.findings else 0


def _verify_house(arguments: argparse.Namespace, set_up: Callable[[], None]) -> int:
    try:
        set_up()
    except ValueError as error:
        print(f"无法核验：{error}", file=sys.stderr)
        return 2
    from django.db import DatabaseError

    from mingtang.disclosure.verifying import verify_house

    try:
        findings = verify_house()
    except (DatabaseError, NoteError, OSError) as error:
        print(f"无法核验：{error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps({"findings": [asdict(one) for one in findings]}, ensure_ascii=False, indent=1))
    else:
        _print_findings(findings)
        if not findings:
            print("完好：办事日志、公开版、公开日志、检查点和公开目录相互一致。")
    return 1 if findings else 0


def _print_findings(findings: list[Finding]) -> None:
    for one in findings:
        print(f"【{LABELS.get(one.kind, one.kind)}】{one.path}：{one.message}")
    if findings:
        print(f"发现 {len(findings)} 处问题。")


def _print_summary(report: Report, first: bool) -> None:
    newest = report.checkpoint
    if newest is None:
        print("日志的签名不能相信，其余没有核对。")
        return
    print(f"日志 {newest.origin}：{newest.size} 条，检查点签于 {when(newest.at)}。")
    print(f"树根 {newest.root.hex()}")
    print(f"核对了 {report.files} 个文件（清单共 {report.files_listed} 个），{report.publications} 份公开件。")
    if report.remembered is None:
        print("日志有疑问，没有更新记忆：下次仍与原来记住的对照。")
    elif first:
        print(f"第一次核验，已记住钥匙 {report.remembered.key}；请从别的途径核对它是不是真的。")
    else:
        print("与记住的检查点一致，已记住这一次的。" if not report.findings else "已记住这一次的检查点。")
    if not report.findings:
        print("完好：没有发现改动、撤走或倒填。")


def _as_json(place: str, report: Report) -> dict[str, Any]:
    newest = report.checkpoint
    return {
        "place": place,
        "origin": newest.origin if newest else None,
        "size": newest.size if newest else None,
        "root": newest.root.hex() if newest else None,
        "time": newest.at.isoformat() if newest else None,
        "as_of": report.as_of or None,
        "files": report.files,
        "files_listed": report.files_listed,
        "publications": report.publications,
        "remembered": report.remembered is not None,
        "findings": [asdict(one) for one in report.findings],
    }


def _memory_path() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mingtang" / "verify.json"


def _show_key(arguments: argparse.Namespace) -> int:
    from mingtang.disclosure.checkpoints import published_keys

    print(published_keys(), end="")
    return 0


def _rotate_key(arguments: argparse.Namespace) -> int:
    from mingtang.disclosure.checkpoints import rotate_key

    print(f"新的核验钥匙：{rotate_key().verifier}\n旧钥匙仍用来核验以前的检查点。请把新钥匙告诉保存镜像的人。")
    return 0
