"""What bodies say of themselves, read out of their public payloads: unit profiles and disclosure guides."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import LIVE, Edition, Publication

from .loading import payload_of
from .papers import slug_of

KINDS = ("unit_profile", "disclosure_guide")
CONTACT = {
    "organ": _("机构名称"),
    "address": _("办公地址"),
    "office_hours": _("办公时间"),
    "phone": _("联系电话"),
    "fax": _("传真"),
    "website": _("网上联系"),
}
OPENNESS = {"openness_office": _("公开找谁"), "openness_phone": _("公开电话")}
TELEPHONE = re.compile(r"\+?[0-9][0-9-]{4,19}")


@dataclass(frozen=True)
class Line:
    """A labelled line of a contact. ``call`` is the number to dial where the words are one and nothing else."""

    name: str
    label: str
    words: str

    @property
    def call(self) -> str:
        return self.words if TELEPHONE.fullmatch(self.words) else ""


@dataclass(frozen=True)
class Said:
    """A live profile or guide with its content."""

    publication: Publication
    edition: Edition
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return slug_of(self.publication)

    @property
    def contact(self) -> list[Line]:
        return contact(self.payload)


def live(kind: str) -> dict[str, Said]:
    """What every unit now says, by unit code, in one query."""
    editions = Edition.objects.filter(state=LIVE, publication__kind=kind, publication__validity="valid")
    return {
        edition.publication.unit_code: Said(edition.publication, edition, payload_of(edition))
        for edition in editions.select_related("publication").order_by("publication_id")
    }


def contact(payload: Mapping[str, Any]) -> list[Line]:
    """The lines of a contact that are filled."""
    if payload.get("schema") not in {f"{kind}/1" for kind in KINDS}:
        return []
    return _lines(payload, CONTACT)


def openness_contact(payload: Mapping[str, Any]) -> list[Line]:
    """Who looks after openness in a unit, as its profile says."""
    return _lines(payload, OPENNESS)


def _lines(payload: Mapping[str, Any], labels: Mapping[str, Any]) -> list[Line]:
    return [Line(name, str(label), payload[name]) for name, label in labels.items() if payload.get(name)]


def parts(payload: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """All that a profile or guide says beside its text, as headings with lines of words, for copies on paper."""
    leaders = [f"{row['post']}　{row['name']}　{row['work']}".strip("　") for row in payload.get("leaders", [])]
    divisions = ["　".join(filter(None, row.values())) for row in payload.get("divisions", [])]
    return [
        (str(_("负责人")), leaders),
        (str(_("内设机构")), divisions),
        (str(_("联系方式")), [f"{one.label}：{one.words}" for one in contact(payload)]),
        (str(_("政府信息公开工作机构")), [f"{one.label}：{one.words}" for one in openness_contact(payload)]),
    ]
