"""Prints, as JSON, what must be the same after a restore. Run as a process of its own."""

import json
import sys

import django


def main() -> None:
    django.setup()
    from django.apps import apps
    from django.db import connection

    from mingtang.cli.backup.tables import drawn_keys, heads, table_hash, tables_of
    from mingtang.disclosure.checkpoints import published_keys
    from mingtang.editions.log import salted_hash
    from mingtang.editions.models import Edition
    from mingtang.intake.keys import unseal
    from mingtang.intake.models import Submission
    from mingtang.journal.selectors import verify_journal

    tables = tables_of(apps)
    found = {
        "editions": [
            [edition.publication.index_number, edition.number, salted_hash(edition.salt, edition.payload)]
            for edition in Edition.objects.select_related("publication").order_by("publication__index_number", "number")
        ],
        "tables": {table.name: table_hash(table, connection) for table in tables},
        "drawn": drawn_keys(tables, connection),
        **heads(connection),
        "journal_wrong": verify_journal(),
        "log_keys": published_keys(),
        "opened": sorted(unseal(row.sealed).get("contact", "") for row in Submission.objects.all()),
    }
    json.dump(found, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    main()
