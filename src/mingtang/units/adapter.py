"""How allauth is fitted in: accounts are made by the system administrator; nobody signs up."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .credentials import note_use, set_password, spent_code, unseen_resets
from .models import Person


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
        set_password(person=user, password=password, now=timezone.localtime())

    def pre_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponse | None:
        """Refuse a printed password that was used or has run out; whoever came by single sign-on typed none."""
        if not signed_in_elsewhere(request, user):
            why = spent_code(user, timezone.localtime())
            if why:
                return render(request, "account/code_spent.html", {"why": why}, status=403)
        return super().pre_login(request, user, **kwargs)  # type: ignore[no-any-return]

    def login(self, request: HttpRequest, user: Person) -> None:
        """A printed password is spent by signing in; what was reset is told before the desk opens."""
        if not hasattr(user, "backend"):
            user.backend = "django.contrib.auth.backends.ModelBackend"
        super().login(request, user)
        if not signed_in_elsewhere(request, user):
            note_use(user, timezone.localtime())
        if unseen_resets(user):
            request.session["untold_resets"] = True


def signed_in_elsewhere(request: HttpRequest, person: Person) -> bool:
    """Whether this browser's person was vouched for by the single sign-on server, not by a password."""
    methods = [record.get("method") for record in get_authentication_records(request, person)]
    return next((method for method in reversed(methods) if method != "mfa"), "") == "socialaccount"


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


def _fernet() -> MultiFernet:
    """Seals with the newest key; opens what any key before it sealed."""
    keys = (settings.ONE_TIME_CODE_KEY, *settings.ONE_TIME_CODE_OLDER_KEYS)
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(key.encode()).digest())) for key in keys])
