"""Noting an access."""

from datetime import datetime

import pytest
from django.utils import timezone

from mingtang.audit.models import Access
from mingtang.audit.rows import mark_of, open_address, values_of
from mingtang.audit.services import asking, note_access


@pytest.mark.django_db
def test_an_access_is_one_marked_row_that_names_no_address_in_the_clear() -> None:
    with asking("10.1.2.33", "r1"):
        note_access(
            actor_id=7,
            action="read",
            subject_kind="document",
            subject_id="x",
            now=timezone.localtime(),
            unit_code="jyj",
        )
    row = Access.objects.get()
    assert (row.actor_id, row.action, row.subject_id, row.request_id) == (7, "read", "x", "r1")
    assert "10.1.2" not in row.address and open_address(row.address) == "10.1.2.33"
    assert row.mark == mark_of(values_of(row))


@pytest.mark.django_db
def test_unknown_actions_and_naive_moments_are_refused() -> None:
    with pytest.raises(LookupError):
        note_access(actor_id=1, action="peek", now=timezone.localtime())
    with pytest.raises(ValueError, match="aware"):
        note_access(actor_id=1, action="read", now=datetime(2026, 11, 25))
    assert not Access.objects.exists()


@pytest.mark.django_db
def test_no_two_rows_are_alike() -> None:
    now = timezone.localtime()
    with asking("10.1.2.33", "r1"):
        for _ in range(2):
            note_access(actor_id=7, action="read", now=now)
    for _ in range(2):
        note_access(actor_id=7, action="read", now=now)
    assert len(set(Access.objects.values_list("mark", flat=True))) == 4
    assert [row.request_id for row in Access.objects.all()[:2]] == ["r1", "r1/2"]
