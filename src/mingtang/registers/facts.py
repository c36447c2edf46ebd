"""What gates and other rooms may ask of a register."""

from typing import Any

from mingtang.records.spec import Context, fact

from .catalog import ADJUSTMENT, BASIS, EFFECTIVE_ON, kind_named
from .entries import open_batch, staged_over, values_of
from .models import ADDED, CHANGED, REMOVED, Batch, Register


@fact("register.batch")
def batch(context: Context) -> Batch | None:
    """The open batch."""
    return open_batch(context.detail)


@fact("register.kind")
def kind(context: Context) -> Any:
    return kind_named(context.detail.register_kind)


@fact("register.unstated")
def unstated(context: Context) -> list[str]:
    """Entries that change, join or leave a list whose entries are adjusted, and do not say how: their keys' hashes."""
    register: Register = context.detail
    current = open_batch(register)
    if current is None or register.sequence == 0 or not kind_named(register.register_kind).adjustments:
        return []
    if current.correction.strip():
        return []
    found = []
    touched = current.entries.filter(since=None, change__in=(ADDED, CHANGED, REMOVED))
    for key_hash, text in touched.values_list("key_hash", "values"):
        values = values_of(text)
        if not all(values.get(name) for name in (ADJUSTMENT, EFFECTIVE_ON, BASIS)):
            found.append(key_hash)
    return found


@fact("register.family")
def family(context: Context) -> Any:
    """Reads the tables of the same unit and family as they will be: kind id to entries, None where there is none."""
    register: Register = context.detail

    def read(name: str) -> list[dict[str, Any]] | None:
        other = Register.objects.filter(keeper=register.keeper_id, register_kind=name).first()
        if other is None:
            return None
        rows = [values_of(entry.values) for entry in staged_over(other, open_batch(other))]
        return rows or None

    return read


@fact("register.correction_reason")
def correction_reason(context: Context) -> str:
    """What the new edition says of why it was made."""
    current = open_batch(context.detail) or context.detail.batches.order_by("-number").first()
    if current is None:
        return ""
    return current.correction or current.note or "清单更新"
