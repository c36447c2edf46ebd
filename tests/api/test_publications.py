"""Finding, listing and reading publications."""

import gzip
import json
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.factories import Desk, at
from tests.search.conftest import Shelf

from mingtang.api.schemas import DisclosureGuide, Document, Interpretation, InterpretationEvent, Register, UnitProfile
from mingtang.cli.demo.year import load_year
from mingtang.editions.models import Edition, Publication
from mingtang.search.following import follow

from .conftest import API, slug_of

pytestmark = pytest.mark.django_db
# Only papers that came from an old site say them.
MIGRATED = {"web_published_on", "old_address", "old_index_number"}


def get(client: Client, path: str, status: int = 200, **headers: str) -> Any:
    answer = client.get(f"{API}{path}", headers=headers)
    assert answer.status_code == status, (path, answer.content)
    return answer.json()


def titles(client: Client, query: str = "") -> list[str]:
    return [one["title"] for one in get(client, f"/publications{query}")["data"]]


def test_a_list_says_what_there_is_without_what_was_erased(client: Client, house: Desk) -> None:
    found = get(client, "/publications")
    assert found["total"] == 3 and found["next"] is None
    by_title = {one["title"]: one for one in found["data"]}
    assert set(by_title) == {"关于减少办事材料的通知", "《关于减少办事材料的通知》解读", "关于临时安排的通知"}
    paper = by_title["关于减少办事材料的通知"]
    assert paper["unit"]["name"] == "通辽市发展和改革委员会" and paper["edition"] == 1 and paper["validity"] == "valid"
    assert paper["url"].endswith(f"/pub/{paper['slug']}/") and paper["published_at"].endswith("+08:00")
    withdrawn = by_title["关于临时安排的通知"]
    assert withdrawn["validity_reason"] == "安排有变。" and withdrawn["edition"] is None


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_pages_neither_repeat_nor_miss_while_papers_are_published(client: Client, shelf: Shelf, sort: str) -> None:
    """Several are published at the same moment, and one is published between two pages."""
    for number in range(12):
        shelf.publish(f"第{number}号", published_at=at(f"2026-03-0{number // 4 + 1} 09:00"))
    seen, query = [], f"?limit=5&sort={sort}"
    cursor: str | None = ""
    while cursor is not None:
        page = get(client, f"/publications{query}{cursor and '&cursor='}{cursor}")
        assert page["total"] == (12 if not seen else None)
        seen += [one["title"] for one in page["data"]]
        cursor = page["next"]
        if len(seen) == 5:
            shelf.publish("后来的", published_at=at("2026-03-09 09:00"))
    numbered = [title for title in seen if title != "后来的"]
    newest = [f"第{day * 4 + number}号" for day in (2, 1, 0) for number in (3, 2, 1, 0)]
    assert numbered == (newest if sort == "newest" else newest[::-1])
    assert seen.count("后来的") == (0 if sort == "newest" else 1)


def test_the_next_page_is_also_linked_in_a_header(client: Client, shelf: Shelf) -> None:
    for number in range(3):
        shelf.publish(f"第{number}号", topic="综合 政务")
    answer = client.get(f"{API}/publications?limit=2&topic=综合 政务")
    address, relation = answer.headers["Link"].split(">; ")
    assert relation == 'rel="next"'
    assert [one["title"] for one in client.get(address[1:]).json()["data"]] == ["第0号"]


