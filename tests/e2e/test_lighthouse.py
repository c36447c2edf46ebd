"""Lighthouse on the home and a paper page, on a phone and at a desk; and what a first visit costs over the wire."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.e2e.conftest import ARTEFACTS, Site

pytestmark = pytest.mark.browser
VERSION = "13"
LEAST, MOST_BYTES = 95, 100 * 1024
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# Without what reports home or needs a display.
CHROMIUM_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-component-update"
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mingtang" / f"lighthouse-{VERSION}"


def pages(site: Site) -> dict[str, str]:
    papers = sorted((site.home / "public" / "pub").glob("*/index.html"), key=lambda path: path.stat().st_size)
    # The longest paper of the demonstration city, not the lightest.
    return {"home": "/", "paper": f"/pub/{papers[-1].parent.name}/"}


@pytest.fixture(scope="session")
def lighthouse() -> list[str]:
    """The command. Installed once, outside the project."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("no npm here: apt-get install npm")
    program = KEPT / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(KEPT), "--no-audit", "--no-fund", f"lighthouse@{VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        if done.returncode or not program.exists():
            pytest.skip(f"Lighthouse cannot be installed: {done.stderr[-300:]}")
    tried = subprocess.run(["node", str(program), "--version"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"Lighthouse does not run on this Node: {tried.stderr[-300:]}")
    return ["node", str(program)]


@pytest.mark.parametrize("preset", ["mobile", "desktop"])
@pytest.mark.parametrize("name", ["home", "paper"])
def test_lighthouse_is_content(site: Site, lighthouse: list[str], name: str, preset: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    report = ARTEFACTS / f"lighthouse-{name}-{preset}.json"
    # Its own measure of speed is of one moment of a shared machine: the best of three visits counts.
    for _ in range(3):
        scores, missed = audit(lighthouse, site.address + pages(site)[name], report, preset)
        if min(scores.values()) >= LEAST:
            break
    print(name, preset, scores)
    assert {key: score for key, score in scores.items() if score < LEAST} == {}, missed


def audit(lighthouse: list[str], address: str, report: Path, preset: str) -> tuple[dict[str, int], list[str]]:
    """Scores out of 100 by category, and the audits that cost something."""
    chromium = os.environ.get("MINGTANG_CHROMIUM", "/usr/bin/chromium")
    asked = [address, "--quiet", "--output=json", f"--output-path={report}", f"--chrome-flags={CHROMIUM_FLAGS}"]
    asked += [f"--only-categories={','.join(CATEGORIES)}", *(["--preset=desktop"] if preset == "desktop" else [])]
    done = subprocess.run(
        [*lighthouse, *asked],
        env={**os.environ, "CHROME_PATH": chromium},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    if done.returncode:
        # It loses the browser's trace now and then; the next visit decides.
        return dict.fromkeys(CATEGORIES, 0), [done.stderr[-2000:]]
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    scores = {key: round(100 * (found["categories"][key]["score"] or 0)) for key in CATEGORIES}
    audits = found["audits"]
    missed = [
        f"{key}: {reference['id']} {audits[reference['id']].get('displayValue', '')}"
        for key in CATEGORIES
        for reference in found["categories"][key]["auditRefs"]
        if reference["weight"] and (audits[reference["id"]]["score"] or 0) < 0.9
        if audits[reference["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual")
    ]
    return scores, missed


@pytest.mark.parametrize("name", ["home", "paper"])
def test_a_first_visit_is_light(site: Site, browser: Browser, name: str) -> None:
    """Everything that comes over the wire with an empty cache, headers too."""
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="zh-CN")
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        received: dict[str, float] = {}
        asked: dict[str, str] = {}
        session.on("Network.responseReceived", lambda told: asked.update({told["requestId"]: told["response"]["url"]}))
        session.on(
            "Network.loadingFinished", lambda told: received.update({told["requestId"]: told["encodedDataLength"]})
        )
        session.send("Network.enable")
        page.goto(site.address + pages(site)[name], wait_until="networkidle")
        # What the browser fetched as the page's icon it reports as free: then the whole file counts.
        public = site.home / "public"
        cost = {
            asked[request]: size or (public / asked[request].removeprefix(f"{site.address}/")).stat().st_size
            for request, size in received.items()
        }
        assert len(cost) >= 3, cost  # the page, its style, its script: all were counted
        print(name, sum(cost.values()), cost)
        assert sum(cost.values()) <= MOST_BYTES, cost
        strangers = [address for address in cost if not address.startswith((site.address, "data:"))]
        assert strangers == []
    finally:
        context.close()
