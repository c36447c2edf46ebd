"""The pages of one publication: itself, its editions, what changed between two, and its proof. Timeless: they state
absolute dates and nothing that depends on the day they are read."""

from datetime import datetime
from typing import Any

from mingtang.editions.models import ERASED, Edition

from . import profiles
from .kinds import KINDS
from .languages import TRANSLATES, is_vertical
from .loading import Loaded, payload_of
from .metadata import article_metadata, linked_data
from .pages import Page
from .papers import contents, data_box, day, explanations, media, pieces, points, seal
from .register_tables import register_table
from .rulebook import rulebook
from .views_articles import timeless

TEMPLATES = {
    "document": "portal/paper.html",
    "interpretation": "portal/interpretation.html",
    "unit_profile": "portal/profile.html",
    "disclosure_guide": "portal/profile.html",
    "register": "portal/register.html",
}
SECTIONS = {
    "document": "policies",
    "interpretation": "interpretations",
    "interpretation_event": "interpretations",
    "unit_profile": "units",
    "disclosure_guide": "guide",
    "register": "catalogue",
}


def publication_page(loaded: Loaded, number: int | None = None, *, as_of: datetime | None = None) -> Page | None:
    """The page of the live edition, or of edition ``number``; None where there is no such edition.

    An erased one is a tombstone with status 410. ``as_of`` leaves out duties that opened later.
    """
    edition = next((one for one in loaded.editions if one.number == number), None) if number else loaded.live
    if edition is None:
        return None
    this, slug = loaded.publication, loaded.slug
    path = f"pub/{slug}/" + (f"edition/{number}/" if number else "")
    section = SECTIONS.get(this.kind, "policies")
    if edition.state == ERASED:
        context = {"publication": this, "slug": slug, "edition": edition, "section": section}
        return Page(path, "portal/tombstone.html", context, 410)
    payload = loaded.payload if edition is loaded.live else payload_of(edition)
    text = pieces(payload.get("blocks") or payload.get("material") or [])
    context = {"text": text, "section": section, **_common(loaded, edition, payload, as_of)}
    if this.kind == "document":
        context["contents"] = contents(text)
        context["explanations"] = explanations(loaded, text)
        context["signed"] = any(piece.kind == "signature" for piece in text)
        context["written"] = day(payload.get("written_on", ""))
    elif this.kind == "register":
        context |= register_table(edition, payload)
    else:
        context["explains"] = [(target.publication, target.slug) for target in loaded.targets]
        context["points"] = points(payload)
        context["media"] = media(payload)
        context["held"] = day(payload.get("held_at", ""))
        context["contact"] = profiles.contact(payload)
        context["openness"] = profiles.openness_contact(payload)
    return Page(path, TEMPLATES.get(this.kind, "portal/event.html"), context)


def _common(loaded: Loaded, edition: Edition, payload: dict[str, Any], as_of: datetime | None) -> dict[str, Any]:
    """What every kind of publication shows."""
    this, newest_first = loaded.publication, loaded.editions[::-1]
    return {
        "publication": this,
        "slug": loaded.slug,
        "edition": edition,
        "payload": payload,
        "kind_label": KINDS.get(this.kind, ""),
        "box": data_box(this, payload),
        "newest": newest_first[0],
        "is_newest": edition == newest_first[0],
        "versions": [
            {"edition": row, "before": newest_first[place + 1] if place + 1 < len(newest_first) else None}
            for place, row in enumerate(newest_first)
        ],
        "duties": [_duty(loaded, duty) for duty in loaded.duties if as_of is None or duty.opened_at <= as_of],
        "seal": seal(loaded, edition),
        "files": loaded.files if edition is loaded.live else [],
        "file_cuts": {one["sha256"]: one["cuts"] for one in payload.get("attachments", []) if one.get("cuts")},
        "variants": loaded.variants,
        "language": this.language,
        "vertical": is_vertical(this),
        "relatives": [other for kind, other in loaded.relatives if kind != TRANSLATES],
        "metadata": article_metadata(this, payload),
        "linked_data": linked_data(this, edition, payload),
    }


def _duty(loaded: Loaded, duty: Any) -> dict[str, Any]:
    book = rulebook()
    rule = book.duties.get(duty.code)
    return {
        **timeless(duty),
        "limit": rule.limit.text if rule and rule.limit else "",
        "basis": book.citation(rule) if rule else "",
        "article": rule.article if rule and book.packs[rule.pack].is_opinion else None,
    }
