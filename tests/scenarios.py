"""Prints a line per scenario id, ``S18.3 covered`` or ``S18.3 open``, from tests that passed in the last run."""

import json
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE.parent / "build" / "scenarios"


def states() -> dict[str, str]:
    """Each id with ``covered`` if at least one of its tests ran and all that ran passed, else ``open``."""
    outcomes: dict[str, set[str]] = {}
    for path in RESULTS.glob("*.json"):
        for outcome, ids in json.loads(path.read_text()).values():
            for name in ids:
                outcomes.setdefault(name, set()).add(outcome)
    ids = (HERE / "scenario_ids.txt").read_text().split()
    return {name: "covered" if outcomes.get(name) == {"passed"} else "open" for name in ids}


def main() -> None:
    found = states()
    for name, state in found.items():
        print(f"{name} {state}")
    covered = sum(state == "covered" for state in found.values())
    print(f"{covered} covered, {len(found) - covered} open, {len(found)} scenarios")


if __name__ == "__main__":
    main()
