"""What an affair declares about its kind of record, and the registries that names in rule packs refer to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from mingtang.journal import names
from mingtang.records.models import LEAD, Record, RecordParty
from mingtang.rows import find, find_all
from mingtang.rules import Fault
from mingtang.units.actors import Actor
from mingtang.units.roles import DRAFTER


@dataclass(frozen=True)
class State:
    """A state and how people read it. ``tone``: open, waiting, public or closed.

    ``together``: records in it are decided on in batches, so nobody is told of, or shown, each by itself.
    """

    name: str
    label: str
    tone: str = "open"
    together: bool = False


@dataclass(frozen=True)
class Transition:
    """One thing somebody may do to a record.

    Attributes:
        source: states it starts from. target: state it leads to; None keeps the state.
        role: role the actor must hold in a unit that is one of ``party`` to the record.
        applies: name of a fact that must be true for the transition to exist at all on this record.
        gates: named gates; all their faults come back together.
        on_fault: ``block`` refuses; ``return`` moves the record to ``returned`` with a return slip (退文).
        effects: named effects, run in order inside the transaction, before the state changes.
        on_return: named effects run instead when gates return the record.
        locks: link kinds whose records are locked along, because an effect changes them.
        form: dotted path of the form that collects ``data``; empty for a plain button.
        accent: ``primary`` for the step that moves work on, ``danger`` for what ends it.
    """

    name: str
    label: str
    source: tuple[str, ...]
    target: str | None
    role: str
    event: str
    party: tuple[str, ...] = (LEAD,)
    applies: str = ""
    gates: tuple[str, ...] = ()
    on_fault: str = "block"
    effects: tuple[str, ...] = ()
    on_return: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    form: str = ""
    accent: str = ""


@dataclass(frozen=True)
class Attachment:
    """Records of this kind belong to a record of ``kind`` by a link called ``link``; some may also stand alone."""

    kind: str
    link: str
    required: bool = True


@dataclass(frozen=True)
class Confidential:
    """What only holders of ``role`` in the lead unit are shown, and only on the record's own page.

    ``identity`` names sealed fields of the citizen behind the record (``audit.identity.FIELDS``): masked there, opened
    one at a time with a purpose, and every look is noted.
    """

    role: str
    facts_shown: Callable[[Any], list[tuple[str, list[tuple[str, Any]]]]] | None = None
    identity: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imported:
    """What an importer made of a file: values for the form, what it recognised in words, and what it has to ask."""

    values: dict[str, Any]
    recognised: list[tuple[str, str]]
    questions: list[str]
    sha256: str


@dataclass(frozen=True)
class RecordSpec:
    """Everything the shared machinery needs to know of one kind of record.

    Attributes:
        model: detail model with a one-to-one field ``record``.
        form: dotted path of the form that creates and edits; its cleaned_data goes to ``write``.
        write: applies cleaned data to the detail and its parties.
        payload: what a publication of it contains, as JSON values (the public schema).
        columns: (heading, attribute path or callable) for lists and exports.
        required: (field, label) pairs without which it cannot become public.
        facts_shown: callable giving (label, value) pairs for the detail page, in groups.
        confidential: facts for one role only, such as a citizen's contact.
        editable_in: states in which the creator's role may change the content.
        body: detail field that holds the long text shown as paper and compared between versions.
        importer: turns an uploaded file into initial form data and questions.
        attached: the kind it is attached to, if any.
    """

    kind: str
    label: str
    article: str
    model: type[models.Model]
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    form: str
    write: Callable[..., None]
    columns: tuple[tuple[str, str | Callable[[Any], Any]], ...]
    required: tuple[tuple[str, str], ...]
    facts_shown: Callable[[Any], list[tuple[str, list[tuple[str, Any]]]]]
    payload: Callable[[Any], dict[str, Any]] | None = None
    editable_in: tuple[str, ...] = ()
    creator: str = DRAFTER
    body: str = ""
    importer: Callable[[str, bytes], Imported] | None = None
    attached: Attachment | None = None
    confidential: Confidential | None = None
    search: tuple[str, ...] = ("title",)
    template: str = ""
    state_by_name: Mapping[str, State] = field(init=False)
    transition_by_name: Mapping[str, Transition] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state_by_name", {state.name: state for state in self.states})
        object.__setattr__(self, "transition_by_name", {step.name: step for step in self.transitions})
        for step in self.transitions:
            for state in (*step.source, *([step.target] if step.target else [])):
                if state not in self.state_by_name:
                    raise ValueError(f"{self.kind}.{step.name} names an unknown state {state}")

    @property
    def stands_alone(self) -> bool:
        """Whether a record of this kind may be opened without one it is attached to."""
        return self.attached is None or not self.attached.required

    @property
    def initial(self) -> str:
        return self.states[0].name

    def detail(self, record: Record) -> Any:
        """The detail row of a record of this kind, with ``record`` set without another query."""
        row: Any = find(self.model, record_id=record.pk)
        if row is None:
            raise self.model.DoesNotExist(f"{self.kind} {record.pk}")  # type: ignore[attr-defined]
        row.record = record
        return row


@dataclass
class Context:
    """What gates, facts and effects are given: the record, who acts, when, and with which data."""

    spec: RecordSpec
    record: Record
    actor: Actor
    now: datetime
    transition: Transition | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    _detail: Any = None
    _parties: tuple[tuple[str, str], ...] | None = None
    _facts: "Facts | None" = None

    @property
    def parties(self) -> tuple[tuple[str, str], ...]:
        """Pairs of unit code and party role."""
        if self._parties is None:
            parties = find_all(RecordParty, record_id=self.record.pk)
            self._parties = tuple((party.unit_id, party.role) for party in parties)
        return self._parties

    def units_as(self, *parties: str) -> list[str]:
        """Codes of the units that are any of ``parties`` to the record."""
        return [unit for unit, role in self.parties if role in parties]

    @property
    def detail(self) -> Any:
        if self._detail is None:
            self._detail = self.spec.detail(self.record)
        return self._detail

    @property
    def facts(self) -> "Facts":
        """The facts as they were before any effect: what the gates of this step judge, each asked for once."""
        if self._facts is None:
            self._facts = Facts(self)
        return self._facts


class Facts(Mapping[str, Any]):
    """Named facts about a record, each computed on first use. ``<kind>.<field>`` reads the detail row itself."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            provider = _providers.get(name)
            if provider is not None:
                self._known[name] = provider(self.context)
            else:
                kind, _, attribute = name.partition(".")
                if kind != self.context.spec.kind or not hasattr(self.context.detail, attribute):
                    raise KeyError(f"no fact is called {name}")
                self._known[name] = getattr(self.context.detail, attribute)
        return self._known[name]

    def __iter__(self) -> Any:
        return iter(_providers)

    def __len__(self) -> int:
        return len(_providers)


