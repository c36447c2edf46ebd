"""Article 1: openness is the default, and every item has a class."""

import pytest
from tests.factories import Desk, document_data

from mingtang.documents.models import Document
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.units import roles


@pytest.mark.scenario("S01.1")
def test_new_item_proposes_full_release_and_withholding_needs_a_ground(desk: Desk) -> None:
    data = document_data(desk.unit)
    del data["openness"]
    paper = desk.draft_from(data)
    assert Document.objects.get(record=paper).openness == "full_release"

    desk.edit(paper, {"openness": "withheld", "mode": "", "lead_units": [desk.unit.pk]})
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    with pytest.raises(Refused) as refused:
        desk.act(paper, "sign", roles.UNIT_HEAD)
    assert {fault.code for fault in refused.value.faults} == {"ground_missing", "reason_missing"}
    assert Record.objects.get(pk=paper.pk).state == "head_review"


@pytest.mark.scenario("S01.2")
def test_item_without_five_disclosure_class_is_not_published(desk: Desk) -> None:
    paper, _ = desk.issued(stages=[])
    with pytest.raises(Refused) as refused:
        desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    fault = next(fault for fault in refused.value.faults if fault.code == "stage_missing")
    assert (fault.article, fault.field) == (1, "stages")
    assert "五公开" in fault.message
    assert Record.objects.get(pk=paper.pk).state == "issued"
