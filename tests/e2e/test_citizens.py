"""What citizens come to do, at a desk and on a phone, within the steps they are allowed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.e2e.conftest import ARTEFACTS, ROOT, Walk

pytestmark = pytest.mark.browser

BUS = "关于优化城乡公交线路的通知"
CORRECTED = "临时救助申请办理办法"


def look_for(person: Walk, words: str) -> None:
    """Type half-remembered words on the home page and look: one step."""
    person.open("/")
    person.page.get_by_label("找文件").fill(words)
    person.press("查找")


def the_paper(person: Walk, title: str) -> str:
    """Open a paper by its title, not counted; gives its address."""
    look_for(person, f'"{title}"')
    person.follow(person.page.get_by_role("link", name=title, exact=True))
    person.steps = 0
    return person.page.url.removeprefix(person.site.address)


@pytest.mark.task("C1")
def test_a_paper_is_found_from_half_remembered_words_and_says_whether_it_is_in_force(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        look_for(person, "秸秆 焚烧")
        person.sees("共", "没有同时符合")
        person.follow(person.page.locator(".empty").get_by_role("link", name="秸秆", exact=True))
        person.sees("关于秋冬季秸秆禁烧管理的通知", "已废止")
        person.shot("found-after-all")
        person.finish(2)
        person.steps = 0
        look_for(person, "公交 班次")
        paper = person.page.get_by_role("link", name=BUS, exact=True)
        row = person.page.locator(".found-rows li").filter(has=paper).first
        assert "有效" in row.inner_text()
        assert row.locator("mark").count() >= 1
        person.shot("found")
        person.follow(row.get_by_role("link").first)
        person.sees("有效性", "有效", "早晚高峰")
        person.finish(2)


@pytest.mark.task("C2")
def test_what_an_article_asks_and_how_often_it_was_kept(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        person.open("/")
        person.follow("职责公示")
        person.sees("城市说到做到了吗")
        person.follow(re.compile("^第16条"))
        person.sees("第16条", "何时", "谁来做")
        person.shot("article-16")
        person.finish(3)
        person.open("/articles/10/")
        person.sees("本年按时率", "发布解读材料")
        person.shot("article-10")


@pytest.mark.task("C3")
def test_the_interpretation_stands_beside_the_article(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        look_for(person, "公交")
        person.follow(person.page.locator(".found-rows").get_by_role("link", name=BUS, exact=True))
        person.page.get_by_role("link", name="本条有解读").first.click()
        person.sees("解读", "为什么要出台")
        assert "#explanation-1" in person.page.url
        person.shot("beside")
        person.finish(2)


@pytest.mark.task("C9")
def test_who_is_responsible_for_openness_in_my_banner(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        person.open("/")
        person.follow("奈曼旗")
        person.sees("奈曼旗")
        assert re.search(r"0475-\d{7}", person.page.inner_text("main"))
        assert re.search(r"政务公开|信息公开", person.page.inner_text("main"))
        person.shot("banner")
        person.finish(3)


@pytest.mark.task("C10")
def test_the_readers_own_browser_checks_a_page_and_so_does_the_command(walk: Walk, phone: Walk, tmp_path: Path) -> None:
    for person in (walk, phone):
        the_paper(person, BUS)
        person.follow(person.page.get_by_role("link", name="看证明"))
        person.page.get_by_text("自己算了一遍").wait_for()
        person.sees("内容没有改动", "条记录都在日志里")
        person.shot("checked")
        person.finish(1)
    memory = tmp_path / "memory.json"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "mingtang.cli.main", "verify", walk.site.address, "--memory", str(memory)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_page_is_found_by_the_readers_browser(walk: Walk) -> None:
    """Someone changes a word of the record on the disk; the official's seal says nothing, the browser does."""
    path = the_paper(walk, "关于采暖期空气质量信息公布的通告")
    record = walk.site.home / "public" / path.strip("/") / "record.json"
    before = record.read_bytes()
    siblings = {suffix: record.with_name(record.name + suffix) for suffix in (".br", ".gz")}
    kept = {suffix: file.read_bytes() for suffix, file in siblings.items() if file.exists()}
    try:
        for file in siblings.values():
            file.unlink(missing_ok=True)
        record.write_bytes(before.replace("采暖期".encode(), "采煤期".encode(), 1))
        walk.follow(walk.page.get_by_role("link", name="看证明"))
        walk.page.get_by_text("不符：内容和公开时的指纹不一样").wait_for()
        walk.shot("found-out")
    finally:
        record.write_bytes(before)
        for suffix, data in kept.items():
            siblings[suffix].write_bytes(data)


