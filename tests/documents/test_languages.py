"""One paper in several languages: joined to its original, under its number, without duties of its own."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.factories import Desk

from mingtang.disclosure.services import note_shown
from mingtang.documents.forms import DocumentForm
from mingtang.duties.models import Duty
from mingtang.editions.models import Edition, Publication, PublicationLink
from mingtang.portal.languages import is_vertical, variants, variants_of
from mingtang.records.errors import NotAllowed, Refused
from mingtang.records.models import Record
from mingtang.units import roles

ENGLISH = "Notice on Fewer Documents (demonstration text)"
MONGOLIAN = "ᠲᠦᠩᠯᠢᠶᠣᠤ ᠬᠣᠲᠠ"


def translate(desk: Desk, original: Record, language: str = "en", title: str = ENGLISH) -> Record:
    paper = desk.draft(title=title, body=f"{title}.", language=language, translates=str(original.pk))
    desk.act(paper, "submit", roles.DRAFTER)
    desk.act(paper, "sign", roles.UNIT_HEAD)
    desk.review(paper)
    return paper


def publish(desk: Desk, paper: Record) -> Publication:
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    note_shown()
    return Edition.objects.latest("pk").publication


def test_a_translation_takes_number_and_language_and_opens_no_duty(desk: Desk) -> None:
    original, _ = desk.published(broad_reach=True, high_attention=True, vital_interest=True)
    before = Duty.objects.count()
    public = publish(desk, translate(desk, original))
    assert public.language == "en" and public.document_number == original.document.document_number
    assert Duty.objects.count() == before
    link = PublicationLink.objects.get(kind="translates")
    assert (link.source, link.target.language) == (public, "zh-Hans")
    assert '"language":"en"' in Edition.objects.latest("pk").payload


def test_every_version_leads_to_every_other(desk: Desk) -> None:
    original, _ = desk.published()
    mongolian = publish(desk, translate(desk, original, "mn-Mong", MONGOLIAN))
    english = publish(desk, translate(desk, original))
    chinese = Publication.objects.get(language="zh-Hans")
    for current in (chinese, mongolian, english):
        found = variants(current)
        assert [one.label for one in found] == ["中文", "蒙古文", "English"]
        assert [one.slug for one in found if one.current] == [current.path.removeprefix("pub/")]
    assert [one.vertical for one in variants(chinese)] == [False, True, False]
    assert is_vertical(mongolian) and not is_vertical(english)
    other, _ = desk.published(title="没有译本的文件")
    assert (
        variants_of([chinese, Publication.objects.get(title=other.title)])[
            Publication.objects.get(title=other.title).pk
        ]
        == []
    )
    english.validity = "withdrawn"
    english.save()
    assert [one.language for one in variants(chinese)] == ["zh-Hans", "mn-Mong"]


def test_a_translation_never_comes_out_before_its_original(desk: Desk) -> None:
    original, _ = desk.signed()
    paper = translate(desk, original)
    with pytest.raises(Refused) as refused:
        desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    assert [fault.code for fault in refused.value.faults] == ["original_not_issued"]
    desk.review(original)
    desk.act(original, "issue", roles.OPENNESS_OFFICER)
    desk.act(paper, "issue", roles.OPENNESS_OFFICER)
    with pytest.raises(Refused) as refused:
        desk.act(paper, "publish", roles.OPENNESS_OFFICER)
    assert [fault.code for fault in refused.value.faults] == ["original_not_public"]
    desk.act(original, "publish", roles.OPENNESS_OFFICER)
    desk.act(paper, "publish", roles.OPENNESS_OFFICER)


def form_of(desk: Desk, **changes: Any) -> DocumentForm:
    data = {"title": "x", "name_of": "department", "lead_units": [desk.unit.pk], "body": "x", **changes}
    return DocumentForm(data=data, actor=desk.city.actor(desk.unit, roles.DRAFTER), now=desk.now)


def test_the_form_asks_for_both_or_neither_and_offers_own_papers_only(desk: Desk) -> None:
    original = desk.draft(title="本单位的文件")
    stranger = Desk(desk.city, desk.city.unit("教育局"), desk.office, desk.now)
    theirs = stranger.draft(title="别人的文件")
    assert "translates" in form_of(desk, language="en").errors
    assert "language" in form_of(desk, language="zh-Hans", translates=str(original.pk)).errors
    assert "translates" in form_of(desk, language="en", translates=str(theirs.pk)).errors
    assert not form_of(desk, language="en", translates=str(original.pk)).errors
    assert not form_of(desk).errors
    with pytest.raises(NotAllowed):
        desk.draft(title=ENGLISH, language="en", translates=str(theirs.pk))
    with pytest.raises(NotAllowed):
        desk.draft(title=ENGLISH, language="zh-Hans", translates=str(original.pk))


def test_editing_shows_the_original_chosen(desk: Desk) -> None:
    original = desk.draft(title="原文标题")
    paper = desk.draft(title=ENGLISH, body="x", language="en", translates=str(original.pk))
    client = Client()
    client.force_login(desk.city.person(desk.unit, roles.DRAFTER), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("desk:edit", args=["document", paper.pk])).content.decode()
    assert f'<option value="{original.pk}" selected>原文标题</option>' in page
