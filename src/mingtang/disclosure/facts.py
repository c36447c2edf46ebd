"""Facts the door's gates ask for."""

from typing import Any

from mingtang.records.handling import authors_of
from mingtang.records.spec import Context, fact
from mingtang.rows import find
from mingtang.units.models import Person

from .attachments import FoundInFile, attachments_of, found_in_files, redactions_of
from .content import Place, find_personal_data, payload_of, reviewed_hash
from .models import SecrecyReview

SOURCE_FIELDS = ("stages", "openness", "mode", "withholding_ground", "withholding_reason", "cuts")
for _name in SOURCE_FIELDS:

    def _read(context: Context, name: str = _name) -> Any:
        return getattr(context.detail, name)

    fact(f"disclosure.{_name}")(_read)


@fact("disclosure.payload")
def payload(context: Context) -> dict[str, Any]:
    return payload_of(context)


@fact("disclosure.authors")
def authors(context: Context) -> frozenset[int]:
    """Everyone who wrote any of the content, and whoever took it over."""
    return authors_of(context.record.pk, context.spec.kind)


@fact("disclosure.acting_person")
def acting_person(context: Context) -> int | None:
    return context.actor.person_id


@fact("disclosure.acting_name")
def acting_name(context: Context) -> str:
    return context.actor.name


@fact("disclosure.reviewer_name")
def reviewer_name(context: Context) -> str:
    newest = review(context)
    return str(Person.objects.get(pk=newest.reviewer_id)) if newest else ""


@fact("disclosure.review")
def review(context: Context) -> SecrecyReview | None:
    """The newest review, whatever its verdict."""
    return find(SecrecyReview, record_id=context.record.pk, order=("-at", "-pk"))


@fact("disclosure.content_hash")
def content_hash(context: Context) -> str:
    """Hash of what a reviewer judges."""
    return reviewed_hash(context.facts["disclosure.payload"])


@fact("disclosure.personal_data")
def personal_data(context: Context) -> list[Place]:
    return find_personal_data(context.facts["disclosure.payload"])


@fact("disclosure.files")
def files(context: Context) -> list[FoundInFile]:
    """Personal data in attached files."""
    return found_in_files(context.record.pk)


@fact("disclosure.file_cuts")
def file_cuts(context: Context) -> list[dict[str, Any]]:
    """Everything cut from attached files: reason and ground of each."""
    redactions = redactions_of(attachments_of(context.record.pk))
    return [cut for _, redaction in sorted(redactions.items()) for cut in redaction.cuts]


@fact("disclosure.missing")
def missing(context: Context) -> list[tuple[str, str]]:
    """Required fields (name, label) that are empty."""
    return [(name, label) for name, label in context.spec.required if not getattr(context.detail, name)]


@fact("disclosure.to_be_published")
def to_be_published(context: Context) -> bool:
    return context.detail.openness in ("full_release", "redacted_release") and (
        context.detail.mode == "on_own_initiative"
    )


@fact("disclosure.to_be_filed")
def to_be_filed(context: Context) -> bool:
    return not to_be_published(context)
