"""What the API says about itself, to programs and to people."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_everything_is_described_in_chinese(client: Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    for path, operations in described["paths"].items():
        assert set(operations) == {"get"}, path
        operation = operations["get"]
        words = [operation["summary"], *(one["description"] for one in operation["parameters"])]
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in text) or "slug" in text for text in words), path
        assert {"200", "304", "400", "404", "405", "429"} <= set(operation["responses"]), path
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert set(answer["content"]) == {"application/problem+json"}, (path, status)


def test_content_is_told_apart_by_its_schema(client: Client) -> None:
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert schemas["Document"]["properties"]["schema"]["const"] == "document/1"
    assert schemas["Other"]["properties"]["schema"]["not"]["enum"] == [
        "document/1",
        "interpretation/1",
        "interpretation_event/1",
        "unit_profile/1",
        "disclosure_guide/1",
        "register/1",
    ]
    assert {"schema", "title", "blocks"} <= set(schemas["Document"]["required"])
    assert "Row" in schemas and "Problem" in schemas


def test_people_find_every_address_and_the_limits(client: Client) -> None:
    page = client.get("/api/").content.decode()
    described = client.get("/api/v1/openapi.json").json()
    for path in described["paths"]:
        assert f"<code>{path}</code>" in page
    assert "每60秒最多120次" in page and "每60分钟最多10次" in page
    for name in ("parameters", "not-found", "method", "erased", "too-many", "fault", "building", "licence"):
        assert f'id="{name}"' in page
    assert "<script" not in page.replace('<script src="/static/', "") and " style=" not in page
    assert page.count("<h1") == 1
