"""Gapless numbers from locked counter rows: index numbers (索引号) and document serials."""

from .models import IndexCounter


def next_number(key: str) -> int:
    """The next number of a series, counted from 1. Inside a transaction: a rollback gives the number back."""
    counter = IndexCounter.objects.select_for_update().filter(pk=key).first()
    if counter is None:
        IndexCounter.objects.get_or_create(pk=key)
        counter = IndexCounter.objects.select_for_update().get(pk=key)
    counter.value += 1
    counter.save(update_fields=["value"])
    return counter.value
