"""Papers are read as written; what cannot be read is asked, not guessed. All samples are invented."""

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingtang.text.papers import Paper, parse_paper

SAMPLES = Path(__file__).parent / "samples"
REAL = Path(__file__).parents[2].parent / "shared" / "policy" / "tongliao-opinion-2017.txt"
KEYS = [
    *("title", "document_number", "issuers", "written_on", "published_on", "source"),
    *("chapters", "articles", "responsible_units", "warnings"),
]


def sample(name: str) -> Paper:
    return parse_paper((SAMPLES / f"{name}.txt").read_text(encoding="utf-8"))


def codes(paper: Paper) -> list[str]:
    return [warning.code for warning in paper.warnings]


@pytest.mark.skipif(not REAL.exists(), reason="the real paper lies outside the project")
def test_the_real_opinion() -> None:
    paper = parse_paper(REAL.read_text(encoding="utf-8"))
    assert list(paper.as_dict()) == KEYS
    assert (len(paper.chapters), len(paper.articles)) == (8, 26)
    assert [block.id for block in paper.articles] == [f"a{number}" for number in range(1, 27)]
    assert paper.issuers == ["中共通辽市委办公厅", "通辽市人民政府办公厅"]
    assert (paper.written_on, paper.published_on) == (date(2017, 1, 4), date(2022, 4, 13))
    assert (paper.source, paper.document_number) == (None, None)
    assert len(paper.addressees) == 4
    assert sorted(codes(paper)) == [
        *("document_number_missing", "issuer_form_differs", "source_missing", "stray_mark", "stray_mark"),
    ]
    assert "HTH" not in "".join(block.full for block in paper.blocks)
    assert "浏览次数" not in "".join(block.full for block in paper.blocks)
    assert len(paper.responsible_units) == len(set(paper.responsible_units))
    assert {"市发改委", "市工商局", "市网信办", "各地区", "各级政府办公厅(室)"} <= set(paper.responsible_units)
    assert paper.units_by_article["a1"] == []
    assert paper.units_by_article["a23"] == ["市政府办公厅"]
    assert len(paper.units_by_article["a17"]) == 19
    ids = [block.id for block in paper.blocks]
    assert len(ids) == len(set(ids))


def test_measures_in_numbered_articles() -> None:
    paper = sample("measures")
    assert paper.title == "云滩市城市绿地认养办法（试行）"
    assert [block.id for block in paper.chapters] == ["c1", "c2", "c3"]
    assert [block.id for block in paper.articles] == ["a1", "a2", "a3", "a4", "a5", "a7"]
    text = {block.id: block.full for block in paper.blocks}
    assert text["a3p2"] == "认养不改变绿地的权属和用途。"
    assert text["a4p3"].startswith("（二）")
    assert "article_number_gap" in codes(paper)
    assert (paper.issuers, paper.written_on) == ([], None)
    asked = {warning.field: warning.message for warning in paper.warnings}
    assert "2019年8月6日" in asked["written_on"]
    assert "issuers" in asked


def test_a_notice_with_letterhead_wrong_brackets_and_attachments() -> None:
    paper = sample("notice")
    assert paper.title == "云滩市教育局关于做好秋季校园午餐公示工作的通知"
    assert paper.document_number == "云教发〔2021〕12号"
    assert "document_number_repaired" in codes(paper)
    assert paper.issuers == ["云滩市教育局"]
    assert paper.written_on == date(2021, 8, 30)
    assert paper.addressees == ["各区教育局", "市属各学校"]
    assert [block.id for block in paper.articles] == ["c2a1", "c2a2", "c3a1"]
    assert [block.text for block in paper.blocks if block.kind == "attachment"] == [
        "附件：1. 午餐公示表样",
        "2. 公示栏制作说明",
    ]
    assert paper.responsible_units == ["市教育局", "市市场监管局", "各区教育局", "财政局"]
    assert [block.kind for block in paper.blocks][-3:] == ["note", "imprint", "imprint"]


