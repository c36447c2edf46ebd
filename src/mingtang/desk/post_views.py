"""Posts, delegations and hand-over: the security administrator's."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from mingtang.units.actors import in_force
from mingtang.units.errors import UnitsError
from mingtang.units.handover import Handover, NewPost, hand_over, preview
from mingtang.units.models import SUBSTANTIVE, Person, Post, Unit
from mingtang.units.posts import post_assign, post_end
from mingtang.units.roles import ROLES

from .access import StaffRequest
from .administration import (
    administrator_view,
    choices_in,
    expected_version,
    form_page,
    request_key,
    was_previewed,
)
from .people_forms import EndForm, HandoverForm, PostForm
from .people_views import person_address


def suggestions(*units: str) -> dict[str, Any]:
    """What text fields offer while typing: units standing, and people of the given units."""
    people = Person.objects.filter(posts__unit__in=units, is_active=True).distinct().order_by("username")[:200]
    return {
        "unit_list": list(Unit.objects.filter(valid_to=None).values_list("name", flat=True)),
        "person_list": [(person.username, person.display_name) for person in people] if units else [],
    }


@administrator_view("posts", "delegations")
def new_post(request: StaffRequest, person_id: int) -> HttpResponse:
    """A post in one's own right, acting, or delegated."""
    someone = get_object_or_404(Person, pk=person_id)
    form = PostForm(request.POST or None, initial={"kind": SUBSTANTIVE, "valid_from": request.now.date()})

    def act(data: dict[str, Any]) -> str:
        post_assign(
            person=someone,
            **data,
            actor=request.actor,
            now=request.now,
            expected_version=expected_version(request),
            request_key=request_key(request),
        )
        messages.success(request, f"已安排{someone}任{data['unit'].short_name}{ROLES[data['role']]}。")
        return person_address(someone)

    units = Post.objects.filter(in_force(request.now), person=someone).values_list("unit_id", flat=True)
    return form_page(
        request,
        form,
        act,
        title=f"安排岗位：{someone}",
        submit="安排岗位",
        cancel=person_address(someone),
        version=lambda: Person.objects.get(pk=person_id).version,
        more=suggestions(*units),
    )


@administrator_view("posts", "delegations")
def end_post(request: StaffRequest, person_id: int, post_id: int) -> HttpResponse:
    """The end of a post, at once or on a day."""
    post = get_object_or_404(Post.objects.select_related("person", "unit"), pk=post_id, person=person_id)
    form = EndForm(request.POST or None)

    def act(data: dict[str, Any]) -> str:
        ended = post_end(
            post=post,
            on=data["valid_to"] if data["when"] == "day" else None,
            actor=request.actor,
            now=request.now,
            expected_version=expected_version(request),
        )
        at_once = "，权限立即失效" if ended.ended_at else ""
        messages.success(request, f"{post.person}的{post.unit.short_name}{ROLES[post.role]}岗位已结束{at_once}。")
        return person_address(post.person)

    return form_page(
        request,
        form,
        act,
        title=f"结束岗位：{post.person}，{post.unit.name}{ROLES[post.role]}",
        submit="结束岗位",
        cancel=person_address(post.person),
        intro="本人给出的委托随岗位一起结束。工作要交给别人的，请改用“移交工作”。",
        version=lambda: Person.objects.get(pk=person_id).version,
    )


@administrator_view("hand_over")
def hand_over_work(request: StaffRequest, person_id: int) -> HttpResponse:
    """First what will move, then moving it."""
    someone = get_object_or_404(Person, pk=person_id)
    units = Unit.objects.filter(
        pk__in=Post.objects.filter(in_force(request.now), person=someone).values("unit_id")
    ).order_by("code")
    form = HandoverForm(request.POST or None, units=units)
    lines, agreed = None, was_previewed(request)
    if request.method == "POST" and not agreed and form.is_valid():
        try:
            lines = preview(_wish(request, someone, form.cleaned_data))
        except UnitsError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))

    def act(data: dict[str, Any]) -> str:
        hand_over(
            _wish(request, someone, data),
            expected_version=expected_version(request),
            request_key=request_key(request),
        )
        messages.success(request, f"{someone}在{data['unit'].short_name}的工作已移交{data['successor']}。")
        return person_address(someone)

    return form_page(
        request,
        form,
        act,
        title=f"移交工作：{someone}",
        submit="确认移交",
        cancel=person_address(someone),
        intro="先看会移交什么，再确认。谁办过什么，记录一律不变。",
        version=lambda: Person.objects.get(pk=person_id).version,
        more={
            **suggestions(*units.values_list("pk", flat=True)),
            "lines": lines,
            "previewed": choices_in(request.POST),
        },
        template="desk/hand_over.html",
        acts=agreed,
    )


def _wish(request: StaffRequest, someone: Person, data: dict[str, Any]) -> Handover:
    new_post = NewPost(data["new_unit"], data["new_role"], data["new_title"]) if data["new_unit"] else None
    return Handover(
        person=someone,
        successor=data["successor"],
        unit=data["unit"],
        actor=request.actor,
        now=request.now,
        take_posts=data["take_posts"],
        keep_posts=data["keep_posts"],
        new_post=new_post,
    )
