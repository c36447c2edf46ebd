import argparse

import pytest

from mingtang.cli import rules_commands


def run(*words, emitted=None):
    parser = argparse.ArgumentParser(prog="mingtang")
    rules_commands.register(parser.add_subparsers(required=True), emitted)
    arguments = parser.parse_args(["rules", *words])
    return arguments.func(arguments)


def test_check_counts_articles_and_duties(capsys):
    assert run("check") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("opinion_2017：")
    assert lines[-1].startswith("26 articles, 138 duties, ")
    assert not any("尚无人发出" in line for line in lines)


def test_check_lists_events_nobody_emits(capsys):
    assert run("check", emitted=lambda: {"edition.shown", "document.lost"}) == 0
    silent, undeclared = (line for line in capsys.readouterr().out.splitlines() if "事件（" in line)
    assert "interpretation_event.held" in silent
    assert "edition.shown" not in silent
    assert undeclared.endswith("document.lost")


@pytest.mark.parametrize(
    ("duty", "start", "last"),
    [
        ("D05.2", "2017-01-25", "2017-02-28"),
        ("D10.5", "2017-01-25", "2017-02-04"),
        ("D05.2", "2027-01-25", "2027-02-22（暂定）"),
        ("D16.3", "2017-01-27T23:30", "2017-01-28 04:30:00"),
        ("D10.7", "2017-03-01", "2017-06-30"),
        ("D17.2", "2017-03-01", "2017-12-31"),
    ],
)
def test_due_ends_with_the_date(capsys, duty, start, last):
    assert run("due", duty, "--from", start) == 0
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_explain_goes_day_by_day(capsys):
    assert run("explain", "D05.2", "--from", "2017-01-25") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "2017-02-04 周六 第3日 调休上班（春节）" in lines
    assert lines[-1] == "2月28日前（20个工作日内）"


@pytest.mark.parametrize(
    "words",
    [
        ("due", "D99.9", "--from", "2017-01-25"),
        ("due", "D05.2", "--from", "yesterday"),
        ("due", "D26.2", "--from", "2017-01-25"),
        ("explain", "D01.1", "--from", "2017-01-25"),
    ],
)
def test_what_cannot_be_answered_is_said_in_chinese(capsys, words):
    assert run(*words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert any("\u4e00" <= letter <= "\u9fff" for letter in captured.err)
