"""Kinds of registers as data: a Frictionless Table Schema with what the Opinion asks of the list beside it.

A kind is one TOML file. Its ``[[fields]]`` are Table Schema fields (``name``, ``title``, ``type``, ``format``,
``constraints``, ``description``, ``example``) with keys of our own, which an exported schema leaves out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TYPES = ("string", "integer", "number", "date", "year", "yearmonth", "boolean")
CHECKS = ("credit_code", "resident_id", "unit", "region", "document_number", "specific", "law", "time_limit")
MASKS = ("person", "resident_id", "phone", "bank_card", "address", "hidden")
RULES = ("sum", "order", "unique", "together", "one_of", "total_row", "ground", "outline", "span")
CONSTRAINTS = frozenset({"required", "unique", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength"})
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_CLOCK = {"shows": "", "opens": "", "when": "", "start": "", "per": "entry"}
_TOP = frozenset(
    {
        *("id", "title", "article", "duty", "stage", "keepers", "fields", "key", "rules", "adjustments", "effective"),
        *("description", "unit", "charts", "complete", "family", "clocks", "platforms", "reconciles", "withheld"),
        *("hide_after", "retracted"),
    }
)
_OWN = frozenset(
    {
        *("aliases", "public", "mask", "identifier", "code_list", "code_year", "depth", "check", "unit", "decimals"),
        *("facet", "shown", "missing", "above", "official_code", "mask_when"),
    }
)
_RECONCILES = frozenset(
    {"with", "same", "field", "where", "other_field", "other_where", "compare", "needed", "message", "absent_is_zero"}
)
_WITHHELD = frozenset({"when", "sums", "line"})
_RETRACTED = frozenset({"when", "keeps"})
_STANDARD = frozenset({"name", "title", "type", "format", "constraints", "description", "example"})


class KindError(ValueError):
    """A kind file cannot be used; ``problems`` names each, in Chinese."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__(f"{source}：" + "；".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class TableField:
    """A column.

    Attributes:
        type: a Table Schema type; amounts are ``number`` and kept as decimal text.
        aliases: other headings offices write for it.
        public: whether everybody may read it. mask: how a personal value is shown to the public.
        code_list: name of the list its values come from; depth: how many characters a code must have to be fine enough.
        code_year: the field whose year says which year's list holds; empty for the year of checking.
        check: a named check of the value (check digit, known unit ...).
        unit: unit of measure of an amount, such as 万元. decimals: most places after the point.
        facet: offered as a filter. shown: among the columns of the public list.
        missing: what to say besides when the cell is empty. above: a pattern with one group that finds the value in the
            title above the table, for tables that say it once there and have no such column.
        identifier: an official number of a thing; its digits are not taken for a person's.
        official_code: its name in the national standard of such records, also known as a heading.
        mask_when: fields and the values they must have for ``mask`` to apply; empty masks every entry.
    """

    name: str
    title: str
    type: str = "string"
    constraints: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    example: str = ""
    aliases: tuple[str, ...] = ()
    public: bool = True
    mask: str = ""
    code_list: str = ""
    depth: int = 0
    check: str = ""
    unit: str = ""
    decimals: int | None = None
    facet: bool = False
    shown: bool = True
    code_year: str = ""
    missing: str = ""
    above: str = ""
    identifier: bool = False
    official_code: str = ""
    mask_when: Mapping[str, str] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        return bool(self.constraints.get("required"))

    def schema(self) -> dict[str, Any]:
        """The field as Table Schema writes it; a code list with few values becomes an ``enum`` elsewhere."""
        made: dict[str, Any] = {"name": self.name, "title": self.title, "type": self.type}
        if self.description:
            made["description"] = self.description
        if self.example:
            # People write 是; a published file holds true.
            made["example"] = str(self.example == "是").lower() if self.type == "boolean" else self.example
        constraints = {key: _plain(value) for key, value in self.constraints.items()}
        if constraints:
            made["constraints"] = constraints
        return made


