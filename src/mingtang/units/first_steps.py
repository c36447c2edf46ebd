"""What a person must do before the desk opens: a password of their own, being told of resets, a second factor."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from .actors import actor_for
from .adapter import signed_in_elsewhere
from .models import Person
from .roles import ADMINISTRATORS
from .sessions import STAFF_PATHS

UNTOLD, FACTOR_CHECKED = "untold_resets", "factor_checked"
TOTP_FOR_ADMINISTRATORS, TOTP_FOR_ALL = "administrators", "all"


class FirstSteps:
    """Leads every staff address to the one page that is due, and lets nothing else be reached before."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(STAFF_PATHS) and isinstance(request.user, Person):
            page, open_paths = _due(request, request.user)
            allowed = (page, reverse("account_logout"), *open_paths)
            if page and not request.path.startswith(allowed):
                return redirect(page)
        return self.get_response(request)


def _due(request: HttpRequest, person: Person) -> tuple[str, tuple[str, ...]]:
    """The page this person must see first, and which others it needs; empty if none."""
    if person.must_change_password and not signed_in_elsewhere(request, person):
        return reverse("account_first_password"), ()
    if request.session.get(UNTOLD):
        return reverse("account_resets"), ()
    if _lacks_factor(request, person):
        return reverse("mfa_activate_totp"), (reverse("mfa_index"), reverse("account_reauthenticate"))
    return "", ()


def _lacks_factor(request: HttpRequest, person: Person) -> bool:
    """Whether ``MINGTANG_REQUIRE_TOTP`` asks this person for a second factor they have not set up.

    Asked again whenever the person's row changes: new posts, or codes taken away.
    """
    demanded = settings.REQUIRE_TOTP
    if not demanded or request.session.get(FACTOR_CHECKED) == person.version:
        return False
    from allauth.mfa.models import Authenticator

    concerned = demanded == TOTP_FOR_ALL or bool(actor_for(person, timezone.localtime()).roles & ADMINISTRATORS)
    if concerned and not Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists():
        return True
    request.session[FACTOR_CHECKED] = person.version
    return False
