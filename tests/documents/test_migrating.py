"""Papers of an old site come in once, each with what became of it, and go through every hand before they are public."""

import io
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from tests.documents.old_site import HEADINGS, as_docx, as_txt, make_site, paper_lines, save_sheet, sheet_row
from tests.factories import City, at

from mingtang.disclosure.attachments import attachments_of
from mingtang.disclosure.models import ORIGINAL, AttachmentContent
from mingtang.documents import batches, migrating
from mingtang.documents.models import CLEAN, MEND, REFUSED, REPEATED, Document, MigratedPaper, PaperMigration
from mingtang.duties.models import Duty
from mingtang.editions.models import Edition, Publication, PublicFile
from mingtang.journal.models import Event
from mingtang.notices.following import follow_journal
from mingtang.notices.models import Notice
from mingtang.records.errors import NotAllowed
from mingtang.records.models import Record
from mingtang.text.mapping_sheets import read_sheet
from mingtang.text.paper_sources import PaperSource
from mingtang.units import roles

NOW = at("2026-11-25 09:00")
ADOPTED = date(2026, 3, 1)
ID_NUMBER = "11010519491231002X"
pytestmark = pytest.mark.django_db


def take_over(city: City, papers: Path, sheet: Path, *, resume: bool = False, **changes: Any) -> list[migrating.Done]:
    unit = city.unit("发改委")
    data = sheet.read_bytes()
    with PaperSource(papers) as source:
        plan = migrating.Plan(
            source=source,
            sheet=read_sheet(data),
            actor=city.actor(unit, roles.DRAFTER),
            adopted_on=ADOPTED,
            **{"unit": unit, "stages": ("decision",), **changes},
        )
        migration = None
        if not plan.dry_run:
            migration = migrating.begin(plan, sheet_sha256=str(hash(data)), now=NOW, resume=resume)
        return list(migrating.run(plan, migration, clock=lambda: NOW, workers=2))


def outcomes(done: list[migrating.Done]) -> Counter[str]:
    return Counter(one.outcome for one in done)


def one_paper(folder: Path, lines: list[str] | None = None, **row: Any) -> tuple[Path, Path]:
    papers = folder / "papers"
    papers.mkdir()
    (papers / "a.txt").write_bytes(as_txt(lines or paper_lines(1)))
    return papers, save_sheet(folder / "sheet.xlsx", [sheet_row(1, "a.txt", **row)])


def test_papers_of_every_form_come_in_with_what_they_say_themselves(city: City, tmp_path: Path) -> None:
    papers, sheet = make_site(tmp_path, 4)
    assert outcomes(take_over(city, papers, sheet)) == {CLEAN: 4}
    for number, paper in enumerate(Document.objects.order_by("record__created_at", "title")):
        lines = paper_lines(number)
        assert paper.title == lines[0]
        assert paper.document_number == lines[1]
        assert paper.issuers == ["通辽市发展和改革委员会"]
        assert (paper.written_on, paper.is_legacy, paper.policy) == (date(2010, 1, 4 + number), True, False)
        assert lines[5] in paper.body
        assert paper.record.state == "migrated"
        (original,) = attachments_of(paper.pk, ORIGINAL)
        kept = bytes(AttachmentContent.objects.get(attachment=original).content)
        assert kept == (papers / original.name).read_bytes()


def test_a_second_run_imports_nothing_twice(city: City, tmp_path: Path) -> None:
    papers, sheet = make_site(tmp_path, 6, ("txt", "html"))
    take_over(city, papers, sheet)
    events = Event.objects.count()
    assert take_over(city, papers, sheet) == []
    # The sheet was saved anew, with one more column filled: the same papers all the same.
    rows = [
        sheet_row(number, f"wj{number:05}.{('txt', 'html')[number % 2]}", 主题分类="综合政务") for number in range(6)
    ]
    again = save_sheet(tmp_path / "again.xlsx", rows)
    assert outcomes(take_over(city, papers, again)) == {REPEATED: 6}
    assert Record.objects.filter(kind="document").count() == 6
    assert Event.objects.count() == events


def test_a_dry_run_writes_nothing(city: City, tmp_path: Path) -> None:
    papers, sheet = make_site(tmp_path, 2, ("txt",))
    assert outcomes(take_over(city, papers, sheet, dry_run=True)) == {CLEAN: 2}
    assert not Record.objects.exists()
    assert not PaperMigration.objects.exists()


def test_a_broken_off_run_is_only_gone_on_with_when_asked(city: City, tmp_path: Path) -> None:
    papers, sheet = make_site(tmp_path, 2, ("txt",))
    take_over(city, papers, sheet)
    PaperMigration.objects.update(finished_at=None)
    with pytest.raises(NotAllowed, match="--resume"):
        take_over(city, papers, sheet)
    assert take_over(city, papers, sheet, resume=True) == []
    assert PaperMigration.objects.get().finished_at == NOW


