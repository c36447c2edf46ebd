"""The one door: the only writer of editions."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from mingtang.duties.models import Duty
from mingtang.duties.services import project
from mingtang.editions.log import NewEntry, append_entries, salted_hash
from mingtang.editions.models import (
    ERASED,
    LIVE,
    SUPERSEDED,
    WITHDRAWN,
    Edition,
    LogEntry,
    LogHead,
    Publication,
    PublicationLink,
)
from mingtang.editions.projecting import erase_changes, erase_rows
from mingtang.editions.selectors import shown
from mingtang.journal.writing import append, current_writer, writing
from mingtang.records.models import Link, Record
from mingtang.records.spec import Context, Facts, effect, known_facts, spec_for
from mingtang.rows import find, find_all, insert, update
from mingtang.text.canonical import canonical_json, content_hash
from mingtang.units.actors import SYSTEM
from mingtang.units.profile import current_profile

from .attachments import erase_files, publish_files
from .content import masked
from .models import Disclosed, SecrecyReview, ShownCursor
from .numbers import next_number


@effect("disclosure.pass_review")
def pass_review(context: Context) -> None:
    """Keep the reviewer's verdict on exactly the content they saw, with what they decided to mask."""
    _keep_review(context, passed=True)


@effect("disclosure.refuse_review")
def refuse_review(context: Context) -> None:
    _keep_review(context, passed=False)


def _keep_review(context: Context, *, passed: bool) -> None:
    assert context.actor.person_id is not None
    review = SecrecyReview(
        record=context.record,
        content_hash=context.facts["disclosure.content_hash"],
        reviewer_id=context.actor.person_id,
        passed=passed,
        opinion=context.data.get("opinion", ""),
        masks=context.data.get("masks", []),
        at=context.now,
    )
    insert(review)
    context.results.update(review=str(review.pk), masks=str(len(review.masks)))


@effect("disclosure.publish")
def publish(context: Context) -> None:
    """Make the record's content public as a new edition, and enter it in the log.

    A first publication gets the next index number of its organ and year; later ones supersede the live edition.
    """
    review = find(SecrecyReview, record_id=context.record.pk, passed=True, order=("-at", "-pk"))
    kept = frozenset(
        f"{item['place']}:{item['start']}:{item['end']}"
        for item in (review.masks if review else [])
        if item["decision"] == "keep"
    )
    facts = context.facts  # what is published is exactly what the gates judged
    payload = masked(facts["disclosure.payload"], facts["disclosure.personal_data"], kept)
    disclosed = find(Disclosed, record_id=context.record.pk)
    publication = (
        Publication.objects.select_for_update().get(index_number=disclosed.index_number)
        if disclosed
        else Publication(index_number=_index_number(context), published_at=context.now)
    )
    _describe(publication, context, payload)
    write = update if disclosed else insert
    write(publication)
    write(
        Disclosed(
            record=context.record,
            index_number=publication.index_number,
            content_hash=facts["disclosure.content_hash"],
        )
    )
    entries = []
    earlier = find_all(Edition, publication_id=publication.pk) if disclosed else []
    live = next((edition for edition in earlier if edition.state == LIVE), None)
    if live is not None:
        live.state = SUPERSEDED
        live.save(update_fields=["state"])
        entries.append(_entry(publication, live, "superseded", context.now))
    text = canonical_json(payload)
    edition = Edition(
        publication=publication,
        number=len(earlier) + 1,
        payload=text,
        payload_hash=content_hash(text),
        salt=secrets.token_hex(16),
        reason=_correction_reason(context) if live else "",
        published_at=context.now,
    )
    insert(edition)
    publish_files(edition, context.record.pk, payload.get("attachments", []))
    entries.append(_entry(publication, edition, "published", context.now))
    _link(publication, context.record, again=bool(disclosed))
    _log_at_the_end(entries)
    for duty in find_all(Duty, record_id=context.record.pk, index_number=""):
        duty.index_number = publication.index_number
        duty.save(update_fields=["index_number"])
        project(duty)
    context.results.update(
        publication=publication.index_number, edition=str(edition.number), content=entries[-1].salted_hash
    )


@effect("disclosure.withdraw")
def withdraw(context: Context) -> None:
    """Mark the publication withdrawn, repealed, lapsed, amended or merged. The page says so and stays readable."""
    publication, edition = _public(context)
    publication.validity = context.data["kind"]
    publication.validity_reason = context.data["reason"]
    publication.validity_at = context.now
    publication.save()
    if publication.validity == "withdrawn":
        edition.state = WITHDRAWN
        edition.save(update_fields=["state"])
    _log_at_the_end([_entry(publication, edition, publication.validity, context.now)])
    context.results.update(publication=publication.index_number, kind=publication.validity)


@effect("disclosure.erase")
def erase(context: Context) -> None:
    """Delete every edition's content, hash and salt and leave a tombstone.

    The log and the journal hold salted hashes only: proofs still hold, and nothing short can be guessed back.
    """
    publication, _ = _public(context)
    empty_editions(publication, publication.editions.exclude(state=ERASED), context.now)
    erase_rows(publication)
    publication.title = "（内容已依法清除）"
    publication.summary = publication.document_number = ""
    publication.validity, publication.validity_at = "erased", context.now
    publication.validity_reason = context.data["reason"]
    publication.save()
    context.results.update(publication=publication.index_number)


