"""O10: who is late, why, and one click that reminds them all, on the record and not twice."""

import threading
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from tests.factories import City, Desk, make_city, make_desk

from mingtang.duties.models import Duty
from mingtang.duties.selectors import overdue, state_of
from mingtang.journal.models import Event
from mingtang.journal.selectors import payload_of, verify_journal
from mingtang.notices import kinds
from mingtang.notices.lateness import late_duties, late_elsewhere, may_recall, reasons, scope_of
from mingtang.notices.models import Matter, Notice
from mingtang.notices.reminding import remind
from mingtang.records.errors import NotAllowed
from mingtang.records.rulebook import rulebook
from mingtang.units import roles
from mingtang.units.models import Post, Unit
from mingtang.units.selectors import supervised_by

ADVISORY = sorted(rule.id for rule in rulebook().duties.values() if rule.advisory)
STRICT = sorted(rule.id for rule in rulebook().duties.values() if not rule.advisory)


def late_paper(desk: Desk) -> tuple[Duty, datetime]:
    """A public paper whose interpretation was never published, and a moment after it was due."""
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    assert duty.due_at is not None
    return duty, timezone.localtime(duty.due_at + timedelta(hours=10))


def office(desk: Desk, now: datetime) -> Any:
    return desk.city.actor(desk.office, roles.OPENNESS_OFFICER, now=now)


def test_who_is_late_why_and_since_when(desk: Desk) -> None:
    duty, now = late_paper(desk)
    reviewer = desk.city.person(desk.unit, roles.SECRECY_REVIEWER)
    (late,) = late_duties(office(desk, now), now).filter(pk=duty.pk)
    why = reasons([late], now)[duty.pk]
    step = next(waiting for waiting in why if waiting.record is not None)
    assert (step.step, step.state, step.units) == ("保密审查通过", "负责人已审定", ("发改委",))
    assert step.people == (reviewer,) and step.record is not None and step.record.kind == "interpretation"
    approved = Event.objects.filter(record_id=step.record.pk, to_state="approved").latest("sequence")
    assert step.since == approved.at


def test_reminding_tells_the_unit_and_whoever_it_waits_for_and_is_on_the_record(desk: Desk) -> None:
    duty, now = late_paper(desk)
    actor = office(desk, now)
    outcome = remind(actor=actor, now=now)
    assert (
        duty in outcome.reminded
        and outcome.already == ()
        and outcome.units == len({d.unit_id for d in outcome.reminded})
    )
    event = Event.objects.get(name="duty.reminded", record_id=duty.record_id)
    reviewer = desk.city.person(desk.unit, roles.SECRECY_REVIEWER)
    assert event.actor_id == actor.person_id and payload_of(event)["duty"] == str(duty.pk)
    assert reviewer.pk in payload_of(event)["people"]
    told = set(
        Notice.objects.filter(matter__duty=duty, matter__kind=kinds.REMINDED).values_list("person_id", flat=True)
    )
    assert told == set(payload_of(event)["people"]) and actor.person_id not in told
    assert verify_journal() == []


def test_a_second_click_within_the_hour_does_nothing_twice(desk: Desk) -> None:
    duty, now = late_paper(desk)
    actor, head = office(desk, now), desk.city.actor(desk.unit, roles.UNIT_HEAD, now=now)
    first = remind(actor=actor, now=now)
    for who, moment in (
        (actor, now),
        (actor, now + timedelta(minutes=59)),
        (head, now),
        (actor, now - timedelta(hours=1)),
    ):
        again = remind(actor=who, now=moment)
        assert duty in again.already and not again.reminded, moment
    assert Event.objects.filter(name="duty.reminded").count() == len(first.reminded)
    assert duty in remind(actor=actor, now=now + timedelta(hours=1)).reminded


def test_one_row_is_reminded_alone_and_only_if_it_is_late(desk: Desk) -> None:
    duty, now = late_paper(desk)
    assert remind(actor=office(desk, now), now=now, duty_ids={duty.pk}).reminded == (duty,)
    other = Duty.objects.create(code="D10.5", unit=desk.unit, key="x", opened_at=now, due_at=now + timedelta(days=1))
    assert remind(actor=office(desk, now), now=now, duty_ids={other.pk}).reminded == ()


def test_who_may_and_of_whom(desk: Desk) -> None:
    city, now = desk.city, desk.now
    assert scope_of(city.actor(desk.office, roles.OPENNESS_OFFICER, now=now)) == supervised_by([desk.office.pk])
    assert scope_of(city.actor(desk.unit, roles.UNIT_HEAD, now=now)) == {desk.unit.pk}
    for unit, role in (
        (desk.unit, roles.OPENNESS_OFFICER),
        (desk.office, roles.GENERAL_OFFICE_CLERK),
        (desk.unit, roles.DRAFTER),
    ):
        actor = city.actor(unit, role, now=now)
        assert scope_of(actor) == frozenset()
        with pytest.raises(NotAllowed):
            remind(actor=actor, now=now)
    for post in Post.objects.select_related("person"):
        from mingtang.units.actors import actor_for

        actor = actor_for(post.person, now)
        assert may_recall(actor) == bool(scope_of(actor))


def test_a_unit_with_nobody_is_named(desk: Desk) -> None:
    duty, now = late_paper(desk)
    actor = office(desk, now)
    Post.objects.filter(unit=desk.unit).update(valid_to=now.date() - timedelta(days=1))
    outcome = remind(actor=actor, now=now, duty_ids={duty.pk})
    assert outcome.unheard == ("发改委",) and outcome.people == 0
    assert Event.objects.filter(name="duty.reminded").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_remind_once() -> None:
    desk = make_desk(make_city())
    duty, now = late_paper(desk)
    actors = [office(desk, now), desk.city.actor(desk.unit, roles.UNIT_HEAD, now=now)] * 2
    barrier, faults = threading.Barrier(len(actors)), []

    def click(actor: Any) -> None:
        try:
            barrier.wait()
            remind(actor=actor, now=now, duty_ids={duty.pk})
        except Exception as error:  # noqa: BLE001
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=[actor]) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert Event.objects.filter(name="duty.reminded").count() == 1
    assert Matter.objects.filter(kind=kinds.REMINDED).count() == 1


