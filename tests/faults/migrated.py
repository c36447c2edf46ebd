"""Child process: what a database holds of migrated papers, as JSON."""

import json

import django

django.setup()

from django.db.models import Count  # noqa: E402

from mingtang.disclosure.models import Attachment  # noqa: E402
from mingtang.documents.models import Document, MigratedPaper, PaperMigration  # noqa: E402
from mingtang.journal.selectors import verify_journal  # noqa: E402
from mingtang.records.models import Record  # noqa: E402


def main() -> None:
    rows = MigratedPaper.objects.filter(row__gt=0)
    print(
        json.dumps(
            {
                "papers": Document.objects.count(),
                "records": Record.objects.count(),
                "originals": Attachment.objects.count(),
                "rows": rows.count(),
                "outcomes": dict(rows.values_list("outcome").annotate(number=Count("pk")).order_by()),
                "without_row": Record.objects.exclude(pk__in=rows.values("record_id")).count(),
                "runs": PaperMigration.objects.count(),
                "finished": PaperMigration.objects.exclude(finished_at=None).count(),
                "journal": verify_journal(),
            }
        )
    )


if __name__ == "__main__":
    main()
