"""Reads of interpretations: suggestions and the measures of articles 11 and 12."""

from collections.abc import Iterable

from mingtang.records.models import Record
from mingtang.records.rulebook import rulebook

from .facts import missing_points
from .models import Expert, Interpretation


def _of_units(units: Iterable[str]) -> Iterable[Interpretation]:
    found = Interpretation.objects.filter(record__lead_unit__in=list(units))
    return found.exclude(record__state="dropped").iterator()


def points_measure(units: Iterable[str]) -> tuple[int, int]:
    """Points dealt with and points there are, over all interpretations of the units (D11.1)."""
    total = len(rulebook().enumerations["interpretation_points"].items)
    covered = [total - len(missing_points(interpretation.points)) for interpretation in _of_units(units)]
    return sum(covered), total * len(covered)


def method_measure(units: Iterable[str]) -> tuple[int, int]:
    """Interpretations that use at least one method, and all of them (D12.2: encouraged, never a breach)."""
    used = [bool(interpretation.methods) for interpretation in _of_units(units)]
    return sum(used), len(used)


def suggest_experts(record: Record, *, topic: str) -> list[Expert]:
    """Experts with those of the topic's field or who took part in the policy first (D12.3), then by entry."""
    took_part = set(record.experts.values_list("pk", flat=True))
    experts = Expert.objects.select_related("unit")
    return sorted(experts, key=lambda expert: (topic not in expert.fields and expert.pk not in took_part, expert.pk))
