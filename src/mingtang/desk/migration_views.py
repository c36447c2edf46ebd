"""Watching papers of an old site come in, taking their faults away as a table, and deciding on them in batches."""

import uuid
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from mingtang.documents.batches import (
    MOST,
    SAMPLE_LEAST,
    STEPS,
    BatchStep,
    outcomes,
    papers_seen,
    sample,
    visible_migrations,
    waiting,
)
from mingtang.documents.batches import decide as decide_batch
from mingtang.documents.models import CLEAN, MEND, OUTCOMES, REFUSED, REPEATED, MigratedPaper, PaperMigration
from mingtang.records.errors import NotAllowed
from mingtang.records.models import Record
from mingtang.text.mapping_sheets import LABELS
from mingtang.units.models import Person
from mingtang.units.roles import ROLES, SYSTEM_ADMINISTRATOR

from .access import StaffRequest, business_view, record_url, staff_view
from .exports import table

PAGE = 25
LONGEST_REASON = 500
TONES = {CLEAN: "good", MEND: "warning", REFUSED: "late", REPEATED: ""}


@staff_view
def migrations(request: StaffRequest) -> HttpResponse:
    """Every run this person may watch, newest first."""
    _only_watchers(request)
    page = Paginator(visible_migrations(request.actor), PAGE).get_page(request.GET.get("page"))
    rows = [(one, outcomes(one)) for one in page.object_list]
    return render(request, "desk/migrations.html", {"page": page, "rows": [_shown(one, found) for one, found in rows]})


@staff_view
def migration(request: StaffRequest, migration_id: uuid.UUID) -> HttpResponse:
    """Progress, what waits for whom, and the faults of one run."""
    _only_watchers(request)
    one = _found(request, migration_id)
    shown = _shown(one, outcomes(one))
    business = SYSTEM_ADMINISTRATOR not in request.actor.roles
    faulty = papers_seen(one, request.actor).exclude(faults=[]) if business else MigratedPaper.objects.none()
    page = Paginator(faulty.select_related("record"), PAGE).get_page(request.GET.get("page"))
    context = {
        "run": shown,
        "page": page,
        "rows": [_row(row) for row in page.object_list],
        "batches": [
            {"step": step, "role": ROLES[step.role], "count": waiting(one, step, request.actor).count()}
            for step in STEPS.values()
            if request.actor.units_as(step.role)
        ]
        if business
        else [],
        "decisions": _decisions(one) if business else [],
        "business": business,
    }
    return render(request, "desk/migration.html", context)


@staff_view
def progress(request: StaffRequest, migration_id: uuid.UUID) -> HttpResponse:
    """How far a run is, as a part of its page: numbers only."""
    _only_watchers(request)
    one = _found(request, migration_id)
    return render(request, "desk/_migration_progress.html", {"run": _shown(one, outcomes(one))})


@business_view
def faults(request: StaffRequest, migration_id: uuid.UUID, form: str) -> HttpResponse:
    """Every fault by row, as csv or xlsx."""
    one = _found(request, migration_id)
    rows = papers_seen(one, request.actor).exclude(faults=[])
    headings = ["行", "文件", "标题", "结果", "栏目", "问题和办法"]
    return table(form, f"旧文迁入问题清单-{request.now:%Y-%m-%d}", headings, _fault_rows(rows))


def _fault_rows(rows: Any) -> Iterator[list[Any]]:
    for row in rows.iterator(500):
        for fault in row.faults:
            label = LABELS.get(fault["field"], "")
            yield [row.row or "", row.file_name, row.title, str(OUTCOMES[row.outcome]), label, fault["message"]]


