"""What a reader finds, on a real index over real editions."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from tests.search.shelf import SHANGHAI, Shelf

from mingtang.editions.models import PublicRegion, PublicUnit
from mingtang.search.following import follow
from mingtang.search.selectors import search, suggest
from mingtang.search.wanted import Wanted, wanted_of

Titles = Callable[..., list[str]]


def test_words_of_any_length_are_found_wherever_they_stand(shelf: Shelf, titles: Titles) -> None:
    shelf.publish("关于调整供热价格的通知", "自2026年10月15日起，居民用热每平方米23.8元。㐀氏、𠀀氏居民同样适用。")
    shelf.publish("关于水价的通知", "GB/T 9704—2012 Official Document，联系电话0475-8234567。")
    assert follow() == 2
    for word in (
        "供热",
        "热价格",
        "整供",
        "民",
        "㐀",
        "𠀀",
        "２３．８元",
        "2026年10月",
        "026年1",
        "《关于调整供热价格》",
    ):
        assert titles(word) == ["关于调整供热价格的通知"], word
    for word in ("水价", "价的", "水", "gb/t", "9704", "704", "official", "Official Document", "82345", "0475 8234567"):
        assert titles(word) == ["关于水价的通知"], word
    assert titles("offic") == titles("供价") == titles("月自") == []
    assert sorted(titles("通知 价")) == ["关于水价的通知", "关于调整供热价格的通知"]
    assert titles("通知 居民") == ["关于调整供热价格的通知"]


def test_a_phrase_is_exact_and_words_can_be_excluded(shelf: Shelf, titles: Titles) -> None:
    shelf.publish("甲", "供热价格。调整办法")
    shelf.publish("乙", "调整供热价格")
    shelf.publish("丙", "供热，供水")
    follow()
    assert titles('"供热价格"', sort="oldest") == titles("“供热 价格”", sort="oldest") == ["甲", "乙"]
    assert titles('"价格调整"') == titles("价格调整") == []
    assert titles("“价格。调整”") == titles("“价格，调整”") == ["甲"]
    assert sorted(titles("供热、供水")) == ["丙"]
    assert titles("供热 -价格") == titles("供热 －价格") == titles("供热 不含 价格") == ["丙"]
    assert titles("供热 -“调整供热” 价格") == ["甲"]
    assert titles("-供水", sort="oldest") == ["甲", "乙"]
    assert titles("供热 不含价格") == []


def test_attachments_points_and_numbers_are_searched(shelf: Shelf, titles: Titles) -> None:
    shelf.publish("甲", "正文", files={"补贴标准表.xlsx": "每户每年二百八十元"}, document_number="通政办发〔2026〕12号")
    follow()
    assert titles("二百八十元") == titles("标准表") == titles("通政办发") == titles("TL00/2026/00001") == ["甲"]
    [hit] = search(Wanted(q="二百八十元")).hits
    assert "每户每年<mark>二百八十元</mark>" in hit.snippet


@pytest.mark.parametrize(
    "written",
    [
        "通政办发〔2026〕12号",
        "通政办发[2026]12号",
        "通政办发【2026】12号",
        "通政办发（2026）第12号",
        "通政办发 ﹝２０２６﹞ 12 号",
        "TL00/2026/00002",
        "tl00/2026/00002",
    ],
)
def test_a_number_finds_its_paper_at_once_however_it_is_written(shelf: Shelf, written: str) -> None:
    shelf.publish("别的", "转发通政办发〔2026〕12号", document_number="通政办发〔2026〕112号")
    paper = shelf.publish("本文", "正文", document_number="通政办发〔2026〕12号")
    follow()
    assert search(wanted_of({"q": written})).direct == paper
    assert search(Wanted(q="通政办发〔2026〕")).direct is None


def test_facets_are_counted_among_what_the_other_filters_leave(shelf: Shelf) -> None:
    PublicUnit.objects.create(
        code="U2", name="市医疗保障局", short_name="医保局", kind="department", region_code="150500"
    )
    PublicRegion.objects.create(code="150521", name="科尔沁左翼中旗", level="banner")
    for number in range(9):
        shelf.publish(
            f"供热文件{number}",
            "正文",
            kind="interpretation" if number < 2 else "document",
            unit_code="U2" if number % 3 == 0 else "U1",
            region_code="150521" if number < 4 else "",
            stages=["decision", "result"] if number == 5 else ["service"],
            topic="能源",
            genre="通知" if number % 2 else "",
            written_on=date(2020 + number % 2, 1, 1),
            validity="repealed" if number == 8 else "valid",
            language="en" if number == 1 else "zh-Hans",
        )
    shelf.publish("无关", "正文")
    follow()
    found = search(Wanted(q="供热", kind="document", unit="U2"))
    assert found.total == len(found.hits) == 2
    assert found.facets["kind"] == [("document", "文件", 2), ("interpretation", "解读", 1)]
    assert found.facets["unit"] == [("U1", "市发展和改革委员会", 5), ("U2", "市医疗保障局", 2)]
    assert found.facets["region"] == [("150521", "科尔沁左翼中旗", 1)]
    assert found.facets["year"] == [("2021", "2021年", 1), ("2020", "2020年", 1)]
    everything = search(Wanted(q="供热")).facets
    assert everything["stage"] == [("service", "服务公开", 8), ("decision", "决策公开", 1), ("result", "结果公开", 1)]
    assert everything["genre"] == [("通知", "通知", 4)] and everything["topic"] == [("能源", "能源", 9)]
    assert everything["validity"] == [("valid", "有效", 8), ("repealed", "已废止", 1)]
    assert everything["language"] == [("zh-Hans", "中文", 8), ("en", "英文", 1)]
    assert search(Wanted()).facets["kind"] == [("document", "文件", 8), ("interpretation", "解读", 2)]
    for name, rows in everything.items():
        for value, _, count in rows:
            assert search(Wanted(q="供热", **{name: value})).total == count, (name, value)


def test_days_are_those_of_shanghai_and_inclusive(shelf: Shelf, titles: Titles) -> None:
    for day, hour in ((1, 23), (2, 0), (2, 23), (3, 0)):
        shelf.publish(f"{day}日{hour}时", "正文", published_at=datetime(2026, 3, day, hour, 30, tzinfo=SHANGHAI))
    follow()
    assert titles(since=date(2026, 3, 2), until=date(2026, 3, 2), sort="oldest") == ["2日0时", "2日23时"]
    assert titles(since=date(2026, 3, 3)) == ["3日0时"]
    assert titles("正文", until=date(2026, 3, 1)) == ["1日23时"]
    assert titles(since=date(2026, 3, 3), until=date(2026, 3, 1)) == []


def test_sorting_and_pages(shelf: Shelf, titles: Titles) -> None:
    for number in range(25):
        at = datetime(2026, 3, 1 + number, 9, tzinfo=SHANGHAI)
        shelf.publish(f"文件{number:02d}" + ("说供热" if number == 7 else ""), "供热", published_at=at)
    follow()
    newest = [f"文件{number:02d}" + ("说供热" if number == 7 else "") for number in range(24, -1, -1)]
    assert titles() == titles("供热", sort="newest") == newest
    assert titles("供热", sort="oldest") == newest[::-1]
    # A word in the title weighs more than one in the text; papers that match alike come newest first.
    assert titles("供热")[0] == "文件07说供热"
    assert titles("供热")[1:4] == ["文件24", "文件23", "文件22"]
    pages = [search(Wanted(q="供热"), page=page, size=10) for page in (1, 2, 3, 4)]
    assert [page.total for page in pages] == [25] * 4
    assert [hit.publication.title for page in pages for hit in page.hits] == titles("供热")
    deep = search(Wanted(q="供热"), page=10**12)
    assert (deep.total, deep.hits) == (25, []) and "10000" in deep.notes[0]


def test_pages_by_relevance_hold_every_paper_once(shelf: Shelf) -> None:
    for number in range(230):
        at = datetime(2020 + number % 7, 3, 1 + number % 28, number % 24, tzinfo=SHANGHAI)
        shelf.publish(f"文件{number}", "供热" * (1 + number % 3), published_at=at)
    follow()
    for q in ("供热", "供"):
        pages = [search(Wanted(q=q), page=page, size=30) for page in range(1, 10)]
        keys = [hit.publication.pk for page in pages for hit in page.hits]
        assert len(keys) == len(set(keys)) == 230 and {page.total for page in pages} == {230}


def test_marks_stand_in_escaped_text(shelf: Shelf) -> None:
    shelf.publish(
        "<b>供热</b>通知",
        "前言。" + "无关的话。" * 60 + "<script>alert('供热')</script>居民供　热ＧＢ９７０４标准，" + "后文。" * 60,
    )
    follow()
    [hit] = search(Wanted(q="供热 gb97")).hits
    assert hit.title == "&lt;b&gt;<mark>供热</mark>&lt;/b&gt;通知"
    assert "&lt;script&gt;alert(&#x27;<mark>供热</mark>&#x27;)&lt;/script&gt;" in hit.snippet
    assert "<mark>供　热</mark><mark>ＧＢ９７</mark>０４" in hit.snippet
    assert hit.snippet.startswith("…") and hit.snippet.endswith("…")
    [unmarked] = search(Wanted()).hits
    assert unmarked.snippet.startswith("前言。无关") and "<mark>" not in unmarked.title + unmarked.snippet


def test_no_result_helps(shelf: Shelf) -> None:
    shelf.publish("关于供热价格的通知", "正文", kind="document")
    shelf.publish("关于供热设施的通知", "正文", kind="document")
    follow()
    found = search(Wanted(q="供热 敖包", unit="U9"))
    assert (found.total, found.suggestions) == (0, [("供热", 2)])
    assert search(Wanted(q="供热", kind="interpretation")).suggestions == [("供热", 2)]
    assert search(Wanted(q="供热", since=date(2027, 1, 1))).suggestions == [("供热", 2)]
    assert search(Wanted(q="供热价格设施")).suggestions[0] == ("供热价", 1)
    assert search(Wanted(q="价格供热")).suggestions[0] == ("价格 供热", 1)
    for text, count in search(Wanted(q="供热价格设施")).suggestions:
        assert search(wanted_of({"q": text})).total == count


def test_suggestions_while_typing(shelf: Shelf) -> None:
    shelf.publish("供热价格通知", "正文", document_number="通发改〔2026〕3号")
    shelf.publish("关于城市供热的意见", "正文")
    shelf.publish("水价通知", "正文中提到供热")
    follow()
    assert suggest("供热") == ["供热价格通知", "关于城市供热的意见"]
    assert suggest("供") == ["供热价格通知", "关于城市供热的意见"]
    assert suggest("通发改[2026") == ["通发改〔2026〕3号"]
    assert suggest("供热", limit=1) == ["供热价格通知"]
    assert suggest("") == suggest("🙂") == suggest("\ud800\x00") == []


def test_without_an_index_a_reader_is_told(db: Any, root: Any) -> None:
    found = search(Wanted(q="供热"))
    assert (found.total, found.hits) == (0, []) and "正在建立" in found.notes[0]
    assert suggest("供热") == []
