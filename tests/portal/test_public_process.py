"""The public process on its own: it starts without the back office, and a page needs neither session nor account."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent.parent.parent / "src"

VISIT = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

settings.ALLOWED_HOSTS = ["testserver"]
call_command("check", "--fail-level", "WARNING")
call_command("migrate", "--run-syncdb", verbosity=0)

from mingtang.editions.models import Edition, Publication
from mingtang.text.canonical import canonical_json, content_hash

title = "<script>alert(1)</script>关于办理时间的通告"
payload = canonical_json({
    "schema": "document/1", "title": title, "document_number": "", "issuers": ["市民政局"], "addressees": "",
    "written_on": "2026-01-05", "effective_on": "", "signed_on": "", "source": "市民政局", "genre": "通告",
    "topic": "", "stages": ["service"], "openness": "full_release", "mode": "on_own_initiative",
    "blocks": [{"id": "p1", "kind": "paragraph", "number": "", "title": "", "text": "<img src=x onerror=alert(2)>"}],
    "cuts": [],
})
publication = Publication.objects.create(
    index_number="000014349/2026-00001", path="pub/000014349-2026-00001", kind="document", title=title,
    unit_code="civil_affairs", unit_name="市民政局", published_at=timezone.now(),
)
Edition.objects.create(
    publication=publication, number=1, payload=payload, payload_hash=content_hash(payload), salt="00",
    published_at=timezone.now(),
)
client = Client(raise_request_exception=False)
answers = {}
for path in json.loads(sys.argv[1]):
    answer = client.get(path)
    answers[path] = {
        "status": answer.status_code, "body": answer.content.decode(), "cookies": list(answer.cookies),
        "policy": answer.headers.get("Content-Security-Policy", ""),
    }
apps = sorted(name.partition(".")[0] + "." + name.split(".")[1] for name in sys.modules
              if name.startswith(("mingtang.", "django.contrib.")) and name.count(".") >= 1)
print(json.dumps({"answers": answers, "modules": sorted(set(apps))}))
"""

PUBLICATION = "/pub/000014349-2026-00001/"
PAGES = (
    "/",
    "/policies/",
    "/search?q=办理",
    "/interpretations/",
    "/units/",
    "/guide/",
    "/api/",
    "/articles/",
    "/articles/16/",
    "/about/",
    PUBLICATION,
    f"{PUBLICATION}record.json",
    f"{PUBLICATION}proof/",
)
MISSING = (
    "/nowhere/",
    "/articles/0/",
    "/articles/27/",
    "/pub/none/",
    "/pub/../secrets/django_key",
    "/pub/%2e%2e/%2e%2e/secrets/django_key/",
    f"{PUBLICATION}difference/1/9/",
)


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process with the public settings, started afresh, answered."""
    home = tmp_path_factory.mktemp("public")
    wanted = {key: value for key, value in os.environ.items() if key != "MINGTANG_DATABASE_URL"}
    environment = wanted | {
        "DJANGO_SETTINGS_MODULE": "mingtang.settings.public",
        "MINGTANG_HOME": str(home),
        "PYTHONPATH": str(SOURCE),
    }
    collected = subprocess.run(
        [sys.executable, "-m", "django", "collectstatic", "--noinput"], env=environment, capture_output=True, text=True
    )
    assert collected.returncode == 0, collected.stderr
    done = subprocess.run(
        [sys.executable, "-c", VISIT, json.dumps(PAGES + MISSING)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_without_session_or_account(visited: dict[str, Any], path: str) -> None:
    answer = visited["answers"][path]
    assert answer["status"] == 200, answer["body"][:2000]
    assert answer["cookies"] == []


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_said_in_plain_words(visited: dict[str, Any], path: str) -> None:
    answer = visited["answers"][path]
    assert answer["status"] == 404
    assert 'lang="zh-Hans' in answer["body"] or 'lang="zh-CN' in answer["body"]
    assert "Traceback" not in answer["body"]


@pytest.mark.parametrize("path", [path for path in PAGES if not path.endswith(".json")])
def test_no_page_needs_an_inline_script_or_style(visited: dict[str, Any], path: str) -> None:
    body = visited["answers"][path]["body"]
    assert "script-src 'self'" in visited["answers"][path]["policy"]
    assert " style=" not in body
    assert "<style" not in body
    scripts = [tag.partition(">")[0] for tag in body.split("<script")[1:]]
    assert all("src=" in tag or "application/ld+json" in tag for tag in scripts)


@pytest.mark.parametrize("path", [path for path in PAGES if not path.endswith(".json")])
def test_no_page_shows_template_code(visited: dict[str, Any], path: str) -> None:
    """A tag broken over two lines is text to the template engine, and would be shown to readers."""
    assert not [mark for mark in ("{{", "}}", "{%", "%}") if mark in visited["answers"][path]["body"]]


def test_a_paper_without_a_signature_block_is_signed_by_its_issuers(visited: dict[str, Any]) -> None:
    signature = visited["answers"][PUBLICATION]["body"].partition('class="b-signature">')[2].partition("</p>")[0]
    assert "市民政局" in signature
    assert "2026年1月5日" in signature


def test_a_hostile_title_stays_words(visited: dict[str, Any]) -> None:
    for path in ("/", "/policies/", PUBLICATION):
        body = visited["answers"][path]["body"]
        assert "<script>alert" not in body
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<img src=x" not in visited["answers"][PUBLICATION]["body"]


def test_the_public_process_loads_no_back_office(visited: dict[str, Any]) -> None:
    rooms = {name.removeprefix("mingtang.") for name in visited["modules"] if name.startswith("mingtang.")}
    assert rooms <= {
        *("api", "editions", "intake", "merkle", "portal", "rows", "rules", "search", "settings", "text"),
    }
    assert not {"django.contrib.auth", "django.contrib.sessions"} & set(visited["modules"])
