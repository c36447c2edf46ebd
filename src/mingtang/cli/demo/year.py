"""The demonstration city: a year of work, done by the real services at moments that lie in the past.

People are invented and marked as demonstration data. The same day always gives the same city.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

from mingtang.disclosure.attachments import FileChanges
from mingtang.disclosure.content import find_personal_data, payload_of
from mingtang.disclosure.services import note_shown
from mingtang.duties.calendars import current_calendar
from mingtang.duties.services import open_periodic, remind
from mingtang.records.models import Record
from mingtang.records.rulebook import rulebook
from mingtang.records.services import edit_record, open_record, perform
from mingtang.records.spec import Context, spec_for
from mingtang.rules import SHANGHAI
from mingtang.text.attachments import read_attachment
from mingtang.units import roles
from mingtang.units.actors import Actor, actor_for
from mingtang.units.models import Person, Post, Unit
from mingtang.units.profile import current_profile
from mingtang.units.selectors import general_office_of
from mingtang.units.services import load_profile

from .profiles import profile_stories
from .registers.telling import listed, register_stories

PASSWORD = "mingtang-2026"  # noqa: S105 - printed at start-up; demo data never leaves the loopback address
WORKING_ROLES = (
    roles.DRAFTER,
    roles.UNIT_HEAD,
    roles.SECRECY_REVIEWER,
    roles.OPENNESS_OFFICER,
    roles.GENERAL_OFFICE_CLERK,
    roles.ASSESSOR,
)
ROLE_NAMES = {
    roles.DRAFTER: "nicao",
    roles.UNIT_HEAD: "fuzeren",
    roles.SECRECY_REVIEWER: "baomi",
    roles.OPENNESS_OFFICER: "gongkai",
    roles.GENERAL_OFFICE_CLERK: "wenshu",
    roles.ASSESSOR: "kaohe",
    roles.SYSTEM_ADMINISTRATOR: "xitong",
    roles.SECURITY_ADMINISTRATOR: "anquan",
    roles.AUDIT_ADMINISTRATOR: "shenji",
}
SURNAMES = "白包陈戴额冯高韩金康李莫那欧潘齐荣宋唐吴席杨张赵周".strip()
GIVEN = (
    "巴图",
    "其木格",
    "建国",
    "秀英",
    "苏和",
    "明亮",
    "娜仁",
    "志强",
    "丽华",
    "乌兰",
    "海军",
    "雪梅",
    "铁柱",
    "春燕",
)
SHOWN_UNITS = ("教育局", "市政府办公厅", "民政局", "发改委")


class Year:
    """The people of the city, and the day it is loaded on."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.people: dict[tuple[str, str], Person] = {}
        self.password = make_password(PASSWORD)
        self.hired_on = (now - timedelta(days=800)).date()

    def hire(self, unit: Unit, role: str) -> Person:
        """The one invented person who holds ``role`` in ``unit``."""
        key = (unit.pk, role)
        if key not in self.people:
            number = len(self.people)
            short = unit.pk.rsplit("-", 1)[-1]
            person = Person.objects.create(
                username=f"{short}-{ROLE_NAMES[role]}",
                password=self.password,
                display_name=f"{SURNAMES[number % len(SURNAMES)]}{GIVEN[number * 5 % len(GIVEN)]}",
                demonstration=True,
            )
            Post.objects.create(
                person=person,
                unit=unit,
                role=role,
                title=str(roles.ROLES[role]),
                dedicated=role == roles.OPENNESS_OFFICER,
                valid_from=self.hired_on,
            )
            self.people[key] = person
        return self.people[key]


# A story yields the moment of its next act, so that all stories can be told in the order of their days.
Telling = Iterator[datetime]


