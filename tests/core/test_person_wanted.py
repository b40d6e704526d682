"""A person is called for a decision, a pause, and what a run that has ended still owes; for nothing else, and by the same key for as long as it is the same thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.person_wanted import NeedsPerson, stays_open, wanted
from console.model.debt import Debt
from console.model.environment_record import Debts, EnvironmentRecord, OwedHost
from console.model.maintenance_mode import Maintenance
from console.model.request import Request
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import a_state, paused
from tests.core.drawn import KINDS, draw_run
from tests.core.simulation import Simulation

OPEN = {"app": "shop", "go": None, "phase": "deciding"}

CALLED = [
    ("for GO", a_state("old", **OPEN), NeedsPerson("decide", "shop production: run r1 waits for GO or no-go", "deploy attach r1")),
    (
        "for a pause",
        a_state("new", app="shop", phase="running", pausing=paused("web02 failed", "failure", 12.5)),
        NeedsPerson("pause 12.5", "shop production: run r1 is paused: web02 failed", "deploy attach r1"),
    ),
    (
        "for a host that is owed",
        a_state("new", "owed", app="shop", phase="ended", outcome="succeeded"),
        NeedsPerson("owed", "shop production: run r1 has ended (succeeded) and owes web02", "deploy status production"),
    ),
    (
        "for five hosts that are owed",
        a_state(*["owed"] * 5, app="shop", phase="ended", outcome="failed"),
        NeedsPerson("owed", "shop production: run r1 has ended (failed) and owes web01, web02, web03, web04, web05", "deploy status production"),
    ),
    (
        "for one more than are named",
        a_state(*["owed"] * 6, app="shop", phase="ended", outcome="failed"),
        NeedsPerson("owed", "shop production: run r1 has ended (failed) and owes web01, web02, web03, web04, web05 and 1 more", "deploy status production"),
    ),
    (
        "for more than are named",
        a_state(*["owed"] * 7, app="shop", phase="ended", outcome="failed"),
        NeedsPerson("owed", "shop production: run r1 has ended (failed) and owes web01, web02, web03, web04, web05 and 2 more", "deploy status production"),
    ),
]


@pytest.mark.parametrize(("state", "call"), [pytest.param(*row[1:], id=row[0]) for row in CALLED])
def test_somebody_is_called(state: RunState, call: NeedsPerson):
    assert wanted(state) == call


LEFT_ALONE = [
    ("in the pre-flight", a_state("old", go=None, phase="preflight")),
    ("while locks are taken", a_state("old", phase="locking")),
    ("after GO", a_state("old", **{**OPEN, "go": True})),
    ("after a no-go", a_state("old", **{**OPEN, "go": False})),
    ("where GO was given with the request", a_state("old", request=Request(yes=True), **OPEN)),
    ("while it goes on by itself", a_state("updating", phase="running")),
    ("while hosts go back", a_state("returning", phase="rolling-back", pausing=paused())),
    ("while a host is owed and others go on", a_state("owed", "updating", phase="running")),
    ("after an end that owes nothing", a_state("new", "skipped", "failed", phase="ended")),
    ("after an end in a pause", a_state("new", phase="ended", pausing=paused())),
]


@pytest.mark.parametrize("state", [pytest.param(state, id=name) for name, state in LEFT_ALONE])
def test_nobody_is_called(state: RunState):
    assert wanted(state) is None


def test_owed_hosts_are_named_in_order():
    found = wanted(a_state(hosts={name: a_state("owed").hosts["web01"].__class__(name, condition="owed") for name in ("web09", "web02")}, phase="ended"))
    assert found is not None
    assert found.words.endswith("owes web02, web09")


@given(st.sampled_from(KINDS), st.integers(0, 1_000_000))
def test_each_pause_has_one_key_and_it_is_told_once(kind, seed):
    keys: dict[float, set[str]] = {}

    def hold(run: Simulation) -> None:
        found = wanted(run.state)
        if run.state.pausing is not None and run.state.phase == "running":
            assert found is not None
            keys.setdefault(run.state.pausing.since, set()).add(found.key)
        if found is not None:
            assert SafeText(found.words) == found.words
            assert found.next.startswith("deploy ")

    draw_run(kind, seed, hold)
    assert all(len(found) == 1 for found in keys.values())


KEPT = Maintenance(SafeText("ada"), SafeText("2026-01-01T12:00:00Z"), SafeText("upgrade"))
OWED = Debts(tuple(OwedHost(1, Debt(name, "r1", SafeText("not reached"))) for name in ("web02", "web01", "web02")))
LEFT_OPEN = [
    ("nothing", {}, "", []),
    ("a page without an end", {"maintenance": KEPT}, "", ["shop production: users are shown the maintenance page by ada since 2026-01-01 12:00 UTC, without an end"]),
    ("a page with an end", {"maintenance": changed(KEPT, until=SafeText("2026-01-01T13:00:00Z"))}, "", []),
    ("the page of the run that goes on", {"maintenance": changed(KEPT, run="r2")}, "r2", []),
    ("the page that a run left on", {"maintenance": changed(KEPT, run="r2")}, "", ["shop production: users are shown the maintenance page by ada since 2026-01-01 12:00 UTC, without an end"]),
    ("debts", {"debts": OWED}, "", ["shop production: still owed: web01, web02"]),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "run", "words"), [pytest.param(*row[1:], id=row[0]) for row in LEFT_OPEN])
def test_what_stays_open_though_no_run_works_on_it(fields: dict[str, object], run: str, words: list[str]):
    found = stays_open(EnvironmentRecord(app="shop", environment="production", **fields), run)  # type: ignore[arg-type]
    assert [one.words for one in found] == words
    assert [(one.next, one.was_called) for one in found] == [
        ("deploy status production", True) if "owed" in one.key else ("deploy maintenance production off", False) for one in found
    ]
