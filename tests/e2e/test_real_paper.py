"""The real paper of 2017 through the importer and the whole house, by clicking."""

import re
from pathlib import Path

import pytest
from tests.e2e.conftest import Walk

OPINION = Path(__file__).parents[3] / "shared" / "policy" / "tongliao-opinion-2017.txt"
TITLE = "中共通辽市委办公厅通辽市人民政府办公厅关于印发《通辽市全面推进政务公开工作的实施意见》的通知"
INTERPRETATION = "政务公开怎么做：一图读懂26条"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not OPINION.exists(), reason="the real paper is not here")]


def open_paper(walk: Walk, kind: str = "document", words: str = "全面推进政务公开") -> None:
    walk.open(f"/desk/{kind}/?q={words}")
    walk.follow(walk.page.locator("tbody a"))


def test_the_real_paper_goes_from_import_to_a_met_duty(walk: Walk) -> None:
    # Import: what is recognised stands there, what is not is asked.
    walk.sign_in("zfb-nicao")
    walk.follow("新建公文")
    walk.page.get_by_label("选择 .docx、.pdf、.html 或 .txt 文件").set_input_files(OPINION)
    walk.press("读入文件")
    walk.sees("8章、26条", "中共通辽市委办公厅、通辽市人民政府办公厅", "2017-01-04", "2022-04-13", "35个")
    asked = walk.page.locator(".questions").inner_text()
    assert asked.count("排版残留") == 2 and "信息来源" in asked and "发文字号" in asked
    assert walk.page.get_by_label("标题").input_value() == TITLE
    assert walk.page.get_by_label("成文日期").input_value() == "2017-01-04"
    assert walk.page.get_by_label("原网页发布日期").input_value() == "2022-04-13"
    assert walk.page.get_by_label("信息来源").input_value() == ""
    assert "HTH" not in walk.page.get_by_label("正文").input_value()
    walk.shot("imported")
    walk.page.get_by_label("以谁的名义印发").select_option(label="政府办公厅（室）名义")
    walk.fill("信息来源", "通辽市人民政府办公厅")
    walk.page.get_by_label("主题分类").select_option(label="综合政务")
    walk.tick("主动公开")
    for stage in ("决策公开", "执行公开", "管理公开", "服务公开", "结果公开"):
        walk.tick(stage)
    for mark in ("涉及面广", "社会关注度高"):
        walk.tick(mark)
    walk.press("只保存")

    # Reported without material: returned, with the reason on the slip.
    walk.sees("现在报送会被退文", "没有附解读材料")
    walk.press("报送政府办公厅")
    walk.sees("已退文", "退文单", "没有附解读方案", "没有附解读材料", "《意见》第10条")
    walk.shot("returned")

    # Mended: plan and material attached, approved by the head, reported again.
    walk.follow(walk.page.get_by_role("link", name="附解读", exact=True))
    walk.fill("解读方案", "办公厅主要负责人解读；公开当日上网，三个工作日内见报。")
    walk.page.get_by_label("解读材料标题").fill(INTERPRETATION)
    walk.page.get_by_label("解读材料", exact=False).last.fill(
        "一、为什么要公开\n公开是常态，不公开是例外。\n二、群众得到什么\n有时限，可监督。"
    )
    walk.tick("政策问答")
    walk.fill("重点解读哪几条", "3、10、18")
    for point in (
        "背景依据",
        "目标任务",
        "主要内容",
        "涉及范围",
        "执行标准",
        "注意事项",
        "关键词诠释",
        "惠民利民举措",
        "新旧政策差异",
    ):
        walk.page.get_by_label(point, exact=True).fill(f"{point}：详见材料。")
    walk.press("保存")
    walk.press("送负责人审签")
    walk.sign_in("zfb-fuzeren")
    walk.press(f"审定并同意报送《{TITLE}》")
    walk.sign_in("zfb-nicao")
    open_paper(walk)
    walk.press("报送政府办公厅")
    walk.sees("已报政府办公厅")

    # Accepted, signed, reviewed by another person, issued, published.
    walk.sign_in("zfb-wenshu")
    walk.press(f"收文《{TITLE}》")
    walk.sign_in("zfb-fuzeren")
    walk.press(f"签发《{TITLE}》")
    walk.sign_in("zfb-baomi")
    walk.follow(walk.page.get_by_role("link", name=f"保密审查通过《{TITLE}》"))
    walk.press("保密审查通过")
    walk.sign_in("zfb-gongkai")
    walk.press(f"编号印发《{TITLE}》")
    walk.press(f"公开《{TITLE}》")
    open_paper(walk)
    walk.comes("已公开", "发布解读材料", "个工作日")
    walk.shot("published")
    walk.follow(walk.page.get_by_role("link", name="看公开页面"))
    public = walk.page.url
    walk.comes(TITLE, "通政办发〔", "2017年1月4日", "总体要求", "监督考核", "综合政务")
    assert walk.page.locator("[id=a26]").count() == 1
    walk.shot("public")

    # Interpreted on the site and in the media: the three-working-day duty is met.
    walk.sign_in("zfb-baomi")
    walk.follow(walk.page.get_by_role("link", name=f"保密审查通过《{INTERPRETATION}》"))
    walk.press("保密审查通过")
    walk.sign_in("zfb-gongkai")
    walk.press(f"公开《{INTERPRETATION}》")
    open_paper(walk, "interpretation", "一图读懂")
    walk.follow(walk.page.get_by_role("link", name="登记媒体发布"))
    walk.fill("媒体名称", "通辽日报")
    walk.fill("报道链接", "https://news.example/2017-opinion")
    walk.page.get_by_label("刊播时间").fill("2026-11-24T08:00")
    walk.press("登记媒体发布")
    open_paper(walk)
    walk.comes("按期完成", "政府网站：按期完成", "媒体：按期完成")
    walk.page.goto(public)
    walk.comes(INTERPRETATION, "发布解读材料", "按时完成")
    walk.shot("met")
    walk.follow(walk.page.get_by_role("link", name=re.compile(INTERPRETATION)))
    walk.sees("公开是常态", "背景依据", "通辽市人民政府办公厅")
    walk.shot("interpretation")
    walk.finish()


def test_the_public_paper_on_a_phone(phone: Walk) -> None:
    phone.open("/policies/?q=全面推进政务公开")
    phone.follow(phone.page.get_by_role("link", name=TITLE, exact=True))
    phone.sees("总体要求")
    phone.shot("paper")
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    phone.finish()
