"""Whatever is typed into the search box is answered."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.search.shelf import Shelf

from mingtang.search.following import follow
from mingtang.search.selectors import search, suggest
from mingtang.search.wanted import Wanted, wanted_of
from mingtang.search.words import indexed, parse, units

AWKWARD = [
    *(
        "供" * 10_000,
        "供热 " * 3000,
        "a" * 10_000,
        "🙂",
        "👨‍👩‍👧‍👦 供热",
        "\ud800",
        "供\udfff热",
        "\x00",
        "供\x00热",
        "\U0010ffff",
        "㐀",
        "𠀀",
    ),
    *(
        '"',
        "“",
        "-",
        "--",
        "- -",
        "-供热",
        "不含",
        "不含 不含",
        "+供热",
        "title:供热",
        "供热 AND 价格",
        "OR",
        "NOT",
        "*",
        "供*",
        "?",
        "/.*/",
    ),
    *(
        "(供热",
        "供热)",
        "[供 TO 热]",
        "供热~2",
        "供热^5",
        "\\",
        "'; DROP TABLE x; --",
        "%",
        "_",
        "<script>",
        "{{7*7}}",
        "\u202e供热",
        "\ufeff",
    ),
]


@pytest.mark.parametrize("text", AWKWARD, ids=[f"case {number}" for number in range(len(AWKWARD))])
def test_awkward_words_are_answered(shelf: Shelf, text: str) -> None:
    shelf.publish("关于供热价格的通知", "供热 AND 价格")
    follow()
    for wanted in (Wanted(q=text), wanted_of({"q": text})):
        found = search(wanted)
        assert found.total == len(found.hits) <= 1
        wanted.query(page=2).encode()
    suggest(text)


def test_long_questions_are_cut_and_said_to_be(shelf: Shelf) -> None:
    shelf.publish("甲", "供" * 300)
    follow()
    found = search(wanted_of({"q": "供" * 10_000}))
    assert found.total == 1 and found.notes == ["检索词太长，只用了前200个字。"]
    assert search(wanted_of({"q": " ".join("供" * 50)})).notes == []
    assert search(wanted_of({"q": " ".join(f"供{number}" for number in range(11))})).notes == [
        "检索词太多，只用了前10个词。"
    ]
    assert search(wanted_of({"q": "🙂 ！？"})).notes == ["检索词里没有可以检索的文字。"]
    assert search(wanted_of({"q": "供"})).notes == []


def test_operators_of_the_engine_mean_nothing(shelf: Shelf) -> None:
    shelf.publish("甲", "供热")
    shelf.publish("乙", "供水 AND 供热 title")
    follow()
    assert [hit.publication.title for hit in search(Wanted(q="供水 OR 供热")).hits] == []
    assert [hit.publication.title for hit in search(Wanted(q="供热 AND 供水")).hits] == ["乙"]
    assert [hit.publication.title for hit in search(Wanted(q="title:供热")).hits] == ["乙"]
    assert search(Wanted(q="供*")).total == 2  # the star counts as nothing, and 供 is in both


def test_malformed_filters_filter_nothing() -> None:
    given = {
        "kind": "../x", "unit": "U 1", "region": "'", "stage": "\x00", "topic": "长" * 41, "genre": "", "year": "20２6",
        "validity": "erased", "language": "zh_\ud800!", "since": "2026-02-30", "until": "昨天", "sort": "random",
    }  # fmt: skip
    assert wanted_of(given) == Wanted()
    assert wanted_of({}) == Wanted() and Wanted().query() == "?"


def test_a_question_survives_its_address() -> None:
    from urllib.parse import parse_qsl

    wanted = Wanted(
        q='供热 "价格" -a&b', kind="document", unit="U1", region="150521", stage="service", topic="综合政务", genre="通知",
        year="2026", validity="valid", language="mn-Mong", since=date(2026, 1, 2), until=date(2026, 3, 4), sort="oldest",
    )  # fmt: skip
    assert wanted_of(dict(parse_qsl(wanted.query()[1:]))) == wanted
    assert wanted.query(page=3, sort="relevance", q="").endswith("until=2026-03-04&page=3")


@given(st.text(max_size=300))
def test_pairs_cover_the_units_of_any_text(text: str) -> None:
    found = units(text)
    pairs = [one + other for one, other in zip(found, [*found[1:], "。"], strict=bool(found))]
    assert indexed(text).split() == pairs
    parse(text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_any_words_are_answered(shelf: Shelf, text: str) -> None:
    if not search(Wanted()).total:
        shelf.publish("甲", "供热a1")
        follow()
    assert search(Wanted(q=text)).total in (0, 1)
