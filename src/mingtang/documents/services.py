"""Writes about papers, as effects of their transitions."""

import uuid

from mingtang.disclosure.attachments import write_files
from mingtang.disclosure.numbers import next_number
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.models import CO_ISSUER, GATEKEEPER, Link, Record, RecordParty
from mingtang.records.rulebook import rulebook
from mingtang.records.selectors import find_visible
from mingtang.records.services import describe_fault, join_parties, perform
from mingtang.records.spec import Context, Facts, effect, run_named_gates
from mingtang.rows import find_all, update
from mingtang.units.models import Unit
from mingtang.units.selectors import general_office_of

from .facts import original_of
from .forms import RETURN_GATES
from .models import CHINESE, TRANSLATES, Document

PLAIN_FIELDS = [
    "name_of",
    "title",
    "language",
    "document_number",
    "genre",
    "topic",
    "issuers",
    "addressees",
    "body",
    "written_on",
    "web_published_on",
    "source_unit",
    "effective_on",
    "normative",
    "policy",
    "broad_reach",
    "high_attention",
    "vital_interest",
    "responsible_units",
    "import_warnings",
    "stages",
    "openness",
    "mode",
    "withholding_ground",
    "withholding_reason",
    "list_entry",
    "catalogue_entry",
    "cuts",
    "legacy",
]


def write_document(context: Context) -> None:
    """Apply form data to the paper and its parties.

    Raises:
        Refused: not exactly one lead (S10.1).
        NotAllowed: the paper would be led by a unit the drafter does not draft for.
    """
    faults = run_named_gates(Facts(context), ("one_lead",))
    if faults:
        raise Refused(faults)
    lead = Facts(context)["document.lead_units"][0]
    if lead != context.record.lead_unit_id:
        raise NotAllowed("牵头起草部门应为您所在的单位；由其他部门牵头的，请该部门起草。")
    paper, data = context.detail, context.data
    for name in PLAIN_FIELDS:
        if name in data:
            setattr(paper, name, data[name])
    paper.body = paper.body.replace("\r\n", "\n")
    # Whoever confirmed an exception confirmed it for the paper as it was.
    paper.list_exception = {}
    _check_cuts(paper)
    if "co_issuers" in data:
        _write_co_issuers(context, data["co_issuers"])
    if not paper.issuers or "co_issuers" in data:
        paper.issuers = data.get("issuers") or _issuer_names(context)
    if "translates" in data:
        _write_original(context, data["translates"])
    paper.save()
    context.record.title = paper.title
    write_files(context, data)


def _write_original(context: Context, record_id: str) -> None:
    """Join a version in another language to its original. It is no policy of its own: nothing else has to follow it.

    Raises:
        NotAllowed: a Chinese paper translates nothing, and nobody translates what they may not see.
    """
    paper = context.detail
    Link.objects.filter(source=context.record, kind=TRANSLATES).delete()
    if not record_id:
        return
    target = find_visible(context.actor, uuid.UUID(str(record_id)))
    if paper.language == CHINESE or target is None or target.pk == context.record.pk or target.kind != "document":
        raise NotAllowed("译本应选中文以外的语言，并选本单位能看到的原文。")
    Link.objects.create(source=context.record, target=target, kind=TRANSLATES)
    paper.policy = paper.normative = False
    paper.broad_reach = paper.high_attention = paper.vital_interest = False


def _check_cuts(paper: Document) -> None:
    """A cut that is not in the text would cut nothing: refuse it where it is typed, not where it is published."""
    paper.cuts = [{name: str(value).replace("\r\n", "\n") for name, value in cut.items()} for cut in paper.cuts]
    missing = [number for number, cut in enumerate(paper.cuts, 1) if not cut["quote"] or cut["quote"] not in paper.body]
    if paper.openness == "redacted_release" and missing:
        book = rulebook()
        raise Refused(
            [book.fault("cut_not_found", field="cuts", gate="openness_determined", number=number) for number in missing]
        )


def _write_co_issuers(context: Context, codes: list[str]) -> None:
    wanted = set(codes) - {context.record.lead_unit_id}
    present = RecordParty.objects.filter(record=context.record, role=CO_ISSUER)
    present.exclude(unit__in=wanted).delete()
    have = set(present.values_list("unit_id", flat=True))
    RecordParty.objects.bulk_create(
        RecordParty(record=context.record, unit_id=code, role=CO_ISSUER) for code in sorted(wanted - have)
    )
    context._parties = None


def _issuer_names(context: Context) -> list[str]:
    codes = [context.record.lead_unit_id, *context.units_as(CO_ISSUER)]
    names = dict(Unit.objects.filter(pk__in=codes).values_list("pk", "name"))
    return [names[code] for code in codes]


@effect("document.bring_gatekeeper")
def bring_gatekeeper(context: Context) -> None:
    """From the moment it is sent up, the general office of the same level is party to the paper (A27)."""
    office = general_office_of(context.record.lead_unit)
    RecordParty.objects.get_or_create(record=context.record, unit=office, role=GATEKEEPER)
    for link in Link.objects.filter(target=context.record).select_related("source"):
        join_parties(link.source, context.record)


@effect("document.approve_interpretation")
def approve_interpretation(context: Context) -> None:
    """The head's signature covers plan and material lying beside the paper (一并审签)."""
    interpretation = context.facts["interpretation.of_document"]
    if not interpretation or not interpretation["plan"] or not interpretation["material"]:
        return
    links = find_all(Link, target_id=context.record.pk, kind="interprets")
    for record in find_all(Record, pk=[link.source_id for link in links], state="drafting", order=("pk",)):
        perform(record, "approve", actor=context.actor, now=context.now)


@effect("document.sign")
def sign(context: Context) -> None:
    """Keep the moment of signature; a paper without a written date gets this day's."""
    paper = context.detail
    paper.signed_at = context.now
    if paper.written_on is None:
        paper.written_on = context.now.date()
    update(paper, "signed_at", "written_on")


@effect("document.return_slip")
def return_slip(context: Context) -> None:
    """One slip with every fault: those the system finds now and those the clerk ticked (A13)."""
    book = rulebook()
    found = {fault.code: fault for fault in run_named_gates(Facts(context), RETURN_GATES)}
    chosen = context.data.get("faults", list(found))
    faults = [found[code] if code in found else book.fault(code) for code in chosen]
    context.results["faults"] = [describe_fault(fault) for fault in faults]


@effect("document.number")
def number(context: Context) -> None:
    """Give the paper the next number of its organ's series for the year, unless it brought one or renders another's."""
    paper, original = context.detail, original_of(context)
    if original is not None:
        paper.document_number = original.document_number
        update(paper, "document_number")
    elif not paper.document_number:
        unit = (
            context.record.lead_unit if paper.name_of == "department" else general_office_of(context.record.lead_unit)
        )
        prefix = unit.document_prefix or context.record.lead_unit.document_prefix
        serial = next_number(f"document:{prefix}:{context.now.year}")
        paper.document_number = f"{prefix}〔{context.now.year}〕{serial}号"
        update(paper, "document_number")
    context.results["document_number"] = paper.document_number


@effect("document.allow_exception")
def allow_exception(context: Context) -> None:
    """Let a paper be withheld that no entry of the negative list covers; it stays marked for every later review (S20.3)."""
    paper, data = context.detail, context.data
    paper.list_exception = {
        "ground": data["ground"],
        "reason": data["reason"].strip(),
        "by": context.actor.person_id,
        "name": context.actor.name,
        "at": context.now.isoformat(),
    }
    update(paper, "list_exception")
    context.results.update(ground=data["ground"])
