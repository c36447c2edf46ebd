"""Sessions: kept with the person they belong to, and limited in idle time, total time and number."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mingtang.intake.limits import client_address

from .actors import Actor
from .changes import announce, require
from .models import Person, Session

STARTED, SEEN, DEVICE, PLACE = "started_at", "seen_at", "device", "place"
NOTE_EVERY_SECONDS = 60
# The public's pages carry no session: they are the same for everybody and may be cached.
STAFF_PATHS = ("/desk/", "/accounts/")


class SessionStore(DatabaseStore):
    """Database sessions whose rows know their person and start. Named by ``SESSION_ENGINE``."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        row.person_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.started_at = datetime.fromtimestamp(data[STARTED], UTC) if STARTED in data else None
        row.seen_at = datetime.fromtimestamp(data[SEEN], UTC) if SEEN in data else None
        row.device, row.place = data.get(DEVICE, ""), data.get(PLACE, "")
        return row


class SessionLimits:
    """Ends a session that idled or lasted too long, and the oldest one when a person opens too many."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(STAFF_PATHS):
            return self.get_response(request)
        now = timezone.now()
        if settings.SESSION_COOKIE_NAME in request.COOKIES and STARTED in request.session:
            if _is_over(request, now):
                logout(request)
            elif now.timestamp() - request.session[SEEN] > NOTE_EVERY_SECONDS:
                request.session[SEEN] = now.timestamp()
        response = self.get_response(request)
        if STARTED not in request.session and isinstance(request.user, Person):
            _begin(request, request.user, now)
        return response


def _begin(request: HttpRequest, person: Person, now: datetime) -> None:
    """Note the start of a session just opened, and keep only the newest few of its person."""
    request.session[STARTED] = request.session[SEEN] = now.timestamp()
    request.session[DEVICE] = device_of(request.META.get("HTTP_USER_AGENT", ""))
    request.session[PLACE] = place_of(client_address(request))
    request.session.save()
    SessionStore.clear_expired()
    newest = Session.objects.filter(person=person).order_by("-started_at", "-expire_date")
    surplus = newest.values_list("pk", flat=True)[settings.SESSIONS_PER_PERSON :]
    Session.objects.filter(pk__in=list(surplus)).delete()


def _is_over(request: HttpRequest, now: datetime) -> bool:
    idle = now.timestamp() - request.session[SEEN] > settings.SESSION_IDLE.total_seconds()
    return bool(idle or now.timestamp() - request.session[STARTED] > settings.SESSION_LONGEST.total_seconds())


# The first that is named wins: every browser also claims to be others.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("HarmonyOS", "鸿蒙"),
    ("Android", "安卓"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device_of(agent: str) -> str:
    """Browser and system in two words, as far as the browser tells the truth."""
    browser = next((name for sign, name in BROWSERS if sign in agent), "其他浏览器")
    return f"{browser} · {next((name for sign, name in SYSTEMS if sign in agent), '其他系统')}"


def place_of(address: str) -> str:
    """A network address shortened to its network: enough to know the office again, not to know the desk."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    network = ip_network((address, 24 if parsed.version == 4 else 48), strict=False)
    return str(network.network_address).removesuffix(".0") + ".*" if parsed.version == 4 else str(network)


@transaction.atomic
def end_sessions(*, person: Person, actor: Actor, now: datetime, keys: list[str] | None = None) -> int:
    """Sign somebody out, everywhere or only in the sessions of ``keys``; returns how many ended.

    One's own sessions everybody may end; another's, the security administrator. Harmless when repeated.

    Raises:
        NotAdministrator.
    """
    if actor.person_id != person.pk:
        require(actor, "sessions")
    found = Session.objects.filter(person=person)
    if keys is not None:
        found = found.filter(pk__in=keys)
    count = found.delete()[0]
    if count:
        announce("session.ended", now=now, actor=actor, about=person, person=person.pk, sessions=count)
    return count
