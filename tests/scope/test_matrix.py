"""Every address of the desk x role x party: who gets in, and whose words are on the page.

A new address without an entry here fails the suite.
"""

import itertools
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from tests.factories import City, Desk, make_desk

from mingtang.disclosure.attachments import FileChanges
from mingtang.disclosure.models import Attachment
from mingtang.duties.models import Duty
from mingtang.records.models import Record
from mingtang.text.attachments import read_attachment
from mingtang.units import roles

MARK = "只给当事单位看的标题"
PARTIES = ("lead", "co_issuer", "gatekeeper")
STRANGERS = ("stranger",)
BUSINESS_ROLES = (
    roles.DRAFTER,
    roles.UNIT_HEAD,
    roles.SECRECY_REVIEWER,
    roles.OPENNESS_OFFICER,
    roles.GENERAL_OFFICE_CLERK,
    roles.ASSESSOR,
)
# Addresses of one record: parties may look, everybody else finds nothing.
RECORD_PAGES = {
    "detail",
    "history",
    "edit",
    "do",
    "file",
    "redact",
    "redact_result",
    "file_page",
    "print",
    "print_paper",
    "print_sheet",
}
# Addresses every official may open; what stands on them is scoped.
OWN_PAGES = {"home", "list", "export", "new", "duties", "duties_export", "notices", "notice_preferences"}
# Walked in tests/audit: the audit administrator's pages, and a look at one field of a citizen's identity.
AUDIT = {"audit", "audit_person", "audit_record", "audit_check", "audit_export", "identity"}
SPECIAL = {"duty", "journal", "autosave", "discard", "setup", "health"}
# Walked in tests/notices: a person's own notices, the openness office's page and the administrator's hooks.
NOTICES = {"notice", "notices_read", "notice_address", "late", "late_remind", "late_export", "hooks", "hook_end"}


# Scoped like the record or the list; what is on them is read in tests/printing.
PRINTED = {"print_slip", "register", "register_export"}


# Scoped by unit and by who started a run; walked in tests/documents/test_migrating.py.
MIGRATIONS = {"migrations", "migration", "migration_progress", "migration_faults", "migration_decide"}


# Walked in tests/desk/test_people_pages.py: the administrators' pages of people, units and the calendar, role by role.
PEOPLE = {
    *("people", "person", "new_person", "edit_person", "disable_person", "enable_person", "new_post", "end_post"),
    *("hand_over", "issue_password", "reset_codes", "sign_out_person", "link_identity", "unlink_identity", "sign_ins"),
    *("units", "unit", "new_unit", "edit_unit", "merge_unit", "calendar"),
}
# Scoped like the record; walked role by role in tests/desk/test_register_pages.py.
REGISTERS = {
    *("registers", "register_template", "register_new", "register_work", "register_progress", "register_columns"),
    *("register_faults", "register_report", "register_changes", "register_entries", "register_entry"),
    "register_preview",
}
# Walked in tests/units/test_credentials.py: everybody's own sessions.
SESSIONS = {"sessions", "sessions_end"}


def desk_addresses() -> set[str]:
    """Names of all routes below the desk."""
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "namespace", None) == "desk":
            return {route.name for route in pattern.url_patterns}
    raise AssertionError("the desk is not mounted")


def test_every_address_has_an_entry() -> None:
    walked = PEOPLE | SESSIONS | MIGRATIONS | PRINTED | RECORD_PAGES | OWN_PAGES | SPECIAL | AUDIT | NOTICES
    assert desk_addresses() == walked | REGISTERS


@pytest.fixture
def joint(city: City) -> tuple[Desk, Record]:
    """A joint paper in the government's name that was sent up: lead, co-issuer and office are parties."""
    desk = make_desk(city)
    file = read_attachment("说明.txt", f"{MARK}的附件".encode())
    paper = desk.draft(
        title=MARK,
        name_of="government",
        co_issuers=[city.unit("民政局").pk],
        attachments=FileChanges((file,)),
    )
    desk.interpret(paper, title=f"{MARK}的解读")
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "approve", roles.UNIT_HEAD)
    desk.act(paper, "report", roles.DRAFTER)
    return desk, Record.objects.get(pk=paper.pk)


def unit_of(city: City, party: str) -> Any:
    names = {"lead": "发改委", "co_issuer": "民政局", "gatekeeper": "市政府办公厅", "stranger": "教育局"}
    return city.unit(names[party])


