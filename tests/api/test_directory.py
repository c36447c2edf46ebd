"""Units, regions, duties, articles, and the log with its checkpoints."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from tests.factories import Desk, at

from mingtang.disclosure.checkpoints import sign_checkpoint
from mingtang.editions.models import Checkpoint, PublicDuty, PublicRegion, PublicUnit
from mingtang.merkle import leaf_hash, verify_inclusion

from .conftest import API, slug_of

pytestmark = pytest.mark.django_db
NOW = at("2026-07-15 10:00")


def get(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(f"{API}{path}")
    assert answer.status_code == status, (path, answer.content)
    return answer.json()


def every(client: Client, path: str) -> list[Any]:
    """All rows of a list, page by page."""
    found, cursor = [], ""
    while True:
        page = get(client, f"{path}{cursor}")
        found += page["data"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_units_and_regions_come_whole_page_by_page(client: Client, house: Desk) -> None:
    units = every(client, "/units?limit=25")
    assert [one["code"] for one in units] == list(PublicUnit.objects.order_by("code").values_list("code", flat=True))
    assert {one["code"]: one["name"] for one in units}["fgw"] == "通辽市发展和改革委员会"
    regions = every(client, "/regions?limit=4")
    assert [one["code"] for one in regions] == list(
        PublicRegion.objects.order_by("code").values_list("code", flat=True)
    )
    first = get(client, "/units?region=150500&kind=department&limit=1")["data"][0]
    assert (first["region"], first["kind"]) == ("150500", "department")


def put_duty(number: int, **changes: Any) -> PublicDuty:
    values: dict[str, Any] = {
        "duty_id": UUID(int=number),
        "code": "D10.5",
        "article": 10,
        "title": "发布解读材料",
        "force": "M",
        "unit_code": "mzj",
        "unit_name": "通辽市民政局",
        "opened_at": at("2026-06-01 09:00"),
        "due_at": at("2026-06-05 23:59"),
        **changes,
    }
    return PublicDuty.objects.create(**values)


@pytest.fixture
def duties(monkeypatch: pytest.MonkeyPatch, db: Any) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    put_duty(1)
    put_duty(2, closed_at=at("2026-06-03 09:00"))
    put_duty(3, closed_at=at("2026-06-09 09:00"), parts=[{"label": "网站", "closed_at": "2026-06-09T09:00:00+08:00"}])
    put_duty(4, due_at=NOW + timedelta(days=1), unit_code="fgw")
    put_duty(5, due_at=NOW + timedelta(days=9))
    put_duty(6, advisory=True, article=16, code="D16.1")
    put_duty(7, exempt_ground="依法免除")
    put_duty(8, opened_at=NOW + timedelta(hours=1))


STATES = {1: "overdue", 2: "met", 3: "met_late", 4: "due_soon", 5: "running", 6: "advisory_late", 7: "exempt"}


@pytest.mark.usefixtures("duties")
def test_duties_stand_as_of_now_and_can_be_filtered(client: Client) -> None:
    page = get(client, "/duties")
    assert {UUID(one["id"]).int: one["state"] for one in page["data"]} == STATES
    assert datetime.fromisoformat(page["as_of"]) == NOW
    for number, state in STATES.items():
        assert [UUID(one["id"]).int for one in get(client, f"/duties?state={state}")["data"]] == [number]
    assert [UUID(one["id"]).int for one in get(client, "/duties?article=16&code=D16.1")["data"]] == [6]
    assert [UUID(one["id"]).int for one in get(client, "/duties?unit=fgw")["data"]] == [4]
    assert [UUID(one["id"]).int for one in every(client, "/duties?limit=2")] == [7, 6, 5, 4, 3, 2, 1]
    parts = next(one for one in page["data"] if one["parts"])["parts"]
    assert parts == [{"label": "网站", "closed_at": "2026-06-09T09:00:00+08:00"}]


def test_the_duties_of_a_paper_are_found_by_it(client: Client, house: Desk) -> None:
    slug = slug_of("关于减少办事材料的通知")
    found = get(client, f"/duties?publication={slug}")["data"]
    assert {one["code"] for one in found} >= {"D10.5"} and {one["publication"] for one in found} == {slug}


def test_every_article_states_its_duties(client: Client) -> None:
    found = get(client, "/articles")["data"]
    assert [one["number"] for one in found] == list(range(1, 27))
    duty = next(one for one in found[9]["duties"] if one["id"] == "D10.5")
    assert duty["title"] and duty["limit"] and duty["advisory"] is False


def test_the_log_can_be_taken_and_checked(client: Client, house: Desk) -> None:
    entries = get(client, "/log/entries")
    assert entries["size"] == len(entries["data"]) == 6
    for entry in entries["data"]:
        assert leaf_hash(entry["leaf"].encode()).hex() == entry["leaf_hash"]
    assert [one["index"] for one in get(client, "/log/entries?start=2&end=4")["data"]] == [2, 3]
    assert get(client, "/log/entries?start=6")["data"] == []
    proof = get(client, f"/publications/{slug_of('关于减少办事材料的通知')}/proof")
    newest = get(client, "/log/checkpoint")
    entry = proof["entries"][0]
    path = [bytes.fromhex(value) for value in entry["proof"]]
    hashed = leaf_hash(entry["leaf"].encode())
    assert verify_inclusion(hashed, entry["index"], entry["checkpoint_size"], path, bytes.fromhex(newest["root"]))
    assert proof["checkpoints"][str(newest["size"])] == newest["note"]


def test_checkpoints_come_from_the_smallest_on(client: Client, house: Desk) -> None:
    house.published(title="又一件")
    sign_checkpoint(house.now + timedelta(minutes=2))
    sizes = [one["size"] for one in every(client, "/log/checkpoints?limit=1")]
    assert sizes == list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) and len(sizes) == 2


def test_before_the_first_checkpoint_there_is_none(client: Client) -> None:
    get(client, "/log/checkpoint", 404)
