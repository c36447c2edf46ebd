"""What people typed and have not submitted yet."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AutosavedForm(models.Model):
    """One form as one person last typed it. Private to them, never part of a record, gone once submitted.

    ``data`` is JSON text: field name to list of strings, as a browser posts them.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="autosaved_forms")
    form_key = models.CharField(max_length=160)
    data = models.TextField(_("内容"))
    saved_at = models.DateTimeField(_("保存时间"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "form_key"], name="one_autosave_per_form")]

    def __str__(self) -> str:
        return self.form_key


class HeldFile(models.Model):
    """A file somebody sent with a form that is not saved yet, so that nobody has to choose it again.

    Private to them; gone when the form is saved, or after a day.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="held_files")
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    held_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
