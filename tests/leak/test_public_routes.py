"""Every public address x everything that must not be public. A new address without an entry fails."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from tests.factories import City, Desk, make_desk

from mingtang.disclosure.services import note_shown
from mingtang.editions.models import Publication
from mingtang.records.models import Record
from mingtang.search.following import rebuild
from mingtang.text.attachments import read_attachment
from mingtang.units import roles

SECRETS = {
    "draft": "还在起草的秘密标题",
    "signed": "签了字还没审查的秘密标题",
    "withheld": "不予公开的秘密标题",
    "on_request": "依申请公开的秘密标题",
    "correcting": "更正稿里还没公开的句子",
    "erased": "已经清除的秘密标题",
    "remark": "退文说明里的话",
}
IDENTITY = "11010519491231002X"


def portal_routes() -> set[str]:
    for pattern in get_resolver("mingtang.settings.urls_public").url_patterns:
        if getattr(pattern, "namespace", None) == "portal":
            return {route.name for route in pattern.url_patterns}
    raise AssertionError("the portal is not mounted")


def addresses(publication: Publication) -> Iterator[tuple[str, str]]:
    path = f"/{publication.path}/"
    yield "publication", path
    yield "edition", f"{path}edition/1/"
    yield "edition_record_json", f"{path}edition/1/record.json"
    yield "proof_json", f"{path}proof.json"
    yield "record_json", f"{path}record.json"
    yield "paper_pdf", f"{path}paper.pdf"
    yield "paper_docx", f"{path}paper.docx"
    yield "proof", f"{path}proof/"
    yield "difference", f"{path}difference/1/2/"


FIXED = {
    "home": ["/"],
    "policies": ["/policies/", "/policies/?q=秘密"],
    "policies_archive": ["/policies/page/1/"],
    "interpretations": ["/interpretations/"],
    "interpretations_archive": ["/interpretations/page/1/"],
    "stage": ["/stages/service/"],
    "search": ["/search", "/search?q=秘密", "/search?q=公开的文件", "/search?validity=withdrawn&sort=newest"],
    "suggest": ["/search/suggest?q=秘密", "/search/suggest?q=公开"],
    "articles": ["/articles/"],
    "article": ["/articles/10/", "/articles/18/"],
    "duty": ["/articles/10/D10.5/", "/articles/10/D10.5/?state=running"],
    "about": ["/about/"],
    "budgets": ["/budgets/"],
    "budget": ["/budgets/fgw/2026/"],
    "units": ["/units/"],
    "unit": ["/units/fgw/", "/units/hbj/"],
    "region": ["/regions/150525/"],
    "guide": ["/guide/"],
    "catalogue": ["/catalogue/"],
    "sitemap": ["/sitemap/"],
    "feedback": ["/feedback/", "/feedback/?page=/pub/gone/"],
    "receipt": ["/receipt/", "/receipt/?number=2026-11-ABCD-1234"],
    "subscribe": ["/subscribe/", "/subscribe/?unit=fgw", "/subscribe/?topic=综合政务"],
    "subscribe_confirm": ["/subscribe/confirm/none/"],
    "subscribe_stop": ["/subscribe/stop/none/"],
}


def words_of(response: Any) -> str:
    """What a reader of the answer reads, also of a PDF or a .docx."""
    if response["Content-Type"].startswith("text/") or "json" in response["Content-Type"]:
        return str(response.content.decode())
    file = read_attachment("copy", response.content)
    return file.text + "".join(finding.sample for finding in file.findings)


def test_every_route_has_an_entry() -> None:
    covered = set(FIXED) | {name for name, _ in addresses(Publication(path="pub/x"))}
    assert portal_routes() == covered


@pytest.fixture
def full_house(city: City) -> Desk:
    """Every private state there is, beside two papers that are public."""
    desk = make_desk(city)
    desk.draft(title=SECRETS["draft"])
    desk.signed(title=SECRETS["signed"])
    withheld, _ = desk.signed(
        title=SECRETS["withheld"],
        openness="withheld",
        mode="",
        withholding_ground="state_secret",
        withholding_reason="含有已定密的内容，密级为秘密。",
    )
    asked, _ = desk.signed(title=SECRETS["on_request"], mode="on_request")
    for paper in (withheld, asked):
        desk.review(paper)
        desk.act(paper, "issue", roles.OPENNESS_OFFICER)
        desk.act(paper, "file", roles.OPENNESS_OFFICER)
    returned = desk.draft(title="要退的文件", name_of="government")
    desk.interpret(returned)
    desk.act(returned, "submit", roles.DRAFTER)
    desk.act(returned, "approve", roles.UNIT_HEAD)
    desk.act(returned, "report", roles.DRAFTER)
    desk.act(
        returned, "return", roles.GENERAL_OFFICE_CLERK, desk.office, data={"faults": [], "remark": SECRETS["remark"]}
    )
    public, _ = desk.published(title="公开的文件", body=f"一、名单\n某某，身份证{IDENTITY}。")
    desk.act(public, "begin_correction", roles.DRAFTER, data={"remark": "补一句。"})
    body = Record.objects.get(pk=public.pk).document.body
    desk.edit(public, {"body": f"{body}\n{SECRETS['correcting']}。", "lead_units": [desk.unit.pk]})
    erased, _ = desk.published(title=SECRETS["erased"])
    desk.act(erased, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    note_shown()
    return desk


def test_nothing_private_stands_on_any_public_page(full_house: Desk, settings: Any, tmp_path: Path) -> None:
    settings.SEARCH_ROOT = tmp_path / "search"
    rebuild()
    client = Client()
    pages = [address for found in FIXED.values() for address in found]
    pages += [address for publication in Publication.objects.all() for _, address in addresses(publication)]
    seen = ""
    for address in pages:
        response = client.get(address, follow=True)
        assert response.status_code in (200, 404, 410), address
        text = words_of(response)
        seen += text
        for state, secret in SECRETS.items():
            assert secret not in text, (address, state)
        assert IDENTITY not in text, address
    assert "公开的文件" in seen and "110105********002X" in seen


def test_public_tables_hold_nothing_private(full_house: Desk) -> None:
    from django.apps import apps

    for model in apps.get_app_config("editions").get_models():
        for row in model._default_manager.values():
            text = str(row)
            for state, secret in SECRETS.items():
                assert secret not in text, (model.__name__, state)
            assert IDENTITY not in text


def test_the_journal_holds_no_words_and_no_personal_data(full_house: Desk) -> None:
    from mingtang.journal.models import Event

    for payload in Event.objects.values_list("payload", flat=True):
        for state, secret in SECRETS.items():
            assert secret not in payload, state
        assert IDENTITY not in payload
