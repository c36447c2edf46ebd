"""Every address of the desk leaves a note, whoever asks and whatever the answer. A new address is walked by itself."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from tests.factories import City, make_desk

from mingtang.audit.models import Access
from mingtang.audit.rows import open_address
from mingtang.desk.noting import NOT_NOTED, NotesAccess
from mingtang.disclosure.attachments import FileChanges
from mingtang.disclosure.models import Attachment
from mingtang.records.models import Record
from mingtang.text.attachments import read_attachment
from mingtang.units import roles

SAMPLES = {"UUIDConverter": uuid.UUID(int=7), "IntConverter": 1, "SlugConverter": "x", "StringConverter": "csv"}
KNOWN = {"kind": "document", "transition": "return", "form": "csv"}
TITLE = "标题不许进审计"


def desk_patterns() -> Iterator[URLPattern]:
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "namespace", None) == "desk":
            for route in pattern.url_patterns:
                assert isinstance(route, URLPattern), f"walk {route} too"
                yield route


@pytest.fixture
def paper(city: City) -> Record:
    desk = make_desk(city)
    return desk.draft(title=TITLE, attachments=FileChanges((read_attachment("附件.txt", "文字".encode()),)))


def address_of(route: URLPattern, paper: Record) -> str:
    given: dict[str, Any] = {}
    for name, converter in route.pattern.converters.items():
        given[name] = KNOWN.get(name, SAMPLES[type(converter).__name__])
    if "record_id" in given:
        given["record_id"] = paper.pk
    if "file_id" in given:
        given["file_id"] = Attachment.objects.get().pk
    return reverse(f"desk:{route.name}", kwargs=given)


def client_of(city: City, role: str, unit: str = "发改委") -> Client:
    client = Client(REMOTE_ADDR="10.20.30.40")
    client.force_login(city.person(city.unit(unit), role), backend="django.contrib.auth.backends.ModelBackend")
    Access.objects.all().delete()
    return client


@pytest.mark.parametrize(
    ("role", "unit"),
    [
        (roles.DRAFTER, "发改委"),
        (roles.OPENNESS_OFFICER, "教育局"),
        *((role, "发改委") for role in sorted(roles.ADMINISTRATORS)),
    ],
)
def test_every_address_is_noted(city: City, paper: Record, role: str, unit: str) -> None:
    client = client_of(city, role, unit)
    person = city.person(city.unit(unit), role)
    silent = []
    for route in desk_patterns():
        if route.name in NOT_NOTED:
            continue
        for ask in (client.get, client.post):
            response = ask(address_of(route, paper))
            rows = list(Access.objects.filter(actor_id=person.pk))
            if not rows or rows[-1].action == "":
                silent.append(route.name)
            if response.status_code in (403, 404):
                assert rows[-1].action == "denied", route.name
            Access.objects.all().delete()
    assert silent == []


def test_nothing_but_saving_what_is_typed_goes_without() -> None:
    """And counters of rows that ask again every few seconds."""
    assert {"autosave", "discard", "migration_progress", "register_progress"} == NOT_NOTED


def noted(city: City, address: str, role: str = roles.DRAFTER, unit: str = "发改委") -> Access:
    client_of(city, role, unit).get(address)
    return Access.objects.get()


@pytest.mark.parametrize(
    ("name", "query", "action", "part"),
    [
        ("detail", "", "read", "detail"),
        ("history", "", "read", "history"),
        ("file", "", "download", "file {file}"),
        ("list", "", "list", "list"),
        ("list", f"?q={TITLE}", "search", "list"),
        ("export", "", "export", "export csv"),
        ("export", f"?q={TITLE}", "export", "export csv"),
    ],
)
def test_what_is_noted_of_a_page(city: City, paper: Record, name: str, query: str, action: str, part: str) -> None:
    given: dict[str, Any] = {"kind": "document"}
    if name in ("detail", "history", "file"):
        given["record_id"] = paper.pk
    if name == "file":
        given["file_id"] = Attachment.objects.get().pk
    if name == "export":
        given["form"] = "csv"
    row = noted(city, reverse(f"desk:{name}", kwargs=given) + query)
    assert (row.action, row.subject_kind, row.unit_code, row.status) == (action, "document", "fgw", 200)
    assert row.subject_id == (str(paper.pk) if "record_id" in given else "")
    assert row.part == part.format(file=given.get("file_id"))
    assert open_address(row.address) == "10.20.30.40" and len(row.request_id) == 16
    assert TITLE not in str(Access.objects.values())


def test_a_denied_look_is_noted_with_what_was_wanted(city: City, paper: Record) -> None:
    row = noted(city, reverse("desk:detail", args=["document", paper.pk]), unit="教育局")
    assert (row.action, row.subject_id, row.status, row.unit_code) == ("denied", str(paper.pk), 404, "jyj")


def test_nobody_signed_in_and_nothing_there_leave_no_row(city: City) -> None:
    assert Client().get(reverse("desk:home")).status_code == 302
    client_of(city, roles.DRAFTER).get("/desk/there/is/no/such/page/")
    assert not Access.objects.exists()


def test_signing_in_and_out_and_failing_are_noted_with_the_address(city: City) -> None:
    person = city.person(city.unit("发改委"), roles.DRAFTER)
    person.set_password("a long enough password")
    person.save()
    client = Client(REMOTE_ADDR="10.20.30.41")
    client.post("/accounts/login/", {"login": person.username, "password": "wrong"})
    client.post("/accounts/login/", {"login": person.username, "password": "a long enough password"})
    client.post("/accounts/logout/")
    rows = [(row.action, row.actor_id, open_address(row.address)) for row in Access.objects.all()]
    assert rows == [(action, person.pk, "10.20.30.41") for action in ("sign_in_failed", "sign_in", "sign_out")]


class FullDisk:
    """From now on no access row can be written, as on a full disk."""

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "audit_access"'):
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)


def test_on_a_full_disk_pages_are_read_exports_are_not_and_the_gap_is_told(city: City, paper: Record) -> None:
    client = client_of(city, roles.DRAFTER)
    pages = [reverse("desk:detail", args=["document", paper.pk]), reverse("desk:list", args=["document"])]
    closed = [
        reverse("desk:export", args=["document", "csv"]),
        reverse("desk:export", args=["document", "xlsx"]),
        reverse("desk:duties_export", args=["csv"]),
        reverse("desk:file", args=["document", paper.pk, Attachment.objects.get().pk]),
    ]
    with connection.execute_wrapper(FullDisk()):
        assert {client.get(address).status_code for address in pages} == {200}
        for address in closed:
            response = client.get(address)
            assert response.status_code == 503 and not response.streaming
            assert "磁盘满" in response.content.decode() and TITLE not in response.content.decode()
    assert not Access.objects.exists()
    client.get(pages[0])
    told = Access.objects.get(action="unnoted")
    assert told.part == str(len(pages) + len(closed)) and NotesAccess.missed == 0
