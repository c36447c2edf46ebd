"""The printed paper, measured: GB/T 9704-2012 in millimetres, read back from the places of the letters."""

import io
import re
from typing import Any

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.portal.test_renderings import HOSTILE
from tests.printing.measure import RED, sheets
from tests.printing.papers import AT, FORMS, ROWS, content
from tests.text.test_attachments import png

from mingtang.desk.official_pdf import official_pdf
from mingtang.desk.official_word import official_docx
from mingtang.text.official import paragraph, table

LEFT, RIGHT, TOP, BOTTOM = 28.0, 184.0, 37.0, 262.0
EM = 156 / 28
PITCH = 225 / 22


def pages(**changes: Any) -> Any:
    return sheets(official_pdf(content(**changes), {}, AT))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_keeps_page_margins_and_its_words(form: str) -> None:
    found = pages(**FORMS[form], rows=[*ROWS, paragraph("汉" * 800)])
    given = content(**FORMS[form])
    text = "".join(page.text for page in found)
    for page in found:
        assert (round(page.width), round(page.height)) == (210, 297)
        for line in page.inside:
            assert line.left >= LEFT - 0.3 and line.right <= RIGHT + 0.3, line.text
    wanted = [*given["title_lines"], given["number"], given["addressees"], given["date"], *given["signature"]]
    wanted += [given["copies"], given["signer"], *given["signers"], *(row["text"] for row in ROWS)]
    wanted += [words for pair in given["attendance"] for words in pair]
    for words in wanted:
        assert words.replace(" ", "") in text, words
    assert all(name in text for name in given["mark"])


def test_a_full_page_has_22_lines_of_28_characters() -> None:
    found = pages(rows=[paragraph("汉" * 2000)])
    lines = found[1].inside
    assert len(found[0].inside) < 22 and "汉" in found[0].text
    assert [len(line.text) for line in lines] == [28] * 22
    assert all(abs(line.left - LEFT) < 0.2 and abs(line.right - RIGHT) < 0.3 for line in lines)
    steps = [below.baseline - above.baseline for above, below in zip(lines, lines[1:], strict=False)]
    assert all(abs(step - PITCH) < 0.05 for step in steps)
    assert lines[0].baseline - 16 / 72 * 25.4 == pytest.approx(TOP, abs=0.1)


def test_paragraphs_begin_two_characters_in_and_go_on_at_the_edge() -> None:
    found = pages(rows=[paragraph("汉" * 60)])
    first, second = [line for line in found[0].inside if line.text.startswith("汉汉汉")][:2]
    assert first.left == pytest.approx(LEFT + 2 * EM, abs=0.4)
    assert second.left == pytest.approx(LEFT, abs=0.2)


def test_the_letterhead_is_red_and_35_mm_below_the_upper_edge_of_the_text() -> None:
    page = pages(copy_number="000001", secrecy="机密★1年", urgency="特急")[0]
    mark = page.line("通辽市教育局文件")
    assert {letter.colour for letter in mark.letters} == {RED}
    assert min(letter.top for letter in mark.letters) == pytest.approx(TOP + 35, abs=1)
    assert mark.centre == pytest.approx((LEFT + RIGHT) / 2, abs=0.5)
    number = page.line("通教发〔2026〕9号")
    assert number.centre == pytest.approx((LEFT + RIGHT) / 2, abs=0.5)
    gap = number.letters[0].top - max(letter.bottom for letter in mark.letters)
    assert 2 * PITCH - 1 < gap < 2 * PITCH + 3
    rule = page.strokes[0]
    assert rule.colour == RED and rule.right - rule.left == pytest.approx(156, abs=1)  # with its ends
    assert rule.top - number.baseline == pytest.approx(4, abs=0.6)
    marks = [page.line(words) for words in ("000001", "机密★1年", "特急")]
    assert [round(line.left, 1) for line in marks] == [LEFT] * 3
    assert [line.baseline for line in marks] == sorted(line.baseline for line in marks)
    title = page.line("通辽市教育局关于课后服务的通知")
    assert title.letters[0].right - title.letters[0].left == pytest.approx(22 / 72 * 25.4, abs=0.3)
    assert title.centre == pytest.approx((LEFT + RIGHT) / 2, abs=0.5)


def test_upward_papers_name_the_signers_on_the_line_of_the_number() -> None:
    page = pages(**FORMS["upward"])[0]
    last = page.line("通教发〔2026〕9号")
    assert last.text.endswith("李华") and last.left == pytest.approx(LEFT + EM, abs=0.4)
    first = page.line("签发人：巴特尔")
    assert first.text.endswith("王小明") and first.right == pytest.approx(RIGHT - EM, abs=0.6)
    names = [next(one for one in line.letters if one.character == name) for line, name in ((first, "巴"), (last, "李"))]
    assert names[0].left == pytest.approx(names[1].left, abs=0.3)


