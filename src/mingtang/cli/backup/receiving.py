"""The far end of ``mingtang move``: fills the database of this process from the stream on its input, or compares."""

import io
import sys
from typing import Any, cast

import django


def main() -> int:
    """Returns 0 once everything is in the database and is what was sent."""
    from . import restoring, sealing
    from .archive import ArchiveReader

    django.setup()
    from django.apps import apps
    from django.db import DatabaseError, connection

    from . import loading
    from .tables import heads, table_hash, tables_of

    reader = ArchiveReader(cast(Any, io.BufferedReader(cast(Any, sys.stdin.buffer).raw, 1 << 20)))

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        members = reader.members()
        head = restoring.read_head(members)
        if "--compare" not in sys.argv:
            with loading.all_or_nothing():
                loading.fill(reader, members, head, say)
            return 0
        for _ in members:
            pass
        found = {table.name: list(table_hash(table, connection)) for table in tables_of(apps)}
        ends = {part: reader.manifest[part] for part in ("journal", "log")}
        if found == reader.manifest["tables"] and heads(connection) == ends:
            return 0
        say("目标数据库里已有别的数据。请给一个空的数据库。")
    except (sealing.Damaged, sealing.Newer) as error:
        say(str(error))
    except DatabaseError as error:
        say(f"目标数据库不能用（{type(error).__name__}）。")
    return 1


if __name__ == "__main__":
    sys.exit(main())
