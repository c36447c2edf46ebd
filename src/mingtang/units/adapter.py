"""How allauth is fitted in: accounts are made by the system administrator; nobody signs up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
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
