"""How a run ended: its exit code and its outcome, by what the state says of every host. Pure and total."""

from collections.abc import Collection
from typing import TypedDict

from console.core.database_state import KINDS, RESTORE, REVERT, is_migrated, left_words, needs_person
from console.core.host_conditions import AS_BEFORE, LOST_OR_OWED, SERVED, UNCLEAR
from console.core.kinds.kind_table import asked_again, kind_of, looked_at_with
from console.core.plan.maintenance_steps import left_on
from console.core.plan.return_plan import is_left_old, shipped_again
from console.core.run.ticket import ticket_problems
from console.core.traffic.bluegreen_sides import is_idle, moves_traffic, standing_by
from console.core.words.shortened_list import shortened
from console.errors import Problem
from console.exit_codes import Exit
from console.model.plan import ReturnTarget
from console.model.state import HostState, RunState, StepState

SHOWN = {"updating": "unknown", "returning": "unknown", "back": "old", "left-out": "skipped"}
"""What a host's condition is called in a result, where the name is another one. A host in the middle of something is never said to be anything else."""

NAMED = 8
"""Hosts that a command to type names one by one."""

Conclusion = tuple[Exit, str, str, str]

_OUT_FOR_A_REASON = ("failed", "unreachable", "unknown", "owed", "left-out")
"""Hosts in these conditions are to get no requests, and are named for that."""


def _unlocking(state: RunState) -> str:
    """What to type about the lock that was met. Another engine took it meanwhile, so its run may be none of this record: `check` says whose it is."""
    return f"deploy check {state.environment}" if state.locking_run else f"deploy unlock {state.environment} --reason TEXT"


def conclude(state: RunState) -> Conclusion:
    """Return (exit code, outcome, reason, what to type next) of a run that has nothing left to do.

    One that left its maintenance page on says so, and is not done, however well the rest went.
    """
    code, outcome, reason, hint = _with_weights(state, _concluded(state))
    if not left_on(state):
        return code, outcome, reason, hint
    shown = "users are still shown the maintenance page" if state.maintenance else "it is not known whether users are shown the maintenance page"
    words = "; ".join(filter(None, (reason, shown)))
    return _not_done((code, outcome, words, f"deploy maintenance {state.environment} off"))


def _with_weights(state: RunState, concluded: Conclusion) -> Conclusion:
    """Say which balancers' weights are not as they were before; a way back that leaves some is not done."""
    code, outcome, reason, hint = concluded
    left = [f"{name}{f' ({known.detail})' if known.detail else ''}" for name, known in state.weights.items() if known.own]
    if not left or not state.go:
        return concluded
    words = "; ".join(filter(None, (reason, f"weights of servers are not as they were at {', '.join(left)}: the next run puts them back")))
    return _not_done((code, outcome, words, hint or f"deploy check {state.environment}"))


def _not_done(concluded: Conclusion) -> Conclusion:
    """The end of a run that has left something of its own behind: a release is live all the same, a way back is not done."""
    code, outcome, reason, hint = concluded
    if code == Exit.DONE and outcome == "succeeded":
        return Exit.LIVE_BUT_BEHIND, outcome, reason, hint
    return (Exit.FAILED, "failed", reason, hint) if code in (Exit.DONE, Exit.ROLLED_BACK) else concluded


def _concluded(state: RunState) -> Conclusion:
    if state.locked_by:
        return (
            Exit.LOCKED,
            "locked",
            str(state.locked_by) + ("; once that run is dead, unlock --run breaks its lock" if state.locking_run else ""),
            _unlocking(state),
        )
    if state.go is False:
        return _not_gone(state)
    if state.superseded_by:
        return Exit.DONE, "superseded", f"run {state.superseded_by} took over before the monitoring window ended; not verified", ""
    if kind_of(state).is_return:
        return _rollback(state)
    if not kind_of(state).changes_hosts:
        return _restore(state)
    if not state.changed:
        return _with_unseen(state, _unchanged(state))
    if state.back is not None:
        return _with_unseen(state, _rolled_back(state))
    return _forward(state)


