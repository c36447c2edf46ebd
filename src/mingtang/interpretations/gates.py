"""Gates of articles 10 to 12 on interpretations: pure functions from facts to faults."""

from collections.abc import Iterable, Mapping
from typing import Any

from mingtang.records.rulebook import rulebook
from mingtang.records.spec import gate
from mingtang.rules import Fault

Facts = Mapping[str, Any]


@gate("interpretation.complete")
def complete(facts: Facts) -> Iterable[Fault]:
    """Plan and material both, before a head can approve them."""
    if not facts["interpretation.plan"].strip():
        yield rulebook().fault("plan_missing", field="plan", gate="interpretation_signed")
    if not facts["interpretation.material"].strip():
        yield rulebook().fault("material_missing", field="material", gate="interpretation_signed")


@gate("interpretation.document_public")
def document_public(facts: Facts) -> Iterable[Fault]:
    """An interpretation comes out with its paper or after it, never before."""
    paper = facts["document.of_interpretation"]
    if paper is not None and not paper["public"]:
        yield rulebook().fault("interpreted_document_not_public", gate="interpretation_in_step")
