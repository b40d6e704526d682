"""What an operator says becomes events, or a refusal. Pure. Which commands are refused, and when, is decided in `core/run/command_refusals.py`."""

from collections.abc import Callable
from typing import Any

from console.core.plan.return_plan import plan_rollback
from console.core.run.breaches import told_of
from console.core.run.canary_verdict import analysis_that_runs
from console.core.run.command_refusals import may
from console.core.run.critical_path_verdict import manual_names, open_ticks
from console.core.run.monitoring_window import window_that_runs
from console.core.run.retries import steps_anew
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import Refusal
from console.model.configured_environment import Environment
from console.model.request import Person
from console.model.state import RunState
from console.safe_text import SafeText


def accept(environment: Environment, command: cmd.AnyCommand, state: RunState, by: Person) -> tuple[ev.Event, ...] | Refusal:
    """Return what the command becomes. The caller writes the events down before anything is done."""
    refusal = may(command, state, by)
    if isinstance(command, cmd.Acknowledge) and not (refusal and refusal.ended):
        refusal = _not_in_file(environment, command) or refusal
    return refusal or (_BECOMES[type(command)](environment, command, state, by),)


def _not_in_file(environment: Environment, command: cmd.Acknowledge) -> Refusal | None:
    names = manual_names(environment)
    if command.check in names:
        return None
    return Refusal(SafeText(f"there is no manual check {command.check}"), SafeText(f"manual: {', '.join(names) or 'none'}"))


def _decided(environment: Environment, command: cmd.Decide, state: RunState, by: Person) -> ev.Decided:
    if not command.go:
        return ev.Decided(go=False, by=by, reasons=(SafeText(f"no-go by {by.name}"),))
    request = state.request
    digest = state.plan.digest if state.plan else ""
    return ev.Decided(go=True, by=by, digest=digest, overrides=request.overrides, hotfix=SafeText(request.hotfix))


def _aborted(environment: Environment, command: cmd.Abort, state: RunState, by: Person) -> ev.Event:
    """Before GO nothing was changed: the run is simply not begun."""
    if state.go is None:
        return ev.Decided(go=False, by=by, interrupted=True, reasons=(SafeText(f"aborted by {by.name}"),))
    return ev.AbortAsked(by=by, leave=command.leave, then_back=command.then_back, why=command.why)


def _rolled_back(environment: Environment, command: cmd.RollBack, state: RunState, by: Person) -> ev.RollbackBegan:
    plan = plan_rollback(environment, state, command.how)
    why = f": {command.reason}" if command.reason else ""
    return ev.RollbackBegan(plan=plan, reason=SafeText(f"asked for by {by.name}{why}"), by=by, cause="key", why=command.reason)


_BECOMES: dict[type, Callable[[Environment, Any, RunState, Person], ev.Event]] = {
    cmd.Decide: _decided,
    cmd.Abort: _aborted,
    cmd.RollBack: _rolled_back,
    cmd.Acknowledge: lambda _, command, state, by: ev.CheckAcknowledged(check=command.check, by=by, step=open_ticks(state).get(command.check, "")),
    cmd.Pause: lambda _, __, ___, by: ev.Paused(reason=SafeText(f"paused by {by.name}"), by=by),
    cmd.Continue: lambda _, command, state, by: ev.Continued(by=by, in_spite_of=told_of(state, command.expects)),
    cmd.Promote: lambda _, command, state, by: ev.Promoted(step=analysis_that_runs(state) or window_that_runs(state), by=by, reason=command.reason),
    cmd.Extend: lambda _, command, __, by: ev.WindowExtended(seconds=command.seconds, by=by, reason=command.reason),
    cmd.Skip: lambda _, command, __, by: ev.HostSkipped(host=command.host, by=by, reason=command.reason),
    cmd.Retry: lambda _, command, state, by: ev.HostRetried(host=command.host, by=by, anew=steps_anew(state, command.host)),
    cmd.Note: lambda _, command, __, by: ev.NoteAdded(by=by, text=command.text, about=command.about),
    cmd.TakeHelm: lambda _, __, ___, by: ev.HelmTaken(by=by),
    cmd.Forgive: lambda _, command, __, by: ev.HostForgiven(host=command.host, by=by, reason=command.reason),
}
