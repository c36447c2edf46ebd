"""``mingtang check``: what the installation lacks, in plain Chinese."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from django.utils import timezone

SIGNS = {"red": "✗", "yellow": "!", "green": "✓"}


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser."""
    parser = subparsers.add_parser("check", help="检查安装：还缺什么，怎么补")
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    parser.set_defaults(func=check)


def check(arguments: argparse.Namespace) -> int:
    """Print every finding, worst first. Exit status 1 if anything has to be mended at once."""
    from mingtang.desk.setup.checks import check_setup

    findings = check_setup(timezone.localtime())
    red = sum(finding.level == "red" for finding in findings)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
        return 1 if red else 0
    for finding in findings:
        print(f"{SIGNS[finding.level]} {finding.label}　{finding.subject}：{finding.what}")
        if finding.why:
            print(f"    为什么：{finding.why}\n    怎么办：{finding.do}")
    yellow = sum(finding.level == "yellow" for finding in findings)
    print(f"\n查了{len(findings)}项：{red}项要马上处理，{yellow}项要留意。")
    return 1 if red else 0
