"""Files redacted on their way through the door: cut, proved, decided on by another person, and public with the reasons."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.factories import Desk
from tests.text.redaction.planted import IDENTITY, drawn, is_left
from tests.text.redaction.test_office import book

from mingtang.disclosure.attachments import FileChanges, attachments_of
from mingtang.disclosure.models import UNCUT, Attachment, AttachmentContent, Redaction, RedactionDraft
from mingtang.disclosure.redaction import make_cuts, mark, marked, take_back
from mingtang.editions.models import Edition, PublicFile
from mingtang.journal.selectors import events_of, payload_of
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.records.spec import Context, Facts, run_named_gates, spec_for
from mingtang.text.attachments import read_attachment
from mingtang.text.redact import CutError
from mingtang.text.redaction import EVERY_FINDING, FileCut
from mingtang.units import roles
from mingtang.units.actors import SYSTEM

WHY = {"reason": "公开会侵害个人隐私", "ground": "personal_privacy"}


def listing() -> bytes:
    return drawn(lambda paper, index: paper.drawString(72, 600, f"ID {IDENTITY}"), 2)


def with_file(desk: Desk, data: bytes | None = None, name: str = "名单.pdf") -> tuple[Record, Attachment]:
    read = read_attachment(name, data or listing())
    paper = desk.draft(attachments=FileChanges((read,)))
    return paper, attachments_of(paper.pk)[0]


def cut_it(desk: Desk, paper: Record, file: Attachment, *cuts: FileCut) -> Attachment:
    desk.now += desk.now.resolution
    drafter = desk.city.actor(desk.unit, roles.DRAFTER)
    mark(file, cuts or [FileCut(**WHY, finding=EVERY_FINDING)], desk.now)
    make_cuts(Record.objects.get(pk=paper.pk), file, actor=drafter, now=desk.now)
    return attachments_of(paper.pk)[0]


def codes(record: Record, *gates: str) -> list[str]:
    fresh = Record.objects.get(pk=record.pk)
    facts = Facts(Context(spec_for(fresh.kind), fresh, SYSTEM, fresh.changed_at))
    return [fault.code for fault in run_named_gates(facts, gates)]


def test_the_cut_file_takes_the_place_and_the_uncut_one_stays_private(desk: Desk) -> None:
    paper, file = with_file(desk)
    assert "file_personal_data" in codes(paper, "files_clean")
    after = cut_it(desk, paper, file)
    assert codes(paper, "files_clean", "openness_determined") == []
    assert after.name == "名单.pdf" and after.findings == [] and after.pk != file.pk
    content = bytes(AttachmentContent.objects.get(attachment=after).content)
    assert not is_left(content, IDENTITY)
    (uncut,) = attachments_of(paper.pk, UNCUT)
    assert uncut.pk == file.pk and uncut.sha256 == file.sha256
    redaction = Redaction.objects.get()
    assert (redaction.sha256_before, redaction.sha256_after) == (file.sha256, after.sha256)
    assert IDENTITY not in json.dumps([redaction.cuts, redaction.checked]) and redaction.checked
    assert redaction.cuts[0]["places"] == 2 and len(redaction.cuts[0]["quote_hash"]) == 64
    newest = list(events_of(paper.pk))[-1]
    assert payload_of(newest)["redacted"] == {"before": file.sha256, "after": after.sha256, "cuts": "1"}


@pytest.mark.scenario("S18.1b")
def test_a_redacted_file_is_public_with_its_reasons_and_nothing_of_what_was_cut(desk: Desk) -> None:
    paper, file = with_file(desk)
    after = cut_it(desk, paper, file)
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "sign", roles.UNIT_HEAD)
    desk.review(paper)
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    (item,) = json.loads(Edition.objects.get(publication__kind="document").payload)["attachments"]
    assert item["sha256"] == after.sha256
    assert [(one["reason"], one["places"]) for one in item["cuts"]] == [("公开会侵害个人隐私", 2)] and item["cuts"][0][
        "ground"
    ]
    (public,) = PublicFile.objects.all()
    assert not is_left(bytes(public.content), IDENTITY) and IDENTITY not in public.text
    assert not [row for row in PublicFile.objects.values_list("sha256", flat=True) if row == file.sha256]
    page = Client().get(f"/{Edition.objects.get(publication__kind='document').publication.path}/").content.decode()
    assert "删减后公开" in page and "公开会侵害个人隐私" in page and file.sha256 not in page


def test_whoever_cut_cannot_review_and_a_review_before_the_cut_no_longer_counts(desk: Desk) -> None:
    paper, file = with_file(desk)
    cut_it(desk, paper, file)
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "sign", roles.UNIT_HEAD)
    facts = Facts(Context(spec_for("document"), Record.objects.get(pk=paper.pk), SYSTEM, desk.now))
    assert desk.city.actor(desk.unit, roles.DRAFTER).person_id in facts["disclosure.authors"]
    before = facts["disclosure.content_hash"]
    Redaction.objects.update(cuts=[{**WHY, "reason": "另一个理由", "places": 1}])
    again = Facts(Context(spec_for("document"), Record.objects.get(pk=paper.pk), SYSTEM, desk.now))
    assert again["disclosure.content_hash"] != before  # the reasons are part of what a reviewer decides on


def test_a_cut_needs_a_reason_and_a_listed_ground_at_the_door_too(desk: Desk) -> None:
    paper, file = with_file(desk)
    with pytest.raises(CutError) as raised:
        mark(file, [FileCut("理由", "no_such_ground", quote="ID")], desk.now)
    assert raised.value.code == "ground_unlisted" and "第十八条" in raised.value.message
    with pytest.raises(CutError) as raised:
        cut_it(desk, paper, file, FileCut(" ", "personal_privacy", quote="ID"))
    assert raised.value.code == "reason_missing" and not Redaction.objects.exists()
    cut_it(desk, paper, file)
    Redaction.objects.update(cuts=[{"reason": "", "ground": "gone"}])
    assert {"cut_reason_missing", "cut_ground_unlisted"} <= set(codes(paper, "openness_determined"))


def test_cutting_a_file_answers_for_redacted_release(desk: Desk) -> None:
    read = read_attachment("名单.pdf", listing())
    paper = desk.draft(attachments=FileChanges((read,)), openness="redacted_release", cuts=[])
    assert codes(paper, "openness_determined") == ["cuts_missing"]
    cut_it(desk, paper, attachments_of(paper.pk)[0])
    assert codes(paper, "openness_determined") == []


def test_the_uncut_file_comes_back_with_its_marks(desk: Desk) -> None:
    paper, file = with_file(desk)
    after = cut_it(desk, paper, file)
    drafter = desk.city.actor(desk.unit, roles.DRAFTER)
    take_back(Record.objects.get(pk=paper.pk), after, actor=drafter, now=desk.now)
    (back,) = attachments_of(paper.pk)
    assert back.pk == file.pk and not Redaction.objects.exists() and not attachments_of(paper.pk, UNCUT)
    assert marked(back) == [FileCut(**WHY, finding=EVERY_FINDING)]
    assert "file_personal_data" in codes(paper, "files_clean")


def test_only_the_drafter_cuts_and_only_while_the_paper_is_open(desk: Desk) -> None:
    paper, file = with_file(desk)
    mark(file, [FileCut(**WHY, finding=EVERY_FINDING)], desk.now)
    reviewer = desk.city.actor(desk.unit, roles.SECRECY_REVIEWER)
    with pytest.raises(NotAllowed):
        make_cuts(Record.objects.get(pk=paper.pk), file, actor=reviewer, now=desk.now)
    Attachment.objects.filter(pk=file.pk).update(sha256="0" * 64)
    with pytest.raises(Refused):
        make_cuts(Record.objects.get(pk=paper.pk), file, actor=desk.city.actor(desk.unit, roles.DRAFTER), now=desk.now)
    assert not Redaction.objects.exists() and RedactionDraft.objects.exists()


def client(desk: Desk, role: str = roles.DRAFTER) -> Client:
    one = Client()
    one.force_login(desk.city.person(desk.unit, role), backend="django.contrib.auth.backends.ModelBackend")
    return one


def page_of(record: Record, file: Attachment, name: str = "redact", **more: Any) -> str:
    return reverse(f"desk:{name}", kwargs={"kind": record.kind, "record_id": record.pk, "file_id": file.pk, **more})


def test_the_desk_marks_all_findings_at_once_and_one_by_one_and_takes_back(desk: Desk) -> None:
    paper, file = with_file(desk)
    one, address = client(desk), page_of(paper, file)
    shown = one.get(address).content.decode()
    assert "发现1项个人信息" in shown and "110105********002X" in shown and IDENTITY not in shown
    assert 'class="found"' in shown and "style=" not in shown
    assert one.post(address, {"do": "all", **WHY}).status_code == 302
    box = {"left": "10", "top": "20", "right": "100", "bottom": "40", "page": "2"}
    assert one.post(address, {"do": "add", **WHY, **box}).status_code == 302
    assert one.post(address, {"do": "add", **WHY, "quote": "stays"}).status_code == 302
    assert [(cut.finding, cut.page, cut.quote) for cut in marked(file)] == [("*", 0, ""), ("", 2, ""), ("", 0, "stays")]
    one.post(address, {"do": "undo"})
    one.post(address, {"do": "drop-1"})
    assert [cut.box for cut in marked(file)] == [(10.0, 20.0, 100.0, 40.0)]
    assert 'class="cut"' in one.get(f"{address}?page=2").content.decode()
    one.post(address, {"do": "page", **WHY, "page": "1"})
    assert marked(file)[-1] == FileCut(**WHY, page=1)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": "", "ground": "personal_privacy", "quote": "x"}, "这个字段是必填项"),
        ({**WHY}, "还没有选中内容"),
        ({**WHY, "left": "9", "top": "9"}, "左、上、右、下四个数"),
        ({**WHY, "left": "9", "top": "9", "right": "3", "bottom": "20"}, "“右”须大于“左”"),
        ({**WHY, "quote": "x", "left": "1", "top": "1", "right": "3", "bottom": "20"}, "只填一种"),
    ],
)
def test_what_is_wrong_with_a_cut_is_said_and_nothing_typed_is_lost(
    desk: Desk, typed: dict[str, str], said: str
) -> None:
    paper, file = with_file(desk)
    answer = client(desk).post(page_of(paper, file), {"do": "add", **typed})
    shown = answer.content.decode()
    assert answer.status_code == 422 and said in shown and marked(file) == []
    assert all(f'value="{value}"' in shown for name, value in typed.items() if name in ("quote", "left") and value)


def test_preview_finish_and_record_on_the_desk(desk: Desk) -> None:
    paper, file = with_file(desk)
    one, address = client(desk), page_of(paper, file)
    one.post(address, {"do": "all", **WHY})
    preview = one.get(page_of(paper, file, "redact_result"))
    assert preview["Content-Type"] == "application/pdf" and not is_left(preview.content, IDENTITY)
    assert "default-src 'none'" in preview["Content-Security-Policy"] and not Redaction.objects.exists()
    picture = one.get(page_of(paper, file, "file_page", page=1))
    black = one.get(page_of(paper, file, "file_page", page=1) + "?result")
    assert picture.content.startswith(b"\x89PNG") and picture.content != black.content
    assert one.get(page_of(paper, file, "file_page", page=3)).status_code == 404
    version = Record.objects.get(pk=paper.pk).version
    done = one.post(address, {"do": "finish", "expected_version": version, "request_key": "k1"}, follow=True)
    assert "复查没有残留" in done.content.decode()
    assert one.post(address, {"do": "finish", "request_key": "k1"}).status_code == 302
    after = attachments_of(paper.pk)[0]
    reviewer = client(desk, roles.SECRECY_REVIEWER)
    shown = reviewer.get(page_of(paper, after)).content.decode()
    assert "删减后公开" in shown and file.sha256 in shown and after.sha256 in shown and "没有残留" in shown
    assert "恢复删减前" not in shown and "标出这一处" not in shown
    assert reviewer.post(page_of(paper, after), {"do": "restore"}).status_code == 302 and Redaction.objects.exists()
    assert "恢复删减前" in one.get(page_of(paper, after)).content.decode()
    one.post(page_of(paper, after), {"do": "restore", "expected_version": Record.objects.get(pk=paper.pk).version})
    assert attachments_of(paper.pk)[0].pk == file.pk


def test_a_passage_that_is_not_there_stops_the_finish_and_says_so(desk: Desk) -> None:
    paper, file = with_file(desk)
    one, address = client(desk), page_of(paper, file)
    one.post(address, {"do": "add", **WHY, "quote": "没有这句话"})
    answer = one.post(address, {"do": "finish"})
    assert (
        answer.status_code == 422
        and "在文件里找不到" in answer.content.decode()
        and "没有这句话" in answer.content.decode()
    )
    assert "在文件里找不到" in one.get(page_of(paper, file, "redact_result"), follow=True).content.decode()


def test_a_workbook_is_shown_by_its_sheets_and_cut_by_area(desk: Desk) -> None:
    paper, file = with_file(desk, book(lambda made, sheet: None), "补助.xlsx")
    one, address = client(desk), page_of(paper, file)
    assert "工作表" in one.get(address).content.decode()
    one.post(address, {"do": "add", **WHY, "area": "补助!C:C"})
    done = one.post(address, {"do": "finish"}, follow=True).content.decode()
    assert "复查没有残留" in done and attachments_of(paper.pk)[0].findings == []
