"""What the lock-out counts, and the page it shows."""

from collections.abc import Mapping
from typing import Any

from axes.helpers import get_client_ip_address
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


def counted_name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The user name as the lock-out counts it: another letter case is the same name."""
    given = (credentials or {}).get("username") or request.POST.get("login", "")
    return str(given).strip().casefold()


def locked_page(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Answer 429 and say at which clock time the name opens again at this address."""
    attempts = AccessAttempt.objects.filter(
        username=counted_name(request, credentials), ip_address=get_client_ip_address(request)
    )
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    until = timezone.localtime((last or request.axes_attempt_time) + settings.AXES_COOLOFF_TIME)  # type: ignore[attr-defined]
    return render(request, "account/locked.html", {"until": until}, status=429)
