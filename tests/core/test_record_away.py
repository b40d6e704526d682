"""A run whose shared record is away: the step that runs ends, its host gets to its gate, nothing else starts; hosts go back all the same."""

import pytest

from console.model import commands as cmd
from console.model import events as ev
from console.safe_text import SafeText
from tests.core.plans import a_run, failing, happened, runs_now, say, until_runs
from tests.core.simulation import ADA

AWAY = ev.RecordLost(reason=SafeText("it is away"), kept_in=SafeText("shared.sqlite3"))


def lost_at(step, *, hosts=4, batch=1, ending=None):
    """A run whose record is lost while that step runs, gone on with for as long as it does so by itself."""
    run = until_runs(a_run(hosts, *([ending] if ending else []), batch=batch), step)
    run.record(AWAY)
    run.run()
    return run


@pytest.mark.parametrize("step", ["wave-1/web01/switch", "wave-1/web01/restart", "wave-1/web01/gate"])
def test_a_host_that_is_being_updated_gets_to_its_gate_and_no_other_begins(step):
    run = lost_at(step)
    state = run.state
    assert [host.condition for host in state.hosts.values()] == ["new", "old", "old", "old"]
    assert (state.phase, state.pausing.cause, state.pausing.reason, runs_now(run)) == ("running", "record", "it is away", [])


def test_it_goes_on_when_it_is_back_and_a_person_says_so_and_not_before():
    run = lost_at("wave-1/web01/gate")
    assert "before the shared record answers again" in say(run, cmd.Continue()).message
    run.record(ev.RecordRegained(events=3))
    run.run()
    assert run.state.pausing.cause == "record"
    assert say(run, cmd.Continue()) is None
    run.run()
    assert (run.state.exit, {host.condition for host in run.state.hosts.values()}) == (0, {"new"})


def test_a_roll_back_needs_no_record():
    run = lost_at("wave-2/web02/restart")
    assert say(run, cmd.RollBack()) is None
    run.run()
    assert (run.state.exit, {host.condition for host in run.state.hosts.values()}) == (4, {"back", "old"})


def test_a_release_that_fails_goes_back_by_itself():
    run = lost_at("wave-1/web01/restart", ending=failing("web01"))
    assert (run.state.exit, len(happened(run, ev.RollbackBegan))) == (4, 1)


def test_a_pause_that_somebody_made_holds_and_what_ends_it_otherwise_starts_nothing():
    run = until_runs(a_run(3), "wave-1/web01/gate")
    assert say(run, cmd.Pause()) is None
    run.record(AWAY)
    run.run()
    assert run.state.pausing.cause == "operator"
    run.record(ev.Continued(by=ADA))  # as the tick of a manual critical path does
    run.run()
    assert (run.state.pausing.cause, run.state.hosts["web02"].condition) == ("record", "old")
