"""The Opinion's pack against the requirements."""

import re
from dataclasses import FrozenInstanceError
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from mingtang.rules import LimitUnit, Quota, Situation, Within, load_rulebook, shipped_packs

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
PACK = ROOT / "src/mingtang/rules/packs/opinion_2017"
LONGEST_COMMON_RUN = 18
PER_ARTICLE = [3, 3, 7, 10, 7, 7, 5, 4, 8, 8, 3, 3, 7, 1, 8, 7, 3, 4, 5, 4, 5, 3, 2, 8, 5, 8]


@pytest.fixture(scope="module")
def book():
    return load_rulebook()


@pytest.fixture(scope="module")
def full_book():
    return load_rulebook(shipped_packs())


def test_it_has_26_articles_and_138_duties_numbered_without_gap(book):
    assert list(book.articles) == list(range(1, 27))
    assert sum(PER_ARTICLE) == 138
    expected = {f"D{article:02}.{k}" for article, n in enumerate(PER_ARTICLE, start=1) for k in range(1, n + 1)}
    assert set(book.duties) == expected
    assert {article.chapter for article in book.articles.values()} == set(range(1, 9))


def test_the_ids_and_forces_are_those_of_the_requirements(book):
    requirements = SHARED / "requirements/opinion.md"
    if not requirements.exists():
        pytest.skip("the requirements are not beside the project")
    text = requirements.read_text(encoding="utf-8")
    assert set(re.findall(r"\bD\d\d\.\d+\b", text)) == set(book.duties)
    forces = dict(re.findall(r"^\| (D\d\d\.\d+) \| ([MPE]) \|", text, re.MULTILINE))
    assert len(forces) > 80
    assert {duty: book.duties[duty].force for duty in forces} == forces
    scenarios = (ROOT / "tests/scenario_ids.txt").read_text(encoding="utf-8").split()
    assert sorted(scenarios) == sorted(set(re.findall(r"\bS\d\d\.\d+[a-z]?\b", text)))


def test_no_wording_of_the_opinion_is_copied():
    policy = SHARED / "policy/tongliao-opinion-2017.txt"
    if not policy.exists():
        pytest.skip("the Opinion is not beside the project")
    source = re.sub(r"\W", "", policy.read_text(encoding="utf-8"))
    runs = {source[i : i + LONGEST_COMMON_RUN] for i in range(len(source))}
    copied = []
    for path in PACK.glob("*.toml"):
        for phrase in re.findall(r'"([^"]*)"', path.read_text(encoding="utf-8")):
            plain = re.sub(r"\W", "", phrase)
            copied += [
                plain for i in range(len(plain) - LONGEST_COMMON_RUN + 1) if plain[i : i + LONGEST_COMMON_RUN] in runs
            ]
    assert set(copied) <= {"通辽市全面推进政务公开工作的实施意见"}


@pytest.mark.scenario("S01.3")
def test_each_right_is_served_by_a_duty(book):
    served = {
        right: [duty.id for duty in book.duties.values() if right in duty.rights]
        for right in book.enumerations["rights"].items
    }
    assert list(served) == ["know", "participate", "express", "supervise"]
    assert all(served.values())


def test_every_disclosure_class_is_served_by_a_duty(book):
    served = {stage for duty in book.duties.values() for stage in duty.stages}
    assert served == set(book.enumerations["five_disclosures"].items)


def test_people_read_chinese(full_book):
    for duty in full_book.duties.values():
        for text in (duty.title, duty.content, duty.when, duty.consequence or "无"):
            assert re.search(r"[\u4e00-\u9fff]", text), duty.id
    for fault in full_book.fault_rules.values():
        assert fault.message.endswith(("。", "}")), fault.code
        assert fault.mend.endswith("。"), fault.code


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("rights", 4), ("five_disclosures", 5), ("decision_steps", 5), ("observer_kinds", 3), ("meeting_opinions", 3),
        ("execution_elements", 4), ("aid_programmes", 6), ("partnership_items", 3), ("list_kinds", 8),
        ("adjustment_types", 4), ("enforcement_elements", 6), ("supervision_fields", 10), ("guide_elements", 8),
        ("online_functions", 7), ("public_enterprise_sectors", 6), ("administrative_levels", 4),
        ("evaluation_methods", 3), ("priority_data_domains", 3), ("participation_methods", 4),
        ("interpretation_points", 9), ("interpretation_methods", 8), ("emergency_contents", 4), ("signal_kinds", 6),
        ("opinion_stages", 5), ("judgements", 6), ("special_topics", 5), ("catalogue_fields", 4),
        ("openness_attributes", 3), ("disclosure_modes", 2), ("assessment_parts", 4), ("consequence_tiers", 3),
        ("three_public_expenses", 3), ("training_abilities", 4),
    ],
)  # fmt: skip
def test_lists_have_the_length_the_text_gives(book, code, count):
    assert len(book.enumerations[code].items) == count


