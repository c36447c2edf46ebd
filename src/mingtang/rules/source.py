"""Reading pack files: typed access to TOML tables with errors that name file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

_LINE = re.compile(r"at line (\d+)")


class PackError(ValueError):
    """A pack is wrong. ``file``, ``line`` (from 1; 0 = whole file) and ``key`` say where; the message is Chinese."""

    def __init__(self, file: str, line: int, key: str, problem: str) -> None:
        where = f"{file} 第{line}行" if line else file
        super().__init__(f"{where}，{key}：{problem}" if key else f"{where}：{problem}")
        self.file, self.line, self.key, self.problem = file, line, key, problem


@dataclass(frozen=True, slots=True)
class Source:
    """One TOML file of a pack."""

    pack: str
    name: str
    text: str
    tables: Mapping[str, Any]

    def line_of(self, path: tuple[str, ...], key: str = "") -> int:
        """The line of a table's heading, or of a key within it; of the heading where the key is not found; else 0."""
        pattern = r"\.".join(rf'"?{re.escape(step)}"?' for step in path)
        heading = re.compile(rf"^\s*\[\[?{pattern}\]\]?\s*(#.*)?$")
        inline = re.compile(rf'^\s*"?{re.escape(path[-1])}"?\s*=')
        key_line = re.compile(rf'^\s*"?{re.escape(key)}"?\s*=')
        lines = self.text.splitlines()
        for number, line in enumerate(lines, start=1):
            if not heading.match(line):
                continue
            for later, text in enumerate(lines[number:], start=number + 1):
                if text.startswith("["):
                    break
                if key and key_line.match(text):
                    return later
            return number
        if len(path) > 1:
            return next((number for number, line in enumerate(lines, start=1) if inline.match(line)), 0)
        return 0

    def error(self, path: tuple[str, ...], key: str, problem: str) -> PackError:
        """A PackError at a key of a table."""
        return PackError(self.name, self.line_of(path, key), ".".join((*path, key) if key else path), problem)


def read_sources(name: str, folder: Path) -> list[Source]:
    """The files of pack ``name``: ``name.toml`` or every ``*.toml`` in the folder ``name``. Raises PackError."""
    single, many = folder / f"{name}.toml", folder / name
    paths = [single] if single.is_file() else sorted(many.glob("*.toml"))
    if not paths:
        raise PackError(str(single), 0, "", f"没有找到规则包“{name}”。")
    sources = []
    for path in paths:
        shown = str(path.relative_to(folder))
        text = path.read_text(encoding="utf-8")
        try:
            tables = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            found = _LINE.search(str(error))
            raise PackError(shown, int(found[1]) if found else 0, "", f"TOML 语法不对：{error}") from None
        sources.append(Source(name, shown, text, tables))
    return sources


@dataclass(slots=True)
class Reader:
    """Typed reading of one table; :meth:`finish` refuses keys nobody asked for."""

    source: Source
    path: tuple[str, ...]
    table: Mapping[str, Any]
    asked: set[str] = field(default_factory=set)

    def fail(self, key: str, problem: str) -> PackError:
        return self.source.error(self.path, key, problem)

    def has(self, key: str) -> bool:
        return key in self.table

    def _value(self, key: str, kinds: tuple[type, ...], shown: str) -> Any:
        self.asked.add(key)
        if key not in self.table:
            raise self.fail(key, "缺少这一项。")
        value = self.table[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.fail(key, f"应为{shown}。")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and key not in self.table:
            self.asked.add(key)
            return default
        value: str = self._value(key, (str,), "文字")
        if default is None and not value.strip():
            raise self.fail(key, "不能为空。")
        return value

    def optional(self, key: str, allowed: Collection[str], shown: str) -> str | None:
        """A code out of ``allowed``, or None where the key is absent."""
        return self.choice(key, allowed, shown) if key in self.table else None

    def choice(self, key: str, allowed: Collection[str], shown: str) -> str:
        value = self.text(key)
        if value not in allowed:
            raise self.fail(key, f"{shown}“{value}”没有声明。")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text stands for a list of one; absent = empty."""
        if key not in self.table:
            self.asked.add(key)
            return ()
        value = self._value(key, (str, list), "文字或文字列表")
        values = [value] if isinstance(value, str) else value
        if not all(isinstance(item, str) and item for item in values):
            raise self.fail(key, "列表里只能是文字。")
        if len(set(values)) != len(values):
            raise self.fail(key, "列表里有重复。")
        return tuple(values)

    def codes(self, key: str, allowed: Collection[str], shown: str) -> tuple[str, ...]:
        """A list of codes out of ``allowed``."""
        values = self.texts(key)
        for value in values:
            if value not in allowed:
                raise self.fail(key, f"{shown}“{value}”没有声明。")
        return values

    def flag(self, key: str) -> bool:
        if key not in self.table:
            self.asked.add(key)
            return False
        return bool(self._value(key, (bool,), "true 或 false"))

    def whole(self, key: str) -> int:
        return int(self._value(key, (int,), "整数"))

    def day(self, key: str) -> date:
        value = self._value(key, (date,), "日期（如 2017-01-04）")
        if isinstance(value, datetime):
            raise self.fail(key, "应为日期，不带时刻。")
        return date.fromisoformat(value.isoformat())

    def optional_day(self, key: str) -> date | None:
        self.asked.add(key)
        return self.day(key) if key in self.table else None

    def mapping(self, key: str) -> Mapping[str, Any]:
        value: Mapping[str, Any] = self._value(key, (dict,), "一组键值")
        return value

    def names(self, key: str) -> Mapping[str, str]:
        """A table of code -> Chinese label."""
        value = self.mapping(key)
        for code, label in value.items():
            if not isinstance(label, str) or not label:
                raise self.fail(code, "名称应为文字。")
        return dict(value)

    def child(self, key: str) -> Reader:
        return Reader(self.source, (*self.path, key), self.mapping(key))

    def finish(self) -> None:
        """Raise PackError for a key that no reader asked for (a misspelling)."""
        for key in self.table:
            if key not in self.asked:
                raise self.fail(key, "不认识这个键，是不是写错了？")


def entries(sources: Collection[Source], table: str) -> Iterator[tuple[str, Reader]]:
    """Every sub-table of a top-level table over all files; a code given twice raises PackError."""
    seen: dict[str, str] = {}
    for source in sources:
        for code, value in source.tables.get(table, {}).items():
            if not isinstance(value, dict):
                raise source.error((table,), code, "应为一张表。")
            if code in seen:
                raise source.error((table, code), "", f"在{seen[code]}里已经写过。")
            seen[code] = source.name
            yield code, Reader(source, (table, code), value)


def names(sources: Collection[Source], table: str) -> dict[str, str]:
    """A top-level table of code -> Chinese label, joined over all files; a code given twice raises PackError."""
    joined: dict[str, str] = {}
    for source in sources:
        for code, label in source.tables.get(table, {}).items():
            if not isinstance(label, str) or not label:
                raise source.error((table,), code, "名称应为文字。")
            if code in joined:
                raise source.error((table,), code, "重复声明。")
            joined[code] = label
    return joined
