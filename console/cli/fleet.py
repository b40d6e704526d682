"""Commands about the fleet: what runs where, what would be done, which keys are trusted."""

import asyncio
import sys
from typing import Any

from console.cli.wiring import How, client_for, environment, say, say_json
from console.errors import ConsoleError, NoGo, Problem, UsageFault

SCAN = 10.0


async def status(how: How, name: str, *, motd: bool = False) -> int:
    """Print what runs where; 3 when no host answers."""
    client = await client_for(how, environment(how, name))
    try:
        found = await client.query("status", {})
    finally:
        await client.close()
    if motd:
        if found["run"]:
            say(f"{found['environment']}: run {found['run']} is open: deploy attach {found['run']}")
    elif how.json:
        say_json(found)
    else:
        for row in found["hosts"]:
            state = "" if row["reachable"] else f"  ! {row['problem']}"
            drift = f"  drift: {row['drift']}" if row["drift"] else ""
            say(f"{row['host']:<20} {row['version'] or '-':<12} {row['release'] or '-'}{state}{drift}")
    return 0 if any(row["reachable"] for row in found["hosts"]) else 3


async def check(how: How, name: str, argument: dict[str, Any]) -> int:
    """Print the go/no-go and the plan."""
    client = await client_for(how, environment(how, name, gated=True))
    try:
        found = await client.query("check", argument)
    finally:
        await client.close()
    if how.json:
        say_json(found)
        return int(found["exit"])
    for each in found["checks"]:
        say(f"{each['status']:<10} {each['title']}: {each['detail']}" + (f"  ({each['remedy']})" if each["remedy"] else ""))
    for step in found["plan"]["steps"]:
        say(f"  {step['phase']:<8} {step['id']}: {step['title']}")
    for way in found["rollback"]["hosts"]:
        say(f"  back     {way['host']}: {way['release'] or 'stopped and removed'}")
    say(f"{found['decision']}")
    return int(found["exit"])


async def note(how: How, name: str, verb: str, reason: str) -> int:
    """Close an environment for releases by a person's note, or open it again; 3 when a host could not be told."""
    client = await client_for(how, environment(how, name))
    try:
        failed = await client.query(verb, {"reason": reason})
    finally:
        await client.close()
    code = 3 if failed else 0
    if how.json:
        problems = [{"file": "", "line": 0, "key": "", "message": f"{each['host']}: {each['message']}", "hint": each["hint"]} for each in failed]
        say_json({"type": "result", "exit": code, "problems": problems})
    for each in failed:
        print(f"deploy: {each['host']}: {each['message']}", file=sys.stderr)
    print(f"same as: deploy {verb} {name} --reason '{reason}'", file=sys.stderr)
    return code


async def trust(how: How, name: str, pattern: str) -> int:
    """Show the fingerprints of keys that are not known, and enrol them when a person says yes."""
    from console.adapters.ssh.keys import KnownHosts, enrol, scan
    from console.core.selection import select

    found = environment(how, name)
    hosts = select(pattern, found.hosts)
    if isinstance(hosts, Problem):
        raise UsageFault(hosts.message, hosts.hint)
    known = KnownHosts(found.ssh.known_hosts)
    places = [(host, host.address or host.name, host.port or found.ssh.port or 22) for host in hosts if not host.is_local]
    changed = [host.name for host, address, port in places if known.fingerprints(address, port) and not how.read_only]
    fresh = [place for place in places if place[0].name not in changed]
    try:
        scanned = await asyncio.gather(*(scan(address, port, SCAN) for _, address, port in fresh))
    except OSError as fault:
        raise NoGo(f"a host did not show its key: {fault}", f"deploy status {found.name}") from fault
    for (host, address, port), (fingerprint, _) in zip(fresh, scanned, strict=True):
        print(f"{host.name} {address}:{port} {fingerprint}", file=sys.stderr)
    if fresh and not how.yes and (await asyncio.to_thread(input, f"trust these {len(fresh)} keys? [y/N] ")).strip().lower() not in ("y", "yes"):
        raise ConsoleError("nothing was enrolled")
    file = enrol((line for _, line in scanned), found.ssh.known_hosts[0] if found.ssh.known_hosts else "") if fresh else ""
    words = f"{len(fresh)} keys enrolled in {file}" if fresh else "every key is known already"
    if how.json:
        say_json({"type": "result", "exit": 0, "enrolled": [place[0].name for place in fresh], "problems": []})
    else:
        say(words)
    return 0
