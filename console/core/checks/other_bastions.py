"""Whether other machines that share the record reach the same hosts by keys that fit with those of here: else none of them could take a run up. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from console.core.words.shortened_list import SHOWN, shortened
from console.core.words.sizes import counted_hosts
from console.errors import ConsoleError
from console.model.bastions import Bastion, SshSeen
from console.model.checks import Check
from console.safe_text import SafeText

_TITLE = SafeText("SSH of other bastions")
Pair = tuple[SshSeen, SshSeen]
"""A host from here, and from the other machine."""


class SshDifference(NamedTuple):
    """One way in which a host may differ. `words` and `hint` are given the other machine's name, and the hosts."""

    is_so: Callable[[SshSeen, SshSeen], bool]
    words: str
    each: Callable[[SshSeen, SshSeen], str]
    """What is told of one host beside its name."""
    hint: str


_TRUST_THERE = "on that machine, once you know why: deploy trust {environment} --hosts {names}"
_DIFFERENCES = (
    SshDifference(
        lambda here, there: bool(here.shown and there.shown) and not _fits(here, there),
        "{other} was shown other keys than this machine: {hosts}",
        lambda here, there: f"{there.shown} there, {here.shown} here",
        "see which is the host's own: ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub on {hosts}",
    ),
    SshDifference(
        lambda here, there: bool(here.shown) and there.problem == "unknown-key",
        "{other} knows no key of {hosts}",
        lambda here, _: f"shows {here.shown} here",
        _TRUST_THERE,
    ),
    SshDifference(
        lambda here, there: bool(here.shown) and there.problem == "changed-key",
        "{other} knows another key than the one that is shown here of {hosts}",
        lambda here, _: here.shown,
        _TRUST_THERE,
    ),
    SshDifference(
        lambda here, there: here.problem in ("unknown-key", "changed-key") and bool(there.shown),
        "{other} knows, and was shown, a key which this machine does not know, of {hosts}",
        lambda _, there: there.shown,
        "compare it with what the host shows here, then: deploy trust {environment} --hosts {names}",
    ),
    SshDifference(
        lambda here, there: bool(here.shown) and there.problem == "login",
        "{other} is not let in by {hosts}",
        lambda here, _: f"this machine is, with {here.login}" if here.login else "",
        "put the public key of that machine into authorized_keys on {hosts}",
    ),
    SshDifference(
        lambda here, there: here.problem == "login" and bool(there.shown),
        "this machine is not let in by {hosts}",
        lambda _, there: f"{{other}} is, with {there.login}" if there.login else "",
        "put the public key of this machine into authorized_keys on {hosts}",
    ),
)  # fmt: skip


def assess_bastions(environment: str, here: Mapping[str, SshSeen], others: tuple[Bastion, ...]) -> Check | None:
    """Compare how hosts are reached from here with what other machines say; None: no other one has said anything."""
    if not others:
        return None
    found = [told for other in others for told in _differences(environment, here, other)]
    if not found:
        return Check("bastions", _TITLE, "passed", blocking=False, detail=SafeText("; ".join(_alike(here, other) for other in others)))
    hints = dict.fromkeys(hint for _, hint in found)
    return Check("bastions", _TITLE, "warning", blocking=False, detail=SafeText("; ".join(words for words, _ in found)), remedy=SafeText("; ".join(hints)))


def not_compared(fault: ConsoleError) -> Check:
    """Say that nobody can tell, and why."""
    return Check("bastions", _TITLE, "warning", blocking=False, detail=SafeText(f"not compared: {fault.message}"), remedy=SafeText(fault.hint))


def _differences(environment: str, here: Mapping[str, SshSeen], other: Bastion) -> Iterator[tuple[str, str]]:
    """What does not fit, and what to type: hosts of which the same is to be said, together."""
    pairs: dict[str, Pair] = {host: (mine, other.hosts[host]) for host, mine in here.items() if host in other.hosts}
    for difference in _DIFFERENCES:
        hosts = [host for host, pair in pairs.items() if difference.is_so(*pair)]
        if hosts:
            each = {host: difference.each(*pairs[host]).replace("{other}", str(other.name)) for host in hosts}
            words = difference.words.replace("{other}", _name(other)).replace("{hosts}", _told(each))
            names = ",".join(hosts) if len(hosts) <= SHOWN else "'*'"
            yield words, difference.hint.replace("{environment}", environment).replace("{names}", names).replace("{hosts}", shortened(hosts))


def _told(each: Mapping[str, str]) -> str:
    """Hosts, with what is told of each; of all together where it is the same."""
    if len(set(each.values())) == 1:
        told = next(iter(each.values()))
        return shortened(list(each)) + (f" ({told})" if told else "")
    return shortened([f"{host} ({told})" if told else host for host, told in each.items()])


def _fits(here: SshSeen, there: SshSeen) -> bool:
    """Whether a host has shown both machines a key that the other one knows, though it may have several."""
    return _bare(here.shown) in there.known or _bare(there.shown) in here.known


def _alike(here: Mapping[str, SshSeen], other: Bastion) -> str:
    """What fits, and by which keys each machine logs in."""
    same = [host for host, mine in here.items() if mine.shown and host in other.hosts and other.hosts[host].shown]
    if not same:
        return f"no host was reached both from here and by {_name(other)}"
    mine, theirs = _logins(here, same), _logins(other.hosts, same)
    fits = f"{_name(other)} knows the same keys of {counted_hosts(len(same))}"
    if not mine or not theirs:
        return fits
    return f"{fits}, and logs in with " + ("the same key" if mine == theirs else f"another key: {theirs}; this machine with {mine}")


def _logins(seen: Mapping[str, SshSeen], hosts: list[str]) -> str:
    return shortened(list(dict.fromkeys(seen[host].login for host in hosts if seen[host].login)))


def _bare(shown: str) -> str:
    """The fingerprint without its kind."""
    return shown.rpartition(" ")[2]


def _name(other: Bastion) -> str:
    return f"{other.name} ({other.seen[:16].replace('T', ' ')} UTC)" if other.seen else str(other.name)
