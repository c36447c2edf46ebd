"""Citizens' identities at the desk: masked on the record's page, opened one field at a time, each look noted first."""

import uuid
from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import render

from mingtang.audit import identity
from mingtang.audit.names import IDENTITY, READ
from mingtang.records.errors import NotAllowed
from mingtang.records.models import Record
from mingtang.records.spec import RecordSpec

from .access import StaffRequest, business_view, message_page, record_or_404
from .noting import note_as


def may_see(request: StaffRequest, spec: RecordSpec, record: Record) -> bool:
    """Whether this person may see what is confidential of the record: one role, in the unit that leads it."""
    return spec.confidential is not None and request.actor.holds(spec.confidential.role, [record.lead_unit_id])


def identity_shown(request: StaffRequest, spec: RecordSpec, record: Record) -> dict[str, Any] | None:
    """The masked fields for the record's page, with what opens them; None where there is nothing or nothing to see."""
    if spec.confidential is None or not spec.confidential.identity or not may_see(request, spec, record):
        return None
    kept = identity.masked(record.kind, [record.pk]).get(str(record.pk), {})
    fields = [(name, identity.FIELDS[name], kept[name]) for name in spec.confidential.identity if name in kept]
    return {"fields": fields, "purposes": list(identity.PURPOSES.items())} if fields else None


@business_view
def identity_look(request: StaffRequest, kind: str, record_id: uuid.UUID, field: str) -> HttpResponse:
    """One field of one record in the clear, after a purpose was chosen; asked for without one, the form."""
    spec, record = record_or_404(request, kind, record_id)
    if spec.confidential is None or field not in spec.confidential.identity:
        raise Http404
    if not may_see(request, spec, record):
        raise NotAllowed("当事人的个人信息只给牵头单位的政务公开专职人员看。")
    purpose = request.POST.get("purpose", "") if request.method == "POST" else ""
    value, refusal = "", ""
    if request.method == "POST":
        try:
            value = identity.open_for(
                request.actor,
                record.kind,
                record.pk,
                field,
                purpose=purpose,
                now=request.now,
                unit_code=record.lead_unit_id,
            )
        except identity.IdentityRefused as error:
            refusal = str(error)
        except DatabaseError:
            return message_page(
                request,
                503,
                "现在不能给您看",
                "个人信息要先记下是谁看的，才能打开；现在记不下来，多半是磁盘满了。请告诉系统管理员，稍后再试。",
            )
    note_as(request, action=IDENTITY if value else READ, part=field)
    context = {
        "spec": spec,
        "record": record,
        "field": field,
        "label": identity.FIELDS[field],
        "value": value,
        "refusal": refusal,
        "purpose": identity.PURPOSES.get(purpose, ""),
        "purposes": list(identity.PURPOSES.items()),
    }
    return render(request, "desk/identity.html", context, status=422 if refusal else 200)