@dataclass(frozen=True)
class Rule:
    """What must hold between columns of a row, or over all rows. ``message`` is Chinese and says what to do."""

    kind: str
    message: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Clock:
    """A clock that entries start and stop.

    Attributes:
        opens: event that starts it; empty where another clock of the kind does.
        shows: event once everybody can read the entry on the portal of its level.
        when: field that must be filled for either; empty for every entry that is new.
        start: date field whose day starts it; empty for the moment it became known.
        per: ``entry``, or ``day`` for lists with so many that those of a day share a clock.
    """

    shows: str
    opens: str = ""
    when: str = ""
    start: str = ""
    per: str = "entry"


@dataclass(frozen=True)
class TableKind:
    """A kind of register.

    Attributes:
        article: the Opinion's article; duty: id of the duty a published batch keeps.
        stage: one of the five disclosure classes.
        keepers: the unit group that keeps such a list.
        key: fields that name an entry. Together they may not repeat.
        adjustments: kinds of change an entry may undergo, code to Chinese name.
        effective: the field whose day starts the clock of an adjustment.
        family: kinds that are read together, such as ``lists`` or ``budget``.
        clocks: see ``Clock``. platforms: outside platforms its entries are handed to.
        reconciles: what must agree with other kinds of the family, as ``text.tables.reconciling`` reads it.
        withheld: which entries stay out of what is public while sums hold, as ``text.tables.withholding`` reads it.
        hide_after: the date field that is the last day an entry is shown; where it is empty the entry stays.
        retracted: ``when``: the field that, once filled, takes an entry back from the public; ``keeps``: what then
            stays to be read, such as the reason.
        complete: what makes a city's set of such lists complete: ``group`` (units that owe one; ``government`` where one
        list for all is enough), ``values`` (``field`` and the ``code_list`` that all lists together must cover),
        ``set`` (kinds that are asked for together, such as the eight lists of article 5).
    """

    id: str
    title: str
    article: int
    duty: str
    stage: str
    keepers: str
    fields: tuple[TableField, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    adjustments: Mapping[str, str] = field(default_factory=dict)
    effective: str = ""
    description: str = ""
    unit: str = ""
    charts: tuple[Mapping[str, Any], ...] = ()
    complete: Mapping[str, Any] = field(default_factory=dict)
    family: str = ""
    clocks: tuple[Clock, ...] = ()
    platforms: tuple[str, ...] = ()
    reconciles: tuple[Mapping[str, Any], ...] = ()
    withheld: Mapping[str, Any] = field(default_factory=dict)
    hide_after: str = ""
    retracted: Mapping[str, Any] = field(default_factory=dict)

    def field(self, name: str) -> TableField:
        """Raises KeyError for a name that is no column."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(name)

    @property
    def public_fields(self) -> tuple[TableField, ...]:
        return tuple(one for one in self.fields if one.public)

    def schema(self, *, public: bool = True) -> dict[str, Any]:
        """The Table Schema of the kind: of its public columns, or of all."""
        shown = self.public_fields if public else self.fields
        made: dict[str, Any] = {"fields": [self._public_schema(one) if public else one.schema() for one in shown]}
        if all(name in {one.name for one in shown} for name in self.key):
            made["primaryKey"] = list(self.key)
        return made

    def _public_schema(self, one: TableField) -> dict[str, Any]:
        """A masked value need not look like the value it stands for, and an entry taken back has few values."""
        made = one.schema()
        kept = made.pop("constraints", {})
        if one.mask:
            kept = {name: value for name, value in kept.items() if name == "required" and one.mask != "hidden"}
        if self.retracted and one.name not in self.retracted["keeps"]:
            kept.pop("required", None)
        if kept:
            made["constraints"] = kept
        return made


def read_kind(path: Path) -> TableKind:
    """Read one kind file.

    Raises:
        KindError: the file says something no table can be made of; every problem is named.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KindError(path.name, [f"读不了：{error}"]) from None
    return kind_of(data, path.name)


def kind_of(data: Mapping[str, Any], source: str = "") -> TableKind:
    """A kind from parsed data.

    Raises:
        KindError: as ``read_kind``.
    """
    problems: list[str] = []
    for name, wanted in (
        ("id", str),
        ("title", str),
        ("article", int),
        ("duty", str),
        ("stage", str),
        ("keepers", str),
    ):
        if not isinstance(data.get(name), wanted) or not data[name]:
            problems.append(f"缺少“{name}”")
    fields = [_field(number, row, problems) for number, row in enumerate(data.get("fields", []), 1)]
    names = [one.name for one in fields]
    if not fields:
        problems.append("没有一个字段")
    problems += [f"字段“{name}”写了两次" for name in sorted({name for name in names if names.count(name) > 1})]
    headings: dict[str, str] = {}
    for one in fields:
        for heading in (one.title, *one.aliases):
            if headings.setdefault(heading, one.name) != one.name:
                problems.append(f"“{heading}”既是“{headings[heading]}”的表头，又是“{one.name}”的")
    key = tuple(data.get("key", ()))
    if not key:
        problems.append("没有写“key”：靠哪些字段认出同一条")
    problems += [f"“key”里的“{name}”不是字段" for name in key if name not in names]
    rules = [_rule(number, row, names, problems) for number, row in enumerate(data.get("rules", []), 1)]
    effective = data.get("effective", "")
    if effective and effective not in names:
        problems.append(f"“effective”写的“{effective}”不是字段")
    problems += [f"不认识的“{key}”" for key in sorted(set(data) - _TOP)]
    clocks = [_clock(number, row, names, problems) for number, row in enumerate(data.get("clocks", []), 1)]
    problems += _links(data, names)
    if problems:
        raise KindError(source or str(data.get("id", "")), problems)
    return TableKind(
        id=data["id"],
        title=data["title"],
        article=data["article"],
        duty=data["duty"],
        stage=data["stage"],
        keepers=data["keepers"],
        fields=tuple(fields),
        key=key,
        rules=tuple(rules),
        adjustments=dict(data.get("adjustments", {})),
        effective=effective,
        description=data.get("description", ""),
        unit=data.get("unit", ""),
        charts=tuple(data.get("charts", ())),
        complete=dict(data.get("complete", {})),
        family=data.get("family", ""),
        clocks=tuple(clocks),
        platforms=tuple(data.get("platforms", ())),
        reconciles=tuple(data.get("reconciles", ())),
        withheld=dict(data.get("withheld", {})),
        hide_after=data.get("hide_after", ""),
        retracted=dict(data.get("retracted", {})),
    )


def _links(data: Mapping[str, Any], names: list[str]) -> list[str]:
    """What is wrong with ``[[reconciles]]``, ``[withheld]`` and fields that name fields."""
    problems = []
    for number, row in enumerate(data.get("reconciles", []), 1):
        where = f"第{number}条勾稽"
        problems += [f"{where}有不认识的“{key}”" for key in sorted(set(row) - _RECONCILES)]
        problems += [f"{where}没有“{key}”" for key in ("with", "message", "field", "other_field") if not row.get(key)]
        named = [*row.get("same", []), *row.get("where", {})]
        problems += [f"{where}里的“{name}”不是字段" for name in [*named, row.get("field", "")] if name not in names]
        if row.get("compare", "equal") not in ("equal", "at_least", "present"):
            problems.append(f"{where}的“compare”只能是equal、at_least、present")
    withheld = data.get("withheld", {})
    if withheld:
        problems += [f"“withheld”有不认识的“{key}”" for key in sorted(set(withheld) - _WITHHELD)]
        named = [withheld.get("when", ""), *withheld.get("sums", []), *withheld.get("line", {})]
        problems += [f"“withheld”里的“{name}”不是字段" for name in named if name not in names]
    if data.get("hide_after") and data["hide_after"] not in names:
        problems.append(f"“hide_after”写的“{data['hide_after']}”不是字段")
    retracted = data.get("retracted", {})
    if retracted:
        problems += [f"“retracted”有不认识的“{key}”" for key in sorted(set(retracted) - _RETRACTED)]
        named = [retracted.get("when", ""), *retracted.get("keeps", []), *data.get("key", [])]
        problems += [f"“retracted”里的“{name}”不是字段" for name in named if name not in names]
        problems += [
            f"“retracted”的“keeps”少了“{name}”"
            for name in data.get("key", [])
            if name not in retracted.get("keeps", [])
        ]
    for row in data.get("fields", []):
        problems += [
            f"“{row.get('name', '')}”的“mask_when”写的“{name}”不是字段"
            for name in row.get("mask_when", {})
            if name not in names
        ]
        if row.get("code_year") and row["code_year"] not in names:
            problems.append(f"“{row.get('name', '')}”的“code_year”写的“{row['code_year']}”不是字段")
    return problems


def _clock(number: int, row: Mapping[str, Any], names: list[str], problems: list[str]) -> Clock:
    where = f"第{number}个时限"
    for key in sorted(set(row) - {"opens", "shows", "when", "start", "per"}):
        problems.append(f"{where}有不认识的“{key}”")
    if not row.get("shows"):
        problems.append(f"{where}没有“shows”")
    for key in ("when", "start"):
        if row.get(key) and row[key] not in names:
            problems.append(f"{where}的“{key}”写的“{row[key]}”不是字段")
    if row.get("per", "entry") not in ("entry", "day"):
        problems.append(f"{where}的“per”只能是entry、day")
    return Clock(**{key: str(row.get(key, default)) for key, default in _CLOCK.items()})


def _field(number: int, row: Mapping[str, Any], problems: list[str]) -> TableField:
    where = f"第{number}个字段“{row.get('name', '')}”"
    if not _NAME.match(str(row.get("name", ""))):
        problems.append(f"{where}的名字要用小写字母、数字和下划线")
    if not row.get("title"):
        problems.append(f"{where}没有“title”")
    for key in sorted(set(row) - _OWN - _STANDARD):
        problems.append(f"{where}有不认识的“{key}”")
    for key, known in (("type", TYPES), ("check", CHECKS), ("mask", MASKS)):
        if row.get(key) and row[key] not in known:
            problems.append(f"{where}的“{key}”是“{row[key]}”，只能是{'、'.join(known)}")
    constraints = row.get("constraints", {})
    for key in sorted(set(constraints) - CONSTRAINTS):
        problems.append(f"{where}的约束“{key}”不认识")
    if "pattern" in constraints:
        try:
            re.compile(constraints["pattern"])
        except re.error as error:
            problems.append(f"{where}的“pattern”写法有误：{error}")
    if row.get("above"):
        try:
            if re.compile(row["above"]).groups != 1:
                problems.append(f"{where}的“above”要有一个括号")
        except re.error as error:
            problems.append(f"{where}的“above”写法有误：{error}")
    if row.get("mask") and row.get("public") is False:
        problems.append(f"{where}不公开，就不用写“mask”")
    values = {key: value for key, value in row.items() if key in _OWN | {"name", "title", "type", "description"}}
    values["aliases"] = tuple(row.get("aliases", ()))
    values["mask_when"] = dict(row.get("mask_when", {}))
    return TableField(
        **{"name": "", "title": "", **values}, constraints=dict(constraints), example=str(row.get("example", ""))
    )


def _rule(number: int, row: Mapping[str, Any], names: list[str], problems: list[str]) -> Rule:
    kind = str(row.get("kind", ""))
    if kind not in RULES:
        problems.append(f"第{number}条规则的“kind”是“{kind}”，只能是{'、'.join(RULES)}")
    if not row.get("message"):
        problems.append(f"第{number}条规则没有“message”")
    named = [row[key] for key in ("total", "first", "second", "field") if isinstance(row.get(key), str)]
    for key in ("parts", "fields", "per"):
        named += row.get(key, [])
    problems += [f"第{number}条规则里的“{name}”不是字段" for name in named if name not in names]
    values = {key: value for key, value in row.items() if key not in ("kind", "message")}
    return Rule(kind, str(row.get("message", "")), values)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value
