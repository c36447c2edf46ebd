from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingtang.rules import (
    SHANGHAI,
    AtLeast,
    AtMost,
    By,
    Depth,
    LimitUnit,
    Quota,
    Within,
    end_of,
    explain,
    local_day,
    parse_limit,
    parse_moment,
    shipped_calendar,
    summarise,
)

CALENDAR = shipped_calendar()
TWENTY = Within(20, LimitUnit.WORKING_DAYS)
THREE = Within(3, LimitUnit.WORKING_DAYS)
moments = st.datetimes(datetime(2005, 1, 1), datetime(2026, 6, 1), timezones=st.just(SHANGHAI))


def test_lists_are_updated_within_twenty_working_days():
    due = TWENTY.due(parse_moment("2017-01-25T10:00"), CALENDAR)
    assert (due.day, due.provisional) == (date(2017, 2, 28), False)
    assert due.at == datetime(2017, 2, 28, 23, 59, 59, 999999, SHANGHAI)
    assert CALENDAR.working_days_between(due.day, date(2017, 3, 1)) == 1
    assert TWENTY.due(parse_moment("2017-09-25"), CALENDAR).day == date(2017, 10, 27)


def test_interpretation_is_due_after_three_working_days():
    assert THREE.due(parse_moment("2017-01-25"), CALENDAR).day == date(2017, 2, 4)
    assert THREE.due(parse_moment("2017-03-03"), CALENDAR).day == date(2017, 3, 8)


def test_clock_hours_run_through_the_night():
    due = Within(5, LimitUnit.CLOCK_HOURS).due(parse_moment("2017-01-27T23:30"), CALENDAR)
    assert datetime(2017, 1, 28, 4, 30, 0, tzinfo=SHANGHAI) <= due.at
    assert datetime(2017, 1, 28, 4, 30, 1, tzinfo=SHANGHAI) > due.at


def test_clock_hours_are_elapsed_time_across_a_daylight_saving_change():
    start = datetime(1988, 4, 16, 23, 0, tzinfo=SHANGHAI)  # clocks went forward on 1988-04-17
    due = Within(5, LimitUnit.CLOCK_HOURS).due(start, CALENDAR)
    assert due.at.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=5)


def test_the_day_is_the_day_in_shanghai():
    start = datetime(2017, 1, 24, 16, 30, tzinfo=UTC)
    assert THREE.due(start, CALENDAR).day == date(2017, 2, 4)
    with pytest.raises(ValueError, match="time zone"):
        THREE.due(datetime(2017, 1, 25), CALENDAR)


def test_calendar_days_count_every_day():
    assert Within(20, LimitUnit.CALENDAR_DAYS).due(parse_moment("2017-01-25"), CALENDAR).day == date(2017, 2, 14)


def test_an_unknown_year_makes_the_due_date_provisional():
    due = TWENTY.due(parse_moment("2026-12-20"), CALENDAR)
    assert due.provisional
    assert str(due).endswith("（暂定）")
    assert not THREE.due(parse_moment("2026-12-20"), CALENDAR).provisional


@given(moments, st.integers(1, 60), st.integers(0, 10**7))
def test_a_later_start_is_never_due_earlier(start, count, seconds):
    limit = Within(count, LimitUnit.WORKING_DAYS)
    assert limit.due(start, CALENDAR).at <= limit.due(start + timedelta(seconds=seconds), CALENDAR).at


@given(moments, st.integers(1, 60))
def test_the_explanation_counts_exactly_the_limit(start, count):
    limit = Within(count, LimitUnit.WORKING_DAYS)
    days = explain(limit, start, CALENDAR)
    assert days[0].why == "起算日不计"
    assert [day.number for day in days if day.counted] == list(range(1, count + 1))
    assert days[-1].day == limit.due(start, CALENDAR).day
    assert all(day.why for day in days)


def test_explanation_names_the_reason_of_each_day():
    reasons = {str(day.day): (day.counted, day.why) for day in explain(TWENTY, parse_moment("2017-01-25"), CALENDAR)}
    assert reasons["2017-01-27"] == (False, "法定节假日（春节）")
    assert reasons["2017-02-04"] == (True, "调休上班（春节）")
    assert reasons["2017-02-05"] == (False, "周末")
    guessed = explain(THREE, parse_moment("2026-12-31"), CALENDAR)
    assert "推算" in guessed[-1].why


