"""Values of facets in words."""

from collections.abc import Iterable
from functools import cache

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import VALIDITY, Publication, PublicRegion, PublicUnit
from mingtang.rules import load_rulebook

KINDS = {
    "document": _("文件"),
    "interpretation": _("解读"),
    "interpretation_event": _("解读活动"),
    "unit_profile": _("机构信息"),
    "disclosure_guide": _("公开指南"),
}
LANGUAGES = {
    "zh-Hans": _("中文"),
    "zh": _("中文"),
    "mn-Mong": _("传统蒙古文"),
    "mn": _("蒙古文"),
    "en": _("英文"),
}


@cache
def _stages() -> dict[str, str]:
    return dict(load_rulebook(("opinion_2017",)).enumerations["five_disclosures"].items)


def labels(facet: str, values: Iterable[str]) -> dict[str, str]:
    """A label for each value of a facet; the value itself where it has no other name."""
    wanted = list(values)
    match facet:
        case "kind":
            known = {value: str(label) for value, label in KINDS.items()}
        case "validity":
            known = {value: str(label) for value, label in VALIDITY.items()}
        case "language":
            known = {value: str(label) for value, label in LANGUAGES.items()}
        case "stage":
            known = _stages()
        case "year":
            known = {value: f"{value}年" for value in wanted}
        case "unit":
            known = _units(wanted)
        case "region":
            known = dict(PublicRegion.objects.filter(code__in=wanted).values_list("code", "name"))
        case _:
            known = {}
    return {value: known.get(value, value) for value in wanted}


def _units(codes: list[str]) -> dict[str, str]:
    """Names as projected from the city's tree, or as the units' own publications gave them."""
    known = dict(PublicUnit.objects.filter(code__in=codes).values_list("code", "name"))
    missing = [code for code in codes if code not in known]
    if missing:
        rows = Publication.objects.filter(unit_code__in=missing).order_by().values("unit_code")
        known |= dict(rows.annotate(name=Max("unit_name")).values_list("unit_code", "name"))
    return known
