"""The small city that tests run in: real units of the profile, invented people, and papers at any stage.

Nothing here bypasses the services: a paper at a stage got there by performing every step before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mingtang.cli.demo.registers.telling import as_csv as table
from mingtang.records.models import Record
from mingtang.records.services import edit_record, open_record, perform
from mingtang.records.spec import spec_for
from mingtang.units import roles
from mingtang.units.actors import Actor, actor_for
from mingtang.units.models import Person, Post, Unit
from mingtang.units.services import load_profile

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
PLAN = "由本部门主要负责人解读，公开当日在门户网站发布，次日接受媒体采访。"
MATERIAL = "一、为什么出台\n过去办事要跑多个窗口。\n二、带来什么变化\n今后只跑一次，材料减少三件。"
BODY = "各旗县市区人民政府：\n为方便群众办事，现就有关事项通知如下。\n一、总体要求\n（一）减材料。能不交的材料一律不交。\n（二）减环节。能合并的环节一律合并。"


def at(text: str) -> datetime:
    """An aware moment in Shanghai from ``2026-03-02 09:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class City:
    """Loaded units and one person per role and unit, made when first asked for."""

    now: datetime = START

    def unit(self, short_name: str) -> Unit:
        return Unit.objects.get(short_name=short_name, valid_to=None)

    def person(self, unit: Unit, role: str, number: int = 1) -> Person:
        username = f"{unit.pk}-{role}-{number}"
        person, made = Person.objects.get_or_create(
            username=username,
            defaults={"display_name": f"{unit.short_name}{roles.ROLES[role]}{number}", "demonstration": True},
        )
        if made:
            Post.objects.create(person=person, unit=unit, role=role, valid_from=datetime(2016, 1, 1).date())
        return person

    def actor(self, unit: Unit, role: str, number: int = 1, now: datetime | None = None) -> Actor:
        return actor_for(self.person(unit, role, number), now or self.now)


def make_city() -> City:
    load_profile("tongliao", now=START)
    return City()


def document_data(unit: Unit, **changes: Any) -> dict[str, Any]:
    """Complete form data of a department's policy paper."""
    return {
        "title": "关于减少办事材料的通知",
        "name_of": "department",
        "lead_units": [unit.pk],
        "co_issuers": [],
        "genre": "通知",
        "topic": "综合政务",
        "addressees": "各旗县市区人民政府",
        "body": BODY,
        "stages": ["service"],
        "openness": "full_release",
        "mode": "on_own_initiative",
        "written_on": None,
        "policy": True,
        **changes,
    }


def interpretation_data(**changes: Any) -> dict[str, Any]:
    points = {
        code: {"text": f"{code}：群众少跑腿。"}
        for code in [
            "background",
            "goals",
            "main_content",
            "scope",
            "standard",
            "notes",
            "keywords",
            "benefits",
            "differences",
        ]
    }
    return {
        "plan": PLAN,
        "methods": ["questions_answers"],
        "title": "《关于减少办事材料的通知》解读",
        "material": MATERIAL,
        "articles": [1],
        "points": points,
        **changes,
    }


