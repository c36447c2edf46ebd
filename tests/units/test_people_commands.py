"""``mingtang people``, as whoever runs the installation types it."""

import argparse
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import City

from mingtang.cli import people_commands
from mingtang.units import roles
from mingtang.units.actors import actor_for
from mingtang.units.credentials import set_password
from mingtang.units.models import Person

PASSWORD = "ma-tou-qin-1206"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    people_commands.register(parser.add_subparsers())
    arguments = parser.parse_args(["people", *words])
    return int(arguments.func(arguments))


def test_lost_codes_are_taken_away_and_sign_in_asks_for_none(db: Any, capsys: Any) -> None:
    person = Person.objects.create(username="official", display_name="某科员")
    set_password(person=person, password=PASSWORD, now=timezone.now())
    client = Client()
    form = {"login": "official", "password": PASSWORD}
    client.post("/accounts/login/", form)
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(person)
    assert run("totp-reset", "official") == 0
    assert "重新启用" in capsys.readouterr().out
    assert not Authenticator.objects.exists()
    assert client.get(reverse("desk:home")).status_code == 302
    client.post("/accounts/login/", form)
    assert client.get(reverse("desk:home"))["Location"] == reverse("account_resets")
    assert "运维人员取消了您的动态口令" in client.get(reverse("account_resets")).content.decode()
    client.post(reverse("account_resets"))
    assert client.get(reverse("desk:home")).status_code == 200
    assert run("totp-reset", "official") == 1
    assert "没有启用" in capsys.readouterr().err
    assert run("totp-reset", "nobody") == 1
    assert "没有账号" in capsys.readouterr().err


def test_accounts_and_posts_are_made_and_refused_in_words(city: City, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("MINGTANG_PASSWORD", PASSWORD)
    assert run("create", "zhangsan", "--name", "张三") == 0
    assert run("create", "zhang san", "--name", "张三") == 1
    assert "空格" in capsys.readouterr().err
    post = ("post", "zhangsan", "--unit", "通辽市教育局", "--role", "drafter", "--from", "2026-03-01")
    assert run(*post) == 0
    assert run(*post) == 1
    assert "不能重叠" in capsys.readouterr().err
    monkeypatch.setenv("MINGTANG_PASSWORD", "short")
    assert run("password", "zhangsan") == 1
    assert "至少要有10个字符" in capsys.readouterr().err
    assert run("list") == 0
    assert "教育局 起草人" in capsys.readouterr().out
    assert Person.objects.get(username="zhangsan").posts.count() == 1


def test_delegating_ending_handing_over_and_switching_off_without_a_browser(city: City, capsys: Any) -> None:
    unit = city.unit("教育局")
    head, drafter = city.person(unit, roles.UNIT_HEAD), city.person(unit, roles.DRAFTER)
    heir = city.person(unit, roles.DRAFTER, 2)
    now = timezone.localtime()
    until = str(now.date() + timedelta(days=7))
    stand_in = ("post", drafter.username, "--unit", "教育局", "--role", "unit_head", "--kind", "delegated")
    assert run(*stand_in, "--to", until) == 1
    assert "--by" in capsys.readouterr().err
    assert run(*stand_in, "--by", head.username) == 1
    assert "截止日期" in capsys.readouterr().err
    assert run(*stand_in, "--by", head.username, "--to", until) == 0
    assert actor_for(drafter, now).holds(roles.UNIT_HEAD, [unit.pk])
    assert run("end-post", drafter.username, "--unit", "教育局", "--role", "unit_head") == 0
    assert not actor_for(drafter, timezone.localtime()).holds(roles.UNIT_HEAD, [unit.pk])
    assert run("end-post", drafter.username, "--unit", "教育局", "--role", "assessor") == 1
    capsys.readouterr()
    moving = ("hand-over", drafter.username, heir.username, "--unit", "教育局")
    assert run(*moving) == 0
    assert "尚未移交" in capsys.readouterr().out and actor_for(drafter, timezone.localtime()).posts
    assert run(*moving, "--yes") == 0
    assert "已移交" in capsys.readouterr().out and not actor_for(drafter, timezone.localtime()).posts
    assert run(*moving, "--yes") == 1
    assert "没有在任的岗位" in capsys.readouterr().err
    assert run("disable", heir.username) == run("disable", heir.username) == 0
    assert not Person.objects.get(pk=heir.pk).is_active
    assert run("enable", heir.username) == 0
    assert Person.objects.get(pk=heir.pk).is_active
    assert run("password", "nobody") == 1 and run("disable", "nobody") == 1
