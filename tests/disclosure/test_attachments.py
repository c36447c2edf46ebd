"""Attached files through the door: judged, bound to the review, published once, gone when erased."""

import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from docx import Document as Docx
from tests.factories import Desk
from tests.text.test_attachments import IDENTITY, docx, png

from mingtang.desk.models import HeldFile
from mingtang.disclosure.attachments import FileChanges, attachments_of
from mingtang.disclosure.models import ORIGINAL, Attachment, AttachmentContent, SecrecyReview
from mingtang.editions.models import Edition, EditionFile, PublicFile
from mingtang.records.errors import Refused
from mingtang.records.models import Record
from mingtang.records.spec import Context, Facts, run_named_gates, spec_for
from mingtang.text.attachments import read_attachment
from mingtang.units import roles
from mingtang.units.actors import SYSTEM


def files(*pairs: tuple[str, bytes]) -> FileChanges:
    return FileChanges(tuple(read_attachment(name, data) for name, data in pairs))


TABLE = ("补助标准.csv", "项目,标准\n甲类,三百元\n".encode())


def codes(refused: Any) -> list[str]:
    return [fault.code for fault in refused.value.faults]


def test_a_payload_lists_its_files_and_publishing_makes_them_public(desk: Desk) -> None:
    paper, _ = desk.issued(attachments=files(TABLE, ("图.png", png())))
    assert not PublicFile.objects.exists() and not EditionFile.objects.exists()
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    edition = Edition.objects.get()
    listed = json.loads(edition.payload)["attachments"]
    assert [item["name"] for item in listed] == ["补助标准.csv", "图.png"]
    assert [set(item) for item in listed] == [{"name", "sha256", "size", "media_type"}] * 2
    uses = list(edition.files.select_related("file"))
    assert [(use.name, use.file_id) for use in uses] == [(item["name"], item["sha256"]) for item in listed]
    assert bytes(uses[0].file.content) == TABLE[1] and uses[0].file.size == len(TABLE[1])
    assert "三百元" in uses[0].file.text


def test_a_file_changed_after_the_review_stops_the_publication(desk: Desk) -> None:
    paper, _ = desk.issued(attachments=files(TABLE))
    attachment = Attachment.objects.get()
    other = read_attachment("补助标准.csv", "项目,标准\n甲类,九百元\n".encode())
    Attachment.objects.filter(pk=attachment.pk).update(sha256=other.sha256)
    with pytest.raises(Refused) as refused:
        desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert "content_changed_since_review" in codes(refused)


def test_an_identity_number_in_a_file_stops_the_review_with_its_place(desk: Desk) -> None:
    paper, _ = desk.signed(attachments=files(("名单.docx", docx("名单", f"某某{IDENTITY}"))))
    with pytest.raises(Refused) as refused:
        desk.review(paper)
    (fault,) = refused.value.faults
    assert fault.code == "file_personal_data" and fault.field == "attachments"
    assert "“名单.docx”正文第2段有居民身份证号码：110105********002X" in fault.message and "换下旧文件" in fault.mend
    assert not SecrecyReview.objects.exists()


def test_an_office_telephone_in_a_file_is_kept_with_a_reason_or_stops(desk: Desk) -> None:
    paper, _ = desk.signed(attachments=files(("联系人.txt", "联系电话13800138000".encode())))
    desk.review(paper)  # passes without a word about the file
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    with pytest.raises(Refused) as refused:
        desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert codes(refused) == ["file_personal_data"]
    place = {"place": f"file:{Attachment.objects.get().sha256[:16]}:0", "start": 0, "end": 0, "kind": "mobile"}
    keep = {**place, "decision": "keep", "reason": "对外公布的办公电话。"}
    SecrecyReview.objects.update(masks=[{**keep, "reason": " "}])
    with pytest.raises(Refused):
        desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    SecrecyReview.objects.update(masks=[keep])
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert EditionFile.objects.get().name == "联系人.txt"


