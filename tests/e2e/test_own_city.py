"""A stranger makes a county of their own: one command, then the desk, until the first paper is public."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser
from tests.e2e.conftest import ROOT, Site, Walk, _wait, _walk

pytestmark = pytest.mark.browser
TITLE = "青禾县教育局关于做好冬季校园供暖工作的通知"
OWN_PASSWORD = "qing-he-2026-dong"


def environment(home: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MINGTANG_", "DJANGO_"))}
    return {**kept, "MINGTANG_HOME": str(home), "MINGTANG_PORT": str(port), "PYTHONPATH": str(ROOT / "src")}


def mingtang(home: Path, port: int, *words: str) -> str:
    command = [sys.executable, "-m", "mingtang.cli.main", *words]
    done = subprocess.run(command, env=environment(home, port), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The installation of an invented county, made by ``mingtang init`` from the filled-in template and served."""
    folder = tmp_path_factory.mktemp("county")
    home, table = folder / "home", folder / "青禾县.xlsx"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mingtang(home, port, "init", "--template", str(table))
    book = load_workbook(table)
    book["单位"].append(["青禾县水利局", "水利局"])
    book["人员"].append([])
    book.save(table)
    said = mingtang(home, port, "init", "--profile", str(table))
    assert "13个单位" in said and "新建了10个账号" in said
    output = home / "serve.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mingtang.cli.main", "serve", "--no-demo"],
            env=environment(home, port),
            stdout=log,
            stderr=log,
            cwd=ROOT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, output)
        yield Site(address, home, OWN_PASSWORD)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def desk(browser: Browser, county: Site, request: pytest.FixtureRequest) -> Iterator[Walk]:
    yield from _walk(browser, county, request, 1440, 900, "")


@pytest.fixture
def pocket(browser: Browser, county: Site, request: pytest.FixtureRequest) -> Iterator[Walk]:
    yield from _walk(browser, county, request, 360, 780, "-phone")


def initial_passwords(site: Site) -> dict[str, str]:
    lines = (site.home / "secrets" / "initial_passwords.txt").read_text().splitlines()
    return {username: password for username, _, password in (line.split("\t") for line in lines)}


def enter(walk: Walk, username: str, password: str) -> None:
    """Sign in for the first time, with a password somebody else gave, and set one of one's own."""
    walk.page.context.clear_cookies()
    walk.open("/accounts/login/?next=/desk/")
    walk.fill("用户名", username)
    walk.fill("密码", password)
    walk.press("登录")
    walk.sees("设置自己的密码")
    walk.fill("新密码", OWN_PASSWORD)
    walk.fill("再输一次", OWN_PASSWORD)
    walk.press("保存密码")
    assert walk.page.url.endswith("/desk/"), walk.page.inner_text("body")


def changed(walk: Walk, path: str, words: str) -> None:
    """The page says it within a minute and a half, and is never away."""
    deadline = time.monotonic() + 90
    walk.open(path)
    while time.monotonic() < deadline and words not in walk.page.inner_text("body"):
        walk.page.wait_for_timeout(500)
        walk.open(path)
    walk.sees(words)


