"""What an operator may do now: a command becomes events, or a refusal that says why not and what to type instead. Pure."""

from collections.abc import Callable
from typing import Any

from console.core.rollback import plan_rollback, touched_hosts
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import Refusal
from console.model.fleet import Environment
from console.model.request import Person
from console.model.state import Act, HostState, RunState
from console.text import SafeText

Events = tuple[ev.Event, ...]
_SUBJECTS: dict[type[cmd.Command], str] = {cmd.Pause: "pause", cmd.Continue: "pause", cmd.Skip: "host {host}", cmd.Retry: "host {host}"}
"""What a command acts on, where it matters whether somebody else did so first. A roll back never waits for that."""
FAILED = frozenset({"failed", "unknown", "unreachable", "skipped", "back"})


def accept(environment: Environment, command: cmd.AnyCommand, state: RunState, by: Person) -> Events | Refusal:
    """Return what the command becomes. The caller writes the events down before anything is done."""
    if state.phase == "ended" and not isinstance(command, cmd.Note | cmd.Forgive):
        return Refusal(SafeText(f"run {state.run} has ended: {state.outcome}"), SafeText(f"deploy rollback {state.environment}"), ended=True)
    if command.expects and command.expects != state.seq and isinstance(command, cmd.Decide):
        return _no("the run has changed since that was on the screen", f"deploy attach {state.run}")
    first = _who_was_first(command, state)
    if first is not None:
        return first
    return _ANSWERS[type(command)](environment, command, state, by)


def _who_was_first(command: cmd.AnyCommand, state: RunState) -> Refusal | None:
    """Refuse what was meant for something that somebody else has dealt with since its sender looked."""
    subject = _SUBJECTS.get(type(command), "").format(host=getattr(command, "host", ""))
    act = state.acts.get(subject)
    if not subject or not command.expects or act is None or act.seq <= command.expects:
        return None
    return _no(f"{_first(act)}: the run has gone on since you looked", f"deploy attach {state.run}")


def _first(act: Act | None) -> str:
    return f"{act.by.name} was first and {act.words}" + (f" at {act.at[11:19]} UTC" if act.at else "") if act else ""


def _told(message: str, act: Act | None) -> str:
    return f"{message}: {_first(act)}" if act else message


def _no(message: str, hint: str = "") -> Refusal:
    return Refusal(SafeText(message), SafeText(hint))


def _decide(environment: Environment, command: cmd.Decide, state: RunState, by: Person) -> Events | Refusal:
    if state.phase != "deciding" or state.go is not None:
        return _no(_told("there is nothing to decide now", state.acts.get("go")), f"deploy attach {state.run}")
    if not command.go:
        return (ev.Decided(go=False, by=by, reasons=(SafeText(f"no-go by {by.name}"),)),)
    blocking = [check for check in state.checks if check.blocks]
    if blocking:
        return _no(
            "GO is refused: " + "; ".join(f"{check.title}: {check.detail}" for check in blocking), f"deploy check {state.environment}"
        )
    if state.plan and command.digest and command.digest != state.plan.digest:
        return _no("the plan is not the one that was shown", f"deploy attach {state.run}")
    if state.protected and not state.request.yes and command.typed != state.environment:
        return _no(f"{state.environment} is protected: its name has to be typed", f"type {state.environment}")
    digest = state.plan.digest if state.plan else ""
    request = state.request
    return (ev.Decided(go=True, by=by, digest=digest, overrides=request.overrides, hotfix=SafeText(request.hotfix)),)


def _acknowledge(environment: Environment, command: cmd.Acknowledge, state: RunState, by: Person) -> Events | Refusal:
    names = [check.name for check in environment.checks if check.kind == "manual"]
    if command.check not in names:
        return _no(f"there is no manual check {command.check}", f"manual: {', '.join(names) or 'none'}")
    if state.phase not in ("preflight", "deciding") or state.go is not None or state.kind != "deploy":
        return _no(_told("there is nothing to tick off now", state.acts.get("go")), f"deploy attach {state.run}")
    if any(check.id == command.check and check.by for check in state.checks):
        return _no(_told(f"{command.check} is ticked off already", state.acts.get(f"check {command.check}")))
    return (ev.CheckAcknowledged(check=command.check, by=by),)


def _pause(environment: Environment, command: cmd.Pause, state: RunState, by: Person) -> Events | Refusal:
    if state.phase == "rolling-back" or state.kind == "rollback":
        return _no("a rollback is not paused")
    if state.phase != "running":
        return _no("nothing runs yet that could be paused", "deploy abort")
    if state.pausing:
        return _no(f"paused already: {state.pausing.reason}", "deploy continue")
    if state.aborting:
        return _no("the run is being aborted")
    return (ev.Paused(reason=SafeText(f"paused by {by.name}"), by=by),)


def _continue(environment: Environment, command: cmd.Continue, state: RunState, by: Person) -> Events | Refusal:
    if state.pausing is None:
        return _no(_told("the run is not paused", state.acts.get("pause")))
    return (ev.Continued(by=by),)


