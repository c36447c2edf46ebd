"""Mail through a real server: what it says, when it goes, and that nothing goes twice."""

import threading
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from tests.factories import City, Desk, at
from tests.notices.conftest import with_address
from tests.notices.servers import MailServer

from mingtang.duties.models import Duty
from mingtang.duties.services import remind
from mingtang.notices import kinds
from mingtang.notices.following import follow
from mingtang.notices.models import FAILED, SENDING, SENT, UNCLEAR, WAITING, Delivery, Notice
from mingtang.notices.sending import put_out_mails, send, tick
from mingtang.notices.services import (
    NoticesError,
    address_of,
    ask_address,
    code_of,
    confirm_address,
    drop_address,
    mark_read,
    notify,
    set_preference,
)
from mingtang.records.models import Record
from mingtang.units import roles
from mingtang.units.models import Person

SECRET = "还没有公开的秘密标题"
NOON, NIGHT = at("2026-03-03 12:00"), at("2026-03-03 23:00")


@pytest.fixture
def head(desk: Desk) -> Person:
    person = desk.city.person(desk.unit, roles.UNIT_HEAD)
    with_address(person, desk.now)
    return person


def wish(person: Person, **changes: Any) -> None:
    values: dict[str, Any] = {
        "choices": {},
        "quiet_from": time(22),
        "quiet_to": time(7),
        "digest_at": time(8),
        "working_days_only": False,
    }
    set_preference(person.pk, **values | changes)


def waiting_paper(desk: Desk, person: Person, now: datetime, kind: str = kinds.WAITING) -> Record:
    paper = desk.draft(title=SECRET)
    notify(person_ids=[person.pk], kind=kind, about=paper, now=now)
    return paper


def statuses() -> list[str]:
    return list(Delivery.objects.order_by("made_at", "pk").values_list("status", flat=True))


def test_a_mail_says_how_many_and_where_and_nothing_of_the_matter(desk: Desk, head: Person, mail: MailServer) -> None:
    waiting_paper(desk, head, NOON)
    waiting_paper(desk, head, NOON)
    assert [tick(NOON), tick(NOON)] == [1, 0]
    assert mail.recipients == [address_of(head.pk)]
    assert mail.subject().endswith("办公台：您有2条通知")
    text = mail.last()
    assert "等我办理：通辽市发展和改革委员会，2件" in text and "https://desk.tongliao.example/desk/notices/" in text
    whole = mail.mails[0].as_string() + text + mail.subject()
    for secret in (SECRET, head.display_name, head.username):
        assert secret not in whole
    assert mail.mails[0]["Auto-Submitted"] == "auto-generated"


def test_nothing_is_mailed_without_a_verified_address_or_a_server(
    desk: Desk, head: Person, mail: MailServer, settings: Any
) -> None:
    Person.objects.filter(pk=head.pk).update(email="changed@elsewhere.example")
    waiting_paper(desk, head, NOON)
    assert tick(NOON) == 0 and not Notice.objects.filter(mail_waiting=True).exists()
    with_address(head, NOON)
    settings.MAIL_SERVER = ""
    waiting_paper(desk, head, NOON)
    assert tick(NOON) == 0 and mail.mails == []
    settings.MAIL_SERVER = "smtp://x"
    assert tick(NOON) == 0, "what was not to be mailed then is not mailed later"


def test_quiet_hours_hold_back_all_but_deadlines(desk: Desk, head: Person, mail: MailServer) -> None:
    waiting_paper(desk, head, NIGHT)
    assert tick(NIGHT) == 0
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    notify(person_ids=[head.pk], kind=kinds.LATE, about=duty, now=NIGHT)
    assert tick(NIGHT) == 1
    assert "已逾期" in mail.last() and "等我办理" not in mail.last() and "其中1条关系期限" in mail.subject()
    assert tick(at("2026-03-04 06:59")) == 0
    assert tick(at("2026-03-04 07:00")) == 1 and "等我办理" in mail.last()