@business_view
def decide(request: StaffRequest, migration_id: uuid.UUID, step: str) -> HttpResponse:
    """GET: the list and the sample. POST: verdicts on the sample, and with them the step for all of the list."""
    one, wanted = _found(request, migration_id), STEPS.get(step)
    if wanted is None:
        raise Http404
    if not request.actor.units_as(wanted.role):
        raise NotAllowed(f"“{wanted.label}”由{ROLES[wanted.role]}办理。")
    batch = list(waiting(one, wanted, request.actor)[:MOST])
    if request.method != "POST":
        return _batch_page(request, one, wanted, batch, {})
    if request.POST.get("batch") != _mark(batch):
        problem = "这一批在您查看期间有了变化（有的已由别人办理，或有新的送来）。请核对后再提交。"
        return _batch_page(request, one, wanted, batch, {"problem": problem}, status=409)
    drawn = sample(one, wanted, batch) if wanted.back else []
    verdicts, errors = _verdicts(request, drawn)
    if errors:
        problem = "抽到的每一份都要作出判断；退回的要写明理由。"
        return _batch_page(request, one, wanted, batch, {"problem": problem, "errors": errors}, status=422)
    done = decide_batch(one, wanted, batch, verdicts=verdicts, actor=request.actor, now=request.now)
    if done.returned:
        said = f"已退回{done.returned}份，其余{len(batch) - done.returned}份没有办理：抽查不合格，请重新抽查。"
        messages.warning(request, said)
    elif done.passed:
        messages.success(request, f"{wanted.label}：{done.passed}份已办妥。")
    if done.left:
        left = [{"record": record, "url": record_url(record), "why": why} for record, why in done.left]
        rest = list(waiting(one, wanted, request.actor)[:MOST])
        return _batch_page(request, one, wanted, rest, {"left": left})
    return redirect("desk:migration", migration_id=one.pk)


def _only_watchers(request: StaffRequest) -> None:
    if not request.actor.units and SYSTEM_ADMINISTRATOR not in request.actor.roles:
        raise NotAllowed("您现在没有岗位，看不到旧文迁入的情况。")


def _found(request: StaffRequest, migration_id: uuid.UUID) -> PaperMigration:
    one = visible_migrations(request.actor).filter(pk=migration_id).first()
    if one is None:
        raise Http404
    return one


def _shown(one: PaperMigration, found: dict[str, int]) -> dict[str, Any]:
    done = sum(found.values())
    return {
        "run": one,
        "done": min(done, one.total),
        "percent": round(100 * min(done, one.total) / one.total) if one.total else 100,
        "outcomes": [(label, found.get(name, 0), TONES[name]) for name, label in OUTCOMES.items()],
        "finished": one.finished_at is not None,
    }


def _row(row: MigratedPaper) -> dict[str, Any]:
    return {
        "paper": row,
        "url": record_url(row.record) if row.record is not None else "",
        "outcome": OUTCOMES[row.outcome],
        "faults": [(LABELS.get(fault["field"], ""), fault["message"]) for fault in row.faults],
    }


def _decisions(one: PaperMigration) -> list[dict[str, Any]]:
    made = list(one.decisions.all())
    people = {person.pk: str(person) for person in Person.objects.filter(pk__in={each.person_id for each in made})}
    return [
        {
            "at": timezone.localtime(each.at),
            "who": people.get(each.person_id, ""),
            "step": STEPS[each.step].label if each.step in STEPS else each.step,
            "read": len(each.read),
            "passed": each.passed,
            "returned": each.returned,
        }
        for each in made
    ]


def _mark(batch: list[Record]) -> str:
    """What a list was when it was shown: papers and versions."""
    return sha256("".join(f"{record.pk}{record.version}" for record in batch).encode()).hexdigest()


def _verdicts(request: StaffRequest, drawn: list[Record]) -> tuple[dict[uuid.UUID, str], dict[str, str]]:
    verdicts: dict[uuid.UUID, str] = {}
    errors: dict[str, str] = {}
    for record in drawn:
        verdict = request.POST.get(f"verdict-{record.pk}", "")
        reason = request.POST.get(f"reason-{record.pk}", "").strip()[:LONGEST_REASON]
        if verdict == "pass":
            verdicts[record.pk] = ""
        elif verdict == "back" and reason:
            verdicts[record.pk] = reason
        else:
            errors[str(record.pk)] = "请写明退回的理由。" if verdict == "back" else "请打开看过后作出判断。"
    return verdicts, errors


def _batch_page(
    request: StaffRequest,
    one: PaperMigration,
    step: BatchStep,
    batch: list[Record],
    page: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    drawn = sample(one, step, batch) if step.back else []
    errors = page.get("errors", {})
    context = {
        "run": one,
        "step": step,
        "role": ROLES[step.role],
        "batch": batch,
        "mark": _mark(batch),
        "least": SAMPLE_LEAST,
        "more": waiting(one, step, request.actor).count() - len(batch),
        "sample": [
            {
                "record": record,
                "url": record_url(record),
                "verdict": request.POST.get(f"verdict-{record.pk}", ""),
                "reason": request.POST.get(f"reason-{record.pk}", ""),
                "error": errors.get(str(record.pk), ""),
            }
            for record in drawn
        ],
        "rows": [(record, record_url(record)) for record in batch],
        **page,
    }
    return render(request, "desk/migration_batch.html", context, status=status)
