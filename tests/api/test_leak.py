"""Every address of the API x everything that must not be public. A new address without an entry fails."""

import gzip
from collections.abc import Iterator

from django.test import Client
from django.urls import get_resolver
from tests.factories import Desk
from tests.leak.test_public_routes import IDENTITY, SECRETS, full_house

from mingtang.editions.models import Publication
from mingtang.search.following import follow

from .conftest import API

__all__ = ["full_house"]

FIXED = {
    "api_index": ["/api/"],
    "api-root": [f"{API}/"],
    "api_missing": [f"{API}/nothing"],
    "openapi-json": [f"{API}/openapi.json"],
    "publications": [
        f"{API}/publications",
        f"{API}/publications?limit=100&sort=oldest",
        f"{API}/publications?q=秘密",
        f"{API}/publications?q=公开",
        f"{API}/publications?q=句子",
        f"{API}/publications?q={IDENTITY}",
        f"{API}/publications?validity=withdrawn",
    ],
    "facets": [f"{API}/facets", f"{API}/facets?q=秘密"],
    "entries": [f"{API}/log/entries"],
    "checkpoints": [f"{API}/log/checkpoints"],
    "checkpoint": [f"{API}/log/checkpoint"],
    "units": [f"{API}/units"],
    "regions": [f"{API}/regions"],
    "duties": [f"{API}/duties"],
    "articles": [f"{API}/articles"],
    "bulk_editions": [f"{API}/bulk/editions.jsonl"],
    "bulk_editions_compressed": [f"{API}/bulk/editions.jsonl.gz"],
    "bulk_publications": [f"{API}/bulk/publications.csv"],
    "datapackage": [f"{API}/bulk/datapackage.json"],
}


def addresses(publication: Publication) -> Iterator[tuple[str, str]]:
    path = f"{API}/publications/{publication.path.removeprefix('pub/')}"
    yield "publication", path
    yield "editions", f"{path}/editions"
    yield "edition", f"{path}/editions/1"
    yield "edition", f"{path}/editions/2"
    yield "proof", f"{path}/proof"


def api_routes() -> set[str]:
    found = set()
    for pattern in get_resolver("mingtang.settings.urls_public").url_patterns:
        if str(pattern.pattern) == "api/":
            for inner in pattern.url_patterns:
                found |= {inner.name} if hasattr(inner, "name") else {one.name for one in inner.url_patterns}
    return found


def test_every_route_has_an_entry() -> None:
    assert api_routes() == set(FIXED) | {name for name, _ in addresses(Publication(path="pub/x"))}


def test_nothing_private_stands_in_any_answer(full_house: Desk, root: object) -> None:  # noqa: F811
    follow()
    client = Client()
    paths = [address for found in FIXED.values() for address in found]
    paths += [address for publication in Publication.objects.all() for _, address in addresses(publication)]
    seen = ""
    for address in paths:
        response = client.get(address)
        assert response.status_code in (200, 404, 410), address
        content = response.getvalue()
        if address.endswith(".gz"):
            content = gzip.decompress(content)
        text = content.decode()
        seen += text
        for state, secret in SECRETS.items():
            assert secret not in text, (address, state)
        assert IDENTITY not in text, address
    assert seen.count("公开的文件") > 3 and "110105********002X" in seen
