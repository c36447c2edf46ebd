"""Pages about public bodies, and of openness itself: units, banners and counties, the disclosure guide, the catalogue and
the site map. Timeless: they state dates and counts of what happened, and nothing that depends on the day they are read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import LIVE, Edition, Publication, PublicDuty, PublicRegion, PublicUnit

from .kinds import KINDS
from .lists import ARCHIVED, LISTED, SECTIONS, family, listed, newest, stages
from .loading import payload_of
from .metadata import column_metadata
from .pages import Page
from .papers import pieces, slug_of
from .profiles import Said, live, openness_contact
from .regions import level_words
from .rulebook import opinion_duties, rulebook

UNIT_KINDS = {
    "government": _("政府"),
    "general_office": _("政府办公厅（室）"),
    "department": _("部门"),
    "party_organ": _("党委部门"),
    "centre": _("中心"),
    "village_committee": _("村（嘎查）民委员会"),
}
CATALOGUED, OVERVIEW = 50, 80
OVERVIEWS = {
    "unit_profile": _("职能、内设机构、负责人、地址和电话"),
    "disclosure_guide": _("信息怎样分类、编排、获取，公开工作机构的地址和电话"),
}
# The items of article 20 of the Regulation in few words, each with where on this site it is found: words and address.
ITEMS: tuple[tuple[Any, tuple[tuple[Any, str], ...]], ...] = (
    (_("行政法规、规章和规范性文件"), ((_("政策文件"), "/policies/"), (_("规范性文件"), "/search?q=规范性文件"))),
    (_("机关职能、机构设置、办公地址和时间、联系方式、负责人"), ((_("各机构"), "/units/"),)),
    (_("规划、计划和有关政策"), ((_("规划"), "/search?q=规划"), (_("计划"), "/search?q=计划"))),
    (_("统计信息"), ((_("统计"), "/search?q=统计"),)),
    (_("行政许可和其他对外管理服务的依据、条件、程序、结果"), ((_("许可"), "/search?q=许可"),)),
    (
        _("行政处罚、行政强制的依据、条件、程序，有社会影响的处罚决定"),
        ((_("处罚"), "/search?q=处罚"), (_("强制"), "/search?q=行政强制")),
    ),
    (_("财政预算、决算"), ((_("各单位的预算和决算"), "/budgets/"),)),
    (_("行政事业性收费的项目、依据、标准"), ((_("收费"), "/search?q=收费"),)),
    (_("政府集中采购的目录、标准和实施情况"), ((_("采购"), "/search?q=采购"),)),
    (_("重大建设项目的批准和实施"), ((_("建设项目"), "/search?q=建设项目"),)),
    (
        _("扶贫、教育、医疗、社会保障、促进就业的政策、措施和实施情况"),
        (
            (_("教育"), "/search?q=教育"),
            (_("医疗"), "/search?q=医疗"),
            (_("救助"), "/search?q=救助"),
            (_("就业"), "/search?q=就业"),
        ),
    ),
    (_("突发公共事件的应急预案、预警和应对"), ((_("应急"), "/search?q=应急"),)),
    (
        _("环境保护、公共卫生、安全生产、食品药品、产品质量的监督检查"),
        (
            (_("环境"), "/search?q=环境"),
            (_("卫生"), "/search?q=卫生"),
            (_("安全生产"), "/search?q=安全生产"),
            (_("食品"), "/search?q=食品"),
        ),
    ),
    (_("公务员招考的职位、名额、报考条件和录用结果"), ((_("公务员"), "/search?q=公务员"),)),
    (_("法律、法规、规章和国家有关规定要求公开的其他信息"), ((_("公开目录"), "/catalogue/"),)),
)


@dataclass(frozen=True)
class Kept:
    """How public duties came out, whatever the day: done on time, done late, not done yet. Exempt ones are none."""

    on_time: int = 0
    late: int = 0
    undone: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.on_time + other.on_time, self.late + other.late, self.undone + other.undone)

    @property
    def all(self) -> int:
        return self.on_time + self.late + self.undone

    @property
    def done(self) -> int:
        return self.on_time + self.late

    @property
    def bars(self) -> list[tuple[str, float, float]]:
        """Class, start and width of each piece of a bar that is 100 wide."""
        found, start = [], 0.0
        for name, count in (("on-time", self.on_time), ("late", self.late), ("undone", self.undone)):
            width = round(100 * count / self.all, 2) if self.all else 0.0
            if width:
                found.append((name, round(start, 2), width))
            start += width
        return found


class Directory:
    """All regions and bodies, and what the bodies say of themselves. Each is read once, when first asked for."""

    @cached_property
    def regions(self) -> dict[str, PublicRegion]:
        return {region.pk: region for region in PublicRegion.objects.order_by("code")}

    @cached_property
    def counties(self) -> list[PublicRegion]:
        """What lies directly below the top: the banners and counties of a city, the townships of a county."""
        return [region for region in self.regions.values() if self.top and region.parent_code == self.top.pk]

    @cached_property
    def top(self) -> PublicRegion | None:
        return next((region for region in self.regions.values() if not region.parent_code), None)

    @cached_property
    def units(self) -> dict[str, PublicUnit]:
        return {unit.pk: unit for unit in PublicUnit.objects.order_by("code")}

    @cached_property
    def profiles(self) -> dict[str, Said]:
        return live("unit_profile")

    @cached_property
    def guides(self) -> dict[str, Said]:
        return live("disclosure_guide")

    def predecessors(self, unit: PublicUnit) -> list[PublicUnit]:
        return [other for other in self.units.values() if other.successor_code == unit.pk]

    def county_of(self, unit: PublicUnit) -> PublicRegion | None:
        """The banner or county a body belongs to, of a county's the township; None for one of the top."""
        below = {region.pk for region in self.counties}
        region = self.regions.get(unit.region_code)
        while region is not None and region.pk not in below:
            region = self.regions.get(region.parent_code)
        return region

    def phone(self, unit: PublicUnit) -> str:
        """The telephone a body published, else that of its guide."""
        said = self.profiles.get(unit.pk) or self.guides.get(unit.pk)
        return str(said.payload.get("phone", "")) if said else ""

    def guide_of(self, region: str) -> tuple[PublicUnit, Said] | None:
        """The guide of the government of a region, and the body that publishes it: its general office, or itself."""
        bodies = [unit for unit in self.units.values() if unit.region_code == region and unit.pk in self.guides]
        for kind in ("general_office", "government"):
            for unit in bodies:
                if unit.kind == kind:
                    return unit, self.guides[unit.pk]
        return None

    def city_guide(self) -> tuple[PublicUnit, Said] | None:
        return self.guide_of(self.top.pk) if self.top else None


