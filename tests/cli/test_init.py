"""``mingtang init`` as whoever sets a city up runs it: from a workbook, by answers, again, and with what cannot work."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from openpyxl import load_workbook

from mingtang.cli import init_wizard
from mingtang.units.city.known import Known
from mingtang.units.city.profile_files import check_city
from mingtang.units.city.template import template_workbook

ROOT = Path(__file__).parents[2]
ANSWERS = {
    "name": "青禾县",
    "region_code": "159921",
    "domain": "无",
    "identification_code": "1599210001",
    "phone": "0999-5550001",
    "postal_address": "青禾县政府大院",
    "internet_filing": "无",
    "police_filing": "无",
    "logo": "无",
    "units_file": "无",
    "system": "甲某",
    "security": "乙某",
    "audit": "丙某",
    "drafter": "丁某",
    "head": "戊某",
    "reviewer": "己某",
    "officer": "庚某",
    "clerk": "辛某",
}


def mingtang(home: Path, *words: str, given: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "mingtang.cli.main", *words],
        env={**kept, "MINGTANG_HOME": str(home), "PYTHONPATH": str(ROOT / "src"), **more},
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
    )


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(home / "mingtang.sqlite3") as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "city.xlsx"
    path.write_bytes(template_workbook())
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    """The invented county, made from the template as it is."""
    home = tmp_path_factory.mktemp("home")
    done = mingtang(home, "init", "--profile", str(template))
    assert done.returncode == 0, done.stderr
    assert "新增12个单位" in done.stdout and "新建了10个账号" in done.stdout
    return home


def test_the_template_is_written_and_never_over_another_file(tmp_path: Path) -> None:
    path = tmp_path / "city.xlsx"
    assert mingtang(tmp_path, "init", "--template", str(path)).returncode == 0
    before = path.read_bytes()
    done = mingtang(tmp_path, "init", "--template", str(path))
    assert done.returncode == 1 and "不覆盖" in done.stderr and path.read_bytes() == before
    assert mingtang(tmp_path, "init", "--template", str(tmp_path / "city.csv")).returncode == 2
    assert "写不进去" in mingtang(tmp_path, "init", "--template", str(tmp_path / "no" / "city.xlsx")).stderr


def test_units_accounts_and_posts_are_there(home: Path) -> None:
    assert rows(home, "SELECT count(*) FROM units_unit") == [(12,)]
    assert rows(home, "SELECT parent_id, index_code FROM units_unit WHERE code = 'd002'") == [("g001", "159921D002")]
    assert rows(home, "SELECT name, region_code FROM editions_publicunit WHERE code = 'd002'") == [
        ("青禾县教育局", "159921")
    ]
    assert rows(home, "SELECT count(*), min(must_change_password), max(demonstration) FROM units_person") == [
        (10, 1, 0)
    ]
    assert rows(home, "SELECT count(*) FROM units_post") == [(11,)]
    secret = home / "secrets" / "initial_passwords.txt"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    lines = [line.split("\t") for line in secret.read_text().splitlines()]
    assert len(lines) == 10 and len({password for _, _, password in lines}) == 10
    assert all(len(password) == 19 for _, _, password in lines)


def test_passwords_are_not_in_what_a_log_would_keep(home: Path, template: Path) -> None:
    passwords = [line.split("\t")[2] for line in (home / "secrets" / "initial_passwords.txt").read_text().splitlines()]
    done = mingtang(home, "init", "--profile", str(template))
    assert not any(password in done.stdout + done.stderr for password in passwords)


def test_again_changes_nothing(home: Path, template: Path) -> None:
    before = [rows(home, f"SELECT * FROM {table}") for table in ("units_unit", "units_person", "units_post")]
    passwords = (home / "secrets" / "initial_passwords.txt").read_bytes()
    done = mingtang(home, "init", "--profile", str(template))
    assert done.returncode == 0, done.stderr
    assert "新增0个单位，更改0个，12个不变" in done.stdout and "没有新账号" in done.stdout
    assert [rows(home, f"SELECT * FROM {table}") for table in ("units_unit", "units_person", "units_post")] == before
    assert (home / "secrets" / "initial_passwords.txt").read_bytes() == passwords


def test_a_changed_table_changes_what_it_names_and_drops_nothing(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    path.write_text("单位名称,电话\n青禾县教育局,0999-5550002\n青禾县水利局,\n", encoding="utf-8")
    done = mingtang(home, "init", "--profile", str(path))
    assert done.returncode == 0, done.stderr
    assert "新增1个单位，更改1个" in done.stdout and "更改：青禾县教育局的电话" in done.stdout
    assert rows(home, "SELECT count(*) FROM units_unit") == [(13,)]
    assert rows(home, "SELECT code FROM units_unit WHERE name = '青禾县水利局'") == [("d008",)]
    assert tomllib.loads((home / "profile" / "profile.toml").read_text())["name"] == "青禾县"


def test_faults_are_told_and_nothing_is_written(home: Path, template: Path, tmp_path: Path) -> None:
    book = load_workbook(template)
    book["单位"]["A5"] = book["单位"]["A4"].value
    book["基本信息"]["B7"] = "1505000099"
    book["人员"]["D2"] = "司机"
    path = tmp_path / "broken.xlsx"
    book.save(path)
    before = {file: file.read_bytes() for file in sorted((home / "profile").iterdir())}
    done = mingtang(home, "init", "--profile", str(path))
    assert done.returncode == 1
    for words in ("处要改，什么都没有写", "重复", "标识码的前6位应当是“159921”", "没有角色“司机”"):
        assert words in done.stderr, words
    assert {file: file.read_bytes() for file in sorted((home / "profile").iterdir())} == before
    assert not (home / "profile.draft").exists() and "Traceback" not in done.stderr


def test_check_only_writes_nothing(tmp_path: Path, template: Path) -> None:
    done = mingtang(tmp_path / "home", "init", "--check", "--profile", str(template))
    assert done.returncode == 0 and "没有写任何东西" in done.stdout
    assert not (tmp_path / "home" / "profile").exists()


def test_an_own_city_and_the_demonstration_do_not_mix(home: Path, tmp_path: Path, template: Path) -> None:
    done = mingtang(home, "demo", "load")
    assert done.returncode == 1 and "不会装进去" in done.stdout
    (tmp_path / "demonstration").touch()
    done = mingtang(tmp_path, "init", "--profile", str(template))
    assert done.returncode == 1 and "mingtang demo discard" in done.stderr
    done = mingtang(tmp_path / "other", "init", "--profile", str(template), MINGTANG_PROFILE="tongliao")
    assert done.returncode == 1 and "MINGTANG_PROFILE" in done.stderr


def test_a_home_that_cannot_be_used_is_told(tmp_path: Path, template: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = mingtang(tmp_path / "file", "init", "--profile", str(template))
    assert done.returncode == 1 and "写不进去" in done.stderr and "Traceback" not in done.stderr
    if os.geteuid():
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
        assert "写不进去" in mingtang(locked, "init", "--profile", str(template)).stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_what_was(home: Path, template: Path) -> None:
    """The file of initial passwords cannot be written: no account without a password that anybody has."""
    secret = home / "secrets" / "initial_passwords.txt"
    kept = secret.read_bytes()
    secret.unlink()
    secret.symlink_to("/dev/full")
    book = load_workbook(template)
    book["人员"].insert_rows(2)
    for column, value in zip("ABCD", ("子某", "new-one", "财政局", "起草人"), strict=True):
        book["人员"][f"{column}2"] = value
    path = home.parent / "more.xlsx"
    book.save(path)
    done = mingtang(home, "init", "--profile", str(path))
    assert done.returncode == 1 and "写不进" in done.stderr and "Traceback" not in done.stderr
    assert rows(home, "SELECT count(*) FROM units_person WHERE username = 'new-one'") == [(0,)]
    secret.unlink()
    secret.write_bytes(kept)
    secret.chmod(0o600)


def test_a_broken_profile_is_one_line_for_every_command(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    done = mingtang(tmp_path, "check")
    assert done.returncode == 1 and "读不到城市档案" in done.stderr and "Traceback" not in done.stderr
    (tmp_path / "profile" / "profile.toml").write_text("[site\n")
    done = mingtang(tmp_path, "web")
    assert done.returncode == 1 and "写法有误" in done.stderr and "Traceback" not in done.stderr


def answers(**changes: str) -> list[str]:
    """One line per question; empty takes what is proposed."""
    return [{**ANSWERS, **changes}.get(question.key, "") for question in init_wizard.QUESTIONS]


def wizard(path: Path, lines: list[str]) -> tuple[init_wizard.Description, list[str]]:
    waiting, said = list(lines), list[str]()

    def ask(prompt: str) -> str:
        said.append(prompt)
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    return init_wizard.run_wizard(path, ask, said.append), said


def test_the_wizard_makes_a_city_of_mere_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    description, said = wizard(path, answers())
    city = check_city(description, Known(), first=True)
    assert [unit["name"] for unit in city.units] == [
        "青禾县人民政府",
        "青禾县人民政府办公室",
        "青禾县教育局",
        "青禾县民政局",
        "青禾县财政局",
    ]
    assert {one.name for one in city.people} == set("甲乙丙丁戊己庚辛".replace("", " ").split()) or len(
        city.people
    ) == 8
    assert "第一个号码会是 159921G001/2026-00001" in "\n".join(said)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # The answers of last time are what is proposed now.
    again, _ = wizard(path, [""] * len(init_wizard.QUESTIONS))
    assert again.info == description.info


def test_the_wizard_goes_on_where_it_was_left(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    lines = answers()
    with pytest.raises(init_wizard.Stopped, match="第6题.*从这里继续"):
        wizard(path, lines[:5])
    assert set(json.loads(path.read_text())) == {"name", "region_code", "government", "title", "domain"}
    description, said = wizard(path, lines[5:])
    assert any("从第6题接着来" in line for line in said)
    assert description.info["identification_code"] == "1599210001"


def test_the_wizard_asks_again_until_an_answer_is_right_and_goes_back(tmp_path: Path) -> None:
    lines = answers()
    number = [question.key for question in init_wizard.QUESTIONS].index("identification_code")
    lines[number : number + 1] = ["1505000099", "12", "<", "无", "1599210001"]
    audit = len(lines) - len(init_wizard.QUESTIONS) + [q.key for q in init_wizard.QUESTIONS].index("audit")
    lines[audit : audit + 1] = ["甲某", "丙某"]
    description, said = wizard(tmp_path / "answers.json", lines)
    text = "\n".join(said)
    assert "对不上" in text and "应当是10位数字" in text and "三员必须是三个不同的人" in text
    check_city(description, Known(), first=True)


def test_the_wizard_on_a_terminal_that_closes_says_how_to_go_on(tmp_path: Path) -> None:
    done = mingtang(tmp_path, "init", given="青禾县\n")
    assert done.returncode == 1 and "从这里继续" in done.stderr and "Traceback" not in done.stderr
