"""The content that would become public, exactly: as reviewed, masked and hashed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from mingtang.records.spec import Context
from mingtang.text.canonical import canonical_json, content_hash
from mingtang.text.personal_data import Finding, mask, scan

from .attachments import MAY_BE_KEPT

# The number is drawn when the paper is issued, after its review.
ASSIGNED_LATER = frozenset({"document_number"})


@dataclass(frozen=True)
class Place:
    """Personal data found at one place of a payload; ``place`` is a dotted path to the string."""

    place: str
    finding: Finding

    @property
    def key(self) -> str:
        return f"{self.place}:{self.finding.start}:{self.finding.end}"


def payload_of(context: Context) -> dict[str, Any]:
    """What a publication of this record would contain, before masking.

    Raises:
        TypeError: the kind never becomes public.
    """
    if context.spec.payload is None:
        raise TypeError(f"{context.spec.kind} has no public form")
    return context.spec.payload(context.detail)


def hash_of(payload: Mapping[str, Any]) -> str:
    return content_hash(canonical_json(payload))


def reviewed_hash(payload: Mapping[str, Any]) -> str:
    """Hash of what a reviewer judges: everything but what the system assigns between review and publication."""
    return hash_of({key: value for key, value in payload.items() if key not in ASSIGNED_LATER})


def find_personal_data(payload: Mapping[str, Any]) -> list[Place]:
    """Every piece of personal data in every string of a payload. Hashes are no words: a run of digits in one is chance."""
    return [
        Place(place, finding)
        for place, text in strings_of(payload)
        if not place.endswith(".sha256")
        for finding in scan(text)
    ]


def strings_of(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Dotted path and text of every string below ``value``."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from strings_of(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, Sequence):
        for number, inner in enumerate(value):
            yield from strings_of(inner, f"{place}.{number}")


def masked(payload: Mapping[str, Any], places: Iterable[Place], kept: frozenset[str]) -> dict[str, Any]:
    """A copy with the personal data at ``places`` masked but what the reviewer decided to keep (keys of ``Place``)."""
    wanted: dict[str, list[Finding]] = {}
    for place in places:
        if place.key not in kept or place.finding.kind not in MAY_BE_KEPT:
            wanted.setdefault(place.place, []).append(place.finding)

    def copy(value: Any, path: str) -> Any:
        if isinstance(value, str):
            return mask(value, wanted[path]) if path in wanted else value
        if isinstance(value, Mapping):
            return {key: copy(inner, f"{path}.{key}" if path else key) for key, inner in value.items()}
        if isinstance(value, Sequence):
            return [copy(inner, f"{path}.{number}") for number, inner in enumerate(value)]
        return value

    return copy(payload, "")  # type: ignore[no-any-return]


PLACE_LABELS = {
    "title": _("标题"),
    "blocks": _("正文"),
    "material": _("解读材料"),
    "points": _("解读要点"),
    "addressees": _("主送机关"),
    "source": _("信息来源"),
    "summary": _("内容概述"),
    "attachments": _("附件名称"),
    "divisions": _("内设机构"),
    "leaders": _("负责人"),
    "address": _("办公地址"),
    "office_hours": _("办公时间"),
    "phone": _("联系电话"),
    "fax": _("传真"),
    "website": _("互联网联系方式"),
    "openness_office": _("公开工作机构"),
    "openness_phone": _("公开工作机构电话"),
    "government": _("机关名称"),
    "organ": _("公开工作机构"),
}


def label_of(place: str) -> str:
    """Where a finding is, in words: 正文第3段."""
    parts = place.split(".")
    label = str(PLACE_LABELS.get(parts[0], parts[0]))
    return f"{label}第{int(parts[1]) + 1}段" if len(parts) > 1 and parts[1].isdigit() else label