@pytest.mark.parametrize(
    ("extra", "row", "field", "words"),
    [
        (f"联系人身份证号{ID_NUMBER}。", {}, "body", "居民身份证号码"),
        ("", {"发布日期": None}, "published_on", "没有原网页发布日期"),
        ("", {"发布日期": date(2026, 3, 1)}, "published_on", "按新文件办理"),
        ("", {"成文日期": "去年夏天"}, "written_on", "认不出"),
        ("", {"附件": "没有.xlsx"}, "attachments", "没有找到文件"),
        ("", {"附件": "../../etc/passwd"}, "attachments", "文件夹外面"),
        ("", {"有效性": "大概有效"}, "validity", "有效性"),
        ("", {"标题": "关于电话13812345678的通知"}, "title", "手机号码"),
        ("秘密★", {}, "secrecy", "密级"),
    ],
)
def test_what_is_wrong_makes_a_draft_to_be_mended(
    city: City, tmp_path: Path, extra: str, row: dict[str, Any], field: str, words: str
) -> None:
    lines = paper_lines(1, extra=extra)
    if field == "secrecy":
        lines = ["秘密★", *paper_lines(1)]
    papers, sheet = one_paper(tmp_path, lines, **row)
    (done,) = take_over(city, papers, sheet)
    assert done.outcome == MEND
    assert any(one["field"] == field and words in one["message"] for one in done.faults), done.faults
    assert ID_NUMBER not in str(done.faults)
    assert Record.objects.get().state == "drafting"


