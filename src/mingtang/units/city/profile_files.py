"""From a description to a checked city, and from that to the files of a profile folder."""

import csv
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mingtang.rules import load_rulebook

from .description import CITY, SITE, Description
from .known import Known, complete
from .logo import clean_logo
from .sheets import SheetError
from .site_check import Checked, check_site
from .tables_check import Official, check_people, check_regions, check_units

# Groups that follow from what a unit is, or from a column of its own.
DERIVED_GROUPS = frozenset({"all_units", "general_offices", "banner_county_governments", "constituent_departments"})
LOGOS = ("logo.png", "logo.svg")
REGION_COLUMNS = ("code", "name", "name_mongolian", "level", "parent")
UNIT_COLUMNS = (
    *("code", "name", "short_name", "aliases", "kind", "region", "parent", "vertical_superior", "constituent"),
    *("document_prefix", "phone", "valid_from", "valid_to", "successor", "index_code"),
)


class CityError(Exception):
    """A city that cannot be taken as described; ``faults`` are all of them, in Chinese."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass
class CheckedCity:
    """Ready to be written: values by key, rows of the two tables, the accounts to make, words for the operator."""

    info: dict[str, str]
    rule_packs: tuple[str, ...]
    regions: list[dict[str, str]]
    units: list[dict[str, str]]
    people: list[Official]
    logo: tuple[str, bytes] | None = None
    warnings: list[str] = field(default_factory=list)

    def index_example(self, year: int) -> str:
        """The first index number of the government, for a look before anything is numbered."""
        unit = next(unit for unit in self.units if unit["kind"] == "government" and not unit["parent"])
        code = unit["index_code"] or f"{unit['region'][:6]}{unit['code'].upper()}"
        return self.info["index_pattern"].format(index_code=code, year=year, serial=1)


def group_labels(rule_packs: tuple[str, ...]) -> dict[str, str]:
    """Code of each group of duties that a profile lists members of, by its label."""
    groups = load_rulebook(rule_packs).unit_groups
    return {group.label: code for code, group in groups.items() if code not in DERIVED_GROUPS}


def check_city(given: Description, known: Known, *, first: bool) -> CheckedCity:
    """Check everything at once.

    Args:
        known: what the installation has already.
        first: nobody has an account yet, so the three administrators must be named.

    Raises:
        CityError: with every fault.
    """
    given = complete(given, known)
    found = Checked(list(given.faults), list(given.notes))
    info, packs = check_site(given, found)
    city, top = info.get("name", ""), info.get("region_code", "")
    if not given.tables.get("units"):
        found.faults.append("没有单位表，或表里没有单位。")
    regions = check_regions(given.tables.get("regions", []), top, city, found)
    units = check_units(given.tables.get("units", []), regions, city, group_labels(packs), found)
    people = check_people(given.tables.get("people", []), units, found, asked=first)
    logo = None
    if info.get("logo"):
        try:
            logo = clean_logo(given.source.parent / info["logo"])
        except SheetError as error:
            found.faults.append(str(error))
    if found.faults:
        raise CityError(found.faults)
    return CheckedCity(info, packs, regions, units, people, logo, found.warnings)


def write_profile(city: CheckedCity, folder: Path, before: Path) -> None:
    """Write the files of a profile into ``folder``, made anew. The mark of the folder ``before`` stays if none is given.

    Raises:
        CityError: the folder cannot be written, or the disk is full.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _table(folder / "regions.csv", REGION_COLUMNS, city.regions)
        _table(folder / "units.csv", UNIT_COLUMNS, city.units)
        if city.logo:
            (folder / city.logo[0]).write_bytes(city.logo[1])
        else:
            for name in LOGOS:
                if (before / name).is_file():
                    shutil.copyfile(before / name, folder / name)
        _text(folder / "profile.toml", profile_text(city))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        reason = {13: "没有写的权限", 28: "磁盘已满", 30: "磁盘是只读的"}.get(error.errno or 0, error.strerror)
        raise CityError(
            [f"城市档案写不进 {folder}：{reason}。腾出空间或改好权限后再运行一次，原来的没有动。"]
        ) from None


def put_in_place(draft: Path, folder: Path) -> None:
    """Put a written profile where the installation looks for it; the former one stays beside it as ``profile.before``.

    File by file, ``profile.toml`` last: at no moment is the folder away, which a process that starts would take for an
    installation without a city of its own.
    """
    if not folder.exists():
        os.rename(draft, folder)
        return
    before = folder.with_name(f"{folder.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    shutil.copytree(folder, before)
    names = [path.name for path in draft.iterdir()]
    for name in sorted(names, key=lambda name: name == "profile.toml"):
        os.replace(draft / name, folder / name)
    for name in LOGOS:
        if name not in names:
            (folder / name).unlink(missing_ok=True)
    draft.rmdir()


def profile_text(city: CheckedCity) -> str:
    """``profile.toml``."""
    info, site = city.info, {key: city.info[key] for key in SITE}
    site["domain"] = site["domain"] or "localhost"
    top = {
        "code": f"c{info['region_code']}",
        **{key: info[key] for key in CITY if key in ("name", "government")},
        "site_name": f"{info['government']} · 政务公开",
        "index_pattern": info["index_pattern"],
        "rule_packs": list(city.rule_packs),
    }
    groups: dict[str, list[str]] = {}
    for unit in city.units:
        for group in unit["groups"].split(";") if unit["groups"] else ():
            groups.setdefault(group, []).append(unit["code"])
    lines = [
        "# 城市档案，由 mingtang init 写成；改动请改原表再运行一次，或直接改这里再运行 mingtang units load。",
        *_values(top),
        "",
        "[site]",
        *_values({"short_name": info["name"], "government": info["government"], **site}),
        "",
        "[groups]",
        *_values(groups),
    ]
    return "\n".join(lines) + "\n"


def _values(values: Mapping[str, object]) -> list[str]:
    # JSON's strings and lists of strings are TOML's too.
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


def _table(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        handle.flush()
        os.fsync(handle.fileno())


def _text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