@pytest.mark.parametrize(
    ("start", "end", "moment", "quiet"),
    [
        ((22, 0), (7, 0), (22, 0), True),
        ((22, 0), (7, 0), (6, 59), True),
        ((22, 0), (7, 0), (7, 0), False),
        ((12, 0), (14, 0), (13, 0), True),
        ((12, 0), (14, 0), (14, 0), False),
        ((9, 0), (9, 0), (9, 0), False),
    ],
)
def test_quiet_hours(
    desk: Desk, head: Person, mail: MailServer, start: Any, end: Any, moment: Any, quiet: bool
) -> None:
    wish(head, quiet_from=time(*start), quiet_to=time(*end))
    now = at("2026-03-03 00:00").replace(hour=moment[0], minute=moment[1])
    waiting_paper(desk, head, now)
    assert tick(now) == (0 if quiet else 1)


def test_days_off_hold_back_all_but_deadlines(desk: Desk, head: Person, mail: MailServer) -> None:
    wish(head, working_days_only=True)
    saturday, monday = at("2026-03-07 10:00"), at("2026-03-09 10:00")
    waiting_paper(desk, head, saturday)
    waiting_paper(desk, head, saturday, kinds.REMINDED)
    assert tick(saturday) == 1 and "被催办" in mail.last()
    assert tick(monday) == 1 and "等我办理" in mail.last()


def test_a_digest_goes_out_once_a_day_from_its_hour_on(desk: Desk, head: Person, mail: MailServer) -> None:
    wish(head, choices={kinds.WAITING: {"desk": True, "mail": kinds.DIGEST}}, digest_at=time(16, 30))
    waiting_paper(desk, head, NOON)
    waiting_paper(desk, head, NOON)
    assert tick(at("2026-03-03 16:29")) == 0
    assert tick(at("2026-03-03 16:30")) == 1 and "今天的通知汇总" in mail.last() and "2件" in mail.last()
    waiting_paper(desk, head, at("2026-03-03 17:00"))
    assert tick(at("2026-03-03 17:00")) == 0
    assert tick(at("2026-03-04 16:30")) == 1 and "1件" in mail.last()


def test_a_kind_turned_off_is_not_mailed_and_a_deadline_stays_in_the_desk(
    desk: Desk, head: Person, mail: MailServer
) -> None:
    wish(head, choices={kind: {"desk": False, "mail": kinds.OFF} for kind in kinds.KINDS})
    waiting_paper(desk, head, NOON)
    waiting_paper(desk, head, NOON, kinds.REMINDED)
    assert tick(NOON) == 0
    told = Notice.objects.get()
    assert told.matter.kind == kinds.REMINDED and told.in_desk


def test_what_was_read_or_done_meanwhile_is_not_mailed(desk: Desk, head: Person, mail: MailServer) -> None:
    waiting_paper(desk, head, NIGHT)
    mark_read(head.pk, now=NIGHT, upto=Notice.objects.latest("pk").pk)
    paper, _ = desk.published()
    notify(person_ids=[head.pk], kind=kinds.DUE_SOON, about=Duty.objects.get(record=paper, code="D10.5"), now=NIGHT)
    put_out_mails(at("2026-03-04 09:00"))
    Duty.objects.update(closed_at=NIGHT)
    assert tick(at("2026-03-04 09:00")) == 0 and mail.mails == []


def test_the_clock_set_back_sends_nothing_twice(desk: Desk, head: Person, mail: MailServer) -> None:
    wish(head, choices={kinds.RETURNED: {"desk": True, "mail": kinds.DIGEST}})
    morning = at("2026-03-03 08:30")
    waiting_paper(desk, head, morning)
    waiting_paper(desk, head, morning, kinds.RETURNED)
    assert tick(morning) == 2
    back = morning - timedelta(hours=1)
    for minutes in range(0, 180, 10):
        remind(back + timedelta(minutes=minutes))
        follow(back + timedelta(minutes=minutes))
        assert tick(back + timedelta(minutes=minutes)) == 0
    waiting_paper(desk, head, back, kinds.RETURNED)
    assert tick(at("2026-03-03 09:30")) == 0, "one digest a day"
    assert tick(at("2026-03-04 08:00")) == 1