def test_a_letter_has_double_rules_and_no_number_on_its_first_page() -> None:
    found = pages(**FORMS["letter"], rows=[*ROWS, paragraph("汉" * 900)])
    page = found[0]
    mark = page.line("通辽市教育局")
    assert min(letter.top for letter in mark.letters) == pytest.approx(30, abs=1)
    upper, lower = page.strokes[:2], page.strokes[2:4]
    assert all(bar.colour == RED and bar.right - bar.left == pytest.approx(170, abs=0.5) for bar in (*upper, *lower))
    thick = [bar.bottom - bar.top > 0.6 for bar in (*upper, *lower)]
    assert thick == [True, False, False, True]
    assert upper[0].top - max(letter.bottom for letter in mark.letters) == pytest.approx(4, abs=0.5)
    assert lower[1].bottom == pytest.approx(297 - 20, abs=0.3)
    number = page.line("通教发〔2026〕9号")
    assert number.right == pytest.approx(RIGHT, abs=0.5)
    assert number.baseline - 16 / 72 * 25.4 - upper[1].bottom == pytest.approx(16 * 7 / 8 / 72 * 25.4, abs=0.5)
    assert page.number is None and found[1].number is not None


def test_an_order_has_its_head_20_mm_down_and_its_signer() -> None:
    page = pages(**FORMS["order"])[0]
    mark = page.line("通辽市人民政府令")
    assert min(letter.top for letter in mark.letters) == pytest.approx(TOP + 20, abs=1)
    signer = page.line("市长")
    assert signer.text == "市长巴特尔" and signer.right == pytest.approx(RIGHT - 4 * EM, abs=0.6)
    assert not [stroke for stroke in page.strokes if stroke.colour == RED]


def test_minutes_list_who_was_there_and_are_not_signed() -> None:
    found = pages(**{**FORMS["minutes"], "attendance": [["出席", "巴特尔、王小明、" * 12], ["请假", "李华"]]})
    lines = found[0].inside
    first = next(place for place, line in enumerate(lines) if line.text.startswith("出席："))
    names = next(one for one in lines[first].letters if one.character == "巴")
    assert lines[first + 1].left == pytest.approx(names.left, abs=0.4)
    assert lines[first].left == pytest.approx(LEFT + 2 * EM, abs=0.4)


def test_page_numbers_stand_outside_seven_millimetres_below_the_text() -> None:
    found = pages(rows=[paragraph("汉" * 2400)])
    assert len(found) >= 4
    for number, page in enumerate(found, 1):
        shown = page.number
        assert shown is not None and shown.text == f"—{number}—"
        digit = shown.letters[1]
        dash = shown.letters[0]
        assert (dash.top + dash.bottom) / 2 == pytest.approx(BOTTOM + 7, abs=0.6)
        assert digit.bottom > BOTTOM + 6
        em = 14 / 72 * 25.4
        if number % 2:
            assert shown.letters[2].right == pytest.approx(RIGHT - em, abs=1)
        else:
            assert shown.left == pytest.approx(LEFT + em, abs=1)


def test_the_imprint_closes_the_last_even_page() -> None:
    for length in (100, 500, 1000, 1500):
        found = pages(rows=[paragraph("汉" * length)])
        assert len(found) % 2 == 0
        page = found[-1]
        rules = [stroke for stroke in page.strokes if stroke.right - stroke.left > 150][-3:]
        assert rules[-1].bottom == pytest.approx(BOTTOM, abs=0.5)
        assert "抄送：市委办公厅，市人大常委会办公室。" in page.text
        printed = page.line("2026年3月3日印发")
        assert printed.text.startswith("通辽市教育局")
        em = 14 / 72 * 25.4
        assert printed.left == pytest.approx(LEFT + em, abs=0.4) and printed.right == pytest.approx(RIGHT - em, abs=0.4)
        assert rules[1].top < printed.baseline < rules[2].top
    single = pages(duplex=False, rows=ROWS[:1])
    assert len(single) == 1 and "抄送" in single[0].text


def test_an_imprint_that_finds_no_room_leaves_a_blank_page_without_number() -> None:
    for lines in range(20, 36):
        found = pages(rows=[paragraph("汉")] * lines, signature=[], date="", copies="市委办公厅，" * 40)
        if found[-1].number is None:
            assert len(found) % 2 == 0 and found[-2].number is None and not found[-2].text
            assert found[-3].number is not None
            return
    raise AssertionError("no length left an even page too full for the imprint")


