"""Gapless numbers from locked counter rows: index numbers (索引号) and document serials."""

from mingtang.rows import find, update

from .models import IndexCounter


def next_number(key: str) -> int:
    """The next number of a series, counted from 1. Inside a transaction: a rollback gives the number back."""
    counter = find(IndexCounter, pk=key, lock=True)
    if counter is None:
        IndexCounter.objects.get_or_create(pk=key)
        counter = IndexCounter.objects.select_for_update().get(pk=key)
    counter.value += 1
    update(counter)
    return counter.value
