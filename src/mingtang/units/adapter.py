"""How allauth is fitted in: accounts are made by the system administrator; nobody signs up."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .models import Person
from .services import set_password


class ClosedAdapter(DefaultAccountAdapter):
    """allauth without sign-up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": _("动态口令输错次数太多，请十五分钟后再试；仍不行，请联系本单位系统管理员。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave passwords to the lock-out by name and address, and allauth's own count to one-time codes.

        Counted here as well, one person's typos would shut out every colleague behind the same address.
        """

    def set_password(self, user: Person, password: str) -> None:
        """Ends the person's sessions; allauth opens a new one for the browser in which the password was changed."""
        set_password(person=user, password=password)


class SealedSecrets(DefaultMFAAdapter):
    """Keeps the secrets of one-time codes encrypted, so that a copy of the database alone signs nobody in.

    The key lies beside the database, not in it (``MINGTANG_HOME/secrets``). With the key lost, the codes are reset
    person by person: ``mingtang people totp-reset``.
    """

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ``cryptography.fernet.InvalidToken`` for a text sealed with another key."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(settings.ONE_TIME_CODE_KEY.encode()).digest()))
