"""The setup check: says what is missing, why it matters and what to do; a clock set back and a dead mail server are found."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import City, Desk, at

from mingtang.cli import check_commands
from mingtang.desk.setup import city as city_checks
from mingtang.desk.setup import machine
from mingtang.desk.setup.alive import latest_seen, note_alive
from mingtang.desk.setup.checks import CHECKS, check_setup
from mingtang.desk.setup.finding import Finding, look
from mingtang.duties.calendars import import_notice
from mingtang.units import roles

NOW = at("2026-11-25 09:00")


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Path:
    settings.HOME = tmp_path
    settings.LOG_KEY = tmp_path / "secrets" / "log_key"
    (tmp_path / "secrets").mkdir(mode=0o700)
    return tmp_path


def found(check: Callable[[datetime], Any], now: datetime = NOW) -> dict[str, Finding]:
    return {finding.subject: finding for finding in check(now)}


def test_a_finding_that_is_not_green_says_why_and_what_to_do(city: City, home: Path) -> None:
    findings = check_setup(NOW)
    assert {finding.level for finding in findings} == {"red", "yellow", "green"}
    levels = [("red", "yellow", "green").index(finding.level) for finding in findings]
    assert levels == sorted(levels)
    for finding in findings:
        assert finding.level == "green" or (finding.why and finding.do), finding.subject


def test_one_check_that_breaks_hides_no_other(city: City, home: Path) -> None:
    def broken(now: datetime) -> Iterator[Finding]:
        raise OSError("gone")
        yield

    subjects = [finding.subject for finding in look((("某项", broken), *CHECKS), NOW)]
    assert "某项" in subjects and "磁盘" in subjects


def test_a_clock_set_back_an_hour_is_found(desk: Desk, home: Path) -> None:
    desk.published()
    assert found(machine.clock, desk.now + timedelta(minutes=5))["时钟"].level == "green"
    back = found(machine.clock, desk.now - timedelta(hours=1))["时钟"]
    assert back.level == "red" and "还早1小时" in back.what and "自动对时" in back.do


def test_a_clock_set_back_while_nothing_is_written_is_found_too(city: City, home: Path) -> None:
    note_alive(home, NOW)
    note_alive(home, NOW - timedelta(hours=1))
    assert latest_seen(home) == NOW
    assert found(machine.clock, NOW - timedelta(hours=1))["时钟"].level == "red"
    assert found(machine.clock, NOW + timedelta(seconds=1))["时钟"].level == "green"
    (home / "worker.alive").write_text("\x00")
    assert latest_seen(home) is None


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has this machine's clock")
def test_a_clock_that_differs_from_the_databases_is_found(city: City, home: Path) -> None:
    here = timezone.now() + timedelta(hours=2)
    wrong = next(iter(machine.clock(NOW, here)))
    assert wrong.level == "red" and "数据库服务器的时钟差2小时" in wrong.what


def test_the_worker_is_alive_as_long_as_it_makes_rounds(home: Path) -> None:
    assert found(machine.worker)["后台任务"].level == "red"
    note_alive(home, NOW)
    assert found(machine.worker)["后台任务"].level == "green"
    long_ago = time.time() - 600
    os.utime(home / "worker.alive", (long_ago, long_ago))
    assert "10分钟没有动静" in found(machine.worker)["后台任务"].what


def test_keys_that_others_can_read_are_found(home: Path) -> None:
    key = home / "secrets" / "log_key"
    key.write_text("secret")
    key.chmod(0o644)
    wrong = found(machine.keys)["密钥"]
    assert wrong.level == "red" and "log_key" in wrong.what and "chmod" in wrong.do
    key.chmod(0o600)
    right = found(machine.keys)
    assert right["密钥"].level == "green" and right["密钥备份"].level == "yellow"
    later = (datetime.fromtimestamp(key.stat().st_mtime).astimezone() + timedelta(minutes=1)).isoformat()
    (home / "backup.state.json").write_text(json.dumps({"at": later, "sha256": "0", "size": 1}))
    assert "密钥备份" not in found(machine.keys)
    (home / "secrets" / "initial_passwords.txt").write_text("x")
    assert "initial_passwords.txt" in found(machine.keys)["初始密码"].what


@pytest.mark.parametrize(
    ("age", "level"),
    [(timedelta(hours=1), "green"), (timedelta(days=2), "yellow"), (timedelta(days=8), "red"), (None, "red")],
)
def test_the_age_of_the_backup(home: Path, age: timedelta | None, level: str) -> None:
    if age is not None:
        (home / "backup.state.json").write_text(json.dumps({"at": (NOW - age).isoformat()}))
    assert found(machine.backups)["备份"].level == level
    (home / "backup.state.json").write_text("[]")
    assert found(machine.backups)["备份"].level == "red"


def test_the_calendar_of_this_year_and_the_next(db: Any) -> None:
    summer = found(city_checks.calendar, at("2026-07-01 09:00"))["工作日历"]
    assert summer.level == "green" and "2026年" in summer.what
    assert found(city_checks.calendar, NOW)["工作日历"].level == "yellow"
    assert found(city_checks.calendar, at("2027-02-01 09:00"))["工作日历"].level == "red"
    import_notice("date,kind,name\n2027-01-01,holiday,元旦\n", source="通知", now=NOW)
    assert found(city_checks.calendar, NOW)["工作日历"].level == "green"


def test_the_three_administrators_and_who_is_missing(city: City) -> None:
    assert "系统管理员、安全管理员、审计管理员" in found(city_checks.people, city.now)["三员"].what
    office = city.unit("市政府办公厅")
    for role in sorted(roles.ADMINISTRATORS):
        city.person(office, role)
    now = found(city_checks.people, city.now)
    assert now["三员"].level == "green" and "3名管理员" in now["动态口令"].what and "起草人" in now["岗位"].what


def test_addresses_and_https(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site = django_settings.SITE
    assert found(city_checks.addresses)["网址"].level == "yellow"
    monkeypatch.setitem(site, "address", f"http://{site['domain']}")
    assert "没有加密" in found(city_checks.addresses)["HTTPS"].what
    monkeypatch.setitem(site, "address", f"https://{site['domain']}")
    assert "MINGTANG_TLS" in found(city_checks.addresses)["HTTPS"].what
    settings.SESSION_COOKIE_SECURE = True
    assert found(city_checks.addresses)["HTTPS"].level == "green"
    settings.ALLOWED_HOSTS = ["*"]
    assert found(city_checks.addresses)["网址"].level == "red"
    monkeypatch.setitem(site, "address", "https://other.example")
    settings.ALLOWED_HOSTS = ["other.example"]
    assert "other.example" in found(city_checks.addresses)["网址"].what


def test_demonstration_data_is_worse_where_others_can_see_it(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(city_checks.demonstration)["演示数据"].level == "green"
    city.person(city.unit("教育局"), roles.DRAFTER)
    assert found(city_checks.demonstration)["演示数据"].level == "yellow"
    monkeypatch.setitem(django_settings.SITE, "address", "https://city.example")
    assert found(city_checks.demonstration)["演示数据"].level == "red"


def test_the_site_block_names_what_is_missing(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(django_settings.SITE, "identification_code", "")
    lacking = found(city_checks.profile)["网站标识"]
    assert "网站标识码" in lacking.what and "ICP备案号" in lacking.what


def test_fonts_and_database(city: City) -> None:
    assert {"中文字体", "蒙古文字体"} <= set(found(machine.fonts))
    given = found(machine.database)["数据库"]
    if given.level != "green":
        # The suite's own databases are made fast, not safe, and that is what is found.
        assert "synchronous=" in given.what or "fsync=off" in given.what


class Answers:
    """A mail server that can refuse a sender."""

    def __init__(self) -> None:
        self.mail = "250 OK"

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.mail_from = address
        return self.mail


def mail_settings(settings: Any, port: int) -> None:
    settings.MAIL_SERVER = f"smtp://127.0.0.1:{port}"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_SSL = settings.EMAIL_USE_TLS = False


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_mail_server_that_takes_us_and_one_that_does_not(settings: Any, port: int) -> None:
    settings.MAIL_SERVER = ""
    assert found(machine.mail)["邮件"].level == "yellow"
    mail_settings(settings, port)
    assert "连不上" in found(machine.mail)["邮件"].what
    handler = Answers()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    try:
        assert found(machine.mail)["邮件"].level == "green"
        handler.mail = "550 no"
        assert "发信" in found(machine.mail)["邮件"].what
        settings.EMAIL_HOST_USER = "someone"
        assert found(machine.mail)["邮件"].level == "red"
        settings.EMAIL_HOST_USER, settings.EMAIL_USE_TLS = "", True
        assert found(machine.mail)["邮件"].level == "red"
    finally:
        server.stop()


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n", b"250"])
def test_a_mail_server_that_accepts_and_then_drops(settings: Any, greeting: bytes) -> None:
    mail_settings(settings, 0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.EMAIL_PORT = listening.getsockname()[1]

        def accept() -> None:
            taken, _ = listening.accept()
            taken.sendall(greeting)
            taken.close()

        thread = threading.Thread(target=accept)
        thread.start()
        wrong = found(machine.mail)["邮件"]
        thread.join()
    assert wrong.level == "red" and wrong.do


def test_a_mail_server_that_says_nothing_is_given_up(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "MAIL_SECONDS", 1)
    mail_settings(settings, 0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.EMAIL_PORT = listening.getsockname()[1]
        assert "没有回应" in found(machine.mail)["邮件"].what


def test_the_page_is_the_system_administrators_alone(city: City, home: Path) -> None:
    office = city.unit("市政府办公厅")
    for role, status in ((roles.SYSTEM_ADMINISTRATOR, 200), (roles.SECURITY_ADMINISTRATOR, 403), (roles.DRAFTER, 403)):
        client = Client()
        client.force_login(city.person(office, role), backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(reverse("desk:setup"))
        assert answer.status_code == status, role
        if status == 200:
            text = answer.content.decode()
            assert "从来没有备份过" in text and "怎么办：" in text and "要马上处理" in text


def test_the_command_says_the_same_and_fails_on_red(city: City, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    assert check_commands.check(argparse.Namespace(json=False)) == 1
    text = capsys.readouterr().out
    assert "✗ 要马上处理　备份：从来没有备份过。" in text and "怎么办" in text
    assert check_commands.check(argparse.Namespace(json=True)) == 1
    assert {"level", "subject", "what", "why", "do"} == set(json.loads(capsys.readouterr().out)[0])
