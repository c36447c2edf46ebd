"""What citizens submit: kept once, sealed, and answered to whoever holds the code."""

import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import RequestFactory
from tests.factories import at

from mingtang.intake import limits, numbers, services, subscriptions
from mingtang.intake.keys import Unreadable, seal, sign, signed_value, unseal
from mingtang.intake.models import Receipt, Submission, Subscription

NOW = at("2026-11-25 10:00")
REPORT = {"what": "“发展和改个委员会”写错了", "quote": "改个", "contact": "王女士 138-0013-8000"}


def send(key: str = "k1", now: Any = NOW, **changes: Any) -> tuple[str, str]:
    return services.submit("error_report", {**REPORT, **changes}, page="/pub/x/", request_key=key, now=now)


@pytest.mark.django_db
def test_a_submission_gives_a_number_and_a_code_and_keeps_no_word_readable() -> None:
    number, code = send()
    assert re.fullmatch(r"2026-11-[A-Z]{4}-\d{4}", number)
    assert len(code) == 8 and not set(code) & set("0O1I5S2Z")
    row = Submission.objects.values().get()
    everything = str(row)
    for words in (*REPORT.values(), "138", code):
        assert words not in everything
    assert row["page"] == "/pub/x/"
    assert unseal(row["sealed"]) == REPORT


@pytest.mark.django_db
def test_pressing_twice_adds_one_row_and_correcting_adds_another() -> None:
    first = send()
    assert send() == first
    assert Submission.objects.count() == 1
    assert send(what="还有一处") != first
    assert send(key="k2") != first
    assert Submission.objects.count() == 3


@pytest.mark.django_db
def test_pressing_again_after_the_month_ended_still_gives_the_first_number() -> None:
    first = send(now=at("2026-11-30 23:59"))
    assert send(now=at("2026-12-01 00:01")) == first
    assert first[0].startswith("2026-11-")
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_a_number_that_is_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = send()
    real, drawn = services.make_number, [first]

    def unlucky(seed: str, now: Any) -> str:
        return drawn.pop() if drawn else real(seed, now)

    monkeypatch.setattr(services, "make_number", unlucky)
    second, code = send(key="k2")
    assert second != first and services.receipt_of(second, code) is not None
    assert Submission.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_press_arriving_many_times_at_once_is_kept_once() -> None:
    given, start = [], threading.Barrier(6)

    def press() -> None:
        start.wait()
        given.append(send())
        connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 6 and len(set(given)) == 1
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_a_receipt_is_for_the_holder_of_its_code_alone() -> None:
    number, code = send()
    other, other_code = send(key="k2")
    found = services.receipt_of(number, code)
    assert found is not None
    assert (found.status, found.page, found.at, found.due_at) == ("submitted", "/pub/x/", NOW, None)
    services.write_receipt(
        number,
        status="answered",
        message="已改正。",
        handler="市发改委",
        due_at=at("2026-11-30 23:59"),
        now=NOW + timedelta(hours=1),
    )
    # As people type it: small letters, full width, other dashes, blanks.
    typed = number.lower().replace("-", " — ").replace("2026", "２０２６")
    found = services.receipt_of(typed, f" {code[:4].lower()} {code[4:]}")
    assert found is not None
    assert (found.status_label, found.message, found.handler) == ("已答复", "已改正。", "市发改委")
    for wrong in ((number, other_code), (other, code), (number, ""), (number, code[:-1]), ("", code), ("x", code)):
        assert services.receipt_of(*wrong) is None
    services.write_receipt(number, status="received", now=NOW)
    assert Receipt.objects.count() == 1
    with pytest.raises(ValueError, match="no status"):
        services.write_receipt(number, status="lost", now=NOW)


def test_every_single_typing_error_in_a_number_is_found() -> None:
    number = numbers.make_number("seed", NOW)
    plain = number.replace("-", "")
    assert numbers.read_number(plain) == number
    for place, right in enumerate(plain):
        pool = "0123456789" if right.isdigit() else numbers.LETTERS
        for wrong in set(pool) - {right}:
            assert numbers.read_number(plain[:place] + wrong + plain[place + 1 :]) is None
    for place in range(len(plain) - 1):
        swapped = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
        assert swapped == plain or numbers.read_number(swapped) is None
    for junk in ("", "\x00", "㐀" * 500, number + "1", "２０２６"):
        assert numbers.read_number(junk) is None


def test_what_another_key_sealed_is_unreadable(settings: Any, tmp_path: Path) -> None:
    sealed, token = seal(REPORT), sign("stop", "abc")
    assert signed_value("stop", token) == "abc"
    assert signed_value("confirm", token) is None
    assert signed_value("stop", token + "0") is None
    assert signed_value("stop", "改.改") is None
    assert signed_value("stop", "") is None
    assert seal({}) == "" and unseal("") == {}
    settings.INTAKE_KEY, settings.INTAKE_KEY_FILE = "another", tmp_path / "none"
    assert signed_value("stop", token) is None
    with pytest.raises(Unreadable):
        unseal(sealed)


