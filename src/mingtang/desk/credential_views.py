"""Lost passwords, lost telephones, single sign-on and forced sign-out: the security administrator's."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST

from mingtang.units.credentials import CODE_HOURS, issue_code, totp_reset
from mingtang.units.identities import link_identity, sign_on_name, unlink_identity
from mingtang.units.models import Person, Session
from mingtang.units.sessions import end_sessions

from .access import StaffRequest
from .administration import administrator_view, expected_version, form_page, request_key
from .people_forms import LinkForm
from .people_views import person_address
from .present import moment_words

PAGE = 50


@require_POST
@administrator_view("credentials")
def issue(request: StaffRequest, person_id: int) -> HttpResponse:
    """A one-time password on a page to be printed. It is shown this once."""
    someone = get_object_or_404(Person, pk=person_id)
    code = issue_code(
        person=someone,
        actor=request.actor,
        now=request.now,
        expected_version=expected_version(request),
        request_key=request_key(request),
    )
    if code is None:
        messages.warning(request, "这个一次性密码已经显示过，不能再看。需要的话请重新发放，原来的随即作废。")
        return redirect(person_address(someone))
    response = render(
        request,
        "desk/one_time_password.html",
        {"person": someone, "code": code, "hours": CODE_HOURS, "at": moment_words(request.now, request.now)},
    )
    add_never_cache_headers(response)
    return response


@require_POST
@administrator_view("credentials")
def reset_codes(request: StaffRequest, person_id: int) -> HttpResponse:
    """The second factor of somebody who lost it."""
    someone = get_object_or_404(Person, pk=person_id)
    totp_reset(person=someone, actor=request.actor, now=request.now, expected_version=expected_version(request))
    messages.success(request, f"{someone}的动态口令和备用码已取消，登录已全部失效；本人下次登录会看到。")
    return redirect(person_address(someone))


@require_POST
@administrator_view("sessions")
def sign_out_person(request: StaffRequest, person_id: int) -> HttpResponse:
    """Every session of somebody, ended now."""
    someone = get_object_or_404(Person, pk=person_id)
    count = end_sessions(person=someone, actor=request.actor, now=request.now)
    messages.success(request, f"{someone}的{count}个登录已结束。" if count else f"{someone}现在没有登录。")
    return redirect(person_address(someone))


@administrator_view("credentials")
def link(request: StaffRequest, person_id: int) -> HttpResponse:
    """Which person of the single sign-on server this is."""
    someone = get_object_or_404(Person, pk=person_id)
    form = LinkForm(request.POST or None)

    def act(data: dict[str, Any]) -> str:
        link_identity(
            person=someone,
            subject=data["subject"],
            actor=request.actor,
            now=request.now,
            expected_version=expected_version(request),
        )
        messages.success(request, f"已关联。{someone}可以用{sign_on_name() or '统一身份'}登录。")
        return person_address(someone)

    return form_page(
        request,
        form,
        act,
        title=f"关联统一身份：{someone}",
        submit="关联",
        cancel=person_address(someone),
        intro="关联只让本人能用统一身份登录，不增加任何权限。",
        version=lambda: Person.objects.get(pk=person_id).version,
    )


@require_POST
@administrator_view("credentials")
def unlink(request: StaffRequest, person_id: int) -> HttpResponse:
    """No more single sign-on for this account."""
    someone = get_object_or_404(Person, pk=person_id)
    unlink_identity(person=someone, actor=request.actor, now=request.now, expected_version=expected_version(request))
    messages.success(request, f"已解除{someone}的统一身份，登录已全部失效。")
    return redirect(person_address(someone))


@administrator_view("sessions")
def sign_ins(request: StaffRequest) -> HttpResponse:
    """Who is signed in now, and by which rules people sign in."""
    found = Session.objects.filter(person__isnull=False, expire_date__gt=request.now).select_related("person")
    page = Paginator(found.order_by("-started_at"), PAGE).get_page(request.GET.get("page"))
    demanded = {"": "不强制，由本人决定", "administrators": "三类管理员必须启用", "all": "所有人必须启用"}
    policy = [
        ("密码", "不用常见密码，不与用户名相近，至少10个字符"),
        ("输错密码", f"{settings.AXES_FAILURE_LIMIT}次后锁定{settings.AXES_COOLOFF_TIME.seconds // 60}分钟"),
        ("动态口令", demanded[settings.REQUIRE_TOTP]),
        ("空闲退出", f"{settings.SESSION_IDLE.seconds // 60}分钟"),
        ("最长登录", f"{settings.SESSION_LONGEST.seconds // 3600}小时"),
        ("同时登录", f"最多{settings.SESSIONS_PER_PERSON}处"),
        ("一次性密码", f"{CODE_HOURS}小时内用一次"),
        ("统一身份", sign_on_name() or "没有设置"),
    ]
    return render(request, "desk/sign_ins.html", {"page": page, "policy": policy})
