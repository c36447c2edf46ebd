"""How the city keeps the Opinion's 26 articles: the board of all, and each with its duties one by one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page as Paged
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import PublicDuty
from mingtang.editions.selectors import (
    ADVISORY_LATE,
    DUE_SOON,
    EXEMPT,
    MET,
    MET_LATE,
    OVERDUE,
    RUNNING,
    SOON,
    duty_state,
)
from mingtang.rules import SHANGHAI, local_day

from .jinja import day
from .pages import Page
from .rulebook import STATE_LABELS, DutyText, day_words, due_words, opinion_duties, rulebook

PER_PAGE = 20


@dataclass(frozen=True)
class Standing:
    """How duties stand: how many there are, and of those that can be judged how many were kept on time.

    ``on_time`` are met in time, ``late`` met late or still open past their day; ``advisory`` went past a local
    reference limit that the Opinion does not state, which is told apart and is no breach (A1). What runs or is exempt
    is none of them.
    """

    instances: int = 0
    on_time: int = 0
    late: int = 0
    advisory: int = 0

    def __add__(self, other: "Standing") -> "Standing":
        return Standing(
            self.instances + other.instances,
            self.on_time + other.on_time,
            self.late + other.late,
            self.advisory + other.advisory,
        )

    @property
    def judged(self) -> int:
        return self.on_time + self.late + self.advisory

    @property
    def percent(self) -> int | None:
        """Share on time, rounded down so that 100 means every single one; None when none was due."""
        return 100 * self.on_time // self.judged if self.judged else None


def this_year(now: datetime) -> Q:
    """Duties that belong to the year of ``now`` in Asia/Shanghai: opened in it, or carried into it unfinished."""
    start = datetime(local_day(now).year, 1, 1, tzinfo=SHANGHAI)
    return Q(opened_at__lte=now) & (Q(opened_at__gte=start) | Q(closed_at=None) | Q(closed_at__gte=start))


def standings(duties: QuerySet[PublicDuty], now: datetime) -> dict[str, Standing]:
    """Standing of each duty code among ``duties``; the same judgement as ``duty_state``, in one query."""
    judged = Q(exempt_ground="")
    late = Q(closed_at__gt=F("due_at")) | Q(closed_at=None, due_at__lt=now)
    in_time = Q(closed_at__isnull=False) & (Q(due_at=None) | Q(closed_at__lte=F("due_at")))
    rows = (
        duties.order_by()
        .values("code")
        .annotate(
            instances=Count("pk"),
            on_time=Count("pk", filter=judged & in_time),
            late=Count("pk", filter=judged & late & Q(advisory=False)),
            beyond_reference=Count("pk", filter=judged & late & Q(advisory=True)),
        )
    )
    return {
        row["code"]: Standing(row["instances"], row["on_time"], row["late"], row["beyond_reference"]) for row in rows
    }


def total(found: dict[str, Standing], duties: Iterable[DutyText]) -> Standing:
    return sum((found.get(duty.id, Standing()) for duty in duties), Standing())


def articles(request: HttpRequest) -> HttpResponse:
    """The board as it stands now."""
    return articles_page(timezone.now()).response()


def articles_page(now: datetime) -> Page:
    """The board 城市说到做到了吗: one row an article, by chapter, with the share of duties kept on time this year."""
    found = standings(PublicDuty.objects.filter(this_year(now)), now)
    chapters: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, duties in opinion_duties().items():
        article = rulebook().articles[number]
        chapters[article.chapter_title].append(
            {"article": article, "duties": len(duties), "standing": total(found, duties)}
        )
    every = [duty for duties in opinion_duties().values() for duty in duties]
    context = {
        "chapters": dict(chapters),
        "duties": len(every),
        "tracked": sum(1 for duty in every if duty.id in found),
        "standing": total(found, every),
        "year": local_day(now).year,
        "now": now,
        "section": "articles",
        "top": True,
    }
    return Page("articles/", "portal/articles.html", context)


def article(request: HttpRequest, number: int) -> HttpResponse:
    """One article as it stands now.

    Raises:
        Http404: the Opinion has no such article.
    """
    if number not in rulebook().articles:
        raise Http404
    return article_page(number, timezone.now()).response()


def article_page(number: int, now: datetime) -> Page:
    """One article: each duty as the rules state it, and its newest public instances."""
    found = rulebook().articles[number]
    duties = opinion_duties()[number]
    ours = PublicDuty.objects.filter(code__in=[duty.id for duty in duties])
    yearly = standings(ours.filter(this_year(now)), now)
    tracked = set(ours.order_by().values_list("code", flat=True).distinct())
    numbers = list(opinion_duties())
    place = numbers.index(number)
    context = {
        "article": found,
        "units": "、".join(rulebook().label(code) for code in found.units),
        "standing": total(yearly, duties),
        "duties": [
            {
                "text": duty,
                "standing": yearly.get(duty.id, Standing()),
                "page": instances(duty.id, now) if duty.id in tracked else Paginator([], PER_PAGE).get_page(1),
            }
            for duty in duties
        ],
        "before": rulebook().articles[numbers[place - 1]] if place else None,
        "after": rulebook().articles[numbers[place + 1]] if place + 1 < len(numbers) else None,
        "year": local_day(now).year,
        "now": now,
        "section": "articles",
    }
    return Page(f"articles/{number}/", "portal/article.html", context)


def duty(request: HttpRequest, number: int, code: str) -> HttpResponse:
    """Every public instance of one duty, ``?page=`` by page, ``?state=overdue`` only those that stand so.

    Raises:
        Http404: the Opinion has no such duty in that article.
    """
    found = next((one for one in opinion_duties().get(number, ()) if one.id == code), None)
    if found is None:
        raise Http404
    now = timezone.now()
    wanted = request.GET.get("state", "")
    wanted = wanted if wanted in STATE_LABELS else ""
    context = {
        "article": rulebook().articles[number],
        "text": found,
        "page": instances(code, now, request.GET.get("page", "1"), wanted),
        "states": [(name, label) for name, label in STATE_LABELS.items()],
        "wanted": wanted,
        "now": now,
        "section": "articles",
    }
    return Page(f"articles/{number}/{code}/", "portal/duty.html", context).response()


def standing_as(state: str, now: datetime) -> Q:
    """Duties whose ``duty_state`` at ``now`` is ``state``."""
    late = Q(closed_at__gt=F("due_at")) | Q(closed_at=None, due_at__lt=now)
    judged = Q(exempt_ground="")
    closed = Q(closed_at__isnull=False)
    return {
        EXEMPT: ~judged,
        MET: judged & closed & ~Q(closed_at__gt=F("due_at")) | judged & closed & Q(due_at=None),
        MET_LATE: judged & closed & late,
        OVERDUE: judged & Q(closed_at=None, due_at__lt=now, advisory=False),
        ADVISORY_LATE: judged & Q(closed_at=None, due_at__lt=now, advisory=True),
        DUE_SOON: judged & Q(closed_at=None, due_at__gte=now, due_at__lte=now + SOON),
        RUNNING: judged & Q(closed_at=None) & (Q(due_at=None) | Q(due_at__gt=now + SOON)),
    }[state]


def instances(code: str, now: datetime, page: str = "1", state: str = "") -> Paged[Any]:
    """One page of a duty's instances, newest first, each ready to be shown; of one state only, if given."""
    rows = PublicDuty.objects.filter(code=code, opened_at__lte=now).select_related("publication")
    if state:
        rows = rows.filter(standing_as(state, now))
    paginator: Paginator[Any] = Paginator(rows.order_by("-opened_at", "unit_code", "pk"), PER_PAGE)
    shown = paginator.get_page(page)
    shown.object_list = [described(duty, now) for duty in shown.object_list]
    return shown


