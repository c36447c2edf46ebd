"""What an installation has already: it stays where a new description is silent, and nothing of it is ever dropped."""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from .description import CITY, SITE, Description
from .sheets import Row

HAD = "已有的"


@dataclass(frozen=True)
class Known:
    """Values of ``CITY`` and ``SITE``, and rows of regions and units with the columns of the profile's files;
    ``groups`` of a unit are codes joined by ``;``."""

    info: Mapping[str, str] = field(default_factory=dict)
    regions: tuple[Mapping[str, str], ...] = ()
    units: tuple[Mapping[str, str], ...] = ()


def known_of(folder: Path) -> Known:
    """What a profile folder says; nothing where there is none or it cannot be read."""
    try:
        data = tomllib.loads((folder / "profile.toml").read_text(encoding="utf-8"))
        regions, units = _rows(folder / "regions.csv"), _rows(folder / "units.csv")
        site = data["site"]
        info = {key: str(site[key]) for key in SITE if site.get(key)}
        info |= {key: str(data[key]) for key in CITY if isinstance(data.get(key), str)}
        info["rule_packs"] = "、".join(data["rule_packs"])
        info["region_code"] = next(region["code"] for region in regions if not region["parent"])
        groups: dict[str, list[str]] = {}
        for group, codes in data.get("groups", {}).items():
            for code in codes:
                groups.setdefault(code, []).append(group)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, StopIteration, csv.Error):
        return Known()
    if info.get("domain") == "localhost":
        del info["domain"]
    units = [{**unit, "groups": ";".join(groups.get(unit["code"], []))} for unit in units]
    return Known(info, tuple(regions), tuple(units))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def complete(given: Description, known: Known) -> Description:
    """The description with what is known filled in where it is silent. A unit is the same if its code is, or else its
    name; so a code that was proposed once stays."""
    tables = dict(given.tables)
    for kind, rows in (("regions", known.regions), ("units", known.units)):
        if rows:
            tables[kind] = _merged(tables.get(kind, []), rows, f"{HAD}{'地区' if kind == 'regions' else '单位'}")
    info = {**known.info, **{key: value for key, value in given.info.items() if value}}
    return replace(given, info=info, tables=tables, faults=list(given.faults), notes=list(given.notes))


def _merged(rows: list[Row], known: Iterable[Mapping[str, str]], sheet: str) -> list[Row]:
    by_code = {row["code"]: number for number, row in enumerate(rows) if row["code"]}
    by_name = {row["name"]: number for number, row in enumerate(rows) if row["name"] and not row["code"]}
    made, others = list(rows), []
    for had in known:
        cells = {column: value for column, value in had.items() if value}
        number = by_code.get(had["code"], by_name.get(had["name"]))
        if number is None:
            others.append(Row(sheet, 0, cells))
        else:
            made[number] = replace(rows[number], cells={**cells, **rows[number].cells})
    return [*made, *others]
