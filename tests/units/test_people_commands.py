"""``mingtang people``, as whoever runs the installation types it."""

import argparse
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import City

from mingtang.cli import people_commands
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
