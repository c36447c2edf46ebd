"""What every desk page shows around its content."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from mingtang.notices.lateness import may_recall
from mingtang.notices.services import unread_count
from mingtang.records.spec import all_specs
from mingtang.units.identities import sign_on_name
from mingtang.units.profile import current_profile
from mingtang.units.roles import ADMINISTRATORS

from .administration import menu_of


def desk(request: HttpRequest) -> Mapping[str, Any]:
    """Navigation by role; nothing for pages that nobody signed in to."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"site_name": current_profile().site_name, "sign_on": sign_on_name()}
    business = bool(actor.units) and not actor.roles <= ADMINISTRATORS
    return {
        "site_name": current_profile().site_name,
        "record_kinds": all_specs() if business else (),
        "business": business,
        "administration": menu_of(actor),
        "may_recall": business and may_recall(actor),
        "unread": unread_count(actor.person_id) if business else 0,
        "unit_names": "、".join(sorted({short_name for short_name, _kind in actor.seats.values()})),
    }