def test_named_groups_have_their_units(book):
    assert book.unit_groups["interpretation_event_units"].units == ("development_reform", "education", "environment")
    assert len(book.unit_groups["credit_supervision_units"].units) == 15
    assert len(book.unit_groups["catalogue_units"].units) == 18


def test_every_declared_name_is_used(book):
    duties = book.duties.values()
    parts = [part for duty in duties for part in duty.parts]
    facts = {fact for duty in duties for fact in (duty.condition, duty.closes_if)} | {part.closes_if for part in parts}
    assert set(book.facts) <= facts
    assert set(book.links) <= {duty.via for duty in duties} | {part.via for part in parts}
    assert set(book.channels) == {channel for duty in duties for channel in duty.channels}
    assert set(book.subjects) <= {duty.subject for duty in duties}


def test_interpretation_material_is_due_on_site_and_in_media(book):
    duty = book.duties["D10.5"]
    assert duty.limit == Within(3, LimitUnit.WORKING_DAYS)
    assert (duty.condition, duty.subject, duty.advisory) == ("document.needs_interpretation", "lead_unit", False)
    assert duty in book.opened_by("edition.shown")
    assert [(part.code, part.via) for part in duty.parts] == [("site", "interprets"), ("media", "interprets")]
    assert (duty, duty.parts[0]) in book.closed_by("edition.shown")
    assert book.closed_by("interpretation.media_placed") == ((duty, duty.parts[1]),)


def test_interpretation_events_are_counted_by_half_year_and_year(book):
    held = {duty.id: duty for duty, part in book.closed_by("interpretation_event.held")}
    assert set(held) == {"D10.6", "D10.7", "D10.8"}
    assert (held["D10.7"].limit, held["D10.8"].limit) == (Quota(1, 6), Quota(1, 12))
    assert held["D10.6"].via == "explains"
    assert held["D10.6"].closes_if == "interpretation_event.speaker_is_head"
    assert held["D10.8"].closes_if == "interpretation_event.head_explained_important"
    assert {"D10.7", "D10.8", "D17.2", "D19.1"} <= {duty.id for duty in book.scheduled}


def test_promptly_is_advisory_and_a_written_limit_is_not(book):
    prompt = [duty for duty in book.duties.values() if duty.limit_setting]
    assert len(prompt) > 20
    assert all(duty.advisory for duty in prompt)
    assert not any(duty.advisory for duty in book.duties.values() if not duty.limit_setting)


def test_a_setting_changes_the_limits_that_use_it():
    book = load_rulebook(settings={"prompt": 7, "nine_points_outcome": "block"})
    assert book.setting("prompt") == 7
    assert book.settings["prompt"].default == 5
    assert book.duties["D03.7"].limit == Within(7, LimitUnit.WORKING_DAYS)
    assert book.duties["D10.5"].limit == Within(3, LimitUnit.WORKING_DAYS)
    assert book.gates["nine_points"].outcome == "block"


def test_a_fault_says_what_where_and_how_to_mend(book):
    fault = book.fault("nine_points_incomplete", count=2, points="适用范围、新旧差异")
    assert (fault.article, fault.duty, fault.outcome, fault.stops) == (11, "D11.1", "warn", False)
    assert fault.message == "九项解读要点还缺2项：适用范围、新旧差异。"
    assert fault.field == "interpretation_points"
    assert fault.basis == "《意见》第11条"
    with pytest.raises(KeyError):
        book.fault("nine_points_incomplete")
    with pytest.raises(KeyError):
        book.fault("no_such_fault")
    with pytest.raises(KeyError):
        book.fault("plan_missing", gate="one_lead")


