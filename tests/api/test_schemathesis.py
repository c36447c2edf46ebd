"""The API against its own description: every operation, with data that fits and data that does not, one request after
another as its links lead. The run that ``schemathesis run`` makes, with every check, on a seed of our own."""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import connections
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, PhaseFinished, ScenarioFinished
from tests.factories import City

from .conftest import fill

EXAMPLES, SEED = 12, 2017
# 410 is what a well-formed question for something erased gets.
ACCEPTED = ["2xx", "3xx", "404", "410"]


# The engine asks from threads of its own, which see only what was committed.
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_fault_is_found(city: City, root: Any, settings: Any) -> None:
    settings.API_LIMITS = {"requests": (1_000_000, 60), "bulk": (1_000_000, 60)}
    settings.ALLOWED_HOSTS = ["*"]
    cache.clear()
    fill(city)
    events = list(_run())
    scenarios = [event for event in events if isinstance(event, ScenarioFinished)]
    assert [str(event.value) for event in events if isinstance(event, NonFatalError)] == []
    assert [str(event.exception) for event in events if isinstance(event, FatalError)] == []
    faults = [fault for event in scenarios for fault in _faults(event)]
    assert faults == [], "\n\n".join(faults)
    done = {
        event.phase.name.name for event in events if isinstance(event, PhaseFinished) and event.status == Status.SUCCESS
    }
    assert {"EXAMPLES", "COVERAGE", "FUZZING"} <= done
    statuses = Counter(
        one.response.status_code for event in scenarios for one in event.recorder.interactions.values() if one.response
    )
    assert statuses[200] > 100 and statuses[400] > 100 and statuses[404] > 10


def _application(environment: Any, start_response: Any) -> list[bytes]:
    """The site, leaving no connection open in a thread that ends."""
    answer = get_wsgi_application()(environment, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()
        connections.close_all()


def _run() -> Any:
    checks = {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}
    configuration = SchemathesisConfig.from_dict({"seed": SEED, "checks": checks})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", _application, config=configuration)
    schema.config.generation.update(max_examples=EXAMPLES, deterministic=True, database="none")
    return from_schema(schema).execute()


def _faults(event: ScenarioFinished) -> list[str]:
    """What a scenario found wrong, with the request that shows it."""
    found = []
    for case, checks in event.recorder.checks.items():
        for check in checks:
            if check.status == Status.FAILURE and check.failure_info is not None:
                request = event.recorder.interactions[case].request
                found.append(f"{check.name}: {check.failure_info.failure}\n{request.method} {request.uri}")
    return found
