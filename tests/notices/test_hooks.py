"""Hooks through a real receiver: signed, counted, never twice, and nowhere they may not go."""

import hmac
import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from tests.factories import Desk, at
from tests.notices.servers import Receiver

from mingtang.journal.models import Event
from mingtang.notices import hooks, kinds
from mingtang.notices.hooks import Forbidden, hook_end, hook_make, read_url, resolve, secret_of
from mingtang.notices.models import DROPPED, FAILED, SENT, UNCLEAR, WAITING, Delivery, Hook
from mingtang.notices.sending import tick
from mingtang.notices.services import NoticesError, notify
from mingtang.units import roles

NOON = at("2026-03-03 12:00")
SECRET = "还没有公开的秘密标题"
Hooked = tuple[Receiver, str]


@pytest.fixture
def hook(desk: Desk, hooked: Hooked) -> Hook:
    admin = desk.city.person(desk.office, roles.SYSTEM_ADMINISTRATOR)
    return hook_make(actor_id=admin.pk, unit=None, url=hooked[1], now=NOON - timedelta(hours=1))


def tell(desk: Desk, now: Any = NOON, number: int = 2) -> None:
    """One matter, told to several people."""
    ids = [desk.city.person(desk.unit, roles.UNIT_HEAD, each).pk for each in range(1, number + 1)]
    notify(person_ids=ids, kind=kinds.WAITING, about=desk.draft(title=SECRET), now=now)


def statuses() -> list[str]:
    return list(Delivery.objects.order_by("made_at", "pk").values_list("status", flat=True))


def test_a_call_is_signed_and_counts_matters_not_people(desk: Desk, hooked: Hooked, hook: Hook) -> None:
    tell(desk)
    tell(desk)
    assert [tick(NOON), tick(NOON)] == [1, 0]
    (call,) = hooked[0].calls
    assert call["path"] == "/notices?from=desk" and call["headers"]["Mingtang-Delivery"] == call["data"]["id"]
    assert call["data"]["items"] == [
        {
            "kind": "waiting",
            "label": "等我办理",
            "unit": desk.unit.pk,
            "unit_name": desk.unit.name,
            "count": 2,
            "due": None,
        }
    ]
    moment, _, given = call["headers"]["Mingtang-Signature"].partition(",v1=")
    seconds = moment.removeprefix("t=")
    assert int(seconds) == int(NOON.timestamp())
    expected = hmac.new(secret_of(hook).encode(), f"{seconds}.".encode() + call["body"], "sha256").hexdigest()
    assert given == expected
    whole = json.dumps(call["data"], ensure_ascii=False)
    assert SECRET not in whole and "单位负责人" not in whole


def test_a_hook_of_a_unit_hears_of_that_unit_and_not_of_before(desk: Desk, hooked: Hooked, hook: Hook) -> None:
    tell(desk, NOON - timedelta(hours=2))
    other = desk.city.unit("教育局")
    hook_make(actor_id=1, unit=other, url=hooked[1] + "&unit=jyj", now=NOON)
    tell(desk)
    assert tick(NOON) == 1
    assert hooked[0].calls[0]["data"]["items"][0]["count"] == 1


@pytest.mark.parametrize(
    ("answer", "status"), [(200, SENT), (204, SENT), (302, FAILED), (400, FAILED), (410, FAILED), (0, UNCLEAR)]
)
def test_answers(desk: Desk, hooked: Hooked, hook: Hook, answer: int, status: str) -> None:
    hooked[0].answer, hooked[0].location = answer, hooked[1]
    tell(desk)
    tick(NOON)
    assert statuses() == [status]
    hooked[0].answer = 200
    for hours in range(1, 60, 5):
        tick(NOON + timedelta(hours=hours))
    assert len(hooked[0].calls) == 1, "neither repeated nor followed to another place"


@pytest.mark.parametrize("answer", [429, 500, 503])
def test_asked_to_come_again_it_comes_again_with_the_same_bytes(
    desk: Desk, hooked: Hooked, hook: Hook, answer: int
) -> None:
    hooked[0].answer = answer
    tell(desk)
    moment, waits = NOON, []
    for _ in range(4):
        tick(moment)
        delivery = Delivery.objects.get()
        waits.append(delivery.next_try_at - moment)
        moment = delivery.next_try_at
    assert waits == [timedelta(minutes=2**number) for number in range(4)]
    hooked[0].answer = 204
    assert tick(moment) == 1
    assert len({call["body"] for call in hooked[0].calls}) == 1 and len(hooked[0].calls) == 5


