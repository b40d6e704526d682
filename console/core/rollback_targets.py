"""Where a rollback of its own goes: what each host had before the last release run, or a release that was named. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from console.core.host_conditions import STAYED_OLD
from console.core.traffic.bluegreen_sides import standing_by
from console.core.words.moments import moment_words
from console.core.words.shortened_list import shortened
from console.errors import Problem
from console.model.host_facts import HostFacts
from console.model.state import HostState, RunState


class Targets(NamedTuple):
    """The release that each host goes to; the hosts that are there already, as a run left them there, verified; and those that it never touched, which stay."""

    goes_to: dict[str, str]
    there_already: frozenset[str] = frozenset()
    untouched: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()
    """For a blue/green release: the hosts that the traffic is taken away from; those of `goes_to` have stood by since `since` and are not changed."""
    since: str = ""
    strategy: str = ""
    """The strategy that the run was asked for that is undone; empty: the file's."""
    believed: dict[str, str] = {}  # noqa: RUF012 (a tuple's default, which nobody changes)
    """What is live on each host as far as this machine alone knows, while the record that it shares is away; none where that is there."""


NO_RELEASE: Targets | Problem = Problem("no release run is known here, so there is nothing to roll back", "deploy rollback ENV --to RELEASE")
"""What those runs do not say."""


def targets_before(states: Iterable[RunState], hosts: tuple[str, ...]) -> Targets | Problem:
    """What those hosts had before the last release that is live. `states` are ended runs of the environment, newest first."""
    caught_up: dict[str, str] = {}
    returned: set[str] = set()
    stayed: frozenset[str] = frozenset()  # on a release that was named for them, whatever others go back to
    back_since: RunState | None = None
    for state in states:
        if state.kind == "catch-up":
            asked = frozenset(hosts)
            caught_up |= {name: host.before for name, host in state.hosts.items() if name in asked and host.condition == "new" and host.before}
        if state.kind in ("restart", "catch-up") or not state.changed:
            continue
        if state.hosts.keys().isdisjoint(hosts):
            continue
        if state.outcome == "rolled-back" and (state.kind != "rollback" or state.hosts.keys() >= set(hosts)):
            return _already_back(state)
        if state.kind == "rollback" and state.request.ref:
            named, others = _named_before(state, hosts, returned | caught_up.keys()), tuple(name for name in hosts if name not in state.hosts)
            if not others or (isinstance(named, Targets) and state.outcome != "rolled-back"):
                return named
            hosts, stayed = others, stayed | (set(hosts) - set(others))
            continue
        if state.kind == "rollback":  # it is gone on with, and never undone
            back_since = back_since or (state if state.outcome == "rolled-back" else None)
            returned |= {*caught_up, *(name for name, host in state.hosts.items() if host.condition == "back")}
            caught_up.clear()
            continue
        undone = _undone(state, hosts, caught_up, returned, back_since)
        if undone is not None:
            return undone._replace(untouched=undone.untouched | stayed) if isinstance(undone, Targets) else undone
    return NO_RELEASE


def _undone(state: RunState, hosts: tuple[str, ...], caught_up: dict[str, str], returned: set[str], back_since: RunState | None) -> Targets | Problem | None:
    """Where hosts go for that release to be undone; None: none of them has it."""
    asked = frozenset(hosts)
    touched = {name: host for name, host in state.hosts.items() if name in asked and host.touched}
    if all(host.condition in STAYED_OLD for host in touched.values()):
        return None
    kept = {name: host.release for name in standing_by(state) if name in asked and (host := state.hosts[name]).release and not _was_out(host)}
    if kept:
        leaving, others = frozenset(touched), asked - kept.keys()
        return _already_back(back_since or state) if kept.keys() <= returned else Targets(kept, untouched=others, leaving=leaving, since=state.ended_at)
    goes_to = {name: host.before for name, host in touched.items() if host.before}
    if not goes_to:
        return Problem(f"run {state.run} was the first release: there is none before it", "deploy status ENV")
    goes_to = {**caught_up, **goes_to}
    there_already = {name for name, host in touched.items() if host.condition in STAYED_OLD and name not in caught_up} | (returned & goes_to.keys())
    if returned and goes_to.keys() <= there_already:
        return _already_back(back_since or state)
    return Targets(goes_to, frozenset(there_already), frozenset(hosts) - touched.keys() - caught_up.keys(), strategy=state.request.strategy)


def _was_out(host: HostState) -> bool:
    """Whether a host got no requests before the run, and was left so."""
    return bool(host.traffic) and all(seen.mark == "left" for seen in host.traffic.values())


def _named_before(state: RunState, hosts: tuple[str, ...], since: set[str]) -> Targets | Problem:
    """Where a rollback to a named release that some hosts did not follow is gone on with: there. `since`: hosts that got there later."""
    asked = frozenset(hosts)
    goes_to = {way.host: way.release for way in state.way_back if way.host in asked and way.release}
    there_already = goes_to.keys() & {*since, *(name for name, host in state.hosts.items() if host.condition == "back")}
    if goes_to.keys() <= there_already:
        version = next((str(way.version) for way in state.way_back if way.version), state.request.ref)
        return Problem(
            f"already back on {version} since {moment_words(state.ended_at)}; nothing to roll back; further: --to", "deploy rollback ENV --to RELEASE"
        )
    return Targets(goes_to, frozenset(there_already), asked - goes_to.keys())


def _already_back(state: RunState) -> Problem:
    live = next((str(host.before_version or host.before) for host in state.hosts.values() if host.before), "")
    if state.outcome == "rolled-back":
        serve = [host for host in state.hosts.values() if not host.is_out] or list(state.hosts.values())
        live = next((str(host.version or host.release) for host in serve), "")
    where = f"on {live}" if live else "where no release was live,"
    return Problem(f"already back {where} since {moment_words(state.ended_at)}; nothing to roll back; further: --to", "deploy rollback ENV --to RELEASE")


def targets_named(facts: tuple[HostFacts, ...], name: str) -> Targets | Problem:
    """Where each host has the release of that id, version or commit. Hosts without it are a problem, all of them named."""
    found: dict[str, str] = {}
    for fact in facts:
        match = [known.id for known in fact.releases if known.whole and _is_called(known.id, str(known.version), known.commit, name)]
        if match:
            found[fact.host] = match[-1]
    missing = [fact.host for fact in facts if fact.host not in found]
    if missing:
        return Problem(f"{name} is not on disk on {shortened(missing)}", _on_disk(facts))
    return Targets(found)


def _on_disk(facts: tuple[HostFacts, ...]) -> str:
    """What may be named: what a run left live and verified, and apart from it what never was."""
    whole = [release for fact in facts for release in fact.releases if release.whole]
    good = {str(release.version or release.id) for release in whole if release.healthy}
    never = {str(release.version or release.id) for release in whole} - good
    parts = ((", ".join(sorted(good)) or "nothing verified"), f"never verified: {', '.join(sorted(never))}" if never else "")
    return f"on disk: {'; '.join(part for part in parts if part)}"


def _is_called(release: str, version: str, commit: str, name: str) -> bool:
    return name in (release, version) or (len(name) >= 7 and commit.startswith(name))
