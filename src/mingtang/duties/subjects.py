"""Who owes a duty: resolvers that rule packs name."""

from collections.abc import Callable

from mingtang.records.spec import Context
from mingtang.rules import local_day
from mingtang.units.models import Unit
from mingtang.units.selectors import general_office_of, units_in_group


def _lead(context: Context) -> list[Unit]:
    return [context.record.lead_unit]


def _general_office(context: Context) -> list[Unit]:
    return [general_office_of(context.record.lead_unit)]


_resolvers: dict[str, Callable[[Context], list[Unit]]] = {
    "lead_unit": _lead,
    "issuer": _lead,
    "general_office": _general_office,
}


def subjects_of(name: str, context: Context) -> list[Unit]:
    """Units that owe a duty opened by an event on this record. A name that is no resolver is a unit group.

    The group is taken as it stood on the day of the event: who owes does not change when units merge later.
    """
    resolver = _resolvers.get(name)
    return resolver(context) if resolver else units_in_group(name, local_day(context.now))