def test_versions_are_compared(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        the_paper(person, CORRECTED)
        person.follow(re.compile("比第1版改了什么"))
        person.sees("版本对照")
        assert person.page.locator("ins, del").count() >= 1
        person.shot("compared")
        person.finish(1)


def test_a_paper_in_traditional_mongolian_runs_in_columns(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        the_paper(person, "关于规范义务教育阶段课后服务的通知")
        person.follow("蒙古文")
        style = person.page.locator(".paper").evaluate("paper => getComputedStyle(paper).writingMode")
        assert style == "vertical-lr"
        assert person.page.locator(".paper").get_attribute("lang") == "mn-Mong"
        person.shot("mongolian")
        person.follow("English")
        person.sees("Notice on After-School Services")
        person.finish()


PAGES = {
    "home": "/",
    "policies": "/policies/",
    "interpretations": "/interpretations/",
    "archive": "/policies/page/1/",
    "stage": "/stages/service/",
    "region": "/regions/150525/",
    "units": "/units/",
    "unit": "/units/jyj/",
    "guide": "/guide/",
    "catalogue": "/catalogue/",
    "articles": "/articles/",
    "article": "/articles/10/",
    "duty": "/articles/10/D10.5/",
    "search": "/search?q=供热",
    "nothing": "/search?q=完全没有的词语",
    "about": "/about/",
    "verify": "/verify/",
    "sitemap": "/sitemap/",
    "feedback": "/feedback/?page=/policies/",
    "subscribe": "/subscribe/?unit=jyj",
    "api": "/api/",
    "missing": "/no-such-page/",
}
MODES = {"large": "size-large", "largest": "size-largest", "contrast": "contrast-high"}


@pytest.mark.parametrize("name", PAGES)
def test_every_kind_of_page_in_every_mode(walk: Walk, phone: Walk, name: str) -> None:
    """No violation that axe knows, nothing wider than the screen, at 360 and 1440 pixels; a picture of each."""
    for person, width in ((walk, 1440), (phone, 360)):
        person.open(PAGES[name])
        ARTEFACTS.mkdir(exist_ok=True)
        for mode in ("normal", *MODES):
            if mode != "normal":
                person.page.locator(".reading > summary").click()
                person.page.locator(f"#{MODES[mode]}").check()
                person.page.locator(".reading > summary").click()
            found = Axe().run(person.page).response["violations"]
            told = [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in found]
            assert not told, f"{name}, {mode}, {width}: {told}"
            wide = person.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name}, {mode}: {wide} of {width} pixels"
            if mode in ("normal", "contrast"):
                person.page.screenshot(path=ARTEFACTS / f"page-{name}-{mode}-{width}.png", full_page=True)
            person.page.evaluate("localStorage.clear()")
            if mode != "normal":
                person.open(PAGES[name])
        person.page.emulate_media(media="print")
        person.page.screenshot(path=ARTEFACTS / f"page-{name}-print-{width}.png", full_page=True)
        person.page.emulate_media(media="screen")


def test_the_choice_of_mode_is_kept_and_works_without_scripts(walk: Walk, site: object) -> None:
    walk.open("/")
    walk.page.locator(".reading > summary").click()
    walk.page.locator("#size-largest").check()
    walk.open("/policies/")
    assert walk.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    context = walk.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(walk.site.address + "/policies/")
    page.locator(".reading > summary").click()
    page.locator("#contrast-high").check()
    assert page.locator("main .rows a").count() > 3
    context.close()


def test_everything_is_reached_by_keyboard(walk: Walk) -> None:
    walk.open("/")
    walk.page.keyboard.press("Tab")
    assert walk.page.evaluate("document.activeElement.textContent") == "跳到正文"
    walk.page.keyboard.press("Enter")
    assert walk.page.evaluate("document.activeElement.id") == "content"
    walk.page.keyboard.press("Tab")
    walk.page.keyboard.type("供热")
    with walk.page.expect_navigation():
        walk.page.keyboard.press("Enter")
    walk.sees("共2件")
    walk.finish()
