"""Lists and folders of old sites as they really are: merged headings, hidden rows, every way to write a day, hostile ZIPs."""

import io
import struct
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from mingtang.text.mapping_sheets import read_day, read_sheet
from mingtang.text.old_addresses import local_part, place_of
from mingtang.text.paper_sources import LIMIT_ENTRIES, PaperSource
from mingtang.text.uploads import UploadError


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "written",
    [
        *("2017-01-25", "2017/1/25", "2017.1.25", "2017年1月25日", "二〇一七年一月二十五日", "二○一七年元月二十五日"),
        *("20170125", "２０１７年１月２５日", "2017-01-25 10:30:00", "42760", "2017年01月25日 发布"),
        *(42760, 42760.5, 20170125, date(2017, 1, 25), datetime(2017, 1, 25, 9, 30)),
    ],
)
def test_every_way_to_write_a_day(written: Any) -> None:
    assert read_day(written) == date(2017, 1, 25)


@pytest.mark.parametrize("written", ["去年", "2017年2月30日", "13812345678", 7, -1, 10**12, "", "2017", True])
def test_what_is_no_day_is_none(written: Any) -> None:
    assert read_day(written) is None


def test_merged_headings_hidden_rows_and_sheets() -> None:
    book = Workbook()
    secret = book.active
    secret.title, secret.sheet_state = "账号", "hidden"
    secret.append(["文件名", "标题"])
    secret.append(["x.txt", "银行账号"])
    sheet = book.create_sheet("对照表")
    sheet.append(["旧网站文件对照表"])
    sheet.merge_cells("A1:D1")
    sheet.append(["文件名", "日期", None, "单位"])
    sheet.append([None, "成文日期", "发布日期", None])
    for area in ("A2:A3", "B2:C2", "D2:D3"):
        sheet.merge_cells(area)
    sheet.append(["a.txt", datetime(2017, 1, 25), "二〇一七年一月二十六日", "教育局"])
    sheet.append(["b.txt", 42760, "2017.1.27", None])
    sheet.merge_cells("D4:D5")
    sheet.append(["c.txt", None, None, "隐藏的"])
    sheet.row_dimensions[6].hidden = True
    read = read_sheet(saved(book))
    assert [(row.number, row.texts, row.days) for row in read.rows] == [
        (4, {"file": "a.txt", "unit": "教育局"}, {"written_on": date(2017, 1, 25), "published_on": date(2017, 1, 26)}),
        (5, {"file": "b.txt", "unit": "教育局"}, {"written_on": date(2017, 1, 25), "published_on": date(2017, 1, 27)}),
    ]
    assert [number for number, _ in read.left_out] == [6]


def test_a_csv_in_gbk_and_a_1904_workbook() -> None:
    read = read_sheet("文件名,成文日期,附件\na.txt,2017年1月25日,甲.pdf；乙.pdf\n".encode("gbk"))
    assert (read.rows[0].days["written_on"], read.rows[0].several("attachments")) == (
        date(2017, 1, 25),
        ["甲.pdf", "乙.pdf"],
    )
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["文件名", "成文日期"])
    book.active.append(["a.txt", 42760 - 1462])
    assert read_sheet(saved(book)).rows[0].days["written_on"] == date(2017, 1, 25)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("标题,文号\n通知,1号\n".encode(), "no_heading"),
        (b"PK\x03\x04 broken", "malformed"),
        (b"\x00\x01\x02", "binary"),
        (b"", "no_heading"),
    ],
)
def test_sheets_that_cannot_be_used(data: bytes, code: str) -> None:
    with pytest.raises(UploadError) as raised:
        read_sheet(data)
    assert raised.value.code == code


@given(st.binary(max_size=300))
def test_any_bytes_give_a_sheet_or_one_plain_refusal(data: bytes) -> None:
    try:
        read_sheet(data)
    except UploadError as error:
        assert not error.message.isascii()


def archive(path: Path, *names: str, content: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name in names:
            package.writestr(name, content)
    return path


def test_a_zip_is_read_file_by_file_within_limits(tmp_path: Path) -> None:
    with PaperSource(archive(tmp_path / "a.zip", "x/a.txt", "x/B.TXT", content=b"0" * 5000)) as source:
        assert source.names == ["x/B.TXT", "x/a.txt"]
        assert source.find("b.txt") == "x/B.TXT"
        assert source.find("x\\a.txt") == "x/a.txt"
        assert len(source.read("x/a.txt", limit_bytes=5000)) == 5000
        with pytest.raises(UploadError) as raised:
            source.read("x/a.txt", limit_bytes=4999)
        assert raised.value.code == "too_large"


@pytest.mark.parametrize(
    ("asked", "code"),
    [("c.txt", "missing"), ("../x/a.txt", "outside"), ("/etc/passwd", "outside"), ("C:\\a", "outside")],
)
def test_what_a_sheet_may_not_ask_for(tmp_path: Path, asked: str, code: str) -> None:
    with PaperSource(archive(tmp_path / "a.zip", "x/a.txt")) as source, pytest.raises(UploadError) as raised:
        source.find(asked)
    assert raised.value.code == code


def test_traps_in_a_zip_are_told_and_left_aside(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", "a.txt", "A.txt", "same/b.txt", "other/b.txt", "../up.txt", "in.zip", "C:/x.txt")
    with PaperSource(path) as source:
        assert source.names == ["other/b.txt", "same/b.txt"]
        assert [(one.name, one.code) for one in source.faults] == [
            ("A.txt", "ambiguous"),
            ("../up.txt", "outside"),
            ("in.zip", "nested"),
            ("C:/x.txt", "outside"),
        ]
        for asked in ("a.txt", "b.txt"):
            with pytest.raises(UploadError) as raised:
                source.find(asked)
            assert raised.value.code == "ambiguous"


def test_a_zip_that_claims_a_million_entries_is_not_even_opened(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", "a.txt")
    data = bytearray(path.read_bytes())
    end = data.rfind(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<I", 100 * 1024 * 1024)
    path.write_bytes(data)
    with pytest.raises(UploadError) as raised:
        PaperSource(path)
    assert raised.value.code == "too_large"
    assert str(LIMIT_ENTRIES) in raised.value.message


def test_a_folder_with_links_out_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.txt").write_text("x")
    (folder / "out").symlink_to("/etc")
    (folder / "passwd").symlink_to("/etc/passwd")
    with PaperSource(folder) as source:
        assert source.names == ["a.txt"]
        assert {one.name for one in source.faults} == {"out", "passwd"}


@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("http://www.old.example/a/b.html", "/a/b.html"),
        ("https://old.example:8080/a/b.html?id=1#top", "/a/b.html?id=1"),
        ("www.old.example/a/b.html", "/a/b.html"),
        ("/a/b.html", "/a/b.html"),
        ("/a/通知 1.html", "/a/%E9%80%9A%E7%9F%A5%201.html"),
        ("/a/%e9%80%9a%E7%9F%A5%201.html", "/a/%E9%80%9A%E7%9F%A5%201.html"),
        ("http://www.old.example/", ""),
        ("", ""),
        ("http://[", ""),
    ],
)
def test_old_addresses_have_one_form(address: str, part: str) -> None:
    assert local_part(address) == part
    assert bool(place_of(address)) == bool(part)


@given(st.text(max_size=80))
def test_the_place_of_any_address_stays_in_its_folder(address: str) -> None:
    place = place_of(address)
    assert place == "" or (place.startswith("moved/") and place.count("/") == 2 and ".." not in place)
