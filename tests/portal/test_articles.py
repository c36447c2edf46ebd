"""The articles board, the article pages and the page about this site, over the public tables alone."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mingtang.editions.models import Publication, PublicDuty
from mingtang.editions.selectors import MET, duty_state
from mingtang.portal.rulebook import STATE_LABELS, opinion_duties
from mingtang.portal.views_articles import Standing, described, period_words, standing_as, standings, this_year

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 7, 1, 10, 0, tzinfo=SHANGHAI)
LATE = {"met_late", "overdue", "advisory_late"}
_serial = count(1)


@pytest.fixture
def july(monkeypatch: pytest.MonkeyPatch) -> None:
    """The views take the time from the clock; here it stands still."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def day(month: int, number: int, year: int = 2026) -> datetime:
    return datetime(year, month, number, 17, 0, tzinfo=SHANGHAI)


def last_moment(month: int, number: int, year: int = 2026) -> datetime:
    return datetime(year, month, number, 23, 59, 59, 999999, tzinfo=SHANGHAI)


def make_duty(code: str = "D10.5", **changes: Any) -> PublicDuty:
    article = int(code[1:3]) if code[1:3].isdigit() else 0
    values: dict[str, Any] = {
        "duty_id": UUID(int=next(_serial)),
        "code": code,
        "article": article,
        "title": "发布解读材料",
        "force": "M",
        "unit_code": "development_reform",
        "unit_name": "通辽市发展和改革委员会",
        "opened_at": day(3, 2),
        "due_at": last_moment(3, 5),
    }
    return PublicDuty.objects.create(**{**values, **changes})


def make_paper(title: str = "关于减少办事材料的通知", **changes: Any) -> Publication:
    number = next(_serial)
    values: dict[str, Any] = {
        "index_number": f"000014349/2026-{number:05d}",
        "path": f"pub/000014349-2026-{number:05d}",
        "kind": "document",
        "title": title,
        "unit_code": "development_reform",
        "unit_name": "通辽市发展和改革委员会",
        "published_at": day(3, 2),
    }
    return Publication.objects.create(**{**values, **changes})


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.mark.django_db
def test_an_empty_board_divides_by_nothing(client: Client) -> None:
    page = text_of(client.get(reverse("portal:articles")))
    assert "城市说到做到了吗" in page
    assert page.count("尚无到期的职责") == 27, "26 articles and the total"
    assert all(f"第{number}条" in page for number in range(1, 27))
    assert "138项职责" in page and "%" not in page


@pytest.mark.django_db
def test_the_board_counts_what_was_kept_and_what_was_late(client: Client, july: None) -> None:
    make_duty(closed_at=day(3, 4))
    make_duty(closed_at=day(3, 5))
    make_duty(closed_at=day(3, 9))
    make_duty()
    make_duty(opened_at=day(6, 30), due_at=last_moment(7, 20))
    make_duty(exempt_ground="涉及国家秘密")
    make_duty("D03.3", advisory=True)
    page = text_of(client.get(reverse("portal:articles")))
    assert "5件中2件" in page and "40%" in page, "the total"
    assert "4件中2件" in page and "50%" in page and "逾期2件" in page, "article 10"
    assert "1件中0件" in page and "0%" in page and "超过参考时限1件" in page, "article 3"
    assert "截至2026年7月1日 10:00" in page


@pytest.mark.django_db
def test_the_share_is_rounded_down() -> None:
    assert Standing(1000, 999, 1).percent == 99
    assert Standing(3, 3, 0).percent == 100
    assert Standing(3, 0, 0).percent is None


@pytest.mark.django_db
def test_the_board_judges_as_duty_state_does() -> None:
    moments = [None, NOW - timedelta(days=3), NOW, NOW + timedelta(days=1)]
    for due in [*moments, NOW + timedelta(days=30)]:
        for closed in moments[:3]:
            for advisory in (False, True):
                for ground in ("", "依法应当保密"):
                    make_duty(due_at=due, closed_at=closed, advisory=advisory, exempt_ground=ground)
    states = [(duty_state(duty, NOW), duty.advisory) for duty in PublicDuty.objects.all()]
    assert len({state for state, _ in states}) == 7, "every state is tried"
    found = standings(PublicDuty.objects.all(), NOW)["D10.5"]
    kept = sum(state == MET for state, _ in states)
    breaches = sum(state in LATE and not advisory for state, advisory in states)
    reminders = sum(state in LATE and advisory for state, advisory in states)
    assert found == Standing(60, kept, breaches, reminders)


