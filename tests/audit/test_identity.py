"""Citizens' identities: sealed, masked, opened one at a time with a purpose, and every look noted."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from tests.factories import at

from mingtang.audit import identity
from mingtang.audit.identity_keys import Unreadable, add_key, key_file, keys
from mingtang.audit.models import Access, PersonalIdentity
from mingtang.units.actors import Actor

NOW = at("2026-11-25 10:00")
OFFICER = Actor(7, "张三", frozenset({("fgw", "openness_officer")}))
NAME, ID_NUMBER, PHONE = "斯琴高娃", "11010519491231002X", "13800138000"


@pytest.fixture(autouse=True)
def own_keys(tmp_path: Path, settings: object, db: object) -> None:
    settings.HOME = tmp_path  # type: ignore[attr-defined]


def sealed(subject: str = "a") -> None:
    identity.seal("request", subject, name=NAME, id_number=ID_NUMBER, phone=PHONE)


def look(subject: str = "a", field: str = "phone", purpose: str = "contact", minutes: int = 0) -> str:
    return identity.open_for(
        OFFICER, "request", subject, field, purpose=purpose, now=NOW + timedelta(minutes=minutes), unit_code="fgw"
    )


def test_nothing_of_it_stands_in_the_database() -> None:
    sealed()
    rows = list(PersonalIdentity.objects.values())
    assert len(rows) == 3
    assert not [value for value in (NAME, ID_NUMBER, PHONE, "0013800") if value in str(rows)]
    assert key_file().stat().st_mode & 0o777 == 0o600


def test_pages_get_masks_that_do_not_count_as_looks() -> None:
    sealed()
    assert identity.masked("request", ["a", "b"]) == {
        "a": {"name": "斯***", "id_number": "110*************2X", "phone": "138****8000"}
    }
    assert not Access.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("name", "王", "王*"),
        ("phone", "12345", "*****"),
        ("mail", "siqin@example.cn", "s***@example.cn"),
        ("mail", "nonsense", "***"),
        ("address", "通辽市科尔沁区霍林河大街1号", "通辽市科尔沁******"),
        ("address", "科尔沁区", "******"),
        ("contact", "王女士 13800138000", "******"),
    ],
)
def test_masks(field: str, value: str, shown: str) -> None:
    assert identity.mask(field, value) == shown


def test_a_look_gives_the_value_and_is_noted_with_its_purpose() -> None:
    sealed()
    assert look() == PHONE
    row = Access.objects.get()
    assert (row.actor_id, row.action, row.subject_kind, row.subject_id, row.part, row.purpose, row.unit_code) == (
        7,
        "identity",
        "request",
        "a",
        "phone",
        "contact",
        "fgw",
    )
    assert PHONE not in str(Access.objects.values())


def test_without_a_purpose_of_the_list_nothing_is_shown() -> None:
    sealed()
    for purpose in ("", "curiosity"):
        with pytest.raises(identity.IdentityRefused, match="用途"):
            look(purpose=purpose)
    with pytest.raises(identity.IdentityRefused, match="没有登记"):
        look(field="mail")
    assert not Access.objects.exists()


def test_a_row_moved_to_another_matter_or_field_does_not_open() -> None:
    sealed()
    sealed("b")
    PersonalIdentity.objects.filter(subject_id="b").delete()
    PersonalIdentity.objects.filter(field="phone").update(subject_id="b")
    with pytest.raises(identity.IdentityRefused, match="无法读取"):
        look("b")
    assert identity.masked("request", ["b"])["b"]["phone"].startswith("（")
    with pytest.raises(Unreadable):
        identity.value_for_machine("request", "b", "phone")


def test_found_by_the_whole_number_alone_and_noted() -> None:
    sealed()
    sealed("b")
    identity.seal("request", "b", phone="13900139000")

    def find(field: str, value: str) -> list[str]:
        return identity.find_for(OFFICER, "request", field, value, purpose="verify", now=NOW)

    assert find("id_number", " 11010519491231002x") == ["a", "b"]
    assert find("phone", "138-0013-8000") == ["a"]
    assert find("phone", "1380013800") == []
    assert [row.part for row in Access.objects.all()] == ["find id_number", "find phone", "find phone"]
    with pytest.raises(LookupError):
        find("name", NAME)


def test_many_looks_are_told_and_too_many_refused(settings: object) -> None:
    settings.IDENTITY_LOOKS = {"most": 5, "unusual": 3}  # type: ignore[attr-defined]
    sealed()
    for minute in range(5):
        assert look(minutes=minute) == PHONE
    with pytest.raises(identity.TooManyLooks, match="一小时内"):
        look(minutes=6)
    # The clock set back an hour opens no new hour.
    with pytest.raises(identity.TooManyLooks):
        look(minutes=-54)
    actions = list(Access.objects.values_list("action", flat=True))
    assert actions == ["identity"] * 2 + ["identity_unusual"] + ["identity"] * 3 + ["identity_refused"] * 2
    assert look(minutes=61) == PHONE


def test_keys_are_changed_while_work_goes_on_and_the_old_one_goes_when_nothing_needs_it() -> None:
    for number in range(7):
        sealed(str(number))
    old = keys()[0].id
    new = add_key()
    assert keys()[0].id == new and identity.retire_keys() == 0
    # Half-way through, everything opens and is found.
    assert identity.reseal(10) == 10
    assert identity.key_state() == {new: 10, old: 11}
    for number in range(7):
        assert look(str(number)) == PHONE
    assert len(identity.find_for(OFFICER, "request", "phone", PHONE, purpose="verify", now=NOW)) == 7
    assert identity.reseal() == 11 and identity.reseal() == 0
    assert identity.retire_keys() == 1
    assert [key.id for key in keys()] == [new]
    assert look("3", "id_number") == ID_NUMBER


def test_with_the_keys_gone_a_page_still_stands(tmp_path: Path) -> None:
    sealed()
    key_file().unlink()
    assert identity.masked("request", ["a"])["a"]["name"] == "（密钥已更换，无法读取）"
    with pytest.raises(identity.IdentityRefused, match="无法读取"):
        look()
    add_key()
    assert identity.reseal() == 0


def test_a_broken_key_file_says_so() -> None:
    keys()
    key_file().write_text("nonsense\n")
    with pytest.raises(ValueError, match="钥匙|padding|base64"):
        keys()


def test_an_empty_value_takes_the_field_away_and_forget_all() -> None:
    sealed()
    identity.seal("request", "a", phone=" ")
    assert set(identity.masked("request", ["a"])["a"]) == {"name", "id_number"}
    assert identity.forget("request", "a") == 2
    with pytest.raises(LookupError):
        identity.seal("request", "a", shoe_size="42")


@pytest.mark.django_db(transaction=True)
def test_two_processes_make_one_first_key() -> None:
    start, seen = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        seen.append(keys()[0].id)
        connections.close_all()

    both = [threading.Thread(target=work) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(set(seen)) == 1