@pytest.mark.parametrize(
    ("row", "words"),
    [({"文件名": "b.txt"}, "没有找到"), ({"文件名": "../a.txt"}, "文件夹外面"), ({"文件名": ""}, "没有写文件名")],
)
def test_a_row_without_a_readable_file_brings_no_paper(
    city: City, tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    papers, sheet = one_paper(tmp_path, **row)
    done = take_over(city, papers, sheet)[0]
    assert (done.outcome, words in done.faults[0]["message"]) == (REFUSED, True)
    assert not Record.objects.exists()


def test_nobody_takes_over_papers_of_a_unit_they_do_not_draft_for(city: City, tmp_path: Path) -> None:
    papers, sheet = one_paper(tmp_path, paper_lines(1, unit="通辽市教育局"))
    (done,) = take_over(city, papers, sheet)
    assert (done.outcome, done.faults[0]["field"]) == (REFUSED, "unit")
    assert not Record.objects.exists()


def test_files_that_stand_in_no_row_are_told(city: City, tmp_path: Path) -> None:
    papers, sheet = one_paper(tmp_path)
    (papers / "forgotten.txt").write_text("x")
    (papers / "link.txt").symlink_to("/etc/passwd")
    done = take_over(city, papers, sheet)
    assert {one.file_name: one.faults[0]["message"][:8] for one in done if one.row == 0} == {
        "forgotten.txt": "文件不在对照表里",
        "link.txt": "这是链接，不是文",
    }


def test_attached_files_come_along(city: City, tmp_path: Path) -> None:
    papers, sheet = one_paper(tmp_path, 附件="附表.txt；名单.txt")
    (papers / "附表.txt").write_text("项目\t数量\n一\t2")
    (papers / "名单.txt").write_text(f"姓名\t身份证号\n甲\t{ID_NUMBER}")
    (done,) = take_over(city, papers, sheet)
    assert done.outcome == MEND
    assert [one["message"] for one in done.faults] == ["附件“名单.txt”第2行有居民身份证号码（110105********002X）。"]
    assert [one.name for one in attachments_of(Record.objects.get().pk)] == ["附表.txt", "名单.txt"]


def decide_all(city: City, migration: PaperMigration, verdict: str = "") -> list[batches.Decided]:
    """The three people, one after the other."""
    unit, made = city.unit("发改委"), []
    for step in batches.STEPS.values():
        actor = city.actor(unit, step.role)
        records = list(batches.waiting(migration, step, actor))
        verdicts = {record.pk: verdict for record in batches.sample(migration, step, records)}
        made.append(batches.decide(migration, step, records, verdicts=verdicts, actor=actor, now=NOW))
    return made


def test_clean_papers_go_through_three_people_and_come_out_without_late_duties(city: City, tmp_path: Path) -> None:
    papers, sheet = make_site(tmp_path, 8, ("txt", "html"))
    take_over(city, papers, sheet)
    assert not Publication.objects.exists()
    assert [one.passed for one in decide_all(city, PaperMigration.objects.get())] == [8, 8, 8]
    from mingtang.disclosure.services import note_shown

    note_shown()
    assert Publication.objects.count() == 8
    assert not Duty.objects.filter(record__kind="document").exists()
    payload = Edition.objects.filter(payload__contains="art/0.html").get().payload
    assert '"web_published_on":"2010-01-05"' in payload
    assert '"old_address":"http://www.old.example/art/0.html"' in payload
    assert not PublicFile.objects.exists()  # the originals stay inside
    people = set(Event.objects.filter(name__startswith="document.").values_list("actor_id", flat=True))
    assert len(people) == 4  # drafter, reviewer, head, openness officer
    assert Event.objects.filter(name="document.batch_decided").count() == 3
    follow_journal(NOW)
    assert not Notice.objects.exists()  # nobody gets a notice of each of five thousand papers


def test_one_bad_paper_of_the_sample_stops_the_batch(city: City, tmp_path: Path) -> None:
    papers, sheet = make_site(tmp_path, 12, ("txt",))
    take_over(city, papers, sheet)
    migration, step = PaperMigration.objects.get(), batches.STEPS["review_migrated"]
    actor = city.actor(city.unit("发改委"), step.role)
    records = list(batches.waiting(migration, step, actor))
    drawn = batches.sample(migration, step, records)
    assert len(drawn) == 5
    with pytest.raises(NotAllowed):
        batches.decide(migration, step, records, verdicts={}, actor=actor, now=NOW)
    verdicts = {record.pk: "" for record in drawn} | {drawn[0].pk: "正文缺了第二页。"}
    done = batches.decide(migration, step, records, verdicts=verdicts, actor=actor, now=NOW)
    assert (done.passed, done.returned) == (0, 1)
    assert Counter(Record.objects.values_list("state", flat=True)) == {"migrated": 11, "returned": 1}


def test_personal_data_never_passes_with_a_batch(city: City, tmp_path: Path) -> None:
    papers, sheet = one_paper(tmp_path, paper_lines(1, extra=f"身份证号{ID_NUMBER}。"))
    take_over(city, papers, sheet)
    from mingtang.records.services import perform

    unit = city.unit("发改委")
    perform(Record.objects.get(), "admit", actor=city.actor(unit, roles.DRAFTER), now=NOW)
    migration, step = PaperMigration.objects.get(), batches.STEPS["review_migrated"]
    actor = city.actor(unit, step.role)
    records = list(batches.waiting(migration, step, actor))
    done = batches.decide(migration, step, records, verdicts={records[0].pk: ""}, actor=actor, now=NOW)
    assert (done.passed, len(done.left)) == (0, 1)
    assert "居民身份证号码" in done.left[0][1]
    assert Record.objects.get().state == "migrated"


def test_who_took_a_paper_over_neither_reviews_nor_publishes_it(city: City, tmp_path: Path) -> None:
    from mingtang.units.models import Post

    papers, sheet = one_paper(tmp_path)
    unit = city.unit("发改委")
    for role in (roles.SECRECY_REVIEWER, roles.OPENNESS_OFFICER):
        Post.objects.create(person=city.person(unit, roles.DRAFTER), unit=unit, role=role, valid_from=date(2016, 1, 1))
    take_over(city, papers, sheet)
    migration, step = PaperMigration.objects.get(), batches.STEPS["review_migrated"]
    drafter = city.actor(unit, roles.DRAFTER)
    records = list(batches.waiting(migration, step, drafter))
    done = batches.decide(migration, step, records, verdicts={records[0].pk: ""}, actor=drafter, now=NOW)
    assert (done.passed, len(done.left)) == (0, 1)


def test_a_paper_the_old_site_marked_as_repealed_is_public_with_that_mark(city: City, tmp_path: Path) -> None:
    papers, sheet = one_paper(tmp_path, 有效性="已废止")
    take_over(city, papers, sheet)
    decide_all(city, PaperMigration.objects.get())
    assert Publication.objects.get().validity == "repealed"


def test_an_old_address_leads_to_the_new_page(city: City, tmp_path: Path, settings: Any) -> None:
    from mingtang.bake.moved import forget, lead_on
    from mingtang.bake.tree import Tree

    settings.PUBLIC_ROOT = tmp_path / "public"
    papers, sheet = one_paper(tmp_path, 旧地址="www.old.example/zw/查询.aspx?id=7&lang=zh")
    take_over(city, papers, sheet)
    decide_all(city, PaperMigration.objects.get())
    publication = Publication.objects.get()
    tree = Tree(settings.PUBLIC_ROOT)
    changes = lead_on(tree, publication.path, publication.editions.get())
    assert len(changes) == 2
    client = Client()
    answer = client.get("/zw/%E6%9F%A5%E8%AF%A2.aspx?id=7&lang=zh")
    assert (answer.status_code, answer["Location"]) == (301, f"/{publication.path}/")
    assert client.get("/zw/%E6%9F%A5%E8%AF%A2.aspx?id=8&lang=zh").status_code == 404
    assert client.post("/zw/%E6%9F%A5%E8%AF%A2.aspx?id=7&lang=zh").status_code in (403, 404)
    assert len(forget(tree, publication.path)) == 1
    assert client.get("/zw/%E6%9F%A5%E8%AF%A2.aspx?id=7&lang=zh").status_code == 404


def test_the_desk_shows_the_run_to_its_people_only(city: City, tmp_path: Path) -> None:
    papers, sheet = one_paper(tmp_path, paper_lines(1, extra=f"身份证号{ID_NUMBER}。"))
    (papers / "秘密线索.txt").write_text("x")
    take_over(city, papers, sheet)
    page = reverse("desk:migration", args=[PaperMigration.objects.get().pk])
    report = reverse("desk:migration_faults", args=[PaperMigration.objects.get().pk, "xlsx"])

    def seen(unit: str, role: str) -> tuple[int, str]:
        client = Client()
        client.force_login(city.person(city.unit(unit), role), backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(page)
        return answer.status_code, answer.content.decode()

    title = paper_lines(1)[0]
    status, text = seen("发改委", roles.OPENNESS_OFFICER)
    assert (status, title in text, "秘密线索" in text, ID_NUMBER in text) == (200, True, False, False)
    status, text = seen("发改委", roles.DRAFTER)
    assert (status, "秘密线索" in text) == (200, True)
    assert seen("教育局", roles.OPENNESS_OFFICER)[0] == 404
    status, text = seen("市政府办公厅", roles.SYSTEM_ADMINISTRATOR)
    assert (status, title in text, "秘密线索" in text) == (200, False, False)
    assert seen("市政府办公厅", roles.AUDIT_ADMINISTRATOR)[0] == 404

    client = Client()
    person = city.person(city.unit("发改委"), roles.DRAFTER)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    table = load_workbook(io.BytesIO(b"".join(client.get(report).streaming_content))).active
    told = [(row[0], row[1], row[4]) for row in table.iter_rows(min_row=2, values_only=True)]
    assert told == [(None, "秘密线索.txt", "文件名"), (2, "a.txt", None)]


def test_a_batch_is_decided_on_at_the_desk(city: City, tmp_path: Path) -> None:
    papers, sheet = make_site(tmp_path, 6, ("txt",))
    take_over(city, papers, sheet)
    run = PaperMigration.objects.get()
    address = reverse("desk:migration_decide", args=[run.pk, "review_migrated"])
    client = Client()
    client.force_login(
        city.person(city.unit("发改委"), roles.SECRECY_REVIEWER), backend="django.contrib.auth.backends.ModelBackend"
    )
    page = client.get(address)
    mark = page.context["mark"]
    drawn = [one["record"].pk for one in page.context["sample"]]
    assert len(drawn) == 5
    unanswered = client.post(address, {"batch": mark})
    assert (unanswered.status_code, "作出判断" in unanswered.content.decode()) == (422, True)
    verdicts = {f"verdict-{pk}": "pass" for pk in drawn}
    stale = client.post(address, {"batch": "another", **verdicts})
    assert stale.status_code == 409
    assert client.post(address, {"batch": mark, **verdicts}).status_code == 302
    assert set(Record.objects.values_list("state", flat=True)) == {"migration_reviewed"}


def test_a_zip_with_names_in_gbk_and_traps(city: City, tmp_path: Path) -> None:
    archive = tmp_path / "site.zip"
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("AAAA/BBBB.docx", as_docx(paper_lines(1)))
        package.writestr("../../evil.txt", "x")
        package.writestr("/absolute.txt", "x")
        package.writestr("inner.zip", "x")
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        package.writestr(link, "/etc/passwd")
    # As the packers of old systems write names: in GBK, without saying so.
    archive.write_bytes(archive.read_bytes().replace(b"AAAA/BBBB.docx", "文件/通知.docx".encode("gbk")))
    sheet = save_sheet(tmp_path / "sheet.xlsx", [sheet_row(1, "通知.docx")])
    done = take_over(city, archive, sheet)
    assert done[0].outcome == CLEAN
    assert sorted(one.file_name for one in done[1:]) == ["../../evil.txt", "/absolute.txt", "inner.zip", "link.txt"]


def test_headings_are_found_in_any_order(city: City, tmp_path: Path) -> None:
    papers, _ = one_paper(tmp_path)
    row = dict(zip(HEADINGS, sheet_row(1, "a.txt"), strict=True))
    headings = list(reversed(HEADINGS))
    sheet = save_sheet(tmp_path / "turned.xlsx", [[row[name] for name in headings]], headings)
    assert outcomes(take_over(city, papers, sheet)) == {CLEAN: 1}
    assert MigratedPaper.objects.get().old_address == "http://www.old.example/art/1.html"
