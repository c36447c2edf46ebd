"""Error reports from the public: whose they become, by when they are answered, what the citizen and the desk see."""

import json
import os
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from tests.databases import new_database
from tests.factories import City, at, make_city, make_desk

from mingtang.audit import identity
from mingtang.audit.models import PersonalIdentity
from mingtang.duties.models import Duty
from mingtang.editions.models import Publication
from mingtang.intake.models import Submission
from mingtang.intake.services import receipt_of, submit
from mingtang.journal.models import Event
from mingtang.records.errors import NotAllowed
from mingtang.records.models import Record, RecordParty
from mingtang.records.selectors import find_visible
from mingtang.records.services import perform
from mingtang.units import roles
from mingtang.units.models import Unit
from mingtang.websites.models import ErrorReport
from mingtang.websites.selectors import unit_answering_for
from mingtang.websites.services import receive

SENT = at("2026-11-25 22:10")
CONTACT = "王女士 13800138000"
WORDS = "“发展和改个”应为“发展和改革”"


def send(page: str = "/units/fgw/", key: str = "k", when: Any = SENT) -> tuple[str, str]:
    said = {"what": WORDS, "quote": "发展和改个", "contact": CONTACT}
    return submit("error_report", said, page=page, request_key=key, now=when)


def received(page: str = "/units/fgw/", key: str = "k") -> tuple[Record, str, str]:
    number, code = send(page, key)
    assert receive(SENT + timedelta(seconds=5)) == 1
    return ErrorReport.objects.get(number=number).record, number, code


