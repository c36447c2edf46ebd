"""Loading packs into a RuleBook. Everything a pack names must be declared; an unknown name fails loading."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast, get_args

from .faults import Outcome
from .limits import By, Limit, Quota, limit_from_unit, parse_limit
from .routing import FLAGS, ROLE_LABELS, Role, RoutingRule
from .rulebook import (
    DUTY_KIND_LABELS,
    FORCE_LABELS,
    Article,
    DutyKind,
    DutyRule,
    Enumeration,
    FaultRule,
    Force,
    Gate,
    Ground,
    Milestone,
    Pack,
    Part,
    RuleBook,
    Setting,
    SettingValue,
    UnitGroup,
)
from .source import PackError, Reader, Source, entries, names, read_sources

PACKS = Path(__file__).parent / "packs"
OPINION = "opinion_2017"
TABLES = frozenset(
    ("pack", "chapters", "articles", "duties", "events", "facts", "links", "actors", "subjects", "channels", "units")
    + ("unit_groups", "gates", "faults", "grounds", "enumerations", "settings", "milestones", "routing", "consequences")
)
STATUSES = ("seen", "to_confirm")
LIMIT_SETTING_UNITS = frozenset(("working_days", "calendar_days", "clock_hours", "months"))
DUTY_ID = re.compile(r"^D(\d\d\.\d\d?|[A-Z]\d\d?[A-Z]?)$")


def shipped_packs(folder: Path = PACKS) -> list[str]:
    """Names of all packs in a folder; the Opinion first."""
    found = {path.stem for path in folder.glob("*.toml")} | {path.parent.name for path in folder.glob("*/pack.toml")}
    return sorted(found, key=lambda name: (name != OPINION, name))


def load_rulebook(
    pack_names: Sequence[str] = (OPINION,),
    *,
    folder: Path | None = None,
    settings: Mapping[str, SettingValue] | None = None,
) -> RuleBook:
    """Load packs into one frozen RuleBook.

    ``folder`` holds ``<name>.toml`` or ``<name>/*.toml`` (default: the shipped packs). ``settings`` overrides local
    settings by name, with values of the default's type. Raises :class:`PackError` naming file, line and key.
    """
    return _Loading(pack_names, folder or PACKS, dict(settings or {})).book()


@dataclass(slots=True)
class _Vocabulary:
    """The names a duty, gate or milestone may use."""

    events: dict[str, str]
    facts: dict[str, str]
    links: dict[str, str]
    actors: dict[str, str]
    subjects: dict[str, str]
    channels: dict[str, str]
    units: dict[str, str]


class _Loading:
    def __init__(self, pack_names: Sequence[str], folder: Path, overrides: dict[str, SettingValue]) -> None:
        self.sources: list[Source] = []
        self.packs: dict[str, Pack] = {}
        self.overrides = overrides
        for name in pack_names:
            self._read_pack(name, folder)
        self.words = _Vocabulary(
            events=names(self.sources, "events"),
            facts=names(self.sources, "facts"),
            links=names(self.sources, "links"),
            actors=names(self.sources, "actors"),
            subjects=names(self.sources, "subjects"),
            channels=names(self.sources, "channels"),
            units=names(self.sources, "units"),
        )
        self.unit_groups = {code: self._unit_group(code, reader) for code, reader in self._entries("unit_groups")}
        self.enumerations = {code: _enumeration(code, reader) for code, reader in self._entries("enumerations")}
        self.settings = {name: self._setting(name, reader) for name, reader in self._entries("settings")}
        for name in overrides:
            if name not in self.settings:
                raise PackError("", 0, name, "没有这项设置。")
        self.who = self.words.actors.keys() | self.words.units.keys() | self.unit_groups.keys()
        self.articles = self._articles()
        self.consequences = {
            source.pack: source.tables["consequences"] for source in self.sources if "consequences" in source.tables
        }
        self.duties = {code: self._duty(code, reader) for code, reader in self._entries("duties")}

    def book(self) -> RuleBook:
        """Read what refers to duties, check what is named across tables, and build the indexes."""
        faults = {code: self._fault(code, reader) for code, reader in self._entries("faults")}
        gates = {name: self._gate(name, reader, faults) for name, reader in self._entries("gates")}
        gate_of: dict[str, list[str]] = defaultdict(list)
        for gate in gates.values():
            for code in gate.faults:
                gate_of[code].append(gate.name)
        for code, reader in self._entries("faults"):
            if code not in gate_of:
                raise reader.fail("", "没有任何关口使用这个问题代码。")
        guarded = {duty for gate in gates.values() for duty in gate.duties}
        for code, reader in self._entries("duties"):
            if self.duties[code].kind == "gate" and code not in guarded:
                raise reader.fail("kind", "写明是关口职责，却没有任何关口执行它。")
        opening: dict[str, list[DutyRule]] = defaultdict(list)
        closing: dict[str, list[tuple[DutyRule, Part | None]]] = defaultdict(list)
        for duty in self.duties.values():
            for event in duty.opens_on:
                opening[event].append(duty)
            for event in duty.closes_on:
                closing[event].append((duty, None))
            for part in duty.parts:
                for event in part.closes_on:
                    closing[event].append((duty, part))
        return RuleBook(
            packs=_frozen(self.packs),
            articles=_frozen(self.articles),
            duties=_frozen(self.duties),
            events=_frozen(self.words.events),
            facts=_frozen(self.words.facts),
            links=_frozen(self.words.links),
            actors=_frozen(self.words.actors),
            subjects=_frozen(self.words.subjects),
            channels=_frozen(self.words.channels),
            units=_frozen(self.words.units),
            unit_groups=_frozen(self.unit_groups),
            gates=_frozen(gates),
            fault_rules=_frozen(faults),
            grounds=_frozen({code: self._ground(code, reader) for code, reader in self._entries("grounds")}),
            enumerations=_frozen(self.enumerations),
            settings=_frozen(self.settings),
            milestones=_frozen({code: self._milestone(code, reader) for code, reader in self._entries("milestones")}),
            routing=tuple(self._routing_rule(code, reader) for code, reader in self._entries("routing")),
            opening=_frozen({event: tuple(duties) for event, duties in opening.items()}),
            closing=_frozen({event: tuple(pairs) for event, pairs in closing.items()}),
            gate_of=_frozen({code: tuple(found) for code, found in gate_of.items()}),
        )

    def _read_pack(self, name: str, folder: Path) -> None:
        if name in self.packs:
            raise PackError(name, 0, "", "规则包写了两遍。")
        sources = read_sources(name, folder)
        for source in sources:
            for table in source.tables:
                if table not in TABLES:
                    raise source.error((table,), "", "不认识这张表，是不是写错了？")
        heads = [source for source in sources if "pack" in source.tables]
        if len(heads) != 1:
            raise PackError(name, 0, "pack", "规则包要有且只有一张 [pack] 表。")
        reader = Reader(heads[0], ("pack",), heads[0].tables["pack"])
        self.packs[name] = Pack(
            name=name,
            title=reader.text("title"),
            label=reader.text("label"),
            source=reader.text("source"),
            status=cast(Any, reader.choice("status", STATUSES, "核对状态")),
            is_opinion=reader.flag("is_opinion"),
            valid_from=reader.day("valid_from"),
            valid_to=reader.optional_day("valid_to"),
            note=reader.text("note", ""),
        )
        reader.finish()
        self.sources.extend(sources)

    def _entries(self, table: str) -> list[tuple[str, Reader]]:
        return list(entries(self.sources, table))

    def _unit_group(self, code: str, reader: Reader) -> UnitGroup:
        group = UnitGroup(
            code, reader.text("label"), reader.codes("units", self.words.units, "单位"), reader.flag("open")
        )
        reader.finish()
        return group

    def _articles(self) -> dict[int, Article]:
        chapters = names(self.sources, "chapters")
        articles = {}
        for code, reader in self._entries("articles"):
            chapter = reader.whole("chapter")
            if not code.isdigit() or str(chapter) not in chapters:
                raise reader.fail("chapter", "条号应为数字，所在部分应在 chapters 里声明。")
            articles[int(code)] = Article(
                int(code),
                reader.text("title"),
                chapter,
                chapters[str(chapter)],
                reader.codes("units", self.who, "责任单位"),
            )
            reader.finish()
        return dict(sorted(articles.items()))

    def _setting(self, name: str, reader: Reader) -> Setting:
        reader.asked.add("default")
        default = reader.table.get("default")
        if not isinstance(default, get_args(SettingValue)):
            raise reader.fail("default", "缺省值应为整数、小数、文字或 true/false。")
        value = self.overrides.get(name, default)
        if type(value) is not type(default):
            raise reader.fail("default", f"设置值“{value}”的类型与缺省值“{default}”不一致。")
        setting = Setting(
            name, reader.text("label"), default, value, reader.text("unit", ""), reader.text("ambiguity", "")
        )
        reader.finish()
        return setting

    def _limit(self, reader: Reader) -> tuple[Limit | None, str | None]:
        if not reader.has("limit"):
            return None, None
        table = reader.mapping("limit")
        try:
            if set(table) != {"setting"}:
                return parse_limit(table), None
            setting = self.settings.get(str(table["setting"]))
            if setting is None or not isinstance(setting.value, int) or setting.unit not in LIMIT_SETTING_UNITS:
                raise ValueError(f"设置“{table['setting']}”没有声明，或者不是时限。")
            return limit_from_unit(setting.value, setting.unit), setting.name
        except ValueError as error:
            raise reader.fail("limit", str(error)) from None

    def _duty(self, code: str, reader: Reader) -> DutyRule:
        if not DUTY_ID.match(code):
            raise reader.fail("", "职责编号应写成 D05.2 或 DR26 这样的形式。")
        pack = self.packs[reader.source.pack]
        limit, limit_setting = self._limit(reader)
        article = reader.whole("article")
        if pack.is_opinion and (article not in self.articles or int(code[1:3]) != article):
            raise reader.fail("article", "条号没有声明，或者与职责编号不一致。")
        force = cast(Force, reader.choice("force", FORCE_LABELS, "效力"))
        duty = DutyRule(
            id=code,
            pack=pack.name,
            article=article,
            force=force,
            kind=cast(DutyKind, reader.choice("kind", DUTY_KIND_LABELS, "类型")),
            title=reader.text("title"),
            content=reader.text("content"),
            who=reader.codes("who", self.who, "主体"),
            accountable=reader.codes("accountable", self.who, "责任单位")
            or (self.articles[article].units if pack.is_opinion else ()),
            subject=reader.choice("subject", self.words.subjects.keys() | self.unit_groups.keys(), "责任主体"),
            when=reader.text("when"),
            limit=limit,
            limit_setting=limit_setting,
            advisory=reader.flag("advisory"),
            method=reader.text("method", ""),
            channels=reader.codes("channels", self.words.channels, "渠道"),
            rights=reader.codes("rights", self._codes("rights"), "权利"),
            stages=reader.codes("stages", self._codes("five_disclosures"), "五公开类别"),
            exemption=reader.text("exemption", ""),
            consequence=reader.text("consequence", self.consequences.get(pack.name, {}).get(force, "")),
            opens_on=reader.codes("opens_on", self.words.events, "事件"),
            closes_on=reader.codes("closes_on", self.words.events, "事件"),
            condition=reader.optional("condition", self.words.facts, "事实"),
            closes_if=reader.optional("closes_if", self.words.facts, "事实"),
            via=reader.optional("via", self.words.links, "关联"),
            parts=self._parts(reader),
            status=cast(Any, reader.choice("status", STATUSES, "核对状态") if reader.has("status") else pack.status),
            valid_from=pack.valid_from,
            valid_to=pack.valid_to,
        )
        reader.finish()
        self._check_duty(duty, reader)
        return duty

    def _codes(self, enumeration: str) -> Mapping[str, str]:
        found = self.enumerations.get(enumeration)
        return found.items if found else {}

    def _parts(self, reader: Reader) -> tuple[Part, ...]:
        if not reader.has("parts"):
            return ()
        parts = []
        for code in reader.mapping("parts"):
            part = Reader(reader.source, (*reader.path, "parts", code), reader.child("parts").mapping(code))
            parts.append(
                Part(
                    code,
                    part.text("title"),
                    part.codes("closes_on", self.words.events, "事件"),
                    part.optional("closes_if", self.words.facts, "事实"),
                    part.optional("via", self.words.links, "关联"),
                )
            )
            part.finish()
        return tuple(parts)

    def _check_duty(self, duty: DutyRule, reader: Reader) -> None:
        closes = bool(duty.closes_on) or (bool(duty.parts) and all(part.closes_on for part in duty.parts))
        if not duty.who:
            raise reader.fail("who", "缺少主体。")
        if not duty.rights:
            raise reader.fail("rights", "每项职责至少服务一项权利。")
        if duty.parts and duty.closes_on:
            raise reader.fail("closes_on", "分部分办结的职责，只在各部分里写 closes_on。")
        if duty.kind == "clock" and not (duty.opens_on and closes):
            raise reader.fail("kind", "时限职责要写明由什么事件开始（opens_on）、由什么事件办结（closes_on）。")
        if duty.kind == "quota" and not (isinstance(duty.limit, Quota) and closes and not duty.opens_on):
            raise reader.fail("kind", "定期次数职责要有 quota 时限和 closes_on，没有 opens_on。")
        if duty.kind == "date" and not (isinstance(duty.limit, By) and closes and not duty.opens_on):
            raise reader.fail("kind", "限期职责要有 by 时限和 closes_on，没有 opens_on。")
        if duty.kind in ("gate", "standing", "metric") and (duty.opens_on or closes):
            raise reader.fail("kind", "关口、常态、指标职责不写 opens_on 和 closes_on。")
        if duty.advisory and duty.limit is None:
            raise reader.fail("advisory", "提示性时限要写明 limit。")

    def _fault(self, code: str, reader: Reader) -> FaultRule:
        fault = FaultRule(
            code,
            reader.optional("duty", self.duties, "职责"),
            reader.text("field", ""),
            reader.text("message"),
            reader.text("mend"),
        )
        reader.finish()
        try:
            fault.parameters  # noqa: B018  parsing shows a broken template here, not when a person meets it
        except ValueError:
            raise reader.fail("message", "花括号不成对。") from None
        return fault

    def _gate(self, name: str, reader: Reader, faults: Mapping[str, FaultRule]) -> Gate:
        duties = reader.codes("duties", self.duties, "职责")
        if not duties:
            raise reader.fail("duties", "关口要写明执行哪项职责。")
        outcome = reader.text("outcome")
        if outcome.startswith("setting:"):
            outcome = str(self.settings[outcome[8:]].value) if outcome[8:] in self.settings else outcome
        if outcome not in get_args(Outcome):
            raise reader.fail("outcome", f"结果“{outcome}”不认识，只能是{'、'.join(get_args(Outcome))}。")
        gate = Gate(
            name,
            reader.text("title"),
            reader.text("action"),
            tuple(dict.fromkeys(self.duties[duty].article for duty in duties)),
            duties,
            cast(Outcome, outcome),
            reader.codes("faults", faults, "问题代码"),
            reader.source.pack,
        )
        reader.finish()
        return gate

    def _ground(self, code: str, reader: Reader) -> Ground:
        pack = self.packs[reader.source.pack]
        ground = Ground(
            code,
            reader.text("label"),
            reader.text("law", pack.title),
            reader.whole("article"),
            cast(Any, reader.choice("force", ("must", "may"), "效力")),
            reader.text("explain"),
            pack.name,
            cast(Any, reader.choice("status", STATUSES, "核对状态") if reader.has("status") else pack.status),
        )
        reader.finish()
        return ground

    def _milestone(self, code: str, reader: Reader) -> Milestone:
        duty = reader.choice("duty", self.duties, "职责")
        milestone = Milestone(
            code,
            self.duties[duty].article,
            duty,
            reader.text("title"),
            reader.day("due"),
            reader.flag("aim"),
            reader.texts("criteria"),
        )
        reader.finish()
        return milestone

    def _routing_rule(self, code: str, reader: Reader) -> RoutingRule:
        assigns: list[tuple[Role, str]] = []
        for role in ROLE_LABELS:
            for subject in reader.codes(role, self.who, "主体"):
                assigns.append((cast(Role, role), subject))
        rule = RoutingRule(
            code,
            reader.choice("duty", self.duties, "职责"),
            reader.codes("when", FLAGS, "情形"),
            reader.whole("precedence") if reader.has("precedence") else None,
            tuple(assigns),
            reader.text("explanation"),
        )
        reader.finish()
        return rule


def _enumeration(code: str, reader: Reader) -> Enumeration:
    found = Enumeration(
        code, reader.text("label"), reader.whole("article"), reader.flag("open"), _frozen(reader.names("items"))
    )
    reader.finish()
    return found


Key = TypeVar("Key")
Value = TypeVar("Value")


def _frozen(mapping: Mapping[Key, Value]) -> Mapping[Key, Value]:
    return MappingProxyType(dict(mapping))