def empty_editions(publication: Publication, editions: Iterable[Edition], now: datetime) -> int:
    """Delete the content, hash, salt and files of editions of a publication and what was projected from them, and enter
    that in the log; returns of how many. The log keeps their salted hashes, so proofs still hold."""
    emptied, entries = list(editions), []
    for edition in emptied:
        entries.append(_entry(publication, edition, "erased", now))
        edition.state, edition.reason = ERASED, ""
        edition.payload = edition.payload_hash = edition.salt = ""
        edition.save()
    erase_files(emptied)
    erase_changes(publication, [edition.number for edition in emptied])
    _log_at_the_end(entries)
    return len(emptied)


def note_shown(limit: int = 500, *, upto: int | None = None) -> int:
    """Follow the log and write one ``edition.shown`` for each new edition an anonymous reader can now open.

    ``upto`` is how many entries of the log the public tree shows; None takes the whole log, for a site without a tree.

    Idempotent: the cursor moves in the same transaction as the events. Returns how many were written. Asked at every
    step and tick, so it looks before it takes a write lock.
    """
    head, reached = find(LogHead, pk=1), find(ShownCursor, pk=1)
    end = head.size if head and upto is None else upto or 0
    if head is None or (reached.position if reached else 0) >= end:
        return 0
    with writing():
        ShownCursor.objects.get_or_create(pk=1)
        cursor = ShownCursor.objects.select_for_update().get(pk=1)
        entries = list(
            LogEntry.objects.filter(index__gte=cursor.position, index__lt=end)
            .select_related("publication")
            .order_by("index")[:limit]
        )
        written = 0
        for entry in entries:
            if entry.kind == "published" and shown(entry.publication.path, entry.edition_number) is not None:
                written += _emit_shown(entry)
        if entries:
            cursor.position = entries[-1].index + 1
            cursor.save()
    return written


def _emit_shown(entry: LogEntry) -> int:
    disclosed = Disclosed.objects.filter(index_number=entry.publication.index_number).select_related("record").first()
    if disclosed is None:
        return 0
    record = disclosed.record
    append(
        "edition.shown",
        at=entry.at,
        record_id=record.pk,
        unit_code=record.lead_unit_id,
        payload={"publication": entry.publication.index_number, "edition": str(entry.edition_number)},
        subject=Context(spec_for(record.kind), record, SYSTEM, entry.at),
    )
    return 1


def _correction_reason(context: Context) -> str:
    """A kind that can be corrected provides the fact ``<kind>.correction_reason``."""
    name = f"{context.spec.kind}.correction_reason"
    return str(Facts(context)[name]) if name in known_facts() else ""


def _index_number(context: Context) -> str:
    """The next index number by the city's pattern, gapless per organ and year."""
    unit, year = context.record.lead_unit, context.now.year
    code = unit.index_code or unit.code
    serial = next_number(f"index:{code}:{year}")
    return current_profile().index_pattern.format(index_code=code, year=year, serial=serial)


def _describe(publication: Publication, context: Context, payload: dict[str, Any]) -> None:
    unit = context.record.lead_unit
    if not publication.path:
        publication.path = "pub/" + publication.index_number.replace("/", "-")
    publication.kind = context.record.kind
    publication.title = payload["title"]
    publication.document_number = payload.get("document_number", "")
    publication.unit_code, publication.unit_name, publication.region_code = unit.pk, unit.name, unit.region_id
    publication.stages = payload.get("stages", [])
    publication.topic, publication.genre = payload.get("topic", ""), payload.get("genre", "")
    publication.summary = payload.get("summary", "")
    publication.language = payload.get("language", "zh-Hans")
    written_on = payload.get("written_on")
    publication.written_on = datetime.fromisoformat(written_on).date() if written_on else None


def _link(publication: Publication, record: Record, *, again: bool) -> None:
    if again:
        PublicationLink.objects.filter(source=publication).delete()
    for link in find_all(Link, source_id=record.pk):
        target = find(Disclosed, record_id=link.target_id)
        if target is not None:
            PublicationLink.objects.get_or_create(
                source=publication, target=Publication.objects.get(index_number=target.index_number), kind=link.kind
            )


def _public(context: Context) -> tuple[Publication, Edition]:
    disclosed = Disclosed.objects.get(record=context.record)
    publication = Publication.objects.select_for_update().get(index_number=disclosed.index_number)
    newest = publication.editions.order_by("-number").first()
    assert newest is not None
    return publication, newest


def _entry(publication: Publication, edition: Edition, kind: str, at: datetime) -> NewEntry:
    return NewEntry(publication, edition.number, kind, salted_hash(edition.salt, edition.payload), at)


def _log_at_the_end(entries: list[NewEntry]) -> None:
    writer = current_writer()
    assert writer is not None
    writer.at_the_end(partial(append_entries, entries))
