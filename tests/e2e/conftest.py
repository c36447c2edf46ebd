"""The real thing in a real browser: `mingtang serve` in a process of its own, walked in headless Chromium."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "test-artefacts"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
]
READY_SECONDS = 400


@dataclass
class Site:
    """A running installation with the demonstration city."""

    address: str
    home: Path
    password: str


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))},
        "MINGTANG_HOME": str(home),
        "MINGTANG_PORT": str(port),
        "PYTHONPATH": str(ROOT / "src"),
    }
    output = home / "serve.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mingtang.cli.main", "serve"], env=environment, stdout=log, stderr=log, cwd=ROOT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, output)
        accounts = json.loads((home / "secrets" / "demo_accounts.json").read_text())
        yield Site(address, home, accounts["password"])
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended: {output.read_text()}")
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the server was not ready in {READY_SECONDS} s: {output.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("MINGTANG_CHROMIUM", "/usr/bin/chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Walk:
    """A person at a browser. Counts steps: every click or submit that loads a page."""

    page: Page
    site: Site
    name: str
    steps: int = 0
    shots: int = 0
    problems: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Anything the browser complains about fails the test: scripts, styles, policies, missing files."""
        self.page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on(
            "response",
            lambda reply: self.problems.append(f"{reply.status} {reply.url}") if reply.status >= 500 else None,
        )

    def sign_in(self, username: str) -> None:
        """Sign in as a demonstration account, arriving on the desk. Not counted as a step."""
        self.page.context.clear_cookies()
        self.page.goto(f"{self.site.address}/accounts/login/?next=/desk/")
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码").fill(self.site.password)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_load_state()

    def open(self, path: str) -> None:
        """Go to an address, not counted: the place a person starts from."""
        self.page.goto(self.site.address + path)

    def follow(self, target: Locator | str | re.Pattern[str]) -> None:
        """Click what loads a page: one step."""
        place = self.page.get_by_role("link", name=target) if isinstance(target, str | re.Pattern) else target
        with self.page.expect_navigation():
            place.first.click()
        self.steps += 1

    def press(self, button: str | re.Pattern[str]) -> None:
        """Press a button that submits: one step."""
        exact = isinstance(button, str)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=button, exact=exact).first.click()
        self.steps += 1

    def fill(self, label: str, value: str) -> None:
        self.page.get_by_label(label).first.fill(value)

    def tick(self, label: str) -> None:
        self.page.get_by_label(label, exact=True).first.check()

    def sees(self, *texts: str) -> None:
        """Every text stands on the page."""
        content = self.page.inner_text("body")
        missing = [text for text in texts if text not in content]
        assert not missing, f"{missing} not on {self.page.url}:\n{content[:3000]}"

    def comes(self, *texts: str) -> None:
        """Every text stands on the page within a minute at most: what follows a publication is made by the worker."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and any(text not in self.page.inner_text("body") for text in texts):
            self.page.wait_for_timeout(200)
            self.page.reload()
        self.sees(*texts)

    def shot(self, step: str) -> None:
        """A picture of the whole page, and no accessibility violation on it."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.shots += 1
        self.page.screenshot(path=ARTEFACTS / f"{self.name}-{self.shots:02d}-{step}.png", full_page=True)
        found = Axe().run(self.page).response["violations"]
        told = [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in found]
        assert not told, f"{self.page.url}: {told}"

    def finish(self, most: int | None = None) -> None:
        """No complaint from the browser, and no more steps than the task allows."""
        assert self.problems == []
        if most is not None:
            assert self.steps <= most, f"{self.steps} steps, at most {most}"


def _walk(browser: Browser, site: Site, request: Any, width: int, height: int, suffix: str) -> Iterator[Walk]:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(60_000)
    walk = Walk(page, site, f"{request.node.originalname or request.node.name}{suffix}")
    walk.watch()
    yield walk
    context.close()


@pytest.fixture
def walk(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Walk]:
    """At a desk, 1440 pixels wide."""
    yield from _walk(browser, site, request, 1440, 900, "")


@pytest.fixture
def phone(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Walk]:
    """On a phone, 360 pixels wide."""
    yield from _walk(browser, site, request, 360, 780, "-phone")
