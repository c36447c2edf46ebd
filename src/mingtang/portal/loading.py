"""What the pages of publications need, read for many publications at once: a bake asks ten questions for a thousand
pages, not ten for each."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mingtang.editions.models import (
    ERASED,
    LIVE,
    Edition,
    EditionFile,
    LogEntry,
    Publication,
    PublicationLink,
    PublicDuty,
)

from .languages import Variant, variants_of

EXPLAINING = ("interprets", "explains")
HIDDEN = ("erased", "withdrawn")


@dataclass
class Loaded:
    """A publication with everything its pages show. ``edition`` is the one being read.

    ``entries`` are its log entries, oldest first; ``sources`` what explains it and
    ``targets`` what it explains, each with the live edition, ``relatives`` what else it is linked with, ``variants`` its versions
    in other languages.
    """

    publication: Publication
    editions: list[Edition]
    entries: list[LogEntry] = field(default_factory=list)
    duties: list[PublicDuty] = field(default_factory=list)
    files: list[EditionFile] = field(default_factory=list)
    sources: list["Loaded"] = field(default_factory=list)
    targets: list["Loaded"] = field(default_factory=list)
    relatives: list[tuple[str, Publication]] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return self.publication.path.removeprefix("pub/")

    @property
    def newest(self) -> Edition:
        return self.editions[-1]

    @property
    def live(self) -> Edition:
        """The live edition; the newest one where none is live any more."""
        return next((edition for edition in self.editions if edition.state == LIVE), self.newest)

    @cached_property
    def payload(self) -> dict[str, Any]:
        return payload_of(self.live)


def payload_of(edition: Edition) -> dict[str, Any]:
    """The content of an edition; empty once it was erased."""
    return {} if edition.state == ERASED else dict(json.loads(edition.payload))


def load(publications: Sequence[Publication], *, log_size: int | None = None) -> list[Loaded]:
    """Load publications in the order given; those without any edition are left out.

    ``log_size`` leaves log entries from that index on out of account, as a bake does whose checkpoint ends there.
    """
    ids = [publication.pk for publication in publications]
    loaded = _with_editions(publications)
    for entry in LogEntry.objects.filter(publication_id__in=ids).order_by("index"):
        if log_size is not None and entry.index >= log_size:
            continue
        if entry.publication_id in loaded:
            loaded[entry.publication_id].entries.append(entry)
    for duty in PublicDuty.objects.filter(publication_id__in=ids).order_by("article", "code", "opened_at", "pk"):
        if duty.publication_id in loaded:
            loaded[duty.publication_id].duties.append(duty)
    by_edition = {one.live.pk: one for one in loaded.values()}
    for use in (
        EditionFile.objects.filter(edition_id__in=list(by_edition)).select_related("file").defer("file__content")
    ):
        by_edition[use.edition_id].files.append(use)
    _link(loaded, ids)
    for pk, versions in variants_of(publications).items():
        if pk in loaded:
            loaded[pk].variants = versions
    return [loaded[pk] for pk in ids if pk in loaded]


def load_one(slug: str) -> Loaded | None:
    """The publication at ``/pub/<slug>/``; None if there is none."""
    # PostgreSQL refuses to be asked for a text with NUL in it; no path has one.
    publication = None if "\x00" in slug else Publication.objects.filter(path=f"pub/{slug}").first()
    found = load([publication]) if publication else []
    return found[0] if found else None


def _with_editions(publications: Sequence[Publication]) -> dict[int, Loaded]:
    editions = defaultdict(list)
    ids = [publication.pk for publication in publications]
    for edition in Edition.objects.filter(publication_id__in=ids).order_by("number"):
        editions[edition.publication_id].append(edition)
    return {one.pk: Loaded(one, editions[one.pk]) for one in publications if editions[one.pk]}


def _link(loaded: dict[int, Loaded], ids: Sequence[int]) -> None:
    links = [
        *PublicationLink.objects.filter(source_id__in=ids).select_related("target"),
        *PublicationLink.objects.filter(target_id__in=ids).select_related("source"),
    ]
    others = {link.target_id: link.target for link in links if link.source_id in loaded}
    others.update({link.source_id: link.source for link in links if link.target_id in loaded})
    explaining = {
        pk for link in links if link.kind in EXPLAINING for pk in (link.source_id, link.target_id) if pk in others
    }
    with_editions = _with_editions([others[pk] for pk in sorted(explaining)])
    seen: set[tuple[int, int, int]] = set()
    for link in sorted(links, key=lambda link: link.pk):
        for here, other, is_target in (
            (link.source_id, link.target_id, False),
            (link.target_id, link.source_id, True),
        ):
            if here not in loaded or (link.pk, here, other) in seen or others[other].validity == "erased":
                continue
            seen.add((link.pk, here, other))
            if link.kind in EXPLAINING and other in with_editions:
                if not is_target:
                    loaded[here].targets.append(with_editions[other])
                elif others[other].validity not in HIDDEN:
                    loaded[here].sources.append(with_editions[other])
            elif link.kind not in EXPLAINING:
                loaded[here].relatives.append((link.kind, others[other]))
    for one in loaded.values():
        one.sources.sort(
            key=lambda source: (
                source.publication.kind != "interpretation",
                source.publication.published_at,
                source.publication.pk,
            )
        )
