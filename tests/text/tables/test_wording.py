import pytest

from mingtang.text.tables.wording import LimitText, cites_law, is_vague, limit_text

STOCK = ("不宜公开", "内部文件", "国家秘密")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("形成之日起20个工作日内", LimitText("within", 20, "working_days")),
        ("自信息形成或者变更之日起２０个工作日以内", LimitText("within", 20, "working_days")),
        ("自作出决定之日起七个工作日内", LimitText("within", 7, "working_days")),
        ("批复后二十日内", LimitText("within", 20, "calendar_days")),
        ("发生后24小时内", LimitText("within", 24, "clock_hours")),
        ("每季度首月15日前", LimitText("periodic", months=3, due_month=1, due_day=15)),
        ("每季度结束后15日内", LimitText("periodic", months=3, due_month=1, due_day=15)),
        ("每年3月31日前", LimitText("periodic", months=12, due_month=3, due_day=31)),
        ("每年１月底前", LimitText("periodic", months=12, due_month=1)),
        ("每月10日前", LimitText("periodic", months=1, due_month=1, due_day=10)),
        ("每半年", LimitText("periodic", months=6)),
        ("每年公开一次", LimitText("periodic", months=12)),
        ("及时", LimitText("promptly")),
    ],
)
def test_a_limit_is_read_from_its_words(text: str, said: LimitText) -> None:
    assert limit_text(text) == said


@pytest.mark.parametrize("text", ["长期公开", "", "按规定", "0个工作日内", "每季度4月15日前", "每月32日前"])
def test_what_cannot_be_counted_is_no_limit(text: str) -> None:
    assert limit_text(text) is None


@pytest.mark.parametrize("text", ["内部文件", "其他不宜公开的信息", "有关资料", "国家秘密", "甲乙"])
def test_stock_wordings_are_vague(text: str) -> None:
    assert is_vague(text, STOCK)


@pytest.mark.parametrize("text", ["启用前的考试试题", "涉及国家秘密的勤务安排", "举报人姓名"])
def test_a_particular_matter_is_not(text: str) -> None:
    assert not is_vague(text, STOCK)


def test_a_law_is_cited_with_its_article() -> None:
    assert cites_law("《中华人民共和国保守国家秘密法》第十三条") and cites_law(
        "《政府信息公开条例》（2019年修订）第16条第2款"
    )
    assert not cites_law("《中华人民共和国保守国家秘密法》") and not cites_law("法律第十三条")