@dataclass
class Desk:
    """Walks one paper through the house, one day-time minute per step."""

    city: City
    unit: Unit
    office: Unit
    now: datetime

    def act(
        self, record: Record, step: str, role: str, unit: Unit | None = None, number: int = 1, **kwargs: Any
    ) -> Any:
        """Perform ``step`` as the person holding ``role``, one minute later than the step before."""
        self.now += timedelta(minutes=1)
        actor = self.city.actor(unit or self.unit, role, number)
        return perform(Record.objects.get(pk=record.pk), step, actor=actor, now=self.now, **kwargs)

    def draft(self, **changes: Any) -> Record:
        return self.draft_from(document_data(self.unit, **changes))

    def draft_from(self, data: dict[str, Any]) -> Record:
        self.now += timedelta(minutes=1)
        drafter = self.city.actor(self.unit, roles.DRAFTER)
        return open_record("document", actor=drafter, unit=self.unit, now=self.now, data=data).record

    def edit(self, record: Record, data: dict[str, Any]) -> Any:
        self.now += timedelta(minutes=1)
        fresh = Record.objects.get(pk=record.pk)
        return edit_record(fresh, actor=self.city.actor(self.unit, roles.DRAFTER), now=self.now, data=data)

    def interpret(self, paper: Record, **changes: Any) -> Record:
        self.now += timedelta(minutes=1)
        drafter = self.city.actor(self.unit, roles.DRAFTER)
        return open_record(
            "interpretation",
            actor=drafter,
            unit=self.unit,
            now=self.now,
            data=interpretation_data(**changes),
            about=paper,
        ).record

    def review(self, record: Record, step: str = "review", unit: Unit | None = None) -> Any:
        """The secrecy reviewer masks whatever was found and passes."""
        from mingtang.disclosure.content import find_personal_data, payload_of
        from mingtang.records.spec import Context

        fresh = Record.objects.get(pk=record.pk)
        actor = self.city.actor(unit or self.unit, roles.SECRECY_REVIEWER)
        places = find_personal_data(payload_of(Context(spec_for(fresh.kind), fresh, actor, self.now)))
        masks = [
            {
                "place": place.place,
                "start": place.finding.start,
                "end": place.finding.end,
                "kind": place.finding.kind,
                "decision": "mask",
                "reason": "",
            }
            for place in places
        ]
        return self.act(record, step, roles.SECRECY_REVIEWER, unit, data={"masks": masks})

    def signed(self, **changes: Any) -> tuple[Record, Record]:
        paper = self.draft(**changes)
        interpretation = self.interpret(paper)
        self.act(paper, "submit", roles.DRAFTER)
        self.act(paper, "sign", roles.UNIT_HEAD)
        return paper, interpretation

    def issued(self, **changes: Any) -> tuple[Record, Record]:
        paper, interpretation = self.signed(**changes)
        self.review(paper)
        self.act(paper, "issue", roles.OPENNESS_OFFICER)
        return paper, interpretation

    def published(self, **changes: Any) -> tuple[Record, Record]:
        """A department's paper, public, its site duty clock started by ``edition.shown``."""
        from mingtang.disclosure.services import note_shown

        paper, interpretation = self.issued(**changes)
        self.act(paper, "publish", roles.OPENNESS_OFFICER)
        note_shown()
        return Record.objects.get(pk=paper.pk), Record.objects.get(pk=interpretation.pk)

    def register(
        self,
        kind: str,
        heading: Sequence[str] = (),
        rows: Iterable[Sequence[Any]] = (),
        *,
        name: str = "清单.csv",
        **data: Any,
    ) -> Record:
        """A new register of the unit; with a heading (Chinese titles) its first rows are read from a table."""
        from mingtang.registers.services import Upload, open_register

        self.now += timedelta(minutes=1)
        if heading:
            data["upload"] = Upload(name, table(heading, rows))
        drafter = self.city.actor(self.unit, roles.DRAFTER)
        return open_register(kind, unit=self.unit, actor=drafter, now=self.now, **data)

    def change(self, register: Record, number: int = 1, **data: Any) -> Any:
        """Put something into the open batch of a register; what ``registers.services.change`` takes."""
        from mingtang.registers.services import change

        self.now += timedelta(minutes=1)
        fresh = Record.objects.get(pk=register.pk)
        return change(fresh, actor=self.city.actor(self.unit, roles.DRAFTER, number), now=self.now, **data)

    def publish_register(self, register: Record, *, shown: bool = True) -> Record:
        """Hand in, approve, review and publish what is in the open batch; everybody can read it unless not ``shown``."""
        from mingtang.disclosure.services import note_shown

        self.act(register, "hand_in", roles.DRAFTER)
        self.act(register, "approve", roles.UNIT_HEAD)
        self.review(register)
        self.act(register, "publish", roles.OPENNESS_OFFICER)
        if shown:
            note_shown()
        return Record.objects.get(pk=register.pk)


def make_desk(city: City, unit: str = "发改委", now: datetime = START) -> Desk:
    city.now = now
    return Desk(city, city.unit(unit), city.unit("市政府办公厅"), now)
