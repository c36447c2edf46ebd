"""What is to be cut from a file, and what a finished redaction says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from ..redact import CutError

EVERY_FINDING = "*"
# left, top, right, bottom
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FileCut:
    """One cut with its reason and the code of its lawful ground. What is cut is one of:

    ``quote``: a passage, wherever it stands, shown or hidden, in the file or its name.
    ``finding``: what the personal-data scan found: ``kind:masked sample``, or ``EVERY_FINDING``.
    ``box`` on ``page`` (from 1): a rectangle, from the top left corner, in points of a PDF page as it is shown, or in
    pixels of a picture; ``page`` then counts the pictures of a .docx or .xlsx. A page without a box is cut whole.
    ``area``: of a workbook, ``sheet`` (whole), ``sheet!C:D`` (columns), ``sheet!3:5`` (rows) or ``sheet!B2:C9`` (cells).
    """

    reason: str
    ground: str
    quote: str = ""
    finding: str = ""
    page: int = 0
    box: Box | None = None
    area: str = ""


@dataclass(frozen=True, slots=True)
class CutMade:
    """One cut as it was made. ``quote_hash`` is the salted SHA-256 (hex) of what was cut; never the words themselves.

    ``places`` counts where it was cut from what is shown, ``hidden`` where it stood in what was dropped altogether.
    """

    reason: str
    ground: str
    quote_hash: str = ""
    finding: str = ""
    page: int = 0
    box: Box | None = None
    area: str = ""
    places: int = 0
    hidden: int = 0

    def as_dict(self) -> dict[str, object]:
        said = {name: getattr(self, name) for name in ("quote_hash", "finding", "page", "area", "places", "hidden")}
        said = {name: value for name, value in said.items() if value}
        box = {"box": [round(side, 2) for side in self.box]} if self.box else {}
        return {**said, **box, "reason": self.reason, "ground": self.ground}


@dataclass(frozen=True, slots=True)
class Redacted:
    """A file from which the cuts were made, proved to be gone. ``checked`` says in Chinese what was read again."""

    name: str
    media_type: str
    content: bytes
    sha256: str
    sha256_before: str
    cuts: tuple[CutMade, ...]
    checked: tuple[str, ...]


class Remains(Exception):
    """Something that was cut is still in the result, so there is no result. ``places`` says where, in Chinese."""

    def __init__(self, places: Sequence[str]) -> None:
        said = "、".join(dict.fromkeys(places))
        super().__init__(
            f"删减后复查，这些地方仍有被删的内容：{said}。没有生成文件。请对这些页改用画框删减整页，或换一份文件。"
        )
        self.places = tuple(places)


@dataclass
class Counted:
    """How often each cut (by its place in the list) was met: in what is shown, and in what is dropped."""

    shown: dict[int, int] = field(default_factory=dict)
    hidden: dict[int, int] = field(default_factory=dict)

    def see(self, number: int, times: int = 1, *, hidden: bool = False) -> None:
        counts = self.hidden if hidden else self.shown
        counts[number] = counts.get(number, 0) + times


def check(cuts: Sequence[FileCut]) -> None:
    """Every cut has a reason, a ground and something to cut.

    Raises:
        CutError: ``none``, ``empty``, ``reason_missing``, ``ground_missing`` or ``box_empty``.
    """
    if not cuts:
        raise CutError("none", 0, "还没有标出要删减的内容。")
    for number, cut in enumerate(cuts, 1):
        if not (cut.quote.strip() or cut.finding or cut.page or cut.area):
            raise CutError("empty", number, f"第{number}处删减没有选中内容，请填写文字、位置或区域。")
        if not cut.reason.strip():
            raise CutError("reason_missing", number, f"第{number}处删减没有写理由，请补充（第十八条）。")
        if not cut.ground.strip():
            raise CutError("ground_missing", number, f"第{number}处删减没有选依据，请补充（第十八条）。")
        if cut.box and not (0 <= cut.box[0] < cut.box[2] and 0 <= cut.box[1] < cut.box[3]):
            raise CutError("box_empty", number, f"第{number}处删减的方框不成立：右边须大于左边，下边须大于上边。")


def made(
    cuts: Sequence[FileCut], counted: Counted, salt: bytes, quotes: Sequence[tuple[str, int]]
) -> tuple[CutMade, ...]:
    """The cuts as the record keeps them; one line for each cut asked for.

    Raises:
        CutError: ``not_found``: a passage stands nowhere in the file.
    """
    found = []
    for number, cut in enumerate(cuts):
        places, hidden = counted.shown.get(number, 0), counted.hidden.get(number, 0)
        if not places and not hidden and (cut.quote or cut.finding):
            what = "文字" if cut.quote else "个人信息"
            raise CutError("not_found", number + 1, f"第{number + 1}处删减的{what}在文件里找不到，请核对后重新填写。")
        own = sorted({quote for quote, owner in quotes if owner == number})
        digest = sha256(salt + "\n".join(own).encode()).hexdigest() if own else ""
        found.append(CutMade(cut.reason, cut.ground, digest, cut.finding, cut.page, cut.box, cut.area, places, hidden))
    return tuple(found)
