"""Writes about unit profiles and disclosure guides, and what their gates ask."""

from collections.abc import Iterable, Mapping
from typing import Any

from mingtang.journal.selectors import last_event, payload_of
from mingtang.records.models import Remark
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Context, effect, fact, gate
from mingtang.rows import find
from mingtang.rules import Fault
from mingtang.units.selectors import government_of

from .models import DisclosureGuide, UnitProfile

CONTACT = ("address", "office_hours", "phone", "fax", "website")
PROFILE_FIELDS = ("functions", "divisions", "leaders", *CONTACT, "openness_office", "openness_phone")
GUIDE_FIELDS = ("government", "classification", "arrangement", "obtaining", "organ", *CONTACT)
KINDS = ("unit_profile", "disclosure_guide")


def write_profile(context: Context) -> None:
    """Apply form data. What a body is and does belongs to open administration (管理公开)."""
    _write(context, PROFILE_FIELDS, "management")
    context.record.title = f"{context.record.lead_unit.name}机构信息"


def write_guide(context: Context) -> None:
    """Apply form data. A general office writes the guide of its government."""
    _write(context, GUIDE_FIELDS, "service")
    guide: DisclosureGuide = context.detail
    if not guide.government:
        unit = context.record.lead_unit
        guide.government = (government_of(unit) if unit.kind == "general_office" else unit).name
        guide.save(update_fields=["government"])
    context.record.title = guide_title(guide.government)


def guide_title(government: str) -> str:
    """``奈曼旗人民政府信息公开指南``, ``通辽市教育局政府信息公开指南``."""
    return f"{government.removesuffix('政府')}政府信息公开指南"


def _write(context: Context, fields: Iterable[str], stage: str) -> None:
    detail = context.detail
    for name in fields:
        if name in context.data:
            setattr(detail, name, context.data[name])
    detail.stages = detail.stages or [stage]
    detail.mode = "on_own_initiative"
    detail.save()


def _correction_reason(context: Context) -> str:
    """Why it was last changed, as the new edition will say in public."""
    event = last_event(context.record.pk, f"{context.spec.kind}.correction_begun")
    remark = Remark.objects.filter(pk=payload_of(event)["remark"]).first() if event else None
    return remark.text if remark else ""


def _other_live(context: Context) -> str:
    """Title of another live one of the same unit; empty where there is none."""
    other = find(context.spec.model, live_for_id=context.record.lead_unit_id)
    if other is None or other.pk == context.record.pk:
        return ""
    return context.record.__class__.objects.get(pk=other.pk).title


for _kind in KINDS:
    fact(f"{_kind}.correction_reason")(_correction_reason)
    fact(f"{_kind}.other_live")(_other_live)


@gate("unit_profile.single")
def single_profile(facts: Mapping[str, Any]) -> Iterable[Fault]:
    """One unit has one live profile; a change is a new edition of it."""
    return _single(facts["unit_profile.other_live"], "profile_single")


@gate("disclosure_guide.single")
def single_guide(facts: Mapping[str, Any]) -> Iterable[Fault]:
    """One unit has one live guide; a change is a new edition of it."""
    return _single(facts["disclosure_guide.other_live"], "guide_single")


def _single(other: str, name: str) -> list[Fault]:
    return [rulebook().fault("already_live", gate=name, title=other)] if other else []


@effect("profile.make_live")
def make_live(context: Context) -> None:
    """Take the unit's only place; the database refuses a second one that slipped past the gate."""
    _set_live(context.detail, context.record.lead_unit_id)


@effect("profile.end_live")
def end_live(context: Context) -> None:
    _set_live(context.detail, None)


def _set_live(detail: UnitProfile | DisclosureGuide, unit_code: str | None) -> None:
    detail.live_for_id = unit_code
    detail.save(update_fields=["live_for"])
