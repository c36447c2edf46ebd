"""Reads of what is public. Everything here may be shown to anyone."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from .models import ERASED, LIVE, Edition, Publication, PublicDuty

MET, MET_LATE, RUNNING, DUE_SOON, OVERDUE, ADVISORY_LATE, EXEMPT = (
    "met",
    "met_late",
    "running",
    "due_soon",
    "overdue",
    "advisory_late",
    "exempt",
)
# A duty due within this time is due soon.
SOON = timedelta(days=2)


@dataclass(frozen=True)
class Shown:
    """A publication with one of its editions; ``payload`` is empty once the edition was erased."""

    publication: Publication
    edition: Edition
    payload: dict[str, Any]


def publications(*, kind: str = "", text: str = "", unit: str = "", validity: str = "") -> QuerySet[Publication]:
    """Publications newest first, erased ones left out of lists. ``text`` matches title and document number."""
    found = Publication.objects.exclude(validity="erased")
    if kind:
        found = found.filter(kind=kind)
    for word in text.split():
        found = found.filter(Q(title__icontains=word) | Q(document_number__icontains=word) | Q(index_number=word))
    if unit:
        found = found.filter(unit_code=unit)
    if validity:
        found = found.filter(validity=validity)
    return found


def shown(path: str, number: int | None = None) -> Shown | None:
    """The publication at ``path`` with its newest edition, or with edition ``number``; None if there is none."""
    # PostgreSQL refuses to be asked for a text with NUL in it; no path has one.
    publication = None if "\x00" in path else Publication.objects.filter(path=path).first()
    if publication is None:
        return None
    editions = publication.editions.order_by("-number")
    edition = (
        editions.filter(number=number).first() if number else (editions.filter(state=LIVE).first() or editions.first())
    )
    if edition is None:
        return None
    payload = {} if edition.state == ERASED else json.loads(edition.payload)
    return Shown(publication, edition, payload)


def linked(publication: Publication, kind: str) -> list[Publication]:
    """Publications that point at this one by ``kind``, such as its interpretations, oldest first."""
    found = Publication.objects.filter(links_out__target=publication, links_out__kind=kind)
    return list(found.exclude(validity__in=("erased", "withdrawn")).order_by("published_at"))


def links_from(publication: Publication, kind: str) -> list[Publication]:
    """Publications this one points at by ``kind``."""
    return list(Publication.objects.filter(links_in__source=publication, links_in__kind=kind))


def state_at(
    due_at: datetime | None, closed_at: datetime | None, now: datetime, *, advisory: bool, exempt: str = ""
) -> str:
    """The state from the moments alone. A duty closed exactly at its due moment is met."""
    if exempt:
        return EXEMPT
    late = due_at is not None and (closed_at or now) > due_at
    if closed_at is not None:
        return MET_LATE if late else MET
    if late:
        return ADVISORY_LATE if advisory else OVERDUE
    if due_at is not None and due_at - now <= SOON:
        return DUE_SOON
    return RUNNING


def duty_state(duty: PublicDuty, now: datetime) -> str:
    """How a public duty stands at ``now``."""
    return state_at(duty.due_at, duty.closed_at, now, advisory=duty.advisory, exempt=duty.exempt_ground)
