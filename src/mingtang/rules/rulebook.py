"""The rule book: everything the loaded packs say, as frozen values with ready indexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from string import Formatter
from typing import Any, Literal

from .faults import Fault, Outcome
from .limits import By, Limit, Quota
from .routing import Assignment, RoutingRule, Situation, route

Force = Literal["M", "P", "E"]
DutyKind = Literal["gate", "clock", "quota", "date", "standing", "metric"]
SettingValue = int | bool | str | Decimal

FORCE_LABELS: Mapping[str, str] = {"M": "必须", "P": "推进", "E": "鼓励"}
DUTY_KIND_LABELS: Mapping[str, str] = {
    "gate": "关口",
    "clock": "时限",
    "quota": "定期次数",
    "date": "限期",
    "standing": "常态",
    "metric": "只计指标",
}


@dataclass(frozen=True, slots=True)
class Pack:
    """One source of rules. ``status``: ``seen`` (text read) or ``to_confirm``. ``label`` is shown beside its rules."""

    name: str
    title: str
    label: str
    source: str
    status: Literal["seen", "to_confirm"]
    is_opinion: bool
    valid_from: date
    valid_to: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Article:
    """One article. ``units``: the accountable units and groups of its responsible-unit line."""

    number: int
    title: str
    chapter: int
    chapter_title: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a duty that closes on its own (D10.5: site and media)."""

    code: str
    title: str
    closes_on: tuple[str, ...]
    closes_if: str | None
    via: str | None