def described(duty: PublicDuty, now: datetime) -> dict[str, Any]:
    """A duty in words: state, dates, and its parts with the day each was done."""
    state = duty_state(duty, now)
    paper = duty.publication if duty.publication and duty.publication.validity != "erased" else None
    parts = [(part["label"], parse_datetime(part["closed_at"] or "")) for part in duty.parts]
    return {
        "duty": duty,
        "state": state.replace("_", "-"),
        "state_label": STATE_LABELS[state],
        "paper": paper,
        "slug": paper.path.removeprefix("pub/") if paper else "",
        "period": period_words(duty.period),
        "opened": day_words(duty.opened_at, now),
        "due": due_words(duty.due_at, now) if duty.due_at else "",
        "closed": day_words(duty.closed_at, now) if duty.closed_at else "",
        "parts": [(label, day_words(closed, now) if closed else "") for label, closed in parts],
    }


def timeless(duty: PublicDuty) -> dict[str, Any]:
    """A duty in words that stay true: whether it was kept, by its dates; an open one is only said to be open."""
    state = duty_state(duty, duty.opened_at)
    label = STATE_LABELS[state] if duty.closed_at or duty.exempt_ground else _("还没有做到")
    if not (duty.closed_at or duty.exempt_ground):
        state = RUNNING
    parts = [(part["label"], parse_datetime(part["closed_at"] or "")) for part in duty.parts]
    return {
        "duty": duty,
        "state": state.replace("_", "-"),
        "state_label": label,
        "opened": day(duty.opened_at),
        "due": due_words(duty.due_at, None) if duty.due_at else "",
        "closed": day(duty.closed_at),
        "parts": [(label, day(closed)) for label, closed in parts],
    }


def period_words(period: str) -> str:
    """``2026年上半年`` from the period name ``2026H1``, ``2026年第1季度`` from ``2026Q1``, ``2026年3月`` from ``2026-03``,
    ``2026年`` from ``2026``, ``2026-2027年`` from ``2026-2027``; empty where there is none."""
    if not period:
        return ""
    year, rest = period[:4], period[4:]
    if rest[:1] == "Q":
        return f"{year}年第{rest[1:]}季度"
    if rest[:1] == "-" and len(rest) == 3:
        return f"{year}年{int(rest[1:])}月"
    halves = {"H1": "上半年", "H2": "下半年"}
    return f"{year}年{halves[rest]}" if rest in halves else f"{period}年"


def about(request: HttpRequest) -> HttpResponse:
    return about_page().response()


def about_page() -> Page:
    """What this site is, how duties are counted, and how to check what it says."""
    context = {
        "duties": sum(len(duties) for duties in opinion_duties().values()),
        "articles": len(opinion_duties()),
        "states": [(code.replace("_", "-"), label) for code, label in STATE_LABELS.items()],
    }
    return Page("about/", "portal/about.html", context)
