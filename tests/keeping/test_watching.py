"""What an operator watches: /metrics, the health page, and logs that hold no personal data."""

import io
import json
import logging
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import City, Desk

from mingtang.disclosure.checkpoints import sign_checkpoint
from mingtang.settings.logs import SafeFormatter
from mingtang.units import roles

PLANTED = ("赵春花", "13912345678", "152301199001011237", "zhao@example.cn", "牧草补贴多少", "203.0.113.77")


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Path:
    settings.HOME = tmp_path
    settings.PUBLIC_ROOT = tmp_path / "public"
    settings.LOG_KEY = tmp_path / "secrets" / "log_key"
    return tmp_path


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything logged, as MINGTANG_LOG=json writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter("json"))
    loggers = [logging.getLogger(), logging.getLogger("mingtang.requests")]
    before = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.INFO)
    yield stream
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def client_of(city: City, role: str) -> Client:
    client = Client(raise_request_exception=False)
    person = city.person(city.unit("市政府办公厅"), role)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_metrics_say_how_the_city_runs(desk: Desk, home: Path) -> None:
    desk.published()
    (home / "backup.state.json").write_text(
        json.dumps({"at": (timezone.now() - timedelta(hours=2)).isoformat(), "sha256": "0" * 64, "size": 5})
    )
    Client().get("/desk/")
    text = Client().get("/metrics").content.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values["mingtang_log_entries"] == "1"
    assert values["mingtang_worker_lag_entries"] == "1"
    assert values["mingtang_database_up"] == "1"
    assert 7000 < float(values["mingtang_backup_age_seconds"]) < 7400
    assert int(values["mingtang_journal_head"]) > 5
    assert int(values["mingtang_disk_free_bytes"]) > 0
    assert int(values['mingtang_requests_total{view="desk:home",method="GET",status="302"}']) >= 1
    assert (
        values['mingtang_request_seconds_bucket{view="desk:home",le="+Inf"}']
        == (values['mingtang_request_seconds_count{view="desk:home"}'])
    )
    assert "减少办事材料" not in text


@pytest.mark.parametrize(
    "sent",
    [
        {"REMOTE_ADDR": "10.1.2.3"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_AUTHORIZATION": "Bearer wrong", "REMOTE_ADDR": "10.1.2.3"},
    ],
)
def test_nobody_else_finds_metrics(
    city: City, home: Path, sent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Client().get("/metrics", **sent).status_code == 404
    monkeypatch.setenv("MINGTANG_METRICS_TOKEN", "a-token-of-the-test")
    assert Client().get("/metrics", **sent).status_code == 404
    sent = {**sent, "HTTP_AUTHORIZATION": "Bearer a-token-of-the-test"}
    assert Client().get("/metrics", **sent).status_code == 200


def test_health_page_names_what_is_wrong(city: City, home: Path) -> None:
    client = client_of(city, roles.SYSTEM_ADMINISTRATOR)
    page = client.get(reverse("desk:health")).content.decode()
    for words in ("从来没有备份过", "没有运行过", "mingtang backup", "数据库", "磁盘", "Django"):
        assert words in page, words
    (home / "worker.alive").write_text(timezone.now().isoformat())
    assert "正在运行" in client.get(reverse("desk:health")).content.decode()
    os.utime(home / "worker.alive", (time.time() - 7200,) * 2)
    assert "已经 2 小时 0 分钟没有动静" in client.get(reverse("desk:health")).content.decode()


@pytest.mark.parametrize("role", [roles.SECURITY_ADMINISTRATOR, roles.AUDIT_ADMINISTRATOR, roles.UNIT_HEAD])
def test_health_page_is_the_system_administrators(city: City, home: Path, role: str) -> None:
    assert client_of(city, role).get(reverse("desk:health")).status_code == 403


def test_clock_set_back_an_hour_is_told_and_breaks_nothing(desk: Desk, home: Path) -> None:
    """Later steps go on; checkpoints never go back in time; the page says what is wrong."""
    from mingtang.journal.selectors import verify_journal

    desk.published()
    first = sign_checkpoint(desk.now + timedelta(minutes=1))
    desk.now -= timedelta(hours=1)
    desk.published(title="时钟拨回以后公开的通知")
    second = sign_checkpoint(desk.now)
    assert first is not None and second is not None
    assert second.at == first.at
    assert (first.size, second.size) == (1, 2)
    assert verify_journal() == []
    (home / "worker.alive").write_text((timezone.now() + timedelta(hours=1)).isoformat())
    page = client_of(desk.city, roles.SYSTEM_ADMINISTRATOR).get(reverse("desk:health")).content.decode()
    assert "时钟被拨回了" in page
    assert "1 小时 0 分钟" in page


def test_logs_hold_no_personal_data(
    desk: Desk, home: Path, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk with planted names, numbers, addresses and words: in paths, queries, forms, a crash, a database error."""
    name, mobile, identity, mail, words, address = PLANTED
    client = client_of(desk.city, roles.DRAFTER)
    client.get(f"/desk/document/?q={name}{identity}")
    client.get(f"/search/?q={words}", HTTP_X_FORWARDED_FOR=address, REMOTE_ADDR=address)
    client.get(f"/nothing/{name}/{mobile}/")
    client.post("/feedback/", {"message": f"{name} {mobile}", "contact": mail}, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": name, "password": identity}, REMOTE_ADDR=address)

    def crash(*_: Any, **__: Any) -> None:
        person = {"name": name, "identity": identity}
        raise ValueError(f"cannot read {person}")

    monkeypatch.setattr("mingtang.desk.lists.render", crash)
    assert client.get("/desk/document/").status_code == 500

    def refuse(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE planted (mobile varchar(20) UNIQUE)")
            for _ in range(2):
                cursor.execute("INSERT INTO planted VALUES (%s)", [mobile])

    monkeypatch.setattr("mingtang.desk.lists.render", refuse)
    assert client.get("/desk/document/").status_code == 500
    logging.getLogger("mingtang.mailing").warning("mail server: %s", DatabaseError(f"Key (email)=({mail}) exists"))
    logging.getLogger("somebody.else").warning("could not parse %s", name)
    told = lines.getvalue()
    for planted in PLANTED:
        assert planted not in told, planted
    records = [json.loads(line) for line in told.splitlines()]
    crashed = next(one for one in records if one.get("error") == ["ValueError"])
    assert any("crash" in place for place in crashed["where"])
    broken = next(one for one in records if "IntegrityError" in one.get("error", [""])[0])
    assert broken["where"]
    requests = [one for one in records if one["logger"] == "mingtang.requests"]
    assert {one["view"] for one in requests} >= {"desk:list", "none", "account_login"}
    assert all(one["request"] and one["milliseconds"] >= 0 for one in requests)
    assert any(one["network"] == "203.0.113.0/24" for one in requests)
