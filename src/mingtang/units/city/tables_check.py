"""Checks of the tables of regions, units and people: every fault by row, all at once, in Chinese."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stdnum.cn import uscc

from mingtang.units.roles import ADMINISTRATORS

from .sheets import Row
from .site_check import Checked
from .vocabulary import (
    KINDS,
    LETTERS,
    LEVELS,
    ROLES,
    day,
    flag,
    kind_of,
    level_of,
    role_of,
    several,
    short_name_of,
)

CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
# The index number of an organ: six digits of its region and its code, together at most twenty.
LONGEST_INDEXED = 14
USERNAME = re.compile(r"[^\s\x00-\x1f]{2,60}")
LENGTHS = {"name": 80, "short_name": 40, "vertical_superior": 80, "document_prefix": 20, "phone": 40}


@dataclass
class Official:
    """A person to be given an account. ``username`` empty: one is proposed."""

    name: str
    username: str
    unit: str
    roles: tuple[str, ...]
    title: str = ""
    dedicated: bool = False


def check_regions(rows: Iterable[Row], top: str, city: str, found: Checked) -> list[dict[str, str]]:
    """Rows of ``regions.csv``, from the top down. Without a table there is the city's own region alone."""
    named: dict[str, Row] = {}
    for row in rows:
        code = row["code"]
        if not re.fullmatch(r"\d{6}|\d{9}|\d{12}", code):
            found.faults.append(f"{row.place('code')}“{code}”不对：县以上6位、乡镇9位、村12位数字。")
        elif code in named:
            found.faults.append(f"{row.place('code')}“{code}”与第{named[code].number}行重复。")
        elif not row["name"]:
            found.faults.append(f"{row.place('name')}没有填。")
        else:
            named[code] = row
    made = {top: {"code": top, "name": city, "name_mongolian": "", "level": level_of("", top), "parent": ""}}
    by_name = {row["name"]: code for code, row in named.items()} | {city: top}
    for code, row in sorted(named.items(), key=lambda item: (len(item[0]), item[0])):
        level = level_of(row["level"], code)
        if not level:
            found.faults.append(f"{row.place('level')}“{row['level']}”不对：可以写{'、'.join(LEVELS.values())}。")
        parent = "" if code == top else _region_parent(row, code, by_name, named.keys() | {top}, top, found)
        made[code] = {
            "code": code,
            "name": row["name"],
            "name_mongolian": row["name_mongolian"],
            "level": level,
            "parent": parent,
        }
    _refuse_circles({code: row["parent"] for code, row in made.items()}, named, "上级地区", found)
    return list(made.values())


def _region_parent(
    row: Row, code: str, by_name: Mapping[str, str], codes: Iterable[str], top: str, found: Checked
) -> str:
    written = row["parent"]
    if written:
        parent = written if written in set(codes) else by_name.get(written, "")
        if not parent:
            found.faults.append(f"{row.place('parent')}：没有地区“{written}”。请写表里有的名称或代码。")
        elif parent == code:
            found.faults.append(f"{row.place('parent')}：地区的上级不能是它自己。")
        return parent
    return next((code[:length] for length in (9, 6) if len(code) > length and code[:length] in set(codes)), top)


def check_units(
    rows: list[Row], regions: list[dict[str, str]], city: str, groups: Mapping[str, str], found: Checked
) -> list[dict[str, str]]:
    """Rows of ``units.csv`` and, in the column ``groups``, the codes of groups joined by ``;``.

    ``groups`` maps the label of each group of duties to its code. A unit without a code gets a letter for its kind
    and the next free number.
    """
    named = _named(rows, found)
    kinds = {name: kind_of(row["kind"], name) for name, row in named.items()}
    codes = _codes(named, kinds, found)
    names = _names(named, city, codes, found)
    region_by_name = {region["name"]: region["code"] for region in regions} | {
        region["code"]: region["code"] for region in regions
    }
    government = next((name for name, kind in kinds.items() if kind == "government" and not named[name]["parent"]), "")
    made = []
    for name, row in named.items():
        kind = kinds[name]
        if not kind:
            found.faults.append(f"{row.place('kind')}“{row['kind']}”不对：可以写{'、'.join(KINDS.values())}。")
        for column, most in LENGTHS.items():
            if len(row[column]) > most:
                found.faults.append(f"{row.place(column)}太长，最多{most}个字。")
        region = row["region"] or regions[0]["name"]
        if region not in region_by_name:
            found.faults.append(f"{row.place('region')}：没有地区“{region}”。请在地区表里加上，或改成有的名称。")
        parent = _unit_named(row, "parent", names, found)
        if not row["parent"] and name != government and government:
            parent = codes.get(government, "")
        made.append(
            {
                "code": codes.get(name, ""),
                "name": name,
                "short_name": row["short_name"] or short_name_of(name, city),
                "aliases": ";".join(several(row["aliases"])),
                "kind": kind,
                "region": region_by_name.get(region, ""),
                "parent": parent,
                "vertical_superior": row["vertical_superior"],
                "constituent": "1" if _flag(row, "constituent", found) else "",
                "document_prefix": row["document_prefix"],
                "phone": row["phone"],
                "valid_from": _day(row, "valid_from", found),
                "valid_to": _day(row, "valid_to", found),
                "successor": _unit_named(row, "successor", names, found),
                "index_code": _index_code(row, found),
                "groups": ";".join(_groups(row, groups, found)),
            }
        )
    by_code = {codes[name]: row for name, row in named.items() if name in codes}
    _refuse_circles({unit["code"]: unit["parent"] for unit in made}, by_code, "上级单位", found)
    _refuse_circles({unit["code"]: unit["successor"] for unit in made}, by_code, "承继单位", found)
    _check_whole(made, government, found)
    return made


