"""The table of a register on its publication's page: what it holds, what the last update changed, its first entries."""

from itertools import islice
from typing import Any

from mingtang.editions.models import Edition
from mingtang.editions.register_reading import file_of
from mingtang.editions.tables import DATA, rows_of, shape_of

# What a page of a phone still takes; the whole table is in the file beside it.
FIRST = 100
CHANGED = {"added": "新增", "changed": "修改", "removed": "移出"}


def register_table(edition: Edition, payload: dict[str, Any]) -> dict[str, Any]:
    """What ``portal/register.html`` shows of an edition. Rows are texts as people read them, in the file's order.

    There are none where entries are shown for a time only: the page is a file, which does not know the day.
    """
    shape = shape_of(payload)
    shown = shape.shown
    content = None if shape.for_a_time else file_of(edition, DATA)
    first = list(islice(rows_of(content, shape), FIRST)) if content else []
    return {
        "columns": [column for _, column in shown],
        "rows": [[column.words(row[place]) for place, column in shown] for row in first],
        "count": payload.get("count", 0),
        "first": len(first),
        "for_a_time": shape.for_a_time,
        "changed": [(CHANGED[name], number) for name, number in payload.get("changes", {}).items() if number],
        "adjustments": payload.get("adjustments", []),
    }
