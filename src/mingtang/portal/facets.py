"""What a reader asks of the list of publications: words and filters, read from the address and written back to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.db.models import Count, IntegerField, Max, QuerySet
from django.db.models.functions import Coalesce, ExtractYear
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import VALIDITY, Publication
from mingtang.editions.selectors import publications

KINDS = {"document": _("文件"), "interpretation": _("解读"), "interpretation_event": _("解读活动")}
TITLES = {"kind": _("类别"), "validity": _("有效性"), "year": _("年份"), "unit": _("发布机构")}
LONGEST_TEXT, MOST_WORDS, SHOWN_OPTIONS = 100, 8, 8


@dataclass(frozen=True)
class Wanted:
    """Filters of the list; an empty string filters nothing."""

    q: str = ""
    kind: str = ""
    validity: str = ""
    year: str = ""
    unit: str = ""

    def query(self, **changes: str) -> str:
        """The address's query for these filters with some changed, such as ``?q=供热&year=2026``."""
        return "?" + urlencode({name: value for name, value in vars(replace(self, **changes)).items() if value})


@dataclass(frozen=True)
class Option:
    label: str
    count: int
    query: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """One filter. ``options`` stand in view, ``more`` are folded away."""

    name: str
    title: str
    options: list[Option]
    more: list[Option]


def wanted_of(data: Mapping[str, str]) -> Wanted:
    """Filters from a query; what is unknown or malformed filters nothing."""
    # PostgreSQL knows no NUL in text.
    given = {name: str(data.get(name, "")).replace("\x00", "").strip() for name in ("q", *TITLES)}
    return Wanted(
        q=" ".join(given["q"][:LONGEST_TEXT].split()[:MOST_WORDS]),
        kind=given["kind"] if given["kind"] in KINDS else "",
        validity=given["validity"] if given["validity"] in VALIDITY and given["validity"] != "erased" else "",
        year=given["year"] if given["year"].isascii() and given["year"].isdigit() and len(given["year"]) == 4 else "",
        unit=given["unit"][:40],
    )


def found(wanted: Wanted) -> QuerySet[Publication]:
    """Publications that match, newest first. The year is that of the paper, or else of its publication."""
    rows = publications(kind=wanted.kind, text=wanted.q, unit=wanted.unit, validity=wanted.validity)
    rows = rows.annotate(
        year=Coalesce(ExtractYear("written_on"), ExtractYear("published_at"), output_field=IntegerField())
    )
    return rows.filter(year=int(wanted.year)) if wanted.year else rows


def facets(wanted: Wanted) -> list[Facet]:
    """Each filter with its options, counted among what the other filters leave."""
    return [_facet(name, wanted) for name in TITLES]


def _facet(name: str, wanted: Wanted) -> Facet:
    chosen = getattr(wanted, name)
    column = "unit_code" if name == "unit" else name
    rows = (
        found(replace(wanted, **{name: ""}))
        .order_by()
        .values_list(column)
        .annotate(count=Count("pk"), unit=Max("unit_name"))
    )
    # Years newest first, everything else by how much there is.
    ordered = sorted(rows, key=lambda row: (-row[0] if name == "year" else -row[1], str(row[0])))
    options = [
        Option(
            label=_label(name, str(value), unit),
            count=count,
            query=wanted.query(**{name: "" if str(value) == chosen else str(value)}),
            chosen=str(value) == chosen,
        )
        for value, count, unit in ordered
    ]
    return Facet(name, str(TITLES[name]), options[:SHOWN_OPTIONS], options[SHOWN_OPTIONS:])


def chips(wanted: Wanted) -> list[tuple[str, str]]:
    """What is filtered, in words, each with the query that removes it."""
    made = [(f"“{wanted.q}”", wanted.query(q=""))] if wanted.q else []
    for name in TITLES:
        if value := getattr(wanted, name):
            made.append((_label(name, value, unit_name(value) if name == "unit" else ""), wanted.query(**{name: ""})))
    return made


def unit_name(code: str) -> str:
    """The newest public name of a unit; its code where it published nothing."""
    row = Publication.objects.filter(unit_code=code).order_by("-published_at").values_list("unit_name", flat=True)
    return row.first() or code


def _label(name: str, value: str, unit: str) -> str:
    match name:
        case "kind":
            return str(KINDS.get(value, value))
        case "validity":
            return str(VALIDITY.get(value, value))
        case "year":
            return f"{value}年"
        case _:
            return unit