def _named(rows: list[Row], found: Checked) -> dict[str, Row]:
    named: dict[str, Row] = {}
    for row in rows:
        name = row["name"]
        if not name:
            found.faults.append(f"{row.place('name')}没有填，这一行别的格里有字。请补上名称，或把整行清空。")
        elif name in named:
            first = named[name]
            found.faults.append(f"{row.place('name')}“{name}”与“{first.sheet}”表第{first.number}行重复。请删去一行。")
        else:
            named[name] = row
    return named


def _codes(named: Mapping[str, Row], kinds: Mapping[str, str], found: Checked) -> dict[str, str]:
    """The code of each unit by its name."""
    codes: dict[str, str] = {}
    holders: dict[str, str] = {}
    for name, row in named.items():
        given = row["code"]
        if not given:
            continue
        if not CODE.fullmatch(given) or (len(given) > LONGEST_INDEXED and not row["index_code"]):
            found.faults.append(f"{row.place('code')}“{row['code']}”不对：只用字母、数字和短横，最多14个。")
        elif given in holders:
            found.faults.append(f"{row.place('code')}“{given}”已经是“{holders[given]}”的代码。")
        else:
            codes[name], holders[given] = given, name
    taken, next_number = set(codes.values()), Counter[str]()
    for name in named:
        letter = LETTERS.get(kinds[name], "d")
        while name not in codes:
            next_number[letter] += 1
            proposed = f"{letter}{next_number[letter]:03d}"
            if proposed not in taken:
                codes[name] = proposed
                taken.add(proposed)
    return codes


def _names(named: Mapping[str, Row], city: str, codes: Mapping[str, str], found: Checked) -> dict[str, str]:
    """Unit codes by every name a sheet may write: full name, short name, alias, code."""
    names = dict(codes)
    shorts: dict[str, Row] = {}
    for name, row in named.items():
        for written in (row["short_name"] or short_name_of(name, city), *several(row["aliases"])):
            if row["short_name"] == written and written in shorts and not row["valid_to"]:
                found.faults.append(f"{row.place('short_name')}“{written}”与第{shorts[written].number}行的简称重复。")
            shorts.setdefault(written, row)
            names.setdefault(written, codes.get(name, ""))
    for code in codes.values():
        names.setdefault(code, code)
    return names


def _unit_named(row: Row, column: str, names: Mapping[str, str], found: Checked) -> str:
    written = row[column]
    if not written:
        return ""
    if written not in names:
        found.faults.append(f"{row.place(column)}：没有单位“{written}”。请写表里有的全称或简称。")
        return ""
    return names[written]


def _day(row: Row, column: str, found: Checked) -> str:
    made = day(row[column]) if row[column] else ""
    if made is None:
        found.faults.append(f"{row.place(column)}“{row[column]}”不是日期，例如 2019-03-01。")
    return made or ""


def _flag(row: Row, column: str, found: Checked) -> bool:
    made = flag(row[column])
    if made is None:
        found.faults.append(f"{row.place(column)}“{row[column]}”要写“是”或“否”。")
    return bool(made)


def _index_code(row: Row, found: Checked) -> str:
    credit = row["credit_code"].upper().replace(" ", "")
    if credit and not uscc.is_valid(credit):
        found.faults.append(f"{row.place('credit_code')}“{credit}”校验不通过，请核对18位代码。")
    given = row["index_code"].upper()
    if given and not re.fullmatch(r"[0-9A-Z]{2,20}", given):
        found.faults.append(f"{row.place('index_code')}“{given}”不对：只用字母和数字，2到20个。")
    # The organ's own number within the credit code, as the national rule for index numbers has it.
    return given or credit[8:17]


def _groups(row: Row, groups: Mapping[str, str], found: Checked) -> list[str]:
    chosen = []
    for written in several(row["groups"]):
        code = groups.get(written, written if written in groups.values() else "")
        if code:
            chosen.append(code)
        else:
            found.faults.append(f"{row.place('groups')}：没有分组“{written}”。可以写：{'、'.join(groups)}。")
    return chosen


