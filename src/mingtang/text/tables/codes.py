"""Code lists, each by year, with what became of a code from one year to the next."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_START = re.compile(r"[0-9A-Za-z]+")


@dataclass(frozen=True)
class Code:
    """An item of a list. ``replaces`` are codes of the list before that it took over."""

    code: str
    name: str
    parent: str = ""
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeList:
    """A list as it holds from ``year`` on."""

    name: str
    year: int
    items: Mapping[str, Code]
    _names: Mapping[str, str] = field(default_factory=dict)

    def code_of(self, text: str) -> str:
        """The code that a code, a name or “code name” stands for; empty where none does."""
        text = text.strip()
        if text in self.items:
            return text
        if text in self._names:
            return self._names[text]
        start = _START.match(text)
        first = start[0] if start else ""
        return first if first in self.items and self.items[first].name in text else ""

    def path(self, code: str) -> list[Code]:
        """From the top of the list down to the code."""
        made: list[Code] = []
        while code in self.items and self.items[code] not in made:
            made.insert(0, self.items[code])
            code = self.items[code].parent
        return made

    def below(self, code: str) -> Iterator[Code]:
        return (item for item in self.items.values() if item.parent == code)


class CodeLists:
    """All lists of some folders: ``<list>/<year>.csv`` with columns code, name, parent, replaces and, where people write
    other names, also. A list stands in the first folder that has it."""

    def __init__(self, *folders: Path) -> None:
        self.folders = folders

    def _folder(self, name: str) -> Path:
        return next((folder / name for folder in self.folders if (folder / name).is_dir()), self.folders[0] / name)

    def at(self, name: str, year: int) -> CodeList:
        """The list that holds in a year: the newest that is not later, else the first there is.

        Raises:
            LookupError: there is no such list.
        """
        folder = self._folder(name)
        years = _years(folder)
        if not years:
            raise LookupError(f"没有代码表“{name}”")
        chosen = max((one for one in years if one <= year), default=years[0])
        return _read(folder / f"{chosen}.csv", name, chosen)

    def names(self) -> list[str]:
        return sorted(
            {path.name for folder in self.folders if folder.is_dir() for path in folder.iterdir() if path.is_dir()}
        )

    def follow(self, name: str, code: str, start: int, end: int) -> list[str]:
        """What a code of ``start`` is called in ``end``: itself, its successors, or nothing where it was dropped."""
        held = [code]
        for year in (one for one in _years(self._folder(name)) if start < one <= end):
            newer = self.at(name, year)
            held = [
                follower
                for one in held
                for follower in (
                    [item.code for item in newer.items.values() if one in item.replaces]
                    or ([one] if one in newer.items else [])
                )
            ]
        return list(dict.fromkeys(held))


@cache
def _years(folder: Path) -> tuple[int, ...]:
    return tuple(sorted(int(path.stem) for path in folder.glob("*.csv") if path.stem.isdigit()))


@cache
def _read(path: Path, name: str, year: int) -> CodeList:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    items = {
        row["code"]: Code(
            row["code"],
            row["name"],
            row.get("parent") or "",
            tuple(part for part in (row.get("replaces") or "").split(";") if part),
        )
        for row in rows
    }
    named: dict[str, list[str]] = {}
    for item in items.values():
        named.setdefault(item.name, []).append(item.code)
    for row in rows:
        for text in filter(None, (row.get("also") or "").split(";")):
            named.setdefault(text, []).append(row["code"])
    # A name that two codes share names neither.
    return CodeList(name, year, items, {text: codes[0] for text, codes in named.items() if len(codes) == 1})
