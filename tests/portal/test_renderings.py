"""Reading copies say what was published, word for word, and are the same bytes each time."""

import io
import json
import re
import subprocess
import sys
import zipfile
from datetime import UTC
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.test import Client
from docx import Document
from docx.oxml.ns import qn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.documents.test_languages import MONGOLIAN, publish, translate
from tests.factories import Desk
from tests.text.test_attachments import png

from mingtang.disclosure.attachments import FileChanges
from mingtang.editions.models import Edition, Publication
from mingtang.portal.renderings import CannotRender, chosen_fonts, content_of, docx, pdf
from mingtang.records.rulebook import rulebook
from mingtang.text.attachments import read_attachment
from mingtang.units import roles

SAMPLE = Path(__file__).parents[1] / "text" / "samples" / "measures.txt"
HOSTILE = (
    '#panic("x") #import "@preview/a:1.0.0" $x^2$ *粗* _斜_ `码` <标签> @引用 \\ // 注 = 不是标题 “引号” [#{1+1}] "'
)


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


def read_pdf(data: bytes) -> str:
    """The text of all pages without what stands at their feet."""
    document = pypdfium2.PdfDocument(data)
    pages = [page.get_textpage().get_text_range().replace("\ufffe", "") for page in document]
    document.close()
    return "".join(re.sub(r"— \d+ —\r?\n?索引号.*\Z", "", page, flags=re.S) for page in pages)


def read_docx(data: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(data)).paragraphs)


def published(desk: Desk, **changes: Any) -> tuple[Publication, Edition, dict[str, Any]]:
    desk.published(**changes)
    edition = Edition.objects.select_related("publication").latest("pk")
    return edition.publication, edition, json.loads(edition.payload)


def strings_shown(payload: dict[str, Any]) -> list[str]:
    blocks = [block[name] for block in payload["blocks"] for name in ("number", "title", "text")]
    return [payload["title"], payload["document_number"], payload["addressees"], *payload["issuers"], *blocks]


def test_both_copies_hold_every_word_in_order(desk: Desk) -> None:
    ground = next(code for code in rulebook().grounds if code != "state_secret")
    cut = {"quote": "养护优先", "ground": ground, "reason": "涉及商业秘密。"}
    one = published(
        desk,
        body=SAMPLE.read_text(encoding="utf-8"),
        openness="redacted_release",
        cuts=[cut],
        attachments=FileChanges((read_attachment("附图.png", png()),)),
    )
    for text in (read_pdf(pdf(*one)), read_docx(docx(*one))):
        place, shown = 0, words(text)
        for string in strings_shown(one[2])[4:]:
            found = shown.find(words(string), place)
            assert found >= 0, string
            place = found
        for string in [*strings_shown(one[2])[:4], "附图.png", "涉及商业秘密。", "2026年3月2日"]:
            assert words(string) in shown, string
        assert "养护优先" not in shown


def test_the_page_says_which_edition_it_is_and_where_the_log_has_it(desk: Desk) -> None:
    publication, edition, payload = published(desk)
    document = pypdfium2.PdfDocument(pdf(publication, edition, payload))
    page = words(document[0].get_textpage().get_text_range())
    width, height = (round(length * 25.4 / 72) for length in document[0].get_size())
    assert (width, height) == (210, 297) and "—1—" in page
    assert f"索引号{publication.index_number},第1版".replace(",", "，") in page and "公开日志第0条" in page
    footer = Document(io.BytesIO(docx(publication, edition, payload))).sections[0].footer
    assert publication.index_number in "".join(paragraph.text for paragraph in footer.paragraphs)


@pytest.mark.parametrize("make", [pdf, docx])
def test_the_same_edition_gives_the_same_bytes_in_another_process(desk: Desk, make: Any) -> None:
    publication, edition, payload = published(desk)
    data = make(publication, edition, payload)
    assert make(publication, edition, payload) == data
    script = f"""
import sys, json, django, datetime
django.setup()
from mingtang.portal import renderings
from mingtang.editions.models import Edition, Publication
given = json.load(sys.stdin)
moment = datetime.datetime.fromisoformat(given["at"])
publication = Publication(index_number=given["number"], kind="document", unit_name=given["unit"], published_at=moment)
edition = Edition(publication=publication, number=1, published_at=moment)
renderings._footer = lambda *_: given["footer"]
sys.stdout.buffer.write(renderings.{make.__name__}(publication, edition, given["payload"]))
"""
    sent = {
        "at": edition.published_at.isoformat(),
        "number": publication.index_number,
        "unit": publication.unit_name,
        "footer": content_of(publication, edition, payload)["footer"],
        "payload": payload,
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(sent).encode(),
        capture_output=True,
        check=True,
        env={"DJANGO_SETTINGS_MODULE": "mingtang.settings.testing", "PYTHONPATH": "src:.", "PYTHONHASHSEED": "7"},
    )
    assert done.stdout == data


