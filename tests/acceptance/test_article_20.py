"""Article 20: nothing becomes public without a secrecy review by somebody else."""

import pytest
from tests.factories import City, Desk

from mingtang.disclosure.models import SecrecyReview
from mingtang.editions.models import Edition, LogEntry, Publication
from mingtang.journal.writing import writing
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.units import roles
from mingtang.units.models import Post


@pytest.mark.scenario("S20.4")
def test_a_drafter_cannot_review_the_own_paper(desk: Desk, city: City) -> None:
    paper, _ = desk.signed()
    drafter = city.person(desk.unit, roles.DRAFTER)
    Post.objects.create(person=drafter, unit=desk.unit, role=roles.SECRECY_REVIEWER, valid_from="2016-01-01")
    from mingtang.records.services import perform

    with pytest.raises(Refused) as refused:
        perform(paper, "review", actor=city.actor(desk.unit, roles.DRAFTER), now=desk.now, data={"masks": []})
    assert [fault.code for fault in refused.value.faults] == ["reviewed_by_drafter"]
    assert refused.value.faults[0].article == 20
    assert not SecrecyReview.objects.exists()


@pytest.mark.scenario("S20.4")
def test_nothing_is_published_without_a_review_of_this_very_content(desk: Desk) -> None:
    paper, _ = desk.issued()
    SecrecyReview.objects.all().delete()
    with pytest.raises(Refused) as refused:
        desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert [fault.code for fault in refused.value.faults] == ["review_missing"]
    assert not Publication.objects.exists() and not LogEntry.objects.exists()


def test_content_changed_after_the_review_needs_a_new_one(desk: Desk) -> None:
    paper, _ = desk.issued()
    with writing():
        detail = Record.objects.get(pk=paper.pk).document
        detail.body += "\n增加一句。"
        detail.save()
    with pytest.raises(Refused) as refused:
        desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert "content_changed_since_review" in {fault.code for fault in refused.value.faults}


def test_personal_data_is_masked_in_every_edition(desk: Desk) -> None:
    body = "一、联系方式\n请联系王某，身份证11010519491231002X，手机 138-1234-5678。"
    paper, _ = desk.published(body=body)
    edition = Edition.objects.get()
    assert "11010519491231002X" not in edition.payload and "138-1234-5678" not in edition.payload
    assert "110105********002X" in edition.payload
    assert paper.state == "published"


def test_an_id_number_can_never_be_kept(desk: Desk) -> None:
    paper, _ = desk.signed(body="一、公示\n王某，身份证11010519491231002X。")
    from mingtang.disclosure.content import find_personal_data, payload_of
    from mingtang.records.spec import Context, spec_for

    fresh = Record.objects.get(pk=paper.pk)
    reviewer = desk.city.actor(desk.unit, roles.SECRECY_REVIEWER)
    (place,) = find_personal_data(payload_of(Context(spec_for("document"), fresh, reviewer, desk.now)))
    finding = place.finding
    mask = {"place": place.place, "start": finding.start, "end": finding.end, "kind": finding.kind}
    desk.act(
        paper, "review", roles.SECRECY_REVIEWER, data={"masks": [{**mask, "decision": "keep", "reason": "公示需要"}]}
    )
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    with pytest.raises(Refused) as refused:
        desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert [fault.code for fault in refused.value.faults] == ["personal_data_unmasked"]
    assert "11010519491231002X" not in str(refused.value)
