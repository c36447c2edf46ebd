"""The template workbook: five sheets with an invented county, which can be used as it is and overwritten line by line."""

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from .description import LABELS
from .profile_files import group_labels
from .sheets import HEADINGS
from .site_check import PATTERN, default_packs
from .vocabulary import KINDS, LEVELS, ROLES

# 1599 is no area of the national register: nobody's county.
INFO = {
    "name": ("青禾县", "一定要填。城市、县、旗、区的名称"),
    "region_code": ("159921", "一定要填。6位数字（国家统计局公布的区划代码）；这里的是虚构的"),
    "government": ("青禾县人民政府", "不填就是名称加“人民政府”"),
    "title": ("青禾县人民政府政务公开", "每一页的标题和页脚都有"),
    "domain": ("www.qinghe.example", "不带 http://；还没有就空着"),
    "identification_code": ("1599210001", "10位数字，前6位要与行政区划代码相同；还没有就空着"),
    "sponsor": ("青禾县人民政府办公室", "页脚的“主办”"),
    "undertaker": ("青禾县政务服务中心", "页脚的“承办”"),
    "internet_filing": ("", "例如 蒙ICP备05000001号-1；没有就空着"),
    "police_filing": ("", "例如 蒙公网安备15050202000001号；没有就空着"),
    "phone": ("0999-5550001", "页脚的电话，群众会打"),
    "postal_address": ("青禾县政府大院（虚构地址）", "页脚的地址"),
    "office_hours": ("工作日 8:30至12:00，14:30至17:30", ""),
    "index_pattern": (PATTERN, "索引号的写法：机构 年份 顺序号；定了就不要改"),
    "rule_packs": ("、".join(default_packs("159921")), "启用哪些规则；不填就是全部适用的"),
    "logo": ("", "网站标志的文件名（.png 或 .svg），与本表放在一起；没有就用明堂的印章"),
}
REGIONS = (
    ("159921", "青禾县", "旗县级", ""),
    ("159921100", "青禾县河口镇", "", "青禾县"),
    ("159921201", "青禾县北山苏木", "", "青禾县"),
)
UNITS: tuple[dict[str, str], ...] = (
    {"name": "青禾县人民政府", "short_name": "县政府", "kind": "政府", "document_prefix": "青政发"},
    {
        "name": "青禾县人民政府办公室",
        "short_name": "县政府办公室",
        "aliases": "县政府办",
        "kind": "政府办公厅（室）",
        "parent": "青禾县人民政府",
        "document_prefix": "青政办发",
        "phone": "0999-5550001",
    },
    {"name": "青禾县发展和改革局", "short_name": "发改局", "constituent": "是", "document_prefix": "青发改发"},
    {"name": "青禾县教育局", "short_name": "教育局", "constituent": "是", "document_prefix": "青教发"},
    {"name": "青禾县民政局", "short_name": "民政局", "constituent": "是", "document_prefix": "青民发"},
    {"name": "青禾县财政局", "short_name": "财政局", "constituent": "是", "document_prefix": "青财发"},
    {"name": "青禾县人力资源和社会保障局", "short_name": "人社局", "constituent": "是"},
    {"name": "青禾县卫生健康委员会", "short_name": "卫健委", "constituent": "是", "document_prefix": "青卫发"},
    {"name": "青禾县政务服务中心", "short_name": "政务服务中心", "kind": "中心"},
    {"name": "国家税务总局青禾县税务局", "short_name": "税务局", "vertical_superior": "国家税务总局"},
    {"name": "河口镇人民政府", "kind": "政府", "region": "青禾县河口镇", "parent": "青禾县人民政府"},
    {"name": "河口镇人民政府办公室", "kind": "政府办公厅（室）", "region": "青禾县河口镇", "parent": "河口镇人民政府"},
)
# Which units owe the duties that the Opinion gives to a group.
GROUPS = {
    "interpretation_event_units": ("发改局", "教育局", "卫健委"),
    "catalogue_units": ("发改局", "教育局", "民政局", "财政局", "人社局", "卫健委"),
    "credit_supervision_units": ("发改局", "财政局", "卫健委"),
    "public_enterprise_supervisors": ("教育局", "卫健委"),
    "list_units": ("县政府办公室", "财政局", "发改局", "人社局"),
    "service_centre_units": ("政务服务中心",),
}
PEOPLE: tuple[dict[str, str], ...] = (
    {"name": "甲某系", "username": "xitong", "unit": "县政府办公室", "roles": "系统管理员"},
    {"name": "乙某安", "username": "anquan", "unit": "县政府办公室", "roles": "安全管理员"},
    {"name": "丙某审", "username": "shenji", "unit": "县政府办公室", "roles": "审计管理员"},
    {"name": "丁某笔", "username": "jyj-nigao", "unit": "教育局", "roles": "起草人", "title": "科员"},
    {"name": "戊某长", "username": "jyj-juzhang", "unit": "教育局", "roles": "单位负责人", "title": "局长"},
    {"name": "己某密", "username": "jyj-baomi", "unit": "教育局", "roles": "保密审查员"},
    {"name": "庚某公", "username": "jyj-gongkai", "unit": "教育局", "roles": "政务公开专职人员", "dedicated": "是"},
    {"name": "辛某文", "username": "zfb-wenshu", "unit": "县政府办公室", "roles": "政府办公厅文书"},
    {"name": "壬某任", "username": "zfb-zhuren", "unit": "县政府办公室", "roles": "单位负责人", "title": "主任"},
    {"name": "癸某管", "username": "zfb-gongkai", "unit": "县政府办公室", "roles": "保密审查员、政务公开专职人员"},
)
SHOWN = {
    "units": (
        *("name", "short_name", "aliases", "kind", "region", "parent", "vertical_superior", "constituent"),
        *("document_prefix", "phone", "groups", "credit_code", "code", "valid_from", "valid_to", "successor"),
    ),
    "people": ("name", "username", "unit", "roles", "title", "dedicated"),
}
HINTS = (
    "1. 表里填的是虚构的“青禾县”。照着改成自己的：先改“基本信息”，再改“单位”和“人员”，行可以随意增删。",
    "2. 列的顺序可以换，表头上面可以有说明；不用的列空着。也可以把单位里现成的表整张贴进来，只要有“单位名称”一列。",
    "3. “单位代码”不填会自动编：一个字母（g政府 o办公室 d部门 p党委 c中心 v村）加顺序号，编了就不变。",
    "4. “上级单位”写全称或简称；不写就是本级政府。撤并的单位填撤销日期和承继单位，不要删行。",
    "5. 系统、安全、审计管理员要由三个不同的人担任，也不能兼别的角色。其他角色一个人可以兼几个，用顿号隔开。",
    "6. 用户名不填会自动编。初始密码由系统产生，只在 MINGTANG_HOME/secrets/initial_passwords.txt 里出现一次。",
    "7. 填好后运行：mingtang init --profile 本表.xlsx。有错会一次全列出来，什么都不会改；可以反复运行，不会删任何单位。",
)


