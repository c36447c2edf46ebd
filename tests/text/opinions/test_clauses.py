"""Clauses of a draft and quotations found again in the next version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingtang.text.opinions.clauses import Quotation, anchor_all, clauses_of, quote

OLD = (
    "第一章 总则\n第一条 为了规范停车管理，制定本办法。\n本办法适用于本市市区。\n第二条 收费标准每小时不超过五元，由发展改革部门公布。\n"
    "第二章 附则\n第三条 违反规定停车的，由公安机关责令驶离。\n第四条 本办法自公布之日起施行。"
)
NEW = (
    "第一章 总则\n第一条 为了规范停车管理，制定本办法。\n本办法适用于本市市区。\n第二条 停车设施应当向社会开放，鼓励错时共享。\n"
    "第三条 收费标准每小时不超过三元，由发展改革部门公布。\n第二章 附则\n第四条 本办法自公布之日起施行。"
)


def test_clauses_have_the_ids_of_the_public_page():
    clauses = clauses_of(OLD)
    assert [each.id for each in clauses] == ["c1", "a1", "a1p2", "a2", "c2", "a3", "a4"]
    assert [each.under for each in clauses] == [(), ("c1",), ("c1", "a1"), ("c1",), (), ("c2",), ("c2",)]
    assert [each.id for each in clauses if not each.commentable] == ["c1", "c2"]
    assert clauses_of(OLD) == clauses
    assert clauses_of("") == []


def test_kept_changed_and_gone():
    clauses = {each.id: each for each in clauses_of(OLD)}
    marked = [
        quote(clauses["a1"], "规范停车管理"),
        quote(clauses["a2"], "由发展改革部门公布"),
        quote(clauses["a2"], "每小时不超过五元"),
        quote(clauses["a3"], "由公安机关责令驶离"),
    ]
    anchors = anchor_all(marked, OLD, NEW)
    texts = {each.id: each.text for each in clauses_of(NEW)}
    assert [(each.state, each.clause) for each in anchors] == [
        ("kept", "a1"), ("kept", "a3"), ("changed", "a3"), ("gone", ""),
    ]  # fmt: skip
    assert texts["a3"][anchors[1].start : anchors[1].end] == "由发展改革部门公布"
    assert texts["a3"][anchors[2].start : anchors[2].end] == "每小时不超过三元"
    assert anchors[2].changes == (("equal", "每小时不超过"), ("delete", "五"), ("insert", "三"), ("equal", "元"))


def test_words_put_into_another_article_have_moved():
    new = OLD.replace("，由发展改革部门公布", "").replace("起施行。", "起施行，停车价格由发展改革部门公布。")
    anchor = anchor_all([Quotation("a2", "由发展改革部门公布", 20)], OLD, new)[0]
    assert (anchor.state, anchor.clause) == ("moved", "a4")


def test_words_that_are_not_in_the_clause_cannot_be_quoted():
    with pytest.raises(ValueError, match="does not say"):
        quote(clauses_of(OLD)[1], "收费标准")
    with pytest.raises(ValueError, match="does not say"):
        quote(clauses_of(OLD)[1], "")


@given(st.data())
def test_the_same_version_keeps_every_quotation_in_its_place(data):
    clause = data.draw(st.sampled_from(clauses_of(OLD)))
    start = data.draw(st.integers(0, len(clause.text) - 1))
    end = data.draw(st.integers(start + 1, len(clause.text)))
    marked = quote(clause, clause.text[start:end], start)
    anchor = anchor_all([marked], OLD, OLD)[0]
    assert (anchor.state, anchor.clause, anchor.start, anchor.end) == ("kept", clause.id, start, end)
    later = anchor_all([marked], OLD, NEW)[0]
    texts = {each.id: each.text for each in clauses_of(NEW)}
    assert later.state == "gone" or 0 <= later.start < later.end <= len(texts[later.clause])
