"""Article 10: whoever drafts interprets; plan and material travel with the paper; three working days; quotas."""

from datetime import timedelta

import pytest
from tests.factories import City, Desk, at, make_desk

from mingtang.disclosure.services import note_shown
from mingtang.duties.models import Duty, Reminder
from mingtang.duties.selectors import part_states, state_of
from mingtang.duties.services import open_periodic, remind
from mingtang.editions.models import PublicDuty
from mingtang.interpretations.models import Interpretation
from mingtang.journal.selectors import last_event, payload_of
from mingtang.records.errors import Refused
from mingtang.records.models import GATEKEEPER, Record, RecordParty
from mingtang.records.services import open_record, perform
from mingtang.records.spec import Context, Facts, spec_for
from mingtang.units import roles


def interpretation_duty(paper: Record) -> Duty:
    return Duty.objects.get(record=paper, code="D10.5")


def publish_interpretation(desk: Desk, interpretation: Record) -> None:
    desk.review(interpretation)
    desk.act(interpretation, "publish", roles.OPENNESS_OFFICER)
    note_shown()


def place(desk: Desk, interpretation: Record) -> None:
    desk.act(
        interpretation,
        "place_media",
        roles.OPENNESS_OFFICER,
        data={"outlet": "演示日报", "url": "https://news.example/1", "placed_at": desk.now},
    )


@pytest.mark.scenario("S10.1")
def test_a_joint_paper_has_one_lead_who_interprets(city: City, desk: Desk) -> None:
    education, housing = city.unit("教育局"), city.unit("住建局")
    with pytest.raises(Refused) as refused:
        desk.draft(lead_units=[desk.unit.pk, education.pk], co_issuers=[housing.pk])
    assert [fault.code for fault in refused.value.faults] == ["several_leads"]
    assert not Record.objects.exists()

    paper = desk.draft(lead_units=[desk.unit.pk], co_issuers=[education.pk, housing.pk])
    interpretation = desk.interpret(paper)
    told = Facts(Context(spec_for("interpretation"), interpretation, city.actor(desk.unit, roles.DRAFTER), desk.now))
    known = told["document.of_interpretation"]
    assert interpretation.lead_unit == desk.unit
    assert known["interpreters"] == [desk.unit.name]
    assert set(known["cooperators"]) == {education.name, housing.name}


@pytest.mark.scenario("S10.2")
def test_office_and_lead_are_reminded_a_day_before(desk: Desk) -> None:
    desk.now = at("2026-03-02 09:00")
    paper, _ = desk.published()
    duty = interpretation_duty(paper)
    assert duty.due_at is not None and duty.due_at.date().isoformat() == "2026-03-05"
    assert remind(duty.due_at - timedelta(days=3)) == []
    made = remind(duty.due_at - timedelta(days=1, minutes=1))
    assert {reminder.unit for reminder in made} == {desk.unit, desk.office}
    assert {reminder.stage for reminder in made} == {"before_due"}
    assert remind(duty.due_at - timedelta(days=1, minutes=1)) == []
    assert {reminder.stage for reminder in remind(duty.due_at + timedelta(seconds=1))} == {"overdue"}
    assert Reminder.objects.filter(duty=duty).count() == 4


@pytest.mark.scenario("S10.3")
def test_head_cannot_sign_with_the_plan_only(desk: Desk) -> None:
    paper = desk.draft()
    desk.interpret(paper, material="")
    desk.act(paper, "submit", roles.DRAFTER)
    with pytest.raises(Refused) as refused:
        desk.act(paper, "sign", roles.UNIT_HEAD)
    assert [fault.code for fault in refused.value.faults] == ["material_missing"]
    assert refused.value.faults[0].article == 10
    assert Record.objects.get(pk=paper.pk).state == "head_review"


@pytest.mark.scenario("S10.4")
def test_government_draft_with_unapproved_material_is_returned_then_accepted(city: City, desk: Desk) -> None:
    paper = desk.draft(name_of="government")
    interpretation = desk.interpret(paper)
    outcome = desk.act(paper, "report", roles.DRAFTER)
    assert outcome.returned
    returned = Record.objects.get(pk=paper.pk)
    assert returned.state == "returned"
    event = last_event(paper.pk, "document.returned")
    assert event is not None
    slip = payload_of(event)["faults"]
    assert [fault["code"] for fault in slip] == ["material_not_approved_by_head"]
    assert slip[0]["article"] == 10
    assert RecordParty.objects.filter(record=paper, unit=desk.office, role=GATEKEEPER).exists()
    assert not Duty.objects.filter(record=paper).exists()

    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "approve", roles.UNIT_HEAD)
    assert Record.objects.get(pk=interpretation.pk).state == "approved"
    assert not desk.act(paper, "report", roles.DRAFTER).returned
    desk.act(paper, "accept", roles.GENERAL_OFFICE_CLERK, desk.office)
    assert Record.objects.get(pk=paper.pk).state == "accepted"


