from datetime import date

import pytest

from mingtang.text.numerals import chinese_number, find_date, find_web_date


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[
            ("一", 1),
            ("十", 10),
            ("十六", 16),
            ("二十", 20),
            ("二十六", 26),
            ("廿六", 26),
            ("卅", 30),
            ("一百零三", 103),
        ],
        *[
            ("一百一十", 110),
            ("三百二十一", 321),
            ("12", 12),
            ("", None),
            ("十十", None),
            ("百百", None),
            ("一二", None),
        ],
        *[("甲", None), ("〇", None), ("十一百", None)],
    ],
)
def test_chinese_numbers(text: str, value: int | None) -> None:
    assert chinese_number(text) == value


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("2017年1月4日", date(2017, 1, 4)),
        ("２０１７ 年 １ 月 ４ 日", date(2017, 1, 4)),
        ("二〇一七年一月四日", date(2017, 1, 4)),
        ("二○一七年元月四日", date(2017, 1, 4)),
        ("二零二四年二月二十九日", date(2024, 2, 29)),
        ("一九九九年十二月卅一日", date(1999, 12, 31)),
        ("2023年2月29日", None),
        ("二〇二三年十三月一日", None),
    ],
)
def test_written_dates(line: str, day: date | None) -> None:
    found = find_date(f"云滩市 {line}")
    assert found is not None
    assert (found.day, found.start, found.end) == (day, 4, 4 + len(line))


def test_other_dates() -> None:
    assert find_date("2017年1月") is None
    assert find_web_date("2022/4/13 10:00") == date(2022, 4, 13)
    assert find_web_date("2022-04-31") is None
    assert find_web_date("昨天") is None
