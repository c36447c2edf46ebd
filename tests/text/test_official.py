"""A body sorted into the elements of an official paper, without losing a line."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mingtang.text.official import elements_of

BODY = """各旗县市区人民政府：
现将事项通知如下。
一、总体要求
（一）减材料。能不交的一律不交。
1.第一项。
项目\t金额
道路\t100
附件：1.任务分工表
2.联系人名单
通辽市教育局 通辽市民政局
2026年3月2日
（此件公开发布）
抄送：市委办公厅，市人大常委会办公室。
通辽市教育局办公室 2026年3月3日印发
附件1
任务分工表
序号\t任务
1\t减材料
附件2
联系人名单
另行通知。"""


def test_every_element_finds_its_place() -> None:
    found = elements_of(BODY, addressees="各旗县市区人民政府")
    assert [row["kind"] for row in found.rows] == ["paragraph", "heading", "paragraph", "paragraph", "table"]
    assert (found.rows[2]["lead"], found.rows[2]["face"]) == ("（一）减材料。", "kai")
    assert found.rows[4]["cells"] == [["项目", "金额"], ["道路", "100"]]
    assert found.listed == ["任务分工表", "联系人名单"]
    assert found.signers == ["通辽市教育局", "通辽市民政局"] and found.day == "2026年3月2日"
    assert found.notes == ["（此件公开发布）"]
    assert found.copies == "市委办公厅，市人大常委会办公室"
    assert (found.printed_by, found.printed_on) == ("通辽市教育局办公室", "2026年3月3日")
    assert [(annex.head, annex.title) for annex in found.annexes] == [
        ("附件1", ["任务分工表"]),
        ("附件2", ["联系人名单"]),
    ]
    assert found.annexes[0].rows[0]["kind"] == "table"


def test_a_text_that_is_issued_has_its_own_pages_without_a_head() -> None:
    found = elements_of(
        "现印发给你们。\n通辽市教育局\n2026年3月2日\n课后服务实施意见\n一、目标\n（一）覆盖。全部学校。"
    )
    assert [(annex.head, annex.title) for annex in found.annexes] == [("", ["课后服务实施意见"])]
    assert found.annexes[0].rows[0]["lead"] == "一、目标"


def test_formal_chapters_stand_in_the_middle() -> None:
    found = elements_of("第一章 总则\n第一条 为了便民，制定本办法。\n第二条 本办法适用于全市。")
    assert found.rows[0]["align"] == "center" and found.rows[0]["face"] == "hei"
    assert found.rows[1]["lead"].startswith("第一条")


def test_addressees_that_differ_from_the_field_stay() -> None:
    found = elements_of("市直各学校：\n请办理。", addressees="各旗县市区人民政府")
    assert found.rows[0]["text"] == "市直各学校：" and not found.rows[0]["indent"]


@given(st.lists(st.sampled_from(BODY.split("\n")), max_size=25))
def test_no_word_is_lost_in_any_order(lines: list[str]) -> None:
    found = elements_of("\n".join(lines))
    rows = [*found.rows, *(row for annex in found.annexes for row in annex.rows)]
    kept = "".join(
        "".join(cell for cells in row["cells"] for cell in cells)
        if row["kind"] == "table"
        else row["lead"] + row["text"]
        for row in rows
    )
    kept += "".join(
        [*found.listed, *found.signers, found.day, *found.notes, found.copies, found.printed_by, found.printed_on]
    )
    kept += "".join(annex.head + "".join(annex.title) for annex in found.annexes)
    for line in lines:
        bare = re.sub(r"^(附件：)?\d\.|^抄送：|印发$|[\s。]", "", line)
        for word in re.split(r"\s", bare):
            assert word in re.sub(r"[\s。]", "", kept), (word, kept)
