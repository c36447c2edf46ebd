"""Words the administrators' pages need."""

import uuid

from django import template

from mingtang.desk.session_views import handle_of
from mingtang.units.models import Session
from mingtang.units.roles import ROLES

register = template.Library()


@register.filter
def role_name(role: str) -> str:
    return str(ROLES.get(role, role))


@register.filter
def session_handle(session: Session) -> str:
    return handle_of(session)


@register.simple_tag
def new_key() -> str:
    """A request key for a form that stands by itself."""
    return str(uuid.uuid4())
