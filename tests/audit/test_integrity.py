"""Rows changed, taken out or slipped in behind the house's back are found and named, sealed or not."""

import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from tests.factories import at

from mingtang.audit import integrity, sealing
from mingtang.audit.integrity import DAMAGE, check_some, verify_audit
from mingtang.audit.models import Access, Seal, SealHead
from mingtang.audit.rows import mark_of, values_of
from mingtang.audit.sealing import drop_old, months_before, seal_waiting
from mingtang.audit.services import note_access
from mingtang.journal.models import Event
from mingtang.journal.selectors import verify_journal

NOW = at("2026-11-25 10:00")


def note(count: int, now: datetime = NOW) -> list[int]:
    return [
        note_access(actor_id=7, action="read", subject_kind="document", subject_id=number, now=now).pk
        for number in range(count)
    ]


@pytest.fixture
def rows(db: object, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three seals of ten rows and five rows not sealed yet; numbers as the database drew them."""
    monkeypatch.setattr(sealing, "BATCH", 10)
    made = note(30)
    assert seal_waiting(NOW) == 3
    made += note(5)
    assert verify_audit() == [] or not damaged()
    return made


def damaged() -> list[str]:
    return [f"{one.path}{one.message}" for one in verify_audit() if one.kind == DAMAGE]


def test_full_batches_are_sealed_at_once_and_others_after_ten_minutes(rows: list[int]) -> None:
    assert [(seal.sequence, seal.count) for seal in Seal.objects.all()] == [(1, 10), (2, 10), (3, 10)]
    assert seal_waiting(NOW + timedelta(minutes=9)) == 0
    assert seal_waiting(NOW + timedelta(minutes=10)) == 1
    assert seal_waiting(NOW, at_once=True) == 0
    assert Event.objects.filter(name="audit.sealed").count() == 4
    assert (damaged(), verify_journal()) == ([], [])


def test_the_clock_set_back_an_hour_is_no_damage(rows: list[int]) -> None:
    note(3, NOW - timedelta(hours=1))
    note(3, NOW)
    # From the new clock's view, what waits is of the future: it is sealed without waiting.
    assert seal_waiting(NOW - timedelta(hours=1)) == 2
    assert [row.at for row in Access.objects.all()[35:38]] == [NOW - timedelta(hours=1)] * 3
    assert damaged() == []


@pytest.mark.parametrize("field", ["actor_id", "action", "subject_id", "purpose", "status", "unit_code", "at", "part"])
@pytest.mark.parametrize("place", [13, 33])
def test_a_changed_row_is_named(rows: list[int], field: str, place: int) -> None:
    values = {"actor_id": 8, "action": "list", "status": 404, "at": NOW + timedelta(microseconds=1)}
    Access.objects.filter(pk=rows[place]).update(**{field: values.get(field, "x")})
    (told,) = damaged()
    assert told.startswith(f"第 {rows[place]} 条被改动")


def test_a_row_changed_by_somebody_who_has_the_key_is_told_by_its_seal(rows: list[int]) -> None:
    row = Access.objects.get(pk=rows[13])
    row.actor_id = 8
    row.mark = mark_of(values_of(row))
    row.save()
    (told,) = damaged()
    assert told.startswith(f"第 {rows[10]} 至 {rows[19]} 条其中有记录在封存以后被改动（第 2 封")


@pytest.mark.parametrize("places", [[13], [10], [19], [13, 14, 17], list(range(10, 20))])
def test_rows_taken_out_of_a_seal_are_named(rows: list[int], places: list[int]) -> None:
    Access.objects.filter(pk__in=[rows[place] for place in places]).delete()
    told = "".join(damaged())
    assert "被删除（在第 2 封里）" in told
    assert str(rows[places[0]]) in told and str(rows[places[-1]]) in told


def test_a_row_copied_into_the_open_end_or_between_seals_is_named(rows: list[int]) -> None:
    copy = Access.objects.get(pk=rows[33])
    copy.pk = None
    copy.save(force_insert=True)
    (told,) = damaged()
    assert told.startswith(f"第 {copy.pk} 条与另一条完全相同")
    assert seal_waiting(NOW, at_once=True) == 1
    assert len(damaged()) == 1, "sealing does not wash it clean"


def test_an_invented_row_is_named(rows: list[int]) -> None:
    Access.objects.create(at=NOW, actor_id=9, action="identity", mark="0" * 32)
    (told,) = damaged()
    assert "插进去的" in told


@pytest.mark.parametrize("place", [31, 34])
def test_a_row_deleted_before_it_was_sealed_leaves_a_gap_that_is_told(rows: list[int], place: int) -> None:
    Access.objects.filter(pk=rows[place]).delete()
    (told,) = verify_audit()
    assert told.path == f"第 {rows[place]} 条"
    assert told.kind == (DAMAGE if connection.vendor == "sqlite" else "gap")
    seal_waiting(NOW, at_once=True)
    if place == 31:
        (told,) = verify_audit()
        assert told.path == f"第 {rows[place]} 条"


def test_seals_changed_taken_out_or_cut_off_are_found(rows: list[int]) -> None:
    kept = Seal.objects.get(sequence=2)
    for change in ({"root": "0" * 64}, {"count": 9}, {"gaps": "3"}, {"to_at": NOW + timedelta(1)}, {"hash": "0" * 64}):
        Seal.objects.filter(pk=2).update(**change)
        assert any("第 2 封" in told for told in damaged()), change
        kept.save()
    assert damaged() == []
    Seal.objects.filter(pk=2).delete()
    assert any(told.startswith("第 2 封这一封不见了") for told in damaged())
    kept.save(force_insert=True)
    # The last seal, its rows and the head, all taken back together: the journal remembers.
    last = Seal.objects.get(sequence=3)
    Access.objects.filter(pk__gte=last.first_id).delete()
    last.delete()
    SealHead.objects.update(sequence=2, hash=kept.hash, last_id=kept.last_id)
    assert any("办事日志里还有更晚的封条" in told for told in damaged())


def test_everything_deleted_is_found(rows: list[int]) -> None:
    Access.objects.all().delete()
    Seal.objects.all().delete()
    SealHead.objects.all().delete()
    assert any("办事日志里还有更晚的封条" in told for told in damaged())


def test_the_check_runs_by_itself_in_steps_and_says_what_it_found(rows: list[int]) -> None:
    assert integrity.integrity().checked_at is None
    assert check_some(NOW, seals=2) is True
    assert integrity.integrity().progress == 66
    assert check_some(NOW, seals=2) is False
    state = integrity.integrity()
    assert (state.checked_at, state.damage, state.seals, state.progress) == (NOW, [], 3, None)
    Access.objects.filter(pk=rows[13]).update(actor_id=8)
    assert check_some(NOW + timedelta(minutes=59)) is False
    assert integrity.integrity().damage == []
    check_some(NOW + timedelta(minutes=60))
    (told,) = integrity.integrity().damage
    assert told["path"] == f"第 {rows[13]} 条"
    # What was found stays on view while the next pass runs.
    integrity.ask_for_check(NOW)
    assert integrity.integrity().damage == [told] and integrity.integrity().progress == 0


def test_old_rows_are_dropped_by_whole_seals_and_nothing_is_amiss(rows: list[int], settings: Any) -> None:
    settings.AUDIT_MONTHS = 12
    assert drop_old(at("2027-11-25 10:00")) == 0
    assert drop_old(at("2027-11-25 10:01")) == 3
    assert Access.objects.count() == 5 and Seal.objects.count() == 3
    assert damaged() == []
    assert drop_old(at("2027-11-25 10:01")) == 0
    assert Event.objects.filter(name="audit.dropped").count() == 1


def test_rows_dropped_too_early_or_without_the_journal_are_damage(rows: list[int]) -> None:
    first = Seal.objects.get(sequence=1)
    Access.objects.filter(pk__lte=first.last_id).delete()
    other = Event.objects.filter(name="audit.sealed").first()
    assert other is not None
    Seal.objects.filter(pk=1).update(dropped_by=other.id)
    assert any("却不是到期清理" in told for told in damaged())


def test_months() -> None:
    assert months_before(at("2026-08-31 10:00"), 6) == at("2026-02-28 10:00")
    assert months_before(at("2026-01-15 10:00"), 36) == at("2023-01-15 10:00")


@pytest.mark.django_db(transaction=True)
def test_two_workers_sealing_at_once_make_each_seal_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 10)
    note(50)
    start, made = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        made.append(seal_waiting(NOW))
        connections.close_all()

    both = [threading.Thread(target=work) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    seal_waiting(NOW)
    assert Seal.objects.count() == Event.objects.filter(name="audit.sealed").count() == 5
    assert damaged() == []


@pytest.mark.django_db(transaction=True)
def test_killed_between_seal_and_journal_neither_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    note(5)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "update", killed)
        with pytest.raises(KeyboardInterrupt):
            seal_waiting(NOW, at_once=True)
    assert not Seal.objects.exists() and not Event.objects.exists()
    assert seal_waiting(NOW, at_once=True) == 1
    assert damaged() == []


@pytest.mark.parametrize("months", ["5", "six"])
def test_less_than_six_months_are_refused_in_words(months: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mingtang.cli.main", "journal", "verify"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "mingtang.settings.embedded", "MINGTANG_AUDIT_MONTHS": months},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "不能少于 6" in done.stderr and "Traceback" not in done.stderr
