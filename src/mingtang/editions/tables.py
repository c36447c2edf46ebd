"""The table of a register's edition: its columns as the payload names them, and its rows from the edition's file."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

KIND, SCHEMA = "register", "register/1"
DATA, CHANGES, PACKAGE = "data.csv", "changes.csv", "datapackage.json"
CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_NAMED = ("name", "title", "item", "project", "matter")
_BOOLEANS = {"true": "是", "false": "否"}
# Names that join the values of a key, as changes.csv writes it.
JOIN = "／"

csv.field_size_limit(10_000_000)
Values = Sequence[str]


@dataclass(frozen=True)
class Column:
    """A public column. ``names`` are the names of the codes it holds; ``shown`` puts it into the list."""

    name: str
    title: str
    type: str = "string"
    unit: str = ""
    facet: bool = False
    shown: bool = True
    description: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_amount(self) -> bool:
        return self.type in ("number", "integer")

    def words(self, value: str) -> str:
        """A value as people read it: the name of a code, 是 or 否, thousands apart."""
        if self.names:
            return self.names.get(value, value)
        if self.type == "boolean":
            return _BOOLEANS.get(value, value)
        if self.type == "number" or (self.type == "integer" and len(value) > 4):
            try:
                return f"{Decimal(value):,f}"
            except InvalidOperation:
                return value
        return value.strip()


@dataclass(frozen=True)
class Shape:
    """The columns of one edition. ``key`` names an entry; ``hide_after`` is the column with the last day it is shown.

    ``for_a_time``: entries are shown for a time or may be taken back, so that what earlier editions said is not shown.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    hide_after: str = ""
    for_a_time: bool = False

    def place(self, name: str) -> int | None:
        return next((place for place, one in enumerate(self.columns) if one.name == name), None)

    def column(self, name: str) -> Column | None:
        return next((one for one in self.columns if one.name == name), None)

    @property
    def shown(self) -> list[tuple[int, Column]]:
        """The columns of the list, with their places; all of them where none is marked."""
        chosen = [(place, one) for place, one in enumerate(self.columns) if one.shown]
        return chosen or list(enumerate(self.columns))

    @property
    def facets(self) -> list[tuple[int, Column]]:
        return [(place, one) for place, one in enumerate(self.columns) if one.facet]

    @property
    def heading(self) -> int:
        """The place of the column that names an entry for people: the first that says it is a name, else the first
        text that is no code and no part of the key."""
        words = [
            (place, one)
            for place, one in enumerate(self.columns)
            if one.type == "string" and not one.names and "code" not in one.name and "number" not in one.name
        ]
        for ending in _NAMED:
            for place, one in words:
                if one.shown and one.name.rsplit("_", 1)[-1] == ending:
                    return place
        return next((place for place, one in words if one.name not in self.key), words[0][0] if words else 0)

    @property
    def credit_codes(self) -> list[int]:
        """Places of columns that hold unified social credit codes."""
        return [
            place
            for place, one in enumerate(self.columns)
            if one.name.endswith(("credit_code", "uscc")) or "统一社会信用代码" in one.title
        ]

    def key_words(self, values: Values) -> str:
        """The entry's key as people and changes.csv write it; all values where no key is public."""
        places = [place for place, one in enumerate(self.columns) if one.name in self.key]
        ordered = sorted(places, key=lambda place: self.key.index(self.columns[place].name))
        return JOIN.join(values[place] for place in ordered or range(len(values)) if values[place])


def shape_of(payload: Mapping[str, Any]) -> Shape:
    """The shape that a payload of ``register/1`` states."""
    columns = tuple(
        Column(
            name=str(one["name"]),
            title=str(one["title"]),
            type=str(one.get("type") or "string"),
            unit=str(one.get("unit") or ""),
            facet=bool(one.get("facet")),
            shown=bool(one.get("shown", True)),
            description=str(one.get("description") or ""),
            names=dict(one.get("code_list") or {}),
        )
        for one in payload.get("columns", [])
    )
    names = {one.name for one in columns}
    key = tuple(name for name in payload.get("key", []) if name in names)
    hide_after = str(payload.get("hide_after") or "")
    for_a_time = bool(hide_after or payload.get("retracted"))
    return Shape(columns, key, hide_after if hide_after in names else "", for_a_time)


def key_of(words: str) -> str:
    """What names an entry in addresses, in every edition: 16 hex digits of its key."""
    return sha256(words.encode()).hexdigest()[:16]


def rows_of(content: bytes, shape: Shape) -> Iterator[list[str]]:
    """The rows of ``data.csv`` in its order, each a text for every column of the shape; empty where there is none."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    heading = next(reader, [])
    places = [heading.index(one.name) if one.name in heading else -1 for one in shape.columns]
    if places == list(range(len(heading))):
        yield from reader
        return
    for row in reader:
        yield [row[place] if 0 <= place < len(row) else "" for place in places]


def changes_of(content: bytes) -> Iterator[dict[str, str]]:
    """The lines of ``changes.csv``: change, key, field, before, after."""
    return csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
