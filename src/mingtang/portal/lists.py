"""The home page and the lists: newest first, and an archive whose pages never shift.

A page of the archive holds the fifty publications that came after the fifty of the page before, so a new one touches
only the last page. Erased ones keep their place as a tombstone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, When
from django.db.models.functions import Cast, TruncMonth

from mingtang.editions.models import Publication, PublicationLink, PublicDuty, PublicRegion
from mingtang.editions.selectors import publications
from mingtang.rules import SHANGHAI, local_day

from .kinds import KINDS
from .loading import HIDDEN
from .metadata import column_metadata
from .pages import Page
from .papers import slug_of
from .regions import level_words, top_region
from .rulebook import opinion_duties, rulebook
from .views_articles import Standing

NEWEST, LISTED, ARCHIVED, MONTHS, UNITS = 7, 20, 50, 6, 12
# Lists with an archive of their own: the kinds of publications in each, and its heading.
SECTIONS = {
    "policies": (("document",), "政策文件"),
    "interpretations": (("interpretation", "interpretation_event"), "政策解读"),
}


def stages() -> list[tuple[str, str]]:
    """The five disclosures (五公开): code and name."""
    return list(rulebook().enumerations["five_disclosures"].items.items())


def family(name: str, key: str = "") -> QuerySet[Publication]:
    """Publications of a list, in the order they first became public.

    ``name`` is a section, or ``units``, ``regions`` or ``stages`` with the code as ``key``.
    """
    rows = Publication.objects.order_by("pk")
    match name:
        case "units":
            return rows.filter(unit_code=key)
        case "regions":
            return rows.filter(region_code__startswith=key)
        case "stages":
            return rows.annotate(stage_text=Cast("stages", CharField())).filter(stage_text__contains=f'"{key}"')
        case _:
            return rows.filter(kind__in=SECTIONS[name][0])


def newest(rows: QuerySet[Publication], count: int = LISTED) -> list[dict[str, Any]]:
    """The newest of a family, without what was erased."""
    return listed(rows.exclude(validity="erased").order_by("-published_at", "-pk")[:count])


def listed(rows: Iterable[Publication]) -> list[dict[str, Any]]:
    """Rows of a list, each with its kind in words and the publications it explains or is explained by."""
    rows = list(rows)
    links = PublicationLink.objects.filter(
        Q(source__in=rows) | Q(target__in=rows), kind__in=("interprets", "explains")
    ).select_related("source", "target")
    explains: dict[int, list[Publication]] = {}
    explained: dict[int, list[Publication]] = {}
    for link in links.order_by("pk"):
        if link.target.validity != "erased":
            explains.setdefault(link.source_id, []).append(link.target)
        if link.source.validity not in HIDDEN:
            explained.setdefault(link.target_id, []).append(link.source)
    return [
        {
            "publication": row,
            "slug": slug_of(row),
            "kind_label": KINDS.get(row.kind, ""),
            "explains": explains.get(row.pk, []),
            "explained": [(other, slug_of(other)) for other in explained.get(row.pk, [])],
        }
        for row in rows
    ]


def home_page(now: datetime) -> Page:
    """What is new, what may be commented on, how to ask, and whether the city keeps its word."""
    months, top = monthly(now), top_region()
    context = {
        "newest": newest(family("policies"), NEWEST),
        "explained": newest(family("interpretations"), 4),
        "months": [(start, standing, start.year == local_day(now).year) for start, standing in months],
        "standing": sum((standing for _month, standing in months), Standing()),
        "units": busiest_units(),
        "stages": stages(),
        "regions": list(PublicRegion.objects.filter(parent_code=top.pk).order_by("code")) if top else [],
        **level_words(top),
        "articles": len(opinion_duties()),
        "now": now,
        "section": "home",
        "top": True,
    }
    return Page("", "portal/home.html", context)


def busiest_units() -> list[dict[str, Any]]:
    """The units that published most."""
    rows = publications().order_by().values("unit_code", "unit_name").annotate(count=Count("pk"))
    return [
        {"code": row["unit_code"], "name": row["unit_name"], "count": row["count"]}
        for row in rows.order_by("-count", "unit_code")[:UNITS]
    ]


def section_page(name: str) -> Page:
    """The newest of a section, with ways into the rest."""
    rows = family(name)
    pages = -(-rows.count() // ARCHIVED)
    context = {
        "heading": SECTIONS[name][1],
        "rows": newest(rows),
        "count": rows.exclude(validity="erased").count(),
        "kinds": [(kind, KINDS[kind]) for kind in SECTIONS[name][0]],
        "stages": stages(),
        "units": busiest_units(),
        "archive": list(range(pages, 0, -1)),
        "section": name,
        "top": True,
        "metadata": column_metadata(name),
    }
    return Page(f"{name}/", "portal/section.html", context)


def archive_page(name: str, number: int) -> Page | None:
    """Page ``number`` (from 1, oldest first) of a section's archive; None where there is none."""
    rows = list(family(name)[(number - 1) * ARCHIVED : number * ARCHIVED]) if number > 0 else []
    if not rows:
        return None
    context = {
        "heading": SECTIONS[name][1],
        "rows": listed(rows[::-1]),
        "number": number,
        "first": rows[0].published_at,
        "last": rows[-1].published_at,
        "section": name,
        "metadata": column_metadata(name),
    }
    return Page(f"{name}/page/{number}/", "portal/archive.html", context)


def stage_page(code: str) -> Page:
    """One of the five disclosures: its newest publications."""
    rows = family("stages", code)
    context = {
        "code": code,
        "heading": dict(stages())[code],
        "rows": newest(rows),
        "count": rows.exclude(validity="erased").count(),
        "stages": stages(),
        "section": "policies",
        "metadata": column_metadata("policies"),
    }
    return Page(f"stages/{code}/", "portal/stage.html", context)


def monthly(now: datetime) -> list[tuple[datetime, Standing]]:
    """Standing of the Opinion's duties in each of the last six calendar months, this one included, oldest first.

    A duty counts in the month it was settled: when it was kept in time, or when its time ran out.
    """
    this = datetime(local_day(now).year, local_day(now).month, 1, tzinfo=SHANGHAI)
    starts = [this]
    while len(starts) < MONTHS:
        starts.insert(0, (starts[0] - timedelta(days=1)).replace(day=1))
    kept = Q(closed_at__isnull=False) & (Q(due_at=None) | Q(closed_at__lte=F("due_at")))
    rows = (
        PublicDuty.objects.filter(
            code__in=[duty.id for duties in opinion_duties().values() for duty in duties], exempt_ground=""
        )
        .annotate(settled=Case(When(kept, then=F("closed_at")), default=F("due_at")))
        .filter(settled__gte=starts[0], settled__lte=now)
        .annotate(month=TruncMonth("settled", tzinfo=SHANGHAI))
        .order_by()
        .values("month")
        .annotate(all=Count("pk"), on_time=Count("pk", filter=kept))
    )
    by_month = {
        (row["month"].year, row["month"].month): Standing(row["all"], row["on_time"], row["all"] - row["on_time"])
        for row in rows
    }
    return [(start, by_month.get((start.year, start.month), Standing())) for start in starts]
