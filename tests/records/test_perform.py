"""``perform``: one writer, idempotent, versioned, and safe with several hands at once."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from tests.factories import City, Desk, document_data, make_city, make_desk

from mingtang.journal.models import Event
from mingtang.journal.selectors import verify_journal
from mingtang.records.errors import IllegalState, NotAllowed, RecordsError, StaleVersion
from mingtang.records.models import PerformedRequest, Record
from mingtang.records.services import edit_record, open_record, perform
from mingtang.units import roles


def test_a_stale_form_is_refused_and_nothing_changes(desk: Desk) -> None:
    paper = desk.draft()
    desk.edit(paper, {"title": "先改一步", "lead_units": [desk.unit.pk]})
    drafter = desk.city.actor(desk.unit, roles.DRAFTER)
    with pytest.raises(StaleVersion) as stale:
        edit_record(
            Record.objects.get(pk=paper.pk),
            actor=drafter,
            now=desk.now,
            data={"title": "后改一步", "lead_units": [desk.unit.pk]},
            expected_version=1,
        )
    assert (stale.value.expected, stale.value.current) == (1, 2)
    assert Record.objects.get(pk=paper.pk).title == "先改一步"


def test_a_repeated_request_changes_nothing(desk: Desk) -> None:
    paper = desk.draft()
    first = desk.act(paper, "submit", roles.DRAFTER, request_key="once")
    again = desk.act(paper, "submit", roles.DRAFTER, request_key="once")
    assert not first.repeated and again.repeated
    assert Event.objects.filter(name="document.submitted").count() == 1
    assert PerformedRequest.objects.count() == 1


def test_a_repeated_creation_makes_one_record(desk: Desk) -> None:
    drafter = desk.city.actor(desk.unit, roles.DRAFTER)
    made = [
        open_record(
            "document",
            actor=drafter,
            unit=desk.unit,
            now=desk.now,
            data=document_data(desk.unit),
            request_key="create-once",
        )
        for _ in range(2)
    ]
    assert made[0].record == made[1].record
    assert Record.objects.count() == 1


def test_the_wrong_role_is_told_who_may(desk: Desk) -> None:
    paper = desk.draft()
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    with pytest.raises(NotAllowed, match="单位负责人"):
        desk.act(paper, "sign", roles.DRAFTER)


def test_the_head_of_another_department_cannot_sign(desk: Desk) -> None:
    paper = desk.draft()
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    with pytest.raises(NotAllowed):
        desk.act(paper, "sign", roles.UNIT_HEAD, desk.city.unit("教育局"))


def test_a_failed_step_leaves_no_trace(desk: Desk) -> None:
    paper = desk.draft()
    before = (Event.objects.count(), Record.objects.get(pk=paper.pk).version)
    with pytest.raises(IllegalState):
        desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    assert (Event.objects.count(), Record.objects.get(pk=paper.pk).version) == before


def in_threads(count: int, work: Any) -> list[Any]:
    """Run ``work(number)`` in threads that start together, each with its own connection."""
    start = threading.Barrier(count)

    def run(number: int) -> Any:
        try:
            start.wait()
            return work(number)
        except RecordsError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("concurrency")
def test_two_heads_signing_at_once_sign_once() -> None:
    city: City = make_city()
    desk = make_desk(city)
    paper = desk.draft()
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    actors = [city.actor(desk.unit, roles.UNIT_HEAD, number) for number in (1, 2)]
    outcomes = in_threads(2, lambda number: perform(paper, "sign", actor=actors[number], now=desk.now))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IllegalState", "Outcome"]
    assert Event.objects.filter(name="document.signed").count() == 1
    assert verify_journal() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("concurrency")
def test_eight_writers_keep_every_change_and_one_chain() -> None:
    city: City = make_city()
    desk = make_desk(city)
    actor = city.actor(desk.unit, roles.DRAFTER)

    def work(number: int) -> int:
        for turn in range(5):
            outcome = open_record(
                "document",
                actor=actor,
                unit=desk.unit,
                now=desk.now + timedelta(seconds=turn),
                data=document_data(desk.unit, title=f"第{number}人的第{turn}份"),
                request_key=str(uuid.uuid4()),
            )
            perform(outcome.record, "submit", actor=actor, now=desk.now)
        return number

    assert in_threads(8, work) == list(range(8))
    assert Record.objects.filter(state="head_review").count() == 40
    assert Event.objects.count() == 80
    assert verify_journal() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("concurrency")
def test_the_same_request_from_two_threads_is_done_once() -> None:
    city: City = make_city()
    desk = make_desk(city)
    actor = city.actor(desk.unit, roles.DRAFTER)
    outcomes = in_threads(
        4,
        lambda number: open_record(
            "document",
            actor=actor,
            unit=desk.unit,
            now=desk.now,
            data=document_data(desk.unit),
            request_key="the-same",
        ),
    )
    assert len({outcome.record.pk for outcome in outcomes}) == 1
    assert Record.objects.count() == 1
