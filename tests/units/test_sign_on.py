"""Single sign-on against a real server over HTTP: code flow with PKCE, and everything that must not open the desk."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from django.urls import reverse
from tests.factories import START, City
from tests.units.sign_on_server import CLIENT, SECRET

from mingtang.journal.models import Event
from mingtang.units import roles
from mingtang.units.actors import SYSTEM
from mingtang.units.errors import UnitsError
from mingtang.units.identities import link_identity, unlink_identity
from mingtang.units.models import Person
from mingtang.units.people import person_disable


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    script = Path(__file__).parent / "sign_on_server.py"
    process = subprocess.Popen([sys.executable, str(script), "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def server(issuer: str, settings: Any) -> str:
    settings.SIGN_ON_ISSUER, settings.SIGN_ON_CLIENT_ID, settings.SIGN_ON_SECRET = issuer, CLIENT, SECRET
    return issuer


@pytest.fixture
def person(city: City) -> Person:
    return city.person(city.unit("教育局"), roles.DRAFTER)


def walk(client: Client, server: str, **told: str) -> Any:
    """Press the link, be signed in at the server as told, come back."""
    requests.post(f"{server}/told", json=told, timeout=10)
    away = client.get("/accounts/sign-on/?next=/desk/duties/")
    if away.status_code != 302:
        return away
    assert away["Location"].startswith(f"{server}/authorize?")
    back = requests.get(away["Location"], allow_redirects=False, timeout=10)
    address = urlsplit(back.headers["Location"])
    return client.get(f"{address.path}?{address.query}")


def is_in(client: Client) -> bool:
    return client.get(reverse("desk:home")).status_code == 200


def test_a_linked_person_signs_in_and_nothing_personal_stays(server: str, person: Person) -> None:
    link_identity(person=person, subject="sub-1", now=START)
    client = Client()
    assert "统一身份认证" in client.get("/accounts/login/").content.decode()
    answer = walk(client, server, sub="sub-1", preferred_username="somebody else")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/duties/")
    assert is_in(client)
    account = SocialAccount.objects.get()
    assert account.user_id == person.pk and account.extra_data == {}
    assert not SocialToken.objects.exists() and Person.objects.get(pk=person.pk).email == ""


@pytest.mark.parametrize(
    "fault",
    ["issuer", "audience", "expired", "nonce", "unsigned", "shared_secret", "signature", "key_id", "other_server"],
)
def test_an_answer_that_does_not_hold_opens_nothing(server: str, person: Person, fault: str) -> None:
    link_identity(person=person, subject="sub-1", now=START)
    client = Client()
    answer = walk(client, server, sub="sub-1", fault=fault)
    assert answer.status_code == 403 and "没有通过核验" in answer.content.decode()
    assert not is_in(client)
    assert Event.objects.filter(name="session.refused", payload='{"factor":"sign_on"}').count() == 1


def test_somebody_unknown_gets_no_account(server: str, person: Person) -> None:
    before = Person.objects.count()
    client = Client()
    answer = walk(client, server, sub="sub-unknown", preferred_username=person.username)
    assert answer.status_code == 403 and "没有与您关联的账号" in answer.content.decode()
    assert not is_in(client) and Person.objects.count() == before and not SocialAccount.objects.exists()


def test_a_disabled_person_is_refused(server: str, person: Person) -> None:
    link_identity(person=person, subject="sub-1", now=START)
    person_disable(person=person, actor=SYSTEM, now=START)
    client = Client()
    answer = walk(client, server, sub="sub-1")
    assert answer.status_code == 403 and "账号已停用" in answer.content.decode()
    assert not is_in(client)


def test_where_names_are_trusted_an_account_is_linked_once_and_journalled(
    server: str, person: Person, settings: Any
) -> None:
    settings.SIGN_ON_LINK = "username"
    assert walk(Client(), server, sub="sub-1", preferred_username="nobody").status_code == 403
    client = Client()
    assert walk(client, server, sub="sub-1", preferred_username=person.username).status_code == 302
    assert is_in(client)
    assert Event.objects.filter(name="identity.linked").count() == 1
    other = walk(Client(), server, sub="sub-2", preferred_username=person.username)
    assert other.status_code == 403 and SocialAccount.objects.count() == 1


def test_the_second_factor_is_asked_for_here_too(server: str, person: Person) -> None:
    link_identity(person=person, subject="sub-1", now=START)
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    client = Client()
    assert walk(client, server, sub="sub-1")["Location"].startswith(reverse("mfa_authenticate"))
    assert not is_in(client)


def test_an_answer_nobody_asked_for_and_one_given_twice_open_nothing(server: str, person: Person) -> None:
    link_identity(person=person, subject="sub-1", now=START)
    victim = Client()
    assert "没有从本系统的登录页开始" in victim.get("/accounts/sign-on/callback/?code=x&state=y").content.decode()
    client = Client()
    requests.post(f"{server}/told", json={"sub": "sub-1"}, timeout=10)
    away = client.get("/accounts/sign-on/")
    back = urlsplit(requests.get(away["Location"], allow_redirects=False, timeout=10).headers["Location"])
    assert "没有登录" in victim.get(f"{back.path}?{back.query}").content.decode() and not is_in(victim)
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    client.post(reverse("account_logout"))
    client.get(f"{back.path}?{back.query}")
    assert not is_in(client)


def test_giving_up_at_the_server_and_a_server_that_is_away_are_told_in_words(
    server: str, person: Person, settings: Any
) -> None:
    assert "取消了登录" in walk(Client(), server, sub="sub-1", fault="cancelled").content.decode()
    settings.SIGN_ON_ISSUER = "http://127.0.0.1:9"
    away = Client().get("/accounts/sign-on/")
    assert away.status_code == 502 and "连不上统一身份系统" in away.content.decode()


def test_nobody_links_an_account_through_the_address(server: str, person: Person) -> None:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    requests.post(f"{server}/told", json={"sub": "sub-9"}, timeout=10)
    away = client.get("/accounts/sign-on/?process=connect")
    back = urlsplit(requests.get(away["Location"], allow_redirects=False, timeout=10).headers["Location"])
    assert client.get(f"{back.path}?{back.query}").status_code == 403
    assert not SocialAccount.objects.exists()


def test_without_a_server_there_is_no_page_and_no_link(person: Person) -> None:
    client = Client()
    assert client.get("/accounts/sign-on/").status_code == 404
    assert client.get("/accounts/sign-on/callback/").status_code == 404
    assert "sign-on" not in client.get("/accounts/login/").content.decode()


def test_a_subject_belongs_to_one_account(server: str, city: City, person: Person) -> None:
    other = city.person(city.unit("教育局"), roles.DRAFTER, 2)
    link_identity(person=person, subject="sub-1", now=START)
    link_identity(person=person, subject="sub-1", now=START)
    with pytest.raises(UnitsError, match="已经关联给"):
        link_identity(person=other, subject="sub-1", now=START)
    with pytest.raises(UnitsError, match="另一个统一身份"):
        link_identity(person=person, subject="sub-2", now=START)
    unlink_identity(person=person, now=START)
    unlink_identity(person=person, now=START)
    link_identity(person=other, subject="sub-1", now=START)
    names = Event.objects.filter(name__startswith="identity.").order_by("sequence").values_list("name", flat=True)
    assert list(names) == ["identity.linked", "identity.unlinked", "identity.linked"]