class Story:
    """One paper or event with its own clock. ``act`` and its kin are generators: they wait for their moment."""

    def __init__(self, year: Year, days_ago: int, unit: Unit, hour: int = 9) -> None:
        self.year, self.unit = year, unit
        day, calendar = (year.now - timedelta(days=days_ago)).date(), current_calendar()
        while not calendar.is_working(day):
            day += timedelta(days=1)
        self.moment = min(datetime.combine(day, time(hour, 0), SHANGHAI), year.now)

    def later(self, working_days: int = 0, minutes: int = 7) -> None:
        """Move on, never past the day of loading."""
        moment = self.moment
        if working_days:
            day = current_calendar().add_working_days(moment.date(), working_days)
            moment = datetime.combine(day, time(10, 0), SHANGHAI)
        self.moment = min(moment + timedelta(minutes=minutes), self.year.now)

    def actor(self, role: str, unit: Unit | None = None) -> Actor:
        return actor_for(self.year.hire(unit or self.unit, role), self.moment)

    def act(
        self, record: Record, name: str, role: str, unit: Unit | None = None, data: dict[str, Any] | None = None
    ) -> Telling:
        self.later()
        yield self.moment
        perform(record, name, actor=self.actor(role, unit), now=self.moment, data=data)
        record.refresh_from_db()

    def review(self, record: Record, name: str = "review") -> Telling:
        """The reviewer keeps office telephones with a reason and masks everything else."""
        actor = self.actor(roles.SECRECY_REVIEWER)
        record.refresh_from_db()
        places = find_personal_data(payload_of(Context(spec_for(record.kind), record, actor, self.moment)))
        masks = [
            {
                "place": place.place,
                "start": place.finding.start,
                "end": place.finding.end,
                "kind": place.finding.kind,
                "decision": "keep" if place.finding.kind == "landline" else "mask",
                "reason": "对外公布的办公电话" if place.finding.kind == "landline" else "",
            }
            for place in places
        ]
        data = {"masks": masks, "opinion": "内容适宜公开。"}
        yield from self.act(record, name, roles.SECRECY_REVIEWER, data=data)

    def publish(self, record: Record) -> Telling:
        yield from self.act(record, "publish", roles.OPENNESS_OFFICER)
        note_shown()


def load_year(*, now: datetime, step: Callable[[str], object]) -> dict[str, Any]:
    """Make the city. Returns the password and (username, description) of the accounts worth trying."""
    load_profile(current_profile().code, now=now)
    data = tomllib.loads((Path(__file__).parent / "papers.toml").read_text(encoding="utf-8"))
    year = Year(now)
    _hire_everyone(year)
    papers = sorted(data["papers"], key=lambda paper: -paper["days_ago"])
    events = sorted(data["events"], key=lambda event: -event["days_ago"])
    step(f"演示城市：{len(papers)} 份文件、{len(events)} 场解读活动，从一年前做起……")
    for half_year in (now - timedelta(days=181), now):
        open_periodic(half_year)
    told = [*(_hold_event(year, event) for event in events), *(_walk(year, paper) for paper in papers)]
    _tell_in_order([*told, *profile_stories(year, Story), *register_stories(year, Story)], step)
    remind(now)
    return {"password": PASSWORD, "people": _worth_trying(year)}


def _tell_in_order(stories: list[Telling], step: Callable[[str], object]) -> None:
    """Take the act whose moment comes first, over and over: the journal and the log grow in the order of time."""
    waiting = [(next(story), number, story) for number, story in enumerate(stories)]
    heapify(waiting)
    month = ""
    while waiting:
        moment, number, story = heappop(waiting)
        if f"{moment:%Y-%m}" != month:
            month = f"{moment:%Y-%m}"
            step(f"演示城市：{moment:%Y年%-m月}……")
        following = next(story, None)
        if following is not None:
            heappush(waiting, (following, number, story))


def _unit(short_name: str) -> Unit:
    return Unit.objects.get(short_name=short_name, valid_to=None)


