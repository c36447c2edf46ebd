"""Negative lists, catalogues and what leans on them (articles 17 and 20): facts for gates of this room and others."""

from mingtang.records.spec import Context, fact

from .entries import entries_at

CATALOGUE, NEGATIVE_LIST = "disclosure_catalogue", "negative_list"


@fact("register.catalogue_complete")
def catalogue_complete(context: Context) -> bool:
    """Whether a catalogue is public with entries; none of them lacks one of the four, or it would be no entry (D17.1)."""
    register = context.detail
    return bool(register.register_kind == CATALOGUE and register.sequence and entries_at(register).exists())
