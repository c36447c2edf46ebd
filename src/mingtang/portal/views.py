"""The home page, the list of publications, one publication, and the pages that say something went wrong."""

from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, Count, F, Q, When
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mingtang.editions.models import ERASED, Publication, PublicationLink, PublicDuty
from mingtang.editions.selectors import Shown, links_from, publications, shown
from mingtang.rules import SHANGHAI, local_day

from .facets import KINDS, Wanted, chips, facets, found, wanted_of
from .papers import contents, data_box, day, explanations, media, pieces, points, seal, slug_of
from .rulebook import opinion_duties, rulebook
from .views_articles import Standing, described

NEWEST, PER_PAGE, MONTHS, UNITS = 7, 20, 6, 10
HIDDEN = ("erased", "withdrawn")
TEMPLATES = {"document": "portal/paper.html", "interpretation": "portal/interpretation.html"}


def home(request: HttpRequest) -> HttpResponse:
    """What is new, whether the city keeps its word, and where to look or ask."""
    now = timezone.now()
    months = monthly(now)
    units = publications().order_by().values("unit_code", "unit_name").annotate(count=Count("pk"))
    context = {
        "newest": listed(publications()[:NEWEST]),
        "months": [(start, standing, start.year == local_day(now).year) for start, standing in months],
        "standing": sum((standing for _month, standing in months), Standing()),
        "units": [
            {"name": row["unit_name"], "count": row["count"], "query": Wanted(unit=row["unit_code"]).query()}
            for row in units.order_by("-count", "unit_code")[:UNITS]
        ],
        "articles": len(opinion_duties()),
        "now": now,
    }
    return render(request, "portal/home.html", context)


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


def policies(request: HttpRequest) -> HttpResponse:
    """The list of publications with its search box, filters and pages of twenty."""
    wanted = wanted_of(request.GET)
    page = Paginator(found(wanted), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "wanted": wanted,
        "page": page,
        "rows": listed(page.object_list),
        "facets": facets(wanted),
        "chips": chips(wanted),
        "query": wanted.query(),
        "empty": not page.paginator.count and not publications().exists(),
    }
    return render(request, "portal/policies.html", context)


def listed(rows: Any) -> list[dict[str, Any]]:
    """Rows of a list, each with its kind in words and the publications it explains or is explained by."""
    rows = list(rows)
    links = PublicationLink.objects.filter(
        Q(source__in=rows) | Q(target__in=rows), kind__in=("interprets", "explains")
    ).select_related("source", "target")
    explains: dict[int, list[Publication]] = {}
    explained: dict[int, list[Publication]] = {}
    for link in links:
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


def publication(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """A publication by its newest edition, or by edition ``number``. 410 with a tombstone where it was erased.

    Raises:
        Http404: no such publication or edition.
    """
    # Edition 0 would mean "the newest" to the selector.
    found_here = shown(f"pub/{slug}", number) if number != 0 else None
    if found_here is None:
        raise Http404
    this = found_here.publication
    if found_here.edition.state == ERASED:
        context = {"publication": this, "slug": slug, "edition": found_here.edition}
        return render(request, "portal/tombstone.html", context, status=410)
    now = timezone.now()
    text = pieces(found_here.payload.get("blocks") or found_here.payload.get("material") or [])
    context = {"text": text, **_common(found_here, slug, now)}
    if this.kind == "document":
        context["contents"] = contents(text)
        context["explanations"] = explanations(this, text)
        context["signed"] = any(piece.kind == "signature" for piece in text)
        context["written"] = day(found_here.payload.get("written_on", ""))
    else:
        explained = [*links_from(this, "interprets"), *links_from(this, "explains")]
        context["explains"] = [(paper, slug_of(paper)) for paper in explained if paper.validity != "erased"]
        context["points"] = points(found_here.payload)
        context["media"] = media(found_here.payload)
        context["held"] = day(found_here.payload.get("held_at", ""))
    return render(request, TEMPLATES.get(this.kind, "portal/event.html"), context)


def _common(found_here: Shown, slug: str, now: datetime) -> dict[str, Any]:
    """What every kind of publication shows."""
    this, edition, payload = found_here.publication, found_here.edition, found_here.payload
    editions = list(this.editions.order_by("-number"))
    book = rulebook()
    duties = []
    for duty in this.duties.filter(opened_at__lte=now).select_related("publication"):
        rule = book.duties.get(duty.code)
        duties.append(
            {
                **described(duty, now),
                "limit": rule.limit.text if rule and rule.limit else "",
                "basis": book.citation(rule) if rule else "",
                "article": rule.article if rule and book.packs[rule.pack].is_opinion else None,
            }
        )
    return {
        "publication": this,
        "slug": slug,
        "edition": edition,
        "payload": payload,
        "kind_label": KINDS.get(this.kind, ""),
        "box": data_box(found_here),
        "newest": editions[0],
        "is_newest": edition == editions[0],
        "versions": [
            {"edition": row, "before": editions[place + 1] if place + 1 < len(editions) else None}
            for place, row in enumerate(editions)
        ],
        "duties": duties,
        "seal": seal(found_here),
        "now": now,
    }


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Nothing is at this address: say so and lead on."""
    return render(request, "portal/not_found.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke here: say so without a word about how. Asks the database nothing."""
    return render(request, "portal/server_error.html", status=500)
