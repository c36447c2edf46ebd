"""The openness office finds out who is late and reminds them; people read what they were told and choose how."""

import re

import pytest
from tests.e2e.conftest import Walk

pytestmark = pytest.mark.browser


@pytest.mark.task("O10")
def test_openness_office_sees_who_is_late_why_and_reminds_them_all(walk: Walk, phone: Walk) -> None:
    walk.sign_in("zfb-gongkai")
    walk.sees("已过期限，来自")
    walk.follow("看谁逾期、催办")
    walk.sees("今天谁逾期", "件逾期", "第10条", "还没有催办过")
    assert walk.page.get_by_text(re.compile("停在“|还差一步：")).count() > 0
    walk.shot("late")
    walk.press(re.compile("催办全部逾期的"))
    walk.sees("已催办", "已记入办理过程", "一小时内都已催办", "最近催办：")
    walk.shot("reminded")
    walk.finish(3)
    assert walk.page.get_by_role("button", name=re.compile("催办全部")).count() == 0
    # On the duty's page and in the record's own course.
    walk.follow(walk.page.locator("main .rows .title"))
    walk.sees("提醒和催办记录", "催办，通知")
    walk.shot("duty")
    phone.sign_in("zfb-gongkai")
    phone.shot("home")
    phone.open("/desk/late/")
    phone.shot("late")
    phone.finish()


def test_a_head_reads_what_the_office_sent_and_chooses_how_to_be_told(walk: Walk, phone: Walk) -> None:
    walk.sign_in("zfb-gongkai")
    walk.open("/desk/late/")
    unit = walk.page.locator("main section[aria-labelledby^='u-']").first.get_attribute("aria-labelledby") or ""
    again = walk.page.get_by_role("button", name=re.compile("^催办"))
    if again.count():
        again.first.click()
    head = unit.removeprefix("u-").rsplit("-", 1)[-1] + "-fuzeren"
    for person, name in ((walk, "desk"), (phone, "phone")):
        person.sign_in(head)
        person.open("/desk/notices/")
        person.sees("被催办", "未读（")
        person.shot(f"inbox-{name}")
    walk.press("全部标为已读")
    walk.sees("没有未读的通知")
    walk.shot("empty")
    walk.follow("全部")
    walk.follow("通知设置")
    walk.sees("还没有设置邮件服务器", "关系期限，办公台里总会显示")
    assert walk.page.get_by_label("已逾期：在办公台显示").is_disabled()
    walk.page.get_by_label("即将到期：邮件").select_option(label="不发邮件")
    walk.fill("免打扰从", "21:30")
    walk.shot("preferences")
    walk.press("保存设置")
    walk.sees("通知设置已保存")
    assert walk.page.get_by_label("免打扰从").input_value() == "21:30"
    assert walk.page.get_by_role("button", name="发验证码").count() == 0
    phone.open("/desk/notices/preferences/")
    phone.shot("preferences")
    walk.finish()
    phone.finish()


def test_the_system_administrator_sees_where_messages_go(walk: Walk, phone: Walk) -> None:
    walk.sign_in("zfb-xitong")
    walk.follow("消息推送")
    walk.sees("还没有登记接收地址", "不知是否送达，没有重发")
    walk.fill("接收地址", "https://127.0.0.1/notices")
    walk.press("登记")
    walk.sees("这个地址在内部网络里", "MINGTANG_HOOK_NETWORKS")
    walk.shot("hooks")
    phone.sign_in("zfb-xitong")
    phone.open("/desk/system/hooks/")
    phone.shot("hooks")
    walk.problems = [problem for problem in walk.problems if "400 (Bad Request)" not in problem]
    walk.finish()
    phone.finish()
