"""Printing from the desk: who may, what stands on it, and that it is noted."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from docx import Document as WordDocument
from tests.factories import City, Desk
from tests.printing.measure import sheets
from tests.text.test_attachments import png

from mingtang.audit.models import Access
from mingtang.desk.sheets import MOST_ROWS, register_sheet, returns_of, sheet_file
from mingtang.disclosure.attachments import FileChanges
from mingtang.documents.importing import read_document
from mingtang.documents.models import Document
from mingtang.documents.official import OfficialForm, official_content, proposed
from mingtang.records.models import Record
from mingtang.records.services import perform
from mingtang.text.attachments import read_attachment
from mingtang.text.typesetting import FACES, fonts, substitutions
from mingtang.units import roles
from mingtang.units.actors import SYSTEM, actor_for
from mingtang.units.models import DELEGATED, Person
from mingtang.units.posts import post_assign

POLICY = Path(__file__).parents[3] / "shared" / "policy" / "tongliao-opinion-2017.txt"


def client_of(city: City, unit: Any, role: str) -> Client:
    client = Client()
    client.force_login(city.person(unit, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def drafter(desk: Desk) -> Client:
    return client_of(desk.city, desk.unit, roles.DRAFTER)


def address(name: str, record: Record, **kwargs: str) -> str:
    return reverse(f"desk:{name}", kwargs={"kind": record.kind, "record_id": record.pk, **kwargs})


def pdf_text(response: Any) -> str:
    assert response.status_code == 200, response.content.decode()[:2000]
    assert response["Content-Type"] == "application/pdf"
    return "".join(page.text for page in sheets(response.content))


def docx_text(response: Any) -> str:
    assert response.status_code == 200
    document = WordDocument(io.BytesIO(response.content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "".join([*(line.text for line in document.paragraphs), *cells]).replace(" ", "")


def test_a_draft_says_so_and_an_issued_paper_does_not(desk: Desk, drafter: Client) -> None:
    draft = desk.draft(title="关于还没有定稿的通知")
    for form, read in (("pdf", pdf_text), ("docx", docx_text)):
        text = read(drafter.get(address("print_paper", draft, form=form)))
        assert "关于还没有定稿的通知" in text and "能不交的材料一律不交" in text
    assert "草稿，未公开" in pdf_text(drafter.get(address("print_paper", draft, form="pdf")))
    issued, _ = desk.published()
    text = pdf_text(drafter.get(address("print_paper", issued, form="pdf")))
    paper = Document.objects.get(pk=issued.pk)
    assert "草稿" not in text and paper.document_number in text
    assert "（此件公开发布）" in text and "2026年3月2日印发" in text
    assert drafter.get(address("print_paper", issued, form="txt")).status_code == 404
    page = drafter.get(address("print", draft)).content.decode()
    assert "每页印“草稿，未公开”" in page


def test_a_draft_never_reaches_the_public_side(desk: Desk) -> None:
    draft = desk.draft()
    for name, form in (("print_paper", "pdf"), ("print_sheet", "docx")):
        answer = Client().get(address(name, draft, form=form))
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]
    stranger = client_of(desk.city, desk.city.unit("教育局"), roles.UNIT_HEAD)
    answer = stranger.get(address("print_paper", draft, form="pdf"))
    assert answer.status_code == 404
    own = client_of(desk.city, desk.unit, roles.DRAFTER).get(address("print_paper", draft, form="pdf"))
    assert "no-store" in own["Cache-Control"] and "private" in own["Cache-Control"]


def chosen(paper: Document, **changes: Any) -> dict[str, Any]:
    """Posted data: what is proposed, unticked boxes left out."""
    values = {**proposed(paper), **changes}
    return {name: value for name, value in values.items() if value is not False}


def test_what_is_chosen_for_one_print_stands_on_it_and_is_not_kept(desk: Desk, drafter: Client) -> None:
    record = desk.draft()
    paper = Document.objects.get(pk=record.pk)
    sent = chosen(
        paper,
        form="upward",
        copy_number="000007",
        secrecy="秘密★1年",
        urgency="特急",
        signers="巴特尔、王小明",
        copies="市审计局",
        title_lines="关于减少\n办事材料的通知",
        file="pdf",
    )
    text = pdf_text(drafter.post(address("print", record), sent))
    for words in ("000007", "秘密★1年", "特急", "签发人：巴特尔王小明", "抄送：市审计局。", "关于减少办事材料的通知"):
        assert words in text
    assert "000007" in docx_text(drafter.post(address("print", record), {**sent, "file": "docx"}))
    assert "000007" not in pdf_text(drafter.get(address("print_paper", record, form="pdf")))
    assert Record.objects.get(pk=record.pk).version == record.version


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title_lines": "关于增加办事材料的通知"}, "这里只能分行"),
        ({"form": "upward", "signers": ""}, "上行文要标注签发人姓名"),
        ({"form": "order", "signer": ""}, "命令要有签发人签名"),
        ({"copy_number": "7"}, "份号是6位数字"),
        ({"mark": ""}, "发文机关标志"),
    ],
)
def test_a_wrong_choice_is_named_and_nothing_typed_is_lost(
    desk: Desk, drafter: Client, changes: dict[str, Any], said: str
) -> None:
    record = desk.draft()
    sent = chosen(Document.objects.get(pk=record.pk), copies="只在这次写的抄送机关", **changes)
    answer = drafter.post(address("print", record), {**sent, "file": "pdf"})
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page and "只在这次写的抄送机关" in page


def test_the_form_of_the_genre_is_proposed(desk: Desk) -> None:
    forms = {}
    for genre in ("通知", "函", "纪要", "命令", "请示"):
        paper = Document.objects.get(pk=desk.draft(genre=genre, title=f"关于某事的{genre}").pk)
        values = proposed(paper)
        form = OfficialForm(chosen(paper, signers="甲", signer="乙"), paper=paper)
        assert form.is_valid(), form.errors
        content, _ = official_content(paper, form.cleaned_data)
        forms[genre] = (values["form"], content["mark"][0] + content["suffix"])
    name = desk.unit.name
    assert forms == {
        "通知": ("paper", f"{name}文件"),
        "函": ("letter", name),
        "纪要": ("minutes", f"{name}纪要"),
        "命令": ("order", f"{name}令"),
        "请示": ("upward", f"{name}文件"),
    }


def test_a_joint_paper_names_every_issuer(desk: Desk, drafter: Client) -> None:
    record = desk.draft(co_issuers=[desk.city.unit("民政局").pk, desk.city.unit("教育局").pk])
    text = pdf_text(drafter.get(address("print_paper", record, form="pdf")))
    for name in Document.objects.get(pk=record.pk).issuers:
        assert text.count(name) >= 2, name


def test_files_become_annexes_with_pages_of_their_own(desk: Desk, drafter: Client) -> None:
    files = (
        read_attachment("任务分工表.csv", "任务,单位\n减材料,发改委\n减环节,民政局\n".encode()),
        read_attachment("附图.png", png()),
        read_attachment("说明.txt", "第一行说明。\n第二行说明。".encode()),
    )
    record = desk.draft(attachments=FileChanges(files))
    found = sheets(drafter.get(address("print_paper", record, form="pdf")).content)
    heads = [page.text.replace("草稿，未公开", "") for page in found]
    assert any(text.startswith("附件1任务分工表任务单位减材料发改委") for text in heads)
    assert any(text.startswith("附件2附图") for text in heads)
    assert any(text.startswith("附件3说明第一行说明。第二行说明。") for text in heads)
    assert "附件：1.任务分工表2.附图3.说明" in "".join(heads)
    text = docx_text(drafter.get(address("print_paper", record, form="docx")))
    assert "附件：1.任务分工表" in text and "减环节民政局" in text


def returned(desk: Desk) -> Record:
    """Sent up without interpretation: turned back by the gates."""
    record = desk.draft(name_of="government", title="关于代拟一份办法的通知")
    desk.act(record, "submit", roles.DRAFTER)
    desk.act(record, "approve", roles.UNIT_HEAD)
    desk.act(record, "report", roles.DRAFTER)
    return Record.objects.get(pk=record.pk)


def test_a_return_slip_names_every_fault_with_its_article_and_how_to_mend_it(desk: Desk, drafter: Client) -> None:
    record = returned(desk)
    assert record.state == "returned"
    for form, read in (("pdf", pdf_text), ("docx", docx_text)):
        text = read(drafter.get(address("print_slip", record, form=form)))
        for words in (
            "退文单",
            record.title,
            desk.unit.name,
            desk.office.name,
            "系统按规定自动退回",
            "没有附解读方案",
            "没有附解读材料",
            "第10条",
            "怎样补正：",
            "（2处）",
            "第1次",
        ):
            assert words in text, words
    assert "打印退文单" in drafter.get(address("detail", record)).content.decode()


def test_each_return_keeps_its_own_slip(desk: Desk, drafter: Client) -> None:
    record = returned(desk)
    desk.interpret(record)
    for step, role in (("submit", roles.DRAFTER), ("approve", roles.UNIT_HEAD), ("report", roles.DRAFTER)):
        desk.act(record, step, role)
    words = "请附发热门诊名单。"
    desk.act(
        record,
        "return",
        roles.GENERAL_OFFICE_CLERK,
        desk.office,
        data={"faults": ["attribute_missing"], "remark": words},
    )
    last = pdf_text(drafter.get(address("print_slip", record, form="pdf")))
    assert words in last and "第2次" in last and "没有附解读方案" not in last
    clerk = str(desk.city.person(desk.office, roles.GENERAL_OFFICE_CLERK))
    assert clerk[:-1] in last  # its digit wraps to a line of its own
    page = drafter.get(address("print", record)).content.decode()
    assert page.count("退文单 PDF") == 2
    first = returns_of(record)[0]
    text = pdf_text(drafter.get(address("print_slip", record, form="pdf") + f"?event={first.sequence}"))
    assert "没有附解读方案" in text and words not in text
    assert drafter.get(address("print_slip", record, form="pdf") + "?event=1").status_code == 404


def test_a_sign_off_sheet_says_who_did_what_and_when(desk: Desk, drafter: Client) -> None:
    record, interpretation = desk.published()
    for form, read in (("pdf", pdf_text), ("docx", docx_text)):
        text = read(drafter.get(address("print_sheet", record, form=form)))
        for role in (roles.DRAFTER, roles.UNIT_HEAD, roles.SECRECY_REVIEWER, roles.OPENNESS_OFFICER):
            assert str(desk.city.person(desk.unit, role)) in text, role
        for words in ("发文稿纸", "拟稿", "签发", "保密审查", "编号印发", "2026年3月2日", record.title, "可以公开"):
            assert words.replace(" ", "") in text, words
    assert "解读签发单" in pdf_text(drafter.get(address("print_sheet", interpretation, form="pdf")))


def test_the_sheet_says_in_whose_place_somebody_signed(desk: Desk, drafter: Client) -> None:
    city, day = desk.city, desk.now.date()
    head = city.person(desk.unit, roles.UNIT_HEAD)
    deputy = Person.objects.create(username="deputy", display_name="乌云")
    post_assign(
        person=deputy,
        unit=desk.unit,
        role=roles.UNIT_HEAD,
        valid_from=day,
        valid_to=day + timedelta(days=5),
        kind=DELEGATED,
        delegated_by=head,
        actor=SYSTEM,
        now=desk.now,
    )
    record = desk.draft()
    desk.interpret(record)
    desk.act(record, "submit", roles.DRAFTER)
    desk.now += timedelta(minutes=1)
    perform(Record.objects.get(pk=record.pk), "sign", actor=actor_for(deputy, desk.now), now=desk.now)
    assert f"乌云（受{head}委托）" in docx_text(drafter.get(address("print_sheet", record, form="docx")))


@pytest.mark.django_db(transaction=True)
def test_every_export_is_noted_once(desk: Desk, drafter: Client) -> None:
    record = returned(desk)
    Access.objects.all().delete()
    drafter.get(address("print_paper", record, form="pdf"))
    drafter.get(address("print_sheet", record, form="docx"))
    drafter.get(address("print_slip", record, form="pdf"))
    drafter.get(reverse("desk:register_export", args=["sent", "pdf"]))
    rows = list(Access.objects.order_by("pk").values_list("action", "subject_id"))
    assert [action for action, _ in rows] == ["export"] * 4
    assert [subject for _, subject in rows[:3]] == [str(record.pk)] * 3


def test_registers_are_scoped_and_come_in_every_form(desk: Desk, drafter: Client) -> None:
    sent, _ = desk.published(title="关于已经印发的通知")
    returned(desk)
    office = client_of(desk.city, desk.office, roles.GENERAL_OFFICE_CLERK)
    stranger = client_of(desk.city, desk.city.unit("教育局"), roles.UNIT_HEAD)
    year = f"?year={desk.now.year}"
    page = drafter.get(reverse("desk:register", args=["sent"]) + year).content.decode()
    number = Document.objects.get(pk=sent.pk).document_number
    assert "关于已经印发的通知" in page and number in page
    received = office.get(reverse("desk:register", args=["received"]) + year).content.decode()
    assert "关于代拟一份办法的通知" in received and "已退文" in received and desk.unit.name in received
    assert (
        "关于代拟一份办法的通知" not in drafter.get(reverse("desk:register", args=["received"]) + year).content.decode()
    )
    for name in ("sent", "received"):
        text = stranger.get(reverse("desk:register", args=[name]) + year).content.decode()
        assert "关于已经印发" not in text and "关于代拟" not in text
    export = reverse("desk:register_export", args=["received", "pdf"]) + year
    found = sheets(office.get(export).content)
    assert (round(found[0].width), round(found[0].height)) == (297, 210)
    assert "收文登记簿" in found[0].text and "关于代拟一份办法的通知" in found[0].text.replace("\n", "")
    assert "关于代拟一份办法的通知" in docx_text(office.get(export.replace(".pdf", ".docx")))
    for form in ("csv", "xlsx"):
        assert office.get(export.replace(".pdf", f".{form}")).status_code == 200
    assert office.get(export.replace(".pdf", ".txt")).status_code == 404
    assert office.get(reverse("desk:register", args=["other"])).status_code == 404
    assert "关于已经印发" not in drafter.get(reverse("desk:register", args=["sent"]) + "?year=2019").content.decode()


def test_lists_print_too(desk: Desk, drafter: Client) -> None:
    desk.published(title="关于列表打印的通知")
    assert "关于列表打印的通知" in pdf_text(drafter.get(reverse("desk:export", args=["document", "pdf"])))
    assert "关于列表打印的通知" in docx_text(drafter.get(reverse("desk:export", args=["document", "docx"])))
    assert "职责" in pdf_text(drafter.get(reverse("desk:duties_export", args=["pdf"])))


def test_a_register_too_long_to_print_says_so(desk: Desk) -> None:
    rows = ([f"第{number}件"] for number in range(MOST_ROWS + 5))
    sheet = register_sheet("公文", ["标题"], rows, now=desk.now)
    assert len(sheet["parts"][0]["cells"]) == MOST_ROWS + 1
    assert "导出 Excel" in sheet["warning"]
    data, _ = sheet_file(sheet, "pdf", desk.now)
    assert data == sheet_file(sheet, "pdf", desk.now)[0]
    assert f"第{MOST_ROWS - 1}件" in "".join(page.text for page in sheets(data))


def test_the_page_names_the_faces_that_others_stand_in_for(desk: Desk, drafter: Client) -> None:
    page = drafter.get(address("print", desk.draft())).content.decode()
    for one in substitutions(fonts()):
        assert str(one).replace('"', "&quot;") in page
    every = {kind: real[0] for kind, (_, real, _) in FACES.items()}
    assert substitutions(every) == []
    assert [str(one) for one in substitutions({**every, "fang": "Noto Serif CJK SC"})] == [
        "没有仿宋，用“Noto Serif CJK SC”代替"
    ]


@pytest.mark.skipif(not POLICY.exists(), reason="the real paper is not here")
def test_the_real_paper_prints_whole(desk: Desk, drafter: Client) -> None:
    values = read_document("意见.txt", POLICY.read_bytes()).values
    record = desk.draft(
        **{name: values[name] for name in ("title", "addressees", "body", "issuers", "document_number")}
    )
    found = sheets(drafter.get(address("print_paper", record, form="pdf")).content)
    text = "".join(line.text for page in found for line in page.inside)
    assert len(found) > 10 and "现将" in found[0].text
    for line in values["body"].splitlines():
        assert "".join(line.split()) in text, line[:40]
    assert all(page.number is not None for page in found)
    full = [page for page in found[2:-3] if len(page.inside) == 22]
    assert len(full) > len(found) / 2
    assert "".join(values["body"].split())[-40:] in docx_text(drafter.get(address("print_paper", record, form="docx")))
