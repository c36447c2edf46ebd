"""The form field for attached files: what is there already, what is to go, and new files, each judged at once."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from mingtang.records.models import Record
from mingtang.text.attachments import LIMIT_FILES, MEDIA_TYPES, read_attachment
from mingtang.text.uploads import LIMIT_BYTES, UploadError

from .attachments import FileChanges, attachments_of
from .models import Attachment

LIMIT_TOGETHER = 100 * 1024 * 1024


class FilesWidget(forms.Widget):
    """Present files with a box to take each away, files sent before the form was complete, and a chooser for more.

    ``held`` lists (key, name, size) of files that were sent with this form earlier and wait for it to be saved.
    """

    template_name = "disclosure/widgets/files.html"
    needs_multipart_form = True
    use_fieldset = True

    def __init__(self, present: Sequence[Attachment] = ()) -> None:
        super().__init__()
        self.present = present
        self.held: list[tuple[int, str, int]] = []

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, Any]:
        chosen = files.getlist(name) if hasattr(files, "getlist") else []
        dropped = data.getlist(f"{name}-drop") if hasattr(data, "getlist") else []
        return {"chosen": chosen, "dropped": [key for key in dropped if key.isdecimal()]}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        dropped = value["dropped"] if isinstance(value, dict) else []
        context["widget"] |= {
            "present": [(one, str(one.pk) in dropped) for one in self.present],
            "held": self.held,
            "accept": ",".join(f".{ending}" for ending in (*MEDIA_TYPES, "jpeg")),
        }
        return context


class FilesField(forms.Field):
    """Files of a record. Cleans to ``FileChanges``; each file that cannot be taken is named with what to do.

    ``readable`` are the files that were taken, kept by the desk while other fields of the form are not yet right.
    """

    widget: FilesWidget

    def __init__(self, *, record: Record | None) -> None:
        present = attachments_of(record.pk) if record is not None else []
        super().__init__(
            label=_("附件"),
            required=False,
            widget=FilesWidget(present),
            help_text=_(
                "随文公开的文件，可一次选多个：.pdf、.docx、.xlsx、.csv、.txt、.png、.jpg，每个不超过20 MB，最多20个。"
                "作者、修改人等文件属性会自动清除。"
            ),
        )
        self.readable: list[UploadedFile] = []

    def clean(self, value: Any) -> FileChanges:
        chosen: list[UploadedFile] = value["chosen"]
        present = {one.pk for one in self.widget.present}
        dropped = frozenset(int(key) for key in value["dropped"]) & present
        if len(present - dropped) + len(chosen) > LIMIT_FILES:
            raise ValidationError(_("最多%(most)s个文件，请合并或删去一些。"), params={"most": LIMIT_FILES})
        if sum(one.size or 0 for one in chosen) > LIMIT_TOGETHER:
            raise ValidationError(_("一次上传的文件合计超过100 MB，请保存后再上传其余的。"))
        added, errors = [], []
        for file in chosen:
            try:
                if (file.size or 0) > LIMIT_BYTES:
                    raise UploadError("too_large", "文件超过20 MB，请压缩图片或拆分后再上传。")
                added.append(read_attachment(file.name or "", file.read()))
                self.readable.append(file)
            except UploadError as error:
                errors.append(
                    ValidationError(_("“%(name)s”：%(why)s"), params={"name": file.name, "why": error.message})
                )
        if errors:
            raise ValidationError(errors)
        return FileChanges(tuple(added), dropped)
