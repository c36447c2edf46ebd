"""The quick statements read and write exactly what the ORM does."""

from typing import Any

import pytest
from django.db import DatabaseError, models
from tests.factories import Desk

from mingtang.disclosure.models import IndexCounter, SecrecyReview
from mingtang.documents.models import Document
from mingtang.duties.models import Duty
from mingtang.editions.models import Edition, LogNode, Publication
from mingtang.interpretations.models import Interpretation
from mingtang.journal.models import Event
from mingtang.records.models import Link, Record, RecordParty
from mingtang.rows import find, find_all, insert, insert_new, update
from mingtang.units.models import Unit

MODELS = [Record, RecordParty, Link, Document, Interpretation, SecrecyReview, Edition, Publication, Event, Duty, Unit]


def values(row: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_rows_are_read_as_the_orm_reads_them(desk: Desk) -> None:
    desk.published(stages=["decision", "result"], written_on=desk.now.date())
    for model in MODELS:
        kept = list(model._default_manager.order_by("pk"))
        assert kept, model
        found = find_all(model, pk=[row.pk for row in kept], order=("pk",))
        assert [values(row) for row in found] == [values(row) for row in kept]
        assert not found[0]._state.adding
        assert find(model, pk=kept[0].pk, lock=True) == kept[0]


def test_order_limit_and_lists(desk: Desk) -> None:
    paper, _ = desk.signed()
    names = [event.name for event in find_all(Event, record_id=paper.pk, order=("-sequence",))]
    assert names[0] == "document.signed" and names[-1] == "document.created"
    newest = find(Event, record_id=paper.pk, name={"document.created", "document.submitted"}, order=("-sequence",))
    assert newest is not None and newest.name == "document.submitted"
    assert find_all(Event, record_id=paper.pk, name=[]) == []
    assert find(Event, record_id=paper.pk, name="document.erased") is None


def test_what_is_written_is_what_the_orm_reads(desk: Desk) -> None:
    paper = Document.objects.get(record=desk.draft())
    paper.title, paper.cuts, paper.signed_at = "另一个标题", [{"quote": "引"}], desk.now
    update(paper, "cuts", "signed_at")
    fresh = Document.objects.get(pk=paper.pk)
    assert (fresh.cuts, fresh.signed_at) == (paper.cuts, desk.now) and fresh.title != "另一个标题"
    update(paper)
    assert values(Document.objects.get(pk=paper.pk)) == values(paper)
    insert(*(LogNode(level=9, position=place, hash="0" * 64) for place in range(3)))
    insert(IndexCounter(key="series", value=7))
    assert LogNode.objects.filter(level=9).count() == 3
    assert IndexCounter.objects.get(pk="series").value == 7


def test_a_row_that_is_gone_is_not_written_silently(desk: Desk) -> None:
    with pytest.raises(DatabaseError):
        update(IndexCounter(key="never", value=1))


def test_a_taken_key_is_not_written_again(desk: Desk) -> None:
    assert insert_new(IndexCounter(key="series", value=1))
    assert not insert_new(IndexCounter(key="series", value=2))
    assert IndexCounter.objects.get(pk="series").value == 1
    node = LogNode(level=9, position=1, hash="0" * 64)
    insert(node)
    assert node.pk == LogNode.objects.get(level=9).pk