@pytest.mark.task("P2")
def test_a_county_of_ones_own_up_to_its_first_paper(desk: Walk, pocket: Walk, tmp_path: Path) -> None:
    passwords = initial_passwords(desk.site)
    # What is still missing, in plain words.
    enter(desk, "xitong", passwords["xitong"])
    desk.follow("安装检查")
    desk.sees("要马上处理", "从来没有备份过", "要留意", "没有设置邮件服务器", "怎么办", "后台任务", "正在运行")
    desk.shot("setup-check")
    # A drafter more: the account by one administrator, post and password by another.
    desk.follow("人员")
    desk.follow("新建账号")
    desk.fill("用户名", "jyj-xinren")
    desk.fill("姓名", "新来的")
    desk.press("新建账号")
    desk.sees("已新建账号jyj-xinren")
    enter(desk, "anquan", passwords["anquan"])
    desk.follow("人员")
    desk.follow("新来的")
    desk.follow("安排岗位")
    desk.page.get_by_label("任职", exact=True).check()
    desk.fill("单位", "教育局")
    desk.page.get_by_label("角色").select_option(label="起草人")
    desk.press("安排岗位")
    desk.sees("青禾县教育局")
    desk.press("发放一次性密码")
    code = desk.page.locator("code.one-time").inner_text()
    desk.shot("one-time-password")
    # The first paper.
    enter(desk, "jyj-xinren", code)
    desk.follow("新建公文")
    desk.fill("标题", TITLE)
    desk.page.get_by_label("以谁的名义印发").select_option(value="department")
    desk.fill("主送机关", "各学校")
    desk.page.get_by_label("正文", exact=True).fill(
        "为让师生温暖过冬，现就供暖工作通知如下。\n一、检查设备\n（一）锅炉。开学前检修完毕。\n二、畅通渠道\n（二）值守。供暖期间有人接电话。"
    )
    desk.tick("主动公开")
    desk.tick("服务公开")
    desk.page.locator("#id_policy").uncheck()
    desk.press("只保存")
    desk.press("送负责人审签")
    desk.sees("待负责人审签")
    desk.shot("first-paper")
    enter(desk, "jyj-juzhang", passwords["jyj-juzhang"])
    desk.press(f"签发《{TITLE}》")
    enter(desk, "jyj-baomi", passwords["jyj-baomi"])
    desk.follow(desk.page.get_by_role("link", name=f"保密审查通过《{TITLE}》"))
    desk.press("保密审查通过")
    enter(desk, "jyj-gongkai", passwords["jyj-gongkai"])
    desk.press(f"编号印发《{TITLE}》")
    desk.press(f"公开《{TITLE}》")
    # Everybody can read it, under the county's own name.
    desk.open("/")
    desk.comes(TITLE)
    desk.sees("青禾县人民政府", "网站标识码", "1599210001", "0999-5550001")
    assert "演示" not in desk.page.inner_text("body")
    desk.shot("home")
    desk.follow(TITLE)
    desk.sees("青禾县教育局", "锅炉", "159921D002/")
    desk.shot("paper")
    desk.finish()
    pocket.open("/")
    pocket.sees("青禾县人民政府", TITLE)
    pocket.shot("home")
    assert pocket.page.evaluate("document.documentElement.scrollWidth") <= 360
    pocket.page.context.clear_cookies()
    pocket.open("/accounts/login/?next=/desk/system/setup/")
    pocket.fill("用户名", "xitong")
    pocket.fill("密码", OWN_PASSWORD)
    pocket.press("登录")
    pocket.sees("安装检查")
    pocket.shot("setup-check")
    assert pocket.page.evaluate("document.documentElement.scrollWidth") <= 360
    pocket.finish()


def test_a_changed_profile_reaches_every_page_by_itself(desk: Walk, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 44 44"><circle cx="22" cy="22" r="20" fill="#a4262c"/></svg>'
    )
    change = tmp_path / "change.toml"
    change.write_text('[city]\nlogo = "logo.svg"\n[site]\nphone = "0999-5558888"\n', encoding="utf-8")
    port = int(desk.site.address.rsplit(":", 1)[1])
    assert "没有新账号" in mingtang(desk.site.home, port, "init", "--profile", str(change))
    # The worker and the web server start anew; the old ones answer meanwhile.
    changed(desk, "/", "0999-5558888")
    mark = desk.page.locator("header .site-name img")
    assert re.fullmatch(r"/static/city/[0-9a-f]{12}-logo\.svg", mark.get_attribute("src") or "")
    assert desk.page.evaluate("document.querySelector('header .site-name img').naturalWidth") > 0
    # Pages that are not baked too.
    changed(desk, "/search?q=供暖", "0999-5558888")
    desk.shot("search")
    desk.finish()