def test_one_fault_is_returned_or_blocked_by_the_gate_that_found_it(book):
    returned = book.fault("plan_missing", gate="interpretation_attached")
    blocked = book.fault("plan_missing", gate="interpretation_signed")
    assert (returned.outcome, returned.duty) == ("return", "D10.4")
    assert (blocked.outcome, blocked.duty) == ("block", "D10.3")
    assert book.fault("plan_missing") == blocked
    assert book.fault("attribute_missing", gate="source_determination").duty == "D18.3"
    assert book.fault("field_missing", field="title", label="标题").field == "title"


def test_every_fault_can_be_made(full_book):
    for code, rule in full_book.fault_rules.items():
        fault = full_book.fault(code, **dict.fromkeys(rule.parameters, "甲"))
        assert "{" not in fault.message + fault.mend
        assert full_book.duties[fault.duty].article == fault.article


def routed(book, role, **situation):
    return [(a.subject, a.duty) for a in book.route(Situation(**situation)) if a.role == role and a.decides]


def test_routing_names_the_first_subject_and_its_rule(book):
    general = book.route(Situation())
    assert [(a.role, a.subject, a.rule) for a in general] == [("first_subject", "responsible_department", "13-general")]
    assert routed(book, "first_subject", government_policy=True) == [("responsible_department", "D13.2")]
    assert routed(book, "coordinator", government_policy=True) == [
        ("general_office", "D13.2"), ("publicity_department", "D13.2")
    ]  # fmt: skip
    assert routed(book, "coordinator", vertical=True) == [
        ("superior_office", "D13.4"), ("publicity_department", "D13.4")
    ]  # fmt: skip
    assert routed(book, "also_respond", regions=2) == [("regions_concerned", "D13.3")]


def test_routing_precedence_shows_the_overruled_rows_too(book):
    assignments = book.route(Situation(regions=2, departments=3, vertical=True, government_policy=True))
    assert assignments[0].rule == "13-regions"
    assert [a.rule for a in assignments if a.decides] == ["13-regions", "13-regions"]
    assert list(dict.fromkeys(a.rule for a in assignments)) == [
        "13-regions", "13-vertical", "13-departments", "13-policy", "13-general"
    ]  # fmt: skip


def test_a_major_emergency_gives_the_head_of_government_a_task(book):
    assert routed(book, "leader", severity="II") == [("principal_of_government", "D13.6")]
    assert routed(book, "leader", severity="III") == []
    assert routed(book, "leader", important_concern=True) == [("principal_of_government", "D13.6")]
    assert ("handling_unit", "D13.7") in routed(book, "first_subject", public_safety=True)


def test_outside_law_is_labelled_and_not_counted_among_the_138(full_book):
    outside = [duty for duty in full_book.duties.values() if not full_book.packs[duty.pack].is_opinion]
    assert len(full_book.duties) == 138 + len(outside)
    assert all(full_book.packs[duty.pack].label.startswith("《意见》之外") for duty in outside)
    assert full_book.citation(full_book.duties["DR26"]) == "《中华人民共和国政府信息公开条例》第26条"
    assert full_book.duties["DR33"].limit == Within(20, LimitUnit.WORKING_DAYS)
    assert full_book.duties["DL1"].status == "to_confirm"
    assert not full_book.duties["DR26"].in_force(date(2019, 5, 14))
    assert full_book.duties["DR26"].in_force(date(2019, 5, 15))


def test_grounds_to_withhold_come_from_the_regulation(full_book, book):
    assert not book.grounds
    must = {code for code, ground in full_book.grounds.items() if ground.force == "must"}
    assert must == {
        "state_secret", "forbidden_by_law", "security_and_stability", "commercial_secret", "personal_privacy"
    }  # fmt: skip
    assert set(full_book.grounds) - must == {"internal_affairs", "process_information", "enforcement_file"}


def test_the_book_cannot_be_changed(book):
    with pytest.raises(TypeError):
        book.duties["D01.1"] = None
    with pytest.raises(FrozenInstanceError):
        book.duties["D01.1"].title = "x"
    with pytest.raises(TypeError):
        book.enumerations["rights"].items["x"] = "y"


def test_the_weight_gate_has_its_number(book):
    assert book.duties["D26.2"].limit.met(Decimal(4))
    assert book.fault("weight_too_low", weight="3.99").message == "政务公开权重3.99%，低于4%。"
