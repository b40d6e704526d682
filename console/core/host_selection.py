"""Which hosts a pattern means: names, globs, ranges, tags, and `!` in front of any of them. Also the expansion of ranges.

Pure. It knows hosts by name and tag; it must not know files, command lines or connections.
"""

import re
from fnmatch import fnmatchcase
from itertools import product
from typing import Final

from console.errors import Problem, UsageFault
from console.model.fleet import Environment, Host
from console.model.request import Request

MOST: Final = 10_000
"""Names that one pattern may become."""

_RANGE = re.compile(r"\[([^\[\]]*)\]")
_COMMA = re.compile(r",(?![^\[]*\])")
_FORMS: Final = "a range is [01-12], [a-f] or [1,3]"


def expand(pattern: str) -> tuple[str, ...] | Problem:
    """Return the names that a pattern with any number of `[01-12]`, `[a-f]`, `[1,3]` stands for, in order."""
    pieces = _RANGE.split(pattern)
    if any(bracket in piece for piece in pieces[::2] for bracket in "[]"):
        return Problem(f"{pattern}: a bracket without its other half", _FORMS)
    choices: list[tuple[str, ...]] = []
    total = 1
    for place, piece in enumerate(pieces):
        found = (piece,) if place % 2 == 0 else _range(piece)
        if isinstance(found, Problem):
            return Problem(f"{pattern}: {found.message}", found.hint)
        total *= len(found)
        choices.append(found)
        if total > MOST:
            return Problem(f"{pattern}: more than {MOST} names", "give fewer, or several patterns")
    return tuple("".join(parts) for parts in product(*choices))


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


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the known name that is most like this one; empty when none is."""
    from difflib import get_close_matches

    inside = [other for other in known if name and (other.startswith(f"{name}.") or name.startswith(f"{other}."))]
    return next(iter(inside or get_close_matches(name, known, 1, 0.6)), "")


def _range(text: str) -> tuple[str, ...] | Problem:
    names: list[str] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        found = (first,) if not dash and first.isascii() and first.isalnum() else _between(first, last)
        if isinstance(found, Problem):
            return found
        names.extend(found)
    return tuple(names)


def _between(first: str, last: str) -> tuple[str, ...] | Problem:
    wrong = Problem(f"[{first}-{last}] is no range" if last else f"[{first}] is no range", _FORMS)
    if not (first.isascii() and last.isascii()):
        return wrong
    if first.isdigit() and last.isdigit() and len(first) <= 9 and len(last) <= 9:
        low, high = int(first), int(last)
        if high - low >= MOST:
            return Problem(f"[{first}-{last}] is more than {MOST} names", "give fewer, or several patterns")
        return tuple(str(number).zfill(len(first)) for number in range(low, high + 1)) or wrong
    same_case = (first.islower() and last.islower()) or (first.isupper() and last.isupper())
    if len(first) == len(last) == 1 and same_case:
        return tuple(chr(code) for code in range(ord(first), ord(last) + 1)) or wrong
    return wrong


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
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    return Problem(f"{shown}: no such host", _known(missing[0], tuple(host.name for host in hosts), "hosts"))


def _known(name: str, known: tuple[str, ...], what: str) -> str:
    like = nearest(name, known)
    if like:
        return f"did you mean {like}?"
    listed = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
    return f"{what}: {listed}" if listed else f"there are no {what}"


def applies(tags: tuple[str, ...], host: Host) -> bool:
    """Whether something for hosts with those tags is for this host."""
    return not tags or any(tag in host.tags for tag in tags)
