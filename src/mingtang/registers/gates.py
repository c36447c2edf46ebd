"""Gates of registers (articles 4, 5 and 17): pure functions from facts to faults."""

from collections.abc import Iterable, Mapping
from typing import Any

from mingtang.records.rulebook import rulebook
from mingtang.records.spec import gate
from mingtang.rules import Fault
from mingtang.text.tables.checks import BLOCK

from .models import ADDED, ALL, CHANGED, FAILED, FAULTY, READY, REMOVED, Batch

Facts = Mapping[str, Any]
MOST_TOLD = 5


@gate("register_checked")
def checked(facts: Facts) -> Iterable[Fault]:
    """Everything handed in was read, changes something, and has no fault that the clerk did not decide to leave out."""
    book, batch = rulebook(), facts["register.batch"]
    if batch is None:
        yield book.fault("batch_empty", gate="register_checked")
        return
    if batch.stage == FAILED:
        yield book.fault("batch_unreadable", gate="register_checked", problem=batch.problem)
        return
    if batch.stage != READY:
        yield book.fault("batch_not_checked", gate="register_checked")
        return
    yield from _table_faults(batch)
    faulty = batch.counts.get(FAULTY, 0)
    if faulty and batch.accept == ALL:
        yield book.fault("batch_faulty", gate="register_checked", count=faulty)
    elif not any(batch.counts.get(name) for name in (ADDED, CHANGED, REMOVED)):
        yield book.fault("batch_empty", gate="register_checked")


def _table_faults(batch: Batch) -> Iterable[Fault]:
    told = [one for one in batch.faults if one["severity"] == BLOCK]
    for one in told[:MOST_TOLD]:
        yield rulebook().fault("batch_table_fault", gate="register_checked", problem=one["message"])


@gate("adjustments_stated")
def adjustments_stated(facts: Facts) -> Iterable[Fault]:
    """D05.2: what changes in a list after its first publication is an adjustment with kind, day and basis, or says that
    it corrects a mistake."""
    missing = facts["register.unstated"]
    if missing:
        kind = facts["register.kind"]
        allowed = "、".join(kind.adjustments.values())
        yield rulebook().fault("adjustment_unstated", gate="adjustments_stated", count=missing, allowed=allowed)


@gate("register_reconciles")
def reconciles(facts: Facts) -> Iterable[Fault]:
    """D04.4, D04.5: the tables of a set agree to the cent, and those that the rules demand are there."""
    for problem in facts["register.disagreements"]:
        yield rulebook().fault("tables_disagree", gate="register_reconciles", problem=problem)
