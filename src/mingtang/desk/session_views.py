"""Where one is signed in. Everybody sees and ends their own."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from mingtang.units.models import Session
from mingtang.units.sessions import end_sessions

from .access import StaffRequest, staff_view


@staff_view
def sessions(request: StaffRequest) -> HttpResponse:
    """Own sessions, newest first."""
    mine = Session.objects.filter(person=request.user, expire_date__gt=request.now).order_by("-started_at")
    rows = [{"session": session, "here": session.pk == request.session.session_key} for session in mine]
    return render(request, "desk/sessions.html", {"rows": rows, "others": sum(not row["here"] for row in rows)})


@require_POST
@staff_view
def end(request: StaffRequest) -> HttpResponse:
    """End one of the own sessions, or all but this. A session is named by its start, never by its key."""
    mine = Session.objects.filter(person=request.user).exclude(pk=request.session.session_key)
    which = request.POST.get("session", "")
    if which != "others":
        mine = mine.filter(pk__in=[session.pk for session in mine if handle_of(session) == which])
    count = end_sessions(
        person=request.user, actor=request.actor, now=request.now, keys=list(mine.values_list("pk", flat=True))
    )
    messages.success(request, f"已结束{count}个登录。" if count else "没有其他登录。")
    return redirect("desk:sessions")


def handle_of(session: Session) -> str:
    """A name for a session in a page that does not give its key away."""
    return f"{session.started_at.timestamp():.6f}" if session.started_at else ""