def test_words_are_never_read_as_markup(desk: Desk) -> None:
    one = published(desk, title=f"标题{HOSTILE}"[:200], body=f"{HOSTILE}\n一、{HOSTILE}\n第一条 {HOSTILE}")
    for text in (read_pdf(pdf(*one)), read_docx(docx(*one))):
        assert words(text).count(words(HOSTILE)[:60]) == 4


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200))
def test_any_text_can_be_copied(desk: Desk, text: str) -> None:
    edition = Edition.objects.select_related("publication").first() or published(desk)[1]
    block = {"kind": "paragraph", "id": "p1", "number": "", "title": "", "text": text}
    payload = {**json.loads(edition.payload), "title": f"题{text}", "blocks": [block]}
    assert pdf(edition.publication, edition, payload).startswith(b"%PDF-")
    kept = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", "", text)
    assert words(kept) in words(read_docx(docx(edition.publication, edition, payload)))


def test_the_pdf_can_be_read_aloud_and_found(desk: Desk) -> None:
    publication, edition, payload = published(desk, body=SAMPLE.read_text(encoding="utf-8"))
    reader = PdfReader(io.BytesIO(pdf(publication, edition, payload)))
    assert reader.metadata is not None and reader.metadata.title == payload["title"]
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.astimezone(UTC) == edition.published_at.astimezone(UTC).replace(microsecond=0)
    assert "/StructTreeRoot" in reader.root_object and reader.root_object["/Lang"] == "zh-CN"
    assert len(reader.outline) >= 3


def test_a_machine_without_chinese_fonts_is_told_what_to_install() -> None:
    with pytest.raises(CannotRender, match="中文字体.*fonts-noto-cjk") as error:
        chosen_fonts(["DejaVu Sans"])
    assert not error.value.lasting
    assert set(chosen_fonts(["SimSun"]).values()) == {"SimSun"}
    assert chosen_fonts(["FangSong", "SimHei", "Noto Serif CJK SC"]) == {
        "fang": "FangSong",
        "song": "Noto Serif CJK SC",
        "roman": "Noto Serif CJK SC",
        "hei": "SimHei",
        "kai": "Noto Serif CJK SC",
    }


def test_traditional_mongolian_is_set_in_columns_and_has_no_pdf(desk: Desk, client: Client) -> None:
    original, _ = desk.published()
    public = publish(desk, translate(desk, original, "mn-Mong", MONGOLIAN))
    answer = client.get(f"/{public.path}/paper.pdf")
    assert answer.status_code == 404 and "docx" in answer.content.decode()
    document = Document(io.BytesIO(client.get(f"/{public.path}/paper.docx").content))
    direction = document.sections[0]._sectPr.find(qn("w:textDirection"))
    assert direction is not None and direction.get(qn("w:val")) == "tbLrV"
    assert MONGOLIAN in "\n".join(paragraph.text for paragraph in document.paragraphs)


def test_an_english_version_reads_from_the_left(desk: Desk) -> None:
    original, _ = desk.published()
    public = publish(desk, translate(desk, original))
    edition = public.editions.get()
    reader = PdfReader(io.BytesIO(pdf(public, edition, json.loads(edition.payload))))
    assert reader.root_object["/Lang"] == "en"


def test_an_interpretation_has_copies_too(desk: Desk, client: Client) -> None:
    _, interpretation = desk.published()
    desk.review(interpretation)
    desk.act(interpretation, "publish", roles.OPENNESS_OFFICER)
    public = Publication.objects.get(kind="interpretation")
    text = words(read_pdf(client.get(f"/{public.path}/paper.pdf").content))
    assert "为什么出台" in text and "解读要点" in text and "群众少跑腿" in text


def test_copies_are_fetched_once_and_gone_after_erasure(desk: Desk, client: Client) -> None:
    paper, _ = desk.published()
    public = Publication.objects.get()
    for name, media_type in (("paper.pdf", "application/pdf"), ("paper.docx", "application/vnd.openxml")):
        first = client.get(f"/{public.path}/{name}")
        assert first.status_code == 200 and first["Content-Type"].startswith(media_type)
        assert "utf-8''%E5%85%B3%E4%BA%8E" in first["Content-Disposition"]
        again = client.get(f"/{public.path}/{name}", headers={"If-None-Match": first["ETag"]})
        assert again.status_code == 304 and not again.content
        assert client.get(f"/pub/none/{name}").status_code == 404
    desk.act(paper, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    for name in ("paper.pdf", "paper.docx"):
        gone = client.get(f"/{public.path}/{name}")
        assert gone.status_code == 410 and "清除" in gone.content.decode()


def test_a_correction_changes_the_copy(desk: Desk, client: Client) -> None:
    paper, _ = desk.published()
    public = Publication.objects.get()
    before = client.get(f"/{public.path}/paper.pdf")
    desk.act(paper, "begin_correction", roles.DRAFTER, data={"remark": "补一句。"})
    body = f"{paper.document.body}\n补充一句话。"
    desk.edit(paper, {"body": body, "lead_units": [desk.unit.pk]})
    desk.review(paper, "review_correction")
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    after = client.get(f"/{public.path}/paper.pdf", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200 and "补充一句话。" in words(read_pdf(after.content))


def test_the_word_file_carries_no_clock_and_no_person(desk: Desk) -> None:
    publication, edition, payload = published(desk)
    data = docx(publication, edition, payload)
    about = Document(io.BytesIO(data)).core_properties
    assert about.author == publication.unit_name and about.last_modified_by == ""
    assert about.created == edition.published_at.astimezone(UTC).replace(microsecond=0)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert {info.date_time for info in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert read_attachment("a.docx", data).findings == ()