@pytest.mark.django_db
def test_a_duty_of_last_year_left_open_is_not_forgotten_at_new_year() -> None:
    make_duty("D10.5", opened_at=day(12, 1, 2025), due_at=last_moment(12, 4, 2025))
    make_duty("D10.6", opened_at=day(12, 1, 2025), due_at=last_moment(12, 4, 2025), closed_at=day(12, 3, 2025))
    make_duty("D10.2", opened_at=day(12, 30, 2025), due_at=last_moment(1, 6), closed_at=day(1, 5))
    make_duty("D10.8", opened_at=NOW + timedelta(minutes=1), due_at=last_moment(7, 6))
    found = standings(PublicDuty.objects.filter(this_year(NOW)), NOW)
    assert found == {"D10.5": Standing(1, 0, 1), "D10.2": Standing(1, 1, 0)}


@pytest.mark.django_db
def test_duties_of_other_laws_are_not_on_the_board(client: Client, july: None) -> None:
    book_codes = {duty.id for duties in opinion_duties().values() for duty in duties}
    assert len(book_codes) == 138
    make_duty("DX1", article=10)
    page = text_of(client.get(reverse("portal:articles")))
    assert "本年共有0件职责" in page and page.count("尚无到期的职责") == 27
    assert "DX1" not in text_of(client.get(reverse("portal:article", args=[10])))


@pytest.mark.django_db
def test_every_article_has_a_page_and_no_other_number_has(client: Client) -> None:
    for number in opinion_duties():
        page = text_of(client.get(reverse("portal:article", args=[number])))
        assert all(f'id="{duty.id}"' in page for duty in opinion_duties()[number])
    assert client.get("/articles/0/").status_code == 404
    assert client.get("/articles/27/").status_code == 404
    assert client.get("/articles/-1/").status_code == 404


@pytest.mark.django_db
def test_an_article_page_says_what_who_until_when_and_what_follows(client: Client) -> None:
    page = text_of(client.get(reverse("portal:article", args=[10])))
    assert "发布解读材料" in page and "牵头起草部门" in page and "3个工作日内" in page
    assert "必须" in page and "知情权" in page and "督查时列出" in page
    assert "尚未纳入系统跟踪" in page
    assert "《意见》没有写明天数" in page, "D10.6 has a local limit"
    assert "办理关口" in page and "不符合的退文" in page, "D10.4 is a return gate"
    assert "逐件检查，不单独计时" in page
    assert "鼓励" in text_of(client.get(reverse("portal:article", args=[26])))


@pytest.mark.django_db
def test_instances_come_newest_first_with_state_dates_parts_and_paper(client: Client, july: None) -> None:
    paper = make_paper()
    make_duty(
        opened_at=day(2, 25),
        due_at=last_moment(2, 28),
        publication=paper,
        parts=[
            {"name": "site", "label": "政府网站", "closed_at": day(2, 26).isoformat()},
            {"name": "media", "label": "媒体", "closed_at": None},
        ],
    )
    make_duty(opened_at=day(6, 30), due_at=last_moment(1, 5, 2027), provisional=True, unit_name="通辽市教育局")
    page = text_of(client.get(reverse("portal:article", args=[10])))
    assert page.index("通辽市教育局") < page.index("关于减少办事材料的通知")
    make_duty("D10.7", period="2026H1", due_at=last_moment(6, 30))
    assert "2026年上半年" in text_of(client.get(reverse("portal:article", args=[10])))
    assert "2月28日前" in page and "2月25日起算" in page and "已逾期" in page
    assert "2027年1月5日前（暂定）" in page and "进行中" in page
    assert "政府网站：2月26日完成" in page and "媒体：未完成" in page
    assert f'href="/{paper.path}/"' in page


