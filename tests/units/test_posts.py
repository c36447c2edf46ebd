"""Posts in one's own right, acting and delegated; ended at once; the three administrators kept apart and kept at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from tests.factories import START, City, Desk, document_data, make_city

from mingtang.journal.models import Event
from mingtang.journal.selectors import payload_of, verify_journal
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.records.services import open_record, perform
from mingtang.units import roles
from mingtang.units.actors import Actor, actor_for
from mingtang.units.errors import Stale, UnitsError
from mingtang.units.models import ACTING, DELEGATED, Person, Post
from mingtang.units.people import person_create, person_disable, person_enable
from mingtang.units.posts import post_assign, post_end

DAY = START.date()


@pytest.fixture
def security(city: City) -> Actor:
    return city.actor(city.unit("市政府办公厅"), roles.SECURITY_ADMINISTRATOR)


@pytest.fixture
def newcomer(city: City) -> Person:
    return Person.objects.create(username="newcomer", display_name="张三")


def delegate(city: City, to: Person, security: Actor, **changes: Any) -> Post:
    unit = city.unit("教育局")
    head = city.person(unit, roles.UNIT_HEAD)
    wish = {
        "person": to,
        "unit": unit,
        "role": roles.UNIT_HEAD,
        "valid_from": DAY,
        "valid_to": DAY + timedelta(days=10),
        "kind": DELEGATED,
        "delegated_by": head,
        "actor": security,
        "now": START,
    }
    return post_assign(**{**wish, **changes})


def test_a_delegation_gives_the_role_for_its_days_and_says_whose_it_is(
    city: City, newcomer: Person, security: Actor
) -> None:
    delegate(city, newcomer, security)
    unit = city.unit("教育局")
    head = city.person(unit, roles.UNIT_HEAD)
    actor = actor_for(newcomer, START)
    assert actor.holds(roles.UNIT_HEAD, [unit.pk])
    assert actor.capacity(roles.UNIT_HEAD, [unit.pk]) == (DELEGATED, head.pk)
    assert not actor_for(newcomer, START + timedelta(days=11)).posts
    assert actor_for(head, START).capacity(roles.UNIT_HEAD, [unit.pk]) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"valid_to": None}, "截止日期"),
        ({"valid_to": DAY + timedelta(days=400)}, "不超过一年"),
        ({"valid_to": DAY - timedelta(days=1)}, "不能早于"),
        ({"delegated_by": None}, "选择委托人"),
        ({"role": roles.SECRECY_REVIEWER}, "自己没有的职责"),
        ({"role": roles.AUDIT_ADMINISTRATOR}, "不能委托"),
        ({"valid_from": date(2015, 1, 1), "valid_to": date(2015, 1, 5)}, "自己没有的职责"),
    ],
)
def test_nobody_delegates_what_they_do_not_hold_or_without_an_end(
    city: City, newcomer: Person, security: Actor, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnitsError, match=words):
        delegate(city, newcomer, security, **changes)
    assert not newcomer.posts.exists()


def test_what_was_delegated_is_not_delegated_further_nor_to_oneself(
    city: City, newcomer: Person, security: Actor
) -> None:
    delegate(city, newcomer, security)
    third = Person.objects.create(username="third", display_name="王五")
    with pytest.raises(UnitsError, match="不能把受托的再委托出去"):
        delegate(city, third, security, delegated_by=newcomer)
    head = city.person(city.unit("教育局"), roles.UNIT_HEAD)
    with pytest.raises(UnitsError, match="不能重叠|委托给自己"):
        delegate(city, head, security)


def test_the_database_itself_refuses_a_delegation_without_an_end(city: City, newcomer: Person) -> None:
    head = city.person(city.unit("教育局"), roles.UNIT_HEAD)
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.create(
            person=newcomer, unit=city.unit("教育局"), role=roles.UNIT_HEAD, valid_from=DAY, kind=DELEGATED,
            delegated_by=head,
        )  # fmt: skip


def test_a_delegation_ends_with_the_post_it_came_from_and_with_the_account(
    city: City, newcomer: Person, security: Actor
) -> None:
    head = city.person(city.unit("教育局"), roles.UNIT_HEAD)
    delegate(city, newcomer, security)
    post_end(post=head.posts.get(), actor=security, now=START)
    assert not actor_for(newcomer, START).posts and not actor_for(head, START).posts
    post_assign(person=head, unit=city.unit("教育局"), role=roles.UNIT_HEAD, valid_from=DAY, actor=security, now=START)
    delegate(city, newcomer, security)
    assert actor_for(newcomer, START).posts
    system = city.actor(city.unit("市政府办公厅"), roles.SYSTEM_ADMINISTRATOR)
    person_disable(person=head, actor=system, now=START)
    assert not actor_for(newcomer, START).posts
    assert verify_journal() == []


def test_a_post_ended_at_once_gives_nothing_from_that_moment(city: City, security: Actor) -> None:
    drafter = city.person(city.unit("教育局"), roles.DRAFTER)
    before = START + timedelta(hours=1)
    post_end(post=drafter.posts.get(), actor=security, now=START + timedelta(hours=2))
    assert actor_for(drafter, before).posts and not actor_for(drafter, START + timedelta(hours=2)).posts
    ended = post_end(post=drafter.posts.get(), actor=security, now=START + timedelta(hours=3))
    assert ended.ended_at == START + timedelta(hours=2)
    assert Event.objects.filter(name="post.ended").count() == 1


def test_an_acting_head_signs_a_waiting_paper_and_the_timeline_says_so(desk: Desk, security: Actor) -> None:
    paper = desk.draft()
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    deputy = Person.objects.create(username="deputy", display_name="李四")
    post_assign(
        person=deputy, unit=desk.unit, role=roles.UNIT_HEAD, valid_from=DAY, kind=ACTING, reason="局长空缺",
        actor=security, now=START,
    )  # fmt: skip
    perform(Record.objects.get(pk=paper.pk), "sign", actor=actor_for(deputy, desk.now), now=desk.now)
    event = Event.objects.filter(record_id=paper.pk).order_by("-sequence")[0]
    assert event.actor_id == deputy.pk and payload_of(event)["capacity"] == {"kind": "acting"}


def test_four_eyes_hold_for_whoever_reviews_by_delegation(desk: Desk, security: Actor) -> None:
    city = desk.city
    drafter = city.person(desk.unit, roles.DRAFTER)
    reviewer = city.person(desk.unit, roles.SECRECY_REVIEWER)
    post_assign(
        person=drafter, unit=desk.unit, role=roles.SECRECY_REVIEWER, valid_from=DAY,
        valid_to=DAY + timedelta(days=5), kind=DELEGATED, delegated_by=reviewer, actor=security, now=START,
    )  # fmt: skip
    paper, _ = desk.signed()
    with pytest.raises(Refused) as refused:
        perform(paper, "review", actor=actor_for(drafter, desk.now), now=desk.now, data={"masks": []})
    assert [fault.code for fault in refused.value.faults] == ["reviewed_by_drafter"]


def test_several_posts_count_together(city: City, newcomer: Person, security: Actor) -> None:
    for unit, role in (("教育局", roles.DRAFTER), ("民政局", roles.DRAFTER), ("教育局", roles.OPENNESS_OFFICER)):
        post_assign(person=newcomer, unit=city.unit(unit), role=role, valid_from=DAY, actor=security, now=START)
    actor = actor_for(newcomer, START)
    assert actor.units_as(roles.DRAFTER) == {city.unit("教育局").pk, city.unit("民政局").pk}
    assert len(actor.posts) == 3


def test_nobody_gives_themselves_anything(city: City, security: Actor) -> None:
    me = Person.objects.get(pk=security.person_id)
    with pytest.raises(UnitsError, match="不能给自己办理"):
        post_assign(
            person=me, unit=city.unit("教育局"), role=roles.UNIT_HEAD, valid_from=DAY, actor=security, now=START
        )
    with pytest.raises(UnitsError, match="不能给自己办理"):
        post_end(post=me.posts.get(), actor=security, now=START)
    assert me.posts.count() == 1


def test_the_last_security_administrator_stays(city: City, security: Actor) -> None:
    office = city.unit("市政府办公厅")
    only = Person.objects.get(pk=security.person_id)
    system = city.actor(office, roles.SYSTEM_ADMINISTRATOR)
    for attempt in (
        lambda: post_end(post=only.posts.get(), now=START),
        lambda: post_end(post=only.posts.get(), on=DAY + timedelta(days=30), now=START),
        lambda: person_disable(person=only, actor=system, now=START),
    ):
        with pytest.raises(UnitsError, match="最后一名安全管理员"):
            attempt()
    second = city.person(office, roles.SECURITY_ADMINISTRATOR, 2)
    post_end(post=only.posts.get(), actor=actor_for(second, START), now=START)
    assert not actor_for(only, START).posts
    with pytest.raises(UnitsError, match="最后一名安全管理员"):
        person_disable(person=second, actor=system, now=START)


def test_two_administrators_at_once_notice_each_other(city: City, newcomer: Person, security: Actor) -> None:
    seen = newcomer.version
    unit = city.unit("教育局")
    post_assign(
        person=newcomer, unit=unit, role=roles.DRAFTER, valid_from=DAY, actor=security, now=START,
        expected_version=seen,
    )  # fmt: skip
    with pytest.raises(Stale, match="另一名管理员"):
        post_assign(
            person=newcomer, unit=unit, role=roles.UNIT_HEAD, valid_from=DAY, actor=security, now=START,
            expected_version=seen,
        )  # fmt: skip
    assert newcomer.posts.count() == 1


def test_a_repeated_request_does_nothing_again(city: City, newcomer: Person, security: Actor) -> None:
    for _ in range(2):
        post_assign(
            person=newcomer, unit=city.unit("教育局"), role=roles.DRAFTER, valid_from=DAY, actor=security, now=START,
            request_key="once",
        )  # fmt: skip
    system = city.actor(city.unit("市政府办公厅"), roles.SYSTEM_ADMINISTRATOR)
    for _ in range(2):
        person_create(username="second", display_name="李四", actor=system, now=START, request_key="twice")
        person_disable(person=newcomer, actor=system, now=START)
    for _ in range(2):
        person_enable(person=newcomer, actor=system, now=START)
    names = list(Event.objects.order_by("sequence").values_list("name", flat=True))
    assert names == ["post.assigned", "account.created", "account.disabled", "account.enabled"]
    assert newcomer.posts.count() == 1


def test_a_disabled_person_has_no_rights_until_enabled(city: City) -> None:
    system = city.actor(city.unit("市政府办公厅"), roles.SYSTEM_ADMINISTRATOR)
    drafter = city.person(city.unit("教育局"), roles.DRAFTER)
    person_disable(person=drafter, actor=system, now=START)
    drafter.refresh_from_db()
    assert not actor_for(drafter, START).posts
    with pytest.raises(NotAllowed):
        open_record(
            "document",
            actor=actor_for(drafter, START),
            unit=city.unit("教育局"),
            now=START,
            data=document_data(city.unit("教育局")),
        )
    with pytest.raises(UnitsError, match="已停用"):
        post_assign(person=drafter, unit=city.unit("民政局"), role=roles.DRAFTER, valid_from=DAY, now=START)
    person_enable(person=drafter, actor=system, now=START)
    drafter.refresh_from_db()
    assert actor_for(drafter, START).posts


def test_the_journal_holds_ids_and_no_names(city: City, newcomer: Person, security: Actor) -> None:
    delegate(city, newcomer, security, reason="出差")
    assert all("张三" not in event.payload and "出差" not in event.payload for event in Event.objects.all())
    assert payload_of(Event.objects.get(name="post.delegated"))["role"] == roles.UNIT_HEAD


@pytest.mark.django_db(transaction=True)
def test_two_who_remove_each_other_at_once_leave_one(transactional_db: Any) -> None:
    city = make_city()
    office = city.unit("市政府办公厅")
    people = [city.person(office, roles.SECURITY_ADMINISTRATOR, number) for number in (1, 2)]
    actors = [actor_for(person, START) for person in people]
    start = Barrier(2)

    def remove(actor: Actor, person: Person) -> str:
        start.wait(30)
        try:
            post_end(post=person.posts.get(), actor=actor, now=START)
        except UnitsError as error:
            return str(error)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(remove, actors, reversed(people)))
    assert sorted(bool(words) for words in told) == [False, True], told
    assert sum(bool(actor_for(person, START).posts) for person in people) == 1
