"""The steps every kind that becomes public takes on its way through the door, so that all take the same ones."""

from mingtang.records.models import LEAD
from mingtang.records.spec import Transition
from mingtang.units.roles import OPENNESS_OFFICER, SECRECY_REVIEWER

DOOR = ("five_disclosures", "openness_determined", "secrecy_review", "publisher_separate", "personal_data", "complete")
ANOTHER_PERSON = ("secrecy_review_by_another",)
BEFORE_REVIEW = (*ANOTHER_PERSON, "files_clean")
FORMS = "mingtang.disclosure.forms"


def review_step(
    event: str,
    source: str,
    target: str = "reviewed",
    *,
    name: str = "review",
    label: str = "保密审查通过",
    party: tuple[str, ...] = (LEAD,),
) -> Transition:
    """A second person reads, decides on each piece of personal data and passes exactly this content (article 20)."""
    return Transition(
        name,
        label,
        (source,),
        target,
        SECRECY_REVIEWER,
        event,
        party=party,
        gates=BEFORE_REVIEW,
        form=f"{FORMS}.ReviewForm",
        effects=("disclosure.pass_review",),
        accent="primary",
    )


def refuse_step(event: str, source: tuple[str, ...], target: str, *, party: tuple[str, ...] = (LEAD,)) -> Transition:
    """The second person sends it back with the reason."""
    return Transition(
        "refuse_review",
        "审查不通过",
        source,
        target,
        SECRECY_REVIEWER,
        event,
        party=party,
        gates=ANOTHER_PERSON,
        form=f"{FORMS}.RefuseForm",
        effects=("disclosure.refuse_review",),
    )


def publish_step(
    event: str,
    source: tuple[str, ...],
    *,
    party: tuple[str, ...] = (LEAD,),
    applies: str = "",
    before: tuple[str, ...] = (),
) -> Transition:
    """A third person publishes; ``before`` names gates of the kind's own that stand before the door's."""
    return Transition(
        "publish",
        "公开",
        source,
        "published",
        OPENNESS_OFFICER,
        event,
        party=party,
        applies=applies,
        gates=(*before, *DOOR),
        effects=("disclosure.publish",),
        accent="primary",
    )


def withdraw_step(event: str, label: str, *, party: tuple[str, ...] = (LEAD,)) -> Transition:
    """End what is public, with kind and reason; the page stays readable and says so."""
    return Transition(
        "withdraw",
        label,
        ("published",),
        "ended",
        OPENNESS_OFFICER,
        event,
        party=party,
        form=f"{FORMS}.WithdrawForm",
        effects=("disclosure.withdraw",),
        accent="danger",
    )