def test_filters_are_the_portals_and_agree_with_the_search(client: Client, shelf: Shelf) -> None:
    shelf.publish("甲", unit_code="edu", stages=["service", "result"], topic="教育", genre="通知", region_code="150500")
    shelf.publish("乙", kind="interpretation", language="mn-Mong", published_at=at("2025-12-31 23:59"))
    shelf.publish("丙", written_on=at("2024-05-01 00:00").date(), validity="repealed", region_code="150502")
    follow()
    for query, expected in {
        "unit=edu": {"甲"},
        "stage=result": {"甲"},
        "stage=res": set(),
        "topic=教育&genre=通知": {"甲"},
        "region=150500": {"甲"},
        "kind=interpretation": {"乙"},
        "language=mn-Mong": {"乙"},
        "year=2025": {"乙"},
        "year=2024": {"丙"},
        "year=2026": {"甲"},
        "validity=repealed": {"丙"},
        "since=2026-01-01": {"甲", "丙"},
        "until=2025-12-31": {"乙"},
        "since=2025-12-31&until=2025-12-31": {"乙"},
        "since=0001-01-01&until=9999-12-31": {"甲", "乙", "丙"},
        "since=9999-12-31": set(),
        "until=0001-01-01": set(),
        "unit=edu&kind=interpretation": set(),
    }.items():
        assert set(titles(client, f"?{query}")) == expected, query
        assert get(client, f"/facets?{query}")["total"] == len(expected), query


def test_words_are_found_with_marks_page_by_page(client: Client, shelf: Shelf) -> None:
    for number in range(7):
        shelf.publish(
            f"关于供热的通知{number}", "按平方米<计算>供热费。", published_at=at(f"2026-03-0{number + 1} 09:00")
        )
    shelf.publish("别的")
    follow()
    page = get(client, "/publications?q=供热&sort=newest&limit=3")
    assert page["total"] == 7 and page["data"][0]["title"] == "关于供热的通知6"
    assert page["data"][0]["highlight"]["title"] == "关于<mark>供热</mark>的通知6"
    assert "&lt;计算&gt;<mark>供热</mark>费" in page["data"][0]["highlight"]["snippet"]
    seen = [one["title"] for one in page["data"]]
    while page["next"]:
        page = get(client, f"/publications?q=供热&sort=newest&limit=100&cursor={page['next']}")
        seen += [one["title"] for one in page["data"]]
    assert seen == [f"关于供热的通知{number}" for number in range(6, -1, -1)]
    assert get(client, "/publications?q=,，")["notes"] == ["检索词里没有可以检索的文字。"]
    assert get(client, "/publications?q=供热 -通知")["total"] == 0


def test_facets_count_with_names(client: Client, house: Desk) -> None:
    found = get(client, "/facets")
    assert found["facets"]["kind"] == [
        {"value": "document", "label": "文件", "count": 1},
        {"value": "interpretation", "label": "解读", "count": 1},
    ]
    assert found["facets"]["unit"][0]["label"] == "通辽市发展和改革委员会"


def test_without_an_index_words_have_to_wait(client: Client, root: Any, db: Any) -> None:
    answer = client.get(f"{API}/publications?q=供热")
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "30"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert get(client, "/publications")["total"] == 0


def test_a_publication_comes_with_content_relations_and_editions(client: Client, house: Desk) -> None:
    found = get(client, f"/publications/{slug_of('关于减少办事材料的通知')}")
    assert found["payload"] == json.loads(Edition.objects.get(publication__title=found["title"]).payload)
    assert found["relations"] == [
        {
            "kind": "explained_by",
            "slug": slug_of("《关于减少办事材料的通知》解读"),
            "title": "《关于减少办事材料的通知》解读",
        }
    ]
    assert [(one["number"], one["state"]) for one in found["editions"]] == [(1, "live")]


def test_an_edition_is_the_very_bytes_that_were_hashed(client: Client, house: Desk) -> None:
    for edition in Edition.objects.exclude(state="erased").select_related("publication"):
        slug = edition.publication.path.removeprefix("pub/")
        answer = client.get(f"{API}/publications/{slug}/editions/{edition.number}")
        assert sha256(answer.content).hexdigest() == edition.payload_hash
        assert answer.headers["ETag"] == f'"{edition.payload_hash}"'
        listed = get(client, f"/publications/{slug}/editions")["data"]
        assert listed[edition.number - 1]["payload_hash"] == edition.payload_hash


