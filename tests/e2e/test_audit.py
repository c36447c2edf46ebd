"""Who saw this applicant's identity, and when: the look, and the auditor who finds it."""

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.e2e.conftest import Walk

from mingtang.merkle.audit_export import verify_export

pytestmark = pytest.mark.browser

CONTACT = "王女士 13800138000"


def report_an_error(person: Walk) -> str:
    """As a citizen, on a page of the development and reform commission; gives the receipt number."""
    person.open("/feedback/?page=/units/fgw/")
    person.page.get_by_label("哪里不对").press_sequentially("办公电话写错了一位数字。", delay=350)
    person.page.get_by_label("联系方式").fill(CONTACT)
    person.press("提交")
    return person.page.locator(".receipt-number").first.inner_text()


def wait_for_report(person: Walk) -> None:
    """The worker takes reports over within a second once it has made the city's files."""
    for _ in range(240):
        person.open("/desk/error_report/")
        if person.page.locator("tbody a").count():
            return
        person.page.wait_for_timeout(250)


def narrow_enough(page: Page) -> None:
    """Nothing but tables scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.task("O12")
def test_the_auditor_finds_who_saw_an_applicants_identity(walk: Walk, phone: Walk, tmp_path: Path) -> None:
    number = report_an_error(walk)
    walk.sign_in("fgw-gongkai")
    wait_for_report(walk)
    walk.follow(walk.page.locator("tbody a"))
    walk.sees("当事人的个人信息", "******")
    assert CONTACT not in walk.page.content()
    walk.shot("masked")
    walk.page.get_by_label("查看联系方式的用途").select_option(label="联系本人，核实或答复")
    walk.press("查看联系方式")
    walk.sees(CONTACT, "您的查看已记录")
    walk.shot("opened")

    for person in (walk, phone):
        person.sign_in("zfb-shenji")
        person.steps = 0
        person.follow("审计查询")
        narrow_enough(person.page)
        person.shot("trail")
        person.fill("事项编号", number)
        person.press("查")
        person.sees(number, "查看个人信息", "联系本人，核实或答复")
        person.shot("found")
        person.follow("谁看过")
        person.sees("谁看过当事人的个人信息", "联系方式", "联系本人，核实或答复", "所有看过这件事项的人")
        assert CONTACT not in person.page.content()
        narrow_enough(person.page)
        person.shot("who")
        person.finish(3)

    walk.follow(walk.page.locator("main table a[href*='/audit/people/']"))
    walk.sees("近三十天", "查看个人信息")
    walk.shot("person")
    walk.open("/desk/audit/?action=identity")
    with walk.page.expect_download() as given:
        walk.page.get_by_role("button", name="导出 JSON").click()
    path = tmp_path / "export.zip"
    given.value.save_as(path)
    report = verify_export(path.read_bytes())
    assert report.findings == [] and report.rows >= 1
    with zipfile.ZipFile(path) as archive:
        lines = json.loads(archive.read("审计记录.json"))
    assert lines[-1]["用途"] == "联系本人，核实或答复" and CONTACT not in str(lines)
    walk.open("/desk/audit/")
    walk.press("现在核验")
    walk.sees("审计记录完好")
    walk.shot("checked")
    walk.finish()
