"""The index follows the log: what an entry touches is indexed as it stands now, or taken out."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from mingtang.editions.models import LIVE, Edition, EditionFile, LogEntry, LogHead, Publication
from mingtang.rules import local_day

from . import folders
from .engine import Cursor, Entry, Writer
from .tantivy_engine import TantivyWriter
from .texts import indexed_text, pieces
from .words import number_key

AT_ONCE = 500
# Neither can be found any more; a withdrawn paper's page still says what became of it.
HIDDEN = ("withdrawn", "erased")


def follow(limit: int = 2000) -> int:
    """Index what the log added since the index last looked, at most ``limit`` entries; gives how many publications.

    The place in the log is committed together with what was indexed: a crash loses and doubles nothing. After an
    erasure the publication is out at once, and the index is then built anew so that none of its words stay in any
    file. Builds a missing index, one of another format, and one that does not fit the log (a restored database).
    Does nothing while another process writes.
    """
    with folders.writing(wait=False) as ours:
        return _follow(limit) if ours else 0


def rebuild() -> int:
    """Build the index from editions in a new folder, which then takes the old one's place; gives how many.

    Waits for another process that is writing. Readers find in the old index until the new one is complete.
    """
    with folders.writing(wait=True):
        return _rebuild()


def _follow(limit: int) -> int:
    folder, reader = folders.current(), folders.reader()
    cursor = reader.cursor() if reader else None
    if folder is None or cursor is None or not _fits(cursor):
        return _rebuild()
    entries = list(
        LogEntry.objects.filter(index__gte=cursor.position)
        .order_by("index")
        .values_list("index", "publication_id", "kind", "leaf_hash")[:limit]
    )
    touched = sorted({publication for _, publication, _, _ in entries})
    if entries:
        unclean = cursor.unclean or any(kind == "erased" for _, _, kind, _ in entries)
        cursor = Cursor(entries[-1][0] + 1, entries[-1][3], unclean)
        _index(TantivyWriter(folder), touched, cursor)
    if cursor.unclean:
        _rebuild()
    return len(touched)


def _fits(cursor: Cursor) -> bool:
    """Whether the log still begins with what was followed."""
    if cursor.position == 0:
        return True
    leaf = LogEntry.objects.filter(index=cursor.position - 1).values_list("leaf_hash", flat=True).first()
    return leaf == cursor.leaf


def _index(writer: Writer, touched: list[int], cursor: Cursor) -> None:
    found = set()
    for entry in _entries(touched):
        writer.put(entry)
        found.add(entry.id)
    for identity in touched:
        if identity not in found:
            writer.remove(identity)
    writer.commit(cursor)


def _rebuild() -> int:
    head = LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0
    last = LogEntry.objects.filter(index=head - 1).values_list("leaf_hash", flat=True).first() or ""
    folder = folders.new()
    writer = TantivyWriter(folder, fresh=True)
    count, reached = 0, 0
    while batch := list(
        Publication.objects.filter(pk__gt=reached).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    ):
        reached = batch[-1]
        for entry in _entries(batch):
            writer.put(entry)
            count += 1
    writer.commit(Cursor(head, last))
    folders.put_in_place(folder)
    return count


def _entries(identities: list[int]) -> Iterator[Entry]:
    """What is to be found of these publications: their live editions, unless withdrawn or erased."""
    for start in range(0, len(identities), AT_ONCE):
        editions = (
            Edition.objects.filter(state=LIVE, publication__in=identities[start : start + AT_ONCE])
            .exclude(publication__validity__in=HIDDEN)
            .select_related("publication")
            .order_by("publication_id")
        )
        files = file_texts(edition.pk for edition in editions)
        for edition in editions:
            yield entry_of(edition.publication, json.loads(edition.payload), files.get(edition.pk, ()))


def file_texts(editions: Iterable[int]) -> dict[int, list[str]]:
    """Names and texts of the files of editions, in order."""
    rows = EditionFile.objects.filter(edition__in=list(editions)).order_by("edition_id", "position")
    found: dict[int, list[str]] = {}
    for edition, name, text in rows.values_list("edition_id", "name", "file__text"):
        found.setdefault(edition, []).extend([name, text] if text else [name])
    return found


def entry_of(publication: Publication, payload: dict[str, Any], files: Iterable[str]) -> Entry:
    """A publication as the index takes it. The year is that of the paper, or else of its publication."""
    day = local_day(publication.published_at)
    numbers = (publication.index_number, publication.document_number)
    facets = {
        "kind": (publication.kind,),
        "unit": (publication.unit_code,),
        "region": (publication.region_code,),
        "stage": tuple(str(stage) for stage in publication.stages),
        "topic": (publication.topic,),
        "genre": (publication.genre,),
        "year": (str((publication.written_on or day).year),),
        "validity": (publication.validity,),
        "language": (publication.language,),
    }
    return Entry(
        id=publication.pk,
        title=indexed_text(filter(None, (publication.title, publication.document_number))),
        text=indexed_text([*pieces(payload), publication.index_number, *files]),
        numbers=tuple(dict.fromkeys(key for key in map(number_key, numbers) if key)),
        facets={name: tuple(filter(None, values)) for name, values in facets.items()},
        day=day,
        published_at=publication.published_at,
    )