def test_what_was_withdrawn_keeps_its_notice_and_loses_its_content(client: Client, house: Desk) -> None:
    found = get(client, f"/publications/{slug_of('关于临时安排的通知')}")
    assert found["validity"] == "withdrawn" and found["validity_reason"] == "安排有变。"
    assert found["payload"] is None and found["edition"] is None and found["editions"][0]["state"] == "withdrawn"


def test_what_was_erased_leaves_a_notice_everywhere(client: Client, house: Desk) -> None:
    slug = Publication.objects.get(validity="erased").path.removeprefix("pub/")
    for path in (f"/publications/{slug}", f"/publications/{slug}/editions/1"):
        gone = get(client, path, 410)
        assert gone["detail"] == "公示期满。" and gone["index_number"] and gone["title"] == "内容已依法清除"
    assert get(client, f"/publications/{slug}/editions")["data"][0]["payload_hash"] == ""
    assert [entry["salt"] for entry in get(client, f"/publications/{slug}/proof")["entries"]] == ["", ""]


def test_every_edition_of_the_demonstration_city_keeps_to_the_described_schema(db: Any) -> None:
    """A year of the city: all kinds of publications, their versions and withdrawn ones."""
    load_year(now=timezone.localtime(), step=lambda words: None)
    models = {
        "document/1": Document,
        "interpretation/1": Interpretation,
        "interpretation_event/1": InterpretationEvent,
        "unit_profile/1": UnitProfile,
        "disclosure_guide/1": DisclosureGuide,
        "register/1": Register,
    }
    seen = set()
    for text in Edition.objects.exclude(state="erased").values_list("payload", flat=True):
        payload = json.loads(text)
        model = models[payload["schema"]]
        described = {field.alias or name for name, field in model.model_fields.items()}
        assert described - MIGRATED <= set(payload) <= described, payload["schema"]
        assert model.model_validate(payload).model_dump(by_alias=True, exclude_unset=True) == payload
        seen.add(payload["schema"])
    assert seen == set(models)


def test_everything_can_be_taken_as_lines(client: Client, house: Desk) -> None:
    answer = client.get(f"{API}/bulk/editions.jsonl")
    assert answer.headers["Content-Type"] == "application/jsonl; charset=utf-8"
    whole = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    rows = [json.loads(line) for line in whole.decode().splitlines()]
    assert [(row["title"], row["edition_state"], row["payload"] is None) for row in rows] == [
        ("关于减少办事材料的通知", "live", False),
        ("《关于减少办事材料的通知》解读", "live", False),
        ("关于临时安排的通知", "withdrawn", True),
    ]
    live = Edition.objects.get(publication__title="关于减少办事材料的通知")
    assert f'"payload":{live.payload}}}'.encode() in whole
    packed = b"".join(client.get(f"{API}/bulk/editions.jsonl.gz").streaming_content)  # type: ignore[attr-defined]
    assert gzip.decompress(packed) == whole


def test_the_table_starts_no_formula(client: Client, shelf: Shelf) -> None:
    shelf.publish("=HYPERLINK(1)")
    shelf.publish("＝HYPERLINK(2)", stages=["a", "b"])
    text = b"".join(client.get(f"{API}/bulk/publications.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeffindex_number,slug,url,")
    assert ",'=HYPERLINK(1)," in text and ",'＝HYPERLINK(2)," in text and ",a;b," in text


def test_the_data_package_describes_every_column_and_key(client: Client, house: Desk) -> None:
    package = get(client, "/bulk/datapackage.json")
    lines, table = package["resources"]
    row = json.loads(next(iter(client.get(f"{API}/bulk/editions.jsonl").streaming_content)).splitlines()[0])  # type: ignore[attr-defined]
    assert [field["name"] for field in lines["schema"]["fields"]] == list(row)
    head = b"".join(client.get(f"{API}/bulk/publications.csv").streaming_content).decode().splitlines()[0]  # type: ignore[attr-defined]
    assert [field["name"] for field in table["schema"]["fields"]] == head.lstrip("\ufeff").split(",")
    assert package["log"]["size"] == 6 and "/log" in package["log"]["checkpoint"]
