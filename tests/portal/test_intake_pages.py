"""The public forms: nothing typed is lost, what happens next is said before, and nobody is let in by a wrong code."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from tests.factories import City, Desk

from mingtang.intake import services, subscriptions
from mingtang.intake.keys import unseal
from mingtang.intake.limits import new_request_key
from mingtang.intake.models import Submission, Subscription
from mingtang.portal import views_intake
from mingtang.websites.services import receive

TYPED = {"what": "第一段“改个”应为“改革”\n还有<b>标点</b>", "quote": "改个", "contact": "13800138000"}


@pytest.fixture(autouse=True)
def fresh_limits() -> Any:
    cache.clear()
    yield
    cache.clear()


def ready_key(seconds: int = 30) -> str:
    """The key of a form that was opened a while ago."""
    return new_request_key(timezone.localtime() - timedelta(seconds=seconds))


def send(client: Client, **changes: str) -> Any:
    return client.post("/feedback/", {**TYPED, "page": "/", "leave_empty": "", "request_key": ready_key(), **changes})


def shown(response: Any) -> str:
    return unescape(response.content.decode())


@pytest.mark.task("C12")
def test_an_error_is_reported_in_two_steps_and_the_answer_is_found(desk: Desk) -> None:
    desk.published(title="写错字的文件")
    client = Client()
    from mingtang.editions.models import Publication

    path = f"/{Publication.objects.get(kind='document').path}/"
    link = re.search(r'href="(/feedback/\?page=[^"]+)"', client.get(path).content.decode())
    assert link is not None
    form = client.get(unescape(link.group(1)))
    text = shown(form)
    # What is said before sending: whose it is, by when, what comes next.
    assert "写错字的文件" in text and f'value="{path}"' in text
    assert "通辽市发展和改革委员会核对" in text and re.search(r"\d+月\d+日前答复", text) and "3个工作日内" in text
    sent = send(client, page=path)
    assert sent.status_code == 200
    number = re.search(r"\d{4}-\d\d-[A-Z]{4}-\d{4}", shown(sent))
    code = re.search(r'receipt-number">([A-Z0-9]{4} [A-Z0-9]{4})<', shown(sent))
    assert number is not None and code is not None
    assert receive(timezone.localtime()) == 1
    asked = client.post("/receipt/", {"number": number[0].lower(), "code": code[1]})
    assert asked.status_code == 200
    assert "负责的单位已收到" in shown(asked) and "通辽市发展和改革委员会" in shown(asked)
    assert "no-store" in asked["Cache-Control"] and "no-store" in sent["Cache-Control"]


def test_what_was_typed_stays_and_the_error_stands_beside_its_field(city: City) -> None:
    response = send(Client(), what="  ", contact="长" * 101)
    text = response.content.decode()
    assert response.status_code == 422 and not Submission.objects.exists()
    assert "请写明哪里不对" in text and "最多100字，现在有101字" in text
    assert "改个" in text and "长" * 101 in text
    what = text.partition('id="f-what-error-1"')[2]
    assert what and 'aria-describedby="f-what-help f-what-error-1"' in text and 'href="#f-what"' in text


def test_words_are_words_never_markup(city: City) -> None:
    response = send(Client(), what="<script>alert(1)</script>", contact="长" * 101)
    assert "<script>alert" not in response.content.decode()
    hostile = Client().get("/feedback/?page=javascript:alert(1)")
    assert (
        'href="javascript' not in hostile.content.decode()
        and 'value="/javascript:alert(1)"' in hostile.content.decode()
    )
    outside = Client().get("/feedback/?page=https://evil.example/x")
    assert 'value="/x"' in outside.content.decode()


def test_sending_again_gives_the_same_receipt(city: City) -> None:
    key, client = ready_key(), Client()
    numbers = {re.search(r"\d{4}-\d\d-[A-Z]{4}-\d{4}", shown(send(client, request_key=key)))[0] for _ in range(3)}  # type: ignore[index]
    assert len(numbers) == 1 and Submission.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"leave_empty": "http://spam.example"}, "“请留空”一格里有内容"),
        ({"request_key": "quick"}, "提交得太快了"),
        ({"request_key": ""}, "这一页打开得太久了"),
        ({"request_key": "made-up"}, "这一页打开得太久了"),
        ({"request_key": "old"}, "这一页打开得太久了"),
        ({"request_key": "future"}, "这一页打开得太久了"),
    ],
)
def test_programs_are_told_apart_and_people_lose_nothing(city: City, changes: dict[str, str], words: str) -> None:
    seconds = {"quick": 0, "old": 3 * 86400, "future": -600}
    changes = {name: ready_key(seconds[value]) if value in seconds else value for name, value in changes.items()}
    response = send(Client(), **changes)
    assert response.status_code == 422 and not Submission.objects.exists()
    assert words in shown(response) and "改个" in shown(response)
    # Sent once more as the page now stands, it goes through.
    key = re.search(r'name="request_key" value="([^"]+)"', response.content.decode())
    assert key is not None
    if words.startswith("这一页"):
        assert key[1] != changes["request_key"]


def test_a_forged_request_keeps_nothing_and_a_real_one_can_try_again(city: City) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/feedback/", {**TYPED, "page": "/", "request_key": ready_key()})
    assert response.status_code == 403 and not Submission.objects.exists()
    assert "需要再确认一次" in shown(response) and "改个" in shown(response)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', response.content.decode())
    assert token is not None
    again = strict.post(
        "/feedback/", {**TYPED, "page": "/", "request_key": ready_key(), "csrfmiddlewaretoken": token[1]}
    )
    assert again.status_code == 200 and Submission.objects.count() == 1
    assert list(strict.cookies) == ["csrftoken"]


def test_one_network_address_may_not_flood(city: City, settings: Any) -> None:
    settings.FORM_LIMITS = {**settings.FORM_LIMITS, "feedback": 2}
    client = Client()
    assert [send(client).status_code for _ in range(2)] == [200, 200]
    refused = send(client)
    assert refused.status_code == 429 and "改个" in shown(refused)
    assert send(Client(REMOTE_ADDR="10.1.1.1")).status_code == 200
    # A mistake in the form costs nothing.
    assert send(client, what="").status_code == 422


def test_a_database_that_is_away_loses_no_word(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(views_intake, "submit", away)
    response = send(Client())
    assert response.status_code == 503 and "改个" in shown(response) and "13800138000" in shown(response)
    assert "gone" not in shown(response)


def test_wrong_codes_learn_nothing_and_run_out(city: City, settings: Any) -> None:
    settings.FORM_LIMITS = {**settings.FORM_LIMITS, "receipt": 3}
    number, code = services.submit("error_report", {"what": "x"}, page="/", request_key="k", now=timezone.localtime())
    unknown = services.make_number("nobody", timezone.localtime())
    answers = [
        Client(REMOTE_ADDR="10.0.0.1").post("/receipt/", {"number": number, "code": "AAAAAAAA"}),
        Client(REMOTE_ADDR="10.0.0.2").post("/receipt/", {"number": unknown, "code": "AAAAAAAA"}),
    ]
    pages = [re.sub(r'value="[^"]*"', "", answer.content.decode()) for answer in answers]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert pages[0] == pages[1]
    for address in range(3, 5):
        Client(REMOTE_ADDR=f"10.0.0.{address}").post("/receipt/", {"number": number, "code": "AAAAAAAA"})
    # From wherever: this number has been tried often enough, even with the right code.
    assert Client(REMOTE_ADDR="10.0.0.9").post("/receipt/", {"number": number, "code": code}).status_code == 429
    typing = Client(REMOTE_ADDR="10.0.0.10").post("/receipt/", {"number": number[:-1] + "x", "code": code})
    assert typing.status_code == 422 and "编号里有写错或漏写的字" in shown(typing)


def test_the_answer_is_shown_as_it_was_written(city: City) -> None:
    now = timezone.localtime()
    number, code = services.submit("error_report", {"what": "x"}, page="/policies/", request_key="k", now=now)
    services.write_receipt(number, status="received", handler="市发改委", due_at=now - timedelta(days=1), now=now)
    late = shown(Client().post("/receipt/", {"number": number, "code": code}))
    assert "已逾期" in late and "催办" in late
    services.write_receipt(number, status="answered", message="已改正。\n<b>谢谢</b>", handler="市发改委", now=now)
    page = Client().post("/receipt/", {"number": number, "code": code}).content.decode()
    assert "已改正。<br>&lt;b&gt;谢谢&lt;/b&gt;" in page and "已逾期" not in page
    assert code not in page


@pytest.mark.task("C11")
def test_one_units_new_papers_are_subscribed_in_two_steps(desk: Desk, settings: Any) -> None:
    settings.MAIL_SERVER = "smtp://127.0.0.1"
    desk.published()
    client = Client()
    assert 'href="/subscribe/"' in client.get("/").content.decode()
    text = client.get("/subscribe/?unit=fgw").content.decode()
    assert 'href="/feeds/unit/fgw.atom"' in text and 'href="/feeds/unit/fgw.rss"' in text
    posted = {"subject": "unit/fgw", "email": "wang@example.cn", "request_key": ready_key()}
    done = client.post("/subscribe/", posted)
    assert done.status_code == 200 and "还差一步" in shown(done) and "wang@example.cn" in shown(done)
    wish = Submission.objects.get()
    assert unseal(wish.sealed) == {"email": "wang@example.cn", "subjects": ["unit/fgw"]}

    link = f"/subscribe/confirm/{subscriptions.confirm_token(wish.pk)}/"
    assert "确认订阅" in shown(client.get(link)) and Submission.objects.count() == 1
    assert "订上了" in shown(client.post(link))
    subscriptions.apply_changes(timezone.localtime(), log_size=0)
    subscription = Subscription.objects.get()
    assert client.get(link).status_code == 410

    out = f"/subscribe/stop/{subscriptions.stop_token(subscription.pk)}/"
    assert "退订" in shown(client.get(out)) and Subscription.objects.exists()
    # As a mail program does it: one POST, no cookie, no token.
    one_click = Client(enforce_csrf_checks=True).post(out, {"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200 and "已退订" in shown(one_click)
    subscriptions.apply_changes(timezone.localtime(), log_size=0)
    assert not Subscription.objects.exists()
    assert "已退订" in shown(client.get(out))
    for wrong in (
        out.replace(".", "x."),
        "/subscribe/stop/x/",
        "/subscribe/stop/.../",
        f"/subscribe/stop/{'a' * 500}/",
    ):
        assert client.get(wrong).status_code == 404, wrong
    assert client.get("/subscribe/confirm/x/").status_code == 410


@pytest.mark.parametrize("query", ["", "?unit=nobody", "?topic=没有", "?unit=%00", "?unit="])
def test_whatever_was_asked_there_is_something_to_subscribe(city: City, query: str) -> None:
    response = Client().get(f"/subscribe/{query}")
    assert response.status_code == 200 and 'href="/feeds/all.atom"' in response.content.decode()


def test_a_unit_that_never_published_has_no_feed_yet_and_the_page_says_so(desk: Desk) -> None:
    desk.published()
    page = shown(Client().get("/subscribe/?unit=mzj"))
    assert "通辽市民政局还没有在这里公开过内容" in page and "/feeds/unit/mzj" not in page
    assert "/feeds/unit/fgw.atom" in page


def test_without_a_mail_server_the_page_says_so_and_takes_no_address(city: City, settings: Any) -> None:
    settings.MAIL_SERVER = ""
    page = shown(Client().get("/subscribe/"))
    assert "没有接通发信服务器" in page and 'name="email"' not in page and "/feeds/all.atom" in page
    posted = {"subject": "all", "email": "wang@example.cn", "request_key": ready_key()}
    refused = Client().post("/subscribe/", posted)
    assert refused.status_code == 503 and "没有保存" in shown(refused) and not Submission.objects.exists()


def test_a_wrong_address_is_named_and_kept(city: City, settings: Any) -> None:
    settings.MAIL_SERVER = "smtp://127.0.0.1"
    for subject, email, words in (("all", "wang@", "邮箱的写法不对"), ("unit/nobody", "a@example.cn", "没有这一项")):
        posted = {"subject": subject, "email": email, "request_key": ready_key()}
        response = Client().post("/subscribe/", posted)
        assert response.status_code == 422 and words in shown(response) and f'value="{email}"' in shown(response)
    assert not Submission.objects.exists()


def test_nothing_personal_is_logged(city: City, settings: Any, caplog: Any) -> None:
    settings.MAIL_SERVER = "smtp://127.0.0.1"
    caplog.set_level("DEBUG")
    client = Client()
    send(client)
    send(client, what="", contact="13900139000")
    client.post("/subscribe/", {"subject": "all", "email": "wang@example.cn", "request_key": ready_key()})
    client.post("/subscribe/", {"subject": "all", "email": "li@example", "request_key": ready_key()})
    client.post("/receipt/", {"number": "2026-11-ABCD-1234", "code": "SECRETXY"})
    receive(timezone.localtime())
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("django.db.backends")
    )
    for words in ("138", "139001", "example", "SECRETXY", "127.0.0.1", "改个"):
        assert words not in logged, words


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_change_nothing(city: City, method: str) -> None:
    for path in ("/feedback/", "/receipt/", "/subscribe/"):
        assert getattr(Client(), method)(path).status_code in (200, 405, 422)
    assert not Submission.objects.exists()