def test_a_clock_that_was_far_ahead_does_not_hold_mail_up(desk: Desk, head: Person, mail: MailServer) -> None:
    ahead = NOON + timedelta(days=300)
    waiting_paper(desk, head, ahead)
    mail.answers["DATA"] = "451 later"
    assert tick(ahead) == 0
    mail.answers.clear()
    assert tick(NOON) == 1 and tick(ahead) == 0


def test_a_server_that_takes_the_mail_and_drops_the_line_is_not_asked_again(
    desk: Desk, head: Person, mail: MailServer
) -> None:
    waiting_paper(desk, head, NOON)
    mail.dies = True
    tick(NOON)
    assert len(mail.mails) == 1 and statuses() == [UNCLEAR]
    mail.dies = False
    for hours in range(1, 100, 7):
        tick(NOON + timedelta(hours=hours))
    assert len(mail.mails) == 1


def test_a_temporary_refusal_is_tried_again_with_growing_waits(desk: Desk, head: Person, mail: MailServer) -> None:
    waiting_paper(desk, head, NOON)
    mail.answers["DATA"] = "451 busy"
    waits, moment = [], NOON
    for _ in range(5):
        tick(moment)
        delivery = Delivery.objects.get()
        waits.append(delivery.next_try_at - moment)
        moment = delivery.next_try_at
    assert waits == [timedelta(minutes=2**number) for number in range(5)]
    mail.answers.clear()
    assert tick(moment) == 1 and statuses() == [SENT]
    mail.answers["DATA"] = f"451 {address_of(head.pk)} later"
    waiting_paper(desk, head, moment)
    tick(moment)
    assert Delivery.objects.get(status=WAITING).fault == "SMTPDataError 451"


def test_a_refused_address_is_the_end(desk: Desk, head: Person, mail: MailServer) -> None:
    waiting_paper(desk, head, NOON)
    mail.answers["RCPT"] = "550 no such user"
    tick(NOON)
    assert statuses() == [FAILED]


def test_a_server_out_of_reach_counts_as_no_attempt(desk: Desk, head: Person, mail: MailServer, settings: Any) -> None:
    settings.EMAIL_PORT, port = 9, settings.EMAIL_PORT
    waiting_paper(desk, head, NOON)
    assert tick(NOON) == 0
    assert Delivery.objects.get().attempts == 0
    settings.EMAIL_PORT = port
    assert tick(NOON + timedelta(minutes=1)) == 0
    assert tick(NOON + timedelta(minutes=2)) == 1


def test_what_comes_while_the_server_is_away_is_told_in_one_mail(
    desk: Desk, head: Person, mail: MailServer, settings: Any
) -> None:
    settings.EMAIL_PORT, port = 9, settings.EMAIL_PORT
    for minutes in range(0, 60, 3):
        waiting_paper(desk, head, NOON + timedelta(minutes=minutes))
        tick(NOON + timedelta(minutes=minutes))
    settings.EMAIL_PORT = port
    sent = sum(tick(NOON + timedelta(minutes=60 + minutes)) for minutes in range(4))
    assert sent == 2 and "，1件" in str(mail.mails[0].get_content()) and "，19件" in mail.last()


