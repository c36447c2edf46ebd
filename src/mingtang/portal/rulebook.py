"""The rules as the public reads them, and how a duty stands in words."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.utils.translation import gettext_lazy as _

from mingtang.editions import selectors
from mingtang.rules import FORCE_LABELS, SHANGHAI, DutyRule, Gate, RuleBook, chinese_day, load_rulebook, local_day
from mingtang.rules.limits import LAST_MOMENT

PACKS = ("opinion_2017", "disclosure_regulation_2019")

STATE_LABELS = {
    selectors.MET: _("按时完成"),
    selectors.MET_LATE: _("逾期完成"),
    selectors.RUNNING: _("进行中"),
    selectors.DUE_SOON: _("即将到期"),
    selectors.OVERDUE: _("已逾期"),
    selectors.ADVISORY_LATE: _("超过参考时限"),
    selectors.EXEMPT: _("依法免除"),
}
OUTCOMES = {"block": _("不予办理"), "return": _("退文"), "warn": _("提醒")}


@dataclass(frozen=True)
class DutyText:
    """One duty of the Opinion in plain Chinese; ``advisory`` limits are this city's, not the Opinion's."""

    id: str
    article: int
    title: str
    content: str
    who: str
    accountable: str
    force: str
    when: str
    method: str
    limit: str
    advisory: bool
    rights: str
    exemption: str
    consequence: str
    gates: tuple[str, ...]


@cache
def rulebook() -> RuleBook:
    """Loaded once per process: packs change with a release."""
    return load_rulebook(PACKS)


@cache
def opinion_duties() -> dict[int, tuple[DutyText, ...]]:
    """The Opinion's duties by article, in order. Duties of other laws are not the Opinion's and are left out."""
    book = rulebook()
    found: dict[int, list[DutyText]] = {number: [] for number in book.articles}
    for rule in book.duties.values():
        if book.packs[rule.pack].is_opinion:
            found[rule.article].append(_text(rule, book))
    return {number: tuple(duties) for number, duties in found.items()}


def _text(rule: DutyRule, book: RuleBook) -> DutyText:
    rights = book.enumerations["rights"].items
    return DutyText(
        id=rule.id,
        article=rule.article,
        title=rule.title,
        content=rule.content,
        who=names(rule.who),
        accountable=names(rule.accountable),
        force=FORCE_LABELS[rule.force],
        when=rule.when,
        method=rule.method,
        limit=rule.limit.text if rule.limit else "",
        advisory=rule.advisory,
        rights="、".join(rights[code] for code in rule.rights),
        exemption=rule.exemption,
        consequence=rule.consequence,
        gates=tuple(gate_note(gate) for gate in book.gates.values() if rule.id in gate.duties),
    )


def names(codes: tuple[str, ...]) -> str:
    """Actors, units or groups in words, such as 政府部门、市财政局."""
    return "、".join(rulebook().label(code) for code in codes)


def gate_note(gate: Gate) -> str:
    """What a gate checks, when, and what follows when something is missing."""
    return f"{gate.title}。{gate.action}时检查，不符合的{OUTCOMES[gate.outcome]}。"


def label(enumeration: str, code: str) -> str:
    """The Chinese label of a code of an enumeration; empty when it has none."""
    return rulebook().enumerations[enumeration].items.get(code, "")


def day_words(moment: datetime, now: datetime) -> str:
    """``2月28日``, with the year when it is not this one, in Asia/Shanghai."""
    return chinese_day(local_day(moment), beside=local_day(now))


def due_words(moment: datetime, now: datetime | None) -> str:
    """``2月28日前`` for a day limit (that day included), ``2月28日17:30前`` for clock hours; with its year unless that is
    the year of ``now``."""
    local = moment.astimezone(SHANGHAI)
    hour = "" if local.time() == LAST_MOMENT else f"{local:%H:%M}"
    return f"{day_words(moment, now) if now else chinese_day(local_day(moment))}{hour}前"
