"""Lists at the desk: a spreadsheet of two thousand entries comes in with twelve faults and goes out without one."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from openpyxl import Workbook
from tests.e2e.conftest import Walk

pytestmark = pytest.mark.browser
UNIT, TITLE = "fgw", "通辽市发展和改革委员会行政事业性收费目录清单"
COUNT = 2000
HEADING = (
    *("收费项目编码", "部门", "收费项目名称", "收费对象", "收费标准", "执收单位", "资金管理方式", "是否涉企"),
    *("立项依据", "投诉举报电话"),
)
# Place in the list: the column that is wrong, what is written there, and what should be.
FAULTS = {
    3: ("收费项目编码", "", "F000003"),
    40: ("收费项目编码", "f-40", "F000040"),
    111: ("收费标准", "—", "免收"),
    222: ("资金管理方式", "留在单位", "缴入地方国库"),
    333: ("是否涉企", "看情况", "否"),
    444: ("立项依据", "", "演示依据文件"),
    555: ("收费项目名称", "", "演示收费555"),
    666: ("投诉举报电话", "打电话", "12345"),
    999: ("执收单位", "", "演示单位"),
    1234: ("收费项目编码", "F000001", "F001234"),
    1500: ("收费对象", "", "申请人"),
    1999: ("部门", "", "自然资源"),
}


def fees(path: Path, count: int = COUNT) -> Path:
    """As an office makes it: a title over all columns, numbers as text, signatures below."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["行政事业性收费目录清单（演示数据）"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(HEADING))
    sheet.append(list(HEADING))
    for number in range(1, count + 1):
        row = [
            f"F{number:06}",
            "自然资源",
            f"演示收费{number}",
            "申请人",
            f"每件{number}元",
            "演示单位",
            "缴入地方国库",
        ]
        row += ["否", "演示依据文件", "12345"]
        if number in FAULTS:
            row[HEADING.index(FAULTS[number][0])] = FAULTS[number][1]
        sheet.append(row)
    sheet.append(["填表人：演示", "", "负责人：演示"])
    book.save(path)
    return path


@pytest.mark.task("O7")
def test_list_keeper_imports_two_thousand_entries_with_twelve_faults(walk: Walk, phone: Walk, tmp_path: Path) -> None:
    walk.sign_in(f"{UNIT}-nicao")
    walk.open("/desk/registers/")
    walk.shot("registers")
    begin = walk.page.locator("#begin")
    if begin.get_attribute("open") is None:
        begin.locator("summary").click()
    walk.page.get_by_label("清单种类").select_option(label="行政事业性收费目录清单（第5条）")
    walk.page.get_by_label("表格文件").set_input_files(fees(tmp_path / "收费清单.xlsx"))
    walk.press("新建并核对")
    walk.comes("12行有错", "第5行", "第42行", "资金管理方式")
    work = urlsplit(walk.page.url).path.removesuffix("faults/")
    walk.shot("faults")
    phone.sign_in(f"{UNIT}-nicao")
    phone.open(f"{work}faults/")
    phone.shot("faults")
    for number, (column, _written, right) in FAULTS.items():
        row = walk.page.locator("tbody", has=walk.page.get_by_text(f"第{number + 2}行", exact=True))
        row.get_by_label(column, exact=True).first.fill(right)
    walk.press("保存，没有错就提交审定")
    walk.sees("提交审定，已办妥", "待负责人审定", "要公开的内容", "共2000条")
    walk.shot("handed-in")
    walk.sign_in(f"{UNIT}-fuzeren")
    walk.press(f"审定《{TITLE}》")
    walk.sees("审定，已办妥")
    walk.sign_in(f"{UNIT}-baomi")
    walk.follow(walk.page.get_by_role("link", name=f"保密审查通过《{TITLE}》"))
    walk.sees("要公开的内容", "抽看10条", "没有查出")
    walk.shot("review")
    walk.press("保密审查通过")
    walk.sign_in(f"{UNIT}-gongkai")
    walk.press(f"公开《{TITLE}》")
    walk.sees("公开，已办妥")
    walk.finish(6)

    walk.sign_in(f"{UNIT}-nicao")
    for person in (walk, phone):
        for page in ("work", "columns", "entries", "preview", "entries/new"):
            person.open(f"{work}{page}/")
            person.shot(page.replace("/", "-"))
            assert person.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page
    walk.open(f"{work}entries/?q=演示收费77")
    walk.follow("修改F000077")
    walk.page.get_by_label("收费标准", exact=True).fill("每件70元")
    walk.press("保存")
    walk.sees("每件77元", "每件70元", "还有1条变化没有写明怎样调整")
    walk.shot("changes")
    phone.open(f"{work}changes/")
    phone.shot("changes")
    phone.open("/desk/registers/")
    phone.shot("registers")
    walk.page.get_by_label("调整方式").select_option("保留")
    walk.page.get_by_label("调整日期").fill("2026-11-20")
    walk.page.get_by_label("调整依据").fill("演示文件〔2026〕1号")
    walk.press("写明")
    walk.sees("调整：保留，2026-11-20")
    walk.open(f"{work}work/")
    walk.shot("work-open")
    walk.press("提交审定")
    walk.sees("待负责人审定")
    walk.finish()
    phone.finish()


def test_what_cannot_be_read_and_what_was_guessed(walk: Walk, tmp_path: Path) -> None:
    walk.sign_in("rsj-nicao")
    walk.open("/desk/register/new/?register_kind=administrative_fees")
    walk.shot("new")
    walk.press("新建并核对")
    (tmp_path / "图.png").write_bytes(b"\x89PNG nothing")
    walk.page.get_by_label("表格文件").set_input_files(tmp_path / "图.png")
    walk.press("上传并核对")
    walk.sees("读不了", "这不是表格文件")
    walk.shot("unreadable")
    book = Workbook()
    assert book.active is not None
    book.active.append(["收费项目的编码", "部门", "收费项目名称", "收费的标准", "对象是谁"])
    book.active.append(["F000001", "演示", "演示收费", "每件1元", "申请人"])
    book.save(tmp_path / "猜.xlsx")
    walk.page.get_by_label("表格文件").set_input_files(tmp_path / "猜.xlsx")
    walk.press("上传并核对")
    walk.sees("是猜的", "没有找到必填的栏目")
    walk.shot("columns")
    walk.finish()
