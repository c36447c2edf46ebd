"""The menu 系统 and the gate of the administrators' pages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpResponse

from mingtang.records.errors import NotAllowed
from mingtang.units.actors import Actor
from mingtang.units.roles import ADMINISTRATION, ROLES

from .access import StaffRequest, View, staff_view


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
    MenuEntry("安装检查", "desk:setup", ("setup_check",)),
    MenuEntry("消息推送", "desk:hooks", ("hooks",)),
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
            return view(request, *args, **kwargs)

        return inner

    return dress