def _with_unseen(state: RunState, concluded: Conclusion) -> Conclusion:
    """Say which hosts nobody has seen since: a release is taken back where every host is known to be on what it had."""
    code, _, reason, _ = concluded
    declared = {name for name, _ in state.request.without}
    unseen = [host for host in state.hosts.values() if not host.touched and host.condition in LOST_OR_OWED and host.name not in declared]
    if code != Exit.ROLLED_BACK or not unseen:
        return concluded
    return Exit.FAILED, "failed", f"{reason}; not verified: {_names(unseen)}", f"deploy status {state.environment}"


def _not_gone(state: RunState) -> Conclusion:
    reasons = "; ".join(state.reasons)
    if state.interrupted:
        return Exit.INTERRUPTED, "interrupted", reasons or "ended before anything was changed", ""
    return Exit.NO_GO, "no-go", reasons, looked_at_with(state)


def _unchanged(state: RunState) -> Conclusion:
    if is_migrated(state):
        return _migrated_only(state)
    if state.aborting:
        return Exit.INTERRUPTED, "interrupted", "aborted before anything was changed", ""
    ended = _database_failed(state)
    if ended is not None:
        return ended
    alone = _failed_alone(state)
    if alone is not None and alone.status != "cancelled":
        return Exit.CONSOLE_FAILED, "error", str(alone.detail), str(alone.hint) or looked_at_with(state)
    bad = _bad(state)
    if bad and (kind_of(state).is_repeated or any(host.condition in LOST_OR_OWED for host in bad)):
        return Exit.FAILED, "failed", _names(bad), f"deploy status {state.environment}"
    if bad:
        return Exit.ROLLED_BACK, "rolled-back", f"{_names(bad)}; no host was changed", asked_again(state)
    if not any(host.condition == "new" for host in state.hosts.values()):
        return Exit.INTERRUPTED, "interrupted", "every host was left out before anything was changed", asked_again(state, for_all=True)
    return _forward(state)


def _restore(state: RunState) -> Conclusion:
    known = state.steps.get(RESTORE, StepState())
    if known.status == "done":
        return Exit.DONE, "succeeded", "", ""
    if known.status == "pending":
        return Exit.INTERRUPTED, "interrupted", "ended before anything was changed", ""
    if known.status == "unreachable":
        return Exit.CONSOLE_FAILED, "error", f"the restore did not begin: {known.detail}", str(known.hint) or looked_at_with(state)
    reason, hint = f"{_ended('the restore', known)}: {known.detail}; look at the database before anything else", str(known.hint)
    return Exit.FAILED, "failed", reason, hint or f"deploy report {state.run}"


def _migrated_only(state: RunState, why: str = "") -> Conclusion:
    """Every host is as it was, and the database is not. `why`: the run ended; empty: by what became of its hosts."""
    why = why or ("aborted" if state.aborting else _names(_bad(state)) or "every host was left out")
    reason = f"{why}; no host was changed, {left_words(state)}"
    if needs_person(state):
        return Exit.FAILED, "failed", reason, f"deploy restore {state.environment} --run {state.run}"
    return Exit.ROLLED_BACK, "rolled-back", reason, asked_again(state)


def _database_left(state: RunState) -> Conclusion | None:
    """Where a run goes back that has shown its page, and changed no host: what it did to the database is as for one without a page."""
    if any(host.touched for host in state.hosts.values()):
        return None
    if is_migrated(state) and needs_person(state):
        return _migrated_only(state, str(state.back_reason))
    ended = _database_failed(state)
    if ended is None or ended[0] != Exit.FAILED:
        return None
    code, outcome, reason, hint = ended
    return code, outcome, reason if state.back_cause == "failure" else f"{state.back_reason}; {reason}", hint


