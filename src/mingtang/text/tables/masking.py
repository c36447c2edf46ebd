"""How a personal value is shown to the public, by the mask its column names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from mingtang.text.personal_data import mask as mask_found

from .kinds import TableKind
from .values import Value

STARS = "***"


def masked_value(mask: str, value: Value) -> Value:
    """The value as everybody may read it.

    ``person``: the first character and one star for each that follows; ``resident_id``: first six and last four;
    ``phone``: first three and last four; ``bank_card``: last four; ``address``: down to the village, without the door;
    ``hidden``: nothing. What is too short for its mask is hidden altogether.

    Raises:
        ValueError: no mask is called so.
    """
    if value is None or not mask:
        return value
    text = str(value).strip()
    if mask == "person":
        return "、".join(_name(part) for part in text.replace("，", "、").replace(",", "、").split("、"))
    if mask == "hidden":
        return None
    if mask == "resident_id":
        return _kept(text, 6, 4)
    if mask == "phone":
        return _kept(text, 3, 4)
    if mask == "bank_card":
        return _kept(text, 0, 4)
    if mask == "address":
        return _address(text)
    raise ValueError(f"no mask is called {mask}")


def public_values(kind: TableKind, values: Mapping[str, Value]) -> dict[str, Value]:
    """An entry as everybody may read it: public columns, masked; of one that was taken back, only what stays."""
    taken_back = is_taken_back(kind, values)
    made = {}
    for one in kind.public_fields:
        value = values.get(one.name)
        if taken_back and one.name not in kind.retracted["keeps"]:
            value = None
        applies = all(values.get(name) == wanted for name, wanted in one.mask_when.items())
        made[one.name] = masked_value(one.mask, value) if applies else value
    return made


def is_taken_back(kind: TableKind, values: Mapping[str, Value]) -> bool:
    """Whether an entry was withdrawn from the public, with a reason (Administrative Penalty Law, article 48)."""
    return bool(kind.retracted) and values.get(kind.retracted["when"]) is not None


def is_shown(kind: TableKind, values: Mapping[str, Value], today: date) -> bool:
    """Whether an entry's display period still runs: through the last day of it."""
    last = values.get(kind.hide_after) if kind.hide_after else None
    return last is None or str(last) >= today.isoformat()


def _name(name: str) -> str:
    name = name.strip()
    return name[:1] + "*" * min(len(name) - 1, 6) if len(name) > 1 else "*"


def _kept(text: str, head: int, tail: int) -> str:
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[len(text) - tail :] if hidden > 0 else STARS


def _address(text: str) -> str:
    """Everything up to the last place that many people share."""
    end = max(
        (text.rfind(word) + len(word) for word in ("村", "嘎查", "社区", "苏木", "镇", "乡", "街道") if word in text),
        default=0,
    )
    return text[:end] + STARS if end else mask_found(f"住址：{text}").removeprefix("住址：") if text else STARS