def _abort(environment: Environment, command: cmd.Abort, state: RunState, by: Person) -> Events | Refusal:
    if state.go is None:
        return (ev.Decided(go=False, by=by, interrupted=True, reasons=(SafeText(f"aborted by {by.name}"),)),)
    if command.expects:
        return _no("GO was given meanwhile: the run goes on", "deploy abort, to end it all the same")
    if state.phase == "rolling-back" or state.kind == "rollback":
        return _no("a rollback goes to its end: it is the way out")
    if state.aborting:
        return _no(_told("the run is being aborted already", state.acts.get("end")))
    return (ev.AbortAsked(by=by, leave=command.leave),)


def _roll_back(environment: Environment, command: cmd.RollBack, state: RunState, by: Person) -> Events | Refusal:
    if state.phase == "rolling-back" or state.kind == "rollback":
        return _no(_told("the rollback is under way", state.acts.get("end")))
    if state.kind == "restore":
        return _no("a restore changes no host, and nothing takes it back", "deploy abort")
    if state.kind == "restart":
        return _no("a restart changes no release, so there is none to go back to", "deploy abort --leave")
    if state.kind == "catch-up":
        return _no("an owed host is brought up to date, and never to an older state", f"deploy rollback {state.environment}, once it has ended")
    if not state.changed or not touched_hosts(state):
        return _no("no host has been changed yet, so there is nothing to roll back", "deploy abort")
    gone = [back for back in state.way_back if not back.possible and back.host in touched_hosts(state)]
    if len(gone) == len(touched_hosts(state)):
        return _no(f"no host has a release to go back to: {gone[0].host}: {gone[0].reason}", "deploy abort --leave")
    plan = plan_rollback(environment, state, command.how)
    return (ev.RollbackBegan(plan=plan, reason=SafeText(f"asked for by {by.name}"), by=by, cause="key"),)


def _skip(environment: Environment, command: cmd.Skip, state: RunState, by: Person) -> Events | Refusal:
    host = state.hosts.get(command.host)
    if host is None:
        return _unknown_host(command.host, state)
    if state.phase != "running" or state.kind != "deploy":
        return _no("hosts are skipped while a release rolls")
    if host.condition in ("returning", "back", "skipped", "left-out"):
        return _no(_told(f"{host.name} is {host.condition}: there is nothing to skip", state.acts.get(f"host {host.name}")))
    if host.condition == "new":
        return _take_back(state, host, by)
    return (ev.HostSkipped(host=host.name, by=by),)


def _take_back(state: RunState, host: HostState, by: Person) -> Events | Refusal:
    """A host that has the release already goes back alone, where it has something to go back to."""
    if state.aborting:
        return _no("the run is being aborted: every host goes back, or all stays as it is")
    way = next((way for way in state.way_back if way.host == host.name), None)
    if way is None or not way.possible:
        return _no(f"{host.name} has no release to go back to" + (f": {way.reason}" if way else ""), "deploy abort --leave")
    if not host.before:
        return _no(f"{host.name} had no release before this one: it goes back with the whole run alone", "deploy rollback")
    return (ev.HostSkipped(host=host.name, by=by),)


def _retry(environment: Environment, command: cmd.Retry, state: RunState, by: Person) -> Events | Refusal:
    host = state.hosts.get(command.host)
    if host is None:
        return _unknown_host(command.host, state)
    if state.phase not in ("running", "rolling-back"):
        return _no("there is no run in which the host could be tried again")
    if host.condition not in FAILED or (host.condition == "back" and not host.failed_once):
        return _no(_told(f"{host.name} is {host.condition}: there is nothing to try again", state.acts.get(f"host {host.name}")))
    return (ev.HostRetried(host=host.name, by=by),)


def _unknown_host(name: str, state: RunState) -> Refusal:
    return _no(f"{name} is no host of this run", "hosts: " + ", ".join(list(state.hosts)[:12]))


def _note(environment: Environment, command: cmd.Note, state: RunState, by: Person) -> Events | Refusal:
    return (ev.NoteAdded(by=by, text=command.text),)


def _take_helm(environment: Environment, command: cmd.TakeHelm, state: RunState, by: Person) -> Events | Refusal:
    if state.driver == by:
        return _no("you have the helm already")
    return (ev.HelmTaken(by=by),)


def _forgive(environment: Environment, command: cmd.Forgive, state: RunState, by: Person) -> Events | Refusal:
    host = state.hosts.get(command.host)
    if host is None or host.condition != "owed":
        return _no(f"{command.host} owes nothing in run {state.run}")
    return (ev.HostForgiven(host=command.host, by=by, reason=command.reason),)


_ANSWERS: dict[type, Callable[[Environment, Any, RunState, Person], Events | Refusal]] = {
    cmd.Decide: _decide,
    cmd.Acknowledge: _acknowledge,
    cmd.Pause: _pause,
    cmd.Continue: _continue,
    cmd.Abort: _abort,
    cmd.RollBack: _roll_back,
    cmd.Skip: _skip,
    cmd.Retry: _retry,
    cmd.Note: _note,
    cmd.TakeHelm: _take_helm,
    cmd.Forgive: _forgive,
}
