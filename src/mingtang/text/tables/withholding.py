"""Entries that may not be public while the sums of their table stay whole.

A kind says so in ``[withheld]``: ``when`` is a yes-or-no field that is no public one, ``sums`` are the amounts that
must still add up, ``line`` is what the public line in their place says (its values by field).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from .checks import key_text
from .kinds import TableKind
from .values import Value, plain_amount

Values = Mapping[str, Value]


def public_entries(kind: TableKind, entries: Iterable[tuple[str, Values]]) -> list[tuple[str, Values]]:
    """Entries (key and values) as the public may know them: those withheld are left out, and their amounts stand together
    in one line for each group of the rest of the key, after the last entry. Entries of a kind without ``withheld`` come
    back as they are. The line says neither how many there are nor why.
    """
    found = list(entries)
    rule = kind.withheld
    if not rule:
        return found
    shown, folded = [], dict[tuple[Value, ...], dict[str, Decimal]]()
    apart = [name for name in kind.key if name not in rule["line"]]
    for key, values in found:
        if not values.get(rule["when"]):
            shown.append((key, values))
            continue
        sums = folded.setdefault(tuple(values.get(name) for name in apart), dict.fromkeys(rule["sums"], Decimal(0)))
        for name in rule["sums"]:
            sums[name] += Decimal(str(values.get(name) or 0))
    for group, sums in folded.items():
        line: dict[str, Value] = {one.name: None for one in kind.fields}
        line.update(zip(apart, group, strict=True))
        line.update(rule["line"])
        line.update({name: plain_amount(amount) for name, amount in sums.items()})
        shown.append((key_text(line, kind), line))
    return shown
