"""Bake: follow the log and keep the tree of public files as the editions say.

A pass bakes what the new entries touch, then the lists, feeds and boards around it, then the log's own files, and
last the signed manifest and the state. A killed pass is done over; files that are right already are not written again.
"""

import logging
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from mingtang.editions.models import Checkpoint, LogEntry, Publication, PublicationLink, PublicDuty, PublicDutyHead
from mingtang.merkle.notes import Signer
from mingtang.rules import local_day

from . import state as states
from .log_files import write_log
from .manifest import Manifest
from .moved import forget
from .publications import bake_publications
from .standing import Touched, write_standing
from .tree import Tree

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Key:
    """What signs: the log's signer, and the text of ``log/key``."""

    signer: Signer
    published: str


@dataclass(frozen=True)
class Baked:
    """What a pass did. ``position`` is the size of the log that the tree now shows, ``duties`` the number of the last
    change of a duty."""

    position: int
    duties: int
    publications: int
    everything: bool


def sweep(root: Path | None = None) -> None:
    """Take away the half-written files of a process that was killed. For the one process that writes the tree, once."""
    Tree(root or settings.PUBLIC_ROOT).sweep()


def follow(now: datetime, key: Key, root: Path | None = None, *, fresh: bool = False) -> Baked:
    """Bring the tree up to the newest checkpoint. Cheap when there is nothing new.

    ``fresh`` is an empty tree that nobody is served from yet.

    Raises:
        OSError: the disk is full or not writable; the tree keeps its former state and the next pass tries again.
    """
    root = root or settings.PUBLIC_ROOT
    before = states.read(root)
    checkpoint = Checkpoint.objects.order_by("-size").first()
    size = checkpoint.size if checkpoint else 0
    duties, city = duty_mark(), states.city_mark()
    whole = before is None or (before.release, before.city) != (states.release(), city) or before.log_size > size
    same = before is not None and not whole and (before.log_size, before.duties) == (size, duties)
    if before is not None and same and local_day(before.moment) == local_day(now):
        return Baked(size, duties, 0, False)
    tree = Tree(root, fresh=fresh)
    if whole:
        tree.sweep()
        ids = list(Publication.objects.order_by("pk").values_list("pk", flat=True))
        touched = None
    else:
        assert before is not None
        ids = touched_by(before, size)
        touched = Touched.of(ids, duties_since=before.duties)
    _bake(tree, ids, touched, checkpoint, before.log_size if before and not whole else 0, now, key)
    states.write(root, states.State(size, states.release(), now.isoformat(), duties, city))
    return Baked(size, duties, len(ids), whole)


def rebuild(key: Key, root: Path, as_of: datetime) -> Baked:
    """Bake the whole tree from editions into an empty folder: byte for byte what ``follow`` made, for the same log,
    release and ``as_of``.

    Raises:
        FileExistsError: the folder is not empty.
    """
    if root.exists() and any(root.iterdir()):
        raise FileExistsError(f"目录不是空的：{root}")
    root.mkdir(parents=True, exist_ok=True)
    return follow(as_of, key, root, fresh=True)


def replace(fresh: Path, root: Path) -> None:
    """Put a rebuilt tree in the place of the one that is served."""
    old = root.with_name(f"{root.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if root.exists():
        os.rename(root, old)
    os.rename(fresh, root)
    os.replace(states.path_of(fresh), states.path_of(root))
    shutil.rmtree(old, ignore_errors=True)


def _bake(
    tree: Tree,
    ids: list[int],
    touched: "Touched | None",
    checkpoint: Checkpoint | None,
    old_size: int,
    now: datetime,
    key: Key,
) -> None:
    size = checkpoint.size if checkpoint else 0
    manifest = Manifest(tree)
    manifest.changes.update(bake_publications(tree, ids, log_size=size, as_of=now))
    if touched is None:
        _drop_strangers(tree, manifest)
    write_standing(tree, manifest, touched, now=now, log_size=size, keys=key.published)
    if checkpoint is not None:
        write_log(tree, old_size, checkpoint)
    # Everything is on the disk before the list says so.
    os.sync()
    manifest.commit(origin=key.signer.name, signer=key.signer, log_size=size, release=states.release(), as_of=now)


def _drop_strangers(tree: Tree, manifest: Manifest) -> None:
    """Folders of publications that the log does not know: left by another database."""
    known = {path.split("/")[1] for path in manifest.changes}
    for folder in sorted((tree.root / "pub").iterdir()) if (tree.root / "pub").is_dir() else []:
        if folder.name not in known:
            for path in forget(tree, f"pub/{folder.name}"):
                manifest.forget(path)
            for path in list(tree.files(f"pub/{folder.name}")):
                tree.remove(path)
                manifest.forget(path)


def touched_by(before: states.State, size: int) -> list[int]:
    """Publications whose pages new entries or changed duties may have changed, and those linked with them."""
    entries = LogEntry.objects.filter(index__gte=before.log_size, index__lt=size)
    ids = set(entries.values_list("publication_id", flat=True))
    ids |= linked_with(ids)
    # A version in another language is named on its sibling's page too, which hangs on the same original.
    ids |= linked_with(ids, kind="translates")
    changed = PublicDuty.objects.filter(publication__isnull=False, changed__gt=before.duties)
    ids |= set(changed.values_list("publication_id", flat=True))
    return sorted(pk for pk in ids if pk is not None)


def linked_with(ids: Iterable[int], kind: str = "") -> set[int]:
    """Publications that any of these points at or is pointed at by; all kinds of links, or one."""
    wanted = list(ids)
    links = PublicationLink.objects.filter(Q(source_id__in=wanted) | Q(target_id__in=wanted))
    if kind:
        links = links.filter(kind=kind)
    return {pk for pair in links.values_list("source_id", "target_id") for pk in pair}


def duty_mark() -> int:
    """The number of the last change of a duty."""
    return PublicDutyHead.objects.filter(pk=1).values_list("changed", flat=True).first() or 0
