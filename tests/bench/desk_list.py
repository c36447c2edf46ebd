"""One page of the desk's list over many papers: prints queries and milliseconds as JSON, or nothing without a desk."""

import copy
import json
import sys
import uuid
from datetime import timedelta
from typing import Any

import django

PAGE, REPEAT = 25, 9


def main(count: int) -> None:
    """Fill an empty database with ``count`` papers of one unit, and ask for the first page as its drafter."""
    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django.test.utils import override_settings
    from django.urls import NoReverseMatch, reverse

    try:
        address = reverse("desk:list", args=["document"])
    except NoReverseMatch:
        return
    from tests.factories import make_city, make_desk

    from mingtang.units import roles

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    desk = make_desk(make_city())
    multiply(desk.signed()[0], count - 1)
    client = Client()
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=PLAIN_FILES):
        client.force_login(
            desk.city.person(desk.unit, roles.DRAFTER), backend="django.contrib.auth.backends.ModelBackend"
        )
        ours = measure(lambda: page_of(client, address))
    print(json.dumps({"ours": ours, "row_by_row": measure(row_by_row)}))


PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def page_of(client: Any, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200 and response.content.count(b"<tr") >= PAGE, response.status_code


def row_by_row() -> None:
    """What a first attempt looks like: each row fetches its paper and its unit, and no one asks who may see it."""
    from mingtang.documents.models import Document
    from mingtang.records.models import Record

    found = Record.objects.filter(kind="document")
    assert found.count()
    for record in found[:PAGE]:
        paper = Document.objects.get(record_id=record.pk)
        assert paper.title and record.lead_unit.name


def measure(action: Any) -> dict[str, float]:
    """Queries of one run, and the median of several in milliseconds."""
    import time

    from django.db import connection

    asked: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    action()
    with connection.execute_wrapper(note):
        action()
    taken = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return {"queries": len(asked), "ms": sorted(taken)[REPEAT // 2]}


def multiply(record: Any, count: int) -> None:
    """Copies of one paper in every state, written past the services: only the list is measured here."""
    from mingtang.documents.models import Document
    from mingtang.records.models import LEAD, Record, RecordParty
    from mingtang.records.spec import spec_for

    states = [state.name for state in spec_for("document").states]
    paper = Document.objects.get(record=record)
    records, papers, parties = [], [], []
    for number in range(count):
        row, detail = copy.copy(record), copy.copy(paper)
        row._state, detail._state = copy.copy(record._state), copy.copy(paper._state)
        row.pk, row.state = uuid.uuid4(), states[number % len(states)]
        row.changed_at = record.changed_at + timedelta(minutes=number)
        row.title = detail.title = f"{record.title}（{number}）"
        detail.record = row
        records.append(row)
        papers.append(detail)
        parties.append(RecordParty(record=row, unit_id=row.lead_unit_id, role=LEAD))
    for model, rows in ((Record, records), (Document, papers), (RecordParty, parties)):
        model._default_manager.bulk_create(rows, batch_size=500)


if __name__ == "__main__":
    main(int(sys.argv[1]))
