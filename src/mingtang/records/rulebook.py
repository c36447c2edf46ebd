"""The rule packs this installation runs by, as its profile enables them."""

from functools import cache

from mingtang.rules import RuleBook, load_rulebook
from mingtang.units.profile import current_profile


@cache
def rulebook() -> RuleBook:
    """Loaded once per process: packs change with a release or a restart, never under a running clock."""
    return load_rulebook(current_profile().rule_packs)
