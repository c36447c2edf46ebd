"""``mingtang rules``: check the packs, compute and explain a due date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection
from datetime import datetime

from mingtang.rules import (
    DutyRule,
    PackError,
    RuleBook,
    explain,
    load_rulebook,
    parse_moment,
    shipped_calendar,
    shipped_packs,
    summarise,
)

EmittedEvents = Callable[[], Collection[str]]


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], emitted: EmittedEvents | None = None
) -> None:
    """Add ``rules`` with its subcommands; each sets ``func``: parsed arguments in, exit code out.

    ``emitted`` gives the event names the installed affairs emit; ``rules check`` then lists the others.
    """
    parser = subparsers.add_parser("rules", help="规则包、期限")
    commands = parser.add_subparsers(dest="rules_command", required=True)

    check = commands.add_parser("check", help="检查全部规则包")
    check.set_defaults(func=lambda arguments: check_packs(emitted() if emitted else None))

    for name, help_text, action in (
        ("due", "计算一项职责的到期日", print_due),
        ("explain", "逐日说明到期日怎样算出", print_explanation),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("duty", metavar="职责编号", help="如 D05.2")
        command.add_argument("--from", dest="start", required=True, help="起算时刻，如 2017-01-25 或 2017-01-25T23:30")
        command.set_defaults(func=lambda arguments, action=action: _with_duty(arguments, action))


def check_packs(emitted: Collection[str] | None = None) -> int:
    """Load every shipped pack, print what each holds and what the duties name. Exit code 1 when a pack is wrong."""
    try:
        book = load_rulebook(shipped_packs())
    except PackError as error:
        print(error, file=sys.stderr)
        return 1
    for pack in book.packs.values():
        duties = sum(duty.pack == pack.name for duty in book.duties.values())
        grounds = sum(ground.pack == pack.name for ground in book.grounds.values())
        state = "已核对原文" if pack.status == "seen" else "待核对"
        print(f"{pack.name}：{pack.title}，{duties}项职责，{grounds}项法定依据，{state}")
    _print_names("规则点名的事实", sorted(facts_named(book)))
    _print_names("规则点名的关口", sorted(book.gates))
    if emitted is not None:
        _print_names("尚无人发出的事件", sorted(events_named(book) - set(emitted)))
        _print_names("发出了但没有声明的事件", sorted(set(emitted) - book.events.keys()))
    own = [duty for duty in book.duties.values() if book.packs[duty.pack].is_opinion]
    print(
        f"{len(book.articles)} articles, {len(own)} duties, {len(book.events)} events, {len(book.gates)} gates, "
        f"{len(book.fault_rules)} faults, {len(book.packs) - 1} law packs with {len(book.duties) - len(own)} duties"
    )
    return 0


def facts_named(book: RuleBook) -> set[str]:
    """Every fact a duty or part names."""
    named = {fact for duty in book.duties.values() for fact in (duty.condition, duty.closes_if)}
    named |= {part.closes_if for duty in book.duties.values() for part in duty.parts}
    return {fact for fact in named if fact is not None}


def events_named(book: RuleBook) -> set[str]:
    """Every event that opens or closes a duty."""
    return set(book.opening) | set(book.closing)


def print_due(book: RuleBook, duty: DutyRule, start: datetime) -> int:
    """Print the rule and, as the last line, the due date or moment; 暂定 where a year's notice is not known."""
    due = duty.limit.due(start, shipped_calendar()) if duty.limit else None
    if due is None:
        print(f"{duty.id} {duty.title}：没有到期日（{duty.limit.text if duty.limit else duty.when}）", file=sys.stderr)
        return 2
    print(f"{duty.id} {duty.title}（{book.citation(duty)}）：{duty.limit.text if duty.limit else ''}{_advisory(duty)}")
    print(due)
    return 0


def print_explanation(book: RuleBook, duty: DutyRule, start: datetime) -> int:
    """Print the count day by day, then the summary line."""
    if duty.limit is None:
        print(f"{duty.id} {duty.title}：没有期限（{duty.when}）", file=sys.stderr)
        return 2
    print(f"{duty.id} {duty.title}（{book.citation(duty)}）：{duty.limit.text}{_advisory(duty)}")
    for day in explain(duty.limit, start, shipped_calendar()):
        print(day)
    print(summarise(duty.limit, start, shipped_calendar()))
    return 0


def _with_duty(arguments: argparse.Namespace, action: Callable[[RuleBook, DutyRule, datetime], int]) -> int:
    book = load_rulebook(shipped_packs())
    if arguments.duty not in book.duties:
        print(f"没有编号为{arguments.duty}的职责。", file=sys.stderr)
        return 2
    try:
        start = parse_moment(arguments.start)
        return action(book, book.duties[arguments.duty], start)
    except ValueError:
        print(f"“{arguments.start}”不能作为起算时刻，应写成2017-01-25或2017-01-25T23:30。", file=sys.stderr)
        return 2


def _advisory(duty: DutyRule) -> str:
    return "，本地缺省，仅提示" if duty.advisory else ""


def _print_names(title: str, names: Collection[str]) -> None:
    print(f"{title}（{len(names)}）：{'、'.join(names) if names else '无'}")
