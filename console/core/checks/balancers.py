"""Verdicts on the balancers before a run: each answers, has every host, and keeps a server while hosts change. Pure."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from console.core.checks.verdict_by_host import NOBODY, named_hosts
from console.core.traffic.bluegreen_sides import Sides, hosts_of
from console.core.traffic.serving import OutBefore, serving
from console.core.words.sizes import counted_hosts
from console.errors import Problem
from console.model.checks import Check, CheckStatus
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.traffic import BalancerProblem, BalancerSeen
from console.model.values import changed
from console.safe_text import SafeText

Looks = Sequence[BalancerSeen | BalancerProblem]
NAME: Final = "balancer"
TITLE: Final = "Balancers"
_OVERRIDE: Final = "--override balancer=REASON"


def assess_balancers(environment: Environment, hosts: Collection[Host], looks: Looks, waves: Iterable[Iterable[Host]], out: OutBefore) -> tuple[Check, ...]:
    """Judge what each balancer said. `waves`: hosts that are out of the traffic together; `out`: hosts that somebody else has taken out.

    No verdict where there is no balancer.
    """
    if not environment.balancers:
        return ()
    problems = [one for one in looks if isinstance(one, BalancerProblem)]
    if problems or len(looks) < len(environment.balancers):
        told = "; ".join(f"{one.balancer}: {one.message}" for one in problems) or NOBODY
        hints = "; ".join(dict.fromkeys(str(one.hint) for one in problems if one.hint))
        status: CheckStatus = "failed" if problems and all(one.reached for one in problems) else "error"
        return (_check(status, told, hints or "deploy check ENV", firm=True),)
    seen = [one for one in looks if isinstance(one, BalancerSeen)]
    lacking = [(f"{one.balancer}", f"no server for {name}") for one, name in _lacking(environment, hosts, seen)]
    if lacking:
        return (_check("failed", named_hosts(lacking), 'name it there, or say what it is called there: server = "…" in the host\'s table', firm=True),)
    emptied = _emptied(seen, [[host.name for host in wave] for wave in waves])
    if emptied:
        words = "; ".join(f"{name}: nothing would serve while {', '.join(wave[:3])} {'changes' if len(wave) == 1 else 'change'}" for name, wave in emptied)
        return (_check("failed", words, f"put another server into its traffic, make batch smaller, or {_OVERRIDE}"),)
    return (_as_it_is(seen, {host.name for host in hosts}, out),)


def assess_sides(
    environment: Environment, sides: Sides | Problem | None, chosen: Collection[str], *, away: Collection[str] = (), is_first: bool = False,
) -> Check:  # fmt: skip
    """Judge the two sides of a blue/green release: one is live, and the other one takes part as a whole.

    `chosen`: hosts of the run; `away`: those that it was to have and that were not reached; `is_first`: no host has a release yet.
    """
    if not isinstance(sides, Sides):
        words, hint = (sides.message, sides.hint) if sides else ("which side is live is not known", "deploy check ENV")
        return _check("failed", words, hint, firm=True)
    missing = [host.name for host in environment.hosts if host.name not in chosen]
    if lost := [name for name in missing if name in away]:
        out = " ".join(f"--without {name}=REASON" for name in lost[:5])
        return _check("failed", f"a blue/green release is one of both sides; not reached: {', '.join(lost[:5])}", f"mend it, or {out}", firm=True)
    if missing:
        hint = "leave --hosts out, or --strategy rolling"
        return _check("failed", f"a blue/green release is one of both sides; not among its hosts: {', '.join(missing[:5])}", hint, firm=True)
    names = [host.name for host in hosts_of(environment, sides.idle)]
    if sides.serving:
        words = f"both sides get requests: {sides.idle} ({', '.join(names[:5])}) is drained, gets the release, and then the traffic"
        meanwhile = "no host has a release yet, so nothing serves until then" if is_first else f"{sides.live} serves alone meanwhile"
        return _check("warning", f"{words}; {meanwhile}, and one side alone from then on")
    return _check("passed", f"{sides.live} is live; {sides.idle} ({', '.join(names[:5])}) gets the release, and then the traffic")


def shown_only(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The same for a run that nothing of this holds up."""
    return tuple(changed(check, blocking=False, status="warning" if check.status == "failed" else check.status) for check in checks)


def _check(status: CheckStatus, words: str, remedy: str = "", *, firm: bool = False) -> Check:
    return Check(NAME, SafeText(TITLE), status, detail=SafeText(words), remedy=SafeText(remedy), firm=firm)


def _lacking(environment: Environment, hosts: Collection[Host], seen: Iterable[BalancerSeen]) -> list[tuple[BalancerSeen, str]]:
    specs = {one.name: one for one in environment.balancers}
    return [
        (one, host.name) for one in seen if one.balancer in specs for host in specs[one.balancer].served(tuple(hosts)) if one.server(host.name) is None
    ]  # fmt: skip


def _emptied(seen: Iterable[BalancerSeen], waves: Sequence[list[str]]) -> list[tuple[str, list[str]]]:
    """Balancers that would have nothing to send requests to while a wave changes, with that wave."""
    found = []
    for one in seen:
        serves = frozenset(serving(one))
        wave = next((wave for wave in waves if serves and serves <= set(wave)), None)
        if wave is not None:
            found.append((one.balancer, wave))
    return found


def _as_it_is(seen: Sequence[BalancerSeen], hosts: Collection[str], out: OutBefore) -> Check:
    told = [f"{one.balancer}: {len(serving(one))} of {counted_hosts(len(one.servers))} {'serves' if len(serving(one)) == 1 else 'serve'}" for one in seen]
    unwell = [words for one in seen for words in _unwell(one)]
    left = [f"{name} is out of {', '.join(sorted(balancers))} and stays so" for name, balancers in out.items() if name in hosts]
    warnings = [f"{one.balancer}: {words}" for one in seen for words in one.warnings]
    return _check("warning" if left or warnings or unwell else "passed", "; ".join((*told, *left, *unwell, *warnings)))


def _unwell(seen: BalancerSeen) -> tuple[str, ...]:
    """Servers that nobody took out, and that get nothing all the same."""
    silent = tuple(one for one in seen.servers if one.admission == "in" and not one.serves)
    if seen.servers and len(silent) == len(seen.servers):
        return (f"{seen.balancer}: no server is well, so no request is served now",)
    return tuple(f"{one.host} is {'down' if one.up is False else 'without weight'} at {seen.balancer}" for one in silent)
