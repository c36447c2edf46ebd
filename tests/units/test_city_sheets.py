"""A city described in spreadsheets and TOML: what offices send, and everything that can be wrong with it."""

import io
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from mingtang.units import roles
from mingtang.units.city import vocabulary
from mingtang.units.city.description import read_description
from mingtang.units.city.known import Known, known_of
from mingtang.units.city.logo import clean_logo
from mingtang.units.city.profile_files import (
    CheckedCity,
    CityError,
    check_city,
    put_in_place,
    write_profile,
)
from mingtang.units.city.sheets import SheetError, tidy
from mingtang.units.city.template import template_workbook
from mingtang.units.profile import read_profile

INFO = {"城市（旗县）名称": "青禾县", "行政区划代码": "159921", "网站标识码": "1599210001"}
UNITS = [
    ["青禾县人民政府", "政府", ""],
    ["青禾县人民政府办公室", "", "青禾县人民政府"],
    ["青禾县教育局", "", ""],
]
PEOPLE = [
    ["甲某", "", "系统管理员"],
    ["乙某", "", "安全管理员"],
    ["丙某", "", "审计管理员"],
    ["丁某", "青禾县教育局", "起草人"],
]


def book(
    path: Path,
    units: list[list[Any]] | None = None,
    people: list[list[Any]] | None = None,
    info: dict[str, str] | None = None,
    headings: tuple[str, ...] = ("单位名称", "类别", "上级单位"),
    regions: list[list[Any]] | None = None,
) -> Path:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "基本信息"
    for row in (INFO | (info or {})).items():
        sheet.append(row)
    for title, first, rows in (
        ("单位", headings, UNITS if units is None else units),
        ("人员", ("姓名", "单位", "角色"), PEOPLE if people is None else people),
        ("地区", ("行政区划代码", "地区名称", "上级地区"), regions or []),
    ):
        sheet = made.create_sheet(title)
        for line in (first, *rows):
            sheet.append(list(line))
    made.save(path)
    return path


def checked(path: Path, known: Known | None = None) -> CheckedCity:
    return check_city(read_description(path), known or Known(), first=known is None)


def faults(path: Path) -> list[str]:
    with pytest.raises(CityError) as caught:
        checked(path)
    return caught.value.faults


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "city.xlsx"


def test_the_template_can_be_used_as_it_is_and_loads_as_a_profile(tmp_path: Path, file: Path) -> None:
    file.write_bytes(template_workbook())
    city = checked(file)
    assert [unit["code"] for unit in city.units[:3]] == ["g001", "o001", "d001"]
    assert city.index_example(2026) == "159921G001/2026-00001"
    write_profile(city, tmp_path / "profile", tmp_path / "none")
    profile = read_profile(tmp_path / "profile")
    assert (profile.name, profile.code) == ("青禾县", "c159921")
    assert profile.groups["service_centre_units"] == ("c001",)
    assert {row["code"] for row in profile.rows("units.csv")} == {unit["code"] for unit in city.units}
    # Nobody's name is in what the public process can read.
    assert not any("甲某系" in path.read_text() for path in profile.folder.iterdir())
    assert checked(file, known_of(tmp_path / "profile")).units == city.units


def test_words_for_roles_are_those_of_the_roles(db: Any) -> None:
    assert {role: str(label) for role, label in roles.ROLES.items()} == vocabulary.ROLES


def test_a_table_as_offices_make_it(file: Path) -> None:
    """Title and remarks above, a heading of two rows with merged cells, full-width digits, a total and notes below."""
    made = Workbook()
    info = made.active
    assert info is not None
    for row in INFO.items():
        info.append(row)
    sheet = made.create_sheet("Sheet2")
    rows = [
        ["青禾县机构编制一览表", None, None, None, None],
        ["填报单位：县委编办　　2026年11月", None, None, None, None],
        ["序号", "单位名称\n（全称）", "基本情况", None, "备注"],
        [None, None, "上级单位", "行政区划代码", None],
        [1, "青 禾 县 人 民 政 府", None, "１５９９２１", None],
        [2, "青禾县人民政府办公室", "青禾县人民政府", 159921, "合署"],
        [3, "青禾县教育局　", "青禾县人民政府", 159921.0, None],
        [4, "青禾县民政局", None, None, None],
        ["合计", "共4个", None, None, None],
        ["注：以上不含垂管单位。", None, None, None, None],
    ]
    for row in rows:
        sheet.append(row)
    sheet["D4"] = "所属地区"
    for area in ("A1:E1", "A3:A4", "B3:B4", "C3:D3", "C7:C8"):
        sheet.merge_cells(area)
    people = made.create_sheet("人员")
    for row in (("姓名", "单位", "角色"), *PEOPLE):
        people.append(row)
    hidden = made.create_sheet("旧表")
    hidden.append(["单位名称"])
    hidden.append(["不该读的局"])
    hidden.sheet_state = "hidden"
    made.save(file)
    description = read_description(file)
    city = check_city(description, Known(), first=True)
    names = {unit["name"]: unit for unit in city.units}
    assert list(names) == ["青禾县人民政府", "青禾县人民政府办公室", "青禾县教育局", "青禾县民政局"]
    assert names["青禾县民政局"]["parent"] == names["青禾县人民政府"]["code"] == "g001"
    assert names["青禾县人民政府办公室"]["kind"] == "general_office"
    assert {unit["region"] for unit in city.units} == {"159921"}
    assert any("隐藏的工作表" in word for word in city.warnings)


