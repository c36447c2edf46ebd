"""The table of a register on its publication's page: what it holds, what the last update changed, its first entries."""

from datetime import date
from itertools import islice
from typing import Any

from mingtang.editions.models import Edition
from mingtang.editions.register_reading import file_of
from mingtang.editions.tables import DATA, key_of, rows_of, shape_of

# What a page of a phone still takes; the whole table is a click away.
FIRST = 20
CHANGED = {"added": "新增", "changed": "修改", "removed": "移出"}


def register_table(
    edition: Edition, payload: dict[str, Any], *, is_live: bool = True, today: date | None = None
) -> dict[str, Any]:
    """What ``portal/register.html`` shows of an edition. Rows are texts as people read them, in the file's order.

    Entries whose last day is before ``today`` are left out, and all of an earlier edition where entries are shown for a
    time only.
    """
    shape = shape_of(payload)
    shown = shape.shown
    content = file_of(edition, DATA) if is_live or not shape.for_a_time else None
    found = rows_of(content, shape) if content else iter(())
    last = shape.place(shape.hide_after) if shape.hide_after else None
    if last is not None and today is not None:
        found = (row for row in found if not row[last] or row[last] >= today.isoformat())
    first = list(islice(found, FIRST))
    heading = shape.heading if any(place == shape.heading for place, _ in shown) else shown[0][0] if shown else 0
    return {
        "columns": [column for _, column in shown],
        "rows": [
            {
                "key": key_of(shape.key_words(row)),
                "cells": [
                    {"column": column, "words": column.words(row[place]), "names": place == heading}
                    for place, column in shown
                ],
            }
            for row in first
        ],
        "all_columns": shape.columns,
        "count": payload.get("count", 0),
        "first": len(first),
        "for_a_time": shape.for_a_time,
        "changed": [(CHANGED[name], number) for name, number in payload.get("changes", {}).items() if number],
        "adjustments": payload.get("adjustments", []),
    }