def ordered(units: list[PublicUnit]) -> list[PublicUnit]:
    """Those of the higher level first; within it by kind."""
    places = {kind: place for place, kind in enumerate(UNIT_KINDS)}
    return sorted(units, key=lambda unit: (len(unit.region_code), places.get(unit.kind, len(places)), unit.pk))


def by_kind(units: list[PublicUnit]) -> list[tuple[str, list[PublicUnit]]]:
    """Bodies under the name of their kind; kinds in the order of ``UNIT_KINDS``."""
    found: dict[str, list[PublicUnit]] = {kind: [] for kind in UNIT_KINDS}
    for unit in ordered(units):
        found.setdefault(unit.kind, []).append(unit)
    return [(str(UNIT_KINDS.get(kind, _("其他"))), rows) for kind, rows in found.items() if rows]


def units_page(known: Directory | None = None) -> Page:
    """Every body by kind and region; those that ended with their last day and who carries on."""
    known = known or Directory()
    standing = [unit for unit in known.units.values() if unit.valid_to is None]
    belonging: dict[str, list[PublicUnit]] = defaultdict(list)
    for unit in standing:
        county = known.county_of(unit)
        belonging[county.pk if county else ""].append(unit)
    ended = sorted(
        (unit for unit in known.units.values() if unit.valid_to),
        key=lambda unit: (unit.valid_to, unit.pk),
        reverse=True,
    )
    context = {
        "kinds": by_kind(belonging[""]),
        "counties": [(region, ordered(belonging[region.pk])) for region in known.counties],
        "ended": [(unit, known.units.get(unit.successor_code)) for unit in ended],
        "phones": {unit.pk: known.phone(unit) for unit in standing},
        "count": len(standing),
        **level_words(known.top),
        "section": "units",
        "top": True,
        "metadata": column_metadata("units"),
    }
    return Page("units/", "portal/units.html", context)


