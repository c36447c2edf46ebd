"""The installation at work: what officials do shows within seconds, and pages outlive database and application."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from tests.deploy.installation import NOBODY, Answer, Installation, other_user
from tests.deploy.papers import ERASED, KEPT, WITHDRAWN

pytestmark = pytest.mark.xdist_group("deploy")
SECONDS = 10


def pages(root: Path) -> list[str]:
    """Address of every baked page."""
    return sorted(
        f"/{quote(path.parent.relative_to(root).as_posix())}/".replace("/./", "/") for path in root.rglob("index.html")
    )


def page_of(site: Installation, title: str) -> str:
    for path in (site.public_root / "pub").iterdir():
        page = path / "index.html"
        if page.exists() and f"<h1>{title}" in re.sub(r"<h1[^>]*>\s*", "<h1>", page.read_text(encoding="utf-8")):
            return f"/pub/{path.name}/"
    raise AssertionError(f"no page of {title}")


def within_seconds(ask: Callable[[], Answer], holds: Callable[[Answer], bool]) -> float:
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        if holds(ask()):
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"not within {SECONDS} s: {ask().body.decode()[:2000]}")


def test_the_office_has_a_listener_of_its_own(site: Installation) -> None:
    for path in ("/desk/", "/accounts/login/", "/desk", "/accounts"):
        assert site.get("nginx", path).status == 404
    assert site.get("inner", "/desk/")["location"] == "/accounts/login/?next=/desk/"
    assert site.get("inner", "/accounts/login/").status == 200
    assert site.get("inner", "/")["location"] == "/desk/"


def test_the_public_process_reads_the_index_and_no_secret(site: Installation) -> None:
    path = f"/api/v1/publications?q={quote('冬季供热')}"
    within_seconds(lambda: site.get("nginx", path), lambda answer: answer.status == 200 and KEPT in answer.text)
    if other_user():
        status = Path(f"/proc/{site.processes['public'].pid}/status").read_text()
        assert re.search(rf"^Uid:\s+{NOBODY}\s+{NOBODY}", status, re.M)
        assert (site.home / "secrets").stat().st_mode & 0o77 == 0
        assert sorted(path.name for path in (site.home.parent / "web" / "secrets").iterdir()) == ["django_key"]


def test_a_form_goes_through_tls(site: Installation) -> None:
    page = page_of(site, KEPT)
    form = site.get("tls", f"/feedback/?page={page}")
    assert form.status == 200 and "secure" in (form["set-cookie"] or "").lower()
    fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form.body.decode()))
    assert {"csrfmiddlewaretoken", "request_key"} <= fields.keys()
    time.sleep(3)  # a form sent back sooner than a person can write counts as a machine's
    typed = urlencode({**fields, "what": "第二段有错字。", "page": page}).encode()
    origin = f"https://127.0.0.1:{site.ports['tls']}"
    sent = site.get(
        *("tls", "/feedback/", "POST", typed),
        Content_Type="application/x-www-form-urlencoded",
        Cookie=(form["set-cookie"] or "").partition(";")[0],
        Origin=origin,
        Referer=f"{origin}/feedback/",
    )
    assert sent.status == 200, sent.body.decode()
    assert re.search(r"[0-9]{4}-[0-9]{2}-[A-Z]{4}-[0-9]{4}", sent.body.decode())


def test_too_much_is_refused_in_chinese(site: Installation) -> None:
    connection = site.get("nginx", "/feedback/", "POST", b"x" * 100, Content_Type="text/plain")
    assert connection.status == 403
    told = site.claimed_size("nginx", "/feedback/", 22 * 1024 * 1024)
    assert told.status == 413 and "文件太大" in told.body.decode()
    answers = [site.get("nginx", "/receipt/") for _ in range(40)]
    busy = [answer for answer in answers if answer.status == 429]
    assert busy and "请稍等一下" in busy[0].body.decode() and busy[0]["retry-after"] == "10"
    # Who is told to wait can still read.
    assert {site.get("nginx", "/").status for _ in range(200)} == {200}


def test_withdrawn_and_erased_within_seconds(site: Installation) -> None:
    withdrawn, erased = page_of(site, WITHDRAWN), page_of(site, ERASED)
    assert site.get("nginx", erased).status == 200
    site.run("-m", "tests.deploy.papers", "withdraw")
    for encoding in ("", "gzip", "br"):
        within_seconds(
            lambda encoding=encoding: site.get("nginx", withdrawn, Accept_Encoding=encoding),
            lambda answer: "发布有误" in answer.text,
        )
    site.run("-m", "tests.deploy.papers", "erase")
    for encoding in ("", "gzip", "br"):
        within_seconds(
            lambda encoding=encoding: site.get("nginx", erased, Accept_Encoding=encoding),
            lambda answer: answer.status == 410 and ERASED not in answer.text and "公示期满" in answer.text,
        )
    for part in ("record.json", "edition/1/", "index.html"):
        assert site.get("nginx", erased + part).status in (404, 410), part
    for path in ("/", "/policies/", "/feeds/all.atom"):
        within_seconds(
            lambda path=path: site.get("nginx", path, Accept_Encoding="gzip"),
            lambda answer: answer.status == 200 and ERASED not in answer.text,
        )


def test_pages_outlive_database_and_application(site: Installation) -> None:
    all_pages = pages(site.public_root)
    assert len(all_pages) > 40
    site.stop("worker")
    before = {path: site.get("nginx", path, Accept_Encoding="gzip") for path in all_pages}
    assert {answer.status for answer in before.values()} == {200}
    site.stop_database()
    # The database alone is away: pages stand, and so they do without nginx.
    for name in ("nginx", "public"):
        answers = {path: site.get(name, path, Accept_Encoding="gzip") for path in all_pages}
        assert {path: answer.text for path, answer in answers.items()} == {
            path: each.text for path, each in before.items()
        }
    asked = site.get("nginx", "/pub/nothing/")
    assert asked.status == 500 and "页面出错了" in asked.text
    site.stop("public")
    site.stop("office")
    for path, answer in before.items():
        after = site.get("nginx", path, Accept_Encoding="gzip", If_None_Match=answer["etag"] or "")
        assert after.status == 304, path
        assert site.get("nginx", path, Accept_Encoding="gzip").body == answer.body, path
    for path in ("/feedback/", "/receipt/", "/subscribe/", "/search?q=x", "/nowhere/"):
        down = site.get("nginx", path)
        assert (down.status, down["retry-after"], down["cache-control"]) == (503, "60", "no-cache"), path
        assert "暂时办不了" in down.text and down["x-frame-options"] == "DENY"
    assert site.get("nginx", "/errors/errors.css").status == 200
    assert site.get("inner", "/desk/").status == 503
