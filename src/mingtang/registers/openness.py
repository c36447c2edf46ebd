"""Negative lists, catalogues and what leans on them (articles 17 and 20)."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from mingtang.disclosure.listed import CATALOGUE, NEGATIVE_LIST, ListSource, provide_list
from mingtang.journal.writing import writing
from mingtang.records.models import Record
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Context, fact, gate
from mingtang.rules import Fault
from mingtang.units.models import Unit
from mingtang.units.selectors import government_of

from .entries import entries_at, values_of
from .models import REMOVED, Entry, ListReviewItem, Register

LEFT_WORDS = 80


@fact("register.catalogue_complete")
def catalogue_complete(context: Context) -> bool:
    """Whether a catalogue is public with entries; none of them lacks one of the four, or it would be no entry (D17.1)."""
    register = context.detail
    return bool(register.register_kind == CATALOGUE and register.sequence and entries_at(register).exists())


def lists_of(unit: Unit, kind: str) -> list[Register]:
    """Published lists of a kind that hold for a unit: its own, and that of its government."""
    try:
        keepers = {unit.pk, government_of(unit).pk}
    except LookupError:
        keepers = {unit.pk}
    found = Register.objects.filter(keeper__in=keepers, register_kind=kind, sequence__gt=0)
    return list(found.exclude(record__state__in=("ended", "erased")).order_by("keeper"))


def name_of(entry: Entry) -> str:
    return f"{entry.register_id}:{entry.key_hash}"


def parts_of(name: str) -> tuple[uuid.UUID, str] | None:
    """Register and key hash that a name (``name_of``) says; None for what is no name."""
    register_id, _, key_hash = name.partition(":")
    try:
        return (uuid.UUID(register_id), key_hash) if key_hash else None
    except ValueError:
        return None


def entry_named(name: str) -> Entry | None:
    """The newest published version of an entry, also of one that has left its list."""
    parts = parts_of(name)
    if parts is None:
        return None
    found = Entry.objects.filter(register_id=parts[0], key_hash=parts[1], since__isnull=False)
    return found.order_by("-since", "-pk").first()


def is_current(entry: Entry) -> bool:
    return entry.until is None and entry.change != REMOVED


def _words(entry: Entry) -> str:
    values = values_of(entry.values)
    return f"{values.get('code')} {values.get('matter') or values.get('item')}"[:LEFT_WORDS]


def _source(kind: str) -> ListSource:
    def entries(unit: Unit) -> list[tuple[str, str]]:
        return [(name_of(one), _words(one)) for held in lists_of(unit, kind) for one in entries_at(held)]

    def words(name: str) -> str:
        entry = entry_named(name)
        if entry is None:
            return "清单里没有这一条"
        return _words(entry) if is_current(entry) else f"{_words(entry)}（已移出清单）"

    return ListSource(entries, words)


for _kind in (NEGATIVE_LIST, CATALOGUE):
    provide_list(_kind, _source(_kind))


@fact("withholding.standing")
def standing(context: Context) -> dict[str, Any]:
    """How a withheld record stands to the negative lists of its unit: ``live`` (there is one), ``listed`` (it names a
    current entry), ``ground`` (that entry's code), ``exception`` (as it was confirmed, or empty)."""
    detail = context.detail
    held = {one.pk for one in lists_of(context.record.lead_unit, NEGATIVE_LIST)}
    entry = entry_named(detail.list_entry) if detail.list_entry else None
    listed = entry is not None and entry.register_id in held and is_current(entry)
    return {
        "live": bool(held),
        "listed": listed,
        "ground": values_of(entry.values).get("ground", "") if entry and listed else "",
        "exception": detail.list_exception,
    }


@fact("withholding.needs_exception")
def needs_exception(context: Context) -> bool:
    """Whether a list holds for the unit, and nothing on it fits what is being withheld."""
    if context.detail.openness != "withheld":
        return False
    found = standing(context)
    fits = found["listed"] and found["ground"] == context.detail.withholding_ground
    return bool(found["live"] and not fits and not found["exception"])


@gate("negative_list")
def negative_list(facts: Mapping[str, Any]) -> Iterable[Fault]:
    """S20.3: what is withheld is on the negative list of its unit or government, or somebody other than its drafter
    confirmed an exception with its ground. Where no such list is public yet, a warning (ADR 0034)."""
    if facts["disclosure.openness"] != "withheld":
        return
    book, found = rulebook(), facts["withholding.standing"]
    if found["exception"]:
        if found["exception"]["by"] in facts["disclosure.authors"]:
            yield book.fault("exception_by_drafter", gate="negative_list")
        return
    if not found["live"]:
        yield book.fault("negative_list_not_public", gate="negative_list_public")
    elif not found["listed"]:
        yield book.fault("not_on_negative_list", field="list_entry", gate="negative_list")
    elif found["ground"] != facts["disclosure.withholding_ground"]:
        label = book.grounds[found["ground"]].label if found["ground"] in book.grounds else found["ground"]
        yield book.fault("entry_ground_differs", field="withholding_ground", gate="negative_list", ground=label)


def by_exception(units: Iterable[str]) -> QuerySet[Record]:
    """Withheld records of units outside their negative lists, by a confirmed exception: for every later self-review."""
    found = Record.objects.filter(kind="document", lead_unit__in=list(units), document__openness="withheld")
    return found.exclude(document__list_exception={}).order_by("-changed_at")


def leaning_on(names: Iterable[str]) -> QuerySet[Record]:
    """Withheld records that rest on nothing but these entries."""
    return Record.objects.filter(
        document__openness="withheld", document__list_entry__in=list(names), document__list_exception={}
    ).order_by("created_at")


def note_removed(event: Any, subject: Any) -> None:
    """S20.2: what leaned only on entries that leave a negative list has to be looked at in the next self-review."""
    if not isinstance(subject, Context) or subject.detail.register_kind != NEGATIVE_LIST:
        return
    register = Register.objects.get(pk=subject.record.pk)
    gone = Entry.objects.filter(register=register, change=REMOVED, since=register.sequence)
    removed = {name_of(entry): entry for entry in gone}
    for record in leaning_on(removed):
        entry = removed[record.document.list_entry]
        ListReviewItem.objects.get_or_create(
            register=register,
            record=record,
            key_hash=entry.key_hash,
            sequence=register.sequence,
            defaults={"matter": _words(entry), "opened_at": event.at},
        )


def review_items(units: Iterable[str]) -> QuerySet[ListReviewItem]:
    """What is still to be looked at, of records led by units; oldest first."""
    return ListReviewItem.objects.filter(record__lead_unit__in=list(units), state=ListReviewItem.OPEN).select_related(
        "record", "register"
    )


def close_review_item(item: ListReviewItem, *, conclusion: str, person_id: int, now: datetime) -> None:
    """Say what became of a record that an entry no longer covers. Conclusions are those of the self-review (article 19).

    Raises:
        ValueError: the rules know no such conclusion.
    """
    if conclusion not in rulebook().enumerations["review_verdicts"].items:
        raise ValueError(f"no verdict is called {conclusion}")
    with writing():
        item.state, item.conclusion, item.closed_by, item.closed_at = ListReviewItem.DONE, conclusion, person_id, now
        item.save(update_fields=["state", "conclusion", "closed_by", "closed_at"])


def shown_on_page(register: Register) -> list[tuple[str, str]]:
    """For the desk page of a negative list: what leaned on entries that left it."""
    items = ListReviewItem.objects.filter(register=register, state=ListReviewItem.OPEN).select_related("record")
    return [(item.matter, f"《{item.record.title}》，列入下次自查") for item in items]
