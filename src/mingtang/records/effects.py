"""Effects every kind shares."""

from .spec import Context, effect


@effect("records.write")
def write_content(context: Context) -> None:
    """Apply edited data to the detail; the event names the fields that changed, never their content."""
    before = _snapshot(context.detail)
    context.spec.write(context)
    after = _snapshot(context.detail)
    context.results["fields"] = sorted(name for name in after if before.get(name) != after[name])


def _snapshot(detail: object) -> dict[str, str]:
    names = [field.attname for field in detail._meta.concrete_fields]  # type: ignore[attr-defined]
    return {name: repr(getattr(detail, name)) for name in names}
