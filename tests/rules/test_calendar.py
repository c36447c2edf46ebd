from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingtang.rules import Calendar, CalendarRow, NoticeError, difference, read_notice, shipped_calendar

CALENDAR = shipped_calendar()
covered_days = st.dates(date(2004, 1, 1), date(2026, 6, 30))


def naive_add(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= CALENDAR.is_working(day)
    return day


@given(covered_days, st.integers(1, 120))
def test_add_equals_counting_by_hand(day, count):
    assert CALENDAR.add_working_days(day, count) == naive_add(day, count)


@given(covered_days, st.integers(0, 60), st.integers(1, 60))
def test_add_is_monotonic(day, later, count):
    assert CALENDAR.add_working_days(day, count) <= CALENDAR.add_working_days(day + timedelta(days=later), count)
    assert CALENDAR.add_working_days(day, count) < CALENDAR.add_working_days(day, count + 1)


@given(covered_days, st.integers(1, 60))
def test_subtract_and_between_undo_add(day, count):
    last = CALENDAR.add_working_days(day, count)
    assert CALENDAR.working_days_between(day, last) == count
    assert CALENDAR.working_days_between(last, day) == -count
    first = CALENDAR.subtract_working_days(last, count)
    assert CALENDAR.is_working(first)
    assert CALENDAR.add_working_days(first, count) == last


def test_equals_the_source_library():
    library = pytest.importorskip("chinese_calendar")
    day = date(2004, 1, 1)
    while day.year < 2027:
        assert CALENDAR.is_working(day) == library.is_workday(day), day
        day += timedelta(days=1)


def test_february_2020_follows_the_extended_holiday():
    assert not CALENDAR.is_working(date(2020, 1, 31))
    assert not CALENDAR.is_working(date(2020, 2, 1))
    assert CALENDAR.is_working(date(2020, 2, 3))


def test_unknown_year_is_not_covered():
    assert CALENDAR.covers(date(2026, 12, 1), date(2026, 12, 31))
    assert not CALENDAR.covers(date(2026, 12, 1), date(2027, 1, 1))
    assert not CALENDAR.covers(date(2003, 12, 31), date(2005, 1, 1))


@pytest.mark.parametrize(("day", "count"), [(date(2017, 1, 25), 0), (date(2017, 1, 25), -1), (date(1900, 1, 1), 3)])
def test_refuses_counts_and_days_it_cannot_answer(day, count):
    with pytest.raises(ValueError, match="cannot add"):
        CALENDAR.add_working_days(day, count)


def test_refuses_dates_past_the_table():
    with pytest.raises(ValueError, match="outside the calendar"):
        CALENDAR.add_working_days(date(2066, 12, 30), 20)
    with pytest.raises(ValueError, match="outside the calendar"):
        CALENDAR.working_days_between(date(2017, 1, 1), date(2090, 1, 1))


def test_rows_cannot_be_changed():
    with pytest.raises(TypeError):
        CALENDAR.rows[date(2017, 1, 25)] = CalendarRow(date(2017, 1, 25), False, "x")


def test_notice_with_ranges_and_headings():
    rows = read_notice("\ufeff日期,类型,名称\n# 2027年\n2027-01-01至2027-01-03,放假,元旦\n\n2027-01-09，上班，元旦\n")
    assert rows == [
        CalendarRow(date(2027, 1, 1), False, "元旦"),
        CalendarRow(date(2027, 1, 2), False, "元旦"),
        CalendarRow(date(2027, 1, 3), False, "元旦"),
        CalendarRow(date(2027, 1, 9), True, "元旦"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("date,kind,name\n2027-01-01,放假", 2, "三列"),
        ("2027-01-01,休息,元旦", 1, "休息"),
        ("2027-13-01,放假,元旦", 1, "日期"),
        ("2027-01-01,放假,元旦\n2027-01-01,放假,元旦", 2, "第1行已经写过"),
        ("2027-01-04,上班,元旦", 1, "不是周末"),
        ("2027-10-07至2027-10-01,放假,国庆节", 1, "先写起日"),
        ("2027-01-01至2027-12-31,放假,国庆节", 1, "超过"),
        ("# 空", 1, "没有读到"),
    ],
)
def test_notice_errors_name_the_line(text, line, says):
    with pytest.raises(NoticeError, match=says) as caught:
        read_notice(text)
    assert caught.value.line == line
    assert f"第{line}行" in str(caught.value)


def test_a_new_notice_gives_a_new_calendar_and_its_difference():
    rows = read_notice("2027-01-01至2027-01-03,放假,元旦\n2027-01-09,上班,元旦")
    newer = CALENDAR.with_rows("2027", rows, [2027])
    assert 2027 in newer.years
    assert 2027 not in CALENDAR.years
    assert [(change.day, change.was_working, change.is_working) for change in difference(CALENDAR, newer)] == [
        (date(2027, 1, 1), True, False),
        (date(2027, 1, 9), False, True),
    ]
    assert difference(newer, newer) == []


def test_a_replaced_notice_drops_the_rows_it_does_not_repeat():
    first = Calendar("a", read_notice("2027-01-01,放假,元旦"), [2027])
    second = first.with_rows("b", read_notice("2027-01-04,放假,元旦"), [2027])
    assert first.is_working(date(2027, 1, 4))
    assert second.is_working(date(2027, 1, 1))
    assert not second.is_working(date(2027, 1, 4))
