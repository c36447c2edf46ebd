"""Versions of one paper in several languages: the switcher on its page."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import Publication, PublicationLink

TRANSLATES = "translates"
# In the order they stand in the switcher, each in words its readers know.
LANGUAGES = {"zh-Hans": _("中文"), "mn-Mong": _("蒙古文"), "en": "English"}
# Written in columns from left to right: ``writing-mode: vertical-lr``.
VERTICAL = frozenset({"mn-Mong"})
HIDDEN = ("erased", "withdrawn")


@dataclass(frozen=True)
class Variant:
    """One language version. ``language`` is a BCP 47 tag for ``lang`` attributes; ``current`` the one being read."""

    language: str
    label: str
    slug: str
    title: str
    current: bool

    @property
    def vertical(self) -> bool:
        return self.language in VERTICAL


def is_vertical(publication: Publication) -> bool:
    """Whether the text is set in columns, as traditional Mongolian is."""
    return publication.language in VERTICAL


def variants(publication: Publication) -> list[Variant]:
    """All language versions of a paper, itself among them; empty where there is only one."""
    return variants_of([publication])[publication.pk]


def variants_of(publications: Sequence[Publication]) -> dict[int, list[Variant]]:
    """The same for many publications at once, with two questions to the database. Withdrawn and erased ones are left out."""
    ids = [one.pk for one in publications]
    near = PublicationLink.objects.filter(Q(source_id__in=ids) | Q(target_id__in=ids), kind=TRANSLATES)
    originals = {link.target_id for link in near}
    families: dict[int, dict[int, Publication]] = defaultdict(dict)
    for link in PublicationLink.objects.filter(target_id__in=originals, kind=TRANSLATES).select_related(
        "source", "target"
    ):
        families[link.target_id] |= {link.target_id: link.target, link.source_id: link.source}
    family_of = {pk: family for family in families.values() for pk in family}
    return {one.pk: _variants(one, family_of.get(one.pk, {})) for one in publications}


def _variants(current: Publication, family: dict[int, Publication]) -> list[Variant]:
    order = list(LANGUAGES)
    shown = [one for one in family.values() if one.validity not in HIDDEN or one.pk == current.pk]
    shown.sort(key=lambda one: (order.index(one.language) if one.language in order else len(order), one.pk))
    made = [
        Variant(
            language=one.language,
            label=str(LANGUAGES.get(one.language, one.language)),
            slug=one.path.removeprefix("pub/"),
            title=one.title,
            current=one.pk == current.pk,
        )
        for one in shown
    ]
    return made if len(made) > 1 else []
