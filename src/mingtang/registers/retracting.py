"""Decisions that were taken back, and display periods that are over, are not left to be read in older editions.

The law has a withdrawn penalty leave the web within three days (Administrative Penalty Law, article 48). The edition that
says so replaces the one that showed it, and every older one is emptied as an erased publication is: the log keeps its
salted hash, so proofs still hold.
"""

from mingtang.disclosure.models import Disclosed
from mingtang.disclosure.services import empty_editions
from mingtang.editions.models import ERASED, LIVE, Publication
from mingtang.records.spec import Context, effect
from mingtang.rules import local_day
from mingtang.text.tables.masking import is_shown, is_taken_back

from .catalog import kind_named
from .entries import entries_at, values_of
from .models import Batch, Register


@effect("register.empty_earlier")
def empty_earlier(context: Context) -> None:
    """Empty the editions before the one just published, if an entry of theirs may be read no longer."""
    register: Register = context.detail
    if not _ends_something(register, context):
        return
    disclosed = Disclosed.objects.get(record=context.record)
    publication = Publication.objects.select_for_update().get(index_number=disclosed.index_number)
    earlier = publication.editions.exclude(state__in=(LIVE, ERASED))
    context.results["emptied"] = str(empty_editions(publication, earlier, context.now))


def _ends_something(register: Register, context: Context) -> bool:
    kind, today = kind_named(register.register_kind), local_day(context.now)
    if kind.retracted:
        batch = Batch.objects.get(register=register, sequence=register.sequence)
        changed = batch.entries.filter(since=register.sequence).values_list("values", flat=True)
        if any(is_taken_back(kind, values_of(text)) for text in changed):
            return True
    if not kind.hide_after:
        return False
    texts = entries_at(register).values_list("values", flat=True).iterator(chunk_size=2000)
    return any(not is_shown(kind, values_of(text), today) for text in texts)
