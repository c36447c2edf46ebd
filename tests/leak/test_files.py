"""Attached files x every private state: none of their bytes, names, hashes or words is ever on the public side."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from tests.bake.conftest import bake_at
from tests.factories import City, Desk, make_desk

from mingtang.disclosure.attachments import FileChanges
from mingtang.disclosure.models import Attachment
from mingtang.editions.models import Publication
from mingtang.records.models import Record
from mingtang.text.attachments import read_attachment
from mingtang.units import roles

PRIVATE = ("draft", "signed", "withheld", "on_request", "correcting", "erased", "dropped", "original")
PUBLIC = "可以公开的附件"


def word(state: str) -> str:
    return f"只在{state}附件里的话"


def one(state: str) -> FileChanges:
    return FileChanges((read_attachment(f"名字{state}名字.txt", word(state).encode()),))


@pytest.fixture
def full_house(city: City) -> Desk:
    """A file in every private state, beside a public one."""
    desk = make_desk(city)
    desk.draft(attachments=one("draft"), original=("original.docx", word("original").encode()))
    desk.signed(attachments=one("signed"))
    withheld, _ = desk.signed(
        attachments=one("withheld"),
        openness="withheld",
        mode="",
        withholding_ground="state_secret",
        withholding_reason="含有已定密的内容，密级为秘密。",
    )
    asked, _ = desk.signed(attachments=one("on_request"), mode="on_request")
    for paper in (withheld, asked):
        desk.review(paper)
        desk.act(paper, "issue", roles.OPENNESS_OFFICER)
        desk.act(paper, "file", roles.OPENNESS_OFFICER)
    both = FileChanges(one("dropped").added + (read_attachment("公开.txt", PUBLIC.encode()),))
    shown = desk.draft(attachments=both)
    dropped = Attachment.objects.get(record=shown, name__contains="dropped")
    desk.edit(shown, {"lead_units": [desk.unit.pk], "attachments": FileChanges((), frozenset({dropped.pk}))})
    desk.interpret(shown)
    desk.act(shown, "submit", roles.DRAFTER)
    desk.act(shown, "sign", roles.UNIT_HEAD)
    desk.review(shown)
    desk.act(shown, "issue", roles.OPENNESS_OFFICER)
    desk.act(shown, "publish", roles.OPENNESS_OFFICER)
    desk.act(shown, "begin_correction", roles.DRAFTER, data={"remark": "换附件。"})
    desk.edit(shown, {"lead_units": [desk.unit.pk], "attachments": one("correcting")})
    erased, _ = desk.published(attachments=one("erased"))
    desk.act(erased, "erase", roles.UNIT_HEAD, data={"reason": "公示期满。"})
    return desk


def secrets() -> Iterator[tuple[str, bytes]]:
    for state in PRIVATE:
        yield state, word(state).encode()
        yield state, f"名字{state}名字".encode()
        if state != "original":
            yield state, read_attachment("a.txt", word(state).encode()).sha256.encode()


def test_no_public_table_holds_anything_of_a_private_file(full_house: Desk) -> None:
    stored = b""
    for model in apps.get_app_config("editions").get_models():
        for row in model._default_manager.values():
            for value in row.values():
                stored += bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    for state, secret in secrets():
        assert secret not in stored, state
    assert PUBLIC.encode() in stored


def test_no_file_of_the_public_folder_holds_anything_of_a_private_file(
    full_house: Desk, settings: Any, tmp_path: Path
) -> None:
    settings.PUBLIC_ROOT, settings.LOG_KEY = tmp_path / "public", tmp_path / "secrets" / "log_key"
    bake_at(full_house.now)
    found = [path for path in settings.PUBLIC_ROOT.rglob("*") if path.is_file()]
    for path in found:
        data = path.read_bytes()
        for state, secret in secrets():
            assert secret not in data and secret not in str(path).encode(), (path, state)
    (kept,) = [path for path in found if path.parent.name == "files" and path.suffix == ".txt"]
    assert kept.name == "公开.txt" and kept.read_bytes() == PUBLIC.encode()


def test_no_address_outside_the_desk_gives_a_private_file(full_house: Desk) -> None:
    client = Client()
    for attachment in Attachment.objects.all():
        address = reverse("desk:file", args=["document", attachment.record_id, attachment.pk])
        assert client.get(address).status_code == 302
        for publication in Publication.objects.all():
            answer = client.get(f"/{publication.path}/files/{attachment.name}")
            assert answer.status_code == 404 or attachment.name == "公开.txt"


def test_a_file_of_one_record_cannot_be_had_through_another(full_house: Desk, city: City) -> None:
    stranger = Desk(city, city.unit("教育局"), full_house.office, full_house.now)
    own = stranger.draft(title="自己的文件")
    client = Client()
    client.force_login(city.person(stranger.unit, roles.DRAFTER), backend="django.contrib.auth.backends.ModelBackend")
    for attachment in Attachment.objects.all():
        for record in (own, Record(id=attachment.record_id)):
            address = reverse("desk:file", args=["document", record.pk, attachment.pk])
            assert client.get(address).status_code == 404
