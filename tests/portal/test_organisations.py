"""Pages of bodies, banners, the guide, the catalogue and the site map."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.factories import City, Desk, make_desk
from tests.portal.test_pages import get, put, put_duty
from tests.websites.test_profiles import GUIDE, drafted, publish

from mingtang.editions.models import Edition, Publication, PublicDuty, PublicUnit
from mingtang.portal import organisations, site
from mingtang.portal.organisations import Kept
from mingtang.records.models import Record
from mingtang.units import roles

HOSTILE = '<script>alert(1)</script>"><img src=x>'
PAGES = ("/units/", "/units/fgw/", "/regions/150525/", "/guide/", "/catalogue/", "/sitemap/")


@pytest.fixture
def client() -> Client:
    return Client()


def profile_of(city: City, name: str, **changes: Any) -> tuple[Desk, Record]:
    desk = make_desk(city, name)
    return desk, publish(desk, drafted(desk, **changes))


def guide_of(city: City, name: str, **changes: Any) -> tuple[Desk, Record]:
    desk = make_desk(city, name)
    return desk, publish(desk, drafted(desk, "disclosure_guide", **changes))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_finished_before_anything_was_published(city: City, client: Client, path: str) -> None:
    page = get(client, path)
    assert page.count("<h1") == 1
    assert "None" not in page and "Undefined" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ("/units/", "/guide/", "/catalogue/", "/sitemap/"))
def test_pages_stand_in_an_empty_city(client: Client, path: str) -> None:
    assert get(client, path).count("<h1") == 1


def test_a_unit_says_what_article_20_asks(city: City, client: Client) -> None:
    profile_of(city, "发改委")
    page = get(client, "/units/fgw/")
    for words in (
        "拟订发展规划并组织实施",
        "白巴图",
        "副主任",
        "分管价格、能源",
        "科尔沁区（演示地址）1号",
        "工作日8:30至17:30",
    ):
        assert words in page
    assert 'href="tel:0475-5550100"' in page and 'href="tel:0475-5550102"' in page
    assert 'href="/subscribe/?unit=fgw"' in page and 'href="/search?unit=fgw"' in page
    assert 'href="/feeds/unit/fgw.atom"' in page and 'href="/feeds/unit/fgw.rss"' in page


def test_a_unit_without_profile_says_so_and_has_no_feed(city: City, client: Client) -> None:
    page = get(client, "/units/mzj/")
    assert "还没有在这里公布职能、负责人和联系方式" in page and "还没有在这里公开过文件" in page
    assert "/feeds/unit/mzj" not in page and "/subscribe/?unit=mzj" in page


def test_what_a_unit_publishes_stands_newest_first_and_only_twenty(city: City, client: Client) -> None:
    for number in range(25):
        put(
            f"通知{number:02}",
            unit_code="mzj",
            published_at=datetime.fromisoformat(f"2026-03-{number + 1:02}T09:00+08:00"),
        )
    put("清除了的", unit_code="mzj", validity="erased")
    page = get(client, "/units/mzj/")
    assert [int(number) for number in re.findall(r">通知(\d\d)</a>", page)] == list(range(24, 4, -1))
    assert "共25件，这里是新公开的20件" in page and "清除了的" not in page


def test_duties_are_counted_without_the_present_moment(city: City, client: Client) -> None:
    day = datetime.fromisoformat("2026-03-02T09:00+08:00")
    later = day + timedelta(days=9)
    due = day + timedelta(days=3)
    for closed, limit in ((day, due), (due, due), (day, None), (later, due), (None, due), (None, None)):
        put_duty(closed, limit, unit_code="fgw")
    put_duty(None, due, unit_code="fgw", exempt_ground="依法免除")
    put_duty(later, due, unit_code="mzj")
    page = get(client, "/units/fgw/")
    for words in ("按时做到3件", "晚了做到1件", "还没做到2件", "件按时做到，做完的共4件"):
        assert words in page
    assert 'href="/articles/10/#D10.5"' in page
    assert list(re.findall(r'<td class="amount">(\d)</td>', page)) == ["3", "1", "2"]


def test_pieces_of_the_bar_fill_it(db: Any) -> None:
    bars = Kept(1, 1, 1).bars
    assert [name for name, _, _ in bars] == ["on-time", "late", "undone"]
    assert bars[-1][1] + bars[-1][2] == pytest.approx(100, abs=0.02)
    assert Kept(0, 2, 0).bars == [("late", 0.0, 100.0)] and Kept().bars == []


def test_a_duty_opened_later_is_left_out_of_an_earlier_state(city: City) -> None:
    day = datetime.fromisoformat("2026-03-02T09:00+08:00")
    put_duty(None, None, unit_code="fgw", opened_at=day)
    put_duty(None, None, unit_code="fgw", opened_at=day + timedelta(days=2))
    (page,) = organisations.unit_pages({"fgw"}, as_of=day + timedelta(days=1))
    assert page.context["kept"] == Kept(undone=1)


def test_an_ended_unit_leads_on_to_its_successor(city: City, client: Client) -> None:
    page = get(client, "/units/hbj/")
    assert "最后一日是2019年2月28日" in page and 'href="/units/sthjj/"' in page
    assert "/subscribe/?unit=hbj" not in page
    assert 'href="/units/hbj/"' in get(client, "/units/sthjj/")
    listed = get(client, "/units/")
    ended = listed[listed.index('id="ended"') :]
    assert 'href="/units/hbj/"' in ended and 'href="/units/sthjj/"' in ended
    assert 'href="/units/hbj/"' not in listed[: listed.index('id="ended"')]
    assert "没有承接的机构" in ended


def test_every_unit_stands_once_under_its_region(city: City, client: Client) -> None:
    page = get(client, "/units/")
    for code in PublicUnit.objects.filter(valid_to=None).values_list("code", flat=True):
        assert page.count(f'<li><a href="/units/{code}/">') == 1, code
    assert page.index(">奈曼旗人民政府<") > page.index('<h3><a href="/regions/150525/">')
    assert page.index(">大沁他拉镇人民政府<") > page.index('<h3><a href="/regions/150525/">')


@pytest.mark.task("C9")
def test_home_region_contact(city: City, client: Client) -> None:
    guide_of(city, "奈曼旗政府办公室", organ="奈曼旗政府办公室政务公开股", phone="0475-5550250")
    home = get(client, "/")
    assert re.search(r'<a href="/regions/150525/">奈曼旗</a>', home)
    region = get(client, "/regions/150525/")
    top = region[region.index("<h1") : region.index("公开了什么</h2>")]
    assert "政务公开股" in top and 'href="tel:0475-5550250"' in top and "科尔沁区（演示地址）2号" in top


def test_a_region_without_guide_names_the_citys(city: City, client: Client) -> None:
    guide_of(city, "市政府办公厅")
    page = get(client, "/regions/150525/")
    assert "奈曼旗还没有公布公开指南" in page and "0475-5550001" in page
    assert "奈曼旗人民政府" in page and "大沁他拉镇人民政府" in page


def test_a_guide_of_a_department_is_not_that_of_the_region(city: City, client: Client) -> None:
    guide_of(city, "奈曼旗卫健委", phone="0475-5559999")
    assert "还没有公布公开指南" in get(client, "/regions/150525/")


def test_the_guide_page_has_the_fixed_parts_and_is_honest(city: City, client: Client) -> None:
    assert "公开指南还没有公布" in get(client, "/guide/")
    guide_of(city, "市政府办公厅")
    guide_of(city, "奈曼旗政府办公室")
    page = get(client, "/guide/")
    for words in (
        "政府信息公开指南",
        "政府信息公开制度",
        "法定主动公开内容",
        "年度报告",
        "依申请公开",
        "还没有公开过年度报告",
    ):
        assert words in page
    for words in (
        "信息分类",
        "编排体系",
        "获取方式",
        *(GUIDE[name] for name in ("organ", "address", "phone", "fax", "website")),
    ):
        assert words in page
    statutory = page[page.index('<ol class="statutory">') : page.index("</ol>", page.index("statutory"))]
    assert statutory.count("<li>") == 15
    assert "奈曼旗人民政府信息公开指南" in page


def test_a_withdrawn_profile_and_guide_are_gone_from_pages(city: City, client: Client) -> None:
    desk, record = profile_of(city, "发改委")
    city_desk, guide = guide_of(city, "市政府办公厅")
    for one, thing in ((desk, record), (city_desk, guide)):
        one.act(thing, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "withdrawn", "reason": "重写。"})
    assert "白巴图" not in get(client, "/units/fgw/")
    assert "公开指南还没有公布" in get(client, "/guide/")


def test_the_catalogue_has_number_name_summary_and_date(city: City, client: Client) -> None:
    paper = put("关于供热的通知", payload={"blocks": [{"kind": "paragraph", "text": "为保障群众温暖过冬，" * 20}]})
    put("有概述的", summary="供热时间和温度的规定。", written_on=None)
    put("清除了的", validity="erased")
    page = get(client, "/catalogue/")
    assert paper.index_number in page and "2026年3月2日" in page and "供热时间和温度的规定" in page
    assert "为保障群众温暖过冬" in page and "…" in page
    assert "清除了的" not in page and "共2件" in page
    assert 'href="/policies/page/1/"' in page


def test_only_the_newest_fifty_stand_in_the_catalogue(city: City, client: Client) -> None:
    for number in range(53):
        put(f"通知{number}")
    page = get(client, "/catalogue/")
    assert page.count('role="rowheader"') == 50 and "共53件，这里是新公开的50件" in page
    assert 'href="/policies/page/2/"' in page


def test_the_site_map_leads_everywhere(city: City, client: Client) -> None:
    page = get(client, "/sitemap/")
    for path in (
        "/policies/",
        "/guide/#request",
        "/regions/150581/",
        "/units/fgw/",
        "/articles/26/",
        "/verify/",
        "/api/",
    ):
        assert f'href="{path}"' in page


@pytest.mark.parametrize("code", ("nobody", "%00", "x" * 300, "通辽"))
def test_what_is_nowhere_is_404(city: City, client: Client, code: str) -> None:
    get(client, f"/units/{code}/", 404)
    get(client, f"/regions/{code}/", 404)


def test_hostile_words_stay_words(city: City, client: Client) -> None:
    leaders = [{"name": HOSTILE, "post": HOSTILE, "work": HOSTILE}]
    divisions = [{"name": HOSTILE, "work": HOSTILE, "phone": HOSTILE}]
    profile_of(city, "发改委", leaders=leaders, divisions=divisions, phone=f'"{HOSTILE}', functions=f"一、{HOSTILE}。")
    guide_of(city, "市政府办公厅", organ=HOSTILE, website="javascript:alert(1)", obtaining=HOSTILE)
    slugs = [f"/{path}/" for path in Publication.objects.values_list("path", flat=True)]
    for path in (*PAGES, *slugs):
        page = get(client, path)
        assert "<script>alert" not in page and "<img src=x" not in page, path
        assert 'href="javascript' not in page, path


def test_their_own_pages_show_all_and_name_their_section(city: City, client: Client) -> None:
    desk, record = profile_of(city, "发改委")
    desk.act(record, "begin_correction", roles.DRAFTER, data={"remark": "电话变了。"})
    publish(desk, record)
    publication = Publication.objects.get(kind="unit_profile")
    page = get(client, f"/{publication.path}/")
    for words in ("白巴图", "分管价格、能源", "办公室", "0475-5550102", "更正说明：电话变了。", "已核验"):
        assert words in page
    assert '<a href="/units/">机构</a>' in page and 'content="机构职能"' in page
    copy = client.get(f"/{publication.path}/paper.docx")
    assert copy.status_code == 200
    guide_of(city, "市政府办公厅")
    guide = Publication.objects.get(kind="disclosure_guide")
    page = get(client, f"/{guide.path}/")
    assert '<a href="/guide/">政府信息公开</a>' in page and 'content="政府信息公开"' in page
    assert "0475-5550002" in page


def test_a_change_of_contact_is_seen_between_editions(city: City, client: Client) -> None:
    from mingtang.records.services import edit_record

    desk, record = profile_of(city, "发改委")
    desk.act(record, "begin_correction", roles.DRAFTER, data={"remark": "电话变了。"})
    drafter = city.actor(desk.unit, roles.DRAFTER)
    edit_record(Record.objects.get(pk=record.pk), actor=drafter, now=desk.now, data={"phone": "0475-5550777"})
    publish(desk, record)
    path = Publication.objects.get(kind="unit_profile").path
    page = get(client, f"/{path}/difference/1/2/")
    assert "联系电话" in page and "777" in page


def test_internal_links_of_these_pages_lead_somewhere(city: City, client: Client) -> None:
    profile_of(city, "发改委")
    guide_of(city, "市政府办公厅")
    put_duty(None, None, unit_code="fgw")
    # Written by the bake or answered by other rooms.
    elsewhere = ("/feeds/", "/search", "/verify/", "/static/", "/api/")
    for path in (*PAGES, "/units/hbj/"):
        for link in set(re.findall(r'href="(/[^"#?]*)', get(client, path))):
            if not link.startswith(elsewhere):
                assert client.get(link).status_code == 200, (path, link)


def test_bodies_are_read_together(city: City) -> None:
    profile_of(city, "发改委")
    put("一", unit_code="mzj")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        pages = list(organisations.unit_pages())
    assert len(pages) == PublicUnit.objects.count() > 75
    assert len(asked) <= 10
    with CaptureQueriesContext(connection) as asked:
        assert [page.path for page in organisations.unit_pages({"fgw", "mzj"})] == ["units/fgw/", "units/mzj/"]
    assert len(asked) <= 10


def test_the_bake_asks_only_for_touched_bodies(city: City) -> None:
    now = datetime.fromisoformat("2026-03-03T09:00+08:00")
    every = {page.path for page in site.standing_pages(now)}
    some = {page.path for page in site.standing_pages(now, {"fgw"})}
    assert {"units/fgw/", "units/", "regions/150525/", "guide/", "catalogue/", "sitemap/"} <= some
    assert every - some == {f"units/{code}/" for code in PublicUnit.objects.values_list("pk", flat=True)} - {
        "units/fgw/"
    }


def test_a_page_and_the_same_page_read_with_all_others_are_alike(city: City) -> None:
    profile_of(city, "发改委")
    put_duty(None, None, unit_code="fgw", duty_id=UUID(int=77_000))
    put("一", unit_code="fgw")
    one = organisations.unit_page("fgw")
    assert one is not None and PublicDuty.objects.count() == 1 and Edition.objects.count() == 2
    assert one.text() == {page.path: page for page in organisations.unit_pages()}["units/fgw/"].text()
