"""What may be asked: the portal's filters, but strict. A misspelt filter that filters nothing would answer a question
nobody asked."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from ninja import Schema
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from mingtang.editions.models import Publication
from mingtang.editions.selectors import publications
from mingtang.rules import SHANGHAI
from mingtang.search.wanted import Wanted

from . import cursors
from .answers import DutyState, Validity

LARGEST = 2**53 - 1
# Beyond these there is nothing, and moments cannot be reckoned with.
_FIRST, _LAST = date(1900, 1, 1), date(2999, 12, 31)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
            raise PydanticCustomError("whole", "要写成整数，最大{largest}", {"largest": LARGEST})
        return int(value)
    return value


def _day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise PydanticCustomError("day", "要写成 2026-03-05 这样的日期")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Day = Annotated[date, BeforeValidator(_day)]
CODE = "^[A-Za-z0-9_-]{1,40}$"
WORDS = r"^[^\x00-\x1f\x7f]{1,40}$"


def _unasked(description: str, **more: Any) -> Any:
    """A filter that filters nothing while it is not given; given, it must be of its kind."""
    return Field(None, description=description, **more)


def _cursor() -> Any:
    return Field("", pattern=cursors.PATTERN, description="翻页位置：上一页给出的 next；看第一页不带")


def _limit(default: int = 20) -> Any:
    return Field(default, ge=1, le=100, description="每页几条")


class Filters(Schema):
    q: str = Field(
        "",
        min_length=1,
        max_length=200,
        description="检索词；空格分开的都要有，“短语”照样找，-词 不要有",
        examples=["供热"],
    )
    kind: str = Field("", pattern=CODE, description="类别", examples=["document"])
    unit: str = Field("", pattern=CODE, description="发布机构代码，见 /units", examples=["fgw"])
    region: str = Field("", pattern="^[A-Za-z0-9]{1,12}$", description="地区代码，见 /regions", examples=["150500"])
    stage: str = Field("", pattern=CODE, description="五公开类别", examples=["service"])
    topic: str = Field("", pattern=WORDS, description="主题分类", examples=["综合政务"])
    genre: str = Field("", pattern=WORDS, description="体裁", examples=["通知"])
    year: str = Field(
        "", pattern="^[1-9][0-9]{3}$", description="成文年份；没有成文日期的按公开年份", examples=["2026"]
    )
    validity: Validity = _unasked("有效性")
    language: str = Field("", pattern=CODE, description="语言", examples=["zh-Hans"])
    since: Day = _unasked("公开日期从这一天起（含）")
    until: Day = _unasked("公开日期到这一天止（含）")

    def wanted(self, **more: Any) -> Wanted:
        """The same for the search."""
        given = self.model_dump(include=set(Filters.model_fields))
        return Wanted(**{**given, "validity": self.validity or ""}, **more)


class PublicationQuery(Filters):
    sort: Literal["relevance", "newest", "oldest"] = Field(
        "relevance", description="排序：相关、最新、最早在前；不带 q 时“相关”即最新在前"
    )
    cursor: str = _cursor()
    limit: Whole = _limit()


class PlaceQuery(Schema):
    cursor: str = _cursor()
    limit: Whole = _limit(100)


class UnitQuery(PlaceQuery):
    region: str = Field("", pattern="^[A-Za-z0-9]{1,12}$", description="地区代码")
    kind: str = Field("", pattern=CODE, description="类别")


class DutyQuery(PlaceQuery):
    article: Whole = _unasked("《意见》的条", ge=1, le=999)
    code: str = Field("", pattern=r"^[A-Z][0-9]{1,3}(\.[0-9]{1,3})?$", description="职责编号", examples=["D10.5"])
    unit: str = Field("", pattern=CODE, description="责任单位代码")
    publication: str = Field("", pattern="^[^\\x00-\\x1f\\x7f/]{1,120}$", description="公开内容的 slug")
    state: DutyState = _unasked("现在的状态")


class EntryQuery(Schema):
    start: Whole = Field(0, ge=0, le=LARGEST, description="从第几行起（含），第一行是0")
    end: Whole = Field(LARGEST, ge=0, le=LARGEST, description="到第几行止（不含）；一次最多1000行")


def filtered(filters: Filters) -> QuerySet[Publication]:
    """Publications that pass the filters, ``q`` left out of account. What was erased is never among them."""
    columns = {
        "kind": filters.kind,
        "unit_code": filters.unit,
        "region_code": filters.region,
        "topic": filters.topic,
        "genre": filters.genre,
        "validity": filters.validity,
        "language": filters.language,
    }
    rows = publications().order_by().filter(**{name: value for name, value in columns.items() if value})
    if filters.stage:
        rows = rows.annotate(stage_text=Cast("stages", CharField())).filter(stage_text__contains=f'"{filters.stage}"')
    if filters.year:
        first, last = date(int(filters.year), 1, 1), date(int(filters.year), 12, 31)
        rows = rows.filter(Q(written_on__range=(first, last)) | Q(written_on=None) & _published(first, last))
    if filters.since or filters.until:
        rows = rows.filter(_published(filters.since or _FIRST, filters.until or _LAST))
    return rows


def _published(first: date, last: date) -> Q:
    """Published on these days, in Asia/Shanghai, inclusive."""
    first, last = max(first, _FIRST), min(last, _LAST)
    start = datetime.combine(first, time(), SHANGHAI)
    end = datetime.combine(last, time(), SHANGHAI) + timedelta(days=1)
    return Q(published_at__gte=start, published_at__lt=end)
