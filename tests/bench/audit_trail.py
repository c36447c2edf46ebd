"""Fills an empty database with accesses and events, and prints what noting, reading and checking them take as JSON."""

import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import django

CHUNK, SEALED, REAL, REPEAT = 50_000, 4096, 40_960, 7
ACTIONS = ("read", "list", "read", "act", "read", "search", "read", "download", "read", "export")
UNITS, PEOPLE, SUBJECTS, ADDRESSES, RARE = 100, 2000, 50_000, 500, 997


def main(count: int, events: int) -> None:
    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django.test.utils import override_settings
    from django.utils import timezone
    from tests.bench.desk_list import PLAIN_FILES
    from tests.factories import make_city

    from mingtang.audit.integrity import check_seals
    from mingtang.audit.models import SealHead
    from mingtang.audit.sealing import seal_waiting
    from mingtang.units import roles

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    city, now = make_city(), timezone.localtime()
    start = now - timedelta(days=900)
    step = (now - start) / count
    fill(count, start, step)
    fill_events(events, start, (now - start) / events)
    found: dict[str, Any] = {"note": note_milliseconds(now), "line": line_milliseconds()}
    real_rows(now)
    first = SealHead.objects.get().sequence + 1
    seal_waiting(now, at_once=True)
    last = SealHead.objects.get().sequence
    began = time.perf_counter()
    wrong = [one for one in check_seals(first, last) if one.kind == "audit"]
    assert not wrong, wrong[:3]
    found["checked"] = REAL / (time.perf_counter() - began)
    client = Client()
    person = city.person(city.unit("市政府办公厅"), roles.AUDIT_ADMINISTRATOR)
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=PLAIN_FILES):
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        found.update(pages(client, count, start, step, city))
    print(json.dumps(found))


def cells(count: int, start: datetime, step: timedelta) -> Iterator[tuple[Any, ...]]:
    for number in range(1, count + 1):
        rare = number % RARE == 0
        yield (
            number,
            start + step * number,
            number * 7 % PEOPLE + 1,
            "identity" if rare else ACTIONS[number % 10],
            "document",
            str(uuid.UUID(int=number * 31 % SUBJECTS + 1)),
            "detail",
            f"u{number * 7 % PEOPLE % UNITS}",
            "contact" if rare else "",
            200,
            f"address-{number * 11 % ADDRESSES}",
            f"r{number}",
            f"{number:032x}",
        )


def fill(count: int, start: datetime, step: timedelta) -> None:
    """Past the services, for speed: these rows carry no true mark, and their seals no true root."""
    from django.db import connection, transaction

    from mingtang.audit.models import Access, Seal, SealHead

    def chunk(rows: list[tuple[Any, ...]]) -> None:
        columns = [field.column for field in Access._meta.concrete_fields]
        if connection.vendor == "postgresql":
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY {Access._meta.db_table} ({', '.join(columns)}) FROM STDIN") as copy,
            ):
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        prepared = [(row[0], connection.ops.adapt_datetimefield_value(row[1]), *row[2:]) for row in rows]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {Access._meta.db_table} ({', '.join(columns)}) VALUES ({places})", prepared
            )

    # Indexes are made once everything is there.
    with connection.schema_editor() as editor:
        for index in Access._meta.indexes:
            editor.remove_index(Access, index)
    waiting: list[tuple[Any, ...]] = []
    for row in cells(count, start, step):
        waiting.append(row)
        if len(waiting) == CHUNK:
            chunk(waiting)
            waiting = []
    if waiting:
        chunk(waiting)
    with connection.schema_editor() as editor:
        for index in Access._meta.indexes:
            editor.add_index(Access, index)
    seals = []
    for sequence, first in enumerate(range(1, count + 1, SEALED), 1):
        last = min(first + SEALED - 1, count)
        seals.append(
            Seal(
                sequence=sequence,
                first_id=first,
                last_id=last,
                count=last - first + 1,
                root="0" * 64,
                from_at=start + step * first,
                to_at=start + step * last,
                previous_hash="0" * 64,
                hash="0" * 64,
                at=start + step * last,
                event_id=uuid.uuid4(),
            )
        )
    Seal.objects.bulk_create(seals, batch_size=500)
    SealHead.objects.create(pk=1, sequence=len(seals), hash="0" * 64, last_id=count)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('audit_access', 'id'), %s)", [count])
            cursor.execute("ANALYZE")


