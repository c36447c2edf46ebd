"""Fixtures every test may use, and the record of which scenarios passed."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import City, Desk, make_city, make_desk

TESTS = Path(__file__).parent
PASSED = TESTS.parent / "build" / "scenarios"


# Folders of long tests, and of tests that know no database: they need no second run on another one.
SLOW = frozenset({"deploy", "faults", "keeping"})
GROUND = frozenset({"merkle", "rules", "text"})


def _on_postgresql() -> bool:
    return os.environ.get("MINGTANG_DATABASE_URL", "").startswith("postgres")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in SLOW:
            item.add_marker(pytest.mark.slow)
    if _on_postgresql():
        ground = [item for item in items if item.path.relative_to(TESTS).parts[0] in GROUND]
        config.hook.pytest_deselected(items=ground)
        left_out = set(ground)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def nothing_unnoted() -> Iterator[None]:
    """A process counts the looks it could not note and tells of them later: not in another test."""
    yield
    from mingtang.desk.noting import NotesAccess

    NotesAccess.missed = 0


@pytest.fixture
def city(db: Any) -> City:
    return make_city()


@pytest.fixture
def desk(city: City) -> Desk:
    """A desk at the development and reform commission."""
    return make_desk(city)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        ids = [mark.args[0] for mark in item.iter_markers("scenario")]
        ids += [f"task {mark.args[0]}" for mark in item.iter_markers("task")]
        if ids:
            report.user_properties.append(("scenarios", ids))


def pytest_runtest_logreport(report: Any) -> None:
    """Every worker notes what its own tests showed; ``make scenarios`` reads the notes of the last run."""
    ids = dict(report.user_properties).get("scenarios")
    if report.when == "call" and ids:
        _results.setdefault(report.nodeid, (report.outcome, ids))


_results: dict[str, tuple[str, list[str]]] = {}


def pytest_sessionfinish(session: Any) -> None:
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    chosen = (session.config.option.markexpr or "").strip()
    suite = "postgresql" if _on_postgresql() else "suite"
    kind = chosen if chosen in ("browser", "slow") else suite
    PASSED.mkdir(parents=True, exist_ok=True)
    (PASSED / f"{kind}.json").write_text(json.dumps(_results, ensure_ascii=False, indent=1))
