"""Mail to subscribers, through a real SMTP server: confirmations at once, digests once a day, none twice."""

import email
import email.policy
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.mail.backends.smtp import EmailBackend
from tests.factories import Desk, at

from mingtang.channels import following
from mingtang.channels.models import Delivery
from mingtang.disclosure.checkpoints import sign_checkpoint
from mingtang.editions.models import Checkpoint, LogHead, Publication
from mingtang.intake import subscriptions
from mingtang.intake.models import Submission, Subscription
from mingtang.units import roles

MORNING = at("2026-11-25 08:00")
ADDRESS = "wang@example.cn"


class Server:
    """What a mail server received, and what it is told to answer."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        self.dies = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        if self.dies:
            # Accepted, but the answer never arrives.
            server.transport.close()
        return "250 OK"

    def last(self) -> str:
        return str(self.mails[-1].get_content())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(settings: Any, tmp_path: Path) -> Iterator[Server]:
    # A log's newest checkpoint is remembered beside its key: each test has a log of its own.
    settings.LOG_KEY, settings.PUBLIC_ROOT = tmp_path / "log_key", tmp_path / "public"
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.MAIL_SERVER = f"smtp://127.0.0.1:{controller.port}"
    settings.SITE = {**settings.SITE, "address": "https://www.tongliao.example"}
    yield handler
    controller.stop()


def subscribe(*subjects: str, address: str = ADDRESS, when: datetime = MORNING) -> Subscription:
    """A subscription as it comes about: wish, mail, link, confirmed."""
    subscriptions.ask(address, subjects, request_key=f"{address}{subjects}", now=when)
    wish = Submission.objects.get(kind="subscribe", taken_at=None)
    subscriptions.confirm(subscriptions.confirm_token(wish.pk), now=when)
    subscriptions.apply_changes(when, log_size=LogHead.objects.first().size if LogHead.objects.exists() else 0)
    return Subscription.objects.latest("confirmed_at")


def publish(desk: Desk, title: str, **changes: Any) -> Any:
    paper, _ = desk.published(title=title, **changes)
    sign_checkpoint(MORNING)
    return paper


def test_the_confirmation_goes_out_at_once_and_its_link_works(desk: Desk, server: Server) -> None:
    subscriptions.ask(ADDRESS, ["unit/fgw"], request_key="a", now=MORNING.replace(hour=3))
    early = MORNING.replace(hour=3)
    assert [following.tick(early), following.tick(early)] == [1, 0]
    assert server.recipients == [ADDRESS]
    mail = server.mails[0]
    assert (
        mail["Subject"].strip() == "请确认订阅：通辽市人民政府政务公开" and mail["Auto-Submitted"] == "auto-generated"
    )
    token = server.last().partition("/subscribe/confirm/")[2].partition("/")[0]
    assert subscriptions.can_confirm(token)
    assert "通辽市发展和改革委员会" in server.last() or "fgw" in server.last()
    subscriptions.confirm(token, now=early)
    following.tick(early)
    assert Subscription.objects.get().subjects == ["unit/fgw"]


def test_a_digest_tells_what_is_new_with_link_checkpoint_and_way_out(desk: Desk, server: Server) -> None:
    publish(desk, "订阅之前的文件")
    subscription = subscribe("unit/fgw")
    paper = publish(desk, "关于取暖费的通知")
    assert following.tick(MORNING) == 1
    text = server.last()
    publication = Publication.objects.get(title="关于取暖费的通知")
    assert f"https://www.tongliao.example/{publication.path}/" in text
    assert "订阅之前的文件" not in text
    newest = Checkpoint.objects.latest("size")
    assert newest.root in text and f"共{newest.size}条" in text
    stop = server.mails[-1]["List-Unsubscribe"].strip(" <>")
    assert stop in text and server.mails[-1]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert subscriptions.can_stop(stop.rstrip("/").rpartition("/")[2])
    assert server.mails[-1]["Subject"].strip() == "通辽市人民政府政务公开：2026年11月25日新公开1件"
    assert paper and subscription.pk


def test_only_what_was_subscribed_is_told(desk: Desk, server: Server) -> None:
    subscribe("unit/mzj")
    subscribe("topic/民政、扶贫、救灾", address="b@example.cn")
    subscribe("all", address="c@example.cn")
    publish(desk, "发改委的文件", topic="民政、扶贫、救灾")
    assert following.tick(MORNING) == 2
    assert sorted(server.recipients) == ["b@example.cn", "c@example.cn"]


def test_changed_withdrawn_and_erased_are_told_apart(desk: Desk, server: Server) -> None:
    corrected = publish(desk, "要更正的文件")
    withdrawn = publish(desk, "要撤回的文件")
    erased = publish(desk, "要清除的文件")
    subscribe("all")
    desk.act(corrected, "begin_correction", roles.DRAFTER, data={"remark": "写错一字。"})
    desk.edit(corrected, {"body": "一、改过的一句话。", "lead_units": [desk.unit.pk]})
    desk.review(corrected, "review_correction")
    desk.act(corrected, "publish", roles.OPENNESS_OFFICER)
    desk.act(withdrawn, "withdraw", roles.OPENNESS_OFFICER, data={"kind": "repealed", "reason": "已有新规定。"})
    desk.act(erased, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    sign_checkpoint(MORNING)
    assert following.tick(MORNING) == 1
    text = server.last()
    assert "要清除的文件" not in text
    changed, ended, gone = text.index("【有更正】"), text.index("【不再有效或已撤下】"), text.index("【已清除】")
    assert changed < text.index("要更正的文件") < ended < text.index("要撤回的文件") < gone
    assert "已废止" in text and Publication.objects.get(validity="erased").index_number in text


def test_once_a_day_and_not_before_its_hour(desk: Desk, server: Server) -> None:
    subscribe("all", when=at("2026-11-24 20:00"))
    publish(desk, "第一件")
    assert following.tick(at("2026-11-25 07:59")) == 0
    assert following.tick(MORNING) == 1
    publish(desk, "第二件")
    assert [following.tick(MORNING + timedelta(hours=hour)) for hour in range(12)] == [0] * 12
    assert following.tick(at("2026-11-26 08:00")) == 1
    assert "第二件" in server.last() and "第一件" not in server.last()
    assert following.tick(at("2026-11-27 08:00")) == 0


def test_a_server_that_is_away_is_waited_for(desk: Desk, server: Server, settings: Any) -> None:
    subscribe("all")
    subscribe("all", address="b@example.cn")
    publish(desk, "取暖费")
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    assert following.tick(MORNING) == 0
    assert set(Delivery.objects.values_list("status", "attempts")) == {("waiting", 0)}
    settings.EMAIL_PORT = port
    assert following.tick(MORNING + timedelta(seconds=30)) == 0
    assert following.tick(MORNING + timedelta(minutes=3)) == 2
    assert following.tick(MORNING + timedelta(minutes=9)) == 0


def test_days_without_a_server_become_one_digest(desk: Desk, server: Server, settings: Any) -> None:
    subscribe("all")
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    for day in range(3):
        publish(desk, f"第{day}件")
        assert following.tick(MORNING + timedelta(days=day)) == 0
    settings.EMAIL_PORT = port
    assert following.tick(MORNING + timedelta(days=2, hours=1)) == 1
    assert all(f"第{day}件" in server.last() for day in range(3))


def test_a_busy_server_is_tried_again_ever_later(desk: Desk, server: Server) -> None:
    subscribe("all")
    publish(desk, "取暖费")
    server.answers = {"DATA": "451 try later"}
    now, waits = MORNING, []
    assert following.tick(now) == 0
    for _ in range(4):
        delivery = Delivery.objects.get()
        assert delivery.status == "waiting" and delivery.fault == "SMTPDataError 451"
        waits.append(delivery.next_try_at - now)
        assert following.tick(delivery.next_try_at - timedelta(seconds=1)) == 0
        now = delivery.next_try_at
        following.tick(now)
    assert waits == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    server.answers = {}
    assert following.tick(Delivery.objects.get().next_try_at) == 1
    assert len(server.mails) == 1


def test_a_refused_address_is_given_up_and_never_logged(desk: Desk, server: Server, caplog: Any) -> None:
    subscribe("all")
    publish(desk, "取暖费")
    server.answers = {"RCPT": f"550 <{ADDRESS}> unknown"}
    assert following.tick(MORNING) == 0
    delivery = Delivery.objects.get()
    assert delivery.status == "failed" and ADDRESS not in delivery.fault
    assert following.tick(MORNING + timedelta(hours=1)) == 0
    assert caplog.records and ADDRESS not in caplog.text
    server.answers = {}
    publish(desk, "第二件")
    assert following.tick(MORNING + timedelta(days=1)) == 1
    assert "取暖费" in server.last() and "第二件" in server.last()


def test_killed_between_handing_over_and_noting_it_sends_nothing_twice(
    desk: Desk, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe("all")
    publish(desk, "取暖费")
    hand_over = EmailBackend.send_messages

    def killed(backend: EmailBackend, messages: Any) -> int:
        hand_over(backend, messages)
        raise KeyboardInterrupt

    monkeypatch.setattr(EmailBackend, "send_messages", killed)
    with pytest.raises(KeyboardInterrupt):
        following.tick(MORNING)
    monkeypatch.undo()
    assert Delivery.objects.get().status == "sending"
    for minutes in (0, 1, 16, 60, 600):
        assert following.tick(MORNING + timedelta(minutes=minutes)) == 0
    assert len(server.mails) == 1 and Delivery.objects.get().status == "unknown"
    # In case it did not arrive, the next one tells it too.
    assert following.tick(MORNING + timedelta(days=1)) == 1
    assert "取暖费" in server.last()


def test_killed_before_handing_over_loses_nothing(desk: Desk, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe("all")
    publish(desk, "取暖费")

    def killed(backend: EmailBackend) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(EmailBackend, "open", killed)
    with pytest.raises(KeyboardInterrupt):
        following.tick(MORNING)
    monkeypatch.undo()
    assert [following.tick(MORNING), following.tick(MORNING)] == [1, 0]
    assert len(server.mails) == 1


def test_a_line_that_breaks_after_the_mail_was_taken_sends_nothing_twice(desk: Desk, server: Server) -> None:
    subscribe("all")
    publish(desk, "取暖费")
    server.dies = True
    assert following.tick(MORNING) == 0
    server.dies = False
    assert Delivery.objects.get().status == "unknown"
    assert following.tick(MORNING + timedelta(hours=2)) == 0
    assert len(server.mails) == 1


def test_who_stopped_gets_nothing_more_not_even_what_was_waiting(desk: Desk, server: Server, settings: Any) -> None:
    subscription = subscribe("all")
    publish(desk, "取暖费")
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    following.tick(MORNING)
    settings.EMAIL_PORT = port
    subscriptions.stop(subscriptions.stop_token(subscription.pk), now=MORNING)
    assert following.tick(MORNING + timedelta(hours=1)) == 0
    assert not server.mails and not Delivery.objects.exists() and not Subscription.objects.exists()


def test_what_was_erased_while_the_mail_waited_is_not_mailed(desk: Desk, server: Server, settings: Any) -> None:
    subscribe("all")
    paper = publish(desk, "误公开的文件")
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    following.tick(MORNING)
    desk.act(paper, "erase", roles.UNIT_HEAD, data={"reason": "误公开。"})
    settings.EMAIL_PORT = port
    assert following.tick(MORNING + timedelta(hours=1)) == 1
    assert "误公开" not in server.last() and "【已清除】" in server.last()


def test_nobody_can_be_flooded_with_confirmations(desk: Desk, server: Server) -> None:
    for number in range(12):
        subscriptions.ask(ADDRESS, [f"unit/{number}"], request_key=str(number), now=MORNING)
    following.tick(MORNING)
    assert len(server.mails) == following.CONFIRMATIONS_A_DAY
    subscriptions.ask("other@example.cn", ["all"], request_key="o", now=MORNING)
    assert following.tick(MORNING) == 1


def test_without_a_mail_server_nothing_is_made_and_nothing_is_lost(desk: Desk, server: Server, settings: Any) -> None:
    subscribe("all")
    publish(desk, "取暖费")
    url, settings.MAIL_SERVER = settings.MAIL_SERVER, ""
    assert following.tick(MORNING) == 0
    assert not Delivery.objects.exists()
    settings.MAIL_SERVER = url
    assert following.tick(MORNING + timedelta(days=2)) == 1
    assert "取暖费" in server.last()


def test_no_table_holds_a_readable_address(desk: Desk, server: Server) -> None:
    subscribe("all")
    publish(desk, "取暖费")
    following.tick(MORNING)
    rows = [*Subscription.objects.values(), *Delivery.objects.values(), *Submission.objects.values()]
    assert len(rows) == 2 and ADDRESS not in str(rows) and "example.cn" not in str(rows)
