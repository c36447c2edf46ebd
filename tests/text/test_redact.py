import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingtang.text.redact import MARK, Cut, CutError, apply_cuts, remaining

TEXT = "经查，张某某于三月举报李某某，张某某要求保密。"


def cut(
    quote: str, start: int | None = None, end: int | None = None, reason: str = "个人隐私", ground: str = "第十五条"
) -> Cut:
    return Cut(quote, reason, ground, start, end)


@pytest.mark.scenario("S18.1b")
def test_nothing_of_a_cut_stays() -> None:
    made = apply_cuts(TEXT, [cut("张某某"), cut("李某某", 11, 14)])
    assert made == f"经查，{MARK}于三月举报{MARK}，{MARK}要求保密。"
    assert remaining(made, [cut("张某某"), cut("李某某")]) == []


def test_a_cut_at_one_place_leaves_the_others_and_says_so() -> None:
    made = apply_cuts(TEXT, [cut("张某某", 3)])
    assert made == f"经查，{MARK}于三月举报李某某，张某某要求保密。"
    assert remaining(made, [cut("张某某", 3)]) == [(1, made.index("张某某"))]


@pytest.mark.parametrize(
    ("cuts", "code", "number"),
    [
        ([cut("")], "empty", 1),
        ([cut("张某某", reason=" ")], "reason_missing", 1),
        ([cut("李某某"), cut("张某某", ground="")], "ground_missing", 2),
        ([cut("王某某")], "not_found", 1),
        ([cut("张某某", 4)], "moved", 1),
        ([cut("张某某", -100)], "moved", 1),
        ([cut("张某某", 3, 5)], "moved", 1),
        ([cut("张某某", 3), cut("某某于", 4)], "overlap", 2),
        ([cut("张某某"), cut("张某某", 3)], "overlap", 2),
    ],
)
def test_cuts_that_do_not_fit(cuts: list[Cut], code: str, number: int) -> None:
    with pytest.raises(CutError) as raised:
        apply_cuts(TEXT, cuts)
    assert (raised.value.code, raised.value.number) == (code, number)
    assert str(number) in raised.value.message


@given(st.text(max_size=60), st.data())
def test_marks_tell_nothing_of_the_length(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    if start == end:
        return
    assert apply_cuts(text, [cut(text[start:end], start, end)]) == text[:start] + MARK + text[end:]