@pytest.mark.django_db
def test_clock_hours_show_the_hour_and_an_erased_paper_is_not_named() -> None:
    duty = make_duty("D13.1", due_at=day(7, 2), publication=make_paper("秘密的标题", validity="erased"))
    shown = described(duty, NOW)
    assert shown["due"] == "7月2日17:00前"
    assert shown["paper"] is None and shown["slug"] == ""
    assert described(make_duty(due_at=None), NOW)["due"] == ""


def test_periods_in_words() -> None:
    assert [period_words(name) for name in ("2026H1", "2026H2", "2026", "2026-2027", "")] == [
        "2026年上半年",
        "2026年下半年",
        "2026年",
        "2026-2027年",
        "",
    ]


@pytest.mark.django_db
def test_many_instances_are_turned_by_page_and_bad_pages_do_no_harm(client: Client, july: None) -> None:
    for number in range(45):
        make_duty(closed_at=day(3, 3), unit_name=f"单位{number:02d}号", opened_at=day(3, 2) + timedelta(minutes=number))
    address = reverse("portal:article", args=[10])
    first = text_of(client.get(address))
    assert "单位44号" in first and "单位24号" not in first and "看全部45件" in first
    every = reverse("portal:duty", args=[10, "D10.5"])
    assert f'href="{every}"' in first
    assert "第1页，共3页" in text_of(client.get(every))
    assert "单位24号" in text_of(client.get(every, {"page": "2"}))
    assert "共0件" in text_of(client.get(every, {"state": "overdue"}))
    assert "共45件" in text_of(client.get(every, {"state": "nonsense"}))
    for page in ("x", "-1", "99999999999999999999", "", "<b>"):
        assert client.get(every, {"page": page}).status_code == 200
    for missing in ((10, "D16.1"), (27, "D10.5"), (10, "x")):
        assert client.get(reverse("portal:duty", args=missing)).status_code == 404


moments = st.one_of(st.none(), st.integers(-200, 200).map(lambda hours: NOW + timedelta(hours=hours)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(due=moments, closed=moments, advisory=st.booleans(), exempt=st.sampled_from(["", "依据"]))
@pytest.mark.django_db
def test_the_drill_down_sorts_duties_as_they_stand(
    due: datetime | None, closed: datetime | None, advisory: bool, exempt: str
) -> None:
    made = make_duty(due_at=due, closed_at=closed, advisory=advisory, exempt_ground=exempt)
    try:
        found = [
            state for state in STATE_LABELS if PublicDuty.objects.filter(standing_as(state, NOW), pk=made.pk).exists()
        ]
        assert found == [duty_state(made, NOW)]
    finally:
        made.delete()


@pytest.mark.django_db
def test_hostile_names_are_escaped(client: Client, july: None) -> None:
    make_duty(
        publication=make_paper("<script>alert(1)</script>"),
        unit_name='"><img src=x>',
        exempt_ground="<b>依据</b>",
        parts=[{"name": "site", "label": "<i>网站</i>", "closed_at": None}],
    )
    page = text_of(client.get(reverse("portal:article", args=[10])))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for markup in ("<script>alert", "<img src=x", "<b>依据", "<i>网站"):
        assert markup not in page


@pytest.mark.django_db
def test_pages_keep_within_the_content_policy_and_need_few_queries(
    client: Client, july: None, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        make_duty(publication=make_paper())
    with django_assert_max_num_queries(2):
        board = text_of(client.get(reverse("portal:articles")))
    with django_assert_max_num_queries(20):
        article = text_of(client.get(reverse("portal:article", args=[10])))
    about = text_of(client.get(reverse("portal:about")))
    for page in (board, article, about):
        assert " style=" not in page and "<style" not in page
        assert "javascript:" not in page and " onclick=" not in page


@pytest.mark.django_db
def test_about_says_how_duties_are_counted_and_that_this_is_a_demonstration(client: Client) -> None:
    page = text_of(client.get(reverse("portal:about")))
    assert "演示" in page and "按时率 =" in page and "暂定" in page
    assert "26条" in page and "138项职责" in page