def client_of(city: City, unit: Unit, role: str) -> Client:
    client = Client()
    client.force_login(city.person(unit, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_reminds_and_says_so(desk: Desk) -> None:
    desk.now = timezone.localtime() - timedelta(days=60)
    duty, _ = late_paper(desk)
    client = client_of(desk.city, desk.office, roles.OPENNESS_OFFICER)
    text = client.get(reverse("desk:late")).content.decode()
    assert "停在“负责人已审定”" in text and "还没有催办过" in text and "发改委保密审查员" in text
    text = client.post(reverse("desk:late_remind"), follow=True).content.decode()
    assert "已催办" in text and "一小时内都已催办" in text
    count = Event.objects.filter(name="duty.reminded").count()
    text = client.post(reverse("desk:late_remind"), {"duty": str(duty.pk)}, follow=True).content.decode()
    assert "没有重复催办" in text and Event.objects.filter(name="duty.reminded").count() == count
    assert "催办，通知" in client.get(reverse("desk:duty", args=[duty.pk])).content.decode()
    lead = client_of(desk.city, desk.unit, roles.DRAFTER)
    page = lead.get(reverse("desk:detail", args=["document", duty.record_id])).content.decode()
    assert "催办 · 市政府办公厅政务公开专职人员1" in page
    inbox = lead.get(reverse("desk:notices")).content.decode()
    assert "被催办" in inbox and "关于减少办事材料的通知" in inbox and "条未读" in inbox


@pytest.mark.parametrize(
    ("unit", "role"), [("发改委", roles.OPENNESS_OFFICER), ("市政府办公厅", roles.SYSTEM_ADMINISTRATOR)]
)
def test_others_do_not_get_in(desk: Desk, unit: str, role: str) -> None:
    late_paper(desk)
    client = client_of(desk.city, desk.city.unit(unit), role)
    for response in (
        client.get(reverse("desk:late")),
        client.get(reverse("desk:late_export", args=["csv"])),
        client.post(reverse("desk:late_remind")),
    ):
        assert response.status_code == 403
    assert not Event.objects.filter(name="duty.reminded").exists()
    assert Client().get(reverse("desk:late")).status_code == 302


def test_a_head_sees_the_own_unit_alone(desk: Desk) -> None:
    desk.now = timezone.localtime() - timedelta(days=60)
    late_paper(desk)
    other = client_of(desk.city, desk.city.unit("教育局"), roles.UNIT_HEAD)
    assert "关于减少办事材料的通知" not in other.get(reverse("desk:late")).content.decode()
    own = client_of(desk.city, desk.unit, roles.UNIT_HEAD)
    assert "关于减少办事材料的通知" in own.get(reverse("desk:late")).content.decode()


def test_the_table_has_a_line_for_each_reason(desk: Desk) -> None:
    desk.now = timezone.localtime() - timedelta(days=60)
    duty, _ = late_paper(desk)
    Duty.objects.exclude(pk=duty.pk).delete()
    client = client_of(desk.city, desk.office, roles.OPENNESS_OFFICER)
    now = timezone.localtime()
    expected = len(reasons([duty], now)[duty.pk])
    lines = (
        b"".join(client.get(reverse("desk:late_export", args=["csv"])).streaming_content)
        .decode("utf-8-sig")
        .splitlines()
    )
    assert len(lines) == 1 + expected and "保密审查员" in lines[1] + lines[-1]
    book = load_workbook(BytesIO(b"".join(client.get(reverse("desk:late_export", args=["xlsx"])).streaming_content)))
    assert len(list(book.active.values)) == 1 + expected
    assert client.get(reverse("desk:late_export", args=["pdf"])).status_code == 404


drawn = st.lists(
    st.tuples(
        st.sampled_from(["发改委", "教育局", "市政府办公厅", "科左后旗政府", "民政局"]),
        st.sampled_from([*STRICT[:6], *ADVISORY[:4]]),
        st.integers(-3, 3),
        st.booleans(),
        st.booleans(),
    ),
    max_size=25,
)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=drawn)
def test_counts_are_those_of_the_duties_room(city: City, drawn: list[tuple[str, str, int, bool, bool]]) -> None:
    desk = make_desk(city)
    now = desk.now
    Duty.objects.all().delete()
    units = {unit.short_name: unit for unit in Unit.objects.filter(valid_to=None)}
    for number, (name, code, offset, closed, exempt) in enumerate(drawn):
        Duty.objects.create(
            code=code,
            unit=units.get(name) or units["教育局"],
            key=str(number),
            opened_at=now - timedelta(days=30),
            due_at=now + timedelta(microseconds=offset),
            closed_at=now if closed else None,
            exempt_ground="依据" if exempt else "",
        )
    actor = office(desk, now)
    found = set(late_duties(actor, now))
    scope = scope_of(actor)
    assert found == set(overdue(scope, now))
    assert found == {d for d in Duty.objects.filter(unit__in=scope) if state_of(d, now) in ("overdue", "advisory_late")}
    breaches = [d for d in found if state_of(d, now) == "overdue"]
    outside = [d for d in breaches if d.unit_id not in actor.units]
    assert late_elsewhere(actor, now) == (len(outside), len({d.unit_id for d in outside}))
    outcome = remind(actor=actor, now=now)
    assert set(outcome.reminded) == set(breaches)
