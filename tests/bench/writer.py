"""One of several processes that take real steps on prepared records at the same time.

Reads its work as one line of JSON and says ``ready``. Then each line it reads names a step, or ``all``: it takes
those steps, printing the id of each event once the step has returned (the acknowledgement a person would get), and
says ``end``.
"""

import json
import sys
from datetime import datetime
from typing import Any

import django


def main(way: str) -> None:
    """``way``: ``ours`` for perform; ``plain`` for the same change of the row alone, saved by Django."""
    django.setup()
    from django.db import connection

    work: list[dict[str, Any]] = json.loads(sys.stdin.readline())
    take = prepare_ours(work) if way == "ours" else prepare_plain(work)
    connection.ensure_connection()
    print("ready", flush=True)
    for wanted in map(str.strip, sys.stdin):
        for number, item in enumerate(work):
            if wanted in ("all", item["step"]):
                print(take(number), flush=True)
        print("end", flush=True)


def prepare_ours(work: list[dict[str, Any]]) -> Any:
    from mingtang.records.models import Record
    from mingtang.records.services import perform
    from mingtang.units.actors import actor_for
    from mingtang.units.models import Person

    records = {str(record.pk): record for record in Record.objects.filter(pk__in={item["record"] for item in work})}
    people = {person.pk: person for person in Person.objects.all()}
    actors = {pk: actor_for(person, datetime.fromisoformat(work[0]["now"])) for pk, person in people.items()}

    def take(number: int) -> str:
        item = work[number]
        outcome = perform(
            records[item["record"]],
            item["step"],
            actor=actors[item["person"]],
            now=datetime.fromisoformat(item["now"]),
            data=item["data"],
            request_key=item["key"],
        )
        assert outcome.event is not None and not outcome.returned, item
        return str(outcome.event.id)

    return take


def prepare_plain(work: list[dict[str, Any]]) -> Any:
    """What a first attempt looks like: change the state and save, in a transaction, without asking or noting."""
    from django.db import transaction

    from mingtang.documents.models import Document
    from mingtang.records.models import Record
    from mingtang.records.spec import spec_for

    def take(number: int) -> str:
        item = work[number]
        now = datetime.fromisoformat(item["now"])
        with transaction.atomic():
            record = Record.objects.select_for_update().get(pk=item["record"])
            step = spec_for(record.kind).transition_by_name[item["step"]]
            record.state, record.version, record.changed_at = step.target or record.state, record.version + 1, now
            record.save()
            if item["step"] == "sign":
                paper = Document.objects.get(record=record)
                paper.signed_at = now
                paper.save()
        return item["key"]

    return take


if __name__ == "__main__":
    main(sys.argv[1])
