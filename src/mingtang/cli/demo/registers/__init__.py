"""Registers of the demonstration city, a module per family of kinds. Persons and companies are invented."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from mingtang.registers.catalog import kind_named


class DemoTable(NamedTuple):
    """The table a unit hands in for a register.

    Attributes:
        kind: id of the register's kind. unit: code of ``units.csv``.
        heading: Chinese titles of the columns. rows: cells in the order of the heading.
        note: what the update says of itself.
    """

    kind: str
    unit: str
    heading: tuple[str, ...]
    rows: list[tuple[object, ...]]
    note: str

    @property
    def family(self) -> str:
        """Tables of one family and unit belong together, such as powers and their responsibilities."""
        return kind_named(self.kind).family


def tables(*only: str) -> Iterator[DemoTable]:
    """The tables of all families (modules of this folder that have ``tables``), or of those named; always the same.

    Raises:
        ModuleNotFoundError: no family is called so.
    """
    for family in only or sorted(found.name for found in iter_modules(__path__)):
        module = import_module(f"{__name__}.{family}")
        if hasattr(module, "tables"):
            yield from module.tables()
