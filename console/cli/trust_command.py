"""`deploy trust`: shows the keys of hosts that are not known yet, and enrols those that a person has said yes to. Never one that has changed.

Jump hosts come first: what is behind them is reached through them.
"""

import asyncio

from console.cli.configuration import environment
from console.cli.invocation import Invocation, need_to_change
from console.cli.output import say_done, say_json_done, tell, tell_equivalent
from console.cli.prompt import confirm
from console.core.host.shell import quote
from console.core.words.sizes import counted
from console.errors import NoGo, Problem, UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host
from console.ports.hosts import Unreached

AT_ONCE = 32
"""Hosts that are asked for their key at the same time: each takes an open file or two, and a start at its jump host."""


async def trust(how: Invocation, name: str, pattern: str) -> int:
    """Enrol the keys of an environment's hosts. NoGo where a host shows none, or another than the one that is known."""
    from console.core.host_selection import select

    need_to_change(how, "trust")
    found = environment(how, name)
    hosts = select(pattern, found.hosts)
    if isinstance(hosts, Problem):
        raise UsageFault(hosts.message, hosts.hint)
    enrolled = [*await _enrolled(how, found, found.jumps), *await _enrolled(how, found, hosts)]
    if how.json:
        say_json_done({"type": "result", "exit": 0, "enrolled": enrolled, "problems": []})
    elif not enrolled:
        say_done("every key is known already")
    tell_equivalent("trust", found.name, *(("--hosts", pattern) if pattern else ()), "--yes")
    return 0


async def _enrolled(how: Invocation, found: Environment, hosts: tuple[Host, ...]) -> list[str]:
    from console.adapters.ssh.host_keys import enrol
    from console.adapters.ssh.trust import Shown, scan

    away = [host for host in hosts if not host.is_local]
    turns = asyncio.Semaphore(AT_ONCE)

    async def scanned(host: Host) -> Shown | Unreached:
        async with turns:
            return await scan(host, found.ssh, found.jumps)

    seen = await asyncio.gather(*map(scanned, away))
    problems = []
    fresh: list[tuple[Host, Shown]] = []
    for host, shown in zip(away, seen, strict=True):
        if not isinstance(shown, Shown):
            problems.append(Problem(f"{host.name}: {shown.message}", str(shown.hint)))
        elif shown.is_changed:
            words = f"the host key of {host.name} ({shown.place}) has changed: known is {', '.join(shown.known)}; it shows {shown.fingerprint}"
            again = f"ssh-keygen -f {quote(shown.holder)} -R '{shown.pattern}' && deploy trust {found.name} --hosts {host.name}"
            problems.append(Problem(words, f"only if you know why it changed: {again}"))
        elif not shown.known:
            fresh.append((host, shown))
    if problems:
        raise NoGo("no key was enrolled", "", tuple(problems))
    for host, shown in fresh:
        tell(f"{host.name} {shown.place} {shown.kind} {shown.fingerprint}")
    if not fresh:
        return []
    await confirm(how, "trust this key?" if len(fresh) == 1 else f"trust these {len(fresh)} keys?")
    file = enrol((shown.line for _, shown in fresh), found.ssh.known_hosts[0] if found.ssh.known_hosts else "")
    if not how.json:
        say_done(f"{counted(len(fresh), 'key')} enrolled in {file}")
    return [host.name for host, _ in fresh]
