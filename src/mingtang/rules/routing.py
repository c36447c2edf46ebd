"""The decision table of article 13: who answers a public-opinion case, and who coordinates."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Role = Literal["first_subject", "also_respond", "coordinator", "leader"]
ROLE_LABELS = {
    "first_subject": "第一责任主体",
    "also_respond": "同时回应",
    "coordinator": "组织协调",
    "leader": "领导责任",
}
FLAGS = {
    "several_regions": "涉及多个地区",
    "vertical": "涉事部门实行垂直管理",
    "several_departments": "涉及多个部门",
    "government_policy": "涉及政府重大政策、重要决策部署",
    "leadership_needed": "重大突发事件或重要社会关切",
    "public_safety": "突发事件、公共安全或重大疫情",
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a case. ``severity`` is I, II, III or IV of the emergency rules, empty for none."""

    regions: int = 1
    departments: int = 1
    vertical: bool = False
    government_policy: bool = False
    severity: str = ""
    important_concern: bool = False
    public_safety: bool = False

    def flags(self) -> frozenset[str]:
        """The names of the conditions that hold (keys of FLAGS)."""
        holds = {
            "several_regions": self.regions > 1,
            "vertical": self.vertical,
            "several_departments": self.departments > 1,
            "government_policy": self.government_policy,
            "leadership_needed": self.severity in ("I", "II") or self.important_concern,
            "public_safety": self.public_safety or bool(self.severity),
        }
        return frozenset(name for name, held in holds.items() if held)


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One row. The applicable row with the lowest ``precedence`` decides; rows without one always add."""

    id: str
    duty: str
    when: tuple[str, ...]
    precedence: int | None
    assigns: tuple[tuple[Role, str], ...]
    explanation: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """One result: a role, the subject code that fills it, the rule it comes from and whether that rule decides."""

    role: Role
    subject: str
    rule: str
    duty: str
    decides: bool
    explanation: str


def route(rules: Iterable[RoutingRule], situation: Situation) -> list[Assignment]:
    """Apply every row that fits. The deciding row comes first, then the adding rows, then those overruled."""
    flags = situation.flags()
    fitting = [rule for rule in rules if flags.issuperset(rule.when)]
    ranked = sorted((rule for rule in fitting if rule.precedence is not None), key=lambda rule: rule.precedence or 0)
    adding = [rule for rule in fitting if rule.precedence is None]
    return [
        Assignment(role, subject, rule.id, rule.duty, rule in ranked[:1] or rule in adding, rule.explanation)
        for rule in [*ranked[:1], *adding, *ranked[1:]]
        for role, subject in rule.assigns
    ]
