"""A city as somebody described it, before anything is checked: from a workbook, a CSV of units, or a TOML file."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .sheets import HEADINGS, Row, SheetError, Sheets, read_sheets, tidy

# Key -> the name it goes by in a workbook and in questions. The keys of the second table stand below [site].
CITY = {
    "name": "城市（旗县）名称",
    "region_code": "行政区划代码",
    "government": "政府全称",
    "index_pattern": "索引号格式",
    "rule_packs": "启用的规则包",
    "logo": "网站标志",
}
SITE = {
    "title": "网站名称",
    "domain": "网站域名",
    "identification_code": "网站标识码",
    "sponsor": "主办单位",
    "undertaker": "承办单位",
    "internet_filing": "ICP备案号",
    "police_filing": "公安备案号",
    "phone": "联系电话",
    "postal_address": "联系地址",
    "office_hours": "办公时间",
}
LABELS = {**CITY, **SITE}
_TEXTS = ("name", "region_code", "government", "index_pattern", "logo")


@dataclass
class Description:
    """``info`` and ``places`` by the keys of ``CITY`` and ``SITE``; ``complete`` False for a list of units alone."""

    source: Path
    info: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = True

    def place(self, key: str) -> str:
        return self.places.get(key, f"“{LABELS.get(key, key)}”")


def read_description(path: Path) -> Description:
    """Read a workbook, a CSV or a TOML file by its ending.

    Raises:
        SheetError: the file cannot be read as what its ending says.
    """
    if path.suffix.lower() == ".toml":
        return _from_toml(path)
    made = Description(path)
    _take_sheets(made, read_sheets(path, _pair_names()))
    made.complete = bool(made.info)
    return made


def _pair_names() -> dict[str, str]:
    from .sheets import heading_of

    return {heading_of(label): key for key, label in LABELS.items()}


def _take_sheets(made: Description, sheets: Sheets) -> None:
    for key, (value, place) in sheets.pairs.items():
        made.info[key], made.places[key] = value, place
    for kind, rows in sheets.tables.items():
        made.tables.setdefault(kind, []).extend(rows)
    made.faults += sheets.faults
    made.notes += sheets.notes


def _from_toml(path: Path) -> Description:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SheetError(f"没有找到 {path}。") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SheetError(f"{path.name} 的 TOML 写法有误：{error}") from None
    except OSError as error:
        raise SheetError(f"打不开 {path}：{error.strerror}") from None
    return from_data(path, data)


def from_data(path: Path, data: dict[str, Any]) -> Description:
    """A description from the values of a TOML file: ``[city]``, ``[site]``, and ``units``, ``regions`` and ``people``,
    each a list of tables or the name of a spreadsheet beside the file. Keys are those of ``CITY``, ``SITE`` and
    ``sheets.HEADINGS``; ``roles`` and the like are text."""
    made = Description(path)
    for table, known in (("city", CITY), ("site", SITE)):
        values = data.get(table, {})
        if not isinstance(values, dict):
            made.faults.append(f"[{table}] 要写成一个表。")
            continue
        for key, value in values.items():
            if key not in known:
                made.faults.append(f"[{table}] 没有“{key}”这一项，可以写的有：{'、'.join(known)}。")
            elif isinstance(value, list) and key == "rule_packs":
                made.info[key] = "、".join(str(one) for one in value)
            elif isinstance(value, str | int) and not isinstance(value, bool):
                made.info[key] = tidy(value)
            else:
                made.faults.append(f"[{table}] 的“{key}”要写成文字。")
            made.places[key] = f"[{table}] 的“{key}”（{known.get(key, '')}）"
    for key in data.keys() - {"city", "site", *HEADINGS}:
        made.faults.append(f"没有“{key}”这一项，可以写的有：city、site、units、regions、people。")
    for kind in HEADINGS:
        _take_table(made, kind, data.get(kind))
    return made


def _take_table(made: Description, kind: str, given: Any) -> None:
    if given is None:
        return
    if isinstance(given, str):
        sheets = read_sheets(made.source.parent / given, {})
        if kind not in sheets.tables:
            made.faults.append(f"{given} 里没有{ {'units': '单位', 'regions': '地区', 'people': '人员'}[kind] }表。")
        _take_sheets(made, Sheets({kind: sheets.tables.get(kind, [])}, {}, sheets.faults, sheets.notes))
        return
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        made.faults.append(f"“{kind}”要写成 [[{kind}]]，或一个表格文件的名字。")
        return
    rows = made.tables.setdefault(kind, [])
    for number, one in enumerate(given, 1):
        for key in one.keys() - HEADINGS[kind].keys():
            made.faults.append(f"第{number}个 [[{kind}]] 没有“{key}”这一项。")
        values = {key: "、".join(map(str, value)) if isinstance(value, list) else value for key, value in one.items()}
        cells = {key: tidy(value) for key, value in values.items() if key in HEADINGS[kind]}
        rows.append(Row(f"[[{kind}]]", number, {key: value for key, value in cells.items() if value}))
