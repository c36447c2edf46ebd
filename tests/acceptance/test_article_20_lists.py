"""Article 20: what is withheld is on the negative list, or somebody else confirmed an exception."""

import pytest
from tests.factories import City, Desk, table

from mingtang.cli.demo.registers.openness import NEGATIVE_HEADING as HEADING
from mingtang.disclosure.listed import NEGATIVE_LIST, entries_for
from mingtang.documents.forms import DocumentForm, ExceptionForm
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.records.spec import spec_for
from mingtang.registers.models import ListReviewItem, Register
from mingtang.registers.openness import by_exception, close_review_item, leaning_on, review_items
from mingtang.registers.services import EntryEdit, Upload
from mingtang.units import roles
from mingtang.units.models import Post

pytestmark = pytest.mark.django_db
SECRET_LAW = "《中华人民共和国保守国家秘密法》第十三条"
ROWS = [
    ("F01", "重要物资储备方案", "储备地点和数量", "国家秘密", SECRET_LAW, "办公室", "2026-03-01", "2027-03-01"),
    ("F02", "价格调查的企业成本", "企业报送的成本构成", "商业秘密", SECRET_LAW, "办公室", "2026-03-01", "2027-03-01"),
]
WITHHELD = {
    "openness": "withheld",
    "mode": "",
    "withholding_ground": "state_secret",
    "withholding_reason": "方案载明储备地点，已按规定定密。",
}


def published_list(desk: Desk) -> Record:
    return desk.publish_register(desk.register("negative_list", HEADING, ROWS))


def entry(desk: Desk, code: str) -> str:
    return next(name for name, words in entries_for(NEGATIVE_LIST, desk.unit) if words.startswith(code))


def submitted(desk: Desk, **changes: object) -> Record:
    paper = desk.draft(**{**WITHHELD, **changes})
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    return paper


def refusal(desk: Desk, paper: Record) -> list[str]:
    with pytest.raises(Refused) as refused:
        desk.act(paper, "sign", roles.UNIT_HEAD)
    assert all(fault.article == 20 for fault in refused.value.faults)
    return [fault.code for fault in refused.value.faults]


@pytest.mark.scenario("S20.1")
@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        (1, "内部文件", "太笼统"),
        (1, "其他不宜公开的信息", "太笼统"),
        (4, "", "没有填"),
        (4, "有关规定", "法律名称和条号"),
    ],
)
def test_a_vague_matter_or_one_without_a_law_is_refused(desk: Desk, field: int, value: str, told: str) -> None:
    bad = tuple(value if place == field else cell for place, cell in enumerate(ROWS[0]))
    register = desk.register("negative_list", HEADING, [bad, ROWS[1]])
    with pytest.raises(Refused) as refused:
        desk.act(register, "hand_in", roles.DRAFTER)
    assert [fault.code for fault in refused.value.faults] == ["batch_faulty"]
    names = ("code", "matter", "content", "ground", "law", "division", "listed_on", "review_on")
    values = {name: str(cell) for name, cell in zip(names, bad, strict=True)} | {"code": "F09"}
    with pytest.raises(Refused) as refused:
        desk.change(register, entry=EntryEdit(values))
    assert told in refused.value.faults[0].message


@pytest.mark.scenario("S20.2")
def test_what_leaned_on_a_removed_entry_surfaces(desk: Desk) -> None:
    register = published_list(desk)
    name = entry(desk, "F01")
    paper = submitted(desk, list_entry=name)
    desk.act(paper, "sign", roles.UNIT_HEAD)
    desk.published(title="公开的文件")
    assert [record.pk for record in leaning_on([name])] == [paper.pk]
    desk.change(register, upload=Upload("新.csv", table(HEADING, ROWS[1:])))
    desk.publish_register(register)
    item = ListReviewItem.objects.get()
    assert (item.record_id, item.state, item.matter) == (paper.pk, "open", "F01 重要物资储备方案")
    assert list(review_items([desk.unit.pk])) == [item]
    shown = dict(spec_for("register").facts_shown(Register.objects.get(pk=register.pk)))
    assert "减少办事材料" in str(shown["移出清单之后待自查"])
    words = dict(dict(spec_for("document").facts_shown(Record.objects.get(pk=paper.pk).document))["公开"])
    assert words["对应的负面清单事项"] == "F01 重要物资储备方案（已移出清单）"
    with pytest.raises(ValueError):
        close_review_item(item, conclusion="whatever", person_id=1, now=desk.now)
    close_review_item(item, conclusion="publish", person_id=1, now=desk.now)
    assert not review_items([desk.unit.pk])


