"""What gates and other rooms may ask of a register."""

from typing import Any

from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Context, fact
from mingtang.text.tables.checks import Row
from mingtang.text.tables.reconciling import reconcile

from . import entries
from .catalog import kind_named, kinds
from .entries import open_batch, staged_over, values_of
from .models import Batch, Register


@fact("register.batch")
def batch(context: Context) -> Batch | None:
    """The open batch."""
    return open_batch(context.detail)


@fact("register.kind")
def kind(context: Context) -> Any:
    return kind_named(context.detail.register_kind)


@fact("register.unstated")
def unstated(context: Context) -> int:
    """How many entries change, join or leave a list whose entries are adjusted, and do not say how."""
    register: Register = context.detail
    current = open_batch(register)
    if current is None or register.sequence == 0 or not kind_named(register.register_kind).adjustments:
        return 0
    return 0 if current.correction.strip() else entries.unstated(current).count()


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


@fact("register.disagreements")
def disagreements(context: Context) -> list[str]:
    """In what the list, as it will be, disagrees with the tables of its unit that it belongs with: sentences.

    A table is demanded where the setting ``<what>_of_governments`` or ``<what>_of_departments`` of the rules says so.
    """
    register: Register = context.detail
    own = kind_named(register.register_kind)
    if not own.reconciles:
        return []
    level = "governments" if register.keeper.kind == "government" else "departments"
    held = staged_over(register, open_batch(register))
    rows = [Row(0, dict.fromkeys((one.name for one in own.fields), None) | values_of(one.values)) for one in held]
    found = reconcile(
        own, rows, family(context), kinds(), needed=lambda what: bool(rulebook().setting(f"{what}_of_{level}"))
    )
    return [fault.message for fault in found]
