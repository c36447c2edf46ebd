"""Every request to the desk leaves one access row, also one that was refused. What must be noted is not shown unnoted."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mingtang.audit import names
from mingtang.audit.services import asking, note_access
from mingtang.intake.limits import client_address
from mingtang.units.models import Person
from mingtang.units.sessions import STAFF_PATHS

from .access import message_page

logger = logging.getLogger(__name__)
# What a page of that name is; every other one is read, or acted on when it is a POST.
ACTIONS = {
    "home": names.LIST,
    "list": names.LIST,
    "duties": names.LIST,
    "export": names.EXPORT,
    "duties_export": names.EXPORT,
    "register": names.LIST,
    "register_export": names.EXPORT,
    "registers": names.LIST,
    "register_entries": names.LIST,
    "register_report": names.EXPORT,
    "audit_export": names.EXPORT,
    "migrations": names.LIST,
    "migration": names.LIST,
    "migration_faults": names.EXPORT,
    "file": names.DOWNLOAD,
    "journal": names.LIST,
    "audit": names.LIST,
}
# They only keep what the person types in this very browser, or count rows every few seconds; noting each would drown the
# rest.
NOT_NOTED = frozenset({"autosave", "discard", "migration_progress", "register_progress"})
DENIED = frozenset({401, 403, 404})


@dataclass
class Noting:
    """What a view wants noted of its request where the address does not tell: see ``note_as``."""

    action: str = ""
    subject_kind: str = ""
    subject_id: object = ""
    part: str = ""


def note_as(request: HttpRequest, **values: Any) -> None:
    """Have this request noted with other values (of ``Noting``) than follow from its address."""
    request.noting = Noting(**values)  # type: ignore[attr-defined]


class NotesAccess:
    """Middleware, innermost: it sees who asked, which view answered, and how."""

    missed = 0
    lock = Lock()

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(STAFF_PATHS):
            return self.get_response(request)
        given = getattr(request, "request_id", "") or uuid.uuid4().hex[:16]
        with asking(client_address(request), str(given)) as asked:
            response = self.get_response(request)
            match = request.resolver_match
            if match is None or match.namespace != "desk" or match.url_name in NOT_NOTED or asked.noted:
                return response
            if not isinstance(request.user, Person):
                return response
            return self._noted(request, response)

    def _noted(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        values = noted_values(request, response)
        try:
            note_access(**values)
            self._tell_missed(values["now"])
        except DatabaseError as error:
            logger.error("an access could not be noted: %s", error)
            with self.lock:
                NotesAccess.missed += 1
            if values["action"] in names.MUST_BE_NOTED:
                return message_page(
                    request,
                    503,
                    "现在不能给您看",
                    "这类内容要先记下是谁看的，才能打开；现在记不下来，多半是磁盘满了。请告诉系统管理员，稍后再试。",
                )
        return response

    def _tell_missed(self, now: datetime) -> None:
        """Once noting works again, the trail itself says how many plain pages it lacks."""
        if not NotesAccess.missed:
            return
        with self.lock:
            count, NotesAccess.missed = NotesAccess.missed, 0
        note_access(actor_id=None, action=names.UNNOTED, part=str(count), now=now)


def noted_values(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """The arguments of ``note_access`` for a request to the desk and its answer."""
    match, own = request.resolver_match, getattr(request, "noting", Noting())
    assert match is not None
    actor, name, given = getattr(request, "actor", None), match.url_name or "", match.kwargs
    action = own.action or ACTIONS.get(name) or (names.READ if request.method in ("GET", "HEAD") else names.ACT)
    if action == names.LIST and request.GET.get("q"):
        action = names.SEARCH
    if action in (names.READ, names.LIST, names.SEARCH) and "attachment" in response.get("Content-Disposition", ""):
        action = names.EXPORT
    if response.status_code in DENIED:
        action = names.DENIED
    ids = [(key.removesuffix("_id"), value) for key, value in given.items() if key.endswith("_id")]
    kind = str(given.get("kind") or (ids[0][0] if ids else name))
    # A record is its own kind; what else the address names is a part of it.
    rest = [str(value) for key, value in given.items() if key not in ("kind", ids[0][0] + "_id" if ids else "")]
    return {
        "actor_id": request.user.pk,
        "action": action,
        "subject_kind": own.subject_kind or kind,
        "subject_id": own.subject_id if own.subject_kind else (ids[0][1] if ids else ""),
        "part": own.part or " ".join([name, *rest]),
        "now": getattr(request, "now", None) or timezone.localtime(),
        "unit_code": min(actor.units, default="") if actor else "",
        "status": response.status_code,
    }
