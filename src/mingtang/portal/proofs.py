"""The proof of a publication: where its entries stand in the public log, against the first signed checkpoint that
contains each. Later checkpoints follow from that one, so the proof never has to be made again."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.utils.translation import gettext_lazy as _

from mingtang.editions.log import leaf_bytes, log_tree, salted_hash
from mingtang.editions.models import ERASED, VALIDITY, Checkpoint, Edition, LogEntry
from mingtang.merkle import MissingNode, Tree, leaf_hash, verify_inclusion
from mingtang.text.canonical import content_hash

from .loading import Loaded, load_one
from .pages import Page
from .publication_pages import SECTIONS

KINDS = {"published": _("公开"), "superseded": _("被新版替代"), **VALIDITY}


class Checkpoints:
    """The signed checkpoints by size, each read once."""

    def __init__(self, upto: int | None = None) -> None:
        rows = Checkpoint.objects.order_by("size")
        self.by_size = {row.size: row for row in (rows if upto is None else rows.filter(size__lte=upto))}
        self.sizes = list(self.by_size)

    def containing(self, index: int) -> Checkpoint | None:
        """The first checkpoint that contains the entry at ``index``; None where none does yet."""
        place = bisect_right(self.sizes, index)
        return self.by_size[self.sizes[place]] if place < len(self.sizes) else None


@dataclass(frozen=True)
class Checked:
    """A log entry with its proof and the outcome of each check; ``content`` is None once the content was erased, and
    ``checkpoint`` while none contains the entry yet."""

    entry: LogEntry
    edition: Edition
    leaf: str
    proof: list[str]
    checkpoint: Checkpoint | None
    written: bool
    content: bool | None
    included: bool

    @property
    def kind_label(self) -> str:
        return str(KINDS.get(self.entry.kind, self.entry.kind))

    @property
    def holds(self) -> bool:
        return self.written and self.included and self.content is not False

    @property
    def salt(self) -> str:
        """Kept back after an erasure: with it a short content could be guessed from its hash."""
        return "" if self.edition.state == ERASED else self.edition.salt


def checked_entries(loaded: Loaded, checkpoints: Checkpoints, tree: Tree) -> list[Checked]:
    """Each log entry of a publication, checked. ``tree`` is the log's, at least as long as the last checkpoint."""
    editions = {edition.number: edition for edition in loaded.editions}
    return [
        _checked(loaded, entry, editions[entry.edition_number], checkpoints.containing(entry.index), tree)
        for entry in loaded.entries
    ]


def _checked(loaded: Loaded, entry: LogEntry, edition: Edition, checkpoint: Checkpoint | None, tree: Tree) -> Checked:
    leaf = leaf_bytes(
        index=entry.index,
        index_number=loaded.publication.index_number,
        edition_number=entry.edition_number,
        kind=entry.kind,
        salted=entry.salted_hash,
        at=entry.at,
    )
    size = checkpoint.size if checkpoint else tree.size
    try:
        path = tree.inclusion_proof(entry.index, size)
        root = bytes.fromhex(checkpoint.root) if checkpoint else tree.root(size)
        included = verify_inclusion(leaf_hash(leaf), entry.index, size, path, root)
    except (MissingNode, ValueError):
        path, included = [], False
    content = None
    if edition.state != ERASED:
        content = (
            salted_hash(edition.salt, edition.payload) == entry.salted_hash
            and content_hash(edition.payload) == edition.payload_hash
        )
    return Checked(
        entry=entry,
        edition=edition,
        leaf=leaf.decode(),
        proof=[value.hex() for value in path],
        checkpoint=checkpoint,
        written=leaf_hash(leaf).hex() == entry.leaf_hash,
        content=content,
        included=included,
    )


def proof_data(loaded: Loaded, checked: Sequence[Checked]) -> Mapping[str, Any]:
    """``proof.json``: all that is needed to check a publication without asking this site again."""
    return {
        "publication": loaded.publication.index_number,
        "path": loaded.publication.path,
        "live_edition": loaded.live.number,
        "entries": [
            {
                "index": item.entry.index,
                "edition": item.entry.edition_number,
                "kind": item.entry.kind,
                "at": item.entry.at.isoformat(),
                "leaf": item.leaf,
                "leaf_hash": item.entry.leaf_hash,
                "salt": item.salt,
                "checkpoint_size": item.checkpoint.size if item.checkpoint else None,
                "proof": item.proof,
            }
            for item in checked
        ],
        "checkpoints": {str(item.checkpoint.size): item.checkpoint.note for item in checked if item.checkpoint},
    }


def proof_page(loaded: Loaded, checked: Sequence[Checked]) -> Page:
    """The proof in words, with a check that the reader's own browser makes."""
    context = {
        "publication": loaded.publication,
        "slug": loaded.slug,
        "live": loaded.live,
        "erased": loaded.live.state == ERASED,
        "checked": checked,
        "holds": bool(checked) and all(item.holds for item in checked),
        "last": max((item.checkpoint for item in checked if item.checkpoint), key=lambda one: one.size, default=None),
        "script": _script(),
        "section": SECTIONS.get(loaded.publication.kind, "policies"),
    }
    return Page(f"pub/{loaded.slug}/proof/", "portal/proof.html", context)


@cache
def _script() -> str:
    environment = engines["jinja2"].env  # type: ignore[attr-defined]
    source, _name, _current = environment.loader.get_source(environment, "portal/verify.txt")
    return str(source)


def proof(request: HttpRequest, slug: str) -> HttpResponse:
    """Raises Http404 where there is no such publication. Erased ones keep their proof: the log never held content."""
    return proof_page(*_of(slug)).response()


def proof_json(request: HttpRequest, slug: str) -> HttpResponse:
    return JsonResponse(proof_data(*_of(slug)), json_dumps_params={"ensure_ascii": False})


def _of(slug: str) -> tuple[Loaded, list[Checked]]:
    loaded = load_one(slug)
    if loaded is None:
        raise Http404
    return loaded, checked_entries(loaded, Checkpoints(), log_tree())