def test_a_hand_over_that_was_broken_off_is_unclear(desk: Desk, head: Person, mail: MailServer) -> None:
    waiting_paper(desk, head, NOON)
    put_out_mails(NOON)
    Delivery.objects.update(status=SENDING, claimed_at=NOON)
    assert send(NOON + timedelta(minutes=14)) == 0 and statuses() == [SENDING]
    assert send(NOON + timedelta(minutes=16)) == 0 and statuses() == [UNCLEAR]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_mail_once(mail: MailServer) -> None:
    from tests.factories import make_city, make_desk

    desk = make_desk(make_city())
    people = [desk.city.person(desk.unit, roles.UNIT_HEAD, number) for number in range(1, 9)]
    for person in people:
        with_address(person, desk.now)
    for _ in range(3):
        desk.act(desk.draft(), "submit", roles.DRAFTER)
    barrier, faults = threading.Barrier(3), []

    def work() -> None:
        try:
            barrier.wait()
            for minutes in range(4):
                follow(NOON + timedelta(minutes=minutes))
                tick(NOON + timedelta(minutes=minutes))
        except Exception as error:  # noqa: BLE001
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(mail.recipients) == sorted({*mail.recipients}) and len(mail.recipients) == len(people)
    assert Notice.objects.count() == 3 * len(people) and Delivery.objects.filter(status=SENT).count() == len(people)


def test_without_a_server_nothing_is_handed_over(city: City, mail: MailServer, settings: Any) -> None:
    person = city.person(city.unit("发改委"), roles.DRAFTER)
    ask_address(person, "a@gov.example", now=NOON)
    settings.MAIL_SERVER = ""
    assert tick(NOON) == 0 and statuses() == [WAITING]
    with pytest.raises(NoticesError, match="邮件服务器"):
        ask_address(person, "a@gov.example", now=NOON)


def test_an_address_is_used_once_its_code_was_typed(city: City, mail: MailServer) -> None:
    person = city.person(city.unit("发改委"), roles.DRAFTER)
    address = ask_address(person, " a@gov.example ", now=NOON)
    assert tick(NOON) == 1 and mail.recipients == ["a@gov.example"]
    code = mail.last().partition("验证码：")[2][:8]
    assert code == code_of(address) and person.display_name not in mail.last()
    with pytest.raises(NoticesError, match="不对"):
        confirm_address(person, "00000000" if code != "00000000" else "1", now=NOON)
    assert address_of(person.pk) == ""
    confirm_address(person, code, now=NOON)
    assert address_of(person.pk) == "a@gov.example"
    with pytest.raises(NoticesError, match="没有等待验证"):
        confirm_address(person, code, now=NOON)
    drop_address(person)
    assert address_of(person.pk) == "" and Person.objects.get(pk=person.pk).email == ""


def test_codes_are_few_and_guesses_too(city: City, mail: MailServer) -> None:
    person = city.person(city.unit("发改委"), roles.DRAFTER)
    for number in range(5):
        ask_address(person, f"a{number}@gov.example", now=NOON + timedelta(minutes=number))
    with pytest.raises(NoticesError, match="最多"):
        ask_address(person, "b@gov.example", now=NOON + timedelta(hours=1))
    # Only the last wish is still asked for.
    assert tick(NOON + timedelta(hours=1)) == 1 and mail.recipients == ["a4@gov.example"]
    code = mail.last().partition("验证码：")[2][:8]
    for _ in range(5):
        with pytest.raises(NoticesError, match="不对"):
            confirm_address(person, "12", now=NOON)
    with pytest.raises(NoticesError, match="次数太多"):
        confirm_address(person, code, now=NOON)
    address = ask_address(person, "c@gov.example", now=NOON + timedelta(days=2))
    with pytest.raises(NoticesError, match="24小时"):
        confirm_address(person, code_of(address), now=NOON + timedelta(days=3, hours=1))


@pytest.mark.parametrize(
    "email", ["", "没有", "a@b", "a b@gov.example", f"{'a' * 200}@gov.example", "a@gov.example\nBcc: b@x.example"]
)
def test_what_is_no_address_is_refused(city: City, mail: MailServer, email: str) -> None:
    person = city.person(city.unit("发改委"), roles.DRAFTER)
    with pytest.raises(NoticesError):
        ask_address(person, email, now=NOON)
    assert not Delivery.objects.exists()
