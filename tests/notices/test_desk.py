"""The pages: my own notices and no others', titles only as I may see them today, and the administrator's hooks."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import City, Desk
from tests.notices.servers import Receiver

from mingtang.notices import kinds
from mingtang.notices.following import follow_journal
from mingtang.notices.models import UNCLEAR, Delivery, Hook, Notice
from mingtang.notices.services import code_of, notify, preference_of, unread_count
from mingtang.units import roles
from mingtang.units.models import DELEGATED, Person, Post
from mingtang.units.posts import post_assign

SECRET = "还没有公开的秘密标题"


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def head(desk: Desk) -> Person:
    """A head who was told of a paper."""
    person = desk.city.person(desk.unit, roles.UNIT_HEAD)
    notify(person_ids=[person.pk], kind=kinds.WAITING, about=desk.draft(title=SECRET), now=desk.now)
    return person


def text(client: Client, name: str, *args: object, ask: str = "") -> str:
    return client.get(reverse(f"desk:{name}", args=args) + ask).content.decode()


def test_the_list_shows_mine_with_title_and_link_and_reading_clears_it(desk: Desk, head: Person) -> None:
    client, notice = client_of(head), Notice.objects.get()
    assert SECRET in text(client, "notices") and "1<span" in text(client, "home")
    response = client.get(reverse("desk:notice", args=[notice.pk]))
    assert response.status_code == 302 and f"/desk/document/{notice.matter.record_id}/" in response["Location"]
    assert unread_count(head.pk) == 0 and "没有未读的通知" in text(client, "notices")
    assert SECRET in text(client, "notices", ask="?show=all")


def test_nobody_reads_or_opens_anothers(desk: Desk, head: Person) -> None:
    other = client_of(desk.city.person(desk.unit, roles.DRAFTER))
    notice = Notice.objects.get()
    assert other.get(reverse("desk:notice", args=[notice.pk])).status_code == 404
    other.post(reverse("desk:notices_read"), {"upto": notice.pk})
    assert unread_count(head.pk) == 1 and "还没有通知" in text(other, "notices", ask="?show=all")


def test_whoever_left_the_unit_sees_no_title(desk: Desk, head: Person) -> None:
    Post.objects.filter(person=head).update(unit=desk.city.unit("教育局"))
    page = text(client_of(head), "notices")
    assert SECRET not in page and "不由您的单位办理" in page
    assert client_of(head).get(reverse("desk:notice", args=[Notice.objects.get().pk])).status_code == 404


@pytest.mark.parametrize("upto", ["", "x", "-1", "9" * 30])
def test_a_broken_mark_is_refused(desk: Desk, head: Person, upto: str) -> None:
    response = client_of(head).post(reverse("desk:notices_read"), {"upto": upto})
    assert response.status_code == 404 and unread_count(head.pk) == 1


def test_administrators_have_no_notices(desk: Desk, head: Person) -> None:
    for role in roles.ADMINISTRATORS:
        client = client_of(desk.city.person(desk.office, role))
        for name in ("notices", "notice_preferences", "late"):
            assert client.get(reverse(f"desk:{name}")).status_code == 403
        assert 'class="bell"' not in text(client, "home")


def test_a_delegated_post_is_told(city: City) -> None:
    now, unit = timezone.localtime(), city.unit("发改委")
    head = city.person(unit, roles.UNIT_HEAD)
    deputy = city.person(unit, roles.DRAFTER)
    post_assign(
        person=deputy,
        unit=unit,
        role=roles.UNIT_HEAD,
        valid_from=now.date(),
        valid_to=now.date() + timedelta(days=7),
        kind=DELEGATED,
        delegated_by=head,
        reason="出差",
        now=now,
    )
    follow_journal(now)
    assert Notice.objects.get().person == deputy
    page = text(client_of(deputy), "notices")
    assert "委托给我办理" in page and "通辽市发展和改革委员会单位负责人" in page and f"由{head}" in page


def test_preferences_are_kept_and_faults_lose_nothing(desk: Desk, head: Person) -> None:
    client, address = client_of(head), reverse("desk:notice_preferences")
    form = {f"mail_{kind}": kinds.DIGEST for kind in kinds.KINDS}
    form |= {"quiet_from": "21:30", "quiet_to": "06:00", "digest_at": "16:00", "working_days_only": "on"}
    page = client.post(address, form | {"digest_at": "两点", "mail_late": "pigeon"}).content.decode()
    assert "请按“08:30”的样子" in page and "两点" in page and "请从列出的几种方式" in page
    assert preference_of(head.pk).mail(kinds.WAITING) == kinds.AT_ONCE
    assert client.post(address, form).status_code == 302
    kept = preference_of(head.pk)
    assert kept.mail(kinds.WAITING) == kinds.DIGEST and kept.working_days_only and str(kept.quiet_from) == "21:30:00"
    assert not kept.in_desk(kinds.WAITING) and kept.in_desk(kinds.LATE)


def test_an_address_is_given_verified_and_dropped(desk: Desk, head: Person, settings: Any) -> None:
    client, address = client_of(head), reverse("desk:notice_address")
    settings.MAIL_SERVER = ""
    assert (
        "还没有设置邮件服务器，不能"
        in client.post(address, {"action": "ask", "email": "a@gov.example"}).content.decode()
    )
    settings.MAIL_SERVER = "smtp://mail.example"
    page = client.post(address, {"action": "ask", "email": "没有写完"})
    assert page.status_code == 400 and "没有写完" in page.content.decode()
    assert client.post(address, {"action": "ask", "email": "a@gov.example"}).status_code == 302
    assert "验证码不对" in client.post(address, {"action": "confirm", "code": "1"}).content.decode()
    head.refresh_from_db()
    client.post(address, {"action": "confirm", "code": code_of(head.mail_address)})
    assert "通知会发到 <strong>a@gov.example" in text(client, "notice_preferences")
    client.post(address, {"action": "drop"})
    assert "还没有填写邮箱" in text(client, "notice_preferences")
    assert client.post(address, {"action": "x"}).status_code == 404


def test_a_mail_in_doubt_is_said(desk: Desk, head: Person) -> None:
    now = timezone.now()
    Delivery.objects.create(
        key="x", channel="mail", kind="notices", person=head, status=UNCLEAR, made_at=now, next_try_at=now
    )
    for name in ("notices", "notice_preferences"):
        assert "不知是否送达" in text(client_of(head), name)


def test_hooks_are_the_system_administrators(desk: Desk, hooked: tuple[Receiver, str]) -> None:
    for role in set(roles.ROLES) - {roles.SYSTEM_ADMINISTRATOR}:
        client = client_of(desk.city.person(desk.office, role))
        assert client.get(reverse("desk:hooks")).status_code == 403
        assert client.post(reverse("desk:hooks"), {"url": hooked[1]}).status_code == 403
    client = client_of(desk.city.person(desk.office, roles.SYSTEM_ADMINISTRATOR))
    page = client.post(reverse("desk:hooks"), {"url": "http://x.example/a"})
    assert (
        page.status_code == 400
        and "http://x.example/a" in page.content.decode()
        and "https://" in page.content.decode()
    )
    assert client.post(reverse("desk:hooks"), {"url": hooked[1], "unit": desk.unit.pk}).status_code == 302
    hook = Hook.objects.get()
    assert hook.unit == desk.unit and hooked[1] in text(client, "hooks").replace("&amp;", "&")
    assert client.post(reverse("desk:hook_end", args=[hook.pk])).status_code == 302
    assert client.post(reverse("desk:hook_end", args=[hook.pk + 1])).status_code == 404
    assert Hook.objects.get().ended_at is not None