def client_of(city: City, unit: str, role: str) -> Client:
    client = Client()
    client.force_login(city.person(city.unit(unit), role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_report_goes_to_whoever_published_the_page(city: City) -> None:
    desk = make_desk(city, "民政局")
    desk.published()
    publication = Publication.objects.get(kind="document")
    for key, page in (
        ("a", f"/{publication.path}/"),
        ("b", f"/{publication.path}/edition/1/"),
        ("c", f"/{publication.path}/proof/?x=1"),
    ):
        record, _, _ = received(page, key)
        assert record.lead_unit.short_name == "民政局"
        assert record.error_report.index_number == publication.index_number
        assert publication.title in record.title


@pytest.mark.parametrize(
    ("page", "unit"),
    [
        ("/units/mzj/", "民政局"),
        ("/units/hbj/", "生态环境局"),
        ("/regions/150521/", ""),
        ("/", "市政府办公厅"),
        ("", "市政府办公厅"),
        ("/pub/gone/", "市政府办公厅"),
        ("/units/nobody/", "市政府办公厅"),
        ("/units/\x00/", "市政府办公厅"),
        ("/../../etc/passwd", "市政府办公厅"),
        ("//" * 140, "市政府办公厅"),
    ],
)
def test_a_page_of_nobody_goes_to_the_general_office(city: City, page: str, unit: str) -> None:
    found = unit_answering_for(page, SENT.date())
    if unit:
        assert found.short_name == unit
    else:
        assert found.region_id == "150521"
    assert found.valid_to is None


def test_three_working_days_from_when_it_was_sent_however_late_it_is_taken(city: City) -> None:
    number, code = send()
    # The worker was down over the weekend.
    assert receive(SENT + timedelta(days=5)) == 1
    duty = Duty.objects.get(code="DW1")
    assert (duty.unit_id, duty.opened_at, duty.due_at.date().isoformat()) == ("fgw", SENT, "2026-11-30")
    receipt = receipt_of(number, code)
    assert receipt is not None
    assert (receipt.status, receipt.handler, receipt.due_at) == ("received", "通辽市发展和改革委员会", duty.due_at)


def test_what_was_sent_is_taken_once_and_leaves_the_intake(city: City) -> None:
    send()
    assert [receive(SENT), receive(SENT)] == [1, 0]
    assert Record.objects.filter(kind="error_report").count() == 1
    report = ErrorReport.objects.get()
    assert (report.what, report.quote) == (WORDS, "发展和改个")
    assert Submission.objects.get().sealed == ""
    kept = PersonalIdentity.objects.get()
    assert (kept.subject_id, kept.field) == (str(report.pk), "contact") and "13800138000" not in kept.sealed


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_it_once() -> None:
    make_city()
    for number in range(5):
        send(key=str(number))
    start, done = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        done.append(receive(SENT))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 5
    assert Record.objects.filter(kind="error_report").count() == 5


@pytest.mark.slow
@pytest.mark.xdist_group("faults")
def test_killed_at_any_boundary_it_is_taken_whole_or_waits() -> None:
    with new_database(os.environ.get("MINGTANG_DATABASE_URL", "")) as database:
        attempts = [json.loads(line) for line in database.run("tests.websites.receiving").splitlines()]
    assert [attempt for attempt in attempts if attempt["wrong"]] == []
    assert {"waiting", "taken"} == {attempt["left"] for attempt in attempts}
    assert len(attempts) > 15


def test_one_sealed_with_a_lost_key_is_told_so_and_blocks_nobody(city: City, settings: Any) -> None:
    number, code = send(key="lost")
    Submission.objects.update(sealed="broken")
    later, _ = send(key="good", when=SENT + timedelta(minutes=1))
    assert receive(SENT + timedelta(minutes=2)) == 1
    assert ErrorReport.objects.get().number == later
    receipt = receipt_of(number, code)
    assert receipt is not None and receipt.status == "unreadable"


def test_an_answer_reaches_the_receipt_and_stops_the_clock(city: City) -> None:
    record, number, code = received()
    officer = city.actor(city.unit("发改委"), roles.OPENNESS_OFFICER)
    when = at("2026-11-26 09:00")
    perform(record, "answer", actor=officer, now=when, data={"outcome": "corrected", "answer": "已改正，谢谢。"})
    receipt = receipt_of(number, code)
    assert receipt is not None
    assert (receipt.status, receipt.message, receipt.updated_at) == ("answered", "已改正，谢谢。", when)
    assert Duty.objects.get(code="DW1").closed_at == when
    assert Record.objects.get(pk=record.pk).state == "answered"


def test_refusing_needs_a_reason_and_tells_it(city: City) -> None:
    record, number, code = received()
    client = client_of(city, "发改委", roles.OPENNESS_OFFICER)
    address = f"/desk/error_report/{record.pk}/do/reject/"
    empty = client.post(address, {"remark": " ", "expected_version": 1, "request_key": "r1"})
    assert empty.status_code == 422 and "请写明理由，网民" in empty.content.decode()
    client.post(address, {"remark": "反映的不是本站的页面。", "expected_version": 1, "request_key": "r2"})
    receipt = receipt_of(number, code)
    assert receipt is not None
    assert (receipt.status, receipt.message) == ("rejected", "反映的不是本站的页面。")
    assert Duty.objects.get(code="DW1").closed_at is not None


def test_forwarding_hands_it_on_and_moves_no_promise(city: City) -> None:
    record, number, code = received()
    first, second = city.unit("发改委"), city.unit("民政局")
    officer = city.actor(first, roles.OPENNESS_OFFICER)
    promised = receipt_of(number, code)
    when = at("2026-11-27 09:00")
    perform(record, "forward", actor=officer, now=when, data={"unit": second.pk, "remark": "是民政局的页面。"})
    record = Record.objects.get(pk=record.pk)
    assert (record.state, record.lead_unit) == ("forwarded", second)
    assert dict(RecordParty.objects.filter(record=record).values_list("unit_id", "role")) == {
        first.pk: "consulted",
        second.pk: "lead",
    }
    receipt = receipt_of(number, code)
    assert receipt is not None and promised is not None
    assert (receipt.status, receipt.handler, receipt.due_at) == ("forwarded", second.name, promised.due_at)
    assert {duty.unit_id: duty.closed_at for duty in Duty.objects.filter(code="DW1")} == {
        first.pk: None,
        second.pk: None,
    }
    with pytest.raises(NotAllowed):
        perform(record, "answer", actor=officer, now=when, data={"outcome": "no_error", "answer": "无误。"})
    back = city.actor(second, roles.OPENNESS_OFFICER)
    perform(record, "forward", actor=back, now=when, data={"unit": first.pk, "remark": "不是。"})
    perform(
        Record.objects.get(pk=record.pk),
        "answer",
        actor=officer,
        now=when,
        data={"outcome": "no_error", "answer": "无误。"},
    )
    assert not Duty.objects.filter(code="DW1", closed_at=None).exists()


def test_the_contact_is_opened_by_the_lead_units_officer_alone(city: City) -> None:
    record, _, _ = received()
    page = f"/desk/error_report/{record.pk}/"
    look = f"{page}identity/contact/"
    shown = client_of(city, "发改委", roles.OPENNESS_OFFICER).get(page).content.decode()
    assert "查看联系方式" in shown and "13800138000" not in shown and WORDS in shown
    for role in (roles.DRAFTER, roles.UNIT_HEAD, roles.SECRECY_REVIEWER):
        text = client_of(city, "发改委", role).get(page).content.decode()
        assert WORDS in text and "13800138000" not in text and "查看联系方式" not in text
        assert client_of(city, "发改委", role).post(look, {"purpose": "contact"}).status_code == 403
    officer = client_of(city, "发改委", roles.OPENNESS_OFFICER)
    for other in (f"{page}history/", f"{page}do/answer/", "/desk/error_report/", "/desk/error_report/export.csv"):
        response = officer.get(other)
        assert response.status_code == 200, other
        content = b"".join(response.streaming_content) if response.streaming else response.content
        assert "13800138000" not in content.decode(), other
    stranger = client_of(city, "教育局", roles.OPENNESS_OFFICER)
    assert stranger.get(page).status_code == stranger.post(look, {"purpose": "contact"}).status_code == 404
    assert CONTACT in officer.post(look, {"purpose": "contact"}).content.decode()
    assert find_visible(city.actor(city.unit("教育局"), roles.OPENNESS_OFFICER), record.pk) is None
    officer_again = city.actor(city.unit("发改委"), roles.OPENNESS_OFFICER)
    perform(record, "forward", actor=officer_again, now=SENT, data={"unit": city.unit("民政局").pk, "remark": "转。"})
    assert officer.post(look, {"purpose": "contact"}).status_code == 403
    other_officer = client_of(city, "民政局", roles.OPENNESS_OFFICER)
    assert CONTACT in other_officer.post(look, {"purpose": "contact"}).content.decode()


def test_the_desk_serves_it_from_the_first_screen_to_the_answer(city: City) -> None:
    record, number, code = received()
    officer = client_of(city, "发改委", roles.OPENNESS_OFFICER)
    assert record.title in officer.get("/desk/").content.decode()
    step = f"/desk/error_report/{record.pk}/do/answer/"
    assert "网民凭回执看到的就是这段话" in officer.get(step).content.decode()
    done = officer.post(
        step, {"outcome": "corrected", "answer": "已改正。", "expected_version": 1, "request_key": "x"}, follow=True
    )
    assert done.status_code == 200
    receipt = receipt_of(number, code)
    assert receipt is not None and receipt.message == "已改正。"


def test_one_told_by_telephone_is_written_down_by_the_officer(city: City) -> None:
    officer = client_of(city, "发改委", roles.OPENNESS_OFFICER)
    posted = {"page": "/policies/", "what": "日期不对", "quote": "", "contact": CONTACT, "request_key": "n1"}
    done = officer.post("/desk/error_report/new/", posted, follow=True)
    assert done.status_code == 200 and CONTACT not in done.content.decode()
    report = ErrorReport.objects.get()
    assert identity.value_for_machine("error_report", report.pk, "contact") == CONTACT
    assert report.number is None and report.record.lead_unit == city.unit("发改委")
    assert Duty.objects.filter(code="DW1", unit="fgw").count() == 1


def test_the_journal_holds_no_word_of_it(city: City) -> None:
    record, _, _ = received()
    officer = city.actor(city.unit("发改委"), roles.OPENNESS_OFFICER)
    perform(record, "answer", actor=officer, now=SENT, data={"outcome": "corrected", "answer": "已改正，谢谢。"})
    text = "".join(Event.objects.values_list("payload", flat=True))
    for words in ("改个", "13800138000", "已改正，谢谢"):
        assert words not in text
    assert Unit.objects.exists()
