"""Reads about the site's pages: whose they are."""

from datetime import date

from mingtang.editions.models import Publication
from mingtang.units.models import Unit
from mingtang.units.selectors import GENERAL_OFFICE, GOVERNMENT, current_unit, general_office_of


def page_path(address: str) -> str:
    """``pub/x`` of ``/pub/x/edition/2/`` or of ``/pub/x/``; other addresses without their slashes."""
    parts = [part for part in address.partition("?")[0].split("/") if part]
    return "/".join(parts[:2]) if parts[:1] == ["pub"] else "/".join(parts)


def publication_at(address: str) -> Publication | None:
    """The publication a page of the site shows, whichever of its pages it is."""
    path = page_path(address)
    return None if "\x00" in path else Publication.objects.filter(path=path).first()


def unit_answering_for(address: str, day: date) -> Unit:
    """The unit that answers for a page on ``day``: who published it, whose page it is, else the city's general office.

    A unit that ended is followed to its successor.

    Raises:
        LookupError: the profile has no general office.
    """
    publication = publication_at(address)
    parts = page_path(address).split("/")
    code = publication.unit_code if publication else parts[1] if parts[0] == "units" and len(parts) > 1 else ""
    unit = Unit.objects.filter(pk=code).first() if code and "\x00" not in code else None
    if unit is None and parts[0] == "regions" and len(parts) > 1 and "\x00" not in parts[1]:
        government = Unit.objects.filter(kind=GOVERNMENT, region_id=parts[1], valid_to=None).first()
        offices = Unit.objects.filter(kind=GENERAL_OFFICE, parent=government, valid_to=None) if government else None
        unit = (offices.first() if offices else None) or government
    if unit is not None:
        current = current_unit(unit, day)
        if current.valid_to is None or current.valid_to >= day:
            return current
    city = Unit.objects.filter(kind=GOVERNMENT, parent=None, valid_to=None).order_by("pk").first()
    if city is None:
        raise LookupError("没有登记市级人民政府")
    return general_office_of(city)