def template_workbook() -> bytes:
    """The template as .xlsx."""
    book = Workbook()
    hints = book.active
    assert hints is not None
    hints.title = "填写说明"
    for line in ("建一个自己的城市：填这张表", *HINTS):
        hints.append([line])
    hints.column_dimensions["A"].width = 110
    hints["A1"].font = Font(bold=True, size=16)
    _info(book.create_sheet("基本信息"))
    regions = book.create_sheet("地区")
    _sheet(regions, [HEADINGS["regions"][column][0] for column in ("code", "name", "level", "parent")], REGIONS)
    _choices(regions, "C", list(LEVELS.values()))
    units = book.create_sheet("单位")
    _sheet(units, [HEADINGS["units"][column][0] for column in SHOWN["units"]], [_unit(unit) for unit in UNITS])
    _choices(units, "D", list(KINDS.values()))
    _choices(units, "H", ["是", "否"])
    people = book.create_sheet("人员")
    rows = [[person.get(column, "") for column in SHOWN["people"]] for person in PEOPLE]
    _sheet(people, [HEADINGS["people"][column][0] for column in SHOWN["people"]], rows)
    people.append([])
    people.append([f"说明：角色可以写 {'、'.join(ROLES.values())}"])
    _choices(people, "F", ["是", "否"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _unit(unit: dict[str, str]) -> list[str]:
    labels = {code: label for label, code in group_labels(("opinion_2017",)).items()}
    groups = "、".join(labels[code] for code, names in GROUPS.items() if unit.get("short_name") in names)
    return [{**unit, "groups": groups}.get(column, "") for column in SHOWN["units"]]


def _info(sheet: Any) -> None:
    _sheet(sheet, ["项目", "填写", "说明"], [[LABELS[key], value, hint] for key, (value, hint) in INFO.items()])
    for letter, width in (("A", 22), ("B", 60), ("C", 60)):
        sheet.column_dimensions[letter].width = width


def _sheet(sheet: Any, headings: list[str], rows: Any) -> None:
    sheet.append(headings)
    for row in rows:
        sheet.append(list(row))
    for number, heading in enumerate(headings, 1):
        cell = sheet.cell(1, number)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="F3E3DF")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(number)].width = max(12, 2 * len(heading) + 6)
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            # Codes are text: a spreadsheet would take their noughts away.
            cell.number_format = "@"
    sheet.freeze_panes = "A2"


def _choices(sheet: Any, letter: str, words: list[str]) -> None:
    choice = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
    choice.showErrorMessage = False
    sheet.add_data_validation(choice)
    choice.add(f"{letter}2:{letter}500")
