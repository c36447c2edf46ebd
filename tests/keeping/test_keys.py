"""Changing keys loses nothing that the old ones sealed, signed or gave out."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from tests.factories import START

from mingtang.cli import keys_commands
from mingtang.cli.main import main
from mingtang.intake.keys import Unreadable, seal, sign, signed_value, unseal
from mingtang.intake.models import Submission, Subscription
from mingtang.intake.services import receipt_of, submit
from mingtang.journal.models import Event
from mingtang.settings.base import read_keys
from mingtang.units.adapter import SealedSecrets


@pytest.fixture
def home(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.delenv("MINGTANG_SECRET_KEY", raising=False)
    settings.HOME, settings.LOG_KEY = tmp_path, tmp_path / "secrets" / "log_key"
    (tmp_path / "secrets").mkdir(mode=0o700)
    for name in keys_commands.ROTATED:
        (tmp_path / "secrets" / name).write_text(f"the first {name}".replace(" ", "-"))
    settings.INTAKE_KEY_FILE = tmp_path / "secrets" / "intake_key"
    reread(settings)
    return tmp_path


def reread(settings: Any) -> None:
    """What a process started now would know."""
    folder = settings.HOME / "secrets"
    settings.INTAKE_KEY, *settings.INTAKE_OLDER_KEYS = read_keys(folder / "intake_key")
    settings.ONE_TIME_CODE_KEY, *settings.ONE_TIME_CODE_OLDER_KEYS = read_keys(folder / "one_time_code_key")


@pytest.mark.django_db
def test_intake_key(home: Path, settings: Any) -> None:
    number, code = submit("feedback", {"message": "路灯不亮"}, request_key="k", now=START)
    token, sealed = sign("stop", "abc"), seal({"contact": "13800138000"})
    assert main(["keys", "rotate", "intake"]) == 0
    reread(settings)
    assert len(settings.INTAKE_OLDER_KEYS) == 1
    assert unseal(sealed) == {"contact": "13800138000"}
    assert unseal(Submission.objects.get().sealed) == {"message": "路灯不亮"}
    found = receipt_of(number, code)
    assert found is not None and found.number == number
    assert receipt_of(number, "AAAAAAAA") is None
    assert signed_value("stop", token) == "abc"
    assert signed_value("stop", token[:-1] + ("0" if token[-1] != "0" else "1")) is None
    # Without the old key nothing of it opens.
    settings.INTAKE_OLDER_KEYS = []
    settings.INTAKE_KEY_FILE = home / "nothing"
    with pytest.raises(Unreadable):
        unseal(sealed)
    assert receipt_of(number, code) is None


@pytest.mark.django_db
def test_a_process_that_was_not_started_again_opens_what_a_newer_key_sealed(home: Path, settings: Any) -> None:
    before = settings.INTAKE_KEY
    assert main(["keys", "rotate", "intake"]) == 0
    reread(settings)
    sealed = seal({"message": "新封的"})
    settings.INTAKE_KEY, settings.INTAKE_OLDER_KEYS = before, []
    assert unseal(sealed) == {"message": "新封的"}


@pytest.mark.django_db
def test_an_address_subscribed_before_is_found_after(home: Path, settings: Any) -> None:
    from mingtang.intake import subscriptions

    def subscribe(subject: str, now: datetime) -> None:
        subscriptions.ask("a@example.cn", [subject], request_key=subject, now=now)
        wish = Submission.objects.get(kind=subscriptions.SUBSCRIBE)
        subscriptions.confirm(subscriptions.confirm_token(wish.pk), now=now)
        subscriptions.apply_changes(now, log_size=0)

    subscribe("all", START)
    assert main(["keys", "rotate", "intake"]) == 0
    reread(settings)
    subscribe("topic/x", START)
    assert Subscription.objects.get().subjects == ["all", "topic/x"]


@pytest.mark.django_db
def test_one_time_codes(home: Path, settings: Any) -> None:
    sealed = SealedSecrets().encrypt("JBSWY3DPEHPK3PXP")
    assert main(["keys", "rotate", "one-time-code"]) == 0
    reread(settings)
    assert SealedSecrets().decrypt(sealed) == "JBSWY3DPEHPK3PXP"
    settings.ONE_TIME_CODE_OLDER_KEYS = []
    with pytest.raises(InvalidToken):
        SealedSecrets().decrypt(sealed)


@pytest.mark.django_db
def test_each_change_is_in_the_journal_and_keeps_the_old_key(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("django", "log", "identity"):
        assert main(["keys", "rotate", name]) == 0
    events = Event.objects.filter(name="key.rotated").order_by("sequence")
    assert [event.payload for event in events] == ['{"key":"django"}', '{"key":"log"}', '{"key":"identity"}']
    assert read_keys(home / "secrets" / "django_key")[1:] == ["the-first-django_key"]
    assert (home / "secrets" / "django_key").stat().st_mode & 0o077 in (0, 0o044)
    main(["keys", "list"])
    told = capsys.readouterr().out
    for words in ("log", "旧钥匙 1 把", "用了 0 天", "不更换"):
        assert words in told, words
    # No key is ever shown.
    assert "the-first" not in told


@pytest.mark.django_db
def test_a_key_the_system_hands_over_is_not_changed_here(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINGTANG_SECRET_KEY", "given by the environment")
    assert main(["keys", "rotate", "django"]) == 1
    assert "MINGTANG_SECRET_KEY" in capsys.readouterr().err
    assert Event.objects.filter(name="key.rotated").count() == 0