def _database_failed(state: RunState) -> Conclusion | None:
    """A backup or a migration that did not end well. `failed` is said of it only where the database is known to be as it was."""
    found = ((step, known) for name, known in state.steps.items() if (step := state.index.get(name)) and step.kind in KINDS)
    step, known = next(((step, known) for step, known in found if known.status not in ("done", "pending", "void")), (None, None))
    if step is None or known is None:
        return None
    what = {"backup": "the backup", "migrate": "the migration", "revert": "taking the migration back"}[step.kind]
    reason = f"{_ended(what, known)}: {known.detail}; no host was changed"
    hint = str(known.hint) or asked_again(state)
    if known.status in ("failed", "unreachable"):
        return Exit.ROLLED_BACK, "rolled-back", reason, hint
    return Exit.FAILED, "failed", reason, hint


def _ended(what: str, known: StepState) -> str:
    """How a step of the run's own ended, as a sentence's beginning."""
    words = {"failed": "failed", "cancelled": "was cancelled", "unreachable": "did not reach its host"}
    return f"{what} {words.get(known.status, 'did not come to a known end')}"


def _failed_alone(state: RunState, *, but_tolerated: bool = False) -> StepState | None:
    """A step about no host that did not end well; rather one that failed than one that was cancelled for it."""
    bad = ((name, known) for name, known in state.steps.items() if known.status not in ("done", "pending", "void"))
    fatal = [known for name, known in bad if name not in state.index or state.index[name].fatal]
    fatal = [known for known in fatal if not (but_tolerated and known.tolerated)]
    return next((known for known in fatal if known.status != "cancelled"), next(iter(fatal), None))


def _rollback(state: RunState) -> Conclusion:
    alone = _failed_alone(state)
    if alone is not None and not state.changed:
        if REVERT in state.steps:
            reason = f"{_ended('taking the migration back', alone)}: {alone.detail}; no host was changed"
            return Exit.FAILED, "failed", reason, str(alone.hint) or f"deploy status {state.environment}"
        return Exit.CONSOLE_FAILED, "error", str(alone.detail), str(alone.hint)
    missing = [host for host in state.hosts.values() if host.condition not in AS_BEFORE and not is_there_already(state, host)]
    if missing:
        stay = {way.host: way for way in state.way_back if not way.possible and not state.lanes.get(way.host)}
        words = [f"{host.name} stays {_on(host)}: {stay[host.name].reason}" for host in missing if host.name in stay]
        others = [host for host in missing if host.name not in stay]
        reason = "; ".join([*words[:4], *([_names(others)] if others else [])])
        return Exit.FAILED, "failed", f"not back: {reason}", _stayed_hint(stay.values(), state.environment)
    return Exit.DONE, "rolled-back", *_schema_left(state)


def _schema_left(state: RunState) -> tuple[str, str]:
    """What a rollback has left of a migration that the release now live may not run on, and what to do then (W5.3); both empty: nothing."""
    left = next((check for check in state.checks if check.id == "migrations" and check.status == "warning"), None)
    if left is None or state.steps.get(REVERT, StepState()).status == "done":
        return "", ""
    return f"{left.title}: {left.detail}", str(left.remedy)


def _stayed_hint(ways: Collection[ReturnTarget], environment: str) -> str:
    """What brings hosts back that a rollback could not."""
    adopted = "; ".join(f"on {way.host}: {way.hint}" for way in ways if way.hint)
    return "; ".join(filter(None, (shipped_again(ways, environment), adopted))) or f"deploy status {environment}"


def _on(host: HostState) -> str:
    live = host.version or host.release
    return f"on {live}" if live else "on a release that is not known"


def is_there_already(state: RunState, host: HostState) -> bool:
    """Whether a rollback found the host on the release that it was to go to, whole, and so had nothing to do there."""
    way = state.way(host.name)
    return way is not None and way.possible and host.condition == "old" and bool(way.release) and host.release == way.release and not state.lanes.get(host.name)