def fill_events(count: int, start: datetime, step: timedelta) -> None:
    from mingtang.journal.models import Event, JournalHead

    for first in range(1, count + 1, CHUNK):
        Event.objects.bulk_create(
            [
                Event(
                    sequence=number,
                    name="document.edited",
                    record_id=uuid.UUID(int=number % SUBJECTS + 1),
                    unit_code=f"u{number % UNITS}",
                    actor_id=number % PEOPLE + 1,
                    at=start + step * number,
                    previous_hash="0" * 64,
                    hash="0" * 64,
                )
                for number in range(first, min(first + CHUNK, count + 1))
            ],
            batch_size=500,
        )
    JournalHead.objects.update_or_create(pk=1, defaults={"sequence": count, "hash": "0" * 64})


def real_rows(now: datetime) -> None:
    """Rows as the house makes them, many at once."""
    from mingtang.audit.models import Access
    from mingtang.audit.rows import mark_of, values_of

    rows = []
    for number in range(REAL):
        row = Access(at=now, actor_id=1, action="read", subject_kind="document", request_id=f"x{number}")
        row.mark = mark_of(values_of(row))
        rows.append(row)
    Access.objects.bulk_create(rows, batch_size=500)


def note_milliseconds(now: datetime) -> float:
    """One access, in a transaction of its own: the median of many."""
    from mingtang.audit.services import asking, note_access

    def one() -> None:
        with asking("10.1.2.33", uuid.uuid4().hex[:16]):
            note_access(
                actor_id=7,
                action="read",
                subject_kind="document",
                subject_id=uuid.UUID(int=7),
                now=now,
                unit_code="u7",
                part="detail",
            )

    return median(one, 500)


def line_milliseconds() -> float:
    with tempfile.NamedTemporaryFile("a") as file:

        def one() -> None:
            file.write(f"{datetime.now().isoformat()} 7 read document {uuid.UUID(int=7)} u7 detail 10.1.2.33 200\n")
            file.flush()

        return median(one, 500)


def median(action: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)[repeat // 2]


def pages(client: Any, count: int, start: datetime, step: timedelta, city: Any) -> dict[str, Any]:
    """Milliseconds of the viewer's pages by kind (the slowest of several), their p95, and that of an OFFSET."""
    from mingtang.audit.models import Access
    from mingtang.audit.rows import seal_address
    from mingtang.records.models import Record
    from mingtang.units.models import Person, Unit

    person, unit = Person.objects.order_by("pk").first(), Unit.objects.order_by("pk").first()
    assert person is not None and unit is not None
    Access.objects.filter(unit_code="u7").update(unit_code=unit.pk)
    Access.objects.filter(address="address-7").update(address=seal_address("10.0.0.7"))
    record = Record.objects.create(
        pk=uuid.UUID(int=8),
        kind="document",
        state="draft",
        title="x",
        lead_unit=unit,
        created_at=start,
        changed_at=start,
    )
    past = f"{start + step * (count // 3):%Y-%m-%d}"
    kinds = {
        "newest": "/desk/audit/",
        "half-way": f"/desk/audit/?a={count // 2}&e=100000",
        "person": f"/desk/audit/?person={person.username}",
        "person, identity": f"/desk/audit/?person={person.username}&action=identity",
        "identity": "/desk/audit/?action=identity",
        "none such": "/desk/audit/?action=unnoted",
        "unit": f"/desk/audit/?unit={unit.pk}",
        "unit, identity": f"/desk/audit/?unit={unit.pk}&action=identity",
        "subject": f"/desk/audit/?subject={record.pk}",
        "address": "/desk/audit/?address=10.0.0.7",
        "a day": f"/desk/audit/?from={past}&to={past}",
        "a day, export": f"/desk/audit/?from={past}&to={past}&action=export",
        "a day, unit": f"/desk/audit/?from={past}&to={past}&unit={unit.pk}",
        "person page": f"/desk/audit/people/{person.pk}/",
        "record page": f"/desk/audit/records/document/{record.pk}/",
    }
    taken: list[float] = []
    slowest = {}
    for name, address in kinds.items():
        own = []
        for _ in range(REPEAT):
            began = time.perf_counter()
            response = client.get(address)
            own.append((time.perf_counter() - began) * 1000)
            assert response.status_code == 200, (name, response.status_code)
        slowest[name] = max(own)
        taken += own
    offset = median(lambda: list(Access.objects.order_by("-at")[count // 2 : count // 2 + 50]), 3)
    return {"pages": slowest, "p95": sorted(taken)[int(len(taken) * 0.95)], "offset": offset}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
