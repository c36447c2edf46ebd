"""The door: editions, corrections, withdrawal, erasure, numbers and the log."""

import json

import pytest
from django.db import connections
from tests.factories import Desk, make_city
from tests.records.test_perform import in_threads

from mingtang.disclosure.numbers import next_number
from mingtang.disclosure.services import note_shown
from mingtang.editions.log import leaf_bytes, log_tree
from mingtang.editions.models import Edition, LogEntry, LogHead, Publication, PublicDuty
from mingtang.editions.selectors import duty_state, shown
from mingtang.journal.models import Event
from mingtang.journal.writing import writing
from mingtang.merkle import leaf_hash, verify_inclusion
from mingtang.records.models import Record
from mingtang.records.rulebook import rulebook
from mingtang.units import roles


def correct(desk: Desk, paper: Record) -> None:
    desk.act(paper, "begin_correction", roles.DRAFTER, data={"remark": "数字写错。"})
    fresh = Record.objects.get(pk=paper.pk)
    desk.edit(paper, {"body": fresh.document.body.replace("一律", "一概"), "lead_units": [desk.unit.pk]})
    desk.review(paper, "review_correction")
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    note_shown()


def test_a_publication_has_number_path_edition_and_a_proven_leaf(desk: Desk) -> None:
    paper, _ = desk.published()
    publication = Publication.objects.get()
    assert publication.index_number.endswith("/2026-00001")
    assert publication.path == "pub/" + publication.index_number.replace("/", "-")
    found = shown(publication.path)
    assert found is not None and found.payload["title"] == "关于减少办事材料的通知"
    assert [block["id"] for block in found.payload["blocks"]][-2:] == ["a1", "a2"]
    entry, head = LogEntry.objects.get(), LogHead.objects.get()
    tree = log_tree()
    leaf = leaf_bytes(
        index=0,
        index_number=publication.index_number,
        edition_number=1,
        kind="published",
        salted=entry.salted_hash,
        at=entry.at,
    )
    proof = tree.inclusion_proof(0, 1)
    assert verify_inclusion(leaf_hash(leaf), 0, 1, proof, bytes.fromhex(head.root))
    assert not verify_inclusion(leaf_hash(leaf + b" "), 0, 1, proof, bytes.fromhex(head.root))
    assert paper.state == "published"


def test_a_correction_supersedes_and_both_editions_stay(desk: Desk) -> None:
    paper, _ = desk.published()
    correct(desk, paper)
    assert list(Edition.objects.values_list("number", "state")) == [(1, "superseded"), (2, "live")]
    assert [entry.kind for entry in LogEntry.objects.all()] == ["published", "superseded", "published"]
    publication = Publication.objects.get()
    newest, first = shown(publication.path), shown(publication.path, 1)
    assert newest and first and "一概" in json.dumps(newest.payload, ensure_ascii=False)
    assert "一律" in json.dumps(first.payload, ensure_ascii=False)
    assert PublicDuty.objects.filter(code="D10.5").count() == 1
    assert list(Edition.objects.values_list("reason", flat=True)) == ["", "数字写错。"]


@pytest.mark.parametrize("kind", ["withdrawn", "repealed", "lapsed", "amended", "merged"])
def test_an_ended_paper_is_marked_and_stays_readable(desk: Desk, kind: str) -> None:
    paper, _ = desk.published()
    desk.act(paper, "withdraw", roles.OPENNESS_OFFICER, data={"kind": kind, "reason": "被新文件取代。"})
    publication = Publication.objects.get()
    assert (publication.validity, publication.validity_reason) == (kind, "被新文件取代。")
    found = shown(publication.path)
    assert found is not None and found.payload["blocks"]
    assert LogEntry.objects.last().kind == kind  # type: ignore[union-attr]


def test_erasure_leaves_a_tombstone_and_breaks_no_proof(desk: Desk) -> None:
    paper, _ = desk.published()
    correct(desk, paper)
    before = {entry.index: (entry.leaf_hash, entry.salted_hash) for entry in LogEntry.objects.all()}
    desk.act(paper, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    publication = Publication.objects.get()
    assert publication.validity == "erased" and "材料" not in publication.title
    assert set(Edition.objects.values_list("payload", "state")) == {("", "erased")}
    found = shown(publication.path)
    assert found is not None and found.payload == {}
    tree, head = log_tree(), LogHead.objects.get()
    assert head.size == 5
    for entry in LogEntry.objects.filter(index__lt=3):
        assert before[entry.index] == (entry.leaf_hash, entry.salted_hash)
        leaf = leaf_bytes(
            index=entry.index,
            index_number=publication.index_number,
            edition_number=entry.edition_number,
            kind=entry.kind,
            salted=entry.salted_hash,
            at=entry.at,
        )
        assert verify_inclusion(
            leaf_hash(leaf), entry.index, 5, tree.inclusion_proof(entry.index, 5), bytes.fromhex(head.root)
        )


def test_shown_is_noted_once_however_often_it_is_asked(desk: Desk) -> None:
    paper, _ = desk.issued()
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert [note_shown(), note_shown(), note_shown()] == [1, 0, 0]
    event = Event.objects.get(name="edition.shown")
    assert event.at == Edition.objects.get().published_at
    duty = PublicDuty.objects.get(code="D10.5")
    assert duty_state(duty, desk.now) == "running"
    assert [part["name"] for part in duty.parts] == ["site", "media"]


def test_index_numbers_are_given_back_by_a_rollback(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        assert next_number("series") == 1
        raise ZeroDivisionError
    with writing():
        assert next_number("series") == 1
    with writing():
        assert next_number("series") == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("concurrency")
def test_numbers_have_no_gap_under_concurrency() -> None:
    make_city()

    def draw(number: int) -> list[int]:
        drawn = []
        for _ in range(5):
            with writing():
                drawn.append(next_number("busy"))
        connections.close_all()
        return drawn

    numbers = [number for drawn in in_threads(8, draw) for number in drawn]
    assert sorted(numbers) == list(range(1, 41))


@pytest.mark.scenario("S18.1b")
def test_redacted_release_keeps_nothing_of_what_was_cut(desk: Desk) -> None:
    secret = "能合并的环节一律合并。"
    ground = next(code for code in rulebook().grounds if code != "state_secret")
    cut = {"quote": secret, "ground": ground, "reason": "涉及第三方商业秘密。"}
    paper, _ = desk.published(openness="redacted_release", cuts=[cut])
    payload = Edition.objects.get().payload
    assert secret not in payload and "涉及第三方商业秘密" in payload
    assert paper.state == "published"
