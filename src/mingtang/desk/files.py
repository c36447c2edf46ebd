"""Files of a record: opened by those who may see it, and held while the form they came with is not yet right."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import Http404, HttpResponse
from django.utils.datastructures import MultiValueDict
from django.utils.http import content_disposition_header

from mingtang.disclosure.models import Attachment, AttachmentContent
from mingtang.units.models import Person

from .access import StaffRequest, business_view, record_or_404
from .models import HeldFile

FIELD = "attachments"
HELD_FOR = timedelta(days=1)
MOST_HELD = 40
LONGEST_NAME = 255
# Shown by the browser itself; everything else is saved. Nothing of a file ever runs: see the policy below.
SHOWN = {"application/pdf", "image/png", "image/jpeg"}


@business_view
def open_file(request: StaffRequest, kind: str, record_id: uuid.UUID, file_id: int) -> HttpResponse:
    """The bytes of one file of a record that its parties may see."""
    _, record = record_or_404(request, kind, record_id)
    attachment = Attachment.objects.filter(record=record, pk=file_id).first()
    if attachment is None:
        raise Http404
    stored = AttachmentContent.objects.get(attachment=attachment)
    response = HttpResponse(bytes(stored.content), content_type=attachment.media_type)
    saved = attachment.media_type not in SHOWN
    response["Content-Disposition"] = content_disposition_header(saved, attachment.name) or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def sent_files(request: StaffRequest) -> MultiValueDict[str, UploadedFile]:
    """What came with the form, and what came with an earlier try of the same form and is still wanted."""
    files: MultiValueDict[str, UploadedFile] = request.FILES.copy()
    for held in _wanted(request):
        files.appendlist(FIELD, SimpleUploadedFile(held.name, bytes(held.content)))
    return files


def hold(request: StaffRequest, files: Iterable[UploadedFile]) -> list[tuple[int, str, int]]:
    """Keep files until the form is saved: (key, name, size in bytes) of each."""
    HeldFile.objects.filter(person=request.user, held_at__lt=request.now - HELD_FOR).delete()
    forget_held(request)
    kept = []
    for file in files:
        file.seek(0)
        content = file.read()
        held = HeldFile.objects.create(
            person=request.user, name=(file.name or "")[-LONGEST_NAME:], content=content, held_at=request.now
        )
        kept.append((held.pk, held.name, len(content)))
    surplus = HeldFile.objects.filter(person=request.user).order_by("-pk").values_list("pk", flat=True)[MOST_HELD:]
    HeldFile.objects.filter(pk__in=list(surplus)).delete()
    return kept


def held_file(person: Person, key: int) -> tuple[str, bytes] | None:
    """Name and bytes of a held file of this person."""
    held = HeldFile.objects.filter(person=person, pk=key).first()
    return (held.name, bytes(held.content)) if held else None


def forget_held(request: StaffRequest, *keys: int) -> None:
    HeldFile.objects.filter(person=request.user, pk__in=[*keys, *(held.pk for held in _wanted(request))]).delete()


def _wanted(request: StaffRequest) -> list[HeldFile]:
    keys = [int(key) for key in request.POST.getlist("held") if key.isascii() and key.isdecimal() and len(key) < 18]
    return list(HeldFile.objects.filter(person=request.user, pk__in=keys).order_by("pk"))
