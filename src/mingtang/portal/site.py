"""Every page that is baked and is no publication."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from .budgets import budget_pages
from .lists import SECTIONS, home_page, section_page, stage_page, stages
from .organisations import organisation_pages
from .pages import Page
from .rulebook import opinion_duties
from .views_articles import about_page, article_page, articles_page


def standing_pages(now: datetime, units: set[str] | None = None) -> Iterator[Page]:
    """All of them; boards are counted as of ``now`` and say so. ``units`` are the codes of bodies whose pages may have
    changed; None means every body."""
    yield home_page(now)
    for name in SECTIONS:
        yield section_page(name)
    for code, _name in stages():
        yield stage_page(code)
    yield from organisation_pages(units, as_of=now)
    yield from budget_pages(units)
    yield articles_page(now)
    for number in opinion_duties():
        yield article_page(number, now)
    yield about_page()


def verify_page(shards: Sequence[str], tiles: Sequence[str], checkpoints: Sequence[str], others: Sequence[str]) -> Page:
    """How to verify the whole site. Links everything a mirror needs that no other page links: ``shards`` of the
    manifest, ``tiles`` and ``checkpoints`` of the log, and ``others``, as paths below the site's root (shards below
    ``manifest/``)."""
    context = {"shards": shards, "tiles": tiles, "checkpoints": checkpoints, "others": others}
    return Page("verify/", "portal/verify.html", context)