def test_a_date_in_chinese_numerals_and_the_web_page_around() -> None:
    paper = sample("numeral_date")
    assert paper.written_on == date(2020, 11, 12)
    assert paper.published_on == date(2020, 11, 12)
    assert paper.source == "云滩市交通运输局"
    assert paper.document_number == "云政办告〔2020〕5号"
    assert [block.kind for block in paper.blocks] == ["paragraph", "paragraph", "signature", "signature"]
    assert codes(paper) == ["document_number_repaired"]


def test_a_joint_paper_of_three_departments() -> None:
    paper = sample("joint")
    assert paper.issuers == ["云滩市发展和改革委员会", "云滩市财政局", "云滩市交通运输局"]
    assert paper.title == (
        "云滩市发展和改革委员会 云滩市财政局 云滩市交通运输局关于印发《云滩市共享单车停放指引》的通知"
    )
    assert paper.units_by_article == {"a1": ["市交通运输局", "市发改委", "市财政局"], "a2": [], "a3": []}
    assert paper.document_number == "云发改联发〔2018〕77号"


def test_what_is_not_recognised_is_asked() -> None:
    paper = sample("unrecognisable")
    assert (paper.title, paper.document_number, paper.issuers, paper.written_on) == (None, None, [], None)
    assert {warning.field for warning in paper.warnings} == {
        *("title", "document_number", "issuers", "written_on", "source"),
    }
    assert [block.text for block in paper.blocks][0] == "会议纪要草稿，未定稿，请勿外传。"
    assert {"title_missing", "body_missing"} <= set(codes(parse_paper("")))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("云政发〔2017〕1号", "云政发〔2017〕1号"),
        ("云政发[2017]1号", "云政发〔2017〕1号"),
        ("云政发【2017】1号", "云政发〔2017〕1号"),
        ("云政发(2017)1号", "云政发〔2017〕1号"),
        ("云政发（2017）1号", "云政发〔2017〕1号"),
        ("云政发〖2017〗1号", "云政发〔2017〕1号"),
        ("云政发〔2017年〕第1号", "云政发〔2017〕1号"),
        ("云政发2017年1号", "云政发〔2017〕1号"),
        ("云政发〔２０１７〕０１号", "云政发〔2017〕1号"),
        ("（云政发〔2017〕1号）", "云政发〔2017〕1号"),
        ("云滩市人民政府令 第12号", "云滩市人民政府令第12号"),
    ],
)
def test_document_numbers(written: str, number: str) -> None:
    paper = parse_paper(f"云滩市人民政府关于春耕的通知\n{written}\n各区人民政府：\n请抓紧春耕。")
    assert paper.document_number == number
    assert ("document_number_repaired" in codes(paper)) is (number not in written)


def test_numbers_of_other_papers_are_not_taken() -> None:
    paper = parse_paper("云滩市人民政府关于春耕的通知\n各区人民政府：\n根据国发〔2016〕55号文件，请抓紧。")
    assert paper.document_number is None


@pytest.mark.parametrize(
    ("title", "signature", "issuers", "code"),
    [
        ("云滩市教育局云滩市财政局关于补助的通知", "", ["云滩市教育局", "云滩市财政局"], None),
        ("云滩市教育局、财政局关于补助的通知", "云滩市教育局\n云滩市财政局", ["云滩市教育局", "云滩市财政局"], None),
        ("云滩市教育局财政局关于补助的通知", "", ["云滩市教育局财政局"], "issuer_unclear"),
        ("云滩市教育局关于补助的通知", "云滩市民政局", ["云滩市教育局"], "issuers_conflict"),
        ("关于补助的通知", "云滩市教育局（章）", ["云滩市教育局"], None),
        ("2017年云滩市关于补助的通知", "", [], "issuers_missing"),
        ("云滩市人民政府公告", "", ["云滩市人民政府"], None),
    ],
)
def test_issuers(title: str, signature: str, issuers: list[str], code: str | None) -> None:
    paper = parse_paper(f"{title}\n各区教育局：\n请照办。\n{signature}\n2021年3月1日")
    assert paper.issuers == issuers
    assert paper.written_on == date(2021, 3, 1)
    found = [name for name in codes(paper) if name.startswith("issuer")]
    assert found == ([code] if code else [])


