"""Budgets and final accounts as their live editions have them: what a unit published, by year and stage."""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from mingtang.editions.models import LIVE, Edition, EditionFile, Publication
from mingtang.editions.tables import DATA
from mingtang.text.tables.codes import CodeLists

from .loading import payload_of

FAMILY = "budget"
REVENUE, ECONOMIC, FUNCTIONAL, THREE_PUBLIC = "budget_revenue", "budget_economic", "budget_functional", "three_public"
BUDGET, OUTTURN = "预算", "决算"
ZERO = Decimal(0)
Values = dict[str, str]


@cache
def code_lists() -> CodeLists:
    """The public classifications by year, with what became of their codes."""
    return CodeLists(Path(str(files("mingtang"))) / "registers" / "codes")


def amount(text: str | None) -> Decimal:
    """An amount as the file writes it; zero where there is none."""
    try:
        return Decimal(text or 0)
    except InvalidOperation:
        return ZERO


@dataclass
class Table:
    """One table of a unit: its publication and edition, names of its codes, rows by year and stage."""

    kind: str
    title: str
    publication: Publication
    edition: Edition
    names: dict[str, str]
    rows: dict[tuple[int, str], list[Values]]

    @property
    def path(self) -> str:
        return f"/{self.publication.path}/"

    def has(self, year: int, stage: str) -> bool:
        return bool(self.rows.get((year, stage)))

    def amounts(self, year: int, stage: str, name: str = "total") -> dict[str, Decimal]:
        """By code."""
        return {row["code"]: amount(row[name]) for row in self.rows.get((year, stage), [])}


@dataclass
class Budgets:
    """All tables of one unit, by kind."""

    unit_code: str
    unit_name: str
    tables: dict[str, Table] = field(default_factory=dict)

    @cached_property
    def years(self) -> list[int]:
        """Newest first."""
        return sorted({year for table in self.tables.values() for year, _stage in table.rows}, reverse=True)

    def table(self, kind: str, year: int, stage: str) -> Table | None:
        found = self.tables.get(kind)
        return found if found is not None and found.has(year, stage) else None

    def spending(self, year: int, stage: str) -> dict[str, Decimal]:
        """General public budget expenditure by functional code; empty where none was published."""
        found = self.table(FUNCTIONAL, year, stage)
        return found.amounts(year, stage) if found else {}

    def total(self, year: int, stage: str) -> Decimal | None:
        """All general public budget expenditure; None where none was published."""
        found = self.table(REVENUE, year, stage)
        if found is not None:
            rows = found.rows[year, stage]
            return next((amount(row["general"]) for row in rows if row["item"] == "支出总计"), None)
        spent = self.spending(year, stage)
        return sum(spent.values(), ZERO) if spent else None

    def three_public(self, year: int, stage: str) -> Values | None:
        found = self.table(THREE_PUBLIC, year, stage)
        return found.rows[year, stage][0] if found else None

    def name_of(self, code: str, year: int) -> str:
        """What a functional code is called in a year; what its line says where no list has it."""
        listed = code_lists().at(FUNCTIONAL, year).items
        if code in listed:
            return listed[code].name
        table = self.tables.get(FUNCTIONAL)
        said = table.names.get(code) if table else None
        return said or ("按规定不公开" if code.startswith("999") else code)


def read_budgets(*units: str, kinds: tuple[str, ...] = ()) -> dict[str, Budgets]:
    """What units (all, where none is named) have published, by unit code; of all kinds, or of those named."""
    editions = Edition.objects.filter(
        state=LIVE, publication__kind="register", payload__contains=f'"family":"{FAMILY}"'
    ).exclude(publication__validity__in=("withdrawn", "erased"))
    if units:
        editions = editions.filter(publication__unit_code__in=units)
    held: dict[int, tuple[Edition, dict[str, Any]]] = {}
    for edition in editions.select_related("publication"):
        payload = payload_of(edition)
        if payload.get("family") == FAMILY and (not kinds or payload["register_kind"] in kinds):
            held[edition.pk] = (edition, payload)
    made: dict[str, Budgets] = {}
    for use in EditionFile.objects.filter(edition_id__in=list(held), name=DATA).select_related("file"):
        edition, payload = held[use.edition_id]
        publication = edition.publication
        unit = made.setdefault(publication.unit_code, Budgets(publication.unit_code, publication.unit_name))
        unit.tables[payload["register_kind"]] = _table(publication, edition, payload, bytes(use.file.content))
    return made


def _table(publication: Publication, edition: Edition, payload: dict[str, Any], content: bytes) -> Table:
    rows: dict[tuple[int, str], list[Values]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        if row["year"].isdigit():
            rows[int(row["year"]), row["stage"]].append(row)
    names: dict[str, str] = {}
    for column in payload["columns"]:
        if column["name"] == "code":
            names = dict(column.get("code_list") or {})
    return Table(payload["register_kind"], payload["kind_title"], publication, edition, names, dict(rows))
