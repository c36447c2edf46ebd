"""Registers listen for the moment at which everybody can read an edition."""

from mingtang.journal.names import register_event
from mingtang.journal.writing import subscribe

from .catalog import kinds
from .openness import note_removed
from .services import stop_clocks
from .templates import close_for_paper, derive_templates, open_for_paper

ADJUSTED = ("register.adjusted", "register.adjustment_shown")


def known_events() -> list[str]:
    """Events that clocks of kinds name: a duty that they close can be kept here."""
    named = {name for kind in kinds().values() for clock in kind.clocks for name in (clock.opens, clock.shows) if name}
    return sorted(named.union(ADJUSTED))


for _name in known_events():
    register_event(_name, "清单条目的时限")
subscribe("edition.shown", stop_clocks)
subscribe("edition.shown", close_for_paper)
subscribe("register.published", note_removed)
subscribe("register.published", derive_templates)
subscribe("document.signed", open_for_paper)