@dataclass(frozen=True, slots=True)
class DutyRule:
    """One duty: subject, content, time limit and method (article 17), and the events that open and close it.

    ``condition`` is the fact that must hold on the opening record, ``closes_if`` on the closing record; ``via`` the
    kind of link to follow from the closing event's record to the record the duty is about. A duty with ``parts`` is
    closed when every part is. ``advisory``: lateness is a local default, never a breach. ``accountable``: units of
    the responsible-unit line (the body of the article fixes the actor, that line the accountable unit).
    """

    id: str
    pack: str
    article: int
    force: Force
    kind: DutyKind
    title: str
    content: str
    who: tuple[str, ...]
    accountable: tuple[str, ...]
    subject: str
    when: str
    limit: Limit | None
    limit_setting: str | None
    advisory: bool
    method: str
    channels: tuple[str, ...]
    rights: tuple[str, ...]
    stages: tuple[str, ...]
    exemption: str
    consequence: str
    opens_on: tuple[str, ...]
    closes_on: tuple[str, ...]
    condition: str | None
    closes_if: str | None
    via: str | None
    parts: tuple[Part, ...]
    status: Literal["seen", "to_confirm"]
    valid_from: date
    valid_to: date | None

    def in_force(self, day: date) -> bool:
        """Whether the duty's pack is in force on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A kind of fault: Chinese templates with ``{parameters}`` for the message and the mending."""

    code: str
    duty: str | None
    field: str
    message: str
    mend: str

    @property
    def parameters(self) -> frozenset[str]:
        """Names the templates need."""
        return frozenset(
            name for text in (self.message, self.mend) for _, name, _, _ in Formatter().parse(text) if name
        )


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate: what it guards (Chinese), which duties it enforces, what happens on a fault, and its fault codes."""

    name: str
    title: str
    action: str
    articles: tuple[int, ...]
    duties: tuple[str, ...]
    outcome: Outcome
    faults: tuple[str, ...]
    pack: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A lawful ground to withhold information or to cut part of it.

    ``force`` is ``must`` (不得公开) or ``may`` (可以不公开). ``explain``: the reason must name the particular facts.
    """

    code: str
    label: str
    law: str
    article: int
    force: Literal["must", "may"]
    explain: str
    pack: str
    status: Literal["seen", "to_confirm"]


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A list the text gives: code -> Chinese label. ``open``: the text ends it with 等."""

    code: str
    label: str
    article: int
    open: bool
    items: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """A local setting where the text has no number. ``ambiguity`` is its note's number (A1 ...), may be empty."""

    name: str
    label: str
    default: SettingValue
    value: SettingValue
    unit: str
    ambiguity: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """A dated goal. ``aim``: missing it is a missed target, not a breach."""

    code: str
    article: int
    duty: str
    title: str
    due: date
    aim: bool
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """A named group of units. ``units`` are unit codes; empty when membership is a matter of kind."""

    code: str
    label: str
    units: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of the loaded packs. Read-only; safe to share between threads."""

    packs: Mapping[str, Pack]
    articles: Mapping[int, Article]
    duties: Mapping[str, DutyRule]
    events: Mapping[str, str]
    facts: Mapping[str, str]
    links: Mapping[str, str]
    actors: Mapping[str, str]
    subjects: Mapping[str, str]
    channels: Mapping[str, str]
    units: Mapping[str, str]
    unit_groups: Mapping[str, UnitGroup]
    gates: Mapping[str, Gate]
    fault_rules: Mapping[str, FaultRule]
    grounds: Mapping[str, Ground]
    enumerations: Mapping[str, Enumeration]
    settings: Mapping[str, Setting]
    milestones: Mapping[str, Milestone]
    routing: tuple[RoutingRule, ...]
    opening: Mapping[str, tuple[DutyRule, ...]]
    closing: Mapping[str, tuple[tuple[DutyRule, Part | None], ...]]
    gate_of: Mapping[str, tuple[str, ...]]

    def setting(self, name: str) -> Any:
        """The value of a setting (int, bool, str or Decimal as its default is). Raises KeyError."""
        return self.settings[name].value

    def opened_by(self, event: str) -> tuple[DutyRule, ...]:
        """Duties an event opens (their ``condition`` is still to be asked)."""
        return self.opening.get(event, ())

    def closed_by(self, event: str) -> tuple[tuple[DutyRule, Part | None], ...]:
        """Duties, or single parts of them, an event closes (``closes_if`` and ``via`` are still to be followed)."""
        return self.closing.get(event, ())

    @property
    def scheduled(self) -> tuple[DutyRule, ...]:
        """Duties no event opens but the calendar: quotas of each period, and dates."""
        return tuple(duty for duty in self.duties.values() if isinstance(duty.limit, Quota | By) and not duty.opens_on)

    def fault(self, code: str, /, *, field: str | None = None, gate: str | None = None, **parameters: object) -> Fault:
        """Make a fault with its Chinese text filled in.

        ``gate`` names the gate it was found by where a code serves several (default: the first); it gives the
        outcome, and the duty where the fault names none. Raises KeyError for an unknown code or gate, or a missing
        parameter.
        """
        rule = self.fault_rules[code]
        names = self.gate_of[code]
        if gate is not None and gate not in names:
            raise KeyError(f"fault {code} is none of gate {gate}")
        found_by = self.gates[gate or names[0]]
        duty = self.duties[rule.duty or found_by.duties[0]]
        return Fault(
            code=code,
            article=duty.article,
            message=rule.message.format_map(parameters),
            field=rule.field if field is None else field,
            mend=rule.mend.format_map(parameters),
            duty=duty.id,
            outcome=found_by.outcome,
            basis=self.citation(duty),
        )

    def citation(self, duty: DutyRule) -> str:
        """The Chinese citation of a duty's article, such as 《意见》第18条."""
        pack = self.packs[duty.pack]
        return f"{'《意见》' if pack.is_opinion else f'《{pack.title}》'}第{duty.article}条"

    def route(self, situation: Situation) -> list[Assignment]:
        """Who answers and who coordinates in a public-opinion case (article 13); the deciding rule's rows first."""
        return route(self.routing, situation)

    def label(self, code: str) -> str:
        """The Chinese name of an actor, subject, group, unit or channel code; the code itself where none has it."""
        for names in (self.actors, self.subjects, self.units, self.channels):
            if code in names:
                return names[code]
        group = self.unit_groups.get(code)
        return group.label if group else code
