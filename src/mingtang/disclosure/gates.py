"""The door's gates (articles 1, 18 and 20): pure functions from facts to faults."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mingtang.records.rulebook import rulebook
from mingtang.records.spec import gate
from mingtang.rules import Fault

from .attachments import MAY_BE_KEPT, FoundInFile
from .content import label_of

Facts = Mapping[str, Any]


@gate("five_disclosures")
def five_disclosures(facts: Facts) -> Iterable[Fault]:
    """S01.2: an item with none of the five classes cannot be published."""
    if not facts["disclosure.stages"]:
        yield rulebook().fault("stage_missing", field="stages", gate="five_disclosures")


@gate("source_determination")
def source_determination(facts: Facts) -> Iterable[Fault]:
    """D18.3: what the general office returns a paper for. The same checks as at the department's own desk."""
    return _openness(facts, "source_determination")


@gate("openness_determined")
def openness_determined(facts: Facts) -> Iterable[Fault]:
    """D18.1, D18.2: attribute, mode, and for what is withheld a lawful ground with its reason."""
    return _openness(facts, "openness_determined")


def _openness(facts: Facts, gate_name: str) -> Iterable[Fault]:
    book = rulebook()

    def fault(code: str, field: str, **words: object) -> Fault:
        return book.fault(code, field=field, gate=gate_name, **words)

    openness, mode = facts["disclosure.openness"], facts["disclosure.mode"]
    if openness not in book.enumerations["openness_attributes"].items:
        yield fault("attribute_missing", "openness")
    if openness == "withheld":
        ground, reason = facts["disclosure.withholding_ground"], facts["disclosure.withholding_reason"].strip()
        if mode:
            yield fault("mode_not_allowed", "mode")
        if not ground:
            yield fault("ground_missing", "withholding_ground")
        elif ground not in book.grounds:
            yield fault("ground_unlisted", "withholding_ground", ground=ground)
        if not reason:
            yield fault("reason_missing", "withholding_reason")
        elif _is_vague(reason):
            yield fault("reason_vague", "withholding_reason", reason=reason)
    elif mode not in book.enumerations["disclosure_modes"].items:
        yield fault("mode_missing", "mode")
    if openness == "redacted_release":
        cuts = facts["disclosure.cuts"]
        if not cuts and not facts["disclosure.file_cuts"]:
            yield fault("cuts_missing", "cuts")
        yield from _reasoned(cuts, "cuts", fault)
    if openness != "withheld":
        yield from _reasoned(facts["disclosure.file_cuts"], "attachments", fault)


def _reasoned(cuts: Iterable[Mapping[str, Any]], field: str, fault: Callable[..., Fault]) -> Iterable[Fault]:
    """Each cut, in the text or in a file, needs its reason and a lawful ground."""
    for number, cut in enumerate(cuts, 1):
        if not cut.get("reason", "").strip():
            yield fault("cut_reason_missing", field, number=number)
        if cut.get("ground") not in rulebook().grounds:
            yield fault("cut_ground_unlisted", field, number=number, ground=cut.get("ground") or "未选择")


def _is_vague(reason: str) -> bool:
    """A reason that only says it is a reason: one of the listed phrases, alone or with filler."""
    bare = reason.strip("。.，, 　")
    return len(bare) < 4 or bare in rulebook().enumerations["vague_reasons"].items.values()


@gate("secrecy_review_by_another")
def second_person(facts: Facts) -> Iterable[Fault]:
    """S20.4: nobody reviews what they wrote."""
    if facts["disclosure.acting_person"] in facts["disclosure.authors"]:
        yield rulebook().fault(
            "reviewed_by_drafter", field="reviewer", gate="secrecy_review", reviewer=facts["disclosure.acting_name"]
        )


@gate("secrecy_review")
def secrecy_review(facts: Facts) -> Iterable[Fault]:
    """D20.4: no publication without a passed review, by another person, of exactly this content."""
    book = rulebook()
    review = facts["disclosure.review"]
    if review is None:
        yield book.fault("review_missing", gate="secrecy_review")
        return
    if not review.passed:
        yield book.fault("review_negative", gate="secrecy_review", verdict="不宜公开")
    if review.reviewer_id in facts["disclosure.authors"]:
        yield book.fault("reviewed_by_drafter", gate="secrecy_review", reviewer=facts["disclosure.reviewer_name"])
    if review.content_hash != facts["disclosure.content_hash"]:
        yield book.fault("content_changed_since_review", gate="secrecy_review")


@gate("publisher_separate")
def publisher_separate(facts: Facts) -> Iterable[Fault]:
    """Drafter, reviewer and publisher are three people."""
    person, review = facts["disclosure.acting_person"], facts["disclosure.review"]
    if person in facts["disclosure.authors"]:
        yield rulebook().fault("published_by_drafter", gate="publisher_separate")
    if review is not None and review.reviewer_id == person:
        yield rulebook().fault("published_by_reviewer", gate="publisher_separate")


@gate("personal_data")
def personal_data(facts: Facts) -> Iterable[Fault]:
    """Personal data is masked, or of a kind a reviewer may keep and kept with a reason."""
    review = facts["disclosure.review"]
    decided = {f"{mask['place']}:{mask['start']}:{mask['end']}": mask for mask in review.masks} if review else {}
    for place in facts["disclosure.personal_data"]:
        decision = decided.get(place.key, {})
        keeps = decision.get("decision") == "keep"
        may_keep = place.finding.kind in MAY_BE_KEPT and decision.get("reason", "").strip()
        if not decision or (keeps and not may_keep):
            yield rulebook().fault(
                "personal_data_unmasked",
                field=place.place,
                gate="personal_data",
                place=label_of(place.place),
                kind=place.finding.label,
                sample=place.finding.value_masked,
            )
    for found in facts["disclosure.files"]:
        decision = decided.get(found.key, {})
        if (
            found.kind not in MAY_BE_KEPT
            or decision.get("decision") != "keep"
            or not decision.get("reason", "").strip()
        ):
            yield _in_file(found)


@gate("files_clean")
def files_clean(facts: Facts) -> Iterable[Fault]:
    """What no reviewer may keep has to leave an attached file before its review, where it can still be changed."""
    if facts["disclosure.to_be_published"]:
        for found in facts["disclosure.files"]:
            if found.kind not in MAY_BE_KEPT:
                yield _in_file(found)


def _in_file(found: FoundInFile) -> Fault:
    return rulebook().fault(
        "file_personal_data",
        gate="personal_data",
        file=found.attachment.name,
        place=found.place,
        kind=found.label,
        sample=found.sample,
    )


@gate("complete")
def complete(facts: Facts) -> Iterable[Fault]:
    """Every field the kind's public schema needs is filled."""
    for name, label in facts["disclosure.missing"]:
        yield rulebook().fault("field_missing", field=name, gate="complete", label=label)
