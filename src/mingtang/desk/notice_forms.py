"""How a person wants to be told, as a form."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingtang.notices.kinds import KINDS, MAIL_MODES
from mingtang.notices.models import Preference


def _time(label: Any, help_text: Any = "") -> forms.TimeField:
    return forms.TimeField(
        label=label,
        help_text=help_text,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "invalid": _("请按“08:30”的样子填写时间。"),
            "required": _("请填写时间，例如 08:30。"),
        },
    )


class PreferenceForm(forms.Form):
    """One row a kind: shown in the desk or not, and how it is mailed."""

    quiet_from = _time(_("免打扰从"))
    quiet_to = _time(_("免打扰到"), _("这段时间不发邮件，到点补发。今天到期、已逾期和被催办的照发。"))
    digest_at = _time(_("每天汇总邮件的时间"))
    working_days_only = forms.BooleanField(
        label=_("只在工作日发邮件"),
        required=False,
        help_text=_("休息日的通知到下一个工作日再发。今天到期、已逾期和被催办的照发。"),
    )

    def __init__(self, data: Any, *, preference: Preference) -> None:
        initial = {
            "quiet_from": preference.quiet_from,
            "quiet_to": preference.quiet_to,
            "digest_at": preference.digest_at,
            "working_days_only": preference.working_days_only,
        }
        super().__init__(data, initial=initial)
        for name, kind in KINDS.items():
            self.fields[f"desk_{name}"] = forms.BooleanField(
                label=f"{kind.label}：在办公台显示",
                required=False,
                disabled=kind.deadline,
                initial=preference.in_desk(name),
            )
            self.fields[f"mail_{name}"] = forms.ChoiceField(
                label=f"{kind.label}：邮件",
                choices=list(MAIL_MODES.items()),
                initial=preference.mail(name),
                error_messages={"invalid_choice": _("请从列出的几种方式里选一种。")},
            )

    def kinds(self) -> list[dict[str, Any]]:
        return [
            {"kind": kind, "desk": self[f"desk_{name}"], "mail": self[f"mail_{name}"]} for name, kind in KINDS.items()
        ]

    def choices(self) -> Mapping[str, Mapping[str, Any]]:
        data = self.cleaned_data
        return {name: {"desk": data[f"desk_{name}"], "mail": data[f"mail_{name}"]} for name in KINDS}
