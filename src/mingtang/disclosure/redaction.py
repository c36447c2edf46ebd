"""Cutting from a record's files: marked step by step, made at once, then decided on by another person."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from mingtang.records.models import Record
from mingtang.records.rulebook import rulebook
from mingtang.records.services import Outcome, edit_record
from mingtang.rows import find
from mingtang.text.attachments import read_attachment
from mingtang.text.redact import CutError
from mingtang.text.redaction import FileCut, Redacted, redact_file
from mingtang.units.actors import Actor

from .attachments import FileChanges, RedactedFile
from .models import Attachment, AttachmentContent, Redaction, RedactionDraft

MOST_CUTS = 2000
# A page rebuilt as a picture is larger than it was; the file it came from kept within the limit for uploads.
LIMIT_BYTES = 200 * 1024 * 1024


def marked(attachment: Attachment) -> list[FileCut]:
    """The cuts marked in a file so far, in order."""
    draft = find(RedactionDraft, pk=attachment.pk)
    return [_cut(kept) for kept in draft.cuts] if draft else []


def mark(attachment: Attachment, cuts: Iterable[FileCut], now: datetime) -> None:
    """Replace the cuts marked in a file.

    Raises:
        CutError: ``ground_unlisted`` or ``too_many``.
    """
    wanted = list(cuts)
    grounds = rulebook().grounds
    for number, cut in enumerate(wanted, 1):
        if cut.ground not in grounds:
            raise CutError(
                "ground_unlisted", number, f"第{number}处删减的依据不在法定依据列表里，请另选一条（第十八条）。"
            )
    if len(wanted) > MOST_CUTS:
        raise CutError("too_many", len(wanted), f"一份文件最多标{MOST_CUTS}处删减，请用整页或整列删减代替。")
    RedactionDraft.objects.update_or_create(
        attachment=attachment, defaults={"cuts": [_kept(cut) for cut in wanted], "changed_at": now}
    )


def redacted(attachment: Attachment, salt: str = "") -> Redacted:
    """The file with the marked cuts made and proved. Changes nothing.

    Raises:
        CutError, UploadError, Remains: see ``text.redaction.redact_file``.
    """
    stored = AttachmentContent.objects.get(attachment=attachment)
    return redact_file(attachment.name, bytes(stored.content), marked(attachment), salt=bytes.fromhex(salt))


def make_cuts(
    record: Record,
    attachment: Attachment,
    *,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
    request_key: str = "",
) -> Outcome:
    """Make the marked cuts: the result takes the file's place in the record, whose content has thereby changed, so that
    a review given before no longer counts and whoever cut is one of its authors (articles 18 and 20).

    Raises:
        CutError, UploadError, Remains: nothing was changed.
        NotAllowed, IllegalState, StaleVersion, Refused: see ``records.services.edit_record``.
    """
    salt = secrets.token_hex(16)
    made = redacted(attachment, salt)
    read = read_attachment(made.name, made.content, limit_bytes=LIMIT_BYTES)
    # Exactly the bytes that were proved, not a copy cleaned once more.
    file = replace(read, name=made.name, media_type=made.media_type, content=made.content, sha256=made.sha256)
    changes = FileChanges(redacted=RedactedFile(attachment.pk, file, made, salt))
    return edit_record(
        record,
        actor=actor,
        now=now,
        data={"attachments": changes},
        expected_version=expected_version,
        request_key=request_key,
    )


def take_back(
    record: Record, attachment: Attachment, *, actor: Actor, now: datetime, expected_version: int | None = None
) -> Outcome:
    """Put the uncut file back, with its cuts still marked, to cut less or more.

    Raises:
        NotAllowed, IllegalState, StaleVersion, Refused: see ``records.services.edit_record``.
    """
    changes = FileChanges(uncut=attachment.pk)
    return edit_record(record, actor=actor, now=now, data={"attachments": changes}, expected_version=expected_version)


def redaction_of(attachment: Attachment) -> Redaction | None:
    return find(Redaction, pk=attachment.pk)


def _kept(cut: FileCut) -> dict[str, Any]:
    return {name: value for name, value in asdict(cut).items() if value}


def _cut(kept: Mapping[str, Any]) -> FileCut:
    box = kept.get("box")
    return FileCut(**{**kept, "box": tuple(box) if box else None})
