"""Themes that never lose an opinion, dispositions, and a report that is the sum of its receipts."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.opinions.campaigns import planted

from mingtang.text.opinions import themes as work
from mingtang.text.opinions.grouping import Group, group
from mingtang.text.opinions.report import (
    Disposition,
    Thresholds,
    concentrated,
    disagreements,
    feedback,
    receipts,
    unanswered,
)
from mingtang.text.opinions.themes import Theme, opinions_of, propose

MADE = planted(1200, 3)
GROUPS = group(MADE.opinions)
CLAUSE = {name: f"a{number % 3}" for number, (name, _) in enumerate(MADE.opinions)}
THEMES = propose(GROUPS, CLAUSE)


def theme(name, *opinions, clause="a1", stance=""):
    return Theme(name, clause, name, ("词",), opinions, stance)


SMALL = (theme("x", "1", "2", "3"), theme("y", "4", "5"), theme("z", "6", clause="a2"))


def test_every_opinion_is_in_one_theme_of_its_clause():
    assert opinions_of(THEMES) == sorted(CLAUSE)
    assert all(CLAUSE[each] == one.clause for one in THEMES for each in one.opinions)
    assert len({one.id for one in THEMES}) == len(THEMES)
    assert propose(list(reversed(GROUPS)), CLAUSE) == THEMES


def test_opposite_stances_are_never_one_theme():
    texts = ["支持停车收费方案，路灯要亮", "反对停车收费方案，路灯要亮"]
    opinions = [(f"{side}{number}", texts[side] + "啊" * number) for side in (0, 1) for number in range(6)]
    made = propose(group(opinions), {})
    assert {one.stance for one in made} == {"for", "against"}
    assert all(len({each[0] for each in one.opinions}) == 1 for one in made)


def test_terms_are_words_of_the_matter():
    words = [
        "东街的充电桩坏了半个月没人来修", "我家楼下缺少充电桩", "充电桩常被油车占着", "请在新城广场旁装几台充电桩", "夜里充电桩排长队",
        "医院门口的公交站台漏雨", "学校那边公交站台缺座椅", "公交站台字太小老人看不清", "滨河路公交站台灯箱不亮", "把公交站台往路口挪一挪",
    ]  # fmt: skip
    made = propose(group((str(number), text) for number, text in enumerate(words)), {})
    found = {term for one in made for term in one.terms[:2]}
    assert "充电桩" in found
    assert "公交站台" in found
    assert sorted(len(one.opinions) for one in made) == [5, 5]


def test_operations_of_an_officer():
    assert work.confirm(SMALL, "x")[0].confirmed
    assert work.rename(SMALL, "x", " 停车 ")[0].title == "停车"
    merged = work.merge(SMALL, "x", ["y"])
    assert [one.opinions for one in merged] == [("1", "2", "3", "4", "5"), ("6",)]
    apart = work.split(SMALL, "x", ["2"], "另")
    assert [one.opinions for one in apart] == [("1", "3"), ("2",), ("4", "5"), ("6",)]
    assert [one.opinions for one in work.move(SMALL, ["4", "5"], "x")] == [("1", "2", "3", "4", "5"), ("6",)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: work.rename(SMALL, "x", " "),
        lambda: work.merge(SMALL, "x", ["z"]),
        lambda: work.merge((theme("p", "1", stance="for"), theme("q", "2", stance="against")), "p", ["q"]),
        lambda: work.split(SMALL, "x", ["1", "2", "3"], "全部"),
        lambda: work.split(SMALL, "x", ["4"], "别人的"),
        lambda: work.split(SMALL, "x", [], "空"),
        lambda: work.move(SMALL, ["6"], "x"),
        lambda: work.confirm(SMALL, "none"),
    ],
)
def test_operations_that_would_mix_or_lose_are_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        wrong()


@settings(deadline=None)
@given(st.data())
def test_no_run_of_operations_loses_an_original(data):
    themes = SMALL
    for _ in range(data.draw(st.integers(1, 12))):
        name = data.draw(st.sampled_from([one.id for one in themes]))
        picked = data.draw(st.lists(st.sampled_from("123456"), unique=True))
        other = data.draw(st.sampled_from([one.id for one in themes]))
        action = data.draw(st.sampled_from(["merge", "split", "move", "confirm"]))
        before = themes
        try:
            if action == "merge":
                themes = work.merge(themes, name, [other])
            elif action == "split":
                themes = work.split(themes, name, picked, "新")
            elif action == "move":
                themes = work.move(themes, picked, name)
            else:
                themes = work.confirm(themes, name)
        except ValueError:
            assert themes == before
        assert opinions_of(themes) == list("123456")
        assert len({one.id for one in themes}) == len(themes)


def test_concentrated_by_authors_by_share_or_by_hand():
    many = tuple(f"m{number}" for number in range(100))
    themes = (
        theme("big", *many[:90]),
        theme("five", *many[90:95]),
        theme("one", *many[95:99]),
        theme("hand", many[99]),
    )
    everybody = {name: name for name in many}
    assert concentrated(themes, everybody, marked=["hand", "unknown"]) == {"big", "five", "hand"}
    same_person = dict.fromkeys(many, "one person")
    assert concentrated(themes, same_person) == {"big"}
    assert concentrated(themes, everybody, Thresholds(4, Fraction(1))) == {"big", "five", "one"}
    assert concentrated((), {}) == set()


def test_dispositions_come_from_the_theme_and_may_be_its_own():
    groups = [Group("g", "甲", ("1", "2"), ()), Group("h", "乙", ("3",), ())]
    given_out = receipts(
        SMALL, groups, {"1": "p", "2": "p"}, {"x": Disposition("adopted"), "y": Disposition("not_adopted", "已有规定")},
        {"3": Disposition("out_of_scope", "归口县里")},
    )  # fmt: skip
    assert [(each.opinion, each.kind, each.own) for each in given_out] == [
        ("1", "adopted", False), ("2", "adopted", False), ("3", "out_of_scope", True),
        ("4", "not_adopted", False), ("5", "not_adopted", False), ("6", "", False),
    ]  # fmt: skip
    report = feedback(given_out, {"x": "停车", "y": "路灯", "z": "其他"}, {"z"})
    assert [(line.title, line.kind, line.raw, line.distinct, line.authors) for line in report.lines] == [
        ("停车", "adopted", 2, 1, 1), ("停车", "out_of_scope", 1, 1, 1), ("路灯", "not_adopted", 2, 2, 2), ("其他", "", 1, 1, 1),
    ]  # fmt: skip
    assert (report.raw, report.distinct, report.authors) == (6, 5, 5)
    assert disagreements(report, given_out) == []
    assert [line.theme for line in unanswered(report)] == ["z"]


@pytest.mark.parametrize("kind", ["not_adopted", "partly", "out_of_scope"])
def test_a_concentrated_theme_refused_without_reason_keeps_the_feedback_back(kind):
    themes = (theme("x", "1", "2", "3", "4", "5"),)
    many = concentrated(themes, {})
    silent = feedback(receipts(themes, [], {}, {"x": Disposition(kind, "  ")}, {}), {}, many)
    assert [line.theme for line in unanswered(silent)] == ["x"]
    told = feedback(receipts(themes, [], {}, {"x": Disposition(kind, "与上位法不符")}, {}), {}, many)
    assert unanswered(told) == []


def test_dispositions_of_nothing_are_refused():
    for by_theme, by_opinion in (
        ({"none": Disposition("adopted")}, {}), ({}, {"9": Disposition("adopted")}), ({"x": Disposition("perhaps")}, {}),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="not there|unknown"):
            receipts(SMALL, [], {}, by_theme, by_opinion)
    with pytest.raises(ValueError, match="two themes"):
        receipts((theme("x", "1"), theme("y", "1")), [], {}, {}, {})


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_every_number_is_the_sum_of_the_receipts_and_a_changed_one_is_found(data):
    kinds = st.sampled_from([Disposition("adopted"), Disposition("not_adopted", "理由"), Disposition("partly", "部分")])
    by_theme = {one.id: data.draw(kinds) for one in THEMES if data.draw(st.booleans())}
    by_opinion = data.draw(st.dictionaries(st.sampled_from(sorted(CLAUSE)), kinds, max_size=20))
    given_out = receipts(THEMES, GROUPS, {}, by_theme, by_opinion)
    report = feedback(given_out, {one.id: one.title for one in THEMES}, concentrated(THEMES, {}))
    assert report.raw == len(MADE.opinions)
    assert disagreements(report, given_out) == []
    place = data.draw(st.integers(0, len(report.lines) - 1))
    field = data.draw(st.sampled_from(["raw", "distinct", "authors"]))
    line = replace(report.lines[place], **{field: getattr(report.lines[place], field) + 1})
    told = replace(report, lines=(*report.lines[:place], line, *report.lines[place + 1 :]))
    assert disagreements(told, given_out)
    assert disagreements(report, given_out[1:])