@pytest.mark.scenario("S20.3")
def test_a_withheld_paper_off_the_list_is_blocked_until_somebody_else_confirms(desk: Desk, city: City) -> None:
    published_list(desk)
    paper = submitted(desk)
    assert refusal(desk, paper) == ["not_on_negative_list"]
    said = {"ground": "state_secret", "reason": "目录调整以前形成的涉密方案，已经定密。"}
    drafter = city.person(desk.unit, roles.DRAFTER)
    with pytest.raises(NotAllowed):
        desk.act(paper, "allow_exception", roles.DRAFTER, data=said)
    post = Post.objects.create(person=drafter, unit=desk.unit, role=roles.UNIT_HEAD, valid_from="2016-01-01")
    with pytest.raises(Refused) as refused:
        desk.act(paper, "allow_exception", roles.DRAFTER, data=said)
    assert [fault.code for fault in refused.value.faults] == ["exception_by_drafter"]
    post.delete()
    for bad, code in (({"ground": "habit"}, "ground_unlisted"), ({"reason": "内部文件"}, "reason_vague")):
        with pytest.raises(Refused) as refused:
            desk.act(paper, "allow_exception", roles.UNIT_HEAD, data=said | bad)
        assert [fault.code for fault in refused.value.faults] == [code]
    desk.act(paper, "allow_exception", roles.UNIT_HEAD, data=said)
    signed = desk.act(paper, "sign", roles.UNIT_HEAD)
    assert signed.record.state == "signed"
    detail = Record.objects.get(pk=paper.pk).document
    spec = spec_for("document")
    assert dict(dict(spec.facts_shown(detail))["公开"])["负面清单以外的例外"].startswith("国家秘密。目录调整以前")
    flagged = [cell(detail) for heading, cell in spec.columns if heading == "例外" and callable(cell)]
    assert flagged == ["清单以外"]
    desk.review(paper)
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    assert desk.act(paper, "file", roles.OPENNESS_OFFICER).record.state == "filed"
    assert [record.pk for record in by_exception([desk.unit.pk])] == [paper.pk]


@pytest.mark.scenario("S20.3")
def test_a_current_entry_with_the_same_ground_lets_it_pass(desk: Desk) -> None:
    published_list(desk)
    other = submitted(desk, list_entry=entry(desk, "F02"))
    assert refusal(desk, other) == ["entry_ground_differs"]
    assert refusal(desk, submitted(desk, list_entry="x")) == ["not_on_negative_list"]
    paper = submitted(desk, list_entry=entry(desk, "F01"))
    assert desk.act(paper, "sign", roles.UNIT_HEAD).record.state == "signed"


def test_an_exception_ends_with_the_paper_it_was_confirmed_for(desk: Desk) -> None:
    published_list(desk)
    paper = submitted(desk)
    said = {"ground": "state_secret", "reason": "目录调整以前形成的涉密方案。"}
    desk.act(paper, "allow_exception", roles.UNIT_HEAD, data=said)
    desk.act(paper, "head_return", roles.UNIT_HEAD, data={"remark": "改一改"})
    desk.edit(paper, {"lead_units": [desk.unit.pk], "withholding_reason": "换成另一份方案的理由。"})
    desk.act(paper, "submit", roles.DRAFTER)
    assert refusal(desk, paper) == ["not_on_negative_list"]


def test_before_any_list_is_public_there_is_a_warning(desk: Desk) -> None:
    paper = submitted(desk)
    outcome = desk.act(paper, "sign", roles.UNIT_HEAD)
    assert outcome.record.state == "signed" and [fault.code for fault in outcome.faults] == ["negative_list_not_public"]


def test_the_form_offers_the_lists_of_the_unit_and_keeps_what_was_chosen(desk: Desk, city: City) -> None:
    actor = city.actor(desk.unit, roles.DRAFTER)
    assert "list_entry" not in DocumentForm(actor=actor, now=desk.now).fields
    register = published_list(desk)
    name = entry(desk, "F01")
    offered = DocumentForm(actor=actor, now=desk.now).fields["list_entry"].choices  # type: ignore[attr-defined]
    assert [words for _name, words in offered][1:] == ["F01 重要物资储备方案", "F02 价格调查的企业成本"]
    paper = desk.draft(**WITHHELD, list_entry=name)
    desk.change(register, upload=Upload("新.csv", table(HEADING, ROWS[1:])))
    desk.publish_register(register)
    form = DocumentForm(actor=actor, now=desk.now, record=Record.objects.get(pk=paper.pk))
    assert (name, "F01 重要物资储备方案（已移出清单）") in form.fields["list_entry"].choices  # type: ignore[attr-defined]
    ground = ExceptionForm(actor=actor, now=desk.now, record=paper).fields["ground"]
    assert "state_secret" in dict(ground.choices)  # type: ignore[attr-defined]
