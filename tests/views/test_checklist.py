"""The checklist of recorded runs: what each kind of run says of its hosts and of their gates."""

from pathlib import Path

import pytest

from console.core.run.evolve import fold
from console.model.checks import Check
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from console.views.checklist import Row, checklist, current_row
from console.wire.codec import decode_event

JOURNALS = Path(__file__).parents[1] / "journals"


def rows(name: str) -> dict[str, tuple[str, str]]:
    """The eight rows at the end of that run."""
    return of(run(name))


def run(name: str) -> RunState:
    return fold([decode_event(line) for line in (JOURNALS / f"{name}.jsonl").read_bytes().splitlines()])


def of(state: RunState) -> dict[str, tuple[str, str]]:
    return {row.short: (row.state, row.found) for row in checklist(state, state.mono)}


@pytest.mark.parametrize("name", ["release", "restart", "rollback"])
def test_the_gates_of_every_kind_of_run_are_counted(name: str) -> None:
    found = rows(name)["health"]
    assert found[0] == "done"
    passed, of, gates = found[1].split()
    assert (of, passed) == ("of", gates)
    assert int(gates) > 0


def test_what_no_rule_asks_for_is_not_said_to_be_missing() -> None:
    found = rows("rollback")
    assert found["staging"] == ("skipped", "not required")
    assert found["team"] == ("skipped", "not needed")
    assert found["announced"] == ("skipped", "nobody notified")


def test_it_keeps_the_names_of_the_workflow() -> None:
    titles = [row.title for row in checklist(RunState(), 0.0)]
    assert titles == [
        "Code frozen, CI passed", "Staging verified", "Database backed up", "Team notified", "DEPLOY", "Health checks passed", "Monitoring stable",
        "Success announced",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["no-go", "locked"])
def test_a_run_that_changed_nothing_has_no_tick_for_what_did_not_happen(name: str) -> None:
    found = rows(name)
    assert "done" not in {found[short][0] for short in ("health", "stable", "announced", "team", "DEPLOY")}


def test_code_without_ci_is_not_said_to_have_passed_it() -> None:
    checks = (Check("branch", SafeText("B"), "passed"), Check("tree", SafeText("T"), "passed"))
    assert of(RunState(checks=checks))["code"] == ("skipped", "no CI configured")
    asked = Check("CI", SafeText("CI"), "passed", kind="github")
    assert of(RunState(checks=(*checks, asked)))["code"][0] == "done"
    assert of(RunState(checks=(*checks, changed(asked, status="failed"))))["code"][0] == "failed"


def test_people_who_are_there_are_not_said_to_have_been_told() -> None:
    assert of(RunState(checks=(Check("team", SafeText("Team is there"), "passed"),)))["team"] == ("skipped", "nobody notified")


def test_a_host_that_was_lost_after_its_gate_takes_the_tick_away() -> None:
    state = run("release")
    name, host = next(iter(state.hosts.items()))
    lost = changed(state, hosts={**state.hosts, name: changed(host, condition="unreachable")})
    assert of(lost)["health"] == ("failed", "1 failed")


def test_a_run_that_went_back_says_how_many_gates_passed() -> None:
    sign, found = rows("rolled-back")["health"]
    assert sign in ("failed", "skipped")
    assert "failed" in found or found.endswith(" passed")


@pytest.mark.parametrize(
    ("states", "title"),
    [
        ("! – – – · · – –", "frozen"), ("! – – – ▶ · – –", "DEPLOY"), ("! – – – ✓ ✓ ! –", "stable"), ("! – – – ✓ ✓ ▶ –", "stable"), ("! ? – – ✓ ! – –", "health"),
        ("! – – – ✓ ✓ – –", "DEPLOY"), ("✓ – – – · · – –", "DEPLOY"), ("! – – – – – – –", "frozen"), ("– – – – – – – –", "DEPLOY"), ("! – – – ↶ ! – –", "DEPLOY"),
    ],
)  # fmt: skip
def test_once_the_deployment_has_begun_a_warning_before_it_is_not_what_is_going_on(states: str, title: str) -> None:
    marks = {"!": "failed", "?": "unknown", "–": "skipped", "·": "waiting", "▶": "now", "✓": "done", "↶": "back"}
    shorts = ("frozen", "staging", "backup", "team", "DEPLOY", "health", "stable", "announced")
    rows = tuple(Row(marks[state], short, short) for state, short in zip(states.split(), shorts, strict=True))
    assert current_row(rows).title == title
