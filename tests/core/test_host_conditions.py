"""What each cause makes of each condition of a host: all that may be stands in one table, and nothing else is obeyed."""

from itertools import product
from typing import get_args

import pytest

from console.core import host_conditions
from console.core.host_conditions import Cause, ImpossibleError, turned
from console.core.run.evolve import evolve
from console.model import events as ev
from console.model.state import HostCondition
from console.safe_text import SafeText
from tests.core.builders import ADA, a_state

ALL: tuple[HostCondition, ...] = get_args(HostCondition)
CAUSES: tuple[Cause, ...] = get_args(Cause)
KEPT = ""


@pytest.mark.parametrize(("condition", "cause", "becomes"), [
    ("old", "left out", "left-out"), ("old", "silent", "unreachable"), ("unreachable", "answered", "old"),
    ("old", "update began", "updating"), ("updating", "update done", "new"), ("updating", "update failed", "failed"), ("updating", "update cancelled", "failed"),
    ("updating", "update unknown", "unknown"), ("updating", "update unreachable", "unreachable"), ("skipped", "update done", KEPT), ("returning", "update failed", KEPT),
    ("failed", "told to go back", "returning"), ("owed", "told to go back", "returning"), ("returning", "return done", "back"),
    ("returning", "return done for a skip", "skipped"), ("returning", "return failed", "failed"), ("old", "return began", "returning"),
    ("updating", "skipped", "skipped"), ("new", "fell failed", "failed"), ("back", "fell unreachable", "unreachable"), ("returning", "fell failed", KEPT),
    ("failed", "retried half-way", "updating"), ("failed", "retried untouched", "old"), ("unreachable", "retried as it stands", "new"),
    ("skipped", "retried on its way back", "returning"), ("unknown", "owed", "owed"), ("left-out", "owed", "owed"), ("owed", "forgiven", "left-out"),
])  # fmt: skip
def test_what_a_cause_makes_of_a_host(condition: HostCondition, cause: Cause, becomes: str):
    assert turned(condition, cause) == becomes


def test_every_cause_and_every_condition_is_met():
    rows = host_conditions.TABLE
    assert {cause for _, cause in rows} == set(CAUSES)
    assert {condition for condition, _ in rows} == set(ALL)
    assert {becomes for becomes in rows.values() if becomes} == set(ALL)


@pytest.mark.parametrize(("condition", "cause"), [pair for pair in product(ALL, CAUSES) if pair not in host_conditions.TABLE])
def test_what_cannot_be_raises_in_tests_and_is_nothing_in_production(condition: HostCondition, cause: Cause, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ImpossibleError):
        turned(condition, cause)
    monkeypatch.setattr(host_conditions, "STRICT", False)
    assert turned(condition, cause) is None


def test_what_cannot_be_is_kept_and_not_obeyed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(host_conditions, "STRICT", False)
    state = a_state("new", seq=6)
    after = evolve(state, ev.HostForgiven(seq=7, host="web01", by=ADA, reason=SafeText("gone")))
    assert after.hosts == state.hosts
    assert after.misfits == ("after event 6: web01 was new, and cannot be forgiven",)
    for _ in range(50):
        after = evolve(after, ev.HostForgiven(host="web01", by=ADA, reason=SafeText("gone")))
    assert len(after.misfits) == 20
