"""Rows of registers: made from the live edition, switched to at once, killed half way, gone with an erasure."""

from datetime import date
from typing import Any

import pytest

from mingtang.editions import projecting
from mingtang.editions.models import ERASED, Edition, Publication, PublicPiece, PublicRow, PublicRowChange, PublicTable
from mingtang.editions.register_reading import (
    changes_of_entry,
    edition_at,
    register_at,
    register_edition,
    tables,
)
from mingtang.editions.table_index import Asked, Kept, kept
from mingtang.editions.tables import key_of
from mingtang.units import roles
from tests.editions.registers import PENALTIES, ROWS, put_register
from tests.factories import Desk

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Tests roll back, so that keys of tables come again."""
    kept.clear()


def slug(publication: Publication) -> str:
    return publication.path.removeprefix("pub/")


def read(publication: Publication, **asked: Any) -> list[str]:
    """The first column of what is found."""
    register = register_at(slug(publication))
    assert register is not None
    page = register.index.page(Asked(**asked), offset=0, size=50, today=TODAY)
    found = [row.values[0] for row in register.rows(page.positions)]
    assert len(found) == page.total
    return found


def test_rows_are_found_filtered_searched_and_sorted() -> None:
    publication = put_register()
    assert register_at(slug(publication)) is None
    assert projecting.follow() == 1 and projecting.follow() == 0
    every = [row[0] for row in ROWS]
    assert read(publication) == every
    assert read(publication, filters={"category": "2"}) == [every[0], every[2]]
    assert read(publication, text="乙建筑") == [every[1]]
    assert read(publication, text="na0n 罚款") == [] and read(publication, text="MA0n 罚款") == [every[0], every[2]]
    assert read(publication, text="超限") == [every[2]]
    assert read(publication, sort="amount") == [every[3], every[0], every[2], every[1]]
    assert read(publication, sort="amount", down=True) == [every[2], every[0], every[3], every[1]]
    assert read(publication, sort="decided_on") == [every[3], every[2], every[0], every[1]]
    assert read(publication, sort="category", filters={"category": "2"}, text="公司") == [every[0], every[2]]
    assert read(publication, filters={"category": "9"}) == [] and read(publication, filters={"nothing": "1"}) == []


def test_counts_of_a_filter_leave_its_own_choice_out_of_account() -> None:
    publication = put_register()
    projecting.follow()
    register = register_at(slug(publication))
    assert register is not None
    page = register.index.page(Asked(filters={"category": "2"}), offset=0, size=1, today=TODAY)
    assert page.total == 2 and len(page.positions) == 1
    assert page.facets == {"category": [("2", 2), ("1", 1), ("3", 1)]}
    page = register.index.page(Asked(text="运输"), offset=0, size=1, today=TODAY)
    assert page.facets == {"category": [("2", 1)]}


def test_an_entry_is_shown_through_its_last_day() -> None:
    publication = put_register(hide_after="shown_until")
    projecting.follow()
    assert read(publication) == [row[0] for row in ROWS[:3]]
    register = register_at(slug(publication))
    assert register is not None
    last = key_of(ROWS[3][0])
    assert register.entry(last, date(2026, 5, 6)) is not None and register.entry(last, date(2026, 5, 7)) is None
    put_register(of=publication, rows=ROWS[:2], hide_after="shown_until")
    projecting.follow()
    # What was taken off the list cannot be read in an earlier edition either.
    assert register_edition(slug(publication), 1) is None and register_edition(slug(publication), 2) is not None


def test_an_entry_keeps_its_address_and_its_history() -> None:
    publication = put_register()
    projecting.follow()
    changed = [(*ROWS[0][:4], "3", *ROWS[0][5:]), *ROWS[2:]]
    lines = [
        ("changed", ROWS[0][0], "amount", "1.5", "3"),
        ("removed", ROWS[1][0], "", "", ""),
    ]
    put_register(of=publication, rows=changed, changes=lines)
    assert read(publication) == [row[0] for row in ROWS]
    projecting.follow()
    assert read(publication) == [ROWS[0][0], ROWS[2][0], ROWS[3][0]]
    key = key_of(ROWS[0][0])
    register = register_at(slug(publication))
    assert register is not None
    entry = register.entry(key, TODAY)
    assert entry is not None and entry.values[4] == "3"
    [change] = changes_of_entry(publication, key, 2)
    assert (change.edition, change.change, change.details) == (2, "changed", [("amount", "1.5", "3")])
    assert changes_of_entry(publication, key, 1) == []
    old = register_edition(slug(publication), 1)
    assert old is not None and old.table is None and old.count == 4
    assert old.index.page(Asked(text="乙建筑"), offset=0, size=5, today=TODAY).total == 1
    assert edition_at(publication, date(2026, 10, 11)) is None and edition_at(publication, date(2026, 10, 12)) == 2


def test_what_was_killed_half_way_leaves_the_old_rows_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    publication = put_register()
    projecting.follow()
    put_register(of=publication, rows=ROWS[:2])

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(projecting, "_note_changes", killed)
        with pytest.raises(Killed):
            projecting.follow()
    assert PublicTable.objects.count() == 2 and PublicRow.objects.count() == 6
    assert len(read(publication)) == 4
    projecting.follow()
    assert len(read(publication)) == 2
    assert PublicTable.objects.count() == 1 and PublicRow.objects.count() == 2
    assert set(PublicPiece.objects.values_list("table", flat=True)) == set(
        PublicTable.objects.values_list("pk", flat=True)
    )


def test_rows_are_made_anew_beside_the_old_ones() -> None:
    publication = put_register()
    projecting.follow()
    before = PublicTable.objects.get().pk
    assert projecting.rebuild() == 1
    assert PublicTable.objects.get().pk != before and len(read(publication)) == 4


def test_a_file_that_is_not_what_the_payload_says_stops_no_other() -> None:
    broken, sound = put_register(count=5), put_register(title="另一个名单")
    with pytest.raises(ValueError, match="5条"):
        projecting.follow()
    assert register_at(slug(broken)) is None and register_at(slug(sound)) is not None


def test_nothing_is_reached_once_its_edition_is_not_live() -> None:
    publication = put_register()
    projecting.follow()
    Edition.objects.update(state=ERASED)
    assert register_at(slug(publication)) is None and not tables().exists()
    projecting.sweep()
    assert not PublicRow.objects.exists() and not PublicPiece.objects.exists()


def test_an_erasure_takes_the_rows_with_it(bus_stops: str, desk: Desk) -> None:
    register = desk.register(bus_stops, ("站点编号", "站点名称"), [("001", "火车站"), ("002", "市医院")])
    desk.publish_register(register)
    projecting.follow()
    assert PublicRow.objects.count() == 2
    desk.act(register, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    for model in (PublicRow, PublicPiece, PublicTable, PublicRowChange):
        assert not model.objects.exists(), model.__name__
    assert projecting.follow() == 0


def test_memory_keeps_to_its_bound() -> None:
    held = Kept(most=10)
    for name in "abc":
        assert held.get((name,), lambda: ([], 4)) == []
    assert held.used == 8
    held.get(("large",), lambda: ([], 11))
    assert held.used == 8


def test_columns_say_what_they_are() -> None:
    publication = put_register()
    projecting.follow()
    register = register_at(slug(publication))
    assert register is not None
    shape = register.shape
    assert shape.columns[shape.heading].name == "company_name"
    assert [shape.columns[place].name for place in shape.credit_codes] == ["credit_code"]
    assert shape.columns[3].words("2") == "罚款" and shape.columns[4].words("12345.5") == "12,345.5"
    assert len(shape.shown) == sum(one["shown"] for one in PENALTIES)
