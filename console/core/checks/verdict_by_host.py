"""What was measured on each host that a verdict speaks of, and the verdict. Pure; what is measured is not known here.

A verdict on a fleet is made by `fleet_check` alone. `passed` needs `Answers`, and those cannot be made of no hosts: nothing passes on no answer.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted_hosts
from console.model.checks import Check, CheckStatus
from console.safe_text import SafeText

NOBODY = "no host could be asked"


class Unknown(NamedTuple):
    """Why nothing is known of a host."""

    why: str


class HostMeasure(NamedTuple):
    """What one host showed: words for what is wrong, empty where nothing is, or why that is not known."""

    host: str
    found: str | Unknown


class Answers(NamedTuple):
    """Hosts that all answered, and on none of which anything is wrong: at least one."""

    first: str
    others: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The number of hosts that answered; never 0."""
        return 1 + len(self.others)

    @property
    def words(self) -> str:
        """`on 1 host`, `on 3 hosts`."""
        return "on 1 host" if not self.others else f"on {counted_hosts(self.number)}"


class Wrong(NamedTuple):
    """Hosts on which something is wrong, and those of which nothing is known."""

    hosts: tuple[tuple[str, str], ...]
    unknown: tuple[tuple[str, str], ...] = ()


class NotKnown(NamedTuple):
    """Nothing is wrong as far as it was measured, and it was not measured everywhere, or nowhere."""

    hosts: tuple[tuple[str, str], ...] = ()
    answered: int = 0


def measured(looks: Iterable[HostMeasure]) -> Answers | Wrong | NotKnown:
    """Return what looks at hosts come to: right only where each of them, and at least one, answered so."""
    right, wrong, unknown = [], [], []
    for host, found in looks:
        if isinstance(found, Unknown):
            unknown.append((host, found.why))
        elif found:
            wrong.append((host, found))
        else:
            right.append(host)
    if wrong:
        return Wrong(tuple(wrong), tuple(unknown))
    if unknown or not right:
        return NotKnown(tuple(unknown), len(right))
    return Answers(right[0], tuple(right[1:]))


def on_hosts(answers: Answers) -> str:
    """On how many hosts it is right."""
    return answers.words


def fleet_check(
    name: str, title: str, looks: Iterable[HostMeasure], remedy: str = "", *, wrong: CheckStatus = "failed", right: Callable[[Answers], str] = on_hosts
) -> Check:
    """Judge looks at hosts. `wrong`: the status where one shows something; `right`: the words where all answered and none does."""
    found = measured(looks)
    match found:
        case Answers():
            return Check(name, SafeText(title), "passed", detail=SafeText(right(found)))
        case Wrong():
            also = f"; not known: {named_hosts(found.unknown)}" if found.unknown else ""
            return Check(name, SafeText(title), wrong, detail=SafeText(named_hosts(found.hosts) + also), remedy=SafeText(remedy))
        case NotKnown():
            rest = f"; nothing wrong on {found.answered} other{'s' if found.answered > 1 else ''}" if found.answered else ""
            return Check(name, SafeText(title), "error", detail=SafeText(named_hosts(found.hosts) + rest if found.hosts else NOBODY))


def named_hosts(findings: Iterable[tuple[str, str]]) -> str:
    """What was found, the hosts of which the same is said together."""
    hosts: dict[str, list[str]] = {}
    for host, words in findings:
        hosts.setdefault(words, []).append(host)
    told = [f"{shortened(names)}: {words}" for words, names in hosts.items()]
    return shortened(told, between="; ")
