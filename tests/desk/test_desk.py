"""The back office through its own pages: forms, refusals, stale forms, imports, exports, autosave."""

import csv
import io
import json
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from tests.factories import BODY, City, Desk, document_data

from mingtang.cli.public_side import PublicSide
from mingtang.desk.exports import neutral
from mingtang.desk.models import AutosavedForm
from mingtang.documents.models import Document
from mingtang.editions.models import Publication
from mingtang.journal.models import Event
from mingtang.records.models import Record
from mingtang.units import roles

PAPER = "通辽市某局关于试行错时服务的通知\n通某发[2026]3号\n各旗县市区：\n现将错时服务通知如下。\n（一）时间。午间不断岗。\n（二）范围。办事大厅全部窗口。\n通辽市某局\n2026年3月2日\n"


def client_of(city: City, unit: Any, role: str) -> Client:
    client = Client()
    client.force_login(city.person(unit, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def drafter(desk: Desk) -> Client:
    return client_of(desk.city, desk.unit, roles.DRAFTER)


def posted(desk: Desk, **changes: Any) -> dict[str, Any]:
    """The paper's form as a browser posts it."""
    data = {name: value for name, value in document_data(desk.unit).items() if value not in (None, [], False)}
    data |= {"policy": "on", "request_key": str(uuid.uuid4()), "action": "save"}
    return {name: value for name, value in (data | changes).items() if value is not None}


def new(client: Client, data: dict[str, Any]) -> Any:
    return client.post(reverse("desk:new", args=["document"]), data)


def address(record: Record, page: str = "detail", **kwargs: Any) -> str:
    return reverse(f"desk:{page}", kwargs={"kind": record.kind, "record_id": record.pk, **kwargs})


def test_a_paper_is_drafted_and_the_interpretation_form_follows(desk: Desk, drafter: Client) -> None:
    response = new(drafter, posted(desk, action="save_attach"))
    record = Record.objects.get()
    assert response["Location"] == reverse("desk:new", args=["interpretation"]) + f"?about={record.pk}"
    page = drafter.get(response["Location"])
    assert "关于减少办事材料的通知" in page.content.decode()
    form = {
        "plan": "方案",
        "material": "一、背景\n说明。",
        "title": "解读",
        "about": str(record.pk),
        "request_key": "k1",
    }
    saved = drafter.post(response["Location"], form)
    assert saved["Location"] == address(record)
    assert Record.objects.filter(kind="interpretation", lead_unit=desk.unit).count() == 1


def test_a_missing_title_is_told_beside_the_field_and_nothing_typed_is_lost(desk: Desk, drafter: Client) -> None:
    response = new(drafter, posted(desk, title="", addressees="只此一处的主送机关"))
    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_title"' in page and "只此一处的主送机关" in page and BODY.splitlines()[1] in page
    assert not Record.objects.exists()


def test_pressing_twice_makes_one_record(desk: Desk, drafter: Client) -> None:
    data = posted(desk)
    assert new(drafter, data).status_code == new(drafter, data).status_code == 302
    assert Record.objects.count() == 1


def test_scripts_in_a_title_stay_text(desk: Desk, drafter: Client) -> None:
    new(drafter, posted(desk, title="<script>alert(1)</script>通知"))
    record = Record.objects.get()
    for page in (address(record), reverse("desk:list", args=["document"]), reverse("desk:home")):
        text = drafter.get(page).content.decode()
        assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in drafter.get(address(record)).content.decode()


def test_a_stale_form_gets_409_with_what_was_typed_and_what_changed(desk: Desk, drafter: Client) -> None:
    paper = desk.draft()
    page = drafter.get(address(paper, "edit")).content.decode()
    assert 'name="expected_version" value="1"' in page
    desk.edit(paper, {"title": "别人先改的标题", "lead_units": [desk.unit.pk]})
    response = drafter.post(address(paper, "edit"), posted(desk, title="我改的标题", expected_version="1"))
    text = response.content.decode()
    assert response.status_code == 409
    assert "我改的标题" in text and "别人先改的标题" in text and 'name="expected_version" value="2"' in text
    assert Record.objects.get(pk=paper.pk).title == "别人先改的标题"
    again = drafter.post(address(paper, "edit"), posted(desk, title="我改的标题", expected_version="2"))
    assert again.status_code == 302 and Record.objects.get(pk=paper.pk).title == "我改的标题"


def test_a_refused_signature_names_article_field_and_how_to_mend(desk: Desk) -> None:
    paper = desk.draft(mode="")
    desk.act(paper, "submit", roles.DRAFTER)
    head = client_of(desk.city, desk.unit, roles.UNIT_HEAD)
    page = head.get(address(paper)).content.decode()
    assert "没有附解读方案" in page and "disabled" in page
    response = head.post(address(paper, "do", transition="sign"), {"request_key": "k"})
    text = response.content.decode()
    assert response.status_code == 422
    for words in (
        "没有附解读方案",
        "没有附解读材料",
        "没有写明公开方式",
        "《意见》第10条",
        "《意见》第18条",
        "主动公开或依申请公开",
    ):
        assert words in text
    assert Record.objects.get(pk=paper.pk).state == "head_review"


def test_the_second_of_two_signatures_is_told_in_words(desk: Desk) -> None:
    paper, _ = desk.signed()
    head = client_of(desk.city, desk.unit, roles.UNIT_HEAD)
    response = head.post(address(paper, "do", transition="sign"), {"expected_version": "2"})
    assert response.status_code == 409 and "已签发" in response.content.decode()
    assert Event.objects.filter(name="document.signed").count() == 1


def test_closed_buttons_say_who_may(desk: Desk, drafter: Client) -> None:
    paper = desk.draft()
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    text = drafter.get(address(paper)).content.decode()
    assert "“签发”由发改委的单位负责人办理" in text


def test_the_home_page_puts_first_what_hurts_first(desk: Desk) -> None:
    for number in range(3):
        paper = desk.draft(title=f"第{number}份待签通知")
        desk.interpret(paper)
        desk.act(paper, "submit", roles.DRAFTER)
    returned = desk.draft(title="被退回的意见", name_of="government")
    desk.act(returned, "report", roles.DRAFTER)
    desk.published(title="解读已经晚了的通知")
    head = client_of(desk.city, desk.unit, roles.UNIT_HEAD).get(reverse("desk:home")).content.decode()
    assert head.count(">签发</button>") == 3
    assert head.index("已逾期") < head.index("等我办理")
    drafter = client_of(desk.city, desk.unit, roles.DRAFTER).get(reverse("desk:home")).content.decode()
    assert "被退回的意见" in drafter and "看退文单并补正" in drafter


def test_the_return_slip_reads_like_a_note(desk: Desk, drafter: Client) -> None:
    paper = desk.draft(name_of="government", openness="", mode="")
    desk.act(paper, "report", roles.DRAFTER)
    text = drafter.get(address(paper)).content.decode()
    assert "退文单" in text and "系统按规定自动退回" in text
    for words in ("没有附解读材料", "没有写明公开属性", "选择全文公开"):
        assert words in text


def test_publishing_shows_the_public_page_at_once(desk: Desk, settings: Any, tmp_path: Path) -> None:
    settings.PUBLIC_ROOT, settings.LOG_KEY = tmp_path / "public", tmp_path / "log_key"
    settings.SEARCH_ROOT = tmp_path / "search"
    paper, _ = desk.issued()
    officer = client_of(desk.city, desk.unit, roles.OPENNESS_OFFICER)
    assert officer.post(address(paper, "do", transition="publish"), {"request_key": "p"}).status_code == 302
    path = Publication.objects.get().path
    assert f"/{path}/" in officer.get(address(paper)).content.decode()
    assert Client().get(f"/{path}/").status_code == 200
    # That it is shown is noted when its files are on the disk.
    assert Event.objects.filter(name="edition.shown").count() == 0
    side = PublicSide()
    side.follow(desk.now, thorough=True)
    assert side.said == {} and (settings.PUBLIC_ROOT / path / "index.html").exists()
    assert Event.objects.filter(name="edition.shown").count() == 1


def test_import_fills_the_form_asks_and_creates_nothing(desk: Desk, drafter: Client) -> None:
    file = SimpleUploadedFile("通知.txt", PAPER.encode("gb18030"), "text/plain")
    response = new(drafter, {"action": "import", "file": file})
    text = response.content.decode()
    assert response.status_code == 200
    assert "关于试行错时服务的通知" in text and "通某发〔2026〕3号" in text and "2026-03-02" in text
    assert "需要核对" in text and not Record.objects.exists()
    token = text.split('name="imported" value="')[1].split('"')[0]
    new(drafter, posted(desk, title="导入的通知", imported=token))
    paper = Document.objects.get()
    assert paper.import_warnings


def test_an_altered_import_token_is_ignored(desk: Desk, drafter: Client) -> None:
    new(drafter, posted(desk, imported="eyJpc3N1ZXJzIjpbIuWBhyJdfQ:forged:signature"))
    assert Document.objects.get().import_warnings == []


def zipped(names: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in names.items():
            # A fixed day: names of tests hold these bytes, and every process must find the same tests.
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("公文.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "doc"),
        ("公文.docx", b"%PDF-1.7\n" + b"0" * 200, "PDF"),
        ("公文.txt", b"MZ" + bytes(range(256)) * 4, ""),
        ("公文.docx", zipped({"word/other.xml": b"<x/>"}), ""),
        ("公文.docx", b"PK\x03\x04broken", ""),
        ("空.txt", b"", ""),
    ],
)
def test_unusable_uploads_say_what_to_do_and_keep_what_was_typed(
    drafter: Client, name: str, data: bytes, words: str
) -> None:
    file = SimpleUploadedFile(name, data)
    response = new(drafter, {"action": "import", "file": file, "title": "已经填了的标题"})
    text = response.content.decode()
    assert response.status_code == 422
    assert 'class="error" role="alert"' in text and words in text and "已经填了的标题" in text
    assert not Record.objects.exists()


def test_a_50_megabyte_upload_is_refused_by_size(drafter: Client) -> None:
    file = SimpleUploadedFile("很大.docx", b"0" * (50 * 1024 * 1024))
    response = new(drafter, {"action": "import", "file": file, "title": "已经填了的标题"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "50 MB" in text and "20 MB" in text and "已经填了的标题" in text


def test_exports_start_no_formula(desk: Desk, drafter: Client) -> None:
    for title in ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "寻常标题"):
        desk.draft(title=title)
    reply = drafter.get(reverse("desk:export", args=["document", "csv"]))
    raw = b"".join(reply.streaming_content)  # type: ignore[attr-defined]
    assert raw.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    titles = [row[0] for row in rows[1:]]
    assert len(titles) == 7
    assert not [title for title in titles if title.lstrip()[:1] in "=+-@＝" and title.lstrip()[:1]]
    book = drafter.get(reverse("desk:export", args=["document", "xlsx"]))
    sheet = load_workbook(io.BytesIO(b"".join(book.streaming_content))).active  # type: ignore[attr-defined]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert neutral("=1").startswith("'") and neutral(-5) == -5


def test_forms_are_kept_as_typed_and_offered_again(desk: Desk, drafter: Client) -> None:
    key = "new:document:"
    data = {"autosave_key": key, "title": "打到一半的标题", "stages": ["service", "result"]}
    assert drafter.post(reverse("desk:autosave"), data).status_code == 200
    saved = json.loads(AutosavedForm.objects.get().data)
    assert saved["title"] == ["打到一半的标题"] and saved["stages"] == ["service", "result"]
    page = drafter.get(reverse("desk:new", args=["document"])).content.decode()
    assert "还没有提交" in page and "打到一半的标题" not in page
    restored = drafter.get(reverse("desk:new", args=["document"]) + "?restore=1").content.decode()
    assert "打到一半的标题" in restored
    other = client_of(desk.city, desk.unit, roles.UNIT_HEAD)
    assert "还没有提交" not in other.get(reverse("desk:home")).content.decode()
    new(drafter, posted(desk))
    assert not AutosavedForm.objects.exists()


def test_autosave_never_touches_a_record(desk: Desk, drafter: Client) -> None:
    paper = desk.draft()
    drafter.post(reverse("desk:autosave"), {"autosave_key": f"edit:{paper.pk}", "title": "没提交的标题"})
    fresh = Record.objects.get(pk=paper.pk)
    assert (fresh.version, fresh.title) == (1, "关于减少办事材料的通知")


def test_autosave_has_a_limit(drafter: Client) -> None:
    reply = drafter.post(reverse("desk:autosave"), {"autosave_key": "new:document:", "body": "长" * 400_000})
    assert reply.status_code == 413 and not AutosavedForm.objects.exists()


@pytest.mark.parametrize("count", [3, 60])
def test_a_list_costs_the_same_queries_however_long(
    desk: Desk, drafter: Client, django_assert_max_num_queries: Any, count: int
) -> None:
    for number in range(count):
        desk.draft(title=f"第{number}份")
    drafter.get(reverse("desk:list", args=["document"]))
    with django_assert_max_num_queries(8):
        page = drafter.get(reverse("desk:list", args=["document"]))
    assert f"共{count}件" in page.content.decode()


def test_the_duty_page_counts_day_by_day(desk: Desk) -> None:
    paper, _ = desk.published()
    duty = paper.duties.get(code="D10.5")
    text = client_of(desk.city, desk.unit, roles.DRAFTER).get(reverse("desk:duty", args=[duty.pk])).content.decode()
    assert "怎样数到这一天" in text and "2026-03-05" in text and "起算" in text


def test_the_audit_administrator_can_verify_the_journal(desk: Desk) -> None:
    desk.published()
    auditor = client_of(desk.city, desk.office, roles.AUDIT_ADMINISTRATOR)
    text = auditor.get(reverse("desk:journal") + "?verify=1").content.decode()
    assert "日志完整" in text
    Event.objects.filter(sequence=2).update(to_state="x")
    assert "第 2 条内容被改动" in auditor.get(reverse("desk:journal") + "?verify=1").content.decode()
