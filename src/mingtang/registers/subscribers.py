"""Registers listen for the moment at which everybody can read an edition."""

from mingtang.journal.names import register_event
from mingtang.journal.writing import subscribe

from .catalog import kinds
from .services import stop_clocks

ADJUSTED = ("register.adjusted", "register.adjustment_shown")


def known_events() -> list[str]:
    """Events that clocks of kinds name: a duty that they close can be kept here."""
    named = {name for kind in kinds().values() for clock in kind.clocks for name in (clock.opens, clock.shows) if name}
    return sorted(named.union(ADJUSTED))


for _name in known_events():
    register_event(_name, "清单条目的时限")
subscribe("edition.shown", stop_clocks)
