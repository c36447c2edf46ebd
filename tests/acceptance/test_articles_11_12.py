"""Articles 11 and 12: nine points, methods, and interpretation in step with the paper."""

from datetime import timedelta

import pytest
from tests.factories import City, Desk

from mingtang.interpretations.forms import InterpretationForm
from mingtang.interpretations.models import Expert, Interpretation
from mingtang.interpretations.selectors import method_measure, points_measure, suggest_experts
from mingtang.journal.selectors import last_event, payload_of
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.units import roles

SEVEN = ["background", "goals", "main_content", "scope", "standard", "notes", "keywords"]


@pytest.mark.scenario("S11.1")
def test_seven_of_nine_points_warn_and_are_counted(desk: Desk) -> None:
    paper = desk.draft()
    points = {code: {"text": "群众少跑腿。"} for code in SEVEN}
    desk.interpret(paper, points=points)
    desk.act(paper, "submit", roles.DRAFTER)
    outcome = desk.act(paper, "sign", roles.UNIT_HEAD)
    assert Record.objects.get(pk=paper.pk).state == "signed"
    warning = next(fault for fault in outcome.faults if fault.code == "nine_points_incomplete")
    assert "2项" in warning.message and "惠民利民举措" in warning.message
    event = last_event(paper.pk, "document.signed")
    assert event is not None
    assert [fault["code"] for fault in payload_of(event)["warnings"]] == ["nine_points_incomplete"]
    assert points_measure([desk.unit.pk]) == (7, 9)


@pytest.mark.scenario("S12.1")
def test_a_plan_signed_after_its_paper_is_not_in_step(desk: Desk, city: City) -> None:
    paper = desk.draft()
    interpretation = desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    signing = desk.now
    desk.now += timedelta(days=2)
    desk.act(interpretation, "approve", roles.UNIT_HEAD)
    desk.now = signing
    with pytest.raises(Refused) as refused:
        desk.act(paper, "sign", roles.UNIT_HEAD)
    assert [fault.code for fault in refused.value.faults] == ["plan_signed_after_document"]
    assert "2026-03-04" in refused.value.faults[0].message and "2026-03-02" in refused.value.faults[0].message


@pytest.mark.scenario("S12.2")
def test_an_unlisted_method_is_other_and_none_lowers_the_metric(desk: Desk, city: City) -> None:
    paper = desk.draft()
    form = InterpretationForm(
        actor=city.actor(desk.unit, roles.DRAFTER),
        now=desk.now,
        about=paper,
        data={"plan": "方案", "material": "材料", "title": "解读", "other_method": "海报", "articles": ""},
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["methods"] == ["other"]
    poster = desk.interpret(paper, methods=["other"], other_method="海报")
    assert Interpretation.objects.get(record=poster).other_method == "海报"
    assert method_measure([desk.unit.pk]) == (1, 1)
    silent = desk.interpret(desk.draft(title="另一份通知"), methods=[])
    assert Record.objects.get(pk=silent.pk).state == "drafting"
    assert method_measure([desk.unit.pk]) == (1, 2)


@pytest.mark.scenario("S12.3")
def test_experts_of_the_field_or_who_took_part_come_first(desk: Desk) -> None:
    paper = desk.draft(topic="卫生、体育")
    outsider = Expert.objects.create(name="演示专家甲", fields=["科技、教育"], unit=desk.unit)
    matching = Expert.objects.create(name="演示专家乙", fields=["卫生、体育"], unit=desk.unit)
    took_part = Expert.objects.create(name="演示专家丙", fields=["对外事务"], unit=desk.unit)
    took_part.records.add(paper)
    suggested = suggest_experts(paper, topic="卫生、体育")
    assert [expert.pk for expert in suggested] == [matching.pk, took_part.pk, outsider.pk]