@pytest.mark.parametrize("length", range(1, 40, 3))
def test_a_signature_never_stands_on_a_page_without_text(length: int) -> None:
    for page in pages(rows=[paragraph("汉字" * 20)] * length, copies="", printed_by="", printed_on=""):
        if "2026年3月2日" in page.text:
            assert "汉字" in page.text


def test_a_sealed_signature_is_centred_over_the_date_four_characters_in() -> None:
    page = pages()[0]
    date, name = page.line("2026年3月2日"), [line for line in page.lines if line.text == "通辽市教育局"][-1]
    assert date.right == pytest.approx(RIGHT - 4 * EM, abs=0.6)
    assert name.centre == pytest.approx(date.centre, abs=0.4) and name.baseline < date.baseline
    unsealed = pages(seal=False, signature=["通辽市发展和改革委员会"])[0]
    name, date = unsealed.line("通辽市发展和改革委员会"), unsealed.line("2026年3月2日")
    assert name.right == pytest.approx(RIGHT - 2 * EM, abs=0.6)
    assert date.left - name.left == pytest.approx(2 * EM, abs=0.6)


JOINT = ["中共通辽市委办公厅", "通辽市人民政府办公厅"]


def test_joint_issuers_stand_under_one_another_with_the_word_in_the_middle() -> None:
    found = pages(mark=JOINT, signature=JOINT)
    page = found[0]
    red = [line for line in page.lines if line.letters[0].colour == RED]
    names = [line for line in red if "办" in line.text]
    assert len(names) == 2 and names[0].left == pytest.approx(names[1].left, abs=1)
    suffix = next(letter for line in red for letter in line.letters if letter.character == "件")
    middle = (min(one.top for one in names[0].letters) + max(one.bottom for one in names[1].letters)) / 2
    assert (suffix.top + suffix.bottom) / 2 == pytest.approx(middle, abs=1.5)
    page = next(page for page in found if "2026年3月2日" in page.text)
    row = next(line for line in page.lines if line.text == "".join(JOINT))
    date = page.line("2026年3月2日")
    second = row.letters[len(JOINT[0]) :]
    assert (second[0].left + second[-1].right) / 2 == pytest.approx(date.centre, abs=0.5)


def test_however_many_issuers_the_first_page_shows_text() -> None:
    names = [f"通辽市第{number}管理委员会" for number in "一二三四五六七八"]
    found = pages(mark=names, signature=names, title_lines=["关于课后服务的通知", "第二行标题"])
    assert "现就有关事项通知如下" in found[0].text
    text = "".join(page.text for page in found)
    assert all(text.count(name) == 2 for name in names)


def test_annexes_begin_pages_of_their_own_and_are_listed() -> None:
    annexes = [
        {
            "head": "附件1",
            "title": ["任务分工表"],
            "rows": [{**table([["项目", "单位"], ["减材料", "教育局"]]), "widths": [8, 8]}],
        },
        {"head": "附件2", "title": ["联系人名单"], "rows": [paragraph("另行通知。")]},
    ]
    long = "联系人名单，按照各旗县市区和市直各学校的顺序排列的一览表格"
    found = pages(annexes=annexes, listed=["任务分工表", long])
    texts = [page.text for page in found]
    first = next(place for place, text in enumerate(texts) if text.startswith("附件1"))
    assert texts[first + 1].startswith("附件2联系人名单")
    head, title = found[first].inside[:2]
    assert head.left == pytest.approx(LEFT, abs=0.2) and head.baseline - 16 / 72 * 25.4 == pytest.approx(TOP, abs=0.2)
    assert title.baseline - head.baseline > 1.8 * PITCH
    assert [line.text for line in found[first].inside[2:4]] == ["项目单位", "减材料教育局"]
    lines = [line for page in found[:first] for line in page.inside]
    start = next(place for place, line in enumerate(lines) if line.text == "附件：1.任务分工表")
    assert lines[start].left == pytest.approx(LEFT + 2 * EM, abs=0.4)
    name = next(letter for letter in lines[start + 1].letters if letter.character == "联")
    assert lines[start + 1].text.startswith("2.联系人名单") and lines[start + 2].left == pytest.approx(
        name.left, abs=0.4
    )


def test_a_long_table_repeats_its_head_and_splits_no_row() -> None:
    cells = [["序号", "任务"], *([f"第{number}行", f"始{'推进政务公开' * 12}终"] for number in range(40))]
    found = pages(rows=[*ROWS, {**table(cells), "widths": [5, 30]}], signature=[], date="")
    with_table = [page for page in found if "始" in page.text]
    assert len(with_table) > 2
    for page in with_table:
        assert page.text.count("序号任务") == 1
        assert page.text.count("始") == page.text.count("终")