def _hire_everyone(year: Year) -> None:
    office = _unit("市政府办公厅")
    for name in SHOWN_UNITS:
        for role in WORKING_ROLES:
            if role != roles.GENERAL_OFFICE_CLERK or name == "市政府办公厅":
                year.hire(_unit(name), role)
    for role in sorted(roles.ADMINISTRATORS):
        year.hire(office, role)


def _worth_trying(year: Year) -> list[tuple[str, str]]:
    shown = [_unit(name).pk for name in SHOWN_UNITS]
    return [
        (person.username, f"{Unit.objects.get(pk=unit).short_name} · {roles.ROLES[role]} · {person.display_name}")
        for (unit, role), person in year.people.items()
        if unit in shown
    ]


def _hold_event(year: Year, event: dict[str, Any]) -> Telling:
    unit = _unit(event["unit"])
    story = Story(year, event["days_ago"], unit, 15)
    yield story.moment
    facts = {"speaker_role": event["speaker"], "important_policy": event["important"], "summary": event["summary"]}
    record = open_record(
        "interpretation_event",
        actor=story.actor(roles.DRAFTER),
        unit=unit,
        now=story.moment,
        data={"title": event["title"], "method": event["method"], **facts},
    ).record
    yield from story.act(record, "hold", roles.OPENNESS_OFFICER, data={"held_at": story.moment, **facts})
    yield from story.review(record)
    yield from story.publish(record)


def _walk(year: Year, paper: dict[str, Any]) -> Telling:
    """Take one paper as far as its story goes."""
    unit, told = _unit(paper["unit"]), paper["story"]
    office = general_office_of(unit)
    story = Story(year, paper["days_ago"], unit)
    yield story.moment
    record = _draft(story, paper)
    policy = paper.get("policy", True)
    government = paper["name_of"] != "department"
    if told == "drafting":
        return
    if told in ("returned", "returned_then_published"):
        yield from story.act(record, "report", roles.DRAFTER)
        if told == "returned":
            return
        story.later(2)
    interpretation = None
    if policy:
        story.later()
        yield story.moment
        interpretation = _interpret(story, paper, record)
    yield from story.act(record, "submit", roles.DRAFTER)
    if told == "head_review":
        return
    if government:
        yield from story.act(record, "approve", roles.UNIT_HEAD)
        yield from story.act(record, "report", roles.DRAFTER)
        if told == "reported":
            return
        yield from story.act(record, "accept", roles.GENERAL_OFFICE_CLERK, office)
        yield from story.act(record, "sign_for_government", roles.UNIT_HEAD, office)
    else:
        yield from story.act(record, "sign", roles.UNIT_HEAD)
    if told == "secrecy_review":
        return
    yield from story.review(record)
    yield from story.act(record, "issue", roles.OPENNESS_OFFICER)
    if told in ("withheld", "on_request"):
        yield from story.act(record, "file", roles.OPENNESS_OFFICER)
        return
    yield from story.publish(record)
    assert interpretation is not None
    yield from _carry_on(story, told, record, interpretation)
    for variant in paper.get("variants", []):
        yield from _translate(story, paper, record, variant)


def _draft(story: Story, paper: dict[str, Any]) -> Record:
    flags = ("normative", "broad_reach", "high_attention", "vital_interest")
    withheld, on_request = paper["story"] == "withheld", paper["story"] == "on_request"
    return open_record(
        "document",
        actor=story.actor(roles.DRAFTER),
        unit=story.unit,
        now=story.moment,
        data={
            **{name: paper[name] for name in ("title", "name_of", "genre", "topic", "stages", "addressees")},
            **{name: paper.get(name, False) for name in flags},
            "policy": paper.get("policy", True),
            "body": paper["body"].strip(),
            "lead_units": [story.unit.pk],
            "language": paper.get("language", "zh-Hans"),
            "translates": paper.get("translates", ""),
            "attachments": FileChanges(
                tuple(
                    read_attachment(file["name"], file["text"].strip().encode())
                    for file in paper.get("attachments", [])
                )
            ),
            "co_issuers": [],
            "openness": "withheld" if withheld else "full_release",
            "mode": "" if withheld else "on_request" if on_request else "on_own_initiative",
            "withholding_ground": "state_secret" if withheld else "",
            "withholding_reason": "勤务安排载明守护点位和警力部署，已按规定定密。" if withheld else "",
            "list_entry": listed(story.unit, "state_secret") if withheld else "",
        },
    ).record


