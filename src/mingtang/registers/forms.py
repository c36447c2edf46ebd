"""Forms about registers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingtang.records.forms import RecordForm

from .catalog import kinds
from .models import Register
from .services import Upload


def note_field(help_text: Any, *, rows: int = 2) -> forms.CharField:
    """What an update is about, in the words of whoever keeps the list; everybody reads them."""
    return forms.CharField(
        label=_("本次更新说明"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
    )


class RegisterForm(RecordForm):
    """A new register, with its file if there is one; later, what an update is about."""

    groups = (
        (_("哪一种清单"), ["register_kind"]),
        (_("从表格导入"), ["workbook"]),
        (_("说明"), ["note"]),
    )
    register_kind = forms.ChoiceField(label=_("清单种类"))
    workbook = forms.FileField(
        label=_("表格文件"),
        required=False,
        help_text=_(
            "Excel（.xlsx、.xls）、ODS或者CSV。标题、说明和合计行不用删。也可以先建好清单，再导入或者逐条填写。"
        ),
    )
    note = note_field(_("会显示在公开页面上，例如“依据机构改革调整”。"), rows=3)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.record is not None:
            del self.fields["register_kind"], self.fields["workbook"]
            return
        choices = [(kind.id, f"{kind.title}（第{kind.article}条）") for kind in kinds().values()]
        self.fields["register_kind"].choices = [("", _("请选择")), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.pop("workbook", None)
        if file is not None:
            data["upload"] = Upload(file.name, file.read())
        return data

    @staticmethod
    def initial_of(detail: Register) -> dict[str, Any]:
        batch = detail.batches.filter(published_at=None).first()
        return {"note": batch.note if batch else ""}


class ElsewhereForm(RecordForm):
    """The update was shown on a department's own site: worth knowing, and no end of the duty (article 5)."""

    address = forms.URLField(label=_("网址"), assume_scheme="https", max_length=300)
    shown_on = forms.DateField(label=_("公布日期"), widget=forms.DateInput(attrs={"type": "date"}))
