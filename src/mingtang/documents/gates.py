"""Gates of articles 10, 12 and 18 on papers: pure functions from facts to faults."""

from collections.abc import Iterable, Mapping
from typing import Any

from mingtang.disclosure.gates import personal_data
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import gate
from mingtang.rules import Fault
from mingtang.text.tables.wording import is_vague

Facts = Mapping[str, Any]


@gate("one_lead")
def one_lead(facts: Facts) -> Iterable[Fault]:
    """D10.1: exactly one lead drafter, who interprets."""
    leads = facts["document.lead_units"]
    if not leads:
        yield rulebook().fault("no_lead", gate="one_lead")
    elif len(leads) > 1:
        yield rulebook().fault("several_leads", gate="one_lead", count=len(leads), units="、".join(leads))


@gate("interpretation_signed")
def interpretation_signed(facts: Facts) -> Iterable[Fault]:
    """D10.3: plan and material go with a policy paper to the head's desk; the head cannot sign without both."""
    return _attached(facts, "interpretation_signed")


@gate("interpretation_attached")
def interpretation_attached(facts: Facts) -> Iterable[Fault]:
    """D10.4: a paper in the government's name goes up with plan and material approved by the department's head."""
    yield from _attached(facts, "interpretation_attached")
    interpretation = facts["interpretation.of_document"]
    if facts["document.policy"] and interpretation and interpretation["material"]:
        if not interpretation["approved"]:
            yield rulebook().fault("material_not_approved_by_head", gate="interpretation_attached")
        elif interpretation["changed_since_approval"]:
            yield rulebook().fault("interpretation_changed_since_approval", gate="interpretation_attached")


def _attached(facts: Facts, gate_name: str) -> Iterable[Fault]:
    if not facts["document.policy"]:
        return
    interpretation = facts["interpretation.of_document"]
    if interpretation is None or not interpretation["plan"]:
        yield rulebook().fault("plan_missing", gate=gate_name)
    if interpretation is None or not interpretation["material"]:
        yield rulebook().fault("material_missing", gate=gate_name)


@gate("in_step")
def in_step(facts: Facts) -> Iterable[Fault]:
    """D12.1: the plan is signed no later than the paper it explains; signing both at once is in step."""
    interpretation = facts["interpretation.of_document"]
    if not facts["document.policy"] or not interpretation or interpretation["plan_signed_on"] is None:
        return
    plan_signed, signed = interpretation["plan_signed_on"], facts["document.signing_on"]
    if plan_signed > signed:
        yield rulebook().fault(
            "plan_signed_after_document",
            gate="in_step",
            plan_signed=f"{plan_signed:%Y-%m-%d}",
            document_signed=f"{signed:%Y-%m-%d}",
        )


@gate("nine_points")
def nine_points(facts: Facts) -> Iterable[Fault]:
    """A9: each of the nine points is filled or marked not applicable; warns unless the city made it block."""
    book = rulebook()
    interpretation = facts["interpretation.of_document"]
    if not facts["document.policy"] or not interpretation:
        return
    labels = book.enumerations["interpretation_points"].items
    missing = interpretation["missing_points"]
    if missing:
        yield book.fault(
            "nine_points_incomplete",
            gate="nine_points",
            count=len(missing),
            points="、".join(labels[code] for code in missing),
        )
    for code in interpretation["points_without_reason"]:
        yield book.fault("point_reason_missing", gate="nine_points", point=labels[code])


@gate("document.original_issued")
def original_issued(facts: Facts) -> Iterable[Fault]:
    """A translation carries its original's number, so the original has to have one."""
    original = facts["document.original"]
    if original is not None and not original["document_number"]:
        yield rulebook().fault("original_not_issued", gate="complete", title=original["title"])


@gate("document.original_public")
def original_public(facts: Facts) -> Iterable[Fault]:
    """A translation comes out with its original or after it, never before."""
    original = facts["document.original"]
    if original is not None and not original["public"]:
        yield rulebook().fault("original_not_public", gate="complete", title=original["title"])


@gate("document.number_ready")
def number_ready(facts: Facts) -> Iterable[Fault]:
    """A paper is issued under a number: typed by hand, or drawn from the issuing organ's series."""
    if not facts["document.number_ready"]:
        yield rulebook().fault("field_missing", field="document_number", gate="complete", label="发文字号")


@gate("document.batch_without_findings")
def batch_without_findings(facts: Facts) -> Iterable[Fault]:
    """D20.4: a paper with personal data is opened and decided on by itself, never passed with others."""
    if facts["document.decided_in_batch"]:
        yield from personal_data(facts)


@gate("document.exception_grounded")
def exception_grounded(facts: Facts) -> Iterable[Fault]:
    """S20.3: an exception to the negative list has a lawful ground and a reason, from somebody other than the drafter."""
    book, asked = rulebook(), facts["document.exception_asked"]
    if facts["disclosure.acting_person"] in facts["disclosure.authors"]:
        yield book.fault("exception_by_drafter", gate="negative_list")
    if asked["ground"] not in book.grounds:
        yield book.fault("ground_unlisted", field="ground", gate="openness_determined", ground=asked["ground"])
    if not asked["reason"]:
        yield book.fault("reason_missing", field="reason", gate="openness_determined")
    elif is_vague(asked["reason"], book.enumerations["vague_reasons"].items.values()):
        yield book.fault("reason_vague", field="reason", gate="openness_determined", reason=asked["reason"])