Gate = Callable[[Mapping[str, Any]], Iterable[Fault]]
Effect = Callable[[Context], None]
_specs: dict[str, RecordSpec] = {}
_providers: dict[str, Callable[[Context], Any]] = {}
_gates: dict[str, Gate] = {}
_effects: dict[str, Effect] = {}


def register(spec: RecordSpec) -> RecordSpec:
    """Declare a kind. Its events become known: created, edited, and one per transition."""
    if spec.kind in _specs and _specs[spec.kind] is not spec:
        raise ValueError(f"kind {spec.kind} is declared twice")
    _specs[spec.kind] = spec
    names.register_event(f"{spec.kind}.created", f"新建{spec.label}")
    names.register_event(f"{spec.kind}.edited", "修改内容")
    names.register_event(f"{spec.kind}.returned", "退文")
    for step in spec.transitions:
        if not names.is_registered(step.event):
            names.register_event(step.event, step.label)
    return spec


def fact(name: str) -> Callable[[Callable[[Context], Any]], Callable[[Context], Any]]:
    """Provide a named fact that gates, rule packs and duties may ask for."""

    def keep(provider: Callable[[Context], Any]) -> Callable[[Context], Any]:
        _providers[name] = provider
        return provider

    return keep


def gate(name: str) -> Callable[[Gate], Gate]:
    """Provide a named gate: a pure function from facts to faults."""

    def keep(function: Gate) -> Gate:
        _gates[name] = function
        return function

    return keep


def effect(name: str) -> Callable[[Effect], Effect]:
    """Provide a named effect that transitions run inside their transaction."""

    def keep(function: Effect) -> Effect:
        _effects[name] = function
        return function

    return keep


def spec_for(kind: str) -> RecordSpec:
    """Raises KeyError for a kind nobody declared."""
    return _specs[kind]


def all_specs() -> tuple[RecordSpec, ...]:
    return tuple(_specs.values())


def known_facts() -> frozenset[str]:
    return frozenset(_providers)


def run_named_gates(facts: Facts, names: Iterable[str]) -> list[Fault]:
    """All faults of all named gates, in order; never stops at the first. One fault code is told once per field."""
    found: dict[tuple[str, str, str], Fault] = {}
    for name in names:
        for fault in _gates[name](facts):
            found.setdefault((fault.code, fault.field, fault.message), fault)
    return list(found.values())


def effect_named(name: str) -> Effect:
    return _effects[name]


def check_registrations() -> list[str]:
    """Names that transitions use and nobody provides; start-up fails on any."""
    missing = []
    for spec in _specs.values():
        for step in spec.transitions:
            where = f"{spec.kind}.{step.name}"
            missing += [f"{where}: gate {name}" for name in step.gates if name not in _gates]
            missing += [f"{where}: effect {name}" for name in step.effects if name not in _effects]
            if step.applies and step.applies not in _providers:
                missing.append(f"{where}: fact {step.applies}")
    return missing