def _translate(story: Story, paper: dict[str, Any], original: Record, variant: dict[str, Any]) -> Telling:
    """The same paper in another language, a few days after it came out in Chinese."""
    story.later(3)
    yield story.moment
    record = _draft(story, {**paper, **variant, "attachments": [], "translates": str(original.pk)})
    yield from story.act(record, "submit", roles.DRAFTER)
    yield from story.act(record, "sign", roles.UNIT_HEAD)
    yield from story.review(record)
    yield from story.act(record, "issue", roles.OPENNESS_OFFICER)
    yield from story.publish(record)


def _interpret(story: Story, paper: dict[str, Any], record: Record) -> Record:
    labels = rulebook().enumerations["interpretation_points"].items
    lines = [
        re.sub(r"^（[^）]+）|^第[^条]+条\s*", "", line)
        for line in paper["body"].strip().splitlines()
        if line.startswith(("（", "第"))
    ]
    points: dict[str, dict[str, str]] = {
        code: {"text": lines[number % len(lines)]}
        for number, code in enumerate(labels)
        if code not in ("keywords", "differences")
    }
    points["keywords"] = {"not_applicable": "文中没有专门术语。"}
    points["differences"] = {"not_applicable": "此前没有同类文件。"}
    material = "\n".join(
        [
            "一、为什么要出台",
            f"这份{paper['genre']}回应群众和企业反映较多的问题，把办事的标准、时限和监督方式讲清楚。",
            "二、与您有什么关系",
            *[f"{line}" for line in lines[:3]],
            "三、怎样监督",
            "进展情况在市政府门户网站公布，有意见可以向发文部门反映。",
        ]
    )
    return open_record(
        "interpretation",
        actor=story.actor(roles.DRAFTER),
        unit=story.unit,
        now=story.moment,
        data={
            "plan": "由本部门主要负责人审定并带头解读；文件公开后三个工作日内在市政府门户网站和市级媒体发布。",
            "methods": ["questions_answers", "media_interview"],
            "title": f"《{paper['title']}》解读",
            "material": material,
            "articles": [1, 2, 3],
            "points": points,
        },
        about=record,
    ).record


def _carry_on(story: Story, told: str, record: Record, interpretation: Record) -> Telling:
    """What happened after the paper was public."""
    if told == "interpretation_due":
        return
    story.later(5 if told == "interpreted_late" else 1)
    yield from story.review(interpretation)
    yield from story.publish(interpretation)
    if told != "media_missing":
        story.later(1)
        placement = {
            "outlet": "通辽日报（演示）",
            "url": "https://media.example/" + str(record.pk)[:8],
            "placed_at": story.moment - timedelta(hours=1),
        }
        yield from story.act(interpretation, "place_media", roles.OPENNESS_OFFICER, data=placement)
    if told == "corrected":
        story.later(10)
        yield from story.act(record, "begin_correction", roles.DRAFTER, data={"remark": "第五条倍数误写。"})
        body = record.document.body.replace("十二倍", "六倍")
        story.later()
        yield story.moment
        edit_record(
            record,
            actor=story.actor(roles.DRAFTER),
            now=story.moment,
            data={"body": body, "lead_units": [story.unit.pk]},
        )
        yield from story.review(record, "review_correction")
        yield from story.publish(record)
    if told == "repealed":
        story.later(60)
        yield from story.act(
            record,
            "withdraw",
            roles.OPENNESS_OFFICER,
            data={"kind": "repealed", "reason": "禁烧要求已并入新的大气污染防治管理规定，本通知同时废止。"},
        )