def test_summary_says_the_date_first():
    start = parse_moment("2017-01-25")
    assert summarise(TWENTY, start, CALENDAR).startswith("2月28日前")
    assert summarise(TWENTY, start, CALENDAR, parse_moment("2017-02-20")).endswith("还有6个工作日")
    assert summarise(TWENTY, start, CALENDAR, parse_moment("2017-02-28T12:00")).endswith("今天到期")
    assert summarise(TWENTY, start, CALENDAR, parse_moment("2017-03-01")).endswith("已超1个工作日")
    assert summarise(TWENTY, start, CALENDAR, parse_moment("2018-01-02")).startswith("2017年2月28日前")
    saturday_late = summarise(THREE, parse_moment("2017-03-07"), CALENDAR, parse_moment("2017-03-11"))
    assert saturday_late.endswith("已超期，不足1个工作日")
    hours = Within(5, LimitUnit.CLOCK_HOURS)
    assert summarise(hours, parse_moment("2017-01-27T23:30"), CALENDAR).startswith("1月28日4时30分前")
    late = summarise(hours, parse_moment("2017-01-27T23:30"), CALENDAR, parse_moment("2017-01-28T06:00"))
    assert late.endswith("已超1小时30分")
    assert "暂定" in summarise(TWENTY, parse_moment("2026-12-20"), CALENDAR)
    assert summarise(AtMost(1), start, CALENDAR) == "最多1次"


@pytest.mark.parametrize(
    ("limit", "moment", "first", "last"),
    [
        (Quota(1, 6), "2017-03-01", "2017-01-01", "2017-06-30"),
        (Quota(1, 6), "2017-12-31T23:59:59", "2017-07-01", "2017-12-31"),
        (Quota(1, 12), "2020-02-29", "2020-01-01", "2020-12-31"),
        (Quota(1, 24), "2017-02-28", "2016-01-01", "2017-12-31"),
    ],
)
def test_quota_periods_are_calendar_periods(limit, moment, first, last):
    start, end = limit.period(parse_moment(moment))
    assert start == parse_moment(first)
    assert end == end_of(date.fromisoformat(last))
    assert limit.due(parse_moment(moment), CALENDAR).at == end


@given(moments, st.sampled_from([1, 3, 6, 12, 24]))
def test_periods_meet_without_gap(moment, months):
    limit = Quota(1, months)
    start, end = limit.period(moment)
    assert start <= moment <= end
    assert limit.period(end + timedelta(microseconds=1))[0] == end + timedelta(microseconds=1)


def test_quota_may_fall_due_within_its_period():
    report = Quota(1, 12, due_months=1)
    assert report.due(parse_moment("2026-03-01"), CALENDAR).day == date(2026, 1, 31)
    assert report.text == "每年不少于1次，1月底前"
    assert Quota(2, 6).met(2)
    assert not Quota(2, 6).met(1)


def test_a_date_is_on_time_until_its_end():
    due = By(date(2017, 12, 31)).due(parse_moment("2017-01-04"), CALENDAR)
    assert datetime(2017, 12, 31, 23, 59, tzinfo=SHANGHAI) <= due.at < parse_moment("2018-01-01")


def test_weight_of_four_percent_is_enough_and_less_is_not():
    limit = AtLeast(Decimal(4), "%")
    assert limit.met(Decimal("4.00"))
    assert not limit.met(Decimal("3.99"))


def test_the_other_forms_have_no_due_moment():
    for limit in (AtLeast(Decimal(4), "%"), AtMost(1), Depth(3)):
        assert limit.due(parse_moment("2017-01-04"), CALENDAR) is None
    assert AtMost(1).met(1)
    assert not AtMost(1).met(2)
    assert Depth(3).met(3)
    assert not Depth(3).met(2)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"within": 3, "unit": "working_days"}, "3个工作日内"),
        ({"within": 5, "unit": "clock_hours"}, "5小时内"),
        ({"within": 20, "unit": "calendar_days"}, "20日内"),
        ({"quota": 1, "months": 6}, "每半年不少于1次"),
        ({"quota": 1, "months": 24}, "每2年不少于1次"),
        ({"by": date(2017, 12, 31)}, "2017年底前"),
        ({"by": date(2020, 1, 4), "aim": True}, "力争2020年1月4日前"),
        ({"at_least": Decimal(4), "unit": "%"}, "不低于4%"),
        ({"at_most": 1}, "最多1次"),
        ({"depth": 4, "label": "贯通四级"}, "贯通四级"),
    ],
)
def test_every_form_is_read_and_said_in_chinese(table, text):
    assert parse_limit(table).text == text


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"within": 0, "unit": "working_days"},
        {"within": 3, "unit": "days"},
        {"within": 3, "unit": "working_days", "by": 1},
        {"quota": 1},
        {"quota": 1, "months": 12, "due_months": 13},
        {"by": "2017-12-31"},
        {"at_most": "1"},
    ],
)
def test_other_limits_are_refused(table):
    with pytest.raises(ValueError, match="时限|定期次数"):
        parse_limit(table)


def test_moments_are_read_as_shanghai_time():
    assert local_day(parse_moment("2017-01-25")) == date(2017, 1, 25)
    assert parse_moment("2017-01-25T16:00+00:00").astimezone(SHANGHAI).day == 26
