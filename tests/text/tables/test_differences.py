from hypothesis import given
from hypothesis import strategies as st

from mingtang.text.tables.differences import ADDED, CHANGED, REMOVED, differences

versions = st.dictionaries(
    st.text(max_size=3), st.fixed_dictionaries({"a": st.integers(0, 2), "b": st.none() | st.text(max_size=2)})
)


@given(versions, versions)
def test_the_changes_lead_from_one_version_to_the_other(before: dict, after: dict) -> None:  # type: ignore[type-arg]
    state = dict(before)
    for change in differences(before, after.items()):
        if change.kind == REMOVED:
            del state[change.key]
        else:
            assert (change.kind == ADDED) == (change.key not in before)
            if change.kind == CHANGED:
                assert change.fields and all(change.before[name] != change.after[name] for name in change.fields)
            state[change.key] = change.after
    assert state == after


def test_nothing_changed_gives_nothing() -> None:
    same = {"1": {"a": 1}}
    assert list(differences(same, same.items())) == []
