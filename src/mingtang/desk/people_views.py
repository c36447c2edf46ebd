"""People: found, looked at, made, switched off and on. Accounts are the system administrator's."""

from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from mingtang.journal.names import event_label
from mingtang.journal.selectors import events_of, payload_of
from mingtang.units.changes import subject_of
from mingtang.units.identities import identity_of, sign_on_name
from mingtang.units.models import ACTING, Person, Post, Unit
from mingtang.units.people import person_create, person_disable, person_edit, person_enable
from mingtang.units.people_selectors import STATES, people_found, units_with_people
from mingtang.units.roles import ADMINISTRATION, ROLES

from .access import StaffRequest
from .administration import administrator_view, expected_version, form_page, request_key
from .people_forms import AccountForm, NewAccountForm
from .present import day_words, moment_words

PAGE = 50
HISTORY = 50


@administrator_view("accounts", "posts")
def people(request: StaffRequest) -> HttpResponse:
    """Everybody, by name, unit, role and state."""
    chosen = {name: request.GET.get(name, "").strip()[:60] for name in ("name", "unit", "role", "state")}
    page = Paginator(people_found(now=request.now, **chosen), PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "page": page,
        "rows": [
            {"person": person, "posts": [post_words(post) for post in person.current_posts]}  # type: ignore[attr-defined]
            for person in page.object_list
        ],
        "chosen": chosen,
        "filtered": any(chosen.values()),
        "units": units_with_people(request.now),
        "roles": ROLES.items(),
        "states": STATES.items(),
        "may_create": may(request, "accounts"),
        "asked": asked.urlencode(),
    }
    return render(request, "desk/people.html", context)


@administrator_view("accounts", "posts")
def person(request: StaffRequest, person_id: int) -> HttpResponse:
    """One person: posts now and before, sessions, and what administrators did."""
    someone = get_object_or_404(Person, pk=person_id)
    posts = list(someone.posts.select_related("unit", "delegated_by").order_by("-valid_from", "-pk"))
    given = Post.objects.filter(delegated_by=someone).select_related("unit", "person").order_by("-valid_from")
    context = {
        "person": someone,
        "current": [post for post in posts if stands(post, request)],
        "coming": [post for post in posts if post.ended_at is None and post.valid_from > request.now.date()],
        "past": [post for post in posts if not stands(post, request) and post.valid_from <= request.now.date()],
        "given": [post for post in given if stands(post, request)],
        "sessions": list(someone.sessions.order_by("-started_at")) if may(request, "sessions") else [],
        "second_factor": Authenticator.objects.filter(user=someone).exists(),
        "identity": identity_of(someone),
        "sign_on": sign_on_name(),
        "history": history_of(someone, request),
        "oneself": someone.pk == request.user.pk,
        "ending": may(request, "posts") and someone.pk != request.user.pk,
        "may": {name: may(request, name) for name in ADMINISTRATION},
        "created": moment_words(someone.date_joined, request.now),
    }
    return render(request, "desk/person.html", context)


@administrator_view("accounts")
def new_person(request: StaffRequest) -> HttpResponse:
    """A new account: nobody can sign in with it before it has a post and a one-time password."""
    form = NewAccountForm(request.POST or None)

    def act(data: dict[str, Any]) -> str:
        made = person_create(**data, actor=request.actor, now=request.now, request_key=request_key(request))
        messages.success(request, f"已新建账号{made.username}。接下来由安全管理员安排岗位、发放一次性密码。")
        return person_address(made)

    return form_page(
        request, form, act, title="新建账号", submit="新建账号", cancel=reverse("desk:people"),
        intro="账号由系统管理员建立；岗位和登录密码由安全管理员给，两人分开办。",
    )  # fmt: skip