def test_every_fault_is_told_at_once_with_its_row(file: Path) -> None:
    found = faults(
        book(
            file,
            units=[
                *UNITS,
                ["青禾县教育局", "", ""],
                ["青禾县水利局", "水利部门", "青禾县没有的局"],
                ["", "部门", "青禾县人民政府"],
                ["青禾县甲局", "部门", "青禾县乙局"],
                ["青禾县乙局", "部门", "青禾县甲局"],
            ],
            people=[*PEOPLE, ["戊某", "没有的局", "司机"], ["甲某", "", "起草人"]],
            info={"网站标识码": "1505000099", "索引号格式": "{code}-{year}"},
        )
    )
    text = "\n".join(found)
    for words in (
        "“网站标识码”“1505000099”与行政区划代码“159921”对不上：标识码的前6位应当是“159921”",
        "“索引号格式”“{code}-{year}”不对",
        "“单位”表第5行“单位名称”“青禾县教育局”与“单位”表第4行重复",
        "“单位”表第6行“单位类别”“水利部门”不对",
        "“单位”表第6行“上级单位”：没有单位“青禾县没有的局”",
        "“单位”表第7行“单位名称”没有填",
        "上级单位绕成了圈：青禾县甲局→青禾县乙局→青禾县甲局",
        "“人员”表第6行“角色”：没有角色“司机”",
        "“人员”表第6行“单位”：没有单位“没有的局”",
        "“甲某”同时任起草人、系统管理员",
    ):
        assert words in text, words
    assert len(found) == 10


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"城市（旗县）名称": ""}, "“城市（旗县）名称”没有填"),
        ({"行政区划代码": ""}, "“行政区划代码”没有填"),
        ({"行政区划代码": "15992"}, "6位数字"),
        ({"行政区划代码": "999921", "网站标识码": ""}, "头两位 99"),
        ({"网站标识码": "12345"}, "应当是10位数字"),
        ({"网站域名": "青禾 县"}, "不带 http://"),
        ({"网站名称": "长" * 61}, "最多60个字"),
        ({"索引号格式": "{index_code} {year} {serial}"}, "不能有空格"),
        ({"索引号格式": "{index_code}/{serial}"}, "要同时有机构"),
        ({"索引号格式": "{index_code.__class__}{year}{serial}"}, "要同时有机构"),
        ({"启用的规则包": "opinion_2017、火星法"}, "没有规则包“火星法”"),
        ({"网站标志": "没有.png"}, "网站标志"),
    ],
)
def test_what_the_site_says_of_itself(file: Path, info: dict[str, str], words: str) -> None:
    assert words in "\n".join(faults(book(file, info=info)))


def test_other_forms_of_the_identification_code_and_missing_ones_are_warned_of(file: Path) -> None:
    for code, words in (("bm12345678", "再核对"), ("", "没有填"), ("N000000672", "再核对")):
        city = checked(book(file, info={"网站标识码": code}))
        assert any("网站标识码" in warning and words in warning for warning in city.warnings)
        assert city.info["identification_code"] == code


def test_a_place_without_an_office_or_a_government_is_refused(file: Path) -> None:
    assert "没有本级政府" in "\n".join(faults(book(file, units=[["青禾县教育局", "", ""]])))
    assert "没有办公厅（室）" in "\n".join(faults(book(file, units=[["青禾县人民政府", "", ""]])))
    assert "没有单位" in "\n".join(faults(book(file, units=[])))


def test_the_three_administrators_have_to_be_named_the_first_time_only(file: Path) -> None:
    book(file, people=PEOPLE[3:])
    assert "三员缺一不可" in "\n".join(faults(file))
    checked(file, Known(units=({"code": "g001", "name": "青禾县人民政府", "kind": "government", "region": "159921"},)))


