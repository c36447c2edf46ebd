"""``mingtang units``: load the units of the city's profile."""

import argparse
from typing import Any

from django.utils import timezone

from mingtang.units.models import Unit
from mingtang.units.profile import current_profile
from mingtang.units.services import load_profile


def register(subparsers: Any) -> None:
    """Add the command to the ``mingtang`` parser."""
    actions = subparsers.add_parser("units", help="单位").add_subparsers(dest="action", required=True)
    actions.add_parser("load", help="按城市档案（MINGTANG_PROFILE）建立或更新单位").set_defaults(func=load)


def load(arguments: argparse.Namespace) -> int:
    """Create or update regions and units; nothing is deleted, and no demonstration data is made."""
    profile = current_profile()
    load_profile(profile.code, now=timezone.localtime())
    print(f"{profile.name}：已有 {Unit.objects.count()} 个单位。")
    return 0
