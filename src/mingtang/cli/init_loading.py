"""The second half of ``mingtang init``: what was checked and written goes into the database, with the first accounts."""

import argparse
import os
import secrets
import sys
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from mingtang.units.actors import SYSTEM
from mingtang.units.changes import announce
from mingtang.units.city.description import Description
from mingtang.units.city.known import Known
from mingtang.units.city.profile_files import CheckedCity, CityError, check_city, write_profile
from mingtang.units.city.tables_check import Official
from mingtang.units.models import Person, Region, Unit
from mingtang.units.people import person_create
from mingtang.units.posts import post_assign
from mingtang.units.profile import current_profile
from mingtang.units.services import UnitsError, load_profile

from .server_commands import migrate

PASSWORD_FILE = "initial_passwords.txt"  # noqa: S105
# Without letters and digits that are mistaken for one another when written down.
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
FIELDS = {
    "name": "名称",
    "short_name": "简称",
    "kind": "类别",
    "region": "地区",
    "parent": "上级单位",
    "document_prefix": "机关代字",
    "phone": "电话",
    "valid_to": "撤销日期",
    "successor": "承继单位",
}


def load_city(given: Description, city: CheckedCity, draft: Path, before: Path) -> int:
    """Load the profile in ``draft`` and make accounts, all in one transaction. Returns the exit status."""
    now = timezone.localtime()
    try:
        migrate(argparse.Namespace())
        if Person.objects.filter(demonstration=True).exists():
            raise CityError(["数据库里有演示城市。先运行 mingtang demo discard，或换一个数据目录。"])
        known = known_of_database()
        if known.units:
            # Somebody may have changed units at the desk since: they count as much as the former profile.
            city = check_city(
                given, Known(_info_of(city), known.regions, known.units), first=not Person.objects.exists()
            )
            write_profile(city, draft, before)
            current_profile.cache_clear()
        changes = _changes(known, city)
        with transaction.atomic():
            load_profile(current_profile().code, now=now)
            announce("profile.loaded", now=now, actor=SYSTEM, units=len(city.units), regions=len(city.regions))
            made = make_accounts(city.people, now)
            _write_passwords(made)
    except IntegrityError as error:
        print(f"单位或账号与系统里已有的冲突，什么都没有改：{error}", file=sys.stderr)
        return 1
    except DatabaseError as error:
        print(f"数据库不能使用，什么都没有改：{error}", file=sys.stderr)
        return 1
    except UnitsError as error:
        print(f"账号没有建成，什么都没有改：{error}", file=sys.stderr)
        return 1
    for line in changes:
        print(line)
    _tell_accounts(made)
    return 0


def known_of_database() -> Known:
    """Regions and units of the database, as rows of the profile's files."""
    regions = [
        {
            "code": region.pk,
            "name": region.name,
            "name_mongolian": region.name_mongolian,
            "level": region.level,
            "parent": region.parent_id or "",
        }
        for region in Region.objects.order_by("pk")
    ]
    derived = "constituent_departments"
    units = [
        {
            "code": unit.pk,
            "name": unit.name,
            "short_name": unit.short_name,
            "aliases": ";".join(unit.aliases),
            "kind": unit.kind,
            "region": unit.region_id,
            "parent": unit.parent_id or "",
            "vertical_superior": unit.vertical_superior,
            "constituent": "1" if derived in unit.groups else "",
            "groups": ";".join(group for group in unit.groups if group != derived),
            "document_prefix": unit.document_prefix,
            "phone": unit.phone,
            "valid_from": str(unit.valid_from or ""),
            "valid_to": str(unit.valid_to or ""),
            "successor": unit.successor_id or "",
            "index_code": unit.index_code,
        }
        for unit in Unit.objects.order_by("pk")
    ]
    return Known({}, tuple(regions), tuple(units))


def _info_of(city: CheckedCity) -> dict[str, str]:
    return {
        **{key: value for key, value in city.info.items() if key != "logo"},
        "rule_packs": "、".join(city.rule_packs),
    }


def _changes(known: Known, city: CheckedCity) -> list[str]:
    """What the load adds and changes, in words."""
    had = {unit["code"]: unit for unit in known.units}
    lines, added = [], 0
    for unit in city.units:
        old = had.get(unit["code"])
        if old is None:
            added += 1
            continue
        differing = [label for field, label in FIELDS.items() if (old[field] or "") != (unit[field] or "")]
        if differing:
            lines.append(f"更改：{unit['name']}的{'、'.join(differing)}")
    kept = len(city.units) - added - len(lines)
    return [f"新增{added}个单位，更改{len(lines)}个，{kept}个不变；没有删除任何单位。", *lines[:50]]


def make_accounts(people: list[Official], now: datetime) -> list[tuple[Person, str]]:
    """Accounts that are not there yet, with their posts; gives those made and their passwords. What is there stays.

    Raises:
        UnitsError: a post that cannot be given.
    """
    made: list[tuple[Person, str]] = []
    for official in people:
        unit = Unit.objects.get(pk=official.unit)
        person = _existing(official, unit)
        if person is None:
            password = "-".join("".join(secrets.choice(SIGNS) for _ in range(4)) for _ in range(4))
            person = person_create(
                username=official.username or _proposed(unit),
                display_name=official.name,
                password=password,
                now=now,
            )
            made.append((person, password))
        for role in official.roles:
            if not person.posts.filter(unit=unit, role=role).exists():
                post_assign(
                    person=person,
                    unit=unit,
                    role=role,
                    valid_from=now.date(),
                    title=official.title,
                    dedicated=official.dedicated,
                    now=now,
                )
    return made


def _existing(official: Official, unit: Unit) -> Person | None:
    if official.username:
        return Person.objects.filter(username__iexact=official.username).first()
    return Person.objects.filter(display_name=official.name, posts__unit=unit).first()


def _proposed(unit: Unit) -> str:
    """The next free user name of a unit: its code and a number."""
    number = 1
    while Person.objects.filter(username__iexact=f"{unit.pk}-{number:02d}").exists():
        number += 1
    return f"{unit.pk}-{number:02d}"


def _write_passwords(made: list[tuple[Person, str]]) -> None:
    """Before the transaction ends: an account whose password nobody has would be of no use."""
    if not made:
        return
    path = settings.HOME / "secrets" / PASSWORD_FILE
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as handle:
        handle.writelines(f"{person.username}\t{person.display_name}\t{password}\n" for person, password in made)
        handle.flush()
        os.fsync(handle.fileno())


def _tell_accounts(made: list[tuple[Person, str]]) -> None:
    if not made:
        print("没有新账号。")
        return
    path = settings.HOME / "secrets" / PASSWORD_FILE
    print(
        f"新建了{len(made)}个账号，初始密码在 {path}（只有本机这个用户能读）。逐个交给本人，首次登录要改；交完请删掉这个文件。"
    )
    # On paper a log would keep them for ever; a terminal does not.
    if sys.stdout.isatty():
        for person, password in made:
            print(f"  {person.username:<16} {password}   {person.display_name}")
