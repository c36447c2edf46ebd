"""What citizens write to us, in a real browser at both widths, typed at a person's pace."""

import pytest
from tests.e2e.conftest import Walk

pytestmark = pytest.mark.browser


def a_paper(person: Walk) -> str:
    """Address of a paper the demonstration city published."""
    person.open("/policies/")
    address = person.page.locator("main .rows a[href^='/pub/']").first.get_attribute("href")
    assert address is not None
    return address


@pytest.mark.task("C12")
def test_a_wrong_word_is_reported_and_the_receipt_leads_to_the_answer(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        paper = a_paper(person)
        person.open(paper)
        person.follow("这一页有错？告诉我们")
        person.sees("提交之后", "个工作日内", "查询码")
        assert person.page.get_by_label("哪一页").input_value() == paper
        person.shot("form")
        person.page.get_by_label("哪里不对").press_sequentially("第二段“发展和改个”应为“发展和改革”。", delay=180)
        person.press("提交")
        person.sees("已提交，谢谢您", "查询码")
        person.shot("receipt")
        person.finish(2)
        number, code = (person.page.locator(".receipt-number").nth(place).inner_text() for place in (0, 1))
        person.follow("查答复")
        person.page.get_by_label("查询码").fill(code.lower())
        person.press("查询")
        person.sees(number, "哪一页")
        person.shot("answer")
        person.page.go_back()
        person.page.get_by_label("查询码").fill("AAAA AAAA")
        with person.page.expect_response(lambda reply: reply.request.method == "POST") as refused:
            person.page.get_by_role("button", name="查询").click()
        assert refused.value.status == 422
        person.sees("没有查到")
        person.shot("wrong-code")


def test_a_mistake_is_shown_where_it_is_and_nothing_is_lost(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        person.open("/feedback/?page=/policies/")
        person.page.get_by_label("错误的原文").fill("改个")
        person.press("提交")
        person.sees("还没有提交", "请写明哪里不对")
        assert person.page.get_by_label("错误的原文").input_value() == "改个"
        person.shot("mistake")


@pytest.mark.task("C11")
def test_one_departments_new_papers_are_subscribed(walk: Walk, phone: Walk) -> None:
    for person in (walk, phone):
        person.open("/")
        person.follow("订阅")
        person.sees("用阅读器", "没有接通发信服务器")
        person.page.get_by_text("各单位、各主题的订阅地址").click()
        link = person.page.get_by_role("link", name="通辽市教育局 Atom", exact=True)
        assert link.get_attribute("href") == "/feeds/unit/jyj.atom"
        person.shot("subscribe")
        reply = person.page.request.get(f"{person.site.address}/feeds/unit/jyj.atom")
        assert reply.status == 200 and "<feed" in reply.text()
        person.steps += 1
        person.finish(2)
