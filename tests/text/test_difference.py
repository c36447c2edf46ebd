import time

from hypothesis import given, settings
from hypothesis import strategies as st

from mingtang.text.difference import Change, readable, segments
from mingtang.text.papers import parse_paper

OLD = parse_paper(
    "云滩市教育局关于补助的通知\n各区：\n一、对象\n（一）学生。家庭困难的学生，每人每年500元。\n（二）教师。乡村教师，每人每月200元。\n二、办法\n（三）申请。向学校申请。"
).blocks
NEW = parse_paper(
    "云滩市教育局关于补助的通知\n各区：\n一、对象\n（一）学生。家庭困难的学生，每人每年800元。\n（二）校工。食堂校工，一次性100元。\n（三）教师。乡村教师，每人每月200元。\n二、办法\n（四）申请。网上即可办理。"
).blocks


def old_text(made: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> str:
    return "".join(text for operation, text in made if operation != "insert")


def new_text(made: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> str:
    return "".join(text for operation, text in made if operation != "delete")


def by_new_id(changes: list[Change]) -> dict[str, Change]:
    return {change.new_id: change for change in changes if change.new_id}


def test_articles_keep_their_partner_when_one_is_put_in() -> None:
    changes = by_new_id(readable(OLD, NEW))
    assert (changes["a1"].kind, changes["a1"].old_id) == ("changed", "a1")
    assert ("delete", "5") in changes["a1"].segments
    assert ("insert", "8") in changes["a1"].segments
    assert (changes["a2"].kind, changes["a2"].old_id) == ("inserted", "")
    assert (changes["a3"].kind, changes["a3"].old_id) == ("changed", "a2")  # only its number
    assert new_text(changes["a3"].segments[1:]) == "三）教师。乡村教师，每人每月200元。"
    assert (changes["a4"].kind, changes["a4"].old_id) == ("changed", "a3")
    assert changes["c1"].kind == changes["c2"].kind == "same"


def test_a_deleted_article_is_shown_whole() -> None:
    deleted = [change for change in readable(NEW, OLD) if change.kind == "deleted"]
    assert [change.old_id for change in deleted] == ["a2"]
    assert deleted[0].segments == (("delete", "（二）校工。食堂校工，一次性100元。"),)


def test_plain_text_line_by_line() -> None:
    changes = readable("甲\n乙乙乙乙\n丙", "甲\n乙乙丁乙乙\n丙\n戊")
    assert [change.kind for change in changes] == ["same", "changed", "same", "inserted"]
    assert changes[1].segments == (("equal", "乙乙"), ("insert", "丁"), ("equal", "乙乙"))
    assert readable("", "") == []


def test_markup_is_left_as_text() -> None:
    assert segments("<b>甲", "<i>甲") == [("equal", "<"), ("delete", "b"), ("insert", "i"), ("equal", ">甲")]


TEXTS = st.text(alphabet="甲乙丙丁。，1\n<", max_size=60)


@given(TEXTS, TEXTS)
def test_segments_rebuild_both_texts(old: str, new: str) -> None:
    made = segments(old, new)
    assert (old_text(made), new_text(made)) == (old, new)
    assert all(text for _, text in made)
    assert (old == new) is all(operation == "equal" for operation, _ in made)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_changes_rebuild_both_texts(old: str, new: str) -> None:
    changes = readable(old, new)
    was = [old_text(change.segments) for change in changes if change.kind != "inserted"]
    now = [new_text(change.segments) for change in changes if change.kind != "deleted"]
    assert ("\n".join(was), "\n".join(now)) == (old, new)


def test_long_paragraphs_do_not_stall() -> None:
    old = "".join(f"第{number}项工作由有关单位负责，按时完成。" for number in range(2000))
    new = old.replace("第700项工作", "第700项新工作").replace("按时完成。第900", "尽快完成。第900")
    before = time.perf_counter()
    made = segments(old, new)
    assert time.perf_counter() - before < 5
    assert (old_text(made), new_text(made)) == (old, new)
    assert sum(len(text) for operation, text in made if operation == "insert") < 10
