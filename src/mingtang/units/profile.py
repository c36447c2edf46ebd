"""A city's profile: names, number patterns, rule packs and units, all data."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

SHIPPED = Path(__file__).parent / "profiles"
REQUIRED = {
    "code": str,
    "name": str,
    "government": str,
    "site_name": str,
    "index_pattern": str,
    "rule_packs": list,
    "site": dict,
}


class ProfileError(ValueError):
    """A profile file cannot be used. The message is Chinese and names file and key."""


@dataclass(frozen=True)
class Profile:
    """One city. ``groups`` maps the unit groups of rule packs to unit codes."""

    code: str
    name: str
    government: str
    site_name: str
    index_pattern: str
    rule_packs: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    folder: Path

    def rows(self, name: str) -> list[dict[str, str]]:
        """Rows of ``regions.csv`` or ``units.csv``."""
        with (self.folder / name).open(encoding="utf-8-sig", newline="") as handle:
            return list(csv.DictReader(handle))


def read_profile(folder: Path) -> Profile:
    """Read ``profile.toml`` of a folder.

    Raises:
        ProfileError: missing file or key, wrong type, or an index pattern that cannot be filled in.
    """
    path = folder / "profile.toml"
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProfileError(f"没有找到城市档案 {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path.name} 写法有误：{error}") from None
    for key, kind in REQUIRED.items():
        if not isinstance(data.get(key), kind):
            raise ProfileError(f"{path.name} 缺少“{key}”，或类型不对")
    try:
        data["index_pattern"].format(index_code="x", year=2026, serial=1)
    except (KeyError, ValueError, IndexError):
        raise ProfileError(f"{path.name} 的 index_pattern 只能用 index_code、year、serial") from None
    groups = {name: tuple(codes) for name, codes in data.get("groups", {}).items()}
    values = {key: data[key] for key in REQUIRED if key not in ("rule_packs", "site")}
    return Profile(**values, rule_packs=tuple(data["rule_packs"]), groups=groups, folder=folder)


@cache
def current_profile() -> Profile:
    """The profile this installation runs: a shipped name, or a folder of the operator's own."""
    return read_profile(settings.PROFILE_FOLDER)
