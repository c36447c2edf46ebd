"""Who signed in and out, and who was refused, as the audit administrator sees it."""

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import City

from mingtang.journal.models import Event
from mingtang.journal.selectors import verify_journal
from mingtang.units import roles
from mingtang.units.credentials import set_password
from mingtang.units.models import Person

PASSWORD = "ma-tou-qin-1206"
LOGIN = "/accounts/login/"


@pytest.fixture
def person(db: Any) -> Person:
    cache.clear()
    person = Person.objects.create(username="official", display_name="某科员")
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(client: Client, username: str = "official", password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": username, "password": password})


def written() -> list[tuple[str, int | None, str]]:
    return list(Event.objects.order_by("sequence").values_list("name", "actor_id", "payload"))


def test_signing_in_and_out_is_in_the_journal(person: Person) -> None:
    client = Client()
    sign_in(client)
    client.post(reverse("account_logout"))
    client.post(reverse("account_logout"))
    assert written() == [("session.opened", person.pk, ""), ("session.closed", person.pk, "")]
    assert verify_journal() == []


def test_a_refused_sign_in_keeps_the_person_but_never_what_was_typed(person: Person) -> None:
    sign_in(Client(), password="wrong")
    sign_in(Client(), username="OFFICIAL")
    sign_in(Client(), username=PASSWORD, password=PASSWORD)
    refused = ("session.refused", person.pk, '{"factor":"password"}')
    assert written() == [refused, refused, ("session.refused", None, '{"factor":"password"}')]
    assert not any(PASSWORD in str(row) for row in Event.objects.values())


def test_a_wrong_one_time_code_is_a_refused_sign_in(person: Person) -> None:
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    client = Client()
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": "nothing"})
    assert written() == [("session.refused", person.pk, '{"factor":"one_time_code"}')]


def test_a_session_that_idled_out_is_closed_in_the_journal(person: Person, settings: Any) -> None:
    client = Client()
    sign_in(client)
    settings.SESSION_LONGEST = -settings.SESSION_IDLE
    client.get(reverse("desk:home"))
    assert [name for name, _, _ in written()] == ["session.opened", "session.closed"]


def test_the_audit_administrator_reads_of_them(city: City) -> None:
    auditor = city.person(city.unit("市政府办公厅"), roles.AUDIT_ADMINISTRATOR)
    set_password(person=auditor, password=PASSWORD, now=timezone.now())
    sign_in(Client(), username="nobody")
    client = Client()
    sign_in(client, username=auditor.username)
    page = client.get(reverse("desk:journal")).content.decode()
    assert "登录未通过" in page and "未知用户名" in page and "登录" in page
