"""Verified elsewhere: that commit, on the whole fleet, recently enough."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.staging import assess_staging, is_verified
from console.model.release import Revision
from console.model.request import Request
from console.model.state import RunState
from console.text import SafeText

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COMMIT = "b" * 40
REVISION = Revision(COMMIT, SafeText("v1.1.0"))


def a_run(hours: float = 1.0, **fields: object) -> RunState:
    ended = (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    values = {"run": "r1", "kind": "deploy", "outcome": "succeeded", "exit": 0, "revision": REVISION, "ended_at": ended, "phase": "ended", **fields}
    return RunState(**values)  # type: ignore[arg-type]


def status(*runs: RunState) -> str:
    return assess_staging("staging", 86400.0, REVISION, runs, NOW).status


def test_that_commit_verified_there_opens_the_gate():
    check = assess_staging("staging", 86400.0, REVISION, [a_run(2.5)], NOW)
    assert (check.status, check.detail) == ("passed", "verified in staging 2 h ago")


@pytest.mark.parametrize(
    "run",
    [
        a_run(revision=Revision("c" * 40, SafeText("v1.0.0"))), a_run(outcome="rolled-back", exit=4), a_run(exit=8), a_run(outcome="superseded"),
        a_run(request=Request(hosts="web01")), a_run(request=Request(without=(("web02", "dead"),))), a_run(kind="rollback", outcome="rolled-back"),
        a_run(hours=25),
    ],
)  # fmt: skip
def test_another_commit_a_part_of_the_fleet_and_what_did_not_end_well_do_not(run: RunState):
    check = assess_staging("staging", 86400.0, REVISION, [run], NOW)
    assert check.blocks
    assert "--override staging=REASON" in check.remedy


def test_a_later_failure_there_does_not_undo_the_verification():
    assert status(a_run(1, outcome="rolled-back", exit=4), a_run(3)) == "passed"


@given(st.floats(0, 100), st.floats(0, 100))
def test_older_never_passes_where_newer_fails(one: float, other: float):
    newer, older = sorted((one, other))
    if status(a_run(older)) == "passed":
        assert status(a_run(newer)) == "passed"
    assert is_verified(a_run(older))