def test_the_reviewer_is_asked_about_each_find_and_sees_the_file(desk: Desk) -> None:
    paper, _ = desk.signed(attachments=files(("联系人.txt", "联系电话13800138000".encode())))
    client = Client()
    client.force_login(
        desk.city.person(desk.unit, roles.SECRECY_REVIEWER), backend="django.contrib.auth.backends.ModelBackend"
    )
    address = reverse("desk:do", args=["document", paper.pk, "review"])
    page = client.get(address).content.decode()
    file = reverse("desk:file", args=["document", paper.pk, Attachment.objects.get().pk])
    assert "附件“联系人.txt”" in page and "138****8000" in page and file in page
    opened = client.get(file)
    assert opened.content.decode() == "联系电话13800138000" and opened["X-Content-Type-Options"] == "nosniff"
    assert opened["Content-Disposition"].startswith("attachment") and "sandbox" in opened["Content-Security-Policy"]
    answer = {"expected_version": Record.objects.get(pk=paper.pk).version}
    assert client.post(address, {**answer, "file_0": "keep"}).status_code == 422
    assert client.post(address, {**answer, "file_0": "remove"}).status_code == 422
    assert client.post(address, {**answer, "file_0": "keep", "file_reason_0": "办公电话。"}).status_code == 302
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert EditionFile.objects.count() == 1


def test_corrections_keep_earlier_files_and_erasure_takes_all_but_shared_ones(desk: Desk) -> None:
    paper, _ = desk.published(attachments=files(TABLE, ("图.png", png())))
    other, _ = desk.published(title="另一份文件", attachments=files(TABLE))
    desk.act(paper, "begin_correction", roles.DRAFTER, data={"remark": "换附件。"})
    table = Attachment.objects.get(record=paper, name="补助标准.csv")
    new = read_attachment("补助标准.csv", "项目,标准\n甲类,四百元\n".encode())
    desk.edit(paper, {"lead_units": [desk.unit.pk], "attachments": FileChanges((new,), frozenset({table.pk}))})
    desk.review(paper, "review_correction")
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    by_edition = {
        edition.number: sorted(use.name for use in edition.files.all())
        for edition in Edition.objects.filter(publication__title="关于减少办事材料的通知")
    }
    assert by_edition == {1: ["图.png", "补助标准.csv"], 2: ["图.png", "补助标准.csv"]}
    assert PublicFile.objects.count() == 3
    desk.act(paper, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    assert list(PublicFile.objects.values_list("sha256", flat=True)) == [Attachment.objects.get(record=other).sha256]
    assert EditionFile.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {
            "openness": "withheld",
            "mode": "",
            "withholding_ground": "state_secret",
            "withholding_reason": "含有已定密的内容。",
        },
        {"mode": "on_request"},
    ],
)
def test_files_of_what_is_not_published_never_become_public(desk: Desk, changes: dict[str, Any]) -> None:
    paper, _ = desk.signed(attachments=files(("名单.docx", docx(f"某某{IDENTITY}"))), **changes)
    desk.review(paper)  # nothing of it goes out, so nothing stops it
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    desk.act(paper, "file", roles.OPENNESS_OFFICER)
    desk.draft(title="草稿", attachments=files(TABLE))
    assert attachments_of(paper.pk) and not PublicFile.objects.exists()


def test_material_of_an_interpretation_is_published_with_it(desk: Desk) -> None:
    paper = desk.draft()
    interpretation = desk.interpret(paper, attachments=files(("一图读懂.png", png())))
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "sign", roles.UNIT_HEAD)
    desk.review(paper)
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    desk.review(interpretation)
    assert not PublicFile.objects.exists()
    desk.act(interpretation, "publish", roles.OPENNESS_OFFICER)
    assert EditionFile.objects.get().edition.publication.kind == "interpretation"


def test_names_are_made_unique_and_more_than_twenty_are_refused(desk: Desk) -> None:
    paper = desk.draft(attachments=files(TABLE, TABLE))
    assert [one.name for one in attachments_of(paper.pk)] == ["补助标准.csv", "补助标准-2.csv"]
    with pytest.raises(Refused) as refused:
        desk.edit(paper, {"lead_units": [desk.unit.pk], "attachments": files(*[TABLE] * 19)})
    assert refused.value.faults[0].field == "attachments"
    assert len(attachments_of(paper.pk)) == 2


def test_hashes_are_not_read_as_personal_data(desk: Desk) -> None:
    from mingtang.disclosure.content import find_personal_data

    found = find_personal_data({"attachments": [{"name": "a.pdf", "sha256": f"电话13800138000{'f' * 49}"}]})
    assert found == []


