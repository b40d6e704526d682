"""`deploy rollback --hosts P` while a run goes on: each of those hosts goes back alone, as a part of that run, and the run goes on with the others.

Knows how it is said to the run; how it is followed is `follow`'s.
"""

from typing import TYPE_CHECKING

from console.cli.invocation import Invocation
from console.cli.output import tell, tell_equivalent
from console.cli.prompt import confirm
from console.cli.responsibility import Responsibility, RunOver
from console.core.host_selection import select
from console.core.plan.return_plan import is_left_old
from console.core.words.equivalent_command import request_words
from console.errors import NoGo, Problem, UsageFault
from console.model import commands as cmd
from console.safe_text import SafeText

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.model.configured_environment import Environment
    from console.model.request import Request
    from console.model.state import RunState


async def take_back(how: Invocation, client: "Client", found: "Environment", request: "Request", state: "RunState") -> Responsibility:
    """Have hosts of the run `state` taken back; it is over when each is. Raises RunOver where the run has ended meanwhile."""
    names = _named(found, request.hosts, state)
    await confirm(how, f"take {', '.join(names)} back while run {state.run} goes on with the others?")
    since = await _say(client, state.run, names, state, SafeText(request.reason))
    tell_equivalent(*request_words(found.name, request), "--yes")
    return Responsibility(hosts=names, since=since)


def _named(found: "Environment", pattern: str, state: "RunState") -> tuple[str, ...]:
    chosen = select(pattern, found.hosts)
    if isinstance(chosen, Problem):
        raise UsageFault(f"--hosts {chosen.message}", chosen.hint)
    outside = [host.name for host in chosen if host.name not in state.hosts]
    if outside:
        raise UsageFault(f"--hosts {pattern}: {', '.join(outside)} is no part of run {state.run}", f"hosts: {', '.join(list(state.hosts)[:12])}")
    return tuple(host.name for host in chosen)


async def _say(client: "Client", run: str, names: tuple[str, ...], state: "RunState", why: SafeText) -> int:
    """Say it for each host that is not back already; the last event that came of it. NoGo where the run refuses one."""
    since, taken = state.seq, list[str]()
    for name in names:
        if is_left_old(state, name) or state.hosts[name].condition == "returning":
            continue
        answer = await client.submit(run, cmd.Skip(host=name, reason=why))
        if isinstance(answer, cmd.Refusal) and answer.ended:
            raise RunOver
        if isinstance(answer, cmd.Refusal):
            done = f"; {', '.join(taken)} goes back all the same" if taken else ""
            raise NoGo(f"{answer.message}{done}", str(answer.hint))
        taken.append(name)
        since = answer.seq
    if not taken:
        tell(f"deploy: {', '.join(names)}: back already, or on the way")
    return since
