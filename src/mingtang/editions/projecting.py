"""The rows of registers follow their live editions: a new table is built beside the one that is read, then switched to.

Idempotent and without a cursor: what is wanted is compared with what there is. A build that was killed leaves a table
nobody reads, which the next pass takes away.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction

from .models import (
    LIVE,
    SUPERSEDED,
    Edition,
    EditionFile,
    Publication,
    PublicKind,
    PublicPiece,
    PublicRow,
    PublicRowChange,
    PublicTable,
)
from .table_index import kept, pieces_of
from .tables import CHANGES, DATA, KIND, SCHEMA, changes_of, key_of, rows_of, shape_of

logger = logging.getLogger(__name__)
CHUNK, DELETED_AT_ONCE = 2000, 5000
LONGEST_WORDS, LONGEST_DETAIL = 400, 2000
One = TypeVar("One")


class Gone(Exception):
    """The edition is no longer live: it was superseded, withdrawn or erased while its rows were being made."""


def follow() -> int:
    """Make the rows of every register whose live edition has none, and take away what nobody reads any more.

    Returns how many tables were made.

    Raises:
        ValueError: an edition's files are not as its payload says; the others were made all the same.
    """
    made, broken = 0, []
    for pk in _wanted():
        try:
            made += project(pk)
        except Gone:
            logger.info("the edition %s is no longer live", pk)
        except (ValueError, KeyError, LookupError) as error:
            broken.append(f"{pk}: {error}")
    sweep()
    if broken:
        raise ValueError("; ".join(broken))
    return made


def rebuild() -> int:
    """Make the rows of every live edition anew, each beside the old ones; returns how many tables were made."""
    live = _live().order_by("publication_id").values_list("pk", flat=True)
    made = 0
    for pk in list(live):
        try:
            made += project(pk)
        except Gone:
            logger.info("the edition %s is no longer live", pk)
    sweep()
    return made


def _live() -> Any:
    return Edition.objects.filter(state=LIVE, publication__kind=KIND).exclude(publication__validity="withdrawn")


def _wanted() -> list[int]:
    """Live editions of registers that the current tables are not of."""
    current = dict(PublicTable.objects.filter(current=True).values_list("publication_id", "edition_id"))
    pairs = _live().order_by("publication_id").values_list("publication_id", "pk")
    return [edition for publication, edition in pairs if current.get(publication) != edition]


def project(edition_pk: int) -> bool:
    """Make the rows of one live edition and switch to them. False for an edition that is no register.

    Raises:
        Gone: it stopped being live meanwhile; nothing of it is read.
        ValueError: its data file is missing or has another number of rows than the payload says.
    """
    edition = Edition.objects.select_related("publication").get(pk=edition_pk)
    payload = json.loads(edition.payload) if edition.payload else {}
    if edition.state != LIVE or payload.get("schema") != SCHEMA:
        return False
    shape = shape_of(payload)
    rows = list(rows_of(_content(edition_pk, DATA), shape))
    if len(rows) != payload.get("count", len(rows)):
        raise ValueError(f"第{edition.number}版写明{payload['count']}条，文件里有{len(rows)}条")
    table = PublicTable(
        publication_id=edition.publication_id,
        edition=edition,
        register_kind=payload.get("register_kind", ""),
        family=payload.get("family", ""),
        article=payload.get("article") or 0,
        level=payload.get("level", ""),
        count=len(rows),
    )
    with transaction.atomic():
        _hold(edition)
        table.save()
    for chunk in _chunks(enumerate(rows)):
        with transaction.atomic():
            _hold(edition)
            PublicRow.objects.bulk_create(
                PublicRow(
                    table=table,
                    position=position,
                    key=key_of(shape.key_words(values)),
                    values=json.dumps(values, ensure_ascii=False, separators=(",", ":")),
                )
                for position, values in chunk
            )
    for name, content in pieces_of(shape, rows).items():
        with transaction.atomic():
            _hold(edition)
            PublicPiece(table=table, name=name, content=content).save()
    _note_changes(edition)
    with transaction.atomic():
        _hold(edition)
        PublicTable.objects.filter(publication_id=edition.publication_id, current=True).update(current=False)
        PublicTable.objects.filter(pk=table.pk).update(current=True)
    return True


def _chunks(found: Iterable[One]) -> Iterator[list[One]]:
    waiting = iter(found)
    return iter(lambda: list(islice(waiting, CHUNK)), [])


def _hold(edition: Edition) -> None:
    """Keep the edition live until the transaction ends, or find that it is not: an erasure waits for us, or we for it.

    Raises:
        Gone: it is not.
    """
    held = Edition.objects.select_for_update(no_key=True).filter(pk=edition.pk, state=LIVE)
    if not held.values_list("pk", flat=True):
        raise Gone


def _content(edition_pk: int, name: str) -> bytes:
    use = EditionFile.objects.filter(edition_id=edition_pk, name=name).select_related("file").first()
    if use is None:
        raise ValueError(f"没有文件{name}")
    return bytes(use.file.content)


def _note_changes(live: Edition) -> None:
    """Keep what each edition up to the live one changed. Readers see those of an edition once its table is current."""
    noted = set(
        PublicRowChange.objects.filter(publication_id=live.publication_id)
        .order_by()
        .values_list("edition_number", flat=True)
        .distinct()
    )
    reached = PublicTable.objects.filter(publication_id=live.publication_id, current=True)
    through = max(reached.values_list("edition__number", flat=True), default=0)
    for edition in Edition.objects.filter(publication_id=live.publication_id, number__gt=1, number__lte=live.number):
        if edition.number in noted and edition.number <= through:
            continue
        own = PublicRowChange.objects.filter(publication_id=live.publication_id, edition_number=edition.number)
        with transaction.atomic():
            _hold(live)
            own.delete()
        try:
            content = _content(edition.pk, CHANGES)
        except ValueError:
            continue
        for chunk in _chunks(_changes(edition, content)):
            with transaction.atomic():
                _hold(live)
                PublicRowChange.objects.bulk_create(chunk)


def _changes(edition: Edition, content: bytes) -> Iterator[PublicRowChange]:
    found: dict[str, PublicRowChange] = {}
    details: dict[str, list[list[str]]] = {}
    for line in changes_of(content):
        words = (line.get("key") or "").strip()
        key = key_of(words)
        if key not in found:
            found[key] = PublicRowChange(
                publication_id=edition.publication_id,
                edition_number=edition.number,
                key=key,
                words=words[:LONGEST_WORDS],
                change=line.get("change") or "",
            )
        if line.get("field"):
            cut = [(line.get(name) or "")[:LONGEST_DETAIL] for name in ("before", "after")]
            details.setdefault(key, []).append([line["field"], *cut])
    for key, change in found.items():
        change.details = json.dumps(details[key], ensure_ascii=False) if key in details else ""
        yield change


def sweep() -> None:
    """Take away tables that are not read: replaced ones, half-made ones, and those of editions that were
    withdrawn or erased."""
    unread = PublicTable.objects.exclude(current=True, edition__state__in=(LIVE, SUPERSEDED))
    for pk in list(unread.values_list("pk", flat=True)):
        with transaction.atomic():
            PublicTable.objects.filter(pk=pk).update(current=False)
        while True:
            with transaction.atomic():
                last = PublicRow.objects.filter(table_id=pk).order_by("position").values_list("position", flat=True)
                edge = list(last[DELETED_AT_ONCE - 1 : DELETED_AT_ONCE])
                rows = PublicRow.objects.filter(table_id=pk)
                _delete(rows.filter(position__lte=edge[0]) if edge else rows)
            if not edge:
                break
        with transaction.atomic():
            _delete(PublicPiece.objects.filter(table_id=pk))
            PublicTable.objects.filter(pk=pk).delete()


def erase_rows(publication: Publication) -> None:
    """Delete every row, piece and change of a publication at once. For the transaction that erases it, after its
    editions say that they are erased."""
    tables = PublicTable.objects.filter(publication=publication)
    _delete(PublicRow.objects.filter(table__in=list(tables.values_list("pk", flat=True))))
    _delete(PublicPiece.objects.filter(table__in=list(tables.values_list("pk", flat=True))))
    _delete(PublicRowChange.objects.filter(publication=publication))
    tables.delete()
    kept.clear()


def erase_changes(publication: Publication, numbers: Iterable[int]) -> None:
    """Delete what was noted of the changes of editions that are emptied: before and after hold what they said."""
    _delete(PublicRowChange.objects.filter(publication=publication, edition_number__in=list(numbers)))


def _delete(rows: Any) -> None:
    """One DELETE: nothing points at these rows."""
    rows._raw_delete(rows.db)


def project_kinds(kinds: Iterable[PublicKind]) -> None:
    """Make the public list of kinds be ``kinds``."""
    wanted = {one.pk: one for one in kinds}
    held = {one.pk: one for one in PublicKind.objects.all()}

    def said(one: PublicKind) -> list[Any]:
        return [getattr(one, field.attname) for field in PublicKind._meta.concrete_fields]

    changed = [one for one in wanted.values() if one.pk not in held or said(held[one.pk]) != said(one)]
    if not changed and held.keys() <= wanted.keys():
        return
    with transaction.atomic():
        PublicKind.objects.exclude(pk__in=wanted).delete()
        for one in changed:
            PublicKind.objects.update_or_create(
                pk=one.pk,
                defaults={
                    field.attname: getattr(one, field.attname)
                    for field in PublicKind._meta.concrete_fields
                    if not field.primary_key
                },
            )
