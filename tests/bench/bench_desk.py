"""Measure of the desk's list over 20,000 papers, against fetching row by row."""

import json

from tests.bench.bench_ground import Row, row
from tests.databases import new_database

# Eight of the list itself; one counts unread notices, one notes the look.
RECORDS, QUERIES, MILLISECONDS = 20_000, 8, 200


def rows() -> list[Row]:
    """Queries and milliseconds of one page; nothing where no desk is installed."""
    with new_database() as database:
        said = database.run("tests.bench.desk_list", str(RECORDS))
    if not said:
        print("desk list is left out: this installation has no desk")
        return []
    found = json.loads(said)
    return [
        row(
            f"desk list of {RECORDS:,}",
            found["ours"][unit],
            unit,
            target,
            alternative=found["row_by_row"][unit],
            alternative_name="row by row",
            less=True,
        )
        for unit, target in (("queries", QUERIES), ("ms", MILLISECONDS))
    ]
