"""How the demonstration city's bodies publish their profiles and disclosure guides; what they say is in profiles.toml."""

import tomllib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mingtang.records.models import Record
from mingtang.records.services import edit_record, open_record
from mingtang.units import roles
from mingtang.units.models import Unit

if TYPE_CHECKING:
    from .year import Story, Telling, Year


def profile_stories(year: "Year", make_story: "type[Story]") -> Iterator["Telling"]:
    """A story for each profile and each guide."""
    data = tomllib.loads((Path(__file__).parent / "profiles.toml").read_text(encoding="utf-8"))
    for told in data["profiles"]:
        yield _profile(make_story(year, told["days_ago"], _unit(told)), told, data["office_hours"])
    for told in data["guides"]:
        texts = {name: text.strip().format(region=told["region"]) for name, text in data["guide"].items()}
        content = {name: told[name] for name in ("organ", "address", "phone", "fax", "website")}
        hours = {"office_hours": data["office_hours"]}
        yield _tell(make_story(year, told["days_ago"], _unit(told), 11), "disclosure_guide", texts | content | hours)


def _unit(told: dict[str, Any]) -> Unit:
    return Unit.objects.get(short_name=told["unit"], valid_to=None)


def _tell(story: "Story", kind: str, content: dict[str, Any]) -> Generator[Any, None, Record]:
    """From the draft to the public page. The record is what the story returns."""
    yield story.moment
    actor = story.actor(roles.DRAFTER)
    record = open_record(kind, actor=actor, unit=story.unit, now=story.moment, data=content).record
    yield from _through_the_door(story, record)
    return record


def _through_the_door(story: "Story", record: Record) -> "Telling":
    yield from story.act(record, "approve", roles.UNIT_HEAD)
    yield from story.review(record)
    yield from story.publish(record)


def _profile(story: "Story", told: dict[str, Any], office_hours: str) -> "Telling":
    names = ("divisions", "leaders", "address", "phone", "openness_office", "openness_phone")
    content = {name: told[name] for name in names}
    content |= {"functions": told["functions"].strip(), "office_hours": office_hours}
    record = yield from _tell(story, "unit_profile", content)
    if "changed_days_ago" in told:
        later = type(story)(story.year, told["changed_days_ago"], story.unit)
        yield from later.act(record, "begin_correction", roles.DRAFTER, data={"remark": told["change"]})
        later.later()
        yield later.moment
        changed = {**content, "leaders": told["changed_leaders"]}
        edit_record(record, actor=later.actor(roles.DRAFTER), now=later.moment, data=changed)
        yield from _through_the_door(later, record)
