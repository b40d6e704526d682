"""How a run ended: its exit code and its outcome, by what the state says of every host. Pure and total."""

from console.errors import Exit
from console.model.state import HostState, RunState

BEHIND = frozenset({"old", "skipped", "left-out", "failed", "unreachable", "owed", "back", "unknown"})
SHOWN = {"new": "new", "updating": "failed", "returning": "unknown", "back": "old", "left-out": "skipped"}

Conclusion = tuple[Exit, str, str, str]


def conclude(state: RunState) -> Conclusion:
    """Return (exit code, outcome, reason, what to type next) of a run that has nothing left to do."""
    if state.locked_by:
        return (
            Exit.LOCKED,
            "locked",
            str(state.locked_by),
            f"deploy unlock {state.environment} --run RUN --reason TEXT, once that run is dead",
        )
    if state.go is False:
        return _not_gone(state)
    if not state.changed:
        return _unchanged(state)
    if state.kind == "rollback":
        return _rollback(state)
    if state.back is not None:
        return _rolled_back(state)
    return _forward(state)


def _not_gone(state: RunState) -> Conclusion:
    reasons = "; ".join(state.reasons)
    if state.interrupted:
        return Exit.INTERRUPTED, "interrupted", reasons or "ended before anything was changed", ""
    return Exit.NO_GO, "no-go", reasons, f"deploy check {state.environment}"


def _unchanged(state: RunState) -> Conclusion:
    if state.aborting:
        return Exit.INTERRUPTED, "interrupted", "aborted before anything was changed", ""
    alone = next((known for known in state.steps.values() if known.status not in ("done", "pending")), None)
    if alone is not None:
        return Exit.CONSOLE_FAILED, "error", str(alone.detail), str(alone.hint)
    bad = _bad(state)
    if any(host.condition in ("unknown", "unreachable", "owed") for host in bad):
        return Exit.FAILED, "failed", _names(bad), f"deploy status {state.environment}"
    if bad:
        return Exit.ROLLED_BACK, "rolled-back", f"{_names(bad)}; no host was changed", f"deploy {state.environment}, once that is mended"
    return Exit.DONE, "succeeded", "", ""


def _rollback(state: RunState) -> Conclusion:
    bad = [host for host in state.hosts.values() if host.condition not in ("back", "left-out", "skipped")]
    if bad:
        return Exit.FAILED, "failed", _names(bad), f"deploy status {state.environment}"
    return Exit.DONE, "rolled-back", "", ""


def _rolled_back(state: RunState) -> Conclusion:
    owed = [host for host in state.hosts.values() if host.touched and host.condition not in ("back", "skipped")]
    if owed:
        return Exit.FAILED, "failed", f"{state.back_reason}; not back: {_names(owed)}", f"deploy status {state.environment}"
    return Exit.ROLLED_BACK, "rolled-back", str(state.back_reason), ""


def _forward(state: RunState) -> Conclusion:
    if state.aborting == "leave":
        return Exit.FAILED, "failed", "aborted, and left as it is", f"deploy rollback {state.environment}"
    bad = _bad(state)
    behind = [host for host in state.hosts.values() if host.condition != "new"]
    if len(bad) > state.max_failures or any(host.condition == "unknown" for host in behind) or len(behind) == len(state.hosts):
        return Exit.FAILED, "failed", _names(bad or behind), f"deploy rollback {state.environment}"
    if behind:
        return Exit.LIVE_BUT_BEHIND, "succeeded", f"behind: {_names(behind)}", f"deploy {state.environment}"
    return Exit.DONE, "succeeded", "", ""


def _bad(state: RunState) -> list[HostState]:
    return [host for host in state.hosts.values() if host.failed_once]


def _names(hosts: list[HostState]) -> str:
    shown = ", ".join(f"{host.name} {host.condition}" + (f" ({host.detail})" if host.detail else "") for host in hosts[:4])
    return shown + (f" and {len(hosts) - 4} more" if len(hosts) > 4 else "")


def host_rows(state: RunState) -> list[dict[str, str]]:
    """The hosts of a result, as the contract names them."""
    return [
        {"host": host.name, "release": host.release, "version": str(host.version), "state": SHOWN.get(host.condition, host.condition)}
        for host in state.hosts.values()
    ]
