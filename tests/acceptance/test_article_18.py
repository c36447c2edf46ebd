"""Article 18: attribute, mode and grounds are fixed at the source; what lacks them is returned."""

import pytest
from tests.factories import Desk

from mingtang.journal.selectors import last_event, payload_of
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.units import roles


def refusals(desk: Desk, **changes: object) -> set[str]:
    paper = desk.draft(**changes)
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    with pytest.raises(Refused) as refused:
        desk.act(paper, "sign", roles.UNIT_HEAD)
    assert Record.objects.get(pk=paper.pk).state == "head_review"
    assert all(fault.article == 18 for fault in refused.value.faults)
    return {fault.code for fault in refused.value.faults}


@pytest.mark.scenario("S18.1")
def test_full_release_needs_a_mode_and_withheld_needs_none(desk: Desk) -> None:
    assert refusals(desk, mode="") == {"mode_missing"}
    paper = desk.draft(
        openness="withheld",
        mode="",
        withholding_ground="state_secret",
        withholding_reason="第三部分涉及已定密的国防动员数据，密级为秘密。",
    )
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "sign", roles.UNIT_HEAD)
    assert Record.objects.get(pk=paper.pk).state == "signed"


@pytest.mark.scenario("S18.2")
def test_not_suitable_without_a_legal_ground_is_refused(desk: Desk) -> None:
    assert refusals(desk, openness="withheld", mode="", withholding_reason="不宜公开") == {
        "ground_missing",
        "reason_vague",
    }


@pytest.mark.scenario("S18.3")
def test_office_returns_a_draft_without_attribute_and_without_material_in_one_slip(desk: Desk) -> None:
    paper = desk.draft(name_of="general_office", openness="", mode="")
    desk.interpret(paper, material="")
    assert desk.act(paper, "report", roles.DRAFTER).returned
    event = last_event(paper.pk, "document.returned")
    assert event is not None
    slip = payload_of(event)["faults"]
    assert {fault["code"]: fault["article"] for fault in slip} == {
        "attribute_missing": 18,
        "mode_missing": 18,
        "material_missing": 10,
    }
    assert all(fault["mend"] for fault in slip)
    assert Record.objects.get(pk=paper.pk).state == "returned"


@pytest.mark.scenario("S18.3")
def test_the_clerk_returns_with_own_words_and_the_found_faults(desk: Desk) -> None:
    paper = desk.draft(name_of="government")
    interpretation = desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "approve", roles.UNIT_HEAD)
    desk.act(paper, "report", roles.DRAFTER)
    desk.act(interpretation, "reopen", roles.DRAFTER)
    desk.act(
        paper,
        "return",
        roles.GENERAL_OFFICE_CLERK,
        desk.office,
        data={"faults": ["interpretation_changed_since_approval"], "remark": "解读材料请说明与旧办法的差别。"},
    )
    event = last_event(paper.pk, "document.returned")
    assert event is not None
    payload = payload_of(event)
    assert [fault["code"] for fault in payload["faults"]] == ["interpretation_changed_since_approval"]
    assert paper.remarks.get(pk=payload["remark"]).text.startswith("解读材料")
