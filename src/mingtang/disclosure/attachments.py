"""Files of a record: kept privately, judged, and copied to the public side with an edition."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from mingtang.editions.models import Edition, EditionFile, PublicFile
from mingtang.records.errors import Refused
from mingtang.records.rulebook import rulebook
from mingtang.records.spec import Context
from mingtang.rows import find, find_all, insert, insert_new, update
from mingtang.text.attachments import LIMIT_FILES, ReadFile, unique_name
from mingtang.text.redaction import Redacted

from .models import ATTACHMENT, ORIGINAL, UNCUT, Attachment, AttachmentContent, Redaction

# Found in official files all the time and wanted there; a reviewer may keep it and say why.
MAY_BE_KEPT = frozenset({"mobile", "landline", "email"})
LONGEST_NAME = 200


@dataclass(frozen=True)
class FileChanges:
    """What a form asks: files to add, in order, and keys of attachments to take away.

    ``redacted`` takes the place of the file it was cut from; ``uncut`` is the key of a redacted file that is to be what
    it was before.
    """

    added: tuple[ReadFile, ...] = ()
    dropped: frozenset[int] = frozenset()
    redacted: "RedactedFile | None" = None
    uncut: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.dropped or self.redacted or self.uncut)

    def __str__(self) -> str:
        return "、".join([file.name for file in self.added] + ["删去原有文件"] * bool(self.dropped))


@dataclass(frozen=True)
class RedactedFile:
    """A redacted file, read again as any upload is, with what was cut from the attachment ``source``."""

    source: int
    file: ReadFile
    made: Redacted
    salt: str


@dataclass(frozen=True)
class FoundInFile:
    """Personal data in an attached file. ``key`` is how a review's decisions name it."""

    attachment: Attachment
    number: int
    place: str
    kind: str
    label: str
    sample: str

    @property
    def mask_place(self) -> str:
        return f"file:{self.attachment.sha256[:16]}:{self.number}"

    @property
    def key(self) -> str:
        return f"{self.mask_place}:0:0"


def attachments_of(record_id: uuid.UUID, role: str = ATTACHMENT) -> list[Attachment]:
    """The files of a record, in order, without their bytes."""
    return find_all(Attachment, record_id=record_id, role=role, order=("position", "pk"))


def listed(record_id: uuid.UUID) -> list[dict[str, Any]]:
    """Attachments as a public payload names them: name, hash (hex), size (bytes), media type; of a redacted one, the
    reasons (``cuts``: ground, reason, places)."""
    present = attachments_of(record_id)
    redactions = redactions_of(present)
    return [
        {"name": one.name, "sha256": one.sha256, "size": one.size, "media_type": one.media_type}
        | ({"cuts": reasons(redactions[one.pk].cuts)} if one.pk in redactions else {})
        for one in present
    ]


def redactions_of(attachments: Iterable[Attachment]) -> dict[int, Redaction]:
    """Redactions by the key of the redacted attachment."""
    return {one.attachment_id: one for one in find_all(Redaction, pk=[one.pk for one in attachments])}


