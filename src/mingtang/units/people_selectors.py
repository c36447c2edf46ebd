"""Reads of people for the administrators' pages: few queries, whatever their number."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from .actors import in_force
from .models import Person, Post, Unit

ACTIVE, DISABLED, WITHOUT_POST = "active", "disabled", "without_post"
STATES = {ACTIVE: "在用", DISABLED: "已停用", WITHOUT_POST: "没有岗位"}


def people_found(*, now: datetime, name: str = "", unit: str = "", role: str = "", state: str = "") -> QuerySet[Person]:
    """People by part of a name or user name, a unit, a role, a state; with their posts in force as ``current_posts``."""
    current = Post.objects.filter(in_force(now))
    found = Person.objects.order_by("username").prefetch_related(
        Prefetch("posts", current.select_related("unit", "delegated_by").order_by("unit_id", "role"), "current_posts")
    )
    if name:
        found = found.filter(Q(display_name__icontains=name) | Q(username__icontains=name))
    posts = current.filter(person=OuterRef("pk"))
    if unit:
        posts = posts.filter(unit=unit)
    if role:
        posts = posts.filter(role=role)
    if unit or role:
        found = found.filter(Exists(posts))
    if state == WITHOUT_POST:
        found = found.filter(~Exists(current.filter(person=OuterRef("pk"))), is_active=True)
    elif state:
        found = found.filter(is_active=state == ACTIVE)
    return found


def units_with_people(now: datetime) -> list[tuple[str, str]]:
    """Codes and short names of units that anybody holds a post in."""
    posts = Post.objects.filter(in_force(now), unit=OuterRef("pk"))
    return list(Unit.objects.filter(Exists(posts)).order_by("code").values_list("code", "name"))
