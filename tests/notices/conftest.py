"""A mail server, a receiver of hooks, and people with addresses."""

import ipaddress
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from tests.notices.servers import MailServer, Receiver, mail_server, receiver

from mingtang.notices.models import MailAddress
from mingtang.units.models import Person


@pytest.fixture
def mail(settings: Any) -> Iterator[MailServer]:
    with mail_server() as (handler, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.MAIL_SERVER = f"smtp://127.0.0.1:{port}"
        settings.DESK_ADDRESS = "https://desk.tongliao.example"
        yield handler


@pytest.fixture
def hooked(settings: Any) -> Iterator[tuple[Receiver, str]]:
    """A receiver on this machine, allowed by the setting, and its address."""
    settings.HOOK_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    with receiver() as (told, port):
        yield told, f"http://127.0.0.1:{port}/notices?from=desk"


def with_address(person: Person, now: datetime, email: str = "") -> str:
    """An address that was verified before."""
    email = email or f"{person.pk}@gov.example"
    MailAddress.objects.update_or_create(person=person, defaults={"email": email, "asked_at": now, "verified_at": now})
    Person.objects.filter(pk=person.pk).update(email=email)
    return email
