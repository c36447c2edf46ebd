"""What every address keeps to: limits, other sites, conditional questions, problems, nonsense."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone
from tests.factories import Desk
from tests.search.conftest import Shelf

from mingtang.api import limits
from mingtang.editions.models import Publication
from mingtang.search.following import follow

from .conftest import API, slug_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 3, 0, 15, tzinfo=UTC)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.mark.usefixtures("still")
def test_too_many_questions_are_told_when_to_come_back(client: Client, settings: Any) -> None:
    settings.API_LIMITS = {"requests": (3, 60), "bulk": (1, 3600)}
    left = [client.get(f"{API}/units").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    over = client.get(f"{API}/regions")
    assert over.status_code == 429 and over.headers["Retry-After"] == "45" == over.headers["RateLimit-Reset"]
    assert over.json()["detail"] == "每60秒最多3次，请45秒后再来。"
    assert over.headers["Access-Control-Allow-Origin"] == "*" and over.headers["RateLimit-Policy"] == "3;w=60"
    assert client.get(f"{API}/bulk/publications.csv").status_code == 200
    assert client.get(f"{API}/bulk/editions.jsonl").status_code == 429
    assert client.get(f"{API}/units", REMOTE_ADDR="10.0.0.9").status_code == 200


@pytest.mark.usefixtures("still")
def test_the_count_starts_anew_with_the_next_window(client: Client, settings: Any, monkeypatch: Any) -> None:
    settings.API_LIMITS = {"requests": (1, 60), "bulk": (1, 3600)}
    assert [client.get(f"{API}/units").status_code for _ in range(2)] == [200, 429]
    monkeypatch.setattr(timezone, "now", lambda: NOW.replace(minute=1, second=0))
    assert client.get(f"{API}/units").status_code == 200


def test_a_whole_subnet_of_a_subscriber_counts_as_one() -> None:
    assert limits.network("2001:db8:1:2::5") == limits.network("2001:db8:1:2:ffff::1")
    assert limits.network("2001:db8:1:2::5") != limits.network("2001:db8:1:3::5")
    assert limits.network("10.0.0.1") != limits.network("10.0.0.2")
    assert limits.network("garbage") == "garbage"


def test_programs_of_other_sites_may_ask(client: Client) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    allowed = client.options(f"{API}/units", headers=asked)
    assert allowed.status_code == 204 and allowed.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    for answer in (allowed, client.get(f"{API}/units"), client.get(f"{API}/nothing"), client.get("/api/")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers and not answer.cookies
    assert "RateLimit-Remaining" in client.get(f"{API}/units").headers["Access-Control-Expose-Headers"]


PATHS = (
    "/publications",
    "/publications?limit=1",
    "/publications/{slug}",
    "/publications/{slug}/editions",
    "/publications/{slug}/editions/1",
    "/publications/{slug}/proof",
    "/log/entries",
    "/log/checkpoints",
    "/log/checkpoint",
    "/units",
    "/regions",
    "/articles",
    "/facets",
    "/bulk/editions.jsonl",
    "/bulk/publications.csv",
    "/bulk/datapackage.json",
    "/openapi.json",
)


def test_what_did_not_change_is_not_sent_again(client: Client, house: Desk) -> None:
    for path in PATHS:
        address = API + path.replace("{slug}", slug_of("关于减少办事材料的通知"))
        first = client.get(address)
        etag = first.headers["ETag"]
        assert first.status_code == 200 and first.headers["Cache-Control"] == "public, no-cache", path
        again = client.get(address, headers={"If-None-Match": etag})
        assert again.status_code == 304 and again.content == b"" and again.headers["ETag"] == etag, path
        assert "RateLimit-Remaining" in again.headers and "Access-Control-Allow-Origin" in again.headers, path
        head = client.head(address)
        assert head.status_code == 200 and head.getvalue() == b"" and head.headers["ETag"] == etag, path
        assert head.headers.get("Content-Length") == first.headers.get("Content-Length"), path


def test_a_new_entry_of_the_log_changes_what_depends_on_it(client: Client, shelf: Shelf) -> None:
    paper = shelf.publish("甲")
    address = f"{API}/publications/{paper.path.removeprefix('pub/')}"
    seen = {path: client.get(path).headers["ETag"] for path in (address, f"{API}/publications", f"{API}/log/entries")}
    shelf.mark(paper, "withdrawn")
    for path, etag in seen.items():
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 200, path


def test_two_questions_have_two_etags(client: Client, house: Desk) -> None:
    etags = {client.get(f"{API}/publications?limit={limit}").headers["ETag"] for limit in (1, 2, 3)}
    assert len(etags) == 3


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "trace"])
def test_nothing_can_be_written(client: Client, method: str) -> None:
    answer = getattr(client, method)(f"{API}/publications")
    assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["title"] == "只能读取"


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ("limit=0", "limit", "不能小于1"),
        ("limit=101", "limit", "不能大于100"),
        ("limit=-5", "limit", "不能小于1"),
        ("limit=1.0", "limit", "要写成整数"),
        ("limit=" + "9" * 5000, "limit", "要写成整数"),
        ("limit=", "limit", "要写成整数"),
        ("limit=１０", "limit", "要写成整数"),
        ("q=" + "长" * 10_000, "q", "最多200个字"),
        ("q=", "q", "不能为空"),
        ("kind=a b", "kind", "写法不对"),
        ("unit=%00", "unit", "写法不对"),
        ("topic=a%00b", "topic", "写法不对"),
        ("year=0000", "year", "写法不对"),
        ("validity=erased", "validity", "只能是"),
        ("since=2026-02-30", "since", "2026-03-05"),
        ("since=1700000000", "since", "2026-03-05"),
        ("sort=up", "sort", "只能是"),
        ("cursor=A!", "cursor", "写法不对"),
        ("unti=fgw", "unti", "没有这个参数"),
        ("kind=a&kind=b", "kind", "只能给一个值"),
    ],
)
def test_a_wrong_parameter_is_named_in_plain_words(client: Client, query: str, parameter: str, words: str) -> None:
    answer = client.get(f"{API}/publications?{query}")
    assert answer.status_code == 400 and answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400 and problem["title"] == "参数不对"
    assert [one["parameter"] for one in problem["errors"]] == [parameter]
    assert words in problem["errors"][0]["detail"] and problem["errors"][0]["detail"] in problem["detail"]


FORGED = ["0", "zz", "z" * 23, "z" * 24, "z" * 100, "0" * 23, "deadbeef", "00", "1" * 43, "f" * 43, "12" * 20]


def test_a_made_up_cursor_breaks_nothing(client: Client, house: Desk) -> None:
    lists = ("/publications?", "/publications?q=通知&", "/duties?", "/units?", "/regions?", "/log/checkpoints?")
    for path in (f"{one}cursor={cursor}" for one in lists for cursor in FORGED):
        answer = client.get(API + path)
        assert answer.status_code in (200, 404), (path, answer.content)
        if answer.status_code == 404:
            assert "cursor" in answer.json()["detail"], path


NONSENSE = [
    "/publications/%00",
    "/publications/" + "a" * 10_000,
    "/publications/..%2f..%2fsecrets",
    "/publications/%ed%a0%80",
    "/publications/x/editions/0",
    "/publications/x/editions/-1",
    "/publications/x/editions/99999999999999999999999",
    "/publications/x/editions/%00",
    "/publications/x/proof/y",
    "/log/entries?start=9007199254740991",
    "/log/entries?start=9007199254740992",
    "/log/entries?start=5&end=2",
    "/publications?q=%ed%a0%80",
    "/publications?q=%00",
    "/publications?q=" + quote("𠀀㐀😀\u202e\ufeff"),
    "/publications?q=" + quote('"-(*:"~^[]{}\\/'),
    "/publications?%00=1",
    "/publications?" + "&".join(f"a{number}=1" for number in range(2000)),
    "/publications/",
    "/v2",
    "",
    "/",
]


@pytest.mark.parametrize("path", NONSENSE)
def test_nonsense_is_answered_as_data(client: Client, shelf: Shelf, path: str) -> None:
    shelf.publish("甲")
    follow()
    answer = client.get(f"{API}{path}", follow=True)
    assert answer.status_code in (200, 400, 404)
    assert answer.headers["Content-Type"].split(";")[0] in ("application/json", "application/problem+json")


def test_a_fault_of_ours_says_nothing_about_its_cause(client: Client, shelf: Shelf) -> None:
    paper = shelf.publish("甲")
    paper.editions.update(payload="{这不是 JSON")
    answer = client.get(f"{API}/publications/{paper.path.removeprefix('pub/')}")
    assert answer.status_code == 500 and answer.json()["title"] == "出错了"
    assert "JSON" not in answer.content.decode() and "Traceback" not in answer.content.decode()


def test_lists_ask_no_more_for_more_rows(client: Client, shelf: Shelf, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        shelf.publish(f"第{number}号")
    with django_assert_max_num_queries(6):
        assert len(client.get(f"{API}/publications?limit=30").json()["data"]) == 30
    assert Publication.objects.count() == 30