def test_regions_circles_and_unknown_ones_are_told(file: Path) -> None:
    text = "\n".join(
        faults(
            book(
                file,
                regions=[
                    ["159921100", "甲镇", "乙镇"],
                    ["159921101", "乙镇", "甲镇"],
                    ["159921102", "丙镇", "没有的县"],
                    ["159921102", "丁镇", ""],
                    ["12", "戊镇", ""],
                ],
            )
        )
    )
    for words in ("上级地区绕成了圈", "没有地区“没有的县”", "与第4行重复", "“12”不对"):
        assert words in text, words


def test_credit_codes_dates_and_flags_are_checked(file: Path) -> None:
    headings = ("单位名称", "类别", "上级单位", "统一社会信用代码", "撤销日期", "承继单位", "组成部门", "单位代码")
    rows = [
        [*UNITS[0], "11150000MB1234567X", "", "", "", "zf"],
        [*UNITS[1], "", "", "", "是", "zf"],
        ["青禾县林业局", "", "", "", "2019年3月32日", "没有的局", "也许", "林业!"],
    ]
    text = "\n".join(faults(book(file, units=rows, headings=headings)))
    for words in ("校验不通过", "不是日期", "没有单位“没有的局”", "“是”或“否”", "“zf”已经是", "“林业!”不对"):
        assert words in text, words


def test_codes_stay_when_rows_are_put_in_and_silent_cells_keep_what_was(tmp_path: Path, file: Path) -> None:
    headings = ("单位名称", "类别", "上级单位", "电话", "撤销日期", "承继单位")
    city = checked(book(file, units=[[*row, "0999-5550001", "", ""] for row in UNITS], headings=headings))
    write_profile(city, tmp_path / "profile", tmp_path)
    known = known_of(tmp_path / "profile")
    later = tmp_path / "later.csv"
    later.write_bytes("单位名称,上级单位\n青禾县水利局,县政府\n青禾县教育局,\n".encode("gb18030"))
    again = checked(later, known)
    units = {unit["name"]: unit for unit in again.units}
    assert units["青禾县水利局"]["code"] == "d002" and units["青禾县水利局"]["parent"] == "g001"
    assert units["青禾县教育局"]["phone"] == "0999-5550001"
    # Nothing is ever dropped.
    assert set(units) == {*(row[0] for row in UNITS), "青禾县水利局"}
    assert again.info == {**city.info, "rule_packs": "、".join(city.rule_packs)}


def test_a_renamed_unit_is_the_same_by_its_code(tmp_path: Path, file: Path) -> None:
    write_profile(checked(book(file)), tmp_path / "profile", tmp_path)
    headings = ("单位名称", "类别", "上级单位", "单位代码")
    units = [*([*row, ""] for row in UNITS[:2]), ["青禾县教育体育局", "", "", "d001"]]
    book(file, units=units, people=PEOPLE[:3], headings=headings)
    city = checked(file, known_of(tmp_path / "profile"))
    assert [unit["name"] for unit in city.units] == ["青禾县人民政府", "青禾县人民政府办公室", "青禾县教育体育局"]


