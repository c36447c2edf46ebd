"""The kinds of registers and the code lists there are: files, so that a kind is added without code."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from django.conf import settings

from mingtang.text.tables.codes import CodeLists
from mingtang.text.tables.kinds import Clock, KindError, TableField, TableKind, read_kind

HERE = Path(__file__).parent
ADJUSTMENT, EFFECTIVE_ON, BASIS = "adjustment", "effective_on", "adjustment_basis"


def kinds() -> Mapping[str, TableKind]:
    """Every kind by its id: the house's own, then those of the folders in ``REGISTER_FOLDERS``.

    A kind whose entries are adjusted gets three columns beside its own: how, when and on what basis (article 5).

    Raises:
        KindError: a file says something no table can be made of, or an id comes twice.
    """
    return _kinds(tuple(map(str, settings.REGISTER_FOLDERS)))


def kind_named(name: str) -> TableKind:
    """Raises KeyError for a kind that no file describes."""
    return kinds()[name]


def code_lists() -> CodeLists:
    """The code lists of the house and of the folders in ``REGISTER_FOLDERS``."""
    return CodeLists(HERE / "codes", *(Path(folder) / "codes" for folder in settings.REGISTER_FOLDERS))


@cache
def _kinds(folders: tuple[str, ...]) -> Mapping[str, TableKind]:
    found: dict[str, TableKind] = {}
    for folder in (HERE / "kinds", *map(Path, folders)):
        for path in sorted(folder.glob("*.toml")):
            kind = with_adjustment(read_kind(path))
            if kind.id in found:
                raise KindError(path.name, [f"“{kind.id}”已经有了"])
            found[kind.id] = kind
    return found


def with_adjustment(kind: TableKind) -> TableKind:
    """The kind with the columns and the clock of an adjustment (D05.2), if its entries can be adjusted."""
    if not kind.adjustments:
        return kind
    listed = list(kind.adjustments.values())
    fields = (
        TableField(
            ADJUSTMENT,
            "调整方式",
            constraints={"enum": listed},
            aliases=("调整类型", "调整情况", "调整种类"),
            description=f"本条这次为什么调整：{'、'.join(listed)}。没有调整的不填。",
            example=listed[0],
            shown=False,
        ),
        TableField(
            EFFECTIVE_ON,
            "调整日期",
            type="date",
            aliases=("调整生效日期", "生效日期", "调整时间"),
            description="调整从哪一天起生效。20个工作日从第二天起算。",
            example="2026-11-02",
            shown=False,
        ),
        TableField(
            BASIS,
            "调整依据",
            aliases=("调整文件", "依据文件"),
            description="依据哪份文件或者哪条法律调整。",
            example="通政发〔2026〕12号",
            shown=False,
        ),
    )
    own = {one.name for one in kind.fields}
    clock = Clock(
        shows="register.adjustment_shown", opens="register.adjusted", when=ADJUSTMENT, start=EFFECTIVE_ON, per="day"
    )
    return replace(
        kind,
        fields=(*kind.fields, *(one for one in fields if one.name not in own)),
        effective=kind.effective or EFFECTIVE_ON,
        clocks=(*kind.clocks, clock),
    )
