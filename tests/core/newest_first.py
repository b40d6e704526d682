"""What a record comes to after whole runs, which the tables name newest first."""

from console.core.checks.direction import attempts_after
from console.core.checks.health_at_rest import said_of, verdicts
from console.core.checks.staging import released_of
from console.core.environment.debts import debts_after
from console.core.environment.live_release import live_after
from console.core.environment.record_queries import failed_run as failed_in
from console.core.environment.verification import unverified_after
from console.core.run.usual_times import seconds_by_kind
from console.core.run.usual_times import usual_by_kind as usual_of
from console.model.environment_record import Attempts, Debts, EnvironmentRecord, Unclear
from console.model.fleet_snapshot import LastRun
from console.model.release_facts import Revision
from console.model.state import RunState
from console.safe_text import SafeText


def open_debts(newest_first, hosts):
    debts = Debts()
    for number, run in enumerate(reversed(newest_first), 1):
        debts = debts_after(debts, run, number)
    return tuple(one.debt for one in debts.owed if one.debt.host in hosts)


def live_release(newest_first):
    live, released = Unclear("no release run is known here"), []
    for number, run in enumerate(reversed(newest_first), 1):
        live = live_after(live, run, reversed(released))
        released += [released_of(run, number)] if run.kind == "deploy" else []
    return live


def failed_run(newest_first):
    unverified = ()
    for run in reversed(newest_first):
        unverified = unverified_after(unverified, run, LastRun(run.run, run.kind, run.outcome, run.exit, run.ended_at))
    found = failed_in(EnvironmentRecord(unverified=unverified))
    return next(run for run in newest_first if run.run == found.run) if found else None


def bad_attempts(newest_first):
    """Of rows (run, kind, commit, outcome, ended)."""
    attempts = Attempts()
    for run, kind, commit, outcome, ended in reversed(newest_first):
        revision = Revision(commit, SafeText("v")) if commit else None
        attempts = attempts_after(attempts, RunState(run=run, kind=kind, revision=revision, outcome=outcome, ended_at=ended))
    return {commit: one for commit, one in attempts.by_commit.items() if one}


def usual_by_kind(runs):
    return usual_of(seconds_by_kind(run) for run in runs)


def said_last(events, gated):
    return {host: said_of(verdict, has_gate=host in gated) for host, verdict in verdicts(events).items()}
