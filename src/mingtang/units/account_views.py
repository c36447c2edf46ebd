"""Pages between signing in and the desk: a password of one's own, and being told of what was reset."""

from typing import Any

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from .credentials import note_seen, recent_resets, set_password, unseen_resets
from .first_steps import UNTOLD
from .models import IDENTITY, ONE_TIME_CODE, CredentialReset, Person
from .passwords import LongEnough

WORDS = {ONE_TIME_CODE: "取消了您的动态口令和备用码", IDENTITY: "让一个统一身份可以用您的账号登录"}


class FirstPasswordForm(forms.Form):
    """A new password, twice."""

    password1 = forms.CharField(
        label="新密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )
    password2 = forms.CharField(
        label="再输一次", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "password1" in data and "password2" in data and data["password1"] != data["password2"]:
            self.add_error("password2", "两次输入的密码不一样。")
        return data


@never_cache
@login_required
@sensitive_post_parameters()
def first_password(request: HttpRequest) -> HttpResponse:
    """The only page that a password given by somebody else opens."""
    assert isinstance(request.user, Person)
    if not request.user.must_change_password:
        return redirect("desk:home")
    form = FirstPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.localtime()
        try:
            set_password(person=request.user, password=form.cleaned_data["password1"], now=now)
        except ValidationError as error:
            form.add_error("password1", error)
        else:
            note_seen(request.user, now)
            request.session.pop(UNTOLD, None)
            update_session_auth_hash(request, request.user)
            return redirect("desk:home")
    context = {
        "form": form,
        "help": LongEnough(min_length=10).get_help_text(),
        "resets": [told(reset) for reset in recent_resets(request.user, timezone.localtime())],
    }
    return render(request, "account/first_password.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
def resets(request: HttpRequest) -> HttpResponse:
    """Who took away or replaced one's secrets, and when. Nobody does it unnoticed."""
    assert isinstance(request.user, Person)
    if request.method == "POST":
        note_seen(request.user, timezone.localtime())
        request.session.pop(UNTOLD, None)
        return redirect("desk:home")
    shown = {reset.pk: reset for reset in unseen_resets(request.user)}
    shown |= {reset.pk: reset for reset in recent_resets(request.user, timezone.localtime())}
    lines = [told(shown[pk]) for pk in sorted(shown, reverse=True)]
    return render(request, "account/resets.html", {"resets": lines})


def told(reset: CredentialReset) -> str:
    """One sentence: when, who, what."""
    who = f"安全管理员{reset.by}" if reset.by is not None else "运维人员"
    return f"{timezone.localtime(reset.at):%Y年%-m月%-d日 %H:%M}，{who}{WORDS.get(reset.kind, '给您设了新密码')}。"
