"""Signing in: password and TOTP, lock-out, session limits, no sign-up."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from axes.models import AccessAttempt
from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mingtang.units.credentials import set_password
from mingtang.units.models import Person, Session

PASSWORD = "ma-tou-qin-1206"
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    cache.clear()


@pytest.fixture
def person(db: Any) -> Person:
    person = Person.objects.create(username="official", display_name="某科员")
    set_password(person=person, password=PASSWORD, now=timezone.now())
    return person


def sign_in(client: Client, password: str = PASSWORD, username: str = "official") -> Any:
    return client.post(LOGIN, {"login": username, "password": password})


def is_in(client: Client) -> bool:
    return client.get(reverse("desk:home")).status_code == 200


def test_password_signs_in(person: Person) -> None:
    client = Client()
    assert client.get(LOGIN).status_code == 200
    assert sign_in(client).status_code == 302
    assert is_in(client)


def test_a_wrong_password_says_so_in_chinese(person: Person) -> None:
    response = sign_in(Client(), "wrong")
    assert response.status_code == 200
    assert "用户名" in response.content.decode()


def test_totp_is_asked_for_and_checked(person: Person) -> None:
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(person, secret)
    client = Client()
    response = sign_in(client)
    assert response["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200 and not is_in(client)
    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value(secret, counter))
    assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert is_in(client)
    assert Authenticator.objects.filter(user=person).count() == 1 and get_adapter() is not None


def test_five_failures_lock_the_name_at_that_address(person: Person) -> None:
    client = Client()
    answers = [sign_in(client, "wrong").status_code for _ in range(5)]
    locked = sign_in(client)
    assert locked.status_code == 429
    assert answers[:4] == [200] * 4
    assert sign_in(Client(REMOTE_ADDR="10.0.0.9")).status_code == 302


def test_the_locked_page_says_when_to_try_again_and_trying_meanwhile_does_not_move_it(person: Person) -> None:
    client = Client()
    for _ in range(5):
        sign_in(client, "wrong")
    moment = timezone.now() - timedelta(minutes=6)
    AccessAttempt.objects.update(attempt_time=moment)
    for _ in range(2):
        locked = sign_in(client)
        assert f"{timezone.localtime(moment + timedelta(minutes=15)):%H:%M}" in locked.content.decode()
    AccessAttempt.objects.update(attempt_time=moment - timedelta(minutes=10))
    assert sign_in(client).status_code == 302


def test_another_letter_case_is_the_same_name_to_the_lock(person: Person) -> None:
    client = Client()
    assert sign_in(client, username="OFFICIAL").status_code == 200 and not is_in(client)
    for name in ("Official", "oFFicial", "OFFICIAL", "offiCIAL"):
        sign_in(client, "wrong", name)
    assert sign_in(client).status_code == 429


def test_colleagues_typos_behind_one_address_shut_nobody_out(person: Person) -> None:
    for number in range(20):
        for _ in range(4):
            sign_in(Client(), "wrong", f"colleague{number}")
    assert sign_in(Client()).status_code == 302


def test_one_time_codes_cannot_be_guessed_at_length(person: Person) -> None:
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(person, secret)
    for number in range(5):
        client = Client(REMOTE_ADDR=f"10.0.0.{number}")
        sign_in(client)
        assert "太多" not in client.post(reverse("mfa_authenticate"), {"code": "000000"}).content.decode()
    client = Client(REMOTE_ADDR="10.0.1.1")
    sign_in(client)
    counter = next(iter(yield_hotp_counters_from_time()))
    right = client.post(reverse("mfa_authenticate"), {"code": format_hotp_value(hotp_value(secret, counter))})
    assert "太多" in right.content.decode() and not is_in(client)


@pytest.mark.parametrize(
    "page", ["signup/", "password/reset/", "password/set/", "email/", "confirm-email/", "inactive/"]
)
def test_pages_nobody_needs_are_not_there(person: Person, page: str) -> None:
    client = Client()
    assert client.get(f"/accounts/{page}").status_code == 404
    sign_in(client)
    assert client.get(f"/accounts/{page}").status_code == 404


def test_nobody_signs_up(db: Any) -> None:
    form = {"username": "guest", "password1": PASSWORD, "password2": PASSWORD}
    assert Client().post("/accounts/signup/", form).status_code == 404
    assert not Person.objects.exists()


def current_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_secrets_of_one_time_codes_are_not_readable_in_the_database(person: Person, settings: Any) -> None:
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(person, secret)
    stored = Authenticator.objects.get(user=person)
    assert secret not in str(stored.data)
    assert stored.wrap().validate_code(current_code(secret))
    key = settings.HOME / "secrets" / "one_time_code_key"
    assert key.read_text() == settings.ONE_TIME_CODE_KEY and key.stat().st_mode & 0o077 == 0
    settings.ONE_TIME_CODE_KEY = "another installation's"
    with pytest.raises(InvalidToken):
        stored.wrap().validate_code(current_code(secret))


def test_a_short_password_is_refused_in_chinese(person: Person) -> None:
    with pytest.raises(ValidationError, match="至少要有10个字符"):
        set_password(person=person, password="ma-tou", now=timezone.now())


def test_the_second_factor_is_set_up_and_the_password_changed_on_pages_that_work(person: Person) -> None:
    client = Client()
    sign_in(client)
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.status_code == 302 and asked["Location"].startswith(reverse("account_reauthenticate"))
    assert client.get(asked["Location"]).status_code == 200
    assert client.post(asked["Location"], {"password": PASSWORD}).status_code == 302
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    done = client.post(reverse("mfa_activate_totp"), {"code": current_code(page.context["form"].secret)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    for name in ("mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp"):
        assert client.get(reverse(name)).status_code == 200, name
    change = reverse("account_change_password")
    assert client.get(change).status_code == 200
    new = "new-ma-tou-qin-1207"
    assert client.post(change, {"oldpassword": PASSWORD, "password1": new, "password2": new}).status_code == 302
    person.refresh_from_db()
    assert person.check_password(new) and is_in(client)


def test_an_idle_session_ends(person: Person, settings: Any) -> None:
    client = Client()
    sign_in(client)
    assert is_in(client)
    session = client.session
    session["seen_at"] = time.time() - 31 * 60
    session.save()
    assert not is_in(client)


def test_a_session_ends_after_its_longest_time(person: Person, settings: Any) -> None:
    client = Client()
    sign_in(client)
    assert is_in(client)
    settings.SESSION_LONGEST = timedelta(0)
    assert not is_in(client)


def test_the_fourth_session_ends_the_first(person: Person) -> None:
    clients = [Client() for _ in range(4)]
    for client in clients:
        sign_in(client)
        assert is_in(client)
    assert [is_in(client) for client in clients] == [False, True, True, True]
    assert person.sessions.count() == 3


def test_a_session_counts_from_sign_in_on(person: Person) -> None:
    first = Client()
    sign_in(first)
    for _ in range(3):
        sign_in(Client())
    assert not is_in(first)


def test_signing_out_elsewhere_ends_no_session_here(person: Person) -> None:
    here = Client()
    sign_in(here)
    for _ in range(4):
        there = Client()
        sign_in(there)
        there.post(reverse("account_logout"))
        assert not is_in(there)
    assert is_in(here)
    assert person.sessions.count() == 1


def test_changing_the_password_leaves_only_the_session_it_was_changed_in(person: Person) -> None:
    here, there = Client(), Client()
    for client in (there, here, Client()):
        sign_in(client)
    new = "new-ma-tou-qin-1207"
    here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_in(here) and not is_in(there)
    assert person.sessions.count() == 1
    others = [Client(), Client()]
    for client in others:
        sign_in(client, new)
    assert [is_in(client) for client in (here, *others)] == [True] * 3


def test_sessions_long_over_are_cleared_at_the_next_sign_in(person: Person) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    sign_in(Client())
    assert not Session.objects.filter(session_key="old").exists()


def test_a_part_of_a_page_without_a_session_sends_the_whole_page_to_sign_in(db: Any) -> None:
    page = {"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/document/new/?about=1"}
    response = Client().post(reverse("desk:autosave"), headers=page)
    assert response.status_code == 401
    assert response["HX-Redirect"] == f"{LOGIN}?next=%2Fdesk%2Fdocument%2Fnew%2F%3Fabout%3D1"
    whole = Client().get("/desk/?page=2")
    assert whole.status_code == 302 and whole["Location"] == f"{LOGIN}?next=/desk/%3Fpage%3D2"


@pytest.mark.parametrize("page", ["portal:home", "portal:policies", "portal:articles"])
def test_public_pages_neither_vary_by_session_nor_touch_it(person: Person, page: str) -> None:
    client = Client()
    sign_in(client)
    client.get(reverse("desk:home"))
    before = Session.objects.get()
    for visitor in (client, Client()):
        response = visitor.get(reverse(page))
        assert response.status_code == 200
        assert "Cookie" not in response.get("Vary", "") and not response.cookies
    after = Session.objects.get()
    assert (after.session_data, after.expire_date) == (before.session_data, before.expire_date)


def test_a_new_password_ends_open_sessions(person: Person) -> None:
    client = Client()
    sign_in(client)
    assert is_in(client)
    set_password(person=person, password="new-ma-tou-qin-1207", now=timezone.now())
    assert not is_in(client)
