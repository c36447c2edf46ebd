"""What people typed and have not submitted moves with their work."""

import json
import uuid

from mingtang.records.models import Record
from mingtang.units.handover import Handover, Movable, register_movable

from .models import AutosavedForm, HeldFile


def _theirs(wish: Handover) -> list[AutosavedForm]:
    """Typed forms that belong to the unit: on its records, naming it, or all if the person leaves for good."""
    forms = list(AutosavedForm.objects.filter(person=wish.person).order_by("pk"))
    if wish.leaves_all:
        return forms
    records = {form.pk: _record_in(form.form_key) for form in forms}
    led = set(
        Record.objects.filter(pk__in=[pk for pk in records.values() if pk], lead_unit=wish.unit).values_list(
            "pk", flat=True
        )
    )
    return [form for form in forms if records[form.pk] in led or wish.unit.pk in _units_named(form)]


def _record_in(key: str) -> uuid.UUID | None:
    for part in key.rstrip("+").split(":"):
        try:
            return uuid.UUID(part)
        except ValueError:
            continue
    return None


def _units_named(form: AutosavedForm) -> list[str]:
    return list(json.loads(form.data).get("lead_units", []))


def _move(wish: Handover) -> int:
    """Give the forms to the successor. Where they typed into the same form, the received text waits beside theirs;
    where that place is taken too, it stays with the person, and is not counted.
    """
    taken = set(AutosavedForm.objects.filter(person=wish.successor).values_list("form_key", flat=True))
    moved = 0
    for form in _theirs(wish):
        key = next((key for key in (form.form_key, f"{form.form_key.rstrip('+')}+") if key not in taken), None)
        if key is not None:
            taken.add(key)
            form.person, form.form_key = wish.successor, key
            form.save(update_fields=["person", "form_key"])
            moved += 1
    if wish.leaves_all:
        HeldFile.objects.filter(person=wish.person).update(person=wish.successor)
    return moved


register_movable(Movable("未提交的草稿", lambda wish: len(_theirs(wish)), _move, "移到接手人名下"))