def test_a_receiver_out_of_reach_is_given_up_in_the_end(desk: Desk, hook: Hook) -> None:
    Hook.objects.update(url="http://127.0.0.1:9/x")
    tell(desk)
    moment = NOON
    for _ in range(12):
        assert statuses() == ([WAITING] if moment > NOON else [])
        tick(moment)
        moment = Delivery.objects.get().next_try_at
    assert statuses() == [FAILED] and moment < NOON + timedelta(days=3)


def test_a_receiver_that_answers_byte_by_byte_is_cut_off(
    desk: Desk, hooked: Hooked, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setattr(hooks, "WHOLE_SECONDS", 0.5)
    hooked[0].on_call = lambda: time.sleep(3)
    tell(desk)
    started = time.monotonic()
    tick(NOON)
    assert time.monotonic() - started < 2.5 and statuses() == [UNCLEAR]


def test_an_ended_hook_is_sent_nothing_more_and_both_are_in_the_journal(desk: Desk, hooked: Hooked, hook: Hook) -> None:
    hooked[0].answer = 503
    tell(desk)
    tick(NOON)
    hook_end(actor_id=1, hook=hook, now=NOON)
    hook_end(actor_id=1, hook=hook, now=NOON)
    hooked[0].answer = 204
    tell(desk)
    tick(NOON + timedelta(hours=1))
    assert statuses() == [DROPPED] and len(hooked[0].calls) == 1
    assert list(Event.objects.filter(name__startswith="hook.").values_list("name", flat=True)) == [
        "hook.made",
        "hook.ended",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "oa.example.cn",
        "ftp://oa.example.cn/x",
        "file:///etc/passwd",
        "http://oa.example.cn/x",
        "https://user:word@oa.example.cn/",
        "https://oa.example.cn/#x",
        "https://办公.example.cn/",
        "https://oa.example.cn/a b",
        "https://oa.example.cn:99999/",
        "https://",
        "http://127.0.0.1@evil.example/",
        "https://oa.example.cn/\r\nX: y",
    ],
)
def test_what_is_no_address_of_a_hook(url: str) -> None:
    with pytest.raises(Forbidden):
        read_url(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "10.0.0.8",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.1.2.3]",
        "[fe80::1]",
        "[fd00::1]",
        "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]",
        "localhost",
    ],
)
def test_addresses_inside_the_house_are_refused_unless_named(host: str, settings: Any) -> None:
    settings.HOOK_NETWORKS = []
    with pytest.raises((Forbidden, OSError)):
        resolve(f"https://{host}:8443/x")


def test_the_address_that_was_checked_is_the_one_connected_to(
    desk: Desk, hooked: Hooked, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that means another address a moment later changes nothing, and a name that moves inside is refused."""
    answers = ["127.0.0.1"]
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        return real(answers[0] if host == "localhost" else host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    Hook.objects.update(url=hooked[1].replace("127.0.0.1", "localhost"))
    tell(desk)
    assert tick(NOON) == 1
    answers[0] = "10.0.0.8"
    tell(desk)
    assert tick(NOON) == 0 and Delivery.objects.filter(status=FAILED, fault="Forbidden").count() == 1


def test_making_a_hook_refuses_in_words(desk: Desk, hooked: Hooked, hook: Hook, settings: Any) -> None:
    for url, words in ((hooked[1], "登记过"), ("http://oa.example.cn/", "https"), ("https://192.168.1.1/", "内部网络")):
        with pytest.raises(NoticesError, match=words):
            hook_make(actor_id=1, unit=None, url=url, now=NOON)
    assert Hook.objects.count() == 1


def test_secrets_differ_and_are_stored_nowhere(desk: Desk, hook: Hook) -> None:
    other = Hook(pk=hook.pk + 1, url="https://x.example/")
    assert secret_of(hook) != secret_of(other) and len(secret_of(hook)) >= 40
    again = Hook(pk=hook.pk, generation=2)
    assert secret_of(again) != secret_of(hook)
