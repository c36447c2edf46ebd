"""The forms of the public site. Errors stand beside the field; whatever was typed is shown again."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingtang.intake.limits import FASTEST, LONGEST, age
from mingtang.intake.numbers import read_number


class GuardedForm(forms.Form):
    """A form that people fill in and programs give themselves away at: a field nobody sees, and the time it took.

    ``problem`` names what stands in the way besides the fields: ``quick`` or ``old``; empty for none.
    """

    # Not ``url`` or ``email``: browsers fill those in by themselves.
    leave_empty = forms.CharField(label=_("请留空"), required=False)
    request_key = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.problem = ""

    def clean_leave_empty(self) -> str:
        value = str(self.cleaned_data["leave_empty"])
        if value:
            raise forms.ValidationError(_("“请留空”一格里有内容，请删去后再提交。"))
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        old = age(cleaned.get("request_key", ""), self.now)
        if old is None or old > LONGEST or old < timedelta(0):
            self.problem = "old"
        elif old < FASTEST:
            self.problem = "quick"
        return cleaned

    def text(self, name: str) -> str:
        """What stands in a field: as it was typed, or as it was prefilled."""
        return str(self[name].value() or "")


def _without_nul(value: str) -> str:
    return value.replace("\x00", "")


class FeedbackForm(GuardedForm):
    """Somebody tells of an error on a page."""

    page = forms.CharField(label=_("哪一页"), max_length=300, required=False)
    what = forms.CharField(
        label=_("哪里不对"),
        max_length=2000,
        error_messages={
            "required": _("请写明哪里不对，例如：第二段“发展和改个”应为“发展和改革”。"),
            "max_length": _("最多2000字，现在有%(show_value)d字。"),
        },
    )
    quote = forms.CharField(
        label=_("错误的原文"),
        max_length=500,
        required=False,
        error_messages={"max_length": _("最多500字，现在有%(show_value)d字。")},
    )
    contact = forms.CharField(
        label=_("联系方式"),
        max_length=100,
        required=False,
        error_messages={"max_length": _("最多100字，现在有%(show_value)d字。")},
    )

    def clean_page(self) -> str:
        return page_address(self.cleaned_data["page"])


def page_address(typed: str) -> str:
    """The path of a page from whatever was given: a path, or a whole address."""
    path = _without_nul(typed).strip()[:300]
    if "://" in path[:12]:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return path if path.startswith("/") else f"/{path}"


class ReceiptForm(forms.Form):
    """Number and code of a receipt."""

    number = forms.CharField(
        label=_("回执编号"), max_length=60, error_messages={"required": _("请填写回执编号，例如 2026-11-ABCD-1234。")}
    )
    code = forms.CharField(
        label=_("查询码"), max_length=60, error_messages={"required": _("请填写回执上的八位查询码。")}
    )

    def clean_number(self) -> str:
        number = read_number(self.cleaned_data["number"])
        if number is None:
            raise forms.ValidationError(_("编号里有写错或漏写的字，请对照回执再看一遍，例如 2026-11-ABCD-1234。"))
        return number

    def text(self, name: str) -> str:
        return str(self[name].value() or "")


class SubscribeForm(GuardedForm):
    """What somebody wants to be mailed about, and where to."""

    subject = forms.ChoiceField(label=_("订阅什么"), error_messages={"invalid_choice": _("没有这一项，请重新选择。")})
    email = forms.EmailField(
        label=_("邮箱"),
        max_length=200,
        error_messages={"required": _("请填写邮箱。"), "invalid": _("邮箱的写法不对，应像 name@example.cn 这样。")},
    )

    def __init__(self, *args: Any, choices: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = choices  # type: ignore[attr-defined]
