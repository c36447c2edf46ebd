"""The journal is a chain: a changed, removed or cut row is found and named."""

import pytest
from tests.factories import Desk

from mingtang.journal.models import Event
from mingtang.journal.selectors import verify_journal
from mingtang.journal.writing import append, writing
from mingtang.units import roles


@pytest.fixture
def busy(desk: Desk) -> Desk:
    paper = desk.draft()
    desk.interpret(paper)
    desk.act(paper, "submit", roles.DRAFTER)
    assert verify_journal() == []
    return desk


def test_a_changed_row_is_named(busy: Desk) -> None:
    Event.objects.filter(sequence=2).update(to_state="approved")
    assert verify_journal() == ["日志第 2 条内容被改动"]


def test_a_removed_row_is_named(busy: Desk) -> None:
    Event.objects.filter(sequence=2).delete()
    assert "日志第 2 条缺失" in verify_journal()


def test_a_cut_tail_is_named(busy: Desk) -> None:
    Event.objects.filter(sequence=3).delete()
    assert verify_journal() == ["日志末端应为第 3 条，实际止于第 2 条"]


def test_a_row_rewritten_with_its_own_hash_breaks_the_next(busy: Desk) -> None:
    from mingtang.journal.writing import event_hash

    event = Event.objects.get(sequence=1)
    event.unit_code = "other"
    event.hash = event_hash(event)
    event.save()
    assert verify_journal() == ["日志第 2 条与前一条不相连"]


def test_an_unregistered_event_is_refused(busy: Desk) -> None:
    with pytest.raises(LookupError), writing():
        append("document.invented", at=busy.now)
    assert Event.objects.count() == 3


def test_an_event_outside_a_transaction_is_refused(busy: Desk) -> None:
    with pytest.raises(RuntimeError):
        append("document.created", at=busy.now)


def test_a_failure_takes_its_events_along(busy: Desk) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        append("document.created", at=busy.now)
        raise ZeroDivisionError
    assert Event.objects.count() == 3
    assert verify_journal() == []