def reasons(cuts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each ground and reason once, as the public reads them, with the number of places."""
    grounds = rulebook().grounds
    counted: dict[tuple[str, str], int] = {}
    for cut in cuts:
        label = grounds[cut["ground"]].label if cut["ground"] in grounds else ""
        key = (label, cut["reason"])
        counted[key] = counted.get(key, 0) + (cut.get("places") or 1)
    return [{"ground": ground, "reason": reason, "places": places} for (ground, reason), places in counted.items()]


def found_in_files(record_id: uuid.UUID) -> list[FoundInFile]:
    """Every piece of personal data in the attachments, which cannot be masked by us but only by their author."""
    return [
        FoundInFile(one, number, found["place"], found["kind"], found["label"], found["sample"])
        for one in attachments_of(record_id)
        for number, found in enumerate(one.findings)
    ]


def write_files(context: Context, data: Mapping[str, Any]) -> None:
    """Apply ``data["attachments"]`` (FileChanges) and, at the first writing, keep ``data["original"]``: name and bytes.

    ``data["original_findings"]`` is personal data that stands in hidden places of the original, as JSON values.

    Raises:
        Refused: more than twenty files.
    """
    record = context.record
    changes = data.get("attachments") or FileChanges()
    present = attachments_of(record.pk) if changes else []
    staying = [one for one in present if one.pk not in changes.dropped]
    if len(staying) + len(changes.added) > LIMIT_FILES:
        problem = f"最多{LIMIT_FILES}个文件。"
        raise Refused([rulebook().fault("field_invalid", field="attachments", label="附件", problem=problem)])
    if changes.dropped:
        Attachment.objects.filter(record=record, role=ATTACHMENT, pk__in=changes.dropped).delete()
    taken = [one.name for one in staying]
    position = max((one.position for one in staying), default=0)
    for place, file in enumerate(changes.added, position + 1):
        taken.append(unique_name(file.name, taken))
        _keep(context, file, taken[-1], place)
    if changes.redacted:
        _keep_redacted(context, changes.redacted)
    if changes.uncut:
        _take_back(context, changes.uncut)
    if changes:
        context.results["files"] = [one.sha256 for one in attachments_of(record.pk)]
    if data.get("original"):
        name, content = data["original"]
        _keep_original(context, name, content, list(data.get("original_findings") or []))


def _keep_redacted(context: Context, redacted: RedactedFile) -> None:
    """The redacted file takes the place of the one it was cut from, which stays private.

    Raises:
        Refused: the file was changed or taken away since.
    """
    record, made = context.record, redacted.made
    source = find(Attachment, pk=redacted.source, record_id=record.pk, role=ATTACHMENT)
    if source is None or source.sha256 != made.sha256_before:
        problem = "文件已被他人更换，请重新标出删减。"
        raise Refused([rulebook().fault("field_invalid", field="attachments", label="附件", problem=problem)])
    others = [one.name for one in attachments_of(record.pk) if one.pk != source.pk]
    position = source.position
    source.name = unique_name(source.name, [one.name for one in attachments_of(record.pk, UNCUT)])
    source.role = UNCUT
    update(source, "name", "role")
    kept = _keep(context, redacted.file, unique_name(made.name, others), position)
    insert(
        Redaction(
            attachment=kept,
            uncut=source,
            cuts=[cut.as_dict() for cut in made.cuts],
            checked=list(made.checked),
            sha256_before=made.sha256_before,
            sha256_after=made.sha256,
            salt=redacted.salt,
            made_by=context.actor.person_id or 0,
            made_at=context.now,
        )
    )
    context.results["redacted"] = {"before": made.sha256_before, "after": made.sha256, "cuts": str(len(made.cuts))}


def _take_back(context: Context, key: int) -> None:
    """The file as it was before takes the place of the redacted one again."""
    redaction = find(Redaction, pk=key)
    attachment = find(Attachment, pk=key, record_id=context.record.pk)
    if redaction is None or attachment is None:
        return
    uncut = Attachment.objects.get(pk=redaction.uncut_id, record=context.record)
    others = [one.name for one in attachments_of(context.record.pk) if one.pk != key]
    context.results["taken_back"] = {"before": attachment.sha256, "after": uncut.sha256}
    Attachment.objects.filter(pk=key).delete()
    uncut.role, uncut.name, uncut.position = ATTACHMENT, unique_name(uncut.name, others), attachment.position
    update(uncut, "role", "name", "position")


def _keep(context: Context, file: ReadFile, name: str, position: int) -> Attachment:
    attachment = Attachment(
        record=context.record,
        name=name,
        media_type=file.media_type,
        sha256=file.sha256,
        size=file.size,
        findings=[finding.as_dict() for finding in file.findings],
        notes=list(file.notes),
        position=position,
        added_at=context.now,
    )
    insert(attachment)
    insert(AttachmentContent(attachment=attachment, content=file.content, text=file.text))
    return attachment


def _keep_original(context: Context, name: str, content: bytes, findings: list[dict[str, str]]) -> None:
    """The file a paper was imported from, as it came: evidence for the office, never published."""
    original = Attachment(
        record=context.record,
        role=ORIGINAL,
        name=name[-LONGEST_NAME:],
        media_type="application/octet-stream",
        sha256=sha256(content).hexdigest(),
        size=len(content),
        findings=findings,
        added_at=context.now,
    )
    insert(original)
    insert(AttachmentContent(attachment=original, content=content))


def publish_files(edition: Edition, record_id: uuid.UUID, names: Iterable[Mapping[str, Any]]) -> None:
    """Copy the files a payload lists to the public side, and give them to the edition under their names.

    Raises:
        LookupError: the payload lists a file the record does not have.
    """
    wanted = list(names)
    if not wanted:
        return
    attachments = {(one.name, one.sha256): one for one in attachments_of(record_id)}
    for position, item in enumerate(wanted):
        attachment = attachments.get((item["name"], item["sha256"]))
        if attachment is None:
            raise LookupError(f"the record has no file {item['sha256']}")
        stored = AttachmentContent.objects.get(attachment=attachment)
        file = PublicFile(
            sha256=attachment.sha256,
            media_type=attachment.media_type,
            size=attachment.size,
            content=bytes(stored.content),
            text=stored.text,
        )
        insert_new(file)
        insert(EditionFile(edition=edition, file=file, name=attachment.name, position=position))


def erase_files(editions: Iterable[Edition]) -> None:
    """Delete the public files of editions, but those that another edition carries too."""
    uses = EditionFile.objects.filter(edition__in=list(editions))
    hashes = list(uses.values_list("file_id", flat=True))
    uses.delete()
    PublicFile.objects.filter(sha256__in=hashes, uses=None).delete()
