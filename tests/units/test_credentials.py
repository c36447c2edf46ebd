"""Passwords handed out on paper, first sign-in, second factors taken away and demanded, sessions ended."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import START, City

from mingtang.journal.models import Event
from mingtang.units import roles
from mingtang.units.actors import Actor, actor_for
from mingtang.units.credentials import issue_code, reset_password, set_password, totp_reset
from mingtang.units.errors import UnitsError
from mingtang.units.identities import link_identity
from mingtang.units.models import CredentialReset, Person
from mingtang.units.people import person_create, person_disable
from mingtang.units.sessions import device_of, end_sessions, place_of

PASSWORD = "ma-tou-qin-1206"
NEW = "new-ma-tou-qin-1207"
HOME = "/desk/"


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    cache.clear()


@pytest.fixture
def person(city: City) -> Person:
    person = city.person(city.unit("教育局"), roles.DRAFTER)
    set_password(person=person, password=PASSWORD, now=START)
    return person


@pytest.fixture
def security(city: City) -> Actor:
    return city.actor(city.unit("市政府办公厅"), roles.SECURITY_ADMINISTRATOR)


def sign_in(person: Person, password: str = PASSWORD, client: Client | None = None, **headers: str) -> Client:
    client = client or Client(headers=headers)
    client.post("/accounts/login/", {"login": person.username, "password": password})
    return client


def where(client: Client, page: str = HOME) -> str:
    answer = client.get(page)
    return str(answer["Location"]) if answer.status_code == 302 else str(answer.status_code)


def choose(client: Client, password: str = NEW, again: str = "") -> Any:
    return client.post(reverse("account_first_password"), {"password1": password, "password2": again or password})


def test_a_printed_password_opens_one_page_and_then_the_desk(person: Person, security: Actor) -> None:
    old = sign_in(person)
    code = issue_code(person=person, actor=security, now=timezone.localtime())
    assert code is not None and where(old).startswith("/accounts/login/")
    assert where(sign_in(person)).startswith("/accounts/login/")
    client = sign_in(person, code)
    first = reverse("account_first_password")
    for page in (HOME, "/desk/duties/", "/desk/document/new/", "/accounts/2fa/", "/accounts/password/change/"):
        assert where(client, page) == first, page
    assert client.post("/desk/autosave/", {"autosave_key": "new:document:"})["Location"] == first
    page = client.get(first).content.decode()
    assert "安全管理员" in page and "给您设了新密码" in page
    assert "不一样" in choose(client, NEW, "something else").content.decode()
    assert "至少要有10个字符" in choose(client, "short").content.decode()
    assert "不能与现在的密码相同" in choose(client, code).content.decode()
    assert choose(client)["Location"] == HOME
    assert where(client) == "200"
    assert where(sign_in(person, NEW)) == "200"
    names = list(Event.objects.filter(name__startswith="password.").values_list("name", "actor_id"))
    assert ("password.issued", security.person_id) in names and names[-1] == ("password.changed", person.pk)


def test_it_opens_one_session_only(person: Person, security: Actor) -> None:
    code = issue_code(person=person, actor=security, now=timezone.localtime())
    assert code is not None
    sign_in(person, code)
    again = Client()
    answer = again.post("/accounts/login/", {"login": person.username, "password": code})
    assert answer.status_code == 403 and "已经用过" in answer.content.decode()
    assert where(again).startswith("/accounts/login/")


def test_it_runs_out(person: Person, security: Actor) -> None:
    code = issue_code(person=person, actor=security, now=timezone.localtime() - timedelta(hours=24))
    answer = Client().post("/accounts/login/", {"login": person.username, "password": code})
    assert answer.status_code == 403 and "已经过期" in answer.content.decode()


def test_a_new_one_spends_the_one_before_and_none_is_shown_twice(person: Person, security: Actor) -> None:
    now = timezone.localtime()
    first = issue_code(person=person, actor=security, now=now, request_key="once")
    assert first is not None and issue_code(person=person, actor=security, now=now, request_key="once") is None
    second = issue_code(person=person, actor=security, now=now, request_key="twice")
    assert second is not None
    assert where(sign_in(person, first)).startswith("/accounts/login/")
    assert where(sign_in(person, second)) == reverse("account_first_password")


def test_a_code_is_long_readable_and_kept_only_hashed(person: Person, security: Actor) -> None:
    codes = {issue_code(person=person, actor=security, now=START) for _ in range(20)}
    assert len(codes) == 20
    for code in codes:
        assert code is not None and len(code) == 19 and not set("01ilo") & set(code)
    person.refresh_from_db()
    assert person.password.startswith("md5$") and not any(str(code) in person.password for code in codes)
    assert not any(str(code) in str(row) for code in codes for row in Event.objects.values())


def test_somebody_without_a_password_cannot_sign_in_before_one_is_handed_out(city: City, security: Actor) -> None:
    system = city.actor(city.unit("市政府办公厅"), roles.SYSTEM_ADMINISTRATOR)
    person = person_create(username="newcomer", display_name="张三", actor=system, now=START)
    assert not person.has_usable_password() and not actor_for(person, START).posts
    code = issue_code(person=person, actor=security, now=timezone.localtime())
    assert code is not None
    assert where(sign_in(person, code)) == reverse("account_first_password")


def test_a_password_the_operator_chose_has_to_be_changed(city: City) -> None:
    person = person_create(username="first", display_name="张三", password=PASSWORD, now=START)
    client = sign_in(person)
    assert where(client) == reverse("account_first_password")
    choose(client)
    assert where(client) == "200"
    reset_password(person=person, password="third-ma-tou-qin", now=timezone.localtime())
    client = sign_in(person, "third-ma-tou-qin")
    assert "运维人员给您设了新密码" in client.get(reverse("account_first_password")).content.decode()


def test_a_second_factor_taken_away_is_told_at_the_next_sign_in(person: Person, security: Actor) -> None:
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    totp_reset(person=person, actor=security, now=timezone.localtime())
    client = sign_in(person)
    assert where(client) == where(client, "/desk/duties/") == reverse("account_resets")
    page = client.get(reverse("account_resets")).content.decode()
    assert "取消了您的动态口令" in page and "安全管理员" in page
    client.post(reverse("account_resets"))
    assert where(client) == "200" and where(sign_in(person)) == "200"
    assert CredentialReset.objects.get().seen_at is not None
    with pytest.raises(UnitsError, match="没有启用"):
        totp_reset(person=person, actor=security, now=START)


def test_whoever_got_in_by_a_reset_cannot_hide_it_from_the_person(person: Person, security: Actor) -> None:
    code = issue_code(person=person, actor=security, now=timezone.localtime())
    assert code is not None
    intruder = sign_in(person, code)
    choose(intruder)
    assert "给您设了新密码" in intruder.get(HOME).content.decode()
    link_identity(person=person, subject="sub-of-another", actor=security, now=timezone.localtime())
    theirs = sign_in(person, NEW)
    assert where(theirs) == reverse("account_resets")
    theirs.post(reverse("account_resets"))
    page = theirs.get(HOME).content.decode()
    assert "给您设了新密码" in page and "让一个统一身份可以用您的账号登录" in page


def test_nobody_resets_the_own_secrets_as_an_administrator(city: City, security: Actor) -> None:
    me = Person.objects.get(pk=security.person_id)
    for reset in (
        lambda: issue_code(person=me, actor=security, now=START),
        lambda: totp_reset(person=me, actor=security, now=START),
    ):
        with pytest.raises(UnitsError, match="不能给自己办理"):
            reset()
    gone = Person.objects.create(username="gone", display_name="走了", is_active=False)
    with pytest.raises(UnitsError, match="已停用"):
        issue_code(person=gone, actor=security, now=START)


@pytest.mark.parametrize(
    ("demanded", "role", "page"),
    [
        ("", roles.SYSTEM_ADMINISTRATOR, "200"),
        ("administrators", roles.SYSTEM_ADMINISTRATOR, "/accounts/2fa/totp/activate/"),
        ("administrators", roles.DRAFTER, "200"),
        ("all", roles.DRAFTER, "/accounts/2fa/totp/activate/"),
    ],
)
def test_a_second_factor_can_be_demanded(city: City, settings: Any, demanded: str, role: str, page: str) -> None:
    settings.REQUIRE_TOTP = demanded
    person = city.person(city.unit("市政府办公厅"), role)
    set_password(person=person, password=PASSWORD, now=START)
    client = sign_in(person)
    assert where(client) == page
    if page != "200":
        assert where(client, page).startswith(reverse("account_reauthenticate")) or where(client, page) == "200"
        TOTP.activate(person, "JBSWY3DPEHPK3PXP")
        assert where(client) == "200"
        Person.objects.get(pk=person.pk).authenticator_set.all().delete()
        Person.objects.filter(pk=person.pk).update(version=person.version + 5)
        assert where(client) == page


def test_a_disabled_person_is_out_at_once_and_stays_out(city: City, person: Person) -> None:
    client = sign_in(person)
    assert where(client) == "200"
    system = city.actor(city.unit("市政府办公厅"), roles.SYSTEM_ADMINISTRATOR)
    person_disable(person=person, actor=system, now=START)
    assert where(client).startswith("/accounts/login/") and not person.sessions.exists()
    assert where(sign_in(person)).startswith("/accounts/login/")


def test_sessions_are_listed_with_device_and_network_and_ended_by_their_owner(person: Person) -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    here, there = sign_in(person, **{"user-agent": firefox}), sign_in(person)
    where(here), where(there)
    page = here.get(reverse("desk:sessions")).content.decode()
    assert "Firefox · Windows" in page and "127.0.0.*" in page and "（这里）" in page
    assert here.session.session_key not in page and there.session.session_key not in page
    here.post(reverse("desk:sessions_end"), {"session": "others"})
    assert where(here) == "200" and where(there).startswith("/accounts/login/")
    third = sign_in(person)
    where(third)
    started = person.sessions.order_by("-started_at")[0].started_at
    here.post(reverse("desk:sessions_end"), {"session": f"{started.timestamp():.6f}"})
    assert where(here) == "200" and where(third).startswith("/accounts/login/")
    own = f"{person.sessions.get().started_at.timestamp():.6f}"
    here.post(reverse("desk:sessions_end"), {"session": own})
    assert where(here) == "200"


def test_nobody_ends_the_sessions_of_others(city: City, person: Person) -> None:
    client = sign_in(person)
    where(client)
    other = city.person(city.unit("教育局"), roles.UNIT_HEAD)
    thief = Client()
    thief.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    started = person.sessions.get().started_at.timestamp()
    thief.post(reverse("desk:sessions_end"), {"session": f"{started:.6f}"})
    assert where(client) == "200"
    with pytest.raises(UnitsError, match="安全管理员"):
        end_sessions(person=person, actor=actor_for(other, START), now=START)


def test_devices_and_places_are_short() -> None:
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0"
    assert device_of(edge) == "Edge · Windows" and device_of("") == "其他浏览器 · 其他系统"
    assert place_of("10.1.2.33") == "10.1.2.*" and place_of("2001:db8:1:2::5") == "2001:db8:1::/48"
    assert place_of("10.0.0.7") == "10.0.0.*" and place_of("unknown") == ""
