"""Writes an archive of a database as it stands, whatever release made it. Run as a process of its own."""

import sys
from functools import partial
from pathlib import Path

import django


def main(path: Path) -> None:
    django.setup()
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from tests.keeping.city import PASSPHRASE

    from mingtang.cli.backup import saving, sealing
    from mingtang.cli.backup.archive import writing
    from mingtang.cli.backup.tables import tables_of

    loader = MigrationLoader(connection)
    newest = [
        node
        for node in loader.applied_migrations
        if not any(child.key in loader.applied_migrations for child in loader.graph.node_map[node].children)
    ]
    tables = tables_of(loader.project_state(newest).apps)
    saving.tables_of = lambda apps: tables
    with path.open("wb") as handle, writing(handle, partial(sealing.wrap_for_passphrase, PASSPHRASE)) as archive:
        saving.write_city(archive, now=django.utils.timezone.localtime())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