def test_files_that_are_no_spreadsheets_are_refused_in_words(tmp_path: Path, file: Path) -> None:
    book(file)
    whole = file.read_bytes()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (201 * 1024 * 1024))
    for name, data, words in (
        ("missing.xlsx", None, "没有这个文件"),
        ("empty.xlsx", b"", "空的"),
        ("cut.xlsx", whole[: len(whole) // 2], "已损坏"),
        ("old.xlsx", b"\xd0\xcf\x11\xe0" + b"0" * 99, "密码"),
        ("text.xlsx", "单位名称\n".encode(), "不是能用的 .xlsx"),
        ("bomb.xlsx", bomb.getvalue(), "解压后过大"),
        ("other.csv", "一,二\n三,四\n".encode(), "没有找到能读的表"),
        ("binary.csv", b"\xff\xfe\x00\x80\x81", "文字编码认不出"),
        ("broken.toml", b"[city\n", "TOML 写法有误"),
        ("missing.toml", None, "没有找到"),
        ("huge.csv", b"0" * (21 * 1024 * 1024), "20兆"),
    ):
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(SheetError, match=words):
            read_description(path)
    with pytest.raises(SheetError, match="文件夹"):
        read_description(tmp_path)


def test_a_workbook_cut_anywhere_is_refused_and_never_breaks(tmp_path: Path, file: Path) -> None:
    book(file)
    whole = file.read_bytes()
    path = tmp_path / "cut.xlsx"
    for place in range(1, len(whole), len(whole) // 15):
        path.write_bytes(whole[:place])
        with pytest.raises(SheetError):
            read_description(path)
    for place in range(30, len(whole) - 10, len(whole) // 30):
        path.write_bytes(whole[:place] + bytes(byte ^ 0xFF for byte in whole[place : place + 8]) + whole[place + 8 :])
        with suppress(SheetError):
            read_description(path)


def test_formula_errors_and_too_many_rows_are_told(file: Path) -> None:
    found = faults(book(file, units=[*UNITS, ["青禾县水利局", "", "#REF!"]]))
    assert any("公式错误 #REF!" in fault and "第5行" in fault for fault in found)


def test_toml_names_unknown_keys_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text(
        """
        owner = "x"
        [city]
        name = "青禾县"
        region_code = "159921"
        colour = "red"
        [site]
        title = ["a"]
        [[units]]
        name = "青禾县人民政府"
        size = 3
        """,
        encoding="utf-8",
    )
    text = "\n".join(faults(path))
    for words in ("没有“owner”", "[city] 没有“colour”", "“title”要写成文字", "第1个 [[units]] 没有“size”"):
        assert words in text, words


def test_toml_with_a_table_beside_it_and_packs_as_a_list(tmp_path: Path) -> None:
    (tmp_path / "单位.csv").write_text("单位名称\n青禾县人民政府\n青禾县人民政府办公室\n", encoding="utf-8")
    path = tmp_path / "city.toml"
    path.write_text(
        'units = "单位.csv"\n[city]\nname = "青禾县"\nregion_code = 159921\nrule_packs = ["opinion_2017", "budget_law"]\n'
        + "".join(
            f'[[people]]\nname = "{name}"\nroles = "{role}"\n'
            for name, role in (("甲", "系统管理员"), ("乙", "安全管理员"), ("丙", "审计管理员"))
        ),
        encoding="utf-8",
    )
    city = checked(path)
    assert city.rule_packs == ("opinion_2017", "budget_law")
    assert [one.unit for one in city.people] == ["o001"] * 3


def test_a_logo_is_cleaned_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
        ' onload="alert(1)"><script>alert(2)</script><style>@import "https://x.example"</style>'
        '<image href="https://x.example/a.png"/><use xlink:href="https://x.example/b.svg#a"/>'
        '<foreignObject><p>hi</p></foreignObject><a href="javascript:alert(3)"><rect width="9" height="9"/></a>'
        '<path d="M0 0h9v9z" style="fill:#a4262c;background:url(https://x.example)" transform="translate(1,2)"/>'
        "<!-- made by --></svg>",
        encoding="utf-8",
    )
    name, data = clean_logo(path)
    text = data.decode()
    assert name == "logo.svg" and 'd="M0 0h9v9z"' in text and 'fill="#a4262c"' in text and "translate" in text
    for word in ("script", "alert", "example", "foreignObject", "style", "made by", "onload", "image"):
        assert word not in text, word
    for content, words in (
        ("<svg", "已损坏"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>', "文档类型"),
        ("<html/>", "文档类型"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(SheetError, match=words):
            clean_logo(path)
    path = tmp_path / "logo.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(SheetError, match=r"logo\.png"):
        clean_logo(path)
    path = tmp_path / "logo.gif"
    path.write_bytes(b"GIF89a")
    with pytest.raises(SheetError, match=r"\.png 或 \.svg"):
        clean_logo(path)
    path.write_bytes(b"0" * 600_000)
    with pytest.raises(SheetError, match="512"):
        clean_logo(path)


def test_a_profile_is_replaced_file_by_file_and_the_former_one_kept(tmp_path: Path, file: Path) -> None:
    folder, draft = tmp_path / "profile", tmp_path / "profile.draft"
    for name in ("青禾县", "青苗县"):
        units = [[cell.replace("青禾县", name) for cell in row] for row in UNITS]
        people = [[cell.replace("青禾县", name) for cell in row] for row in PEOPLE]
        city = checked(book(file, units=units, people=people, info={"城市（旗县）名称": name}))
        write_profile(city, draft, folder)
        put_in_place(draft, folder)
    assert read_profile(folder).name == "青苗县" and read_profile(tmp_path / "profile.before").name == "青禾县"
    assert not draft.exists()


def test_a_folder_that_cannot_be_written_is_told_and_nothing_left(tmp_path: Path, file: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CityError, match="原来的没有动"):
        write_profile(checked(book(file)), tmp_path / "file" / "profile.draft", tmp_path / "none")


def test_cells_become_plain_text() -> None:
    assert tidy("１５９９２１") == "159921" and tidy(159921.0) == "159921" and tidy(True) == "是"
    assert (
        tidy("县\u200b 教 育　局\n") == "县教育局" and tidy("A  B") == "A B" and tidy("办公厅（室）") == "办公厅（室）"
    )
    assert vocabulary.day("2019年3月1日") == vocabulary.day("20190301") == "2019-03-01"
    assert tidy(date(2019, 3, 1)) == "2019-03-01"


def test_the_template_opens_and_holds_five_sheets(file: Path) -> None:
    file.write_bytes(template_workbook())
    assert load_workbook(file).sheetnames == ["填写说明", "基本信息", "地区", "单位", "人员"]
