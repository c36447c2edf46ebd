"""Who is told of what: from the journal and the clocks, once, and never an administrator."""

from datetime import date, timedelta

import pytest
from tests.factories import City, Desk, at, make_desk

from mingtang.duties.calendars import import_notice
from mingtang.duties.models import Duty
from mingtang.duties.services import remind, stage_of
from mingtang.notices import kinds
from mingtang.notices.following import follow, follow_clocks, follow_journal
from mingtang.notices.models import Matter, Notice
from mingtang.notices.services import mark_read, notify, unread_count
from mingtang.units import roles
from mingtang.units.models import Person, Post


def told(kind: str) -> set[Person]:
    return {notice.person for notice in Notice.objects.filter(matter__kind=kind).select_related("person")}


def everybody(city: City, *units: object) -> None:
    """One person for each role in each unit."""
    for unit in units:
        for role in roles.ROLES:
            city.person(unit, role)  # type: ignore[arg-type]


def test_each_step_tells_whoever_is_next_and_settles_what_was_before(desk: Desk) -> None:
    everybody(desk.city, desk.unit, desk.office)
    paper = desk.draft()
    desk.interpret(paper)
    follow_journal(desk.now)
    assert not Notice.objects.exists()

    desk.act(paper, "submit", roles.DRAFTER)
    assert follow_journal(desk.now) == 1 and follow_journal(desk.now) == 0
    head = desk.city.person(desk.unit, roles.UNIT_HEAD)
    assert told(kinds.WAITING) == {head} and unread_count(head.pk) == 1

    desk.act(paper, "sign", roles.UNIT_HEAD)
    follow_journal(desk.now)
    reviewer = desk.city.person(desk.unit, roles.SECRECY_REVIEWER)
    # Paper and interpretation wait for the same review.
    assert unread_count(head.pk) == 0 and unread_count(reviewer.pk) == 2


def test_a_returned_paper_tells_its_drafters(desk: Desk) -> None:
    paper = desk.draft()
    second = desk.city.person(desk.unit, roles.DRAFTER, 2)
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "head_return", roles.UNIT_HEAD, data={"remark": "请补充依据。"})
    follow_journal(desk.now)
    assert told(kinds.RETURNED) == {desk.city.person(desk.unit, roles.DRAFTER), second}
    assert told(kinds.WAITING) == set()


def test_a_step_that_was_overtaken_is_not_told_of(desk: Desk) -> None:
    desk.signed()
    follow_journal(desk.now)
    desk.city.person(desk.unit, roles.SECRECY_REVIEWER)
    assert {matter.record.state for matter in Matter.objects.filter(kind=kinds.WAITING) if matter.record} <= {"signed"}


def test_only_the_step_that_applies_is_waited_for(desk: Desk) -> None:
    """A paper in the government's name goes to the general office and not to signature in the department."""
    everybody(desk.city, desk.unit, desk.office)
    paper = desk.draft(name_of="government")
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "approve", roles.UNIT_HEAD)
    desk.act(paper, "report", roles.DRAFTER)
    follow_journal(desk.now)
    waiting = Notice.objects.get(matter__kind=kinds.WAITING, matter__record=paper, read_at=None)
    assert waiting.person == desk.city.person(desk.office, roles.GENERAL_OFFICE_CLERK)


def test_people_count_while_their_posts_are_in_force(desk: Desk) -> None:
    now, unit = desk.now, desk.unit
    gone, later, off = (desk.city.person(unit, roles.UNIT_HEAD, number) for number in (2, 3, 4))
    Post.objects.filter(person=gone).update(valid_to=now.date() - timedelta(days=1))
    Post.objects.filter(person=later).update(valid_from=now.date() + timedelta(days=1))
    Person.objects.filter(pk=off.pk).update(is_active=False)
    acting = Person.objects.create(username="acting", display_name="代理")
    Post.objects.create(
        person=acting, unit=unit, role=roles.UNIT_HEAD, valid_from=date(2016, 1, 1), valid_to=now.date()
    )
    desk.act(desk.draft(), "submit", roles.DRAFTER)
    follow_journal(desk.now)
    assert told(kinds.WAITING) == {acting}


@pytest.mark.parametrize("role", sorted(roles.ADMINISTRATORS))
def test_an_administrator_is_told_of_no_business(desk: Desk, role: str) -> None:
    paper = desk.draft()
    person = desk.city.person(desk.unit, role)
    assert notify(person_ids=[person.pk], kind=kinds.WAITING, about=paper, now=desk.now) == []


