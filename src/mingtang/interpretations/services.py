"""Writes about interpretations, as effects of their transitions."""

from mingtang.disclosure.attachments import write_files
from mingtang.records.spec import Context, Facts, effect

from .models import MediaPlacement

FIELDS = ["plan", "methods", "other_method", "experts", "title", "material", "articles", "points"]
EVENT_FIELDS = ["title", "method", "planned_on", "place", "speaker_role", "important_policy", "summary"]


def write_interpretation(context: Context) -> None:
    """Apply form data; what is not said about openness follows the paper that is interpreted."""
    interpretation = context.detail
    for name in FIELDS:
        if name in context.data:
            setattr(interpretation, name, context.data[name])
    paper = Facts(context)["document.of_interpretation"]
    interpretation.stages = context.data.get("stages") or interpretation.stages or (paper["stages"] if paper else [])
    interpretation.mode = "on_own_initiative"
    if not interpretation.title and paper:
        interpretation.title = f"《{paper['title']}》解读"
    interpretation.save()
    context.record.title = interpretation.title or "政策解读"
    write_files(context, context.data)


def write_event(context: Context) -> None:
    event = context.detail
    for name in EVENT_FIELDS:
        if name in context.data:
            setattr(event, name, context.data[name])
    event.stages = context.data.get("stages") or event.stages or ["decision"]
    event.mode = "on_own_initiative"
    event.save()
    context.record.title = event.title


@effect("interpretation.place_media")
def place_media(context: Context) -> None:
    """Record a placement with its evidence. The duty closes when it is recorded: server time, never back-dated (A25)."""
    MediaPlacement.objects.create(
        interpretation=context.detail,
        outlet=context.data["outlet"],
        url=context.data.get("url", ""),
        clip=context.data.get("clip", ""),
        placed_at=context.data["placed_at"],
        recorded_at=context.now,
    )
    context.results.update(outlet=context.data["outlet"], evidence=context.data.get("url") or context.data.get("clip"))


@effect("interpretation_event.hold")
def hold(context: Context) -> None:
    """Keep what happened. The quota counts in the period the event is recorded in."""
    event = context.detail
    event.held_at = context.data.get("held_at", context.now)
    event.speaker_role = context.data.get("speaker_role", event.speaker_role)
    event.important_policy = context.data.get("important_policy", event.important_policy)
    event.summary = context.data.get("summary", event.summary)
    event.save()