def test_a_paper_of_forty_pages() -> None:
    rows = [paragraph("汉" * 600) for _ in range(41)]
    found = pages(rows=rows)
    assert 40 <= len(found) <= 46
    assert sum(page.text.count("汉") for page in found) == 41 * 600
    assert found[39].number is not None and found[39].number.text == "—40—"
    assert all(len(page.inside) == 22 for page in found[1:39])


def test_a_draft_says_so_on_every_page() -> None:
    found = pages(draft="草稿，未公开", warning="草稿，未公开", rows=[paragraph("汉" * 900)])
    for page in found:
        assert page.lines[0].text == "草稿，未公开" and page.lines[0].baseline < TOP
        grey = [letter for letter in page.letters if min(letter.colour) > 200]
        assert "".join(sorted(letter.character for letter in grey)) == "".join(sorted("草稿，未公开"))
    assert all("草稿" not in page.text for page in pages())
    copy = Document(io.BytesIO(official_docx(content(warning="草稿，未公开"), {}, AT)))
    assert copy.sections[0].header.paragraphs[0].text == "草稿，未公开"
    assert copy.sections[0].even_page_header.paragraphs[0].text == "草稿，未公开"


def test_words_are_data_and_never_code() -> None:
    places = {
        "title_lines": [HOSTILE[:40]],
        "mark": [HOSTILE[:30]],
        "number": HOSTILE,
        "addressees": HOSTILE,
        "listed": [HOSTILE, HOSTILE],
        "signature": [HOSTILE],
        "date": HOSTILE[:20],
        "notes": [HOSTILE],
        "copies": HOSTILE,
        "printed_by": HOSTILE[:20],
        "warning": HOSTILE,
        "rows": [paragraph(HOSTILE, HOSTILE), {**table([[HOSTILE, "甲"], ["乙", HOSTILE]]), "widths": [8, 8]}],
        "annexes": [{"head": HOSTILE[:20], "title": [HOSTILE[:30]], "rows": [paragraph(HOSTILE)]}],
    }
    text = "".join(page.text for page in pages(**places))
    wanted = re.sub(r"\s", "", HOSTILE[:30])
    assert text.count(wanted) >= 12
    assert wanted in "".join(
        p.text for p in Document(io.BytesIO(official_docx(content(**places), {}, AT))).paragraphs
    ).replace(" ", "")


def test_control_characters_are_left_out_and_missing_shapes_are_named() -> None:
    found = pages(rows=[paragraph("前\x00\x07\x1b\ufffe后𪜀末")])
    assert "前后〓末" in found[0].text and "〓处是本机字体没有的字：U+2A700" in found[0].text
    copy = Document(io.BytesIO(official_docx(content(rows=[paragraph("前\x00\x07\x1b\ufffe后𪜀末")]), {}, AT)))
    assert any(line.text == "前后𪜀末" for line in copy.paragraphs)


@settings(max_examples=25, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
def test_any_text_can_be_printed(text: str) -> None:
    given = content(
        rows=[paragraph(text, text)], title_lines=[text] if text.strip() else ["题"], copies=text, addressees=text
    )
    assert official_pdf(given, {}, AT).startswith(b"%PDF-")
    assert official_docx(given, {}, AT).startswith(b"PK")


def test_the_same_paper_gives_the_same_bytes() -> None:
    for form in FORMS:
        given = content(**FORMS[form])
        assert official_pdf(given, {}, AT) == official_pdf(given, {}, AT)
        assert official_docx(given, {}, AT) == official_docx(given, {}, AT)
    shown = {
        **content(),
        "annexes": [
            {"head": "附件", "title": ["附图"], "rows": [{**paragraph("附图.png"), "kind": "picture", "file": "a.png"}]}
        ],
    }
    pictures = {"a.png": png()}
    assert official_pdf(shown, pictures, AT) == official_pdf(shown, pictures, AT)
    images = [len(page.images) for page in PdfReader(io.BytesIO(official_pdf(shown, pictures, AT))).pages]
    assert sum(images) == 1, images
    assert len(Document(io.BytesIO(official_docx(shown, pictures, AT))).inline_shapes) == 1


def test_it_can_be_read_aloud() -> None:
    reader = PdfReader(io.BytesIO(official_pdf(content(), {}, AT)))
    assert reader.metadata is not None and reader.metadata.title == "通辽市教育局关于课后服务的通知"
    assert reader.root_object["/Lang"] == "zh-CN" and "/StructTreeRoot" in reader.root_object
    assert b"pdfuaid" in official_pdf(content(), {}, AT)
