"""Builds a city with the code of an earlier release, and prints what an upgrade must keep. Run by ``make_previous``.

Uses only what every release since the first has.
"""

import json
from datetime import timedelta
from hashlib import sha256

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from tests.factories import make_city, make_desk

    from mingtang.editions.models import Edition, LogHead
    from mingtang.journal.models import JournalHead

    call_command("migrate", interactive=False, verbosity=0)
    desk = make_desk(make_city())
    for number in (1, 2, 3):
        desk.published(title=f"第{number}份旧版本公开的通知")
        desk.now += timedelta(hours=1)
    desk.issued(title="升级时还没有公开的通知")
    desk.draft(title="升级时还在起草的通知")
    journal, log = JournalHead.objects.get(pk=1), LogHead.objects.get(pk=1)
    kept = {
        "editions": [
            [one.publication.index_number, one.number, sha256(f"{one.salt}\n{one.payload}".encode()).hexdigest()]
            for one in Edition.objects.select_related("publication").order_by("publication__index_number", "number")
        ],
        "journal": {"sequence": journal.sequence, "hash": journal.hash},
        "log": {"size": log.size, "root": log.root},
    }
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    print(json.dumps(kept, sort_keys=True))


if __name__ == "__main__":
    main()
