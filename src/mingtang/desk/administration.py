"""The menu 系统, the gate of the administrators' pages, and how their forms behave."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from mingtang.records.errors import NotAllowed
from mingtang.units.actors import Actor
from mingtang.units.errors import NotAdministrator, Stale, UnitsError
from mingtang.units.roles import ADMINISTRATION, ROLES

from .access import StaffRequest, View, message_page, staff_view


@dataclass(frozen=True)
class MenuEntry:
    """A page of the menu: what it is called, its address's name, and the actions whose administrators see it."""

    label: str
    url_name: str
    actions: tuple[str, ...]

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(ADMINISTRATION[action] for action in self.actions)


# In the order shown. A new page adds a line; its view wears ``administrator_view`` with the same actions.
MENU = (
    MenuEntry("人员", "desk:people", ("accounts", "posts")),
    MenuEntry("单位", "desk:units", ("units",)),
    MenuEntry("工作日历", "desk:calendar", ("calendar",)),
    MenuEntry("登录情况", "desk:sign_ins", ("sessions",)),
    MenuEntry("安装检查", "desk:setup", ("setup_check",)),
    MenuEntry("运行状况", "desk:health", ("health",)),
    MenuEntry("旧文迁入", "desk:migrations", ("migrations",)),
    MenuEntry("消息推送", "desk:hooks", ("hooks",)),
    MenuEntry("审计查询", "desk:audit", ("audit",)),
    MenuEntry("办事日志", "desk:journal", ("journal",)),
)


def menu_of(actor: Actor) -> list[MenuEntry]:
    """The pages this administrator may open."""
    return [entry for entry in MENU if entry.roles & actor.roles]


def administrator_view(*actions: str) -> Callable[[View], View]:
    """A staff view for whoever may take any of ``actions``; everybody else is told whose page it is."""
    allowed = frozenset(ADMINISTRATION[action] for action in actions)
    names = "、".join(str(label) for role, label in ROLES.items() if role in allowed)

    def dress(view: View) -> View:
        @staff_view
        @wraps(view)
        def inner(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not allowed & request.actor.roles:
                raise NotAllowed(f"这一页由{names}使用。")
            try:
                return view(request, *args, **kwargs)
            except NotAdministrator as error:
                raise NotAllowed(str(error)) from error
            except Stale as error:
                return message_page(request, 409, "有人先改了", str(error), back=_back(kwargs))
            except UnitsError as error:
                return message_page(request, 422, "还不能办理", str(error), back=_back(kwargs))

        return inner

    return dress


def _back(kwargs: dict[str, Any]) -> str:
    if "person_id" in kwargs:
        return reverse("desk:person", args=[kwargs["person_id"]])
    return reverse("desk:unit", args=[kwargs["unit_code"]]) if "unit_code" in kwargs else ""


def expected_version(request: StaffRequest) -> int | None:
    """The version of the person or unit that the administrator saw; None if the page carried none."""
    typed = request.POST.get("expected_version", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else None


def request_key(request: StaffRequest) -> str:
    """What makes pressing a button twice harmless."""
    return request.POST.get("request_key", "")[:80]


NOT_CHOICES = {"csrfmiddlewaretoken", "request_key", "expected_version", "action", "previewed"}


def choices_in(data: QueryDict) -> str:
    """A mark of everything chosen in a form, so that only what was previewed is carried out."""
    chosen = sorted((name, data.getlist(name)) for name in data if name not in NOT_CHOICES)
    return sha256(repr(chosen).replace("\\r\\n", "\\n").encode()).hexdigest()


def was_previewed(request: StaffRequest) -> bool:
    """Whether the form is sent to be carried out, and nothing in it changed since its effect was shown."""
    return request.POST.get("action") == "do" and request.POST.get("previewed") == choices_in(request.POST)


def form_page(
    request: StaffRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], str],
    *,
    title: str,
    submit: str,
    cancel: str,
    trail: str = "人员",
    intro: str = "",
    version: Callable[[], int] | None = None,
    more: dict[str, Any] | None = None,
    template: str = "desk/administration_form.html",
    acts: bool = True,
) -> HttpResponse:
    """Show a form; once it is complete, ``act`` on it and go where it says. A refusal stands beside its field, and
    nothing typed is lost. ``version`` tells the present version of what the form changes; without ``acts`` a posted
    form is only shown again.
    """
    status = 422 if form.is_bound and form.errors else 200
    if request.method == "POST" and acts:
        status = 422
        if form.is_valid():
            try:
                return redirect(act(form.cleaned_data))
            except NotAdministrator:
                raise
            except UnitsError as error:
                status = 409 if isinstance(error, Stale) else 422
                form.add_error(error.field if error.field in form.fields else None, str(error))
    context = {
        "form": form,
        "groups": [("", list(form))],
        "title": title,
        "submit": submit,
        "cancel": cancel,
        "trail": trail,
        "intro": intro,
        "version": version() if version is not None else None,
        # A refused request may be sent again under its own key; one that went through is not shown again.
        "request_key": request_key(request) or str(uuid.uuid4()),
        **(more or {}),
    }
    return render(request, template, context, status=status)
