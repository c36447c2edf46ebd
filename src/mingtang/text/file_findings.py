"""Personal data found in a file, at the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .passages import Passage
from .personal_data import scan


@dataclass(frozen=True, slots=True)
class FileFinding:
    """Personal data in a file. ``place`` says where in words; ``sample`` is masked and may be shown to anyone."""

    place: str
    kind: str
    label: str
    sample: str

    def as_dict(self) -> dict[str, str]:
        return {"place": self.place, "kind": self.kind, "label": self.label, "sample": self.sample}


def findings_in(passages: Sequence[Passage]) -> list[tuple[FileFinding, bool]]:
    """Each piece of personal data once, at the first place it stands, and whether a reader sees it there."""
    return list(_findings(passages))


def _findings(passages: Sequence[Passage]) -> Iterator[tuple[FileFinding, bool]]:
    known: set[tuple[str, str]] = set()
    for passage in passages:
        for finding in scan(passage.text):
            key = (finding.kind, "".join(passage.text[finding.start : finding.end].split()))
            if key not in known:
                known.add(key)
                place = passage.place_of(finding.start)
                yield FileFinding(place, finding.kind, finding.label, finding.value_masked), passage.visible