@pytest.mark.django_db
def test_taking_over_empties_the_submission() -> None:
    send()
    (waiting,) = services.waiting("error_report")
    submission = services.take(waiting)
    assert submission is not None
    services.mark_taken(submission, NOW)
    assert services.take(waiting) is None
    assert services.waiting("error_report") == []
    assert Submission.objects.get().sealed == ""


def test_a_form_can_be_used_so_often_and_no_more(settings: Any) -> None:
    cache.clear()
    settings.FORM_LIMITS = {"feedback": 3}
    assert [limits.is_over("feedback", "10.0.0.1") for _ in range(5)] == [False, False, False, True, True]
    assert not limits.is_over("feedback", "10.0.0.2")
    assert not any("10.0.0.1" in key for key in cache._cache)  # type: ignore[attr-defined]
    cache.clear()


def test_only_trusted_proxies_are_believed(settings: Any) -> None:
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 1.2.3.4", REMOTE_ADDR="127.0.0.1")
    plain = RequestFactory().get("/", REMOTE_ADDR="1.2.3.4")
    settings.PROXIES = 0
    assert limits.client_address(request) == "127.0.0.1"
    settings.PROXIES = 1
    assert limits.client_address(request) == "1.2.3.4"
    assert limits.client_address(plain) == "1.2.3.4"


def test_a_form_tells_how_long_it_has_been_open() -> None:
    key = limits.new_request_key(NOW)
    assert limits.age(key, NOW + timedelta(seconds=40)) == timedelta(seconds=40)
    assert limits.age("made-up-123.abc", NOW) is None
    assert limits.new_request_key(NOW) != key


@pytest.mark.django_db
def test_a_subscription_is_asked_confirmed_widened_and_stopped() -> None:
    subscriptions.ask("Wang@Example.cn", ["unit/fgw"], request_key="a", now=NOW)
    wish = Submission.objects.get()
    token = subscriptions.confirm_token(wish.pk)
    assert subscriptions.can_confirm(token)
    assert "xample" not in str(Submission.objects.values().get())
    subscriptions.confirm(token, now=NOW)
    subscriptions.confirm(token, now=NOW)
    assert not Subscription.objects.exists()
    assert subscriptions.apply_changes(NOW, log_size=7) == 1
    made = Subscription.objects.get()
    assert (made.subjects, made.next_index, subscriptions.address_of(made)) == (["unit/fgw"], 7, "Wang@Example.cn")
    assert not Submission.objects.exists()
    assert not subscriptions.can_confirm(token)

    subscriptions.ask("wang@example.cn ", ["topic/民政", "unit/fgw"], request_key="b", now=NOW)
    subscriptions.confirm(subscriptions.confirm_token(Submission.objects.get().pk), now=NOW)
    subscriptions.apply_changes(NOW, log_size=9)
    made = Subscription.objects.get()
    assert (made.subjects, made.next_index) == (["topic/民政", "unit/fgw"], 7)

    stop = subscriptions.stop_token(made.pk)
    assert subscriptions.can_stop(stop)
    with pytest.raises(ValueError, match="no such link"):
        subscriptions.stop(token, now=NOW)
    subscriptions.stop(stop, now=NOW)
    subscriptions.apply_changes(NOW, log_size=9)
    assert not Subscription.objects.exists() and not Submission.objects.exists()
    assert subscriptions.is_stop_token(stop) and not subscriptions.can_stop(stop)
    subscriptions.stop(stop, now=NOW)
    assert subscriptions.apply_changes(NOW, log_size=9) == 1


@pytest.mark.django_db
def test_an_address_nobody_confirms_is_forgotten() -> None:
    subscriptions.ask("a@example.cn", ["all"], request_key="a", now=NOW)
    token = subscriptions.confirm_token(Submission.objects.get().pk)
    subscriptions.apply_changes(NOW + timedelta(days=6), log_size=0)
    assert subscriptions.can_confirm(token)
    subscriptions.apply_changes(NOW + timedelta(days=8), log_size=0)
    assert not Submission.objects.exists()
    with pytest.raises(ValueError, match="no such wish"):
        subscriptions.confirm(token, now=NOW)


@pytest.mark.django_db
def test_the_receipt_function_is_there_where_it_is_needed() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no functions of its own")
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosecdef, proacl::text FROM pg_proc WHERE proname = %s", [services.RECEIPT_FUNCTION])
        (definer, rights) = cursor.fetchone()
    assert definer is True
    assert "{=X/" not in rights and ",=X/" not in rights