def client_of(city: City, party: str, role: str) -> Client:
    client = Client()
    client.force_login(city.person(unit_of(city, party), role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def addresses(record: Record) -> dict[str, str]:
    one = {"kind": record.kind, "record_id": record.pk}
    return {
        "home": reverse("desk:home"),
        "duties": reverse("desk:duties"),
        "notices": reverse("desk:notices") + "?show=all",
        "notice_preferences": reverse("desk:notice_preferences"),
        "duties_export": reverse("desk:duties_export", args=["csv"]),
        "list": reverse("desk:list", args=[record.kind]),
        "list searched": reverse("desk:list", args=[record.kind]) + f"?q={MARK}",
        "export": reverse("desk:export", args=[record.kind, "csv"]),
        "export xlsx": reverse("desk:export", args=[record.kind, "xlsx"]),
        "new": reverse("desk:new", args=[record.kind]),
        "new about": reverse("desk:new", args=["interpretation_event"]) + f"?about={record.pk}",
        "detail": reverse("desk:detail", kwargs=one),
        "history": reverse("desk:history", kwargs=one),
        "file": reverse("desk:file", kwargs={**one, "file_id": getattr(Attachment.objects.first(), "pk", 1)}),
        "edit": reverse("desk:edit", kwargs=one),
        "print": reverse("desk:print", kwargs=one),
        "print_paper": reverse("desk:print_paper", kwargs={**one, "form": "pdf"}),
        "print_sheet": reverse("desk:print_sheet", kwargs={**one, "form": "docx"}),
        "register": reverse("desk:register", args=["received"]),
        "register_export": reverse("desk:register_export", args=["received", "csv"]),
        "do": reverse("desk:do", kwargs={**one, "transition": "return"}),
    }


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if response.get("Content-Type", "").endswith("sheet"):
        import io

        from openpyxl import load_workbook

        rows = load_workbook(io.BytesIO(content)).active.values
        return "\n".join(str(cell) for row in rows for cell in row)
    return str(content.decode("utf-8"))


@pytest.mark.parametrize(("party", "role"), list(itertools.product(PARTIES, BUSINESS_ROLES)))
def test_parties_see_the_joint_paper(city: City, joint: tuple[Desk, Record], party: str, role: str) -> None:
    _, paper = joint
    client = client_of(city, party, role)
    pages = addresses(paper)
    for name in ("detail", "history", "file"):
        response = client.get(pages[name])
        assert response.status_code == 200, name
        assert MARK in body(response)
    for name in ("list", "list searched", "export", "export xlsx"):
        assert MARK in body(client.get(pages[name])), name


@pytest.mark.parametrize("role", BUSINESS_ROLES)
def test_strangers_find_nothing_anywhere(city: City, joint: tuple[Desk, Record], role: str) -> None:
    _, paper = joint
    client = client_of(city, "stranger", role)
    unknown = addresses(Record(id=uuid.uuid4(), kind="document"))
    for name, address in addresses(paper).items():
        response = client.get(address)
        text = body(response)
        if name.split()[0] in RECORD_PAGES or name == "new about":
            assert response.status_code == (404 if name != "new about" else response.status_code), name
            assert response.status_code in (403, 404), name
            other = client.get(unknown[name])
            assert (other.status_code, _without_tokens(body(other), unknown[name])) == (
                response.status_code,
                _without_tokens(text, address),
            ), name
        assert MARK not in text.replace(f'value="{MARK}"', "").replace(f"“{MARK}”", "").replace(f"q={MARK}", ""), name


def _without_tokens(text: str, address: str) -> str:
    """The page without what differs by request: its own address and CSRF tokens."""
    import re

    return re.sub(r'(csrfmiddlewaretoken" value|X-CSRFToken"?:? ?)[^ >]*', "", text.replace(address, ""))


@pytest.mark.parametrize("role", BUSINESS_ROLES)
def test_strangers_cannot_act_or_edit(city: City, joint: tuple[Desk, Record], role: str) -> None:
    _, paper = joint
    client = client_of(city, "stranger", role)
    before = (paper.version, paper.state)
    for name in ("do", "edit"):
        response = client.post(addresses(paper)[name], {"title": "改掉", "remark": "改", "faults": ["plan_missing"]})
        assert response.status_code == 404, name
    fresh = Record.objects.get(pk=paper.pk)
    assert (fresh.version, fresh.state) == before


@pytest.mark.parametrize("role", sorted(roles.ADMINISTRATORS))
def test_administrators_see_no_business(city: City, joint: tuple[Desk, Record], role: str) -> None:
    _, paper = joint
    client = client_of(city, "gatekeeper", role)
    for name, address in addresses(paper).items():
        response = client.get(address)
        assert MARK not in body(response).replace(f'value="{MARK}"', "").replace(f"q={MARK}", ""), name
        if name != "home":
            assert response.status_code in (403, 404), name
    journal = client.get(reverse("desk:journal"))
    assert journal.status_code == (200 if role == roles.AUDIT_ADMINISTRATOR else 403)


def test_a_party_without_the_role_cannot_take_the_step(city: City, joint: tuple[Desk, Record]) -> None:
    _, paper = joint
    for party, role in itertools.product(PARTIES, BUSINESS_ROLES):
        if (party, role) == ("gatekeeper", roles.GENERAL_OFFICE_CLERK):
            continue
        response = client_of(city, party, role).post(addresses(paper)["do"], {"faults": ["plan_missing"]})
        assert response.status_code == 403, (party, role)
    assert Record.objects.get(pk=paper.pk).state == "reported"


def test_the_form_offers_only_own_units_as_lead(city: City, joint: tuple[Desk, Record]) -> None:
    from mingtang.documents.forms import DocumentForm

    desk, _ = joint
    stranger = city.unit("教育局")
    form = DocumentForm(actor=city.actor(stranger, roles.DRAFTER), now=desk.now)
    assert [code for code, _ in form.fields["lead_units"].choices] == [stranger.pk]  # type: ignore[attr-defined]


def test_nobody_gets_in_without_signing_in(joint: tuple[Desk, Record]) -> None:
    _, paper = joint
    client = Client()
    for name, address in addresses(paper).items():
        response = client.get(address)
        assert response.status_code == 302 and "/accounts/login/" in response["Location"], name
    for name in ("autosave", "discard", "journal"):
        assert client.post(reverse(f"desk:{name}")).status_code in (302, 403), name


def test_a_duty_of_another_tree_is_not_found(city: City) -> None:
    desk = make_desk(city)
    paper, _ = desk.published()
    duty = Duty.objects.get(record=paper, code="D10.5")
    address = reverse("desk:duty", args=[duty.pk])
    assert client_of(city, "stranger", roles.ASSESSOR).get(address).status_code == 404
    assert client_of(city, "lead", roles.DRAFTER).get(address).status_code == 200
    assert client_of(city, "gatekeeper", roles.OPENNESS_OFFICER).get(address).status_code == 200
