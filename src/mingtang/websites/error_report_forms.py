"""Forms about error reports."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingtang.records.forms import ReasonForm, RecordForm
from mingtang.units.models import Unit

from .models import OUTCOMES, ErrorReport


class ErrorReportForm(RecordForm):
    """An error somebody told by telephone or letter; those of the site come in by themselves."""

    groups = ((_("什么错误"), ["page", "what", "quote"]), (_("谁反映的"), ["contact"]))
    page = forms.CharField(
        label=_("页面"), required=False, max_length=300, help_text=_("网址里域名后面的部分，例如 /policies/。")
    )
    what = forms.CharField(label=_("哪里不对"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    quote = forms.CharField(label=_("错误的原文"), required=False, max_length=500)
    contact = forms.CharField(
        label=_("联系方式"), required=False, max_length=100, help_text=_("密封保存，只给本单位政务公开专职人员看。")
    )

    @staticmethod
    def initial_of(detail: ErrorReport) -> dict[str, Any]:
        return {"page": detail.page, "what": detail.what, "quote": detail.quote}


class AnswerForm(RecordForm):
    """What was found and what the citizen is told."""

    outcome = forms.ChoiceField(label=_("处理结果"), choices=list(OUTCOMES.items()), widget=forms.RadioSelect)
    answer = forms.CharField(
        label=_("给网民的答复"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("网民凭回执看到的就是这段话。写明核对的结果、改了哪里。"),
        error_messages={"required": _("请写明答复，网民凭回执查询时看到的就是它。")},
    )


class ForwardForm(ReasonForm):
    """Whose page it is."""

    unit = forms.ChoiceField(label=_("转给"))
    field_order = ["unit", "remark"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = Unit.objects.filter(valid_to=None)
        if self.record is not None:
            units = units.exclude(pk=self.record.lead_unit_id)
        self.fields["unit"].choices = [(unit.pk, unit.name) for unit in units]  # type: ignore[attr-defined]


class RejectForm(ReasonForm):
    """Why nothing is done; the citizen reads it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remark"].label = _("不予办理的理由（网民看得到）")
        self.fields["remark"].error_messages["required"] = _("请写明理由，网民凭回执查询时看到的就是它。")
