"""Forms of the door: the secrecy review, and the end of what was public."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingtang.editions.models import VALIDITY
from mingtang.records.forms import RecordForm
from mingtang.records.spec import Context, spec_for

from .attachments import MAY_BE_KEPT, FoundInFile, found_in_files
from .content import find_personal_data, label_of, payload_of


class ReviewForm(RecordForm):
    """Pass: every finding is masked unless its kind may be kept and a reason is given."""

    opinion = forms.CharField(
        label=_("审查意见"), required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("可不填。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert self.record is not None
        payload = payload_of(Context(spec_for(self.record.kind), self.record, self.actor, self.now))
        self.places = find_personal_data(payload)
        for number, place in enumerate(self.places):
            where = _("%(place)s：%(kind)s %(value)s") % {
                "place": label_of(place.place),
                "kind": place.finding.label,
                "value": place.finding.value_masked,
            }
            choices = [("mask", _("遮蔽"))]
            if place.finding.kind in MAY_BE_KEPT:
                choices.append(("keep", _("保留（写明理由）")))
            self.fields[f"decision_{number}"] = forms.ChoiceField(
                label=where, choices=choices, widget=forms.RadioSelect, initial="mask"
            )
            if place.finding.kind in MAY_BE_KEPT:
                self.fields[f"reason_{number}"] = forms.CharField(
                    label=_("保留第%(number)s处的理由") % {"number": number + 1},
                    required=False,
                    help_text=_("例如：对外公布的办公电话。"),
                )
        self.in_files = [found for found in found_in_files(self.record.pk) if found.kind in MAY_BE_KEPT]
        for number, found in enumerate(self.in_files):
            self._ask_about_file(number, found)
        names = [name for name in self.fields if name != "opinion"]
        count = len(self.places) + len(self.in_files)
        heading = _("发现%(count)s处个人信息") % {"count": count} if count else ""
        self.groups = ((heading, names), ("", ["opinion"])) if names else (("", ["opinion"]),)

    def _ask_about_file(self, number: int, found: FoundInFile) -> None:
        """Nobody masks in a file but its author: keep with a reason, or send it back."""
        self.fields[f"file_{number}"] = forms.ChoiceField(
            label=_("附件“%(file)s”%(place)s：%(kind)s %(value)s")
            % {"file": found.attachment.name, "place": found.place, "kind": found.label, "value": found.sample},
            choices=[("keep", _("保留（写明理由）")), ("remove", _("应从文件中删去"))],
            widget=forms.RadioSelect,
        )
        self.fields[f"file_reason_{number}"] = forms.CharField(
            label=_("保留附件里这一处的理由"), required=False, help_text=_("例如：对外公布的办公电话。")
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        masks = []
        for number, found in enumerate(self.in_files):
            decision, reason = cleaned.get(f"file_{number}", ""), cleaned.get(f"file_reason_{number}", "")
            if decision == "remove":
                self.add_error(f"file_{number}", _("请取消，改用“审查不通过”退回，由起草人换上删改过的文件。"))
            elif decision == "keep" and not reason:
                self.add_error(f"file_reason_{number}", _("保留个人信息须写明理由。"))
            masks.append(
                {
                    "place": found.mask_place,
                    "start": 0,
                    "end": 0,
                    "kind": found.kind,
                    "decision": decision,
                    "reason": reason,
                }
            )
        for number, place in enumerate(self.places):
            decision, reason = cleaned.get(f"decision_{number}", ""), cleaned.get(f"reason_{number}", "")
            if decision == "keep" and not reason:
                self.add_error(f"reason_{number}", _("保留个人信息须写明理由。"))
            masks.append(
                {
                    "place": place.place,
                    "start": place.finding.start,
                    "end": place.finding.end,
                    "kind": place.finding.kind,
                    "decision": decision,
                    "reason": reason,
                }
            )
        cleaned["masks"] = masks
        return cleaned


class RefuseForm(RecordForm):
    """Refuse: the reason goes back to the drafter."""

    remark = forms.CharField(label=_("不能公开的理由和修改要求"), widget=forms.Textarea(attrs={"rows": 4}))


class WithdrawForm(RecordForm):
    """End a public paper: what kind of end, and why. The page stays readable with a stamp."""

    kind = forms.ChoiceField(
        label=_("状态"),
        widget=forms.RadioSelect,
        choices=[(code, VALIDITY[code]) for code in ("repealed", "lapsed", "amended", "merged", "withdrawn")],
    )
    reason = forms.CharField(
        label=_("说明"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("会显示在公开页面上，例如被哪份文件废止。"),
    )


class EraseForm(RecordForm):
    """Erase public content, leaving a tombstone."""

    reason = forms.CharField(
        label=_("清除依据"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("会显示在公开页面上，不要再写被清除的内容。"),
    )
