"""Counts what writers left behind: prints what is wrong, in words; prints nothing when all is there."""

import sys

import django


def main() -> None:
    """Reads one acknowledged event id a line from standard input."""
    django.setup()
    from mingtang.journal.models import Event
    from mingtang.journal.selectors import verify_journal

    told = [line.strip() for line in sys.stdin if line.strip()]
    kept = {str(pk) for pk in Event.objects.values_list("id", flat=True)}
    lost = [key for key in told if key not in kept]
    if lost:
        print(f"{len(lost)} of {len(told)} acknowledged steps are not in the journal")
    if len(set(told)) != len(told):
        print("one event was acknowledged twice")
    for problem in verify_journal():
        print(problem)


if __name__ == "__main__":
    main()