def _rolled_back(state: RunState) -> Conclusion:
    owed = [host for name, host in state.hosts.items() if host.touched and not is_left_old(state, name)]
    if owed:
        stay = [way for host in owed if host.condition != "owed" and (way := state.way(host.name)) and not way.possible]
        return Exit.FAILED, "failed", f"{state.back_reason}; not back: {_names(owed)}", _stayed_hint(stay, state.environment)
    if left := _database_left(state):
        return left
    if kind_of(state).is_repeated:
        return Exit.FAILED, "failed", str(state.back_reason), f"deploy status {state.environment}"
    return Exit.ROLLED_BACK, "rolled-back", "; ".join(filter(None, (str(state.back_reason), left_words(state)))), ""


def _forward(state: RunState) -> Conclusion:
    if state.aborting:
        return Exit.FAILED, "failed", "aborted, and left as it is", _way_on(state)
    bad = _bad(state)
    aside = standing_by(state)
    behind = [host for host in state.hosts.values() if host.condition != "new" and host.name not in aside]
    alone = _failed_alone(state, but_tolerated=True)
    if alone is not None and not (alone.status == "cancelled" and len(bad) > state.max_failures):
        reason = _names(bad or behind) if alone.status == "cancelled" and (bad or behind) else str(alone.detail)
        return Exit.FAILED, "failed", reason, str(alone.hint) or _way_on(state)
    unknown = [host for host in behind if _is_unknown(state, host)]
    if len(bad) > state.max_failures or unknown or len(behind) == len(state.hosts) - len(aside):
        return Exit.FAILED, "failed", _names([*bad, *(host for host in unknown if host not in bad)] or behind), _way_on(state)
    without = left_out(state)
    late = [host for host in bad if host.condition == "new" and _failed_late(state, host)]
    if behind or without or late:
        words = "; ".join(words for words in (_names([*behind, *late]), ", ".join(f"{name} left out" for name in without)) if words)
        return Exit.LIVE_BUT_BEHIND, "succeeded", f"behind: {words}", _way_on(state) if kind_of(state).is_repeated else asked_again(state, for_all=True)
    if serving := [name for name, host in state.hosts.items() if name in aside and not host.is_out]:
        words = f"not known to be out of the traffic, on the side that stands by: {shortened(serving, 4)}"
        return Exit.LIVE_BUT_BEHIND, "succeeded", words, f"deploy status {state.environment}"
    return Exit.DONE, "succeeded", "", ""


def _failed_late(state: RunState, host: HostState) -> bool:
    """Whether a step of the run's close that may not fail did on that host."""
    return any(step.fatal and step.phase == "close" and state.step_state(step).status in ("failed", "unknown") for step in state.lanes.get(host.name, ()))


def _way_on(state: RunState) -> str:
    """What to type after a run that left hosts as they are: a release is taken back where there was one before, a restart is done again on what is left."""
    is_first = bool(state.way_back) and not any(way.release for way in state.way_back)
    if kind_of(state).returns and not is_first:
        return f"deploy rollback {state.environment}"
    left = [name for name, host in state.hosts.items() if host.condition not in SERVED]
    if not kind_of(state).is_repeated or not left:
        return f"deploy status {state.environment}"
    return f"deploy {state.kind} {state.environment}" + (f" --hosts {','.join(left)}" if len(left) <= NAMED else "")


def _is_unknown(state: RunState, host: HostState) -> bool:
    """Whether nobody knows what is on the host; being owed to makes it no better known."""
    in_between = host.condition in UNCLEAR
    unknown = (name for name, known in host.steps.items() if known.status == "unknown")
    return in_between or (host.condition == "owed" and any(name not in state.index or state.index[name].phase != "close" for name in unknown))


def _bad(state: RunState) -> list[HostState]:
    return [host for host in state.hosts.values() if host.failed_once or host.condition == "failed"]


def _names(hosts: list[HostState]) -> str:
    return shortened([f"{host.name} {host.condition}" + (f" ({host.detail})" if host.detail else "") for host in hosts], 4)