def test_impossible_and_several_dates() -> None:
    paper = parse_paper("云滩市教育局关于补助的通知\n请照办。\n云滩市教育局\n2021年2月30日")
    assert paper.written_on is None
    assert "date_impossible" in codes(paper)
    paper = parse_paper("关于补助的通知\n请照办。\n云滩市教育局\n2021年2月3日\n办法\n照此。\n云滩市教育局 2021年2月4日")
    assert paper.written_on == date(2021, 2, 3)
    assert "written_on_several" in codes(paper)


def test_a_date_below_the_title_parts_nothing() -> None:
    paper = parse_paper("关于补助的通知\n2021年2月3日\n各区教育局：\n请照办。")
    assert [block.kind for block in paper.blocks] == ["signature", "addressee", "paragraph"]


def test_a_secrecy_mark_is_pointed_out() -> None:
    paper = parse_paper("机密★10年\n云滩市教育局关于补助的通知\n请照办。")
    assert "secrecy_mark" in codes(paper)
    assert paper.title == "云滩市教育局关于补助的通知"


def test_attached_texts_number_anew() -> None:
    paper = parse_paper(
        "云滩市教育局关于补助的通知\n一、照办。\n云滩市教育局\n2021年2月3日\n"
        "补助办法\n一、对象\n（一）学生。全部。\n附件2\n表样\n一、填法\n一、又一"
    )
    ids = [block.id for block in paper.blocks if block.kind in ("chapter", "article")]
    assert ids == ["c1", "b2c1", "b2a1", "b3c1", "b3c1r2"]
    assert [block.text for block in paper.blocks if block.kind == "title"] == ["补助办法", "附件2", "表样"]
    assert "chapter_number_gap" in codes(paper)


def test_stray_marks_of_many_shapes() -> None:
    paper = parse_paper('云滩市教育局关于补助的通知\n请〖HT3"F〗照办〖HTH〗。【JZ】完\ufeff。\n【注意】保留〖甲〗')
    assert codes(paper).count("stray_mark") == 3
    assert [block.text for block in paper.blocks] == ["请照办。完。", "【注意】保留〖甲〗"]


LINES = st.sampled_from(
    [
        *("云滩市教育局关于补助的通知", "云教发[2021]1号", "各区：", "第一章 总则", "第二条 甲。", "一、乙", "（一）丙。丁。"),
        *("附件", "附件：1.甲", "2.乙", "云滩市教育局", "2021年2月30日", "二〇二一年十二月三十日", "（公开）", "来源：", "首页"),
        *("(责任单位:市甲局、乙局(室)", "责任单位：", "抄送：丙", "机密", "第十节 甲", "〖HTH〗", "发布日期：2021-13-40"),
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(st.one_of(LINES, st.text(max_size=20)), max_size=15).map("\n".join), st.text(max_size=300)))
def test_no_text_breaks_the_parser(text: str) -> None:
    paper = parse_paper(text)
    assert list(paper.as_dict()) == KEYS
    ids = [block.id for block in paper.blocks]
    assert len(ids) == len(set(ids))
    assert not any("\x00" in block.full for block in paper.blocks)


@pytest.mark.parametrize("line", ["附件\n甲乙。", "2021年2月3日", "一、甲", "（一）甲", "(责任单位:市甲局、", "甲局"])
def test_endless_repetition_does_not_stall(line: str) -> None:
    before = time.perf_counter()
    parse_paper(f"{line}\n" * 10_000)
    assert time.perf_counter() - before < 10
