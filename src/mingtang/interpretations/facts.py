"""Facts about interpretations that other rooms ask for by name, without importing this one."""

from typing import Any

from mingtang.journal.selectors import last_event
from mingtang.records.models import Link, Record
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Context, fact
from mingtang.rows import find, find_all
from mingtang.rules import local_day

from .models import Interpretation


def missing_points(points: dict[str, Any]) -> list[str]:
    """Codes of the nine points that are neither filled nor marked not applicable."""
    return [
        code
        for code in rulebook().enumerations["interpretation_points"].items
        if not (points.get(code, {}).get("text", "").strip() or "not_applicable" in points.get(code, {}))
    ]


def points_without_reason(points: dict[str, Any]) -> list[str]:
    """Codes marked not applicable without saying why."""
    return [code for code, point in points.items() if "not_applicable" in point and not point["not_applicable"].strip()]


def of_document(record_id: Any) -> Interpretation | None:
    """The interpretation that travels with a paper: the first that was attached and not dropped."""
    links = find_all(Link, target_id=record_id, kind="interprets")
    sources = [
        record for record in find_all(Record, pk=[link.source_id for link in links]) if record.state != "dropped"
    ]
    if not sources:
        return None
    first = min(sources, key=lambda record: (record.created_at, record.pk))
    found = find(Interpretation, record_id=first.pk)
    if found is not None:
        found.record = first
    return found


@fact("interpretation.of_document")
def of_document_fact(context: Context) -> dict[str, Any] | None:
    """What a paper's gates need to know of its interpretation."""
    interpretation = of_document(context.record.pk)
    if interpretation is None:
        return None
    approved = last_event(interpretation.record_id, "interpretation.approved")
    reopened = interpretation.record.state in ("drafting", "returned")
    return {
        "plan": bool(interpretation.plan.strip()),
        "material": bool(interpretation.material.strip()),
        "approved": approved is not None,
        "changed_since_approval": approved is not None and reopened,
        "plan_signed_on": local_day(approved.at) if approved else None,
        "missing_points": missing_points(interpretation.points),
        "points_without_reason": points_without_reason(interpretation.points),
    }


@fact("interpretation_event.speaker_is_head")
def speaker_is_head(context: Context) -> bool:
    return bool(context.detail.speaker_role == "unit_head")


@fact("interpretation_event.head_explained_important")
def head_explained_important(context: Context) -> bool:
    """D10.8: the department's head in person, on an important policy; an ordinary notice does not count."""
    return bool(context.detail.speaker_role == "unit_head" and context.detail.important_policy)