def unit_page(code: str) -> Page | None:
    """The page of one body; None where there is none."""
    return next(unit_pages({code}), None)


def unit_pages(
    codes: set[str] | None = None, known: Directory | None = None, *, as_of: datetime | None = None
) -> Iterator[Page]:
    """The pages of bodies, all or those with one of ``codes``, read together: a handful of queries for any number.

    ``as_of`` leaves out duties that opened later.
    """
    known = known or Directory()
    wanted = [unit for unit in known.units.values() if codes is None or unit.pk in codes]
    if not wanted:
        return
    counts, rows, duties = _counts(codes), _newest(codes), _duties(codes, as_of)
    for unit in wanted:
        said = known.profiles.get(unit.pk)
        payload = said.payload if said else {}
        board = duties.get(unit.pk, [])
        context = {
            "unit": unit,
            "kind": str(UNIT_KINDS.get(unit.kind, "")),
            "county": known.county_of(unit),
            "said": said,
            "text": pieces(payload.get("blocks", []), top=3),
            "openness": openness_contact(payload),
            "guide": known.guides.get(unit.pk),
            "successor": known.units.get(unit.successor_code),
            "predecessors": known.predecessors(unit),
            "parent": known.units.get(unit.parent_code),
            "bodies": [other for other in known.units.values() if other.parent_code == unit.pk and not other.valid_to],
            "count": counts.get(unit.pk, (0, 0))[1],
            "has_feed": unit.pk in counts,
            "rows": rows.get(unit.pk, []),
            "duties": board,
            "kept": sum((kept for _duty, kept in board), Kept()),
            "section": "units",
            "metadata": column_metadata("units"),
        }
        yield Page(f"units/{unit.pk}/", "portal/unit.html", context)


def _of(codes: set[str] | None) -> Q:
    return Q() if codes is None else Q(unit_code__in=codes)


def _counts(codes: set[str] | None) -> dict[str, tuple[int, int]]:
    """How many publications each body has, and how many of them are not erased."""
    rows = Publication.objects.filter(_of(codes)).order_by().values("unit_code")
    found = rows.annotate(all=Count("pk"), shown=Count("pk", filter=~Q(validity="erased")))
    return {row["unit_code"]: (row["all"], row["shown"]) for row in found}


def _newest(codes: set[str] | None) -> dict[str, list[dict[str, Any]]]:
    """The newest publications of each body as rows of a list."""
    place = Window(RowNumber(), partition_by=F("unit_code"), order_by=[F("published_at").desc(), F("pk").desc()])
    chosen = Publication.objects.filter(_of(codes)).exclude(validity="erased").annotate(place=place)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in listed(chosen.filter(place__lte=LISTED).order_by("unit_code", "-published_at", "-pk")):
        found[row["publication"].unit_code].append(row)
    return found


def _duties(codes: set[str] | None, as_of: datetime | None) -> dict[str, list[tuple[dict[str, Any], Kept]]]:
    """Each body's duties with how they came out, in the order of the articles."""
    closed, late = Q(closed_at__isnull=False), Q(closed_at__gt=F("due_at"))
    rows = PublicDuty.objects.filter(_of(codes), exempt_ground="").order_by()
    if as_of is not None:
        rows = rows.filter(opened_at__lte=as_of)
    counted = rows.values("unit_code", "article", "code", "title").annotate(
        on_time=Count("pk", filter=closed & (Q(due_at=None) | Q(closed_at__lte=F("due_at")))),
        late=Count("pk", filter=late),
        undone=Count("pk", filter=~closed),
    )
    opinion = {duty.id for duties in opinion_duties().values() for duty in duties}
    found: dict[str, list[tuple[dict[str, Any], Kept]]] = defaultdict(list)
    for row in counted.order_by("unit_code", "article", "code", "title"):
        duty = {**row, "is_opinion": row["code"] in opinion}
        found[row["unit_code"]].append((duty, Kept(row["on_time"], row["late"], row["undone"])))
    return found


