"""``mingtang audit``: check the audit trail, or an export of it."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mingtang.merkle.audit_export import ExportReport, NoExport, verify_export


def register(subparsers: Any, *, set_up: Callable[[], None]) -> None:
    """Add ``audit`` to the ``mingtang`` parser. ``set_up`` prepares the database, which checking a file does not need."""
    actions = subparsers.add_parser("audit", help="审计记录").add_subparsers(dest="action", required=True)
    verify = actions.add_parser(
        "verify",
        help="核验审计记录；写文件名则核验一份带证明的导出",
        description="不写文件名：核验本机数据库里的审计记录和封条。退出码：0 完好，1 有问题，2 无法核验。",
    )
    verify.add_argument("file", nargs="?", type=Path, help="从审计查询页导出的压缩包")
    verify.add_argument("--key", default="", help="只相信这把核验钥匙（名称+编号+编码）")
    verify.set_defaults(func=lambda arguments: _verify(arguments, set_up))
    state = actions.add_parser("identity-keys", help="各钥匙密封着多少条个人信息")
    state.add_argument("--retire", action="store_true", help="去掉不再密封任何内容的旧钥匙")
    state.set_defaults(func=lambda arguments: _keys(arguments, set_up))


def _verify(arguments: argparse.Namespace, set_up: Callable[[], None]) -> int:
    if arguments.file is None:
        return _verify_house(set_up)
    try:
        report = verify_export(arguments.file.read_bytes(), arguments.key)
    except (NoExport, OSError) as error:
        print(f"无法核验：{error}", file=sys.stderr)
        return 2
    for one in report.findings:
        print(f"{one.path}：{one.message}")
    _print_report(report, pinned=bool(arguments.key))
    return 1 if report.findings else 0


def _print_report(report: ExportReport, *, pinned: bool) -> None:
    if report.findings:
        print(f"发现 {len(report.findings)} 处问题，这份导出不能作为证据。")
        return
    print(f"导出于 {report.made_at}：{report.rows} 条查看记录、{report.events} 条办理记录，{report.seals} 封。")
    if report.rows and report.anchored:
        print(f"其中 {report.anchored} 条由 {report.checkpoint_at} 的公开检查点担保。")
    if report.rows > report.anchored:
        print(f"{report.rows - report.anchored} 条晚于最新的公开检查点，由封条和签名担保。")
    print("完好：每一条都在封条里，封条前后相连，签名正确。")
    if not pinned:
        print(f"签名钥匙 {report.key}；请与网站 /log/key 上公布的核对，或用 --key 指定。")


def _verify_house(set_up: Callable[[], None]) -> int:
    set_up()
    from django.db import DatabaseError

    from mingtang.audit.integrity import GAP, verify_audit

    try:
        found = verify_audit()
    except DatabaseError as error:
        print(f"无法核验：{error}", file=sys.stderr)
        return 2
    damage = [one for one in found if one.kind != GAP]
    for one in found:
        print(f"{'' if one.kind != GAP else '提示：'}{one.path}{one.message}")
    print(f"发现 {len(damage)} 处问题。" if damage else "审计记录完好：封条前后相连，没有改动、删除或插入。")
    return 1 if damage else 0


def _keys(arguments: argparse.Namespace, set_up: Callable[[], None]) -> int:
    set_up()
    from mingtang.audit import identity

    if arguments.retire:
        print(f"去掉了 {identity.retire_keys()} 把旧钥匙。")
    for place, (key, rows) in enumerate(identity.key_state().items()):
        print(f"{key}\t{rows} 条\t{'现用' if place == 0 else '旧'}")
    return 0
