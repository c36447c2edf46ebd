from django.db import migrations

from mingtang.audit.identity_keys import encrypt
from mingtang.intake.keys import Unreadable, unseal


def move(apps, schema_editor):
    """Contacts leave the report and are sealed anew, apart from it, with a key that can be changed."""
    kept = apps.get_model("audit", "PersonalIdentity")
    for report in apps.get_model("websites", "ErrorReport").objects.exclude(contact=""):
        try:
            contact = unseal(report.contact).get("contact", "")
        except Unreadable:
            # It was sealed with a key that is gone: nobody could read it before either.
            continue
        key_id, sealed = encrypt(contact, f"error_report\n{report.pk}\ncontact")
        own = {"subject_kind": "error_report", "subject_id": str(report.pk), "field": "contact"}
        kept.objects.update_or_create(**own, defaults={"key_id": key_id, "sealed": sealed})


class Migration(migrations.Migration):
    dependencies = [("websites", "0002_profiles"), ("audit", "0001_initial")]
    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveField(model_name="errorreport", name="contact"),
    ]
