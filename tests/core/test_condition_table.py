"""The whole table of a host's conditions: a row for each cause, a column for each condition. What stands in no column cannot be, and is not obeyed.

The columns: old, updating, new, failed, unknown, unreachable, skipped, returning, back, owed, left-out. `kept`: the host goes on with what it is at; `-`: it cannot be.
"""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core import host_conditions
from console.core.host_conditions import TABLE, Cause, turned
from console.model.state import HostCondition

COLUMNS: tuple[HostCondition, ...] = (
    "old", "updating", "new", "failed", "unknown", "unreachable", "skipped", "returning", "back", "owed", "left-out",
)  # fmt: skip
GRID = """
                           old         updating    new         failed      unknown     unreachable skipped     returning   back        owed        left-out
left out                   left-out    -           -           -           -           -           -           -           -           -           -
silent                     unreachable -           -           -           -           unreachable -           -           -           -           -
answered                   -           -           -           -           -           old         -           -           -           -           -
update began               updating    updating    updating    -           -           -           -           -           -           -           -
update done                -           new         -           -           new         -           kept        kept        -           -           -
update failed              failed      failed      failed      -           failed      -           kept        kept        -           -           -
update unknown             unknown     unknown     unknown     -           unknown     -           kept        kept        -           -           -
update unreachable         unreachable unreachable unreachable -           unreachable -           kept        kept        -           -           -
update cancelled           failed      failed      failed      -           failed      -           kept        kept        -           -           -
told to go back            returning   returning   returning   returning   returning   returning   returning   returning   -           returning   -
return began               returning   returning   returning   -           -           -           returning   returning   returning   -           -
return done                -           -           -           -           back        -           -           back        -           -           -
return done for a skip     -           -           -           -           skipped     -           -           skipped     -           -           -
return failed              -           -           -           -           failed      -           -           failed      -           -           -
return unknown             -           -           -           -           unknown     -           -           unknown     -           -           -
return unreachable         -           -           -           -           unreachable -           -           unreachable -           -           -
skipped                    skipped     skipped     skipped     skipped     skipped     skipped     -           -           -           -           -
retried on its way back    -           -           -           returning   returning   returning   returning   -           -           -           -
retried as it stands       -           -           -           new         new         new         new         -           new         -           -
retried half-way           -           -           -           updating    updating    updating    updating    -           updating    -           -
retried untouched          -           -           -           old         old         old         old         -           old         -           -
fell failed                kept        kept        failed      kept        kept        kept        kept        kept        failed      kept        kept
fell unknown               kept        kept        unknown     kept        kept        kept        kept        kept        unknown     kept        kept
fell unreachable           kept        kept        unreachable kept        kept        kept        kept        kept        unreachable kept        kept
owed                       -           owed        -           -           owed        owed        -           -           -           -           owed
forgiven                   -           -           -           -           -           -           -           -           -           left-out    -
"""


def rows() -> dict[str, list[str]]:
    """The grid's cells by cause."""
    head, *lines = GRID.strip("\n").splitlines()
    assert head.split() == list(COLUMNS)
    return {line[:27].strip(): line[27:].split() for line in lines}


CELLS = [(cause, condition, cell) for cause, cells in rows().items() for condition, cell in zip(COLUMNS, cells, strict=True)]


@pytest.mark.parametrize(("cause", "condition", "cell"), CELLS)
def test_what_a_cause_makes_of_a_condition(cause: Cause, condition: HostCondition, cell: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(host_conditions, "STRICT", False)
    assert turned(condition, cause) == {"-": None, "kept": ""}.get(cell, cell)


def test_the_grid_has_a_row_for_each_cause_and_a_column_for_each_condition():
    assert set(rows()) == set(get_args(Cause))
    assert set(COLUMNS) == set(get_args(HostCondition))
    assert len(TABLE) == sum(cell != "-" for _, _, cell in CELLS)


SETS = {
    "FORWARD": "old updating new",
    "LOST": "unreachable unknown",
    "UNWELL": "failed unknown unreachable",
    "RETRIABLE": "failed unknown unreachable skipped",
    "STRANDED": "failed skipped",
    "KEEPS_OLD": "returning back skipped left-out owed",
    "STAYED_OLD": "back skipped",
    "IN_BETWEEN": "updating returning",
    "ARRIVED": "new back",
    "AS_BEFORE": "back skipped left-out",
    "LOST_OR_OWED": "unreachable unknown owed",
    "UNCLEAR": "updating returning unknown",
    "BEHIND": "owed left-out",
    "AT_REST": "old new back skipped",
    "SERVED": "new left-out",
    "UNVERIFIED": "unreachable unknown owed updating returning failed",
    "NOT_UPDATED": "unreachable unknown owed failed skipped",
    "MISPLACED": "unreachable unknown owed failed",
    "NO_SERVICE": "unreachable unknown owed failed left-out",
    "OUT_OF_REACH": "left-out unreachable",
}


@pytest.mark.parametrize(("name", "members"), SETS.items())
def test_a_named_set_of_conditions_has_these_members(name: str, members: str):
    assert getattr(host_conditions, name) == frozenset(members.split())


def test_every_named_set_stands_in_this_table():
    assert {name for name, value in vars(host_conditions).items() if isinstance(value, frozenset)} == set(SETS)


RULES = [
    ("a host that is owed is met again only to go back, or to be forgiven", {"owed"}, {"told to go back", "forgiven"}),
    ("a host that was left out by name is owed at the end, and nothing else", {"left-out"}, {"owed"}),
    (
        "a host that is back falls, is tried again, or has a command run on it that may fail",
        {"back"},
        {"retried as it stands", "retried half-way", "retried untouched", "return began", *host_conditions.FELL.values()},
    ),
]


@pytest.mark.parametrize(("of", "causes"), [pytest.param(*row[1:], id=row[0]) for row in RULES])
def test_all_that_can_change_such_a_host(of: set[HostCondition], causes: set[Cause]):
    assert {cause for (condition, cause), to in TABLE.items() if condition in of and to} == causes


@given(st.lists(st.sampled_from(get_args(Cause)), max_size=40))
def test_no_way_through_the_table_calls_a_host_new_that_was_not_updated_or_tried_again(causes: list[Cause]):
    condition, since = "old", ""
    for cause in causes:
        to = TABLE.get((condition, cause))
        if to:
            condition, since = to, cause
    assert condition != "new" or since in ("update done", "retried as it stands")
    assert condition != "back" or since == "return done"


@pytest.mark.parametrize(("condition", "cause"), list(TABLE))
def test_a_lost_host_is_never_called_well_by_silence(condition: HostCondition, cause: Cause):
    if cause in ("silent", "update unreachable", "return unreachable", "fell unreachable", "update unknown", "return unknown", "fell unknown"):
        assert TABLE[condition, cause] in ("unreachable", "unknown", ""), "what is not known is not true"
