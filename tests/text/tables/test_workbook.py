import io
import zipfile

import pytest
from openpyxl import Workbook
from tests.text.tables.samples import GOOD_CODE, book, kind, saved

from mingtang.text.tables.headings import chosen, find_table
from mingtang.text.tables.workbook import read_workbook
from mingtang.text.upload_errors import UploadError

HEAD = [
    "序号",
    "当事人",
    "统一社会\n信用代码",
    "决定书文号*",
    "处罚类别",
    "罚款金额（万元）",
    "没收金额",
    "罚没合计",
    "处罚决定日期",
    "公示截止期",
]


def table(data: bytes, name: str = "a.xlsx"):  # type: ignore[no-untyped-def]
    sheet = read_workbook(name, data).sheets[0]
    return find_table(sheet, kind())


def test_title_and_notes_above_repeated_headings_totals_and_signatures_below() -> None:
    row = [1, "甲公司", GOOD_CODE, "通罚〔2026〕1号", "罚款", 1.5, 0, 1.5, "2026-01-03", "2026-04-03"]
    rows = [
        ["通辽市某局2026年行政处罚公示表"],
        ["填报单位：某局", "", "", "", "单位：万元"],
        [],
        HEAD,
        row,
        HEAD,
        [2, "乙公司", "", "通罚〔2026〕2号", "警告", 0, 0, 0, "2026-01-04", ""],
        ["小计", "", "", "", "", 1.5, 0, 1.5],
        ["合  计", "", "", "", "", 1.5, 0, 1.5],
        ["注：罚款已缴清"],
        ["填表人：张三", "审核人：李四", "", "负责人：王五"],
    ]
    found = table(book(rows, merged=["A1:J1"]))
    assert [column.field for column in found.columns] == [
        *("", "party", "credit_code", "document_number", "category", "fine", "confiscated", "total", "decided_on"),
        "shown_until",
    ]
    assert [number for number, _cells in found.rows] == [5, 7]
    assert [number for number, _cells in found.totals] == [9]
    assert found.missing(kind()) == []


def test_headings_merged_over_two_rows_and_cells_merged_downwards() -> None:
    rows = [
        ["处罚公示", "", "", "", "", ""],
        ["相对人", "", "处罚", "", "", ""],
        ["行政相对人名称", "统一社会信用代码", "决定书文号", "处罚类别", "罚款金额", "处罚决定日期"],
        ["甲公司", GOOD_CODE, "1号", "罚款", 1, "2026-01-03"],
        ["", "", "2号", "警告", 0, "2026-01-04"],
    ]
    found = table(book(rows, merged=["A1:F1", "A2:B2", "C2:F2", "A4:A5", "B4:B5"]))
    assert {column.field for column in found.columns} >= {"party", "document_number", "decided_on"}
    assert found.rows[1][1][:2] == ["甲公司", GOOD_CODE]


def test_lines_merged_over_all_columns_are_no_rows() -> None:
    rows = [
        ["行政相对人名称", "统一社会信用代码", "行政处罚决定书文号", "处罚类别"],
        ["一、市场监管领域"],
        ["甲公司", GOOD_CODE, "通罚[2026]1号", "罚款"],
        ["二、生态环境领域"],
        ["乙公司", GOOD_CODE, "通罚[2026]2号", "警告"],
        ["注：1.本表由各单位填报。"],
    ]
    data = book(rows, merged=["A2:D2", "A4:D4", "A6:D6"])
    found = find_table(read_workbook("a.xlsx", data).sheets[0], kind())
    assert found is not None
    assert [(number, cells[0]) for number, cells in found.rows] == [(3, "甲公司"), (5, "乙公司")]


def test_a_guess_has_to_be_confirmed() -> None:
    found = table(book([["当事人名称", "文号", "处罚决定日期"], ["甲", "1号", "2026-01-03"]]))
    guess = found.columns[0]
    assert (guess.field, guess.sure) == ("party", False)
    settled = chosen(found, {0: "party", 1: ""})
    assert settled.columns[0].sure and settled.missing(kind()) == ["行政处罚决定书文号"]


def test_a_sheet_of_something_else_is_no_table() -> None:
    assert table(book([["姓名", "年龄"], ["甲", 3]])) is None


def test_csv_in_the_encoding_offices_use() -> None:
    text = "当事人,决定书文号,处罚决定日期\r\n甲公司,通罚〔2026〕1号,2026年1月3日\r\n"
    found = table(text.encode("gb18030"), "表.csv")
    assert found.rows[0][1][0] == "甲公司"


def test_what_is_hidden_is_told() -> None:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(HEAD)
    for number in range(3):
        sheet.append([number, "甲", "", f"{number}号", "警告", 0, 0, 0, "2026-01-03", ""])
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[3].hidden = True
    secret = made.create_sheet("账号")
    secret.append(["银行账号"])
    secret.sheet_state = "hidden"
    read = read_workbook("a.xlsx", saved(made))
    assert any("工作表“账号”是隐藏的" in note for note in read.notes)
    assert read.sheets[0].hidden_columns == {2} and read.sheets[0].hidden_rows == {2}
    assert any("第3行" in note for note in read.notes) and any("第3列" in note for note in read.notes)


def _zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 ...", "wrong_kind"),
        (b"PK\x03\x04broken", "malformed"),
        (_zip({"word/document.xml": b"<x/>"}), "wrong_kind"),
        (_zip({"xl/workbook.xml": b"<x/>", "xl/vbaProject.bin": b"1"}), "macro"),
        (_zip({"xl/workbook.xml": bytes(450 * 1024 * 1024)}), "zip_bomb"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "malformed"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (book([]), "empty"),
        (b" , ,\r\n,,", "empty"),
    ],
    ids=["empty", "pdf", "broken", "docx", "macro", "bomb", "old", "encrypted", "nothing", "commas"],
)
def test_what_cannot_be_taken_says_why(data: bytes, code: str) -> None:
    with pytest.raises(UploadError) as refused:
        read_workbook("a.xlsx", data)
    assert refused.value.code == code and str(refused.value)
