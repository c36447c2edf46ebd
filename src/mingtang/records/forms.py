"""Form parts every affair uses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mingtang.units.actors import Actor

from .models import Record

DATE_FORMATS = ["%Y-%m-%d", "%Y年%m月%d日", "%Y/%m/%d", "%Y.%m.%d"]


class RecordForm(forms.Form):
    """A form about a record. ``groups`` names (heading, fields) in the order people fill them.

    ``about`` is the record a new one is attached to; ``record`` the one being edited or acted on.
    """

    groups: Sequence[tuple[Any, Sequence[str]]] = ()

    def __init__(
        self,
        *args: Any,
        actor: Actor,
        now: datetime,
        record: Record | None = None,
        about: Record | None = None,
        **kwargs: Any,
    ) -> None:
        self.actor, self.now, self.record, self.about = actor, now, record, about
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.CharField):
                field.strip = True
            field.widget.attrs.setdefault("autocomplete", "off")
            if field.help_text:
                field.widget.attrs.setdefault("aria-describedby", f"id_{name}_helptext")

    def grouped(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Bound fields by group; fields in no group come last under no heading."""
        named = {name for _, names in self.groups for name in names}
        rest = [name for name in self.fields if name not in named]
        groups = [*self.groups, *([("", rest)] if rest else [])]
        return [(heading, [self[name] for name in names if name in self.fields]) for heading, names in groups]


def date_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DateField:
    """A date as officials type it: 2017-01-04, 2017年1月4日, 2017/1/4."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        input_formats=DATE_FORMATS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("请按“2017-01-04”的样子填写日期。")},
    )


class RowsWidget(forms.Widget):
    """Rows of small inputs, a few spare ones below; works without scripts."""

    template_name = "records/widgets/rows.html"

    def __init__(self, columns: Mapping[str, Mapping[str, Any]], spare: int = 2) -> None:
        super().__init__()
        self.columns, self.spare = columns, spare

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        rows = []
        for number in range(200):
            keys = {column: f"{name}-{number}-{column}" for column in self.columns}
            if not any(key in data for key in keys.values()):
                break
            rows.append({column: data.get(key, "").strip() for column, key in keys.items()})
        return [row for row in rows if any(row.values())]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}-") for key in data)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = [*(value or []), *({} for _ in range(self.spare))]
        context["widget"]["headings"] = [column["label"] for column in self.columns.values()]
        context["widget"]["rows"] = [
            [
                {
                    "name": f"{name}-{number}-{key}",
                    "id": f"id_{name}_{number}_{key}",
                    "label": f"{column['label']}（第{number + 1}行）",
                    "value": row.get(key, ""),
                    "choices": list(column.get("choices", {}).items()),
                }
                for key, column in self.columns.items()
            ]
            for number, row in enumerate(rows)
        ]
        return context


class RowsField(forms.Field):
    """A list of rows, each a dict of strings. Empty rows are dropped."""

    def __init__(self, *, columns: Mapping[str, Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(widget=RowsWidget(columns), **kwargs)


class PointsWidget(forms.Widget):
    """One text per named point, each with a way to say it does not apply and why."""

    template_name = "records/widgets/points.html"

    def __init__(self, labels: Mapping[str, Any]) -> None:
        super().__init__()
        self.labels = labels

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, dict[str, str]]:
        points: dict[str, dict[str, str]] = {}
        for code in self.labels:
            text = data.get(f"{name}-{code}-text", "").strip()
            if text:
                points[code] = {"text": text}
            elif data.get(f"{name}-{code}-skip"):
                points[code] = {"not_applicable": data.get(f"{name}-{code}-reason", "").strip()}
        return points

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}-") for key in data)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["points"] = [
            {
                "code": code,
                "label": label,
                "text": (value or {}).get(code, {}).get("text", ""),
                "skipped": "not_applicable" in (value or {}).get(code, {}),
                "reason": (value or {}).get(code, {}).get("not_applicable", ""),
            }
            for code, label in self.labels.items()
        ]
        return context


class PointsField(forms.Field):
    """Texts by point code; a point marked not applicable keeps its reason."""

    def __init__(self, *, labels: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(widget=PointsWidget(labels), **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        for code, point in (value or {}).items():
            if "not_applicable" in point and not point["not_applicable"]:
                raise ValidationError(
                    _("“%(point)s”标为不适用，请写明理由。"), params={"point": self.widget.labels[code]}
                )


class ReasonForm(RecordForm):
    """Words that go with an action and must be given."""

    remark = forms.CharField(
        label=_("理由"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明理由，对方才知道怎么改。")},
    )
