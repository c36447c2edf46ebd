"""Clocks: opened and closed by events, moved by a new calendar, never stored as late."""

import json
from datetime import timedelta

import pytest
from tests.factories import City, Desk, at, make_desk

from mingtang.disclosure.services import note_shown
from mingtang.duties.calendars import current_calendar, import_notice
from mingtang.duties.models import CalendarVersion, Duty
from mingtang.duties.selectors import is_closable, overdue, rule_of, state_of, visible_to
from mingtang.duties.services import open_periodic, period_name
from mingtang.editions.models import PublicDuty
from mingtang.editions.selectors import duty_state
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import known_facts
from mingtang.rules import NoticeError, Quota
from mingtang.units import roles

NOTICE_2027 = (
    "date,kind,name\n2027-01-01至2027-01-03,放假,元旦\n2027-02-05至2027-02-11,放假,春节\n2027-02-14,上班,春节\n"
)


def test_an_unannounced_year_is_provisional_until_its_notice_moves_the_clock(city: City) -> None:
    desk = make_desk(city, now=at("2027-02-03 09:00"))
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    assert duty.provisional and duty.due_at == at("2027-02-08 23:59:59.999999")

    version, moved = import_notice(NOTICE_2027, source="演示通知", now=desk.now)
    duty.refresh_from_db()
    assert not duty.provisional and duty.due_at == at("2027-02-14 23:59:59.999999")
    assert [(clock.before, clock.after) for clock in moved] == [
        (at("2027-02-08 23:59:59.999999"), at("2027-02-14 23:59:59.999999"))
    ]
    public = PublicDuty.objects.get(duty_id=duty.pk)
    assert (public.due_at, public.provisional) == (duty.due_at, False)
    assert version.number == 1 and current_calendar().covers(at("2027-01-01 00:00").date(), duty.due_at.date())


def test_a_second_notice_keeps_the_first_and_replaces_its_own_year(city: City) -> None:
    import_notice(NOTICE_2027, source="一", now=city.now)
    import_notice("2028-01-03,放假,元旦\n", source="二", now=city.now)
    import_notice("2027-01-04至2027-01-05,放假,元旦\n2026-12-31,放假,元旦\n", source="三", now=city.now)
    calendar = current_calendar()
    assert not calendar.is_working(at("2028-01-03 00:00").date())
    assert not calendar.is_working(at("2027-01-04 00:00").date())
    assert calendar.is_working(at("2027-01-01 00:00").date())
    assert not calendar.is_working(at("2026-12-31 00:00").date())
    assert not calendar.is_working(at("2026-10-01 00:00").date())
    assert CalendarVersion.objects.count() == 3


def test_a_bad_notice_changes_nothing(city: City) -> None:
    with pytest.raises(NoticeError, match="第2行"):
        import_notice("2027-01-01,放假,元旦\n2027-13-01,放假,元旦\n", source="坏", now=city.now)
    assert not CalendarVersion.objects.exists()


def test_a_duty_closed_exactly_at_its_moment_is_met(desk: Desk) -> None:
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    assert duty.due_at is not None
    duty.closed_at = duty.due_at
    assert state_of(duty, duty.due_at + timedelta(days=9)) == "met"
    duty.closed_at = duty.due_at + timedelta(microseconds=1)
    assert state_of(duty, duty.due_at + timedelta(days=9)) == "met_late"


def test_due_today_is_in_exactly_one_list(desk: Desk) -> None:
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    assert duty.due_at is not None
    for moment in (duty.due_at - timedelta(hours=3), duty.due_at, duty.due_at + timedelta(microseconds=1)):
        late = overdue([desk.unit.pk], moment).filter(pk=duty.pk).exists()
        assert late == (state_of(duty, moment) == "overdue")
        public = PublicDuty.objects.get(duty_id=duty.pk)
        assert duty_state(public, moment) == state_of(duty, moment)


def test_local_defaults_are_only_ever_advisory(desk: Desk) -> None:
    paper, _ = desk.published(broad_reach=True, high_attention=True, vital_interest=True)
    duty = Duty.objects.get(record=paper, code="D10.6")
    assert rule_of("D10.6").advisory
    assert state_of(duty, at("2027-01-01 00:00")) == "advisory_late"


def test_a_plain_paper_starts_no_interpretation_clock(desk: Desk) -> None:
    desk.published(policy=False)
    assert not Duty.objects.filter(code="D10.5").exists()


def test_duties_nobody_here_can_close_do_not_open(desk: Desk) -> None:
    assert not is_closable(rule_of("D07.4"))
    paper, _ = desk.published(normative=True)
    assert set(Duty.objects.filter(record=paper).values_list("code", flat=True)) == {"D10.5"}


def test_periodic_duties_open_once_per_period(city: City) -> None:
    first = open_periodic(at("2026-02-01 08:00"))
    assert open_periodic(at("2026-06-30 23:00")) == []
    second = open_periodic(at("2026-07-01 00:00"))
    assert {duty.period for duty in first} == {"2026", "2026H1"}
    assert {duty.period for duty in second} == {"2026H2"}
    assert period_name(Quota(1, 24), at("2026-05-01 00:00")) == "2026-2027"


def test_the_office_sees_its_tree_and_a_department_only_itself(desk: Desk) -> None:
    desk.published()
    other = make_desk(desk.city, "教育局")
    other.published()
    clerk = desk.city.actor(desk.office, roles.GENERAL_OFFICE_CLERK)
    head = desk.city.actor(desk.unit, roles.UNIT_HEAD)
    assert {duty.unit for duty in visible_to(clerk)} == {desk.unit, other.unit}
    assert {duty.unit for duty in visible_to(head)} == {desk.unit}


def test_every_fact_that_a_live_duty_asks_is_provided() -> None:
    asked = {rule.condition for rule in rulebook().duties.values() if is_closable(rule) and rule.condition}
    assert {name for name in asked if name.startswith(("document.", "interpretation"))} <= known_facts()


def test_the_public_row_carries_no_private_id(desk: Desk) -> None:
    paper, _ = desk.published()
    note_shown()
    row = PublicDuty.objects.values().get(code="D10.5")
    assert str(paper.pk) not in json.dumps(row, default=str)