def region_page(region: PublicRegion, known: Directory | None = None) -> Page:
    """The site of a banner or county: whom to ask for openness, its bodies and what they published."""
    known = known or Directory()
    rows = family("regions", region.pk)
    bodies = [unit for unit in known.units.values() if unit.valid_to is None and unit.region_code.startswith(region.pk)]
    context = {
        "region": region,
        "guide": known.guide_of(region.pk),
        "city_guide": known.city_guide(),
        "rows": newest(rows),
        "count": rows.exclude(validity="erased").count(),
        "kinds": by_kind(bodies),
        "phones": {unit.pk: known.phone(unit) for unit in bodies},
        "others": [other for other in known.counties if other.pk != region.pk],
        **level_words(known.top),
        "section": "units",
        "metadata": column_metadata("units"),
    }
    return Page(f"regions/{region.pk}/", "portal/region.html", context)


def guide_page(known: Directory | None = None) -> Page:
    """政府信息公开: the guide, the rules, statutory content by the items of article 20, annual reports, how to ask."""
    known = known or Directory()
    city = known.city_guide()
    guides = [(unit, said) for code, said in known.guides.items() if (unit := known.units.get(code))]
    context = {
        "city": city,
        "text": pieces(city[1].payload.get("blocks", []), top=3) if city else [],
        "guides": [(unit, said) for unit, said in guides if city is None or unit.pk != city[0].pk],
        "items": ITEMS,
        "articles": len(opinion_duties()),
        "opinion": next((pack.title for pack in rulebook().packs.values() if pack.is_opinion), ""),
        "section": "guide",
        "top": True,
        "metadata": column_metadata("guide"),
    }
    return Page("guide/", "portal/guide.html", context)


def catalogue_page() -> Page:
    """公开目录: number, name, summary and date (article 12) of the newest, and the way to all others."""
    rows = list(Publication.objects.exclude(validity="erased").order_by("-published_at", "-pk")[:CATALOGUED])
    texts = {
        edition.publication_id: payload_of(edition)
        for edition in Edition.objects.filter(publication__in=rows, state=LIVE)
    }
    context = {
        "rows": [(row, slug_of(row), overview(row, texts.get(row.pk, {}))) for row in rows],
        "count": Publication.objects.exclude(validity="erased").count(),
        "archives": [
            (name, heading, -(-family(name).count() // ARCHIVED)) for name, (_kinds, heading) in SECTIONS.items()
        ],
        "section": "guide",
        "metadata": column_metadata("guide"),
    }
    return Page("catalogue/", "portal/catalogue.html", context)


def overview(publication: Publication, payload: Mapping[str, Any]) -> str:
    """A publication in a sentence: its summary, else how its text begins, else what kind it is."""
    blocks = payload.get("blocks") or payload.get("material") or []
    told = [f"{block.get('title', '')} {block.get('text', '')}".strip() for block in blocks]
    words = str(
        OVERVIEWS.get(publication.kind)
        or publication.summary
        or payload.get("summary")
        or next((text for text in told if len(text) > 12), "")
    )
    words = " ".join(words.split()) or f"{publication.unit_name}的{KINDS.get(publication.kind, '')}"
    return words if len(words) <= OVERVIEW else f"{words[: OVERVIEW - 1]}…"


def sitemap_page(known: Directory | None = None) -> Page:
    """Everything there is on this site, in one page."""
    known = known or Directory()
    context = {
        "stages": stages(),
        "counties": known.counties,
        **level_words(known.top),
        "kinds": by_kind(
            [unit for unit in known.units.values() if unit.valid_to is None and not known.county_of(unit)]
        ),
        "articles": list(rulebook().articles.values()),
        "section": "sitemap",
        "metadata": column_metadata("guide"),
    }
    return Page("sitemap/", "portal/sitemap.html", context)


def organisation_pages(units: set[str] | None = None, *, as_of: datetime | None = None) -> Iterator[Page]:
    """All pages of this module, of bodies only those with one of the codes ``units``; None means all."""
    known = Directory()
    yield units_page(known)
    yield from unit_pages(units, known, as_of=as_of)
    for region in known.counties:
        yield region_page(region, known)
    yield guide_page(known)
    yield catalogue_page()
    yield sitemap_page(known)
