"""The administrators' pages: who gets in, what they change, and that two of them never overwrite each other."""

import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver, reverse
from tests.factories import START, City, Desk

from mingtang.duties.calendars import current_calendar
from mingtang.duties.models import CalendarVersion, Duty
from mingtang.editions.models import PublicUnit
from mingtang.journal.models import Event
from mingtang.records.handling import handler_of
from mingtang.units import roles
from mingtang.units.actors import actor_for
from mingtang.units.models import DELEGATED, Person, Post, Unit

SYSTEM, SECURITY, AUDIT = roles.SYSTEM_ADMINISTRATOR, roles.SECURITY_ADMINISTRATOR, roles.AUDIT_ADMINISTRATOR
# Every page of this room and the administrators who may open it.
PAGES = {
    "people": {SYSTEM, SECURITY},
    "person": {SYSTEM, SECURITY},
    "new_person": {SYSTEM},
    "edit_person": {SYSTEM},
    "disable_person": {SYSTEM},
    "enable_person": {SYSTEM},
    "new_post": {SECURITY},
    "end_post": {SECURITY},
    "hand_over": {SECURITY},
    "issue_password": {SECURITY},
    "reset_codes": {SECURITY},
    "sign_out_person": {SECURITY},
    "link_identity": {SECURITY},
    "unlink_identity": {SECURITY},
    "sign_ins": {SECURITY},
    "units": {SYSTEM},
    "unit": {SYSTEM},
    "new_unit": {SYSTEM},
    "edit_unit": {SYSTEM},
    "merge_unit": {SYSTEM},
    "calendar": {SYSTEM},
}
BY_POST_ONLY = {
    "disable_person", "enable_person", "issue_password", "reset_codes", "sign_out_person", "unlink_identity",
}  # fmt: skip


def client_as(city: City, role: str, number: int = 1) -> Client:
    client = Client()
    person = city.person(city.unit("市政府办公厅"), role, number)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def system(city: City) -> Client:
    return client_as(city, SYSTEM)


@pytest.fixture
def security(city: City) -> Client:
    return client_as(city, SECURITY)


@pytest.fixture
def drafter(city: City) -> Person:
    return city.person(city.unit("教育局"), roles.DRAFTER)


def address(name: str, drafter: Person) -> str:
    if name == "end_post":
        return reverse("desk:end_post", args=[drafter.pk, drafter.posts.order_by("pk")[0].pk])
    if name in ("unit", "edit_unit", "merge_unit"):
        return reverse(f"desk:{name}", args=["jyj"])
    if name in ("people", "new_person", "sign_ins", "units", "new_unit", "calendar"):
        return reverse(f"desk:{name}")
    return reverse(f"desk:{name}", args=[drafter.pk])


def hidden(page: Any, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page.content.decode())
    assert found is not None, name
    return found.group(1)


def test_every_system_address_of_this_room_is_in_the_table() -> None:
    desk = next(one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "desk")
    mine = {
        route.name
        for route in desk.url_patterns
        if str(route.pattern).startswith(("system/people", "system/sign-ins", "system/units", "system/calendar"))
    }
    assert mine == set(PAGES)


@pytest.mark.parametrize("role", sorted(roles.ROLES))
def test_each_page_opens_for_its_administrator_alone(city: City, drafter: Person, role: str) -> None:
    client = client_as(city, role)
    events = Event.objects.count()
    for name, allowed in PAGES.items():
        got, sent = client.get(address(name, drafter)), None
        if role not in allowed:
            sent = client.post(address(name, drafter), {"request_key": str(uuid.uuid4())})
        if name in BY_POST_ONLY:
            assert got.status_code == 405, name
        else:
            assert got.status_code == (200 if role in allowed else 403), (name, role)
        assert sent is None or sent.status_code == 403, (name, role)
    assert Event.objects.count() == events
    assert Client().get(reverse("desk:people")).status_code == 302


def test_the_menu_shows_each_administrator_only_their_pages(city: City) -> None:
    for role in (SYSTEM, SECURITY, AUDIT):
        client = client_as(city, role)
        page = client.get(reverse("desk:home")).content.decode()
        for name, allowed in PAGES.items():
            if name in ("people", "units", "calendar", "sign_ins"):
                assert (f'href="{reverse(f"desk:{name}")}"' in page) == (role in allowed), (name, role)