def _refuse_circles(parents: Mapping[str, str], rows: Mapping[str, Row], what: str, found: Checked) -> None:
    told: set[str] = set()
    for start in parents:
        path, code = [start], parents[start]
        while code and code not in path:
            path.append(code)
            code = parents.get(code, "")
        if code == start and not told & set(path):
            told |= set(path)
            circle = "→".join(rows[one]["name"] if one in rows else one for one in [*path, start])
            place = rows[start].place() if start in rows else ""
            found.faults.append(f"{place}：{what}绕成了圈：{circle}。请改其中一行。")


def _check_whole(units: list[dict[str, str]], government: str, found: Checked) -> None:
    if not government:
        found.faults.append("单位表里没有本级政府：要有一个类别是“政府”、没有上级单位的单位。")
        return
    offices = {unit["parent"] for unit in units if unit["kind"] == "general_office" and not unit["valid_to"]}
    for unit in units:
        if unit["kind"] != "government" or unit["valid_to"] or unit["code"] in offices:
            continue
        words = f"“{unit['name']}”没有办公厅（室）：它的公文没有部门收文。请加一个类别是“政府办公厅（室）”的下级单位。"
        (found.faults if unit["name"] == government else found.warnings).append(words)


def check_people(rows: Iterable[Row], units: list[dict[str, str]], found: Checked, *, asked: bool) -> list[Official]:
    """Accounts to be made. ``asked``: this is the first time, and somebody has to look after the system."""
    codes = {name: unit["code"] for unit in units for name in (unit["name"], unit["short_name"], unit["code"])}
    office = next((unit["code"] for unit in units if unit["kind"] == "general_office"), "")
    made: list[Official] = []
    holders: dict[str, Row] = {}
    for row in rows:
        name, username = row["name"], row["username"]
        if not name or len(name) > 40:
            found.faults.append(f"{row.place('name')}{'太长，最多40个字' if name else '没有填'}。")
        if username and not USERNAME.fullmatch(username):
            found.faults.append(f"{row.place('username')}“{username}”不对：2到60个字符，不能有空格。")
        roles = [role_of(one) for one in several(row["roles"])]
        for one, role in zip(several(row["roles"]), roles, strict=True):
            if not role:
                found.faults.append(f"{row.place('roles')}：没有角色“{one}”。可以写：{'、'.join(ROLES.values())}。")
        unit = codes.get(row["unit"], "") if row["unit"] else office
        if row["unit"] and not unit:
            found.faults.append(f"{row.place('unit')}：没有单位“{row['unit']}”。请写单位表里有的全称或简称。")
        key = username.lower()
        if key and key in holders and holders[key]["name"] != name:
            found.faults.append(
                f"{row.place('username')}“{username}”已是第{holders[key].number}行“{holders[key]['name']}”的。"
            )
        holders.setdefault(key, row)
        made.append(
            Official(
                name,
                username,
                unit,
                tuple(role for role in roles if role),
                row["title"],
                _flag(row, "dedicated", found),
            )
        )
    _keep_apart(made, found)
    _check_duty_holders(made, found, asked=asked)
    return made


def _keep_apart(people: list[Official], found: Checked) -> None:
    """The three administrators are three people, who hold nothing else."""
    held: dict[tuple[str, str], set[str]] = {}
    for one in people:
        key = ("", one.username.lower()) if one.username else (one.unit, one.name)
        held.setdefault(key, set()).update(one.roles)
    for (_, name), roles in held.items():
        if len(roles) > 1 and roles & ADMINISTRATORS:
            words = "、".join(ROLES[role] for role in ROLES if role in roles)
            found.faults.append(
                f"“{name}”同时任{words}：系统、安全、审计管理员要由不同的人担任，也不能兼任业务角色。请换人。"
            )


def _check_duty_holders(people: list[Official], found: Checked, *, asked: bool) -> None:
    present = {role for one in people for role in one.roles}
    missing = [ROLES[role] for role in ROLES if role in ADMINISTRATORS and role not in present]
    if asked and missing:
        found.faults.append(f"人员表里没有{'、'.join(missing)}：系统要有人管，三员缺一不可，并且是三个人。")
    wanted = ("drafter", "unit_head", "secrecy_reviewer", "openness_officer", "general_office_clerk")
    missing = [ROLES[role] for role in wanted if role not in present]
    if asked and missing:
        found.warnings.append(f"还没有{'、'.join(missing)}：公文要经他们办理，开始前请给他们账号。")
    reviewers = {(one.unit, one.name) for one in people if "secrecy_reviewer" in one.roles}
    drafters = {(one.unit, one.name) for one in people if "drafter" in one.roles}
    if reviewers and reviewers <= drafters:
        found.warnings.append("保密审查员都是起草人：自己起草的不能自己审查，请另安排一人。")
