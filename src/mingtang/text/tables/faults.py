"""Rows of a table and what is wrong with their cells."""

from __future__ import annotations

from dataclasses import dataclass, field

from .values import Value

BLOCK, WARN = "block", "warn"


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong at a row (as the spreadsheet numbers it) and a field; an empty field means the row or the table.

    ``severity`` is ``block`` or ``warn``; ``raw`` is the cell as written, for the report of whoever uploaded it.
    """

    row: int
    field: str
    title: str
    code: str
    message: str
    severity: str = BLOCK
    raw: str = ""


@dataclass
class Row:
    """A row of values by field name; ``number`` is the spreadsheet's."""

    number: int
    values: dict[str, Value]
    faults: list[CellFault] = field(default_factory=list)

    @property
    def blocked(self) -> bool:
        return any(fault.severity == BLOCK for fault in self.faults)


@dataclass
class Checked:
    """All rows, and the faults of the table as a whole."""

    rows: list[Row]
    faults: list[CellFault]

    @property
    def all_faults(self) -> list[CellFault]:
        """In the order of the sheet, those of the whole table first."""
        return [*self.faults, *(fault for row in self.rows for fault in row.faults)]
