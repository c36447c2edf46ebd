"""``mingtang calendar``: add an announced year and see which clocks it moved."""

import argparse
import sys
from pathlib import Path
from typing import Any

from mingtang.rules import NoticeError


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser."""
    parser = subparsers.add_parser("calendar", help="工作日历")
    actions = parser.add_subparsers(dest="action", required=True)
    load = actions.add_parser("import", help="载入放假安排（CSV：date,kind,name）")
    load.add_argument("file", type=Path)
    load.add_argument("--source", required=True, help="依据，例如通知的文号")
    load.set_defaults(func=import_notice)


def import_notice(arguments: argparse.Namespace) -> int:
    """Load a notice and print every open clock that moved."""
    from django.utils import timezone

    from mingtang.duties import calendars

    try:
        version, moved = calendars.import_notice(
            arguments.file.read_text(encoding="utf-8-sig"), source=arguments.source, now=timezone.localtime()
        )
    except (NoticeError, UnicodeDecodeError, OSError) as error:
        print(f"没有载入：{error}", file=sys.stderr)
        return 2
    for clock in moved:
        before, after = timezone.localtime(clock.before), timezone.localtime(clock.after)
        print(f"{clock.duty.code} {clock.duty.unit.short_name}：{before:%Y-%m-%d} → {after:%Y-%m-%d}")
    print(f"日历第 {version.number} 版已载入，{len(moved)} 个时限随之变化。")
    return 0
