"""``mingtang init``: an own city, from a spreadsheet, a TOML file or answers on the terminal."""

import argparse
import fcntl
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mingtang.units.city.description import Description, read_description
from mingtang.units.city.known import known_of
from mingtang.units.city.profile_files import CheckedCity, CityError, check_city, put_in_place, write_profile
from mingtang.units.city.sheets import SheetError
from mingtang.units.city.template import template_workbook

from . import init_wizard

SHOWN_FAULTS = 200
_set_up: Callable[[], None]


def register(subparsers: Any, *, set_up: Callable[[], None]) -> None:
    """Add the command to the ``mingtang`` parser. ``set_up`` readies the settings once the profile is written."""
    global _set_up
    _set_up = set_up
    parser = subparsers.add_parser("init", help="建立自己的城市：单位、网站标识、规则包、第一批账号")
    parser.add_argument("--profile", type=Path, metavar="FILE", help=".xlsx、.csv 或 .toml；不写就在终端里一题一题问")
    parser.add_argument("--template", type=Path, metavar="FILE", help="写一份样表（.xlsx，虚构的青禾县）就结束")
    parser.add_argument("--check", action="store_true", help="只检查，什么都不写")
    parser.set_defaults(func=init)


def init(arguments: argparse.Namespace) -> int:
    """Check, write the profile, load it and make the first accounts. All or nothing; safe to repeat."""
    if arguments.template:
        return _write_template(arguments.template)
    home = Path(os.environ.get("MINGTANG_HOME", "var")).resolve()
    refused = _refusal(home)
    if refused:
        print(refused, file=sys.stderr)
        return 1
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / ".init.lock").open("w")
    except OSError as error:
        print(f"数据目录 {home} 写不进去：{error.strerror}。改好权限，或换一个 MINGTANG_HOME。", file=sys.stderr)
        return 1
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("另一个 mingtang init 正在运行，等它结束再来。", file=sys.stderr)
            return 1
        try:
            return _init(_described(arguments, home), home, check_only=arguments.check)
        except (SheetError, init_wizard.Stopped) as error:
            print(error, file=sys.stderr)
        except CityError as error:
            _tell(error.faults)
        except OSError as error:
            print(
                f"写不进 {error.filename or home}：{error.strerror}。腾出空间或改好权限后再运行一次。", file=sys.stderr
            )
        return 1


def _refusal(home: Path) -> str:
    own = os.environ.get("MINGTANG_PROFILE")
    if own and Path(own).resolve() != home / "profile":
        return (
            f"环境变量 MINGTANG_PROFILE 指向 {own}，它先于 {home / 'profile'}。请先取消这个变量，再运行 mingtang init。"
        )
    if (home / "demonstration").exists():
        return (
            f"{home} 里装着演示城市，自己的城市不能和它混在一起。\n"
            "先运行 mingtang demo discard 清掉演示城市，或换一个数据目录：MINGTANG_HOME=/别的目录 mingtang init。"
        )
    return ""


def _described(arguments: argparse.Namespace, home: Path) -> Description:
    if arguments.profile:
        return read_description(arguments.profile)
    return init_wizard.run_wizard(home / "init.answers.json", input, print)


def _init(given: Description, home: Path, *, check_only: bool) -> int:
    folder, draft = home / "profile", home / "profile.draft"
    known = known_of(folder)
    city = check_city(given, known, first=not known.units)
    _show(city)
    if check_only:
        print("只检查，没有写任何东西。")
        return 0
    write_profile(city, draft, folder)
    # Settings read the profile when they are loaded, so it has to be there before they are.
    os.environ["MINGTANG_PROFILE"] = str(draft)
    _set_up()
    from .init_loading import load_city

    status = load_city(given, city, draft, folder)
    if status == 0:
        put_in_place(draft, folder)
        print(f"城市档案在 {folder}。接下来：mingtang check 看还缺什么，mingtang serve --no-demo 启动。")
    return status


def _show(city: CheckedCity) -> None:
    from datetime import date

    for warning in city.warnings:
        print(f"提醒：{warning}")
    year = date.today().year  # noqa: DTZ011 - an example
    print(
        f"{city.info['name']}：{len(city.regions)}个地区，{len(city.units)}个单位，{len(city.people)}个账号；"
        f"第一个索引号会是 {city.index_example(year)}。"
    )


def _tell(faults: list[str]) -> None:
    print(f"有{len(faults)}处要改，什么都没有写：", file=sys.stderr)
    for number, fault in enumerate(faults[:SHOWN_FAULTS], 1):
        print(f"{number:>3}. {fault}", file=sys.stderr)
    if len(faults) > SHOWN_FAULTS:
        print(f"     还有{len(faults) - SHOWN_FAULTS}处，改好前面的再看。", file=sys.stderr)


def _write_template(path: Path) -> int:
    if path.suffix.lower() != ".xlsx":
        print("样表的文件名要以 .xlsx 结尾。", file=sys.stderr)
        return 2
    try:
        with path.open("xb") as handle:
            handle.write(template_workbook())
    except FileExistsError:
        print(f"{path} 已经有了，不覆盖。换一个文件名。", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{path} 写不进去：{error.strerror}。", file=sys.stderr)
        return 1
    print(f"样表写好了：{path}。照着改，再运行 mingtang init --profile {path}")
    return 0