@administrator_view("accounts")
def edit_person(request: StaffRequest, person_id: int) -> HttpResponse:
    """A corrected name or address."""
    someone = get_object_or_404(Person, pk=person_id)
    form = AccountForm(request.POST or None, initial={"display_name": someone.display_name, "email": someone.email})

    def act(data: dict[str, Any]) -> str:
        person_edit(
            person=someone, **data, actor=request.actor, now=request.now, expected_version=expected_version(request)
        )
        messages.success(request, "已保存。")
        return person_address(someone)

    return form_page(
        request, form, act, title=f"修改账号：{someone}", submit="保存", cancel=person_address(someone),
        version=lambda: Person.objects.get(pk=person_id).version,
    )  # fmt: skip


@require_POST
@administrator_view("accounts")
def disable_person(request: StaffRequest, person_id: int) -> HttpResponse:
    """Switch an account off, at once."""
    someone = get_object_or_404(Person, pk=person_id)
    person_disable(person=someone, actor=request.actor, now=request.now, expected_version=expected_version(request))
    messages.success(request, f"{someone}的账号已停用，登录已全部失效。")
    return redirect(person_address(someone))


@require_POST
@administrator_view("accounts")
def enable_person(request: StaffRequest, person_id: int) -> HttpResponse:
    """Switch it on again."""
    someone = get_object_or_404(Person, pk=person_id)
    person_enable(person=someone, actor=request.actor, now=request.now, expected_version=expected_version(request))
    messages.success(request, f"{someone}的账号已恢复。")
    return redirect(person_address(someone))


def may(request: StaffRequest, action: str) -> bool:
    return ADMINISTRATION[action] in request.actor.roles


def person_address(someone: Person) -> str:
    return reverse("desk:person", args=[someone.pk])


def stands(post: Post, request: StaffRequest) -> bool:
    """Whether a post gives rights now."""
    day = request.now.date()
    over = (post.ended_at is not None and post.ended_at <= request.now) or (post.valid_to or day) < day
    return post.valid_from <= day and not over


def post_words(post: Post) -> str:
    """教育局 单位负责人（受李四委托，至12月3日）"""
    kind = ""
    if post.delegated_by is not None:
        kind = f"受{post.delegated_by}委托"
    elif post.kind != "substantive":
        kind = "主持工作"
    return f"{post.unit.short_name} {ROLES[post.role]}{f'（{kind}）' if kind else ''}"


def history_of(subject: Person | Unit, request: StaffRequest) -> list[dict[str, str]]:
    """What administrators did to a person or unit, newest first."""
    events = list(events_of(subject_of(subject)).order_by("-sequence")[:HISTORY])
    payloads = {event.pk: payload_of(event) for event in events}
    ids = {event.actor_id for event in events} | {
        payload[key] for payload in payloads.values() for key in ("by", "to_person", "from_person") if key in payload
    }
    names = {person.pk: str(person) for person in Person.objects.filter(pk__in=[pk for pk in ids if pk])}
    units = dict(Unit.objects.filter(pk__in={event.unit_code for event in events}).values_list("pk", "short_name"))
    return [
        {
            "at": moment_words(event.at, request.now),
            "label": event_label(event.name),
            "who": names.get(event.actor_id or 0, "运维人员"),
            "what": _what(payloads[event.pk], units.get(event.unit_code, ""), names, request),
        }
        for event in events
    ]


def _what(payload: dict[str, Any], unit: str, names: dict[int, str], request: StaffRequest) -> str:
    words = [unit] if unit else []
    if payload.get("role") in ROLES:
        words.append(str(ROLES[payload["role"]]))
    if payload.get("kind") == ACTING:
        words.append("主持工作")
    if "by" in payload:
        words.append(f"受{names.get(payload['by'], '他人')}委托")
    if "to_person" in payload:
        words.append(f"由{names.get(payload['from_person'], '')}移交{names.get(payload['to_person'], '')}")
    if "last_day" in payload:
        words.append(f"至{day_words(date.fromisoformat(payload['last_day']), request.now)}")
    return " ".join(words)
