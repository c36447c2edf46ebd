"""Facts about a paper that gates, duties and other rooms ask for by name."""

from datetime import date

from mingtang.journal.selectors import last_event, payload_of
from mingtang.records.models import CO_ISSUER, LEAD, Link, RecordParty, Remark
from mingtang.records.spec import Context, fact
from mingtang.rows import find_all
from mingtang.rules import local_day

from .models import DEPARTMENT, TRANSLATES, Document


@fact("document.in_department_name")
def in_department_name(context: Context) -> bool:
    return bool(context.detail.name_of == DEPARTMENT and not context.detail.is_legacy)


@fact("document.in_government_name")
def in_government_name(context: Context) -> bool:
    return bool(context.detail.name_of != DEPARTMENT and not context.detail.is_legacy)


@fact("document.is_legacy")
def is_legacy(context: Context) -> bool:
    """Public on the old site before this system was adopted."""
    return bool(context.detail.is_legacy)


@fact("document.is_new")
def is_new(context: Context) -> bool:
    return not context.detail.is_legacy


@fact("document.lead_units")
def lead_units(context: Context) -> list[str]:
    """Lead drafters named for the paper; a form may propose several, the database keeps one."""
    proposed = context.data.get("lead_units")
    return list(proposed) if proposed is not None else context.units_as(LEAD)


@fact("document.decided_in_batch")
def decided_in_batch(context: Context) -> bool:
    """Whether this step is taken for many papers at once, most of them unopened."""
    return bool(context.data.get("batch"))


@fact("document.needs_interpretation")
def needs_interpretation(context: Context) -> bool:
    """Policy papers are interpreted (article 10); the clock starts with the first edition. A translation is none: what
    explains its original explains it. Nor does the clock start for what was public before this system was adopted."""
    return bool(context.detail.policy and not context.detail.is_legacy)


@fact("document.original")
def original(context: Context) -> dict[str, object] | None:
    """The Chinese paper that this one is a version of, or None."""
    paper = original_of(context)
    if paper is None:
        return None
    return {
        "title": paper.title,
        "document_number": paper.document_number,
        "public": hasattr(paper.record, "disclosed"),
    }


def original_of(context: Context) -> Document | None:
    links = find_all(Link, source_id=context.record.pk, kind=TRANSLATES)
    if not links:
        return None
    return Document.objects.select_related("record").get(record_id=links[0].target_id)


@fact("document.head_must_explain")
def head_must_explain(context: Context) -> bool:
    """All three marks of D10.6 together make the head's own explanation due (A33)."""
    paper = context.detail
    marked = paper.broad_reach and paper.high_attention and paper.vital_interest
    return bool(marked and not paper.is_legacy)


@fact("document.exception_asked")
def exception_asked(context: Context) -> dict[str, str]:
    """The exception to the negative list that is being confirmed: ground and reason."""
    return {name: str(context.data.get(name, "")).strip() for name in ("ground", "reason")}


@fact("document.signing_on")
def signing_on(context: Context) -> date:
    """The day the paper is being signed."""
    return local_day(context.now)


@fact("document.number_ready")
def number_ready(context: Context) -> bool:
    if context.facts["document.original"] is not None:
        return True  # it takes its original's number, which has a gate of its own
    return bool(context.detail.document_number or context.record.lead_unit.document_prefix)


@fact("document.correction_reason")
def correction_reason(context: Context) -> str:
    """Why the paper was last corrected, as the corrected edition will say in public."""
    event = last_event(context.record.pk, "document.correction_begun")
    remark = Remark.objects.filter(pk=payload_of(event)["remark"]).first() if event else None
    return remark.text if remark else ""


def interpreted_document(context: Context) -> Document | None:
    """The paper that an interpretation, or an event explaining it, is linked to."""
    link = Link.objects.filter(source=context.record.pk, kind__in=("interprets", "explains")).first()
    return Document.objects.filter(record_id=link.target_id).select_related("record").first() if link else None


@fact("document.of_interpretation")
def of_interpretation(context: Context) -> dict[str, object] | None:
    """What another room may know of the paper it is linked to."""
    paper = interpreted_document(context)
    if paper is None:
        return None
    parties = RecordParty.objects.filter(record_id=paper.record_id).select_related("unit")
    return {
        "title": paper.title,
        "document_number": paper.document_number,
        "state": paper.record.state,
        "stages": paper.stages,
        "signed_at": paper.signed_at,
        "public": hasattr(paper.record, "disclosed"),
        "important": paper.policy and (paper.broad_reach or paper.high_attention or paper.vital_interest),
        "head_must_explain": paper.broad_reach and paper.high_attention and paper.vital_interest,
        "interpreters": [party.unit.name for party in parties if party.role == LEAD],
        "cooperators": [party.unit.name for party in parties if party.role == CO_ISSUER],
    }
