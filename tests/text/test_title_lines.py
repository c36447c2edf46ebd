"""Titles break where a reader would pause, in balanced lines, and lose nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingtang.text.title_lines import WIDEST, title_lines

OFFICES = ["中共通辽市委办公厅", "通辽市人民政府办公厅"]
SIXTY = "通辽市发展和改革委员会关于进一步加强全市农村牧区生活垃圾和污水治理工作以及提高城乡居民最低生活保障标准有关事项的实施方案"


@pytest.mark.parametrize("space", [" ", "", "\u3000"])
def test_joint_issuers_and_the_matter_have_lines_of_their_own(space: str) -> None:
    title = f"{OFFICES[0]}{space}{OFFICES[1]}关于印发《政务公开工作的实施意见》的通知"
    lines = title_lines(title, OFFICES)
    assert lines[:2] == OFFICES and lines[2].startswith("关于印发") and lines[-1].endswith("的通知")


@pytest.mark.parametrize(
    "title", [SIXTY, "国务院办公厅转发国家发展改革委关于深化公共资源交易平台整合共享指导意见的通知"]
)
def test_a_long_title_is_balanced_and_cuts_no_word(title: str) -> None:
    lines = title_lines(title, ["通辽市发展和改革委员会", "国务院办公厅", "国家发展改革委"])
    assert "".join(lines) == title
    assert all(5 <= len(line) <= WIDEST for line in lines)
    assert not any(line.startswith("的") for line in lines)
    for word in ("发展和改革委员会", "污水", "治理工作"[2:], "实施", "方案", "平台", "指导意见"[2:], "标准", "事项"):
        if word in title:
            assert any(word in line for line in lines), (word, lines)
    shape = [len(line) for line in lines]
    waist = [b < a - 1 and b < c - 1 for a, b, c in zip(shape, shape[1:], shape[2:], strict=False)]
    assert not any(waist), shape


def test_a_short_title_stays_on_one_line_and_given_breaks_are_kept() -> None:
    assert title_lines("关于2026年中小学寒假时间安排的通知") == ["关于2026年中小学寒假时间安排的通知"]
    assert title_lines("关于减材料\n的通知") == ["关于减材料", "的通知"]
    assert title_lines(" \n ") == []


@given(st.text(max_size=200))
def test_no_word_is_lost_and_no_line_too_wide(title: str) -> None:
    lines = title_lines(title)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", title)
    for line in lines:
        assert sum(0.55 if letter < "\u2000" else 1 for letter in line) <= WIDEST
