"""A fault: one reason why an action may not go ahead, told to a person."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["block", "return", "warn"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault found by a gate.

    ``article`` is the number of the article in the text named by ``basis`` (Chinese citation); ``field`` is the
    form field it belongs to, empty when it concerns the whole record; ``mend`` says in Chinese how to put it right.
    ``outcome`` is ``block`` (refused), ``return`` (退文) or ``warn`` (goes ahead, counted).
    """

    code: str
    article: int
    message: str
    field: str = ""
    mend: str = ""
    duty: str = ""
    outcome: Outcome = "block"
    basis: str = ""

    @property
    def stops(self) -> bool:
        """True when the action may not go ahead."""
        return self.outcome != "warn"

    def __str__(self) -> str:
        return self.message
