"""Which hosts a pattern means: names, globs, ranges, tags, and `!` in front of any of them.

Pure. It knows hosts by name and tag; it must not know files, command lines or connections.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from console.core.host_ranges import expand
from console.core.words.nearest_name import nearest
from console.core.words.shortened_list import shortened
from console.errors import Problem, UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.request import Request

_COMMA = re.compile(r",(?![^\[]*\])")


def all_but(hosts: Iterable[Host], those: Iterable[Host]) -> tuple[Host, ...]:
    """Return the hosts in their order, without those."""
    left_out = {host.name for host in those}
    return tuple(host for host in hosts if host.name not in left_out)


def select(pattern: str, hosts: tuple[Host, ...]) -> tuple[Host, ...] | Problem:
    """Return the hosts that the pattern means, in the order of the fleet; an empty pattern means all.

    A part that matches no host is a problem, so is a name (one of a range, too) that no host bears, and a selection that leaves none.
    """
    if not pattern.strip():
        return hosts
    wanted: set[str] = set()
    unwanted: set[str] = set()
    parts = [part.strip() for part in _COMMA.split(pattern)]
    for part in parts:
        found = _matches(part.removeprefix("!").strip(), hosts)
        if isinstance(found, Problem):
            return found
        (unwanted if part.startswith("!") else wanted).update(found)
    if all(part.startswith("!") for part in parts):
        wanted = {host.name for host in hosts}
    chosen = tuple(host for host in hosts if host.name in wanted and host.name not in unwanted)
    return chosen or Problem(f"{pattern}: leaves no host", "loosen the part with !")


def meant_hosts(environment: Environment, request: Request) -> tuple[Host, ...]:
    """The hosts that a request names, those that it leaves out among them. Raises UsageFault for a pattern that matches nothing."""
    found = select(request.hosts, environment.hosts)
    if isinstance(found, Problem):
        raise UsageFault(found.message, found.hint)
    return found


def chosen_hosts(environment: Environment, request: Request) -> tuple[Host, ...]:
    """The hosts that a request is for. Raises UsageFault for a pattern that matches nothing."""
    found = meant_hosts(environment, request)
    left_out = {name for name, _ in request.without}
    unknown = left_out - {host.name for host in environment.hosts}
    if unknown:
        raise UsageFault(f"--without names no host of {environment.name}: {', '.join(sorted(unknown))}", "deploy status")
    hosts = tuple(host for host in found if host.name not in left_out)
    if not hosts:
        raise UsageFault("no host is left to work on", "deploy status")
    return hosts


def _matches(part: str, hosts: tuple[Host, ...]) -> set[str] | Problem:
    if not part:
        return Problem("an empty part in the host pattern", "names, globs, ranges, tag:x, separated by commas")
    if part.startswith("tag:"):
        return _tagged(part.removeprefix("tag:"), hosts)
    patterns = expand(part)
    if isinstance(patterns, Problem):
        return patterns
    names = {host.name for host in hosts}
    literal = {pattern for pattern in patterns if not _is_glob(pattern)}
    found = names & literal | {name for name in names for pattern in patterns if _is_glob(pattern) and fnmatchcase(name, pattern)}
    missing = [pattern for pattern in patterns if pattern in literal - names]
    return _no_match(missing or [part], hosts) if missing or not found else found


def _is_glob(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _tagged(tag: str, hosts: tuple[Host, ...]) -> set[str] | Problem:
    found = {host.name for host in hosts if tag in host.tags}
    if found:
        return found
    tags = tuple(dict.fromkeys(tag for host in hosts for tag in host.tags))
    return Problem(f"tag:{tag}: no host has that tag", _known(tag, tags, "tags"))


def _no_match(missing: list[str], hosts: tuple[Host, ...]) -> Problem:
    return Problem(f"{shortened(missing)}: no such host", _known(missing[0], tuple(host.name for host in hosts), "hosts"))


def _known(name: str, known: tuple[str, ...], what: str) -> str:
    like = nearest(name, known)
    if like:
        return f"did you mean {like}?"
    listed = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
    return f"{what}: {listed}" if listed else f"there are no {what}"


def applies(tags: tuple[str, ...], host: Host) -> bool:
    """Whether something for hosts with those tags is for this host."""
    return not tags or any(tag in host.tags for tag in tags)
