"""Prints which requests were carried out, as JSON: request key to whether its event and its state are there."""

import json

import django


def main() -> None:
    """A request counts as carried out when its key, its event and the state it leads to are all there."""
    django.setup()
    from mingtang.journal.models import Event
    from mingtang.records.models import PerformedRequest, Record
    from mingtang.records.spec import spec_for

    states = dict(Record.objects.values_list("pk", "state"))
    events: dict[object, list[tuple[str, str]]] = {}
    for record_id, name, state in Event.objects.order_by("sequence").values_list("record_id", "name", "to_state"):
        events.setdefault(record_id, []).append((name, state))
    found = {}
    for request in PerformedRequest.objects.select_related("record"):
        step = spec_for(request.record.kind).transition_by_name[request.transition]
        mine = events[request.record_id]
        found[request.key] = (
            mine.count((step.event, step.target or "")) == 1 and mine[-1][1] == states[request.record_id]
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