def left_out(state: RunState) -> tuple[str, ...]:
    """Hosts that the request left out and that the run therefore knows nothing of."""
    return tuple(name for name, _ in state.request.without if name not in state.hosts)


def unfollowed(state: RunState) -> tuple[Exit, str]:
    """Return (exit code, outcome) for a console that can follow a run no further after GO, where nobody carries it on: never that nothing was changed."""
    return (Exit.FAILED, "failed") if state.changed else (Exit.DETACHED, "detached")


def drained_problems(state: RunState) -> tuple[Problem, ...]:
    """The hosts that a run which has ended took out of the traffic and did not put back, though nobody says that they failed: it was left as it was.

    Those that are owed are put back once they are up to date; a side that stands by is meant to be out.
    """
    if state.phase != "ended" or moves_traffic(state):
        return ()
    out = [host.name for host in state.hosts.values() if host.is_out and host.condition not in _OUT_FOR_A_REASON and _was_drained(host)]
    if not out:
        return ()
    verb, them = ("gets", "it") if len(out) == 1 else ("get", "them")
    words = f"{shortened(out, 4)} {verb} no requests: this run drained {them}, and did not put {them} back"
    return (Problem(words, f"deploy restart {state.environment} --hosts {','.join(out)}"),)


def _was_drained(host: HostState) -> bool:
    return any(seen.mark in ("drained", "overdue") for seen in host.traffic.values())


def lock_problems(state: RunState) -> tuple[Problem, ...]:
    """The locks that a run which has ended still has, or may have. They stop no run that knows this record."""
    if state.phase != "ended":
        return ()
    whys: dict[str, list[str]] = {}
    for name in state.locked_hosts:
        whys.setdefault(str(state.locks_left.get(name, "it is not known whether it was released")), []).append(name)
    hint, left = f"deploy unlock {state.environment} --run {state.run} --reason TEXT", "it stops no run from here, and can be removed once the host answers"
    return tuple(Problem(f"the lock of run {state.run} is still on {shortened(names, 4)}: {why}; {left}", hint) for why, names in whys.items())


def end_problems(state: RunState) -> tuple[Problem, ...]:
    """Why a run that has ended was no success, each with what to type next: the checks that block where it was a no-go, else its own reason."""
    if state.phase != "ended" or not state.exit:
        return ()
    blocking = [check for check in state.checks if check.blocks] if state.exit == Exit.NO_GO else []
    found = tuple(Problem(f"{check.title}: {check.detail}", str(check.remedy)) for check in blocking)
    return found or ((Problem(str(state.reason), str(state.hint)),) if state.reason else ())


def next_words(state: RunState) -> str:
    """What to type next after a run, as its result says it."""
    return "; ".join(dict.fromkeys(problem.hint for problem in end_problems(state) if problem.hint)) or str(state.hint)


def loose_ends(state: RunState) -> tuple[Problem, ...]:
    """What a run that has ended has left undone, and that changes nothing of how it ended: hosts that it took out of the traffic, locks, and its ticket."""
    return (*drained_problems(state), *lock_problems(state), *ticket_problems(state))


def _shown(state: RunState, host: HostState) -> str:
    """What a host is called; one whose link is lost is called new by nobody who has not asked it since. An idle one is called by the release that it has."""
    if is_idle(state, host) and (kind_of(state).is_return or host.release != host.before):
        return "new"
    return "unreachable" if host.condition == "new" and not host.linked else SHOWN.get(host.condition, host.condition)


class ResultRow(TypedDict):
    """A host of a result, as the contract names it. `release` and `version` are None where it has none, or none is known."""

    host: str
    release: str | None
    version: str | None
    state: str


def host_rows(state: RunState) -> list[ResultRow]:
    """A row for each host of the plan in its order, with what it ended on; then one for each that was left out."""
    rows = [
        ResultRow(host=host.name, release=host.release or None, version=str(host.version) or None, state=_shown(state, host)) for host in state.hosts.values()
    ]
    return rows + [ResultRow(host=name, release=None, version=None, state="skipped") for name in left_out(state)]