@pytest.mark.scenario("S10.5")
def test_site_in_time_but_media_late_is_overdue_on_media(city: City) -> None:
    desk = make_desk(city, now=at("2017-01-25 09:00"))
    paper, interpretation = desk.published()
    duty = interpretation_duty(paper)
    assert duty.due_at == at("2017-02-04 23:59:59.999999")
    desk.now = at("2017-02-03 10:00")
    publish_interpretation(desk, interpretation)
    desk.now = at("2017-02-06 10:00")
    assert part_states(duty, desk.now) == {"site": "met", "media": "overdue"}
    place(desk, interpretation)
    duty.refresh_from_db()
    assert part_states(duty, desk.now) == {"site": "met", "media": "met_late"}
    assert state_of(duty, desk.now) == "met_late"
    assert duty.closed_at is not None and duty.closed_at.date().isoformat() == "2017-02-06"
    assert PublicDuty.objects.get(duty_id=duty.pk).closed_at == duty.closed_at


@pytest.mark.scenario("S10.5")
def test_both_channels_in_time_meet_the_duty(city: City) -> None:
    desk = make_desk(city, now=at("2017-03-03 09:00"))
    paper, interpretation = desk.published()
    assert interpretation_duty(paper).due_at == at("2017-03-08 23:59:59.999999")
    desk.now = at("2017-03-06 10:00")
    publish_interpretation(desk, interpretation)
    place(desk, interpretation)
    assert state_of(interpretation_duty(paper), at("2017-03-09 00:00")) == "met"


@pytest.mark.scenario("S10.6")
def test_a_deputy_does_not_meet_the_heads_duty(desk: Desk) -> None:
    paper, _ = desk.published(broad_reach=True, high_attention=True, vital_interest=True)
    hold_event(desk, "deputy_head", about=paper)
    assert Duty.objects.get(record=paper, code="D10.6").closed_at is None
    hold_event(desk, "unit_head", about=paper)
    assert Duty.objects.get(record=paper, code="D10.6").closed_at is not None


def hold_event(desk: Desk, speaker: str, *, important: bool = True, about: Record | None = None) -> Record:
    drafter = desk.city.actor(desk.unit, roles.DRAFTER)
    event = open_record(
        "interpretation_event",
        actor=drafter,
        unit=desk.unit,
        now=desk.now,
        data={"title": "减材料政策吹风会", "method": "briefing", "speaker_role": speaker},
        about=about,
    ).record
    desk.act(
        event,
        "hold",
        roles.OPENNESS_OFFICER,
        data={
            "held_at": desk.now,
            "speaker_role": speaker,
            "important_policy": important,
            "summary": "现场答问十二次。",
        },
    )
    return event


@pytest.mark.scenario("S10.7")
def test_an_event_in_one_half_year_does_not_serve_the_other(city: City) -> None:
    desk = make_desk(city, now=at("2026-03-10 09:00"))
    open_periodic(desk.now)
    hold_event(desk, "deputy_head")
    hold_event(desk, "deputy_head")
    open_periodic(at("2026-07-01 08:00"))
    first = Duty.objects.get(code="D10.7", unit=desk.unit, period="2026H1")
    second = Duty.objects.get(code="D10.7", unit=desk.unit, period="2026H2")
    assert state_of(first, at("2026-12-31 12:00")) == "met"
    assert state_of(second, at("2026-12-31 12:00")) == "due_soon"
    assert state_of(second, at("2027-01-01 00:00")) == "overdue"


@pytest.mark.scenario("S10.8")
def test_an_ordinary_notice_does_not_meet_the_heads_yearly_quota(city: City) -> None:
    desk = make_desk(city, now=at("2026-03-10 09:00"))
    open_periodic(desk.now)
    hold_event(desk, "unit_head", important=False)
    assert Duty.objects.get(code="D10.8", unit=desk.unit, period="2026").closed_at is None
    hold_event(desk, "unit_head", important=True)
    assert Duty.objects.get(code="D10.8", unit=desk.unit, period="2026").closed_at is not None


def test_an_interpretation_does_not_come_out_before_its_paper(desk: Desk) -> None:
    paper, interpretation = desk.signed()
    desk.review(interpretation)
    with pytest.raises(Refused) as refused:
        desk.act(interpretation, "publish", roles.OPENNESS_OFFICER)
    assert "interpreted_document_not_public" in {fault.code for fault in refused.value.faults}
    assert Interpretation.objects.get(record=interpretation).record.state == "reviewed"


def test_perform_is_what_changes_state(desk: Desk, city: City) -> None:
    """A second signature on the same paper is refused in words, whoever was first."""
    paper = desk.draft()
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "sign", roles.UNIT_HEAD)
    with pytest.raises(Exception, match="已签发"):
        perform(paper, "sign", actor=city.actor(desk.unit, roles.UNIT_HEAD, 2), now=desk.now)
