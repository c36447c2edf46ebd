"""Handing over: open work moves in one go, what was done stays with who did it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.factories import START, City, Desk

from mingtang.desk.models import AutosavedForm, HeldFile
from mingtang.journal.models import Event
from mingtang.journal.selectors import payload_of, verify_journal
from mingtang.records.errors import Refused
from mingtang.records.handling import handler_of, open_records_of
from mingtang.records.models import Record
from mingtang.records.services import perform
from mingtang.units import handover as handover_module
from mingtang.units import roles
from mingtang.units.actors import Actor, actor_for
from mingtang.units.errors import NotAdministrator, Stale, UnitsError
from mingtang.units.handover import Handover, NewPost, hand_over, preview
from mingtang.units.models import DELEGATED, Person, Post
from mingtang.units.posts import post_assign

DAY = START.date()


@pytest.fixture
def security(city: City) -> Actor:
    return city.actor(city.unit("市政府办公厅"), roles.SECURITY_ADMINISTRATOR)


@pytest.fixture
def successor(desk: Desk) -> Person:
    return desk.city.person(desk.unit, roles.DRAFTER, 2)


def typed(person: Person, key: str, **data: list[str]) -> AutosavedForm:
    return AutosavedForm.objects.create(
        person=person, form_key=key, data=json.dumps(data, ensure_ascii=False), saved_at=START
    )


def wish(desk: Desk, successor: Person, security: Actor, **changes: Any) -> Handover:
    values = {
        "person": desk.city.person(desk.unit, roles.DRAFTER),
        "successor": successor,
        "unit": desk.unit,
        "actor": security,
        "now": desk.now,
    }
    return Handover(**{**values, **changes})


def test_open_work_moves_and_history_stays(desk: Desk, successor: Person, security: Actor) -> None:
    drafter = desk.city.person(desk.unit, roles.DRAFTER)
    open_paper, (done, _) = desk.draft(title="还没办完"), desk.published()
    typed(drafter, f"edit:{open_paper.pk}", title=["改到一半"])
    HeldFile.objects.create(person=drafter, name="附件.pdf", content=b"x", held_at=START)
    before = list(Event.objects.filter(record_id=open_paper.pk).values_list("actor_id", "name"))
    asked = wish(desk, successor, security)
    lines = {line.label: line.count for line in preview(asked)}
    mine = open_records_of(drafter, desk.unit)
    assert open_paper in mine and done not in mine
    assert lines["未办结的事项"] == len(mine) and lines["未提交的草稿"] == 1 and lines["本人在该单位的岗位"] == 1
    assert handler_of(open_paper.pk) == drafter.pk and drafter.posts.get().ended_at is None
    moved = {line.label: line.count for line in hand_over(asked)}
    assert moved == lines
    assert handler_of(open_paper.pk) == successor.pk and handler_of(done.pk) == drafter.pk
    assert open_records_of(successor, desk.unit) == mine and not open_records_of(drafter, desk.unit)
    assert AutosavedForm.objects.get().person == successor and HeldFile.objects.get().person == successor
    events = list(Event.objects.filter(record_id=open_paper.pk).order_by("sequence").values_list("actor_id", "name"))
    assert events == [*before, (security.person_id, "work.handed_over")]
    assert not actor_for(drafter, desk.now).posts
    assert verify_journal() == []


def test_handed_over_twice_it_is_with_the_last(desk: Desk, successor: Person, security: Actor) -> None:
    paper = desk.draft()
    hand_over(wish(desk, successor, security))
    third = desk.city.person(desk.unit, roles.DRAFTER, 3)
    hand_over(wish(desk, third, security, person=successor))
    assert handler_of(paper.pk) == third.pk
    assert open_records_of(third, desk.unit) == [paper] and not open_records_of(successor, desk.unit)


def test_whoever_took_a_paper_over_does_not_review_it(desk: Desk, security: Actor) -> None:
    paper, _ = desk.signed()
    reviewer = desk.city.person(desk.unit, roles.SECRECY_REVIEWER)
    hand_over(wish(desk, reviewer, security))
    with pytest.raises(Refused) as refused:
        perform(paper, "review", actor=actor_for(reviewer, desk.now), now=desk.now, data={"masks": []})
    assert [fault.code for fault in refused.value.faults] == ["reviewed_by_drafter"]


def test_a_transfer_is_one_step_and_all_or_nothing(
    desk: Desk, successor: Person, security: Actor, monkeypatch: Any
) -> None:
    drafter, civil = desk.city.person(desk.unit, roles.DRAFTER), desk.city.unit("民政局")
    desk.draft()
    asked = wish(desk, successor, security, new_post=NewPost(civil, roles.UNIT_HEAD, "副局长"))
    before = Event.objects.count()
    broken = handover_module.Movable("坏了的", lambda _: 0, lambda _: 1 // 0)
    with monkeypatch.context() as patched:
        patched.setattr(handover_module, "_movables", [*handover_module._movables, broken])
        with pytest.raises(ZeroDivisionError):
            hand_over(asked)
    assert Event.objects.count() == before and actor_for(drafter, desk.now).units == {desk.unit.pk}
    assert handler_of(Record.objects.get(kind="document").pk) == drafter.pk
    hand_over(asked)
    assert actor_for(drafter, desk.now).posts == {(civil.pk, roles.UNIT_HEAD)}
    assert Post.objects.get(person=drafter, unit=civil).title == "副局长"


def test_a_repeated_request_moves_nothing_again(desk: Desk, successor: Person, security: Actor) -> None:
    desk.draft()
    asked = wish(desk, successor, security)
    assert hand_over(asked, request_key="once")
    count = Event.objects.count()
    assert hand_over(asked, request_key="once") == []
    assert Event.objects.count() == count


def test_posts_are_taken_over_only_when_asked_and_delegations_follow_the_post(desk: Desk, security: Actor) -> None:
    city = desk.city
    head = city.person(desk.unit, roles.UNIT_HEAD)
    deputy, heir = (Person.objects.create(username=name, display_name=name) for name in ("deputy", "heir"))
    for last in (5, 9):
        role = roles.UNIT_HEAD
        person = deputy if last == 5 else city.person(desk.unit, roles.DRAFTER)
        post_assign(
            person=person, unit=desk.unit, role=role, valid_from=DAY, valid_to=DAY + timedelta(days=last),
            kind=DELEGATED, delegated_by=head, actor=security, now=START,
        )  # fmt: skip
    asked = wish(desk, heir, security, person=head)
    with pytest.raises(UnitsError, match="接任岗位"):
        preview(asked)
    asked = wish(desk, heir, security, person=head, take_posts=True)
    lines = {line.label: line.count for line in preview(asked)}
    assert lines["接手人新任的岗位"] == 1 and lines["本人给出的委托，改由接手人委托"] == 2
    hand_over(asked)
    assert actor_for(heir, desk.now).capacity(roles.UNIT_HEAD, [desk.unit.pk]) is None
    assert actor_for(deputy, desk.now).capacity(roles.UNIT_HEAD, [desk.unit.pk]) == (DELEGATED, heir.pk)
    assert not actor_for(head, desk.now).posts


def test_delegations_end_where_the_successor_does_not_get_the_post(
    desk: Desk, successor: Person, security: Actor
) -> None:
    head = desk.city.person(desk.unit, roles.UNIT_HEAD)
    deputy = Person.objects.create(username="deputy", display_name="某人")
    post_assign(
        person=deputy, unit=desk.unit, role=roles.UNIT_HEAD, valid_from=DAY, valid_to=DAY + timedelta(days=5),
        kind=DELEGATED, delegated_by=head, actor=security, now=START,
    )  # fmt: skip
    asked = wish(desk, successor, security, person=head)
    assert {line.label: line.count for line in preview(asked)}["本人给出的委托，随岗位结束"] == 1
    hand_over(asked)
    assert not actor_for(deputy, desk.now).posts


def test_only_the_units_own_drafts_move_while_the_person_stays_elsewhere(
    desk: Desk, successor: Person, security: Actor
) -> None:
    drafter, civil = desk.city.person(desk.unit, roles.DRAFTER), desk.city.unit("民政局")
    post_assign(person=drafter, unit=civil, role=roles.DRAFTER, valid_from=DAY, actor=security, now=START)
    paper = desk.draft()
    typed(drafter, f"edit:document:{paper.pk}")
    typed(drafter, "new:document:", lead_units=[desk.unit.pk])
    typed(drafter, "new:interpretation:", lead_units=[civil.pk])
    hand_over(wish(desk, successor, security))
    assert set(AutosavedForm.objects.filter(person=successor).values_list("form_key", flat=True)) == {
        f"edit:document:{paper.pk}",
        "new:document:",
    }
    assert actor_for(drafter, desk.now).units == {civil.pk}


def test_what_the_successor_typed_is_never_overwritten(desk: Desk, successor: Person, security: Actor) -> None:
    drafter = desk.city.person(desk.unit, roles.DRAFTER)
    typed(drafter, "new:document:", title=["交来的"])
    typed(successor, "new:document:", title=["自己的"])
    hand_over(wish(desk, successor, security))
    kept = dict(AutosavedForm.objects.filter(person=successor).values_list("form_key", "data"))
    assert "自己的" in kept["new:document:"] and "交来的" in kept["new:document:+"]


def test_refusals_name_what_is_wrong(desk: Desk, successor: Person, security: Actor) -> None:
    city = desk.city
    drafter = city.person(desk.unit, roles.DRAFTER)
    outsider = city.person(city.unit("民政局"), roles.DRAFTER)
    office = city.unit("市政府办公厅")
    auditor = city.person(office, roles.AUDIT_ADMINISTRATOR)
    gone = Person.objects.create(username="gone", display_name="走了", is_active=False)
    for changes, words in (
        ({"successor": drafter}, "不能是本人"),
        ({"successor": gone}, "已停用"),
        ({"successor": outsider}, "不在"),
        ({"successor": auditor, "take_posts": True}, "管理员"),
        ({"unit": city.unit("民政局")}, "没有在任的岗位"),
        ({"person": auditor, "unit": office}, "三类管理员"),
    ):
        with pytest.raises(UnitsError, match=words):
            hand_over(wish(desk, **{"successor": successor, "security": security, **changes}))
    with pytest.raises(NotAdministrator, match="安全管理员"):
        hand_over(wish(desk, successor, city.actor(office, roles.SYSTEM_ADMINISTRATOR)))
    with pytest.raises(Stale):
        hand_over(wish(desk, successor, security), expected_version=drafter.version + 1)
    assert not Event.objects.filter(name__startswith="work.").exists()


def test_the_administrator_sees_counts_and_never_titles(desk: Desk, successor: Person, security: Actor) -> None:
    desk.draft(title="不给管理员看的标题")
    assert all("标题" not in f"{line.label}{line.note}" for line in preview(wish(desk, successor, security)))
    hand_over(wish(desk, successor, security))
    assert all("不给管理员看" not in event.payload for event in Event.objects.all())
    received = Event.objects.get(name="work.received")
    assert payload_of(received)["records"] and received.actor_id == security.person_id
