"""Feeds that feed readers accept. With MINGTANG_FEEDVALIDATOR=folder the W3C's own validator judges them too."""

import os
import sys
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.conf import settings
from tests.bake.conftest import Bake
from tests.factories import Desk

from mingtang.records.models import Record
from mingtang.units import roles

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def feeds(desk: Desk, bake: Bake, public: Path) -> Path:
    """Feeds of two papers, one withdrawn, and one that was erased."""
    for title in ("第一份文件", "第二份“文件”&附件"):
        paper, _ = desk.published(title=title)
    desk.act(paper, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "repealed", "reason": "新办法已经施行。"})
    erased, _ = desk.published(title="要清除的标题")
    desk.act(Record.objects.get(pk=erased.pk), "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    bake(desk)
    return public / "feeds"


def test_atom_feeds_have_what_the_format_asks(feeds: Path) -> None:
    found = sorted(feeds.rglob("*.atom"))
    assert {path.relative_to(feeds).as_posix() for path in found} == {
        *("all.atom", "checkpoints.atom", "unit/fgw.atom", "topic/综合政务.atom")
    }
    for path in found:
        feed = ElementTree.fromstring(path.read_bytes())
        address = f"{settings.SITE['address']}/feeds/{quote(path.relative_to(feeds).as_posix())}"
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links["self"] == address == feed.findtext(f"{ATOM}id")
        entries = feed.findall(f"{ATOM}entry")
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert entries and len(set(ids)) == len(ids)
        dates = [entry.findtext(f"{ATOM}updated") for entry in entries]
        assert dates == sorted(dates, key=str, reverse=True)
        assert feed.findtext(f"{ATOM}updated") == dates[0]
        assert all(
            entry.findtext(f"{ATOM}title") and entry.find(f"{ATOM}author/{ATOM}name") is not None for entry in entries
        )


def test_feeds_tell_what_was_withdrawn_and_nothing_of_what_was_erased(feeds: Path) -> None:
    feed = ElementTree.fromstring((feeds / "all.atom").read_bytes())
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]
    assert titles == ["【已废止】第二份“文件”&附件", "第一份文件"]
    channel = ElementTree.fromstring((feeds / "all.rss").read_bytes()).find("channel")
    assert channel is not None
    assert [item.findtext("title") for item in channel.findall("item")] == titles
    assert all(item.findtext("guid") and item.findtext("pubDate") for item in channel.findall("item"))


def test_every_checkpoint_is_in_its_feed(feeds: Path, desk: Desk, bake: Bake, public: Path) -> None:
    desk.published(title="第四份文件")
    bake(desk)
    feed = ElementTree.fromstring((feeds / "checkpoints.atom").read_bytes())
    notes = [entry.findtext(f"{ATOM}summary") for entry in feed.findall(f"{ATOM}entry")]
    kept = [
        path.read_text()
        for path in sorted((public / "log" / "checkpoints").iterdir(), key=lambda path: -int(path.name))
    ]
    assert len(kept) == 2 and notes == kept


@pytest.mark.skipif("MINGTANG_FEEDVALIDATOR" not in os.environ, reason="the W3C's validator is not at hand")
def test_the_official_validator_finds_no_error(feeds: Path) -> None:
    sys.path.insert(0, os.environ["MINGTANG_FEEDVALIDATOR"])
    import feedvalidator
    from feedvalidator import compatibility

    for path in sorted([*feeds.rglob("*.atom"), *feeds.rglob("*.rss")]):
        address = f"{settings.SITE['address']}/feeds/{quote(path.relative_to(feeds).as_posix())}"
        events = feedvalidator.validateString(path.read_text(), firstOccurrenceOnly=1, base=address)["loggedEvents"]
        assert compatibility.AA(events) == [], path
