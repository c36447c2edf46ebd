"""Limits on sessions: idle time, total time, and how many one person may have."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from .models import OpenSession

STARTED, SEEN = "started_at", "seen_at"
NOTE_EVERY_SECONDS = 60


class SessionLimits:
    """Ends a session that idled or lasted too long, and the oldest one when a person opens too many."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now()
            if STARTED not in request.session:
                _begin(request, now)
            elif _is_over(request, now):
                logout(request)
            elif now.timestamp() - request.session[SEEN] > NOTE_EVERY_SECONDS:
                request.session[SEEN] = now.timestamp()
        return self.get_response(request)


def _begin(request: HttpRequest, now: datetime) -> None:
    request.session[STARTED] = request.session[SEEN] = now.timestamp()
    if not request.session.session_key:
        request.session.save()
    OpenSession.objects.create(person_id=request.user.pk, key=request.session.session_key, started_at=now)
    keys = OpenSession.objects.filter(person_id=request.user.pk).order_by("-started_at", "-pk")
    for old in keys[settings.SESSIONS_PER_PERSON :]:
        Session.objects.filter(session_key=old.key).delete()
        old.delete()


def _is_over(request: HttpRequest, now: datetime) -> bool:
    idle = now.timestamp() - request.session[SEEN] > settings.SESSION_IDLE.total_seconds()
    return bool(idle or now.timestamp() - request.session[STARTED] > settings.SESSION_LONGEST.total_seconds())
