"""Who there is, what they must do, and how it stands."""

from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from ninja import Query, Router

from mingtang.editions.models import PublicDuty, PublicRegion, PublicUnit
from mingtang.editions.selectors import duty_state
from mingtang.portal.papers import slug_of
from mingtang.portal.rulebook import STATE_LABELS, opinion_duties, rulebook
from mingtang.portal.views_articles import standing_as

from . import answers, cursors
from .filters import DutyQuery, PlaceQuery, UnitQuery
from .reading import local

router = Router(tags=["机构和职责"])


@router.get("/units", response=answers.BodyPage, summary="单位", operation_id="listUnits")
def units(request: HttpRequest, asked: Query[UnitQuery]) -> dict[str, Any]:
    rows = PublicUnit.objects.all()
    if asked.region:
        rows = rows.filter(region_code=asked.region)
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    shown, after = _by_code(rows, asked)
    data = [
        {
            "code": row.code,
            "name": row.name,
            "short_name": row.short_name,
            "kind": row.kind,
            "region": row.region_code,
            "parent": row.parent_code,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "successor": row.successor_code,
        }
        for row in shown
    ]
    return {"data": data, "next": after}


@router.get("/regions", response=answers.RegionPage, summary="地区", operation_id="listRegions")
def regions(request: HttpRequest, asked: Query[PlaceQuery]) -> dict[str, Any]:
    shown, after = _by_code(PublicRegion.objects.all(), asked)
    data = [
        {
            "code": row.code,
            "name": row.name,
            "name_mongolian": row.name_mongolian,
            "level": row.level,
            "parent": row.parent_code,
        }
        for row in shown
    ]
    return {"data": data, "next": after}


def _by_code(rows: QuerySet[Any], asked: PlaceQuery) -> tuple[list[Any], str | None]:
    """A page of rows in the order of their codes, and the cursor of the next."""
    if asked.cursor:
        rows = rows.filter(code__gt=cursors.text_place(asked.cursor))
    found: list[Model] = list(rows.order_by("code")[: asked.limit + 1])
    shown = found[: asked.limit]
    return shown, cursors.after_text(str(shown[-1].pk)) if len(found) > asked.limit else None


@router.get(
    "/duties",
    response=answers.DutyPage,
    summary="职责：谁该做什么，做到了没有",
    description="起算晚的在前。状态按回答的时刻计算。",
    operation_id="listDuties",
)
def duties(request: HttpRequest, asked: Query[DutyQuery]) -> dict[str, Any]:
    now = timezone.now()
    given = {
        "article": asked.article,
        "code": asked.code,
        "unit_code": asked.unit,
        "publication__path": asked.publication and f"pub/{asked.publication}",
    }
    rows = PublicDuty.objects.filter(opened_at__lte=now, **{name: value for name, value in given.items() if value})
    if asked.state:
        rows = rows.filter(standing_as(asked.state, now))
    if asked.cursor:
        moment, rest = cursors.moment_and_rest(asked.cursor)
        rows = rows.filter(Q(opened_at__lt=moment) | Q(pk__lt=_identity(rest)), opened_at__lte=moment)
    found = list(rows.select_related("publication").order_by("-opened_at", "-pk")[: asked.limit + 1])
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    after = cursors.after_moment(shown[-1].opened_at, shown[-1].pk.hex) if more else None
    data = []
    for row in shown:
        paper = row.publication if row.publication and row.publication.validity != "erased" else None
        state = duty_state(row, now)
        data.append(
            {
                "id": str(row.pk),
                "code": row.code,
                "article": row.article,
                "title": row.title,
                "unit": {"code": row.unit_code, "name": row.unit_name},
                "publication": slug_of(paper) if paper else None,
                "period": row.period,
                "opened_at": local(row.opened_at),
                "due_at": local(row.due_at),
                "provisional": row.provisional,
                "closed_at": local(row.closed_at),
                "advisory": row.advisory,
                "exempt_ground": row.exempt_ground,
                "state": state,
                "state_label": str(STATE_LABELS[state]),
                "parts": [
                    {"label": part["label"], "closed_at": local(parse_datetime(part["closed_at"] or ""))}
                    for part in row.parts
                ],
            }
        )
    return {"as_of": local(now), "data": data, "next": after}


def _identity(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError:
        raise cursors.NoSuchPlace(text) from None


@router.get(
    "/articles",
    response=answers.ArticleList,
    summary="《意见》各条写下的职责",
    operation_id="listArticles",
)
def articles(request: HttpRequest) -> dict[str, Any]:
    names = set(answers.RuleDuty.model_fields)
    data = []
    for number, found in opinion_duties().items():
        article = rulebook().articles[number]
        data.append(
            {
                "number": number,
                "title": article.title,
                "chapter": article.chapter_title,
                "duties": [{name: getattr(duty, name) for name in names} for duty in found],
            }
        )
    return {"data": data}