def test_the_gate_asks_only_stored_columns(desk: Desk, django_assert_max_num_queries: Any) -> None:
    paper, _ = desk.issued(attachments=files(TABLE))
    record = Record.objects.get(pk=paper.pk)
    context = Context(spec_for("document"), record, SYSTEM, desk.now)
    with django_assert_max_num_queries(4) as queries:
        assert run_named_gates(Facts(context), ["files_clean"]) == []
    assert not any("content" in query["sql"] for query in queries.captured_queries)


class Drafter:
    """The drafter's browser."""

    def __init__(self, desk: Desk) -> None:
        self.client = Client()
        self.desk = desk
        self.client.force_login(
            desk.city.person(desk.unit, roles.DRAFTER), backend="django.contrib.auth.backends.ModelBackend"
        )

    def post(self, address: str, **changes: Any) -> Any:
        data = {
            "title": "关于减少办事材料的通知",
            "name_of": "department",
            "lead_units": [self.desk.unit.pk],
            "body": "各单位：\n请照办。",
            "stages": ["service"],
            "openness": "full_release",
            "mode": "on_own_initiative",
            "language": "zh-Hans",
            "action": "save",
            **changes,
        }
        return self.client.post(address, data)


@pytest.fixture
def drafter(desk: Desk) -> Drafter:
    return Drafter(desk)


def test_files_are_sent_with_the_form_and_held_while_it_is_not_right(drafter: Drafter) -> None:
    new = reverse("desk:new", args=["document"])
    page = drafter.post(new, title="", attachments=SimpleUploadedFile(*TABLE))
    held = HeldFile.objects.get()
    assert page.status_code == 422 and f'name="held" value="{held.pk}"' in page.content.decode()
    assert not Attachment.objects.exists()
    assert drafter.post(new, held=[held.pk]).status_code == 302
    assert Attachment.objects.get().name == "补助标准.csv" and not HeldFile.objects.exists()
    record = Record.objects.get()
    edit = reverse("desk:edit", args=["document", record.pk])
    page = drafter.client.get(edit).content.decode()
    key = Attachment.objects.get().pk
    assert f'name="attachments-drop" value="{key}"' in page
    response = drafter.post(
        edit, **{"attachments-drop": [key]}, attachments=SimpleUploadedFile("说明.docx", docx("说明"))
    )
    assert response.status_code == 302 and [one.name for one in attachments_of(record.pk)] == ["说明.docx"]


def test_a_file_held_for_another_person_is_nobody_elses(drafter: Drafter, desk: Desk) -> None:
    stranger = desk.city.person(desk.city.unit("教育局"), roles.DRAFTER)
    held = HeldFile.objects.create(person=stranger, name="别人的.txt", content=b"x", held_at=desk.now)
    assert drafter.post(reverse("desk:new", args=["document"]), held=[held.pk]).status_code == 302
    assert not Attachment.objects.exists() and HeldFile.objects.filter(pk=held.pk).exists()


def test_a_file_that_cannot_be_taken_is_named_with_what_to_do(drafter: Drafter) -> None:
    bad = SimpleUploadedFile("旧表.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    page = drafter.post(reverse("desk:new", args=["document"]), attachments=[bad, SimpleUploadedFile(*TABLE)])
    text = page.content.decode()
    assert page.status_code == 422 and "“旧表.xls”：这是旧版 Office 文件" in text and ".xlsx" in text
    assert HeldFile.objects.get().name == "补助标准.csv"


def test_the_original_of_an_imported_paper_is_kept_and_never_published(drafter: Drafter, desk: Desk) -> None:
    new = reverse("desk:new", args=["document"])
    out = io.BytesIO()
    original = Docx()
    for line in ("关于减少办事材料的通知", "各单位：", "请照办。"):
        original.add_paragraph(line)
    original.save(out)
    page = drafter.post(new, action="import", title="", body="", file=SimpleUploadedFile("来文.docx", out.getvalue()))
    extra = page.context["extra"]
    assert drafter.post(new, imported=extra).status_code == 302
    (kept,) = attachments_of(Record.objects.get().pk, ORIGINAL)
    assert bytes(AttachmentContent.objects.get(attachment=kept).content) == out.getvalue()
    assert kept.name == "来文.docx" and not HeldFile.objects.exists()
    record = Record.objects.get()
    payload = spec_for("document").payload(record.document)  # type: ignore[misc]
    assert payload["attachments"] == []
    assert (
        "导入时的原件，不公开"
        in drafter.client.get(reverse("desk:detail", args=["document", record.pk])).content.decode()
    )
