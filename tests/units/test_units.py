"""Units, successors, names, posts and the three administrators kept apart."""

from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from tests.factories import START, City, at

from mingtang.text.papers import parse_paper
from mingtang.units import roles
from mingtang.units.actors import actor_for
from mingtang.units.models import Person, Unit
from mingtang.units.profile import ProfileError, current_profile, read_profile
from mingtang.units.selectors import (
    current_unit,
    general_office_of,
    government_of,
    recognise,
    recognise_group,
    supervised_by,
    tree_below,
    units_in_group,
)
from mingtang.units.services import UnitsError, load_profile, person_create, post_assign, post_end, unit_merge

OPINION = Path(__file__).parents[3] / "shared" / "policy" / "tongliao-opinion-2017.txt"


def test_loading_twice_changes_nothing(city: City) -> None:
    before = list(Unit.objects.order_by("pk").values())
    load_profile("tongliao", now=START)
    assert list(Unit.objects.order_by("pk").values()) == before


@pytest.mark.skipif(not OPINION.exists(), reason="the real paper is not here")
def test_every_responsible_unit_of_the_real_paper_is_known(city: City) -> None:
    names = parse_paper(OPINION.read_text(encoding="utf-8")).responsible_units
    assert len(names) == 35
    assert [name for name in names if recognise(name) is None and recognise_group(name) is None] == []


def test_offices_and_governments(city: City) -> None:
    banner_health = Unit.objects.get(pk="nmqws")
    assert government_of(banner_health).pk == "nmq"
    assert general_office_of(banner_health).pk == "nmqb"
    assert general_office_of(city.unit("教育局")).pk == "zfb"
    with pytest.raises(LookupError, match="办公厅"):
        general_office_of(Unit.objects.get(pk="lbz"))


def test_an_office_supervises_its_tree_and_not_its_siblings(city: City) -> None:
    assert {"nmq", "nmqws", "nmqb"} <= supervised_by(["nmqb"])
    assert not {"zltq", "fgw", "szf"} & supervised_by(["nmqb"])
    assert supervised_by(["zfb"]) == tree_below(["szf"])
    assert supervised_by(["fgw"]) == {"fgw"}


def test_merged_units_route_to_their_successor(city: City) -> None:
    assert current_unit(Unit.objects.get(pk="hbj"), date(2017, 5, 1)).pk == "hbj"
    assert current_unit(Unit.objects.get(pk="hbj"), date(2026, 5, 1)).pk == "sthjj"
    assert {unit.pk for unit in units_in_group("interpretation_event_units", date(2017, 5, 1))} == {"fgw", "jyj", "hbj"}
    assert {unit.pk for unit in units_in_group("interpretation_event_units", date(2026, 5, 1))} == {
        "fgw",
        "jyj",
        "sthjj",
    }
    assert len(units_in_group("catalogue_units", date(2017, 5, 1))) == 18
    assert len(units_in_group("credit_supervision_units", date(2017, 5, 1))) == 15
    unit_merge(unit=city.unit("医保局"), successor=city.unit("人社局"), on=date(2026, 6, 30))
    assert current_unit(Unit.objects.get(pk="ybj"), date(2026, 7, 1)).pk == "rsj"


def test_vertical_units_know_their_superior(city: City) -> None:
    assert Unit.objects.get(pk="qxj").vertical_superior == "内蒙古自治区气象局"


@pytest.mark.parametrize("administrator", sorted(roles.ADMINISTRATORS))
@pytest.mark.parametrize("other", [roles.DRAFTER, roles.SYSTEM_ADMINISTRATOR, roles.AUDIT_ADMINISTRATOR])
def test_administrators_hold_nothing_else(city: City, administrator: str, other: str) -> None:
    if administrator == other:
        other = roles.SECURITY_ADMINISTRATOR
    for first, second in ((administrator, other), (other, administrator)):
        person = Person.objects.create(username=f"{first}-then-{second}")
        post_assign(person=person, unit=city.unit("教育局"), role=first, valid_from=date(2026, 1, 1))
        with pytest.raises(UnitsError, match="不同的人"):
            post_assign(person=person, unit=city.unit("教育局"), role=second, valid_from=date(2026, 2, 1))


def test_posts_count_only_while_they_last(city: City) -> None:
    person = Person.objects.create(username="someone", display_name="某人")
    unit = city.unit("教育局")
    post = post_assign(person=person, unit=unit, role=roles.DRAFTER, valid_from=date(2026, 3, 1))
    assert not actor_for(person, at("2026-02-28 12:00")).posts
    assert actor_for(person, at("2026-03-01 00:00")).holds(roles.DRAFTER, [unit.pk])
    post_end(post=post, on=date(2026, 6, 30))
    assert actor_for(person, at("2026-06-30 23:59")).posts and not actor_for(person, at("2026-07-01 00:00")).posts
    person.is_active = False
    assert not actor_for(person, at("2026-05-01 00:00")).posts


def test_a_post_in_an_ended_unit_is_refused(city: City) -> None:
    with pytest.raises(UnitsError, match="承继单位"):
        post_assign(
            person=Person.objects.create(username="late"),
            unit=Unit.objects.get(pk="hbj"),
            role=roles.DRAFTER,
            valid_from=date(2026, 1, 1),
        )


def test_accounts_need_a_decent_password_and_an_unused_name(city: City) -> None:
    with pytest.raises(ValidationError):
        person_create(username="weak", display_name="弱", password="12345")
    person_create(username="strong", display_name="强", password="ma-tou-qin-1206")
    with pytest.raises(UnitsError, match="已被使用"):
        person_create(username="strong", display_name="强", password="ma-tou-qin-1206")


def test_a_broken_profile_names_file_and_key(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="没有找到"):
        read_profile(tmp_path)
    (tmp_path / "profile.toml").write_text('code = "x"\nname = "某县"\n', encoding="utf-8")
    with pytest.raises(ProfileError, match="government"):
        read_profile(tmp_path)
    text = (current_profile().folder / "profile.toml").read_text(encoding="utf-8")
    (tmp_path / "profile.toml").write_text(text.replace("{serial:05d}", "{number}"), encoding="utf-8")
    with pytest.raises(ProfileError, match="index_pattern"):
        read_profile(tmp_path)