def test_an_account_is_made_and_given_a_post_by_two_people(city: City, system: Client, security: Client) -> None:
    form = {"username": "zhangsan", "display_name": "张三", "email": "", "request_key": "k1"}
    made = system.post(reverse("desk:new_person"), form)
    person = Person.objects.get(username="zhangsan")
    assert made["Location"] == reverse("desk:person", args=[person.pk])
    assert system.post(reverse("desk:new_person"), form)["Location"] == made["Location"]
    assert Person.objects.filter(username="zhangsan").count() == 1
    page = security.get(reverse("desk:new_post", args=[person.pk]))
    post = {
        "kind": "substantive", "unit": "教育局", "role": roles.UNIT_HEAD, "title": "副局长", "valid_from": "2016-01-01",
        "expected_version": hidden(page, "expected_version"), "request_key": hidden(page, "request_key"),
    }  # fmt: skip
    assert security.post(reverse("desk:new_post", args=[person.pk]), post).status_code == 302
    shown = system.get(made["Location"]).content.decode()
    assert "通辽市教育局 单位负责人" in shown and "副局长" in shown
    assert "新建账号" in shown and "安排岗位" in shown


def test_mistakes_stand_beside_their_fields_and_nothing_typed_is_lost(
    city: City, drafter: Person, system: Client, security: Client
) -> None:
    answer = system.post(reverse("desk:new_person"), {"username": "zhang san", "display_name": "张三丰"})
    page = answer.content.decode()
    assert answer.status_code == 422 and 'href="#id_username"' in page and "不能有空格" in page and "张三丰" in page
    form = {
        "kind": DELEGATED, "unit": "不存在的局", "role": roles.UNIT_HEAD, "valid_from": "2026-13-01",
        "delegated_by": "没有这人", "reason": "只此一处的事由",
    }  # fmt: skip
    page = security.post(reverse("desk:new_post", args=[drafter.pk]), form).content.decode()
    for words in ("没有单位“不存在的局”", "日期写成", "没有叫“没有这人”的人", "只此一处的事由"):
        assert words in page, words
    form |= {"unit": "教育局", "valid_from": "2026-03-02", "delegated_by": ""}
    page = security.post(reverse("desk:new_post", args=[drafter.pk]), form).content.decode()
    assert "委托代签要写明委托人" in page and "委托代签要写明截止日期" in page


def test_a_delegation_is_given_and_shown_with_whose_it_is(city: City, drafter: Person, security: Client) -> None:
    head = city.person(city.unit("教育局"), roles.UNIT_HEAD)
    today = date.today()
    form = {
        "kind": DELEGATED, "unit": "教育局", "role": roles.UNIT_HEAD, "valid_from": str(today),
        "valid_to": str(today + timedelta(days=5)), "delegated_by": head.username, "reason": "出差",
    }  # fmt: skip
    assert security.post(reverse("desk:new_post", args=[drafter.pk]), form).status_code == 302
    page = security.get(reverse("desk:person", args=[drafter.pk])).content.decode()
    assert f"受{head}委托" in page
    assert str(drafter) in security.get(reverse("desk:person", args=[head.pk])).content.decode()


def test_two_administrators_editing_at_once_get_409_and_keep_their_words(
    city: City, drafter: Person, system: Client
) -> None:
    edit = reverse("desk:edit_person", args=[drafter.pk])
    first, second = system.get(edit), client_as(city, SYSTEM, 2)
    version = hidden(second.get(edit), "expected_version")
    good = {"display_name": "新名字", "email": "", "expected_version": hidden(first, "expected_version")}
    assert system.post(edit, good).status_code == 302
    late = second.post(edit, {"display_name": "另一个名字", "email": "", "expected_version": version})
    page = late.content.decode()
    assert late.status_code == 409 and "另一名管理员" in page and "另一个名字" in page
    drafter.refresh_from_db()
    assert drafter.display_name == "新名字"
    off = second.post(reverse("desk:disable_person", args=[drafter.pk]), {"expected_version": version})
    assert off.status_code == 409 and Person.objects.get(pk=drafter.pk).is_active