def test_telling_twice_is_telling_once(desk: Desk) -> None:
    paper, person = desk.draft(), desk.city.person(desk.unit, roles.UNIT_HEAD)
    for moment, made in (("a", 1), ("a", 0), ("b", 1)):
        new = notify(person_ids=[person.pk], kind=kinds.WAITING, about=paper, now=desk.now, moment=moment)
        assert len(new) == made
    # The clock went back an hour, and what happened is told of again.
    assert (
        notify(person_ids=[person.pk], kind=kinds.WAITING, about=paper, now=desk.now - timedelta(hours=1), moment="b")
        == []
    )


def test_clocks_tell_unit_and_office_at_each_stage_once(desk: Desk) -> None:
    everybody(desk.city, desk.unit, desk.office)
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    assert duty.due_at is not None
    responsible = {desk.city.person(desk.unit, role) for role in (roles.DRAFTER, roles.OPENNESS_OFFICER)}
    head, office = desk.city.person(desk.unit, roles.UNIT_HEAD), desk.city.person(desk.office, roles.OPENNESS_OFFICER)
    for kind, moment, people in (
        (kinds.DUE_SOON, duty.due_at - timedelta(hours=30), responsible | {office}),
        (kinds.DUE_TODAY, duty.due_at - timedelta(hours=5), responsible | {office, head}),
        (kinds.LATE, duty.due_at + timedelta(seconds=1), responsible | {office, head}),
    ):
        for _ in range(2):
            remind(moment)
            follow(moment)
            remind(moment - timedelta(hours=1))
            follow(moment - timedelta(hours=1))
        mine = Notice.objects.filter(matter__kind=kind, matter__duty=duty)
        assert {notice.person for notice in mine} == people and mine.count() == len(people)


def test_stages_are_those_of_the_clocks(desk: Desk) -> None:
    """The query for a stage and ``stage_of`` agree, to the microsecond."""
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    due = duty.due_at
    assert due is not None
    edges = [due - timedelta(days=2), due - timedelta(days=1), due]
    for edge in edges:
        for moment in (edge - timedelta(microseconds=1), edge, edge + timedelta(microseconds=1)):
            Matter.objects.all().delete()
            duty.reminders.all().delete()
            remind(moment)
            follow_clocks(moment)
            found = set(Matter.objects.filter(duty=duty).values_list("kind", flat=True))
            stage = stage_of(duty, moment)
            assert found == ({kinds.BY_STAGE[stage]} if stage else set()), moment


def test_a_fulfilled_duty_is_settled(desk: Desk) -> None:
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    assert duty.due_at is not None
    late = duty.due_at + timedelta(seconds=1)
    remind(late)
    follow(late)
    officer = desk.city.person(desk.unit, roles.OPENNESS_OFFICER)
    assert unread_count(officer.pk) >= 1
    Duty.objects.update(closed_at=late)
    follow_clocks(late)
    assert not Notice.objects.filter(matter__duty=duty, read_at=None).exists()


def test_a_moved_due_date_is_told_once(city: City) -> None:
    desk = make_desk(city, now=at("2027-02-03 09:00"))
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    follow_clocks(desk.now)
    assert not Matter.objects.filter(kind=kinds.DUE_CHANGED).exists()
    notice = "date,kind,name\n2027-02-05至2027-02-11,放假,春节\n2027-02-14,上班,春节\n"
    for number in (1, 2):
        import_notice(notice.replace("14", f"1{2 + number}"), source="演示", now=desk.now)
        follow_clocks(desk.now)
        follow_clocks(desk.now)
        assert Matter.objects.filter(kind=kinds.DUE_CHANGED, duty=duty).count() == number


def test_reading_stops_at_what_was_seen(desk: Desk) -> None:
    person = desk.city.person(desk.unit, roles.UNIT_HEAD)
    papers = [desk.draft(title=f"第{number}件") for number in range(3)]
    made = [
        notify(person_ids=[person.pk], kind=kinds.WAITING, about=paper, now=desk.now, moment=kind)[0]
        for paper in papers
        for kind in ("a", "b")
    ]
    assert mark_read(person.pk, now=desk.now, upto=made[3].pk, subject=made[2].matter.subject) == 2
    assert mark_read(person.pk, now=desk.now, upto=made[4].pk) == 3
    assert unread_count(person.pk) == 1


def test_old_news_stands_in_the_desk_and_is_not_mailed(desk: Desk) -> None:
    head = desk.city.person(desk.unit, roles.UNIT_HEAD)
    for number, age in enumerate((timedelta(days=2), timedelta(days=4))):
        paper = desk.draft(title=f"第{number}件")
        notify(person_ids=[], kind=kinds.WAITING, about=paper, now=desk.now - age)
        assert notify(person_ids=[head.pk], kind=kinds.WAITING, about=paper, now=desk.now)[0].mail_waiting == (
            not number
        )
    assert unread_count(head.pk) == 2
