"""Units, successors, names, posts and the three administrators kept apart."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from tests.factories import START, City, Desk, at

from mingtang.duties.subjects import subjects_of
from mingtang.records.spec import Context, spec_for
from mingtang.text.papers import parse_paper
from mingtang.units import roles
from mingtang.units.actors import SYSTEM, actor_for
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
    unit_merge(unit=city.unit("医保局"), successor=city.unit("人社局"), on=date(2026, 6, 30), now=START)
    assert current_unit(Unit.objects.get(pk="ybj"), date(2026, 7, 1)).pk == "rsj"


def test_a_merged_unit_and_its_successor_never_stand_on_the_same_day(city: City) -> None:
    for unit in Unit.objects.exclude(successor=None).select_related("successor"):
        starts = unit.successor.valid_from
        assert starts is None or unit.valid_to == starts - timedelta(days=1), unit.pk
    assert current_unit(Unit.objects.get(pk="jcj"), date(2026, 1, 1)).pk == "jcj"
    names = {unit.pk for unit in units_in_group("constituent_departments", date(2019, 3, 1))}
    assert "sthjj" in names and not {"hbj", "jcj"} & names


def test_groups_by_kind_have_their_members(city: City) -> None:
    day = date(2026, 5, 1)
    banners = {unit.pk for unit in units_in_group("banner_county_governments", day)}
    assert banners == {"keq", "zzq", "zhq", "klx", "klq", "nmq", "zltq", "hlgl", "kfq"}
    offices = {unit.pk for unit in units_in_group("general_offices", day)}
    assert offices == {"zfb", "kfqb", *(f"{code}b" for code in banners - {"kfq"})}
    everybody = {unit.pk for unit in units_in_group("all_units", day)}
    assert everybody == set(Unit.objects.filter(valid_to=None).values_list("pk", flat=True))
    assert "hbj" in {unit.pk for unit in units_in_group("all_units", date(2017, 5, 1))}


def test_a_group_owes_as_it_stood_on_the_day_of_the_event(desk: Desk) -> None:
    paper = desk.draft()
    for day, third in (("2017-05-01 09:00", "hbj"), ("2026-05-01 09:00", "sthjj")):
        context = Context(spec_for("document"), paper, SYSTEM, at(day))
        units = subjects_of("interpretation_event_units", context)
        assert {unit.pk for unit in units} == {"fgw", "jyj", third}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("市发改委", "fgw"),
        ("通辽市发改委", "fgw"),
        ("通辽市发展和改革委员会", "fgw"),
        ("市发展和改革委员会", "fgw"),
        ("发展和改革委员会", "fgw"),
        ("人力资源和社会保障局", "rsj"),
        ("通辽市人社局", "rsj"),
        ("通辽市委宣传部", "xcb"),
        ("通辽市网信办", "wxb"),
        ("市人民政府", "szf"),
        ("市人民政府办公厅", "zfb"),
        ("科尔沁左翼中旗", "zzq"),
        ("科左中旗", "zzq"),
        ("科尔沁左翼后旗人民政府", "zhq"),
        ("扎鲁特旗巴彦塔拉苏木", "bytl"),
        ("财政局", "czj"),
        ("市", None),
        ("通辽市", None),
    ],
)
def test_units_are_known_by_the_names_papers_use(city: City, name: str, code: str | None) -> None:
    assert recognise(name) == code


def test_groups_are_known_by_name() -> None:
    assert recognise_group("各旗县市区") == recognise_group("各旗县市区人民政府") == "banner_county_governments"
    assert recognise_group("各旗") is None


def test_regions_carry_their_official_codes(city: City) -> None:
    assert Unit.objects.get(pk="bytl").region_id == "150526200"
    village = Unit.objects.get(pk="dslg").region
    assert (village.pk, village.parent_id) == ("150526200201", "150526200")


def test_merging_never_goes_in_circles_or_into_the_past(city: City) -> None:
    education, civil = city.unit("教育局"), city.unit("民政局")
    unit_merge(unit=education, successor=civil, on=date(2026, 1, 1), now=START)
    with pytest.raises(UnitsError, match="互相并入"):
        unit_merge(unit=civil, successor=education, on=date(2026, 2, 1), now=START)
    with pytest.raises(UnitsError, match="撤销日期已定"):
        unit_merge(unit=education, successor=city.unit("公安局"), on=date(2026, 3, 1), now=START)
    with pytest.raises(UnitsError, match="改选它的承继单位"):
        unit_merge(unit=city.unit("公安局"), successor=Unit.objects.get(pk="hbj"), on=date(2026, 1, 1), now=START)
    assert Unit.objects.get(pk="mzj").valid_to is None and Unit.objects.get(pk="gaj").successor is None


def test_vertical_units_know_their_superior(city: City) -> None:
    assert Unit.objects.get(pk="qxj").vertical_superior == "内蒙古自治区气象局"


@pytest.mark.parametrize("administrator", sorted(roles.ADMINISTRATORS))
@pytest.mark.parametrize("other", [roles.DRAFTER, roles.SYSTEM_ADMINISTRATOR, roles.AUDIT_ADMINISTRATOR])
def test_administrators_hold_nothing_else(city: City, administrator: str, other: str) -> None:
    if administrator == other:
        other = roles.SECURITY_ADMINISTRATOR
    for first, second in ((administrator, other), (other, administrator)):
        person = Person.objects.create(username=f"{first}-then-{second}")
        post_assign(person=person, unit=city.unit("教育局"), role=first, valid_from=date(2026, 1, 1), now=START)
        with pytest.raises(UnitsError, match="不同的人"):
            post_assign(person=person, unit=city.unit("教育局"), role=second, valid_from=date(2026, 2, 1), now=START)


def test_posts_count_only_while_they_last(city: City) -> None:
    person = Person.objects.create(username="someone", display_name="某人")
    unit = city.unit("教育局")
    post = post_assign(person=person, unit=unit, role=roles.DRAFTER, valid_from=date(2026, 3, 1), now=START)
    assert not actor_for(person, at("2026-02-28 12:00")).posts
    assert actor_for(person, at("2026-03-01 00:00")).holds(roles.DRAFTER, [unit.pk])
    post_end(post=post, on=date(2026, 6, 30), now=START)
    assert actor_for(person, at("2026-06-30 23:59")).posts and not actor_for(person, at("2026-07-01 00:00")).posts
    person.is_active = False
    assert not actor_for(person, at("2026-05-01 00:00")).posts


def test_the_same_post_twice_at_one_time_is_refused_in_words(city: City) -> None:
    person = Person.objects.create(username="twice", display_name="某人")
    unit = city.unit("教育局")
    post = post_assign(person=person, unit=unit, role=roles.DRAFTER, valid_from=date(2026, 1, 1), now=START)
    for day in (date(2026, 1, 1), date(2026, 5, 1), date(2025, 5, 1)):
        with pytest.raises(UnitsError, match="不能重叠"):
            post_assign(person=person, unit=unit, role=roles.DRAFTER, valid_from=day, now=START)
    post_end(post=post, on=date(2026, 6, 30), now=START)
    post_assign(person=person, unit=unit, role=roles.DRAFTER, valid_from=date(2026, 7, 1), now=START)
    post_assign(person=person, unit=unit, role=roles.UNIT_HEAD, valid_from=date(2026, 1, 1), now=START)
    assert person.posts.count() == 3


def test_a_post_in_an_ended_unit_is_refused(city: City) -> None:
    with pytest.raises(UnitsError, match="承继单位"):
        post_assign(
            person=Person.objects.create(username="late"),
            unit=Unit.objects.get(pk="hbj"),
            role=roles.DRAFTER,
            valid_from=date(2026, 1, 1),
            now=START,
        )


def test_accounts_need_a_decent_password_and_an_unused_name(city: City) -> None:
    with pytest.raises(ValidationError):
        person_create(username="weak", display_name="弱", password="12345", now=START)
    person_create(username="strong", display_name="强", password="ma-tou-qin-1206", now=START)
    for name in ("strong", "STRONG"):
        with pytest.raises(UnitsError, match="已被使用"):
            person_create(username=name, display_name="强", password="ma-tou-qin-1206", now=START)
    for name in ("", "two words", "tab\t", "全角　空格", "x" * 61):
        with pytest.raises(UnitsError, match="用户名"):
            person_create(username=name, display_name="强", password="ma-tou-qin-1206", now=START)
    for name in ("", " ", "名" * 41):
        with pytest.raises(UnitsError, match="姓名"):
            person_create(username="nameless", display_name=name, password="ma-tou-qin-1206", now=START)
    assert Person.objects.count() == 1


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