def test_the_one_time_password_is_shown_once(city: City, drafter: Person, security: Client) -> None:
    form = {"request_key": "once", "expected_version": str(drafter.version)}
    page = security.post(reverse("desk:issue_password", args=[drafter.pk]), form)
    code = re.search(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", page.content.decode())
    assert code is not None and "no-store" in page["Cache-Control"]
    drafter.refresh_from_db()
    assert drafter.check_password(code.group(0)) and drafter.must_change_password
    again = security.post(reverse("desk:issue_password", args=[drafter.pk]), form, follow=True)
    assert code.group(0) not in again.content.decode() and "已经显示过" in again.content.decode()
    drafter.refresh_from_db()
    assert drafter.check_password(code.group(0))


def test_work_is_handed_over_after_seeing_what_moves(desk: Desk, security: Client) -> None:
    city, drafter = desk.city, desk.city.person(desk.unit, roles.DRAFTER)
    successor = city.person(desk.unit, roles.DRAFTER, 2)
    paper = desk.draft(title="不给管理员看的标题")
    here = reverse("desk:hand_over", args=[drafter.pk])
    form = {"unit": desk.unit.pk, "successor": successor.username, "action": "preview"}
    seen = security.post(here, form)
    page = seen.content.decode()
    assert seen.status_code == 200 and "未办结的事项" in page and "确认移交" in page
    assert "不给管理员看" not in page and handler_of(paper.pk) == drafter.pk
    form |= {
        "action": "do",
        "expected_version": hidden(seen, "expected_version"),
        "request_key": hidden(seen, "request_key"),
        "previewed": hidden(seen, "previewed"),
    }
    changed = security.post(here, form | {"take_posts": "on"})
    assert changed.status_code == 200 and "将会移交" in changed.content.decode()
    assert handler_of(paper.pk) == drafter.pk
    assert security.post(here, form).status_code == 302
    assert security.post(here, form).status_code in (302, 422)
    assert handler_of(paper.pk) == successor.pk
    assert Event.objects.filter(name="work.handed_over", record_id=paper.pk).count() == 1
    client = Client()
    client.force_login(successor, backend="django.contrib.auth.backends.ModelBackend")
    timeline = client.get(reverse("desk:detail", args=["document", paper.pk])).content.decode()
    assert f"由{drafter}移交{successor}经办" in timeline
    wrong = security.post(here, {"unit": desk.unit.pk, "successor": "没有这人", "action": "preview"})
    assert wrong.status_code == 422 and "没有叫“没有这人”的人" in wrong.content.decode()


def test_forced_sign_out_takes_effect_on_the_next_request(city: City, drafter: Person, security: Client) -> None:
    theirs = Client()
    theirs.force_login(drafter, backend="django.contrib.auth.backends.ModelBackend")
    assert theirs.get(reverse("desk:home")).status_code == 200
    assert str(drafter) in security.get(reverse("desk:sign_ins")).content.decode()
    security.post(reverse("desk:sign_out_person", args=[drafter.pk]))
    assert theirs.get(reverse("desk:home")).status_code == 302
    assert Event.objects.filter(name="session.ended").count() == 1
    security.post(reverse("desk:sign_out_person", args=[drafter.pk]))
    assert Event.objects.filter(name="session.ended").count() == 1


def test_a_post_ends_at_once_from_its_page(city: City, drafter: Person, security: Client) -> None:
    here = address("end_post", drafter)
    assert "最后一天" in security.post(here, {"when": "day"}).content.decode()
    past = security.post(here, {"when": "day", "valid_to": "2020-01-01"})
    assert past.status_code == 422 and "已经过去" in past.content.decode()
    assert security.post(here, {"when": "now"}).status_code == 302
    client = Client()
    client.force_login(drafter, backend="django.contrib.auth.backends.ModelBackend")
    assert "还没有岗位" in client.get(reverse("desk:home")).content.decode()


def test_nobody_changes_the_own_rights_from_a_page(city: City, security: Client) -> None:
    me = city.person(city.unit("市政府办公厅"), SECURITY)
    page = security.get(reverse("desk:person", args=[me.pk])).content.decode()
    assert "由另一名管理员办理" in page and reverse("desk:new_post", args=[me.pk]) not in page
    form = {"kind": "substantive", "unit": "教育局", "role": roles.UNIT_HEAD, "valid_from": "2026-03-02"}
    answer = security.post(reverse("desk:new_post", args=[me.pk]), form)
    assert answer.status_code == 422 and "不能给自己办理" in answer.content.decode()
    assert security.post(reverse("desk:issue_password", args=[me.pk]), {}).status_code == 422
    assert me.posts.count() == 1


def test_units_are_made_changed_and_merged_and_the_public_directory_follows(city: City, system: Client) -> None:
    region = city.unit("教育局").region_id
    form = {
        "code": "sjj2", "name": "通辽市数据局", "short_name": "数据局", "aliases": "大数据局、数据管理局", "kind": "department",
        "region": region, "parent": "市政府", "valid_from": "2026-03-02", "phone": "0475-1234567", "request_key": "u1",
    }  # fmt: skip
    assert system.post(reverse("desk:new_unit"), form | {"parent": "不存在"}).status_code == 422
    answer = system.post(reverse("desk:new_unit"), form | {"parent": city.unit("教育局").parent_id or ""})
    assert answer.status_code == 302, answer.content.decode()
    assert PublicUnit.objects.get(code="sjj2").name == "通辽市数据局"
    assert Unit.objects.get(pk="sjj2").aliases == ["大数据局", "数据管理局"]
    edit = reverse("desk:edit_unit", args=["sjj2"])
    page = system.get(edit)
    version = hidden(page, "expected_version")
    change = {name: form[name] for name in ("short_name", "aliases", "kind", "region", "phone")} | {"parent": ""}
    done = system.post(edit, change | {"name": "通辽市数据管理局", "expected_version": version})
    assert done.status_code == 302 and PublicUnit.objects.get(code="sjj2").name == "通辽市数据管理局"
    stale = system.post(edit, change | {"name": "又一个名字", "expected_version": version})
    assert stale.status_code == 409 and "又一个名字" in stale.content.decode()
    taken = system.post(edit, change | {"name": city.unit("教育局").name})
    assert taken.status_code == 422 and "已被另一个单位使用" in taken.content.decode()
    merge = reverse("desk:merge_unit", args=["sjj2"])
    assert "不能并入自己" in system.post(merge, {"successor": "数据局", "on": "2026-06-30"}).content.decode()
    assert system.post(merge, {"successor": "教育局", "on": "2026-06-30"}).status_code == 302
    public = PublicUnit.objects.get(code="sjj2")
    assert str(public.valid_to) == "2026-06-30" and public.successor_code == city.unit("教育局").pk
    names = list(Event.objects.filter(name__startswith="unit.").order_by("sequence").values_list("name", flat=True))
    assert names == ["unit.created", "unit.edited", "unit.merged"]
    assert "单位并入" in system.get(reverse("desk:unit", args=["sjj2"])).content.decode()


def test_a_calendar_year_is_previewed_and_then_applied(desk: Desk, system: Client) -> None:
    paper, _ = desk.published()
    duty = Duty.objects.filter(record=paper, closed_at=None, due_at__isnull=False).order_by("due_at")[0]
    day = duty.due_at.date()
    start, until = (day - timedelta(days=2)).isoformat(), (day + timedelta(days=3)).isoformat()
    notice = f"date,kind,name\n{start}至{until},放假,临时假\n"
    here = reverse("desk:calendar")
    upload = SimpleUploadedFile("2026.csv", notice.encode("utf-8-sig"), "text/csv")
    seen = system.post(here, {"source": "某通知", "file": upload, "action": "preview"})
    page = seen.content.decode()
    assert seen.status_code == 200 and "时限会变" in page and "临时假" in page and paper.title not in page
    assert not CalendarVersion.objects.exists() and current_calendar().is_working(date(2026, 3, 3))
    form = {name: hidden(seen, name) for name in ("request_key", "previewed")}
    form |= {"source": "某通知", "text": notice, "action": "do"}
    assert system.post(here, form | {"text": notice + "2026-12-31,放假,再加一天"}).status_code == 200
    assert not CalendarVersion.objects.exists()
    assert system.post(here, form).status_code == 302
    assert system.post(here, form).status_code == 302
    assert CalendarVersion.objects.count() == 1 and Event.objects.filter(name="calendar.imported").count() == 1
    before = duty.due_at
    duty.refresh_from_db()
    assert duty.due_at != before
    bad = system.post(here, {"source": "某通知", "text": "2026-02-30,放假,坏", "action": "preview"})
    assert bad.status_code == 422 and "第1行" in bad.content.decode()
    assert system.post(here, {"source": "x", "text": "a,b", "action": "do"}).status_code == 422


@pytest.mark.parametrize("size", [2000])
def test_two_thousand_people_cost_few_queries(
    city: City, security: Client, django_assert_max_num_queries: Any, size: int
) -> None:
    units = list(Unit.objects.filter(valid_to=None)[:40])
    people = Person.objects.bulk_create(
        Person(username=f"p{number:04}", display_name=f"某人{number:04}") for number in range(size)
    )
    Post.objects.bulk_create(
        Post(person=one, unit=units[number % 40], role=roles.DRAFTER, valid_from="2016-01-01")
        for number, one in enumerate(people)
    )
    here = reverse("desk:people")
    security.get(reverse("desk:home"))
    with django_assert_max_num_queries(14):
        page = security.get(here).content.decode()
    assert "2001人" in page or "2002人" in page
    found = security.get(here, {"name": "某人1234"}).content.decode()
    assert "共1人" in found and "p1234" in found
    with django_assert_max_num_queries(14):
        in_unit = security.get(here, {"unit": units[3].pk, "role": roles.DRAFTER})
    assert "共50人" in in_unit.content.decode()
    assert "没有符合条件" in security.get(here, {"role": roles.ASSESSOR}).content.decode()
    with django_assert_max_num_queries(20):
        security.get(reverse("desk:person", args=[people[0].pk]))
    with django_assert_max_num_queries(20):
        security.get(reverse("desk:hand_over", args=[people[0].pk]))


def test_people_without_posts_and_disabled_ones_are_found(city: City, drafter: Person, system: Client) -> None:
    Person.objects.create(username="idle", display_name="闲人")
    drafter.is_active = False
    drafter.save()
    here = reverse("desk:people")
    assert "闲人" in system.get(here, {"state": "without_post"}).content.decode()
    page = system.get(here, {"state": "disabled"}).content.decode()
    assert str(drafter) in page and "闲人" not in page


def test_administrators_of_one_kind_cannot_do_anothers_work_by_service(city: City, drafter: Person) -> None:
    """Pages aside: each service of this room refuses every other role."""
    from mingtang.duties.calendars import import_notice
    from mingtang.units.credentials import issue_code, reset_password, totp_reset
    from mingtang.units.errors import NotAdministrator
    from mingtang.units.handover import Handover, hand_over
    from mingtang.units.identities import link_identity, unlink_identity
    from mingtang.units.people import person_create, person_disable, person_edit, person_enable
    from mingtang.units.posts import post_assign, post_end
    from mingtang.units.services import unit_create, unit_edit, unit_merge
    from mingtang.units.sessions import end_sessions

    education, civil = city.unit("教育局"), city.unit("民政局")
    other = city.person(education, roles.DRAFTER, 2)
    services: list[tuple[str, Any, dict[str, Any]]] = [
        (SYSTEM, person_create, {"username": "x", "display_name": "x"}),
        (SYSTEM, person_edit, {"person": drafter, "display_name": "x", "email": ""}),
        (SYSTEM, person_disable, {"person": drafter}),
        (SYSTEM, person_enable, {"person": drafter}),
        (SYSTEM, unit_create, {"code": "x", "values": {}, "valid_from": START.date()}),
        (SYSTEM, unit_edit, {"unit": education, "values": {}}),
        (SYSTEM, unit_merge, {"unit": education, "successor": civil, "on": START.date()}),
        (SYSTEM, import_notice, {"text": "2026-10-01,放假,x", "source": "x"}),
        (
            SECURITY,
            post_assign,
            {"person": drafter, "unit": civil, "role": roles.DRAFTER, "valid_from": START.date()},
        ),
        (SECURITY, post_end, {"post": drafter.posts.get()}),
        (SECURITY, issue_code, {"person": drafter}),
        (SECURITY, reset_password, {"person": drafter, "password": "ma-tou-qin-1206"}),
        (SECURITY, totp_reset, {"person": drafter}),
        (SECURITY, link_identity, {"person": drafter, "subject": "x"}),
        (SECURITY, unlink_identity, {"person": drafter}),
        (SECURITY, end_sessions, {"person": drafter}),
    ]
    for role in roles.ROLES:
        actor = actor_for(city.person(city.unit("市政府办公厅"), role), START)
        for allowed, service, words in services:
            if role != allowed:
                with pytest.raises(NotAdministrator, match="办理"):
                    service(**words, actor=actor, now=START)
        if role != SECURITY:
            with pytest.raises(NotAdministrator):
                hand_over(Handover(person=drafter, successor=other, unit=education, actor=actor, now=START))
    assert not Event.objects.exists()
