"""One question: what is asked, from where, with which secrets; and what an answer that does not come means.

The kinds beside this module know how each is asked. It must not know of plans, runs or verdicts over several hosts.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from console.core.checks.health_gate import Observation
from console.core.host.shell import PLACEHOLDER
from console.errors import UsageFault
from console.model.configured_checks import Probe
from console.model.host import Host
from console.model.host_commands import Command
from console.ports.hosts import Ran, Stream, Transport, Unreached
from console.safe_text import SafeText

SPARE = 5.0
"""Seconds that a transport gets beyond a try's own time-out, so that ours is the one that speaks."""

RunCommand = Callable[[Host, Command, Mapping[str, str], float], Awaitable[Ran]]
"""(where, command, placeholders' values, seconds): run a check's command there."""
Reveal = Callable[[str], str | None]
"""Returns a secret by its name; None where it was not read."""


@dataclass(frozen=True)
class Asked:
    """One question from one place."""

    transport: Transport
    place: Host
    probe: Probe
    values: Mapping[str, str]
    seconds: float
    """How long it may take."""
    run_command: RunCommand
    reveal: Reveal

    def secret(self, field: str) -> str:
        """Return `url` or `token`, as it stands or as it was read. Raises UsageFault where it was not."""
        value = getattr(self.probe, field)
        if isinstance(value, str):
            return value
        text = self.reveal(f"{self.probe.label} {field}")
        if text is None:
            raise UsageFault(f"its secret {field} was not read: the console that asks has to have it", "give it to the console that asks")
        return text

    @property
    def url(self) -> str:
        """The address, with placeholders filled in."""
        return self.filled(self.secret("url"))

    def filled(self, template: str) -> str:
        """Fill what no shell reads. An unknown placeholder is left as it stands: the file's reader has refused it."""
        return PLACEHOLDER.sub(lambda found: self.values.get(found.group(1), found.group()), template)

    async def opened(self, address: str, port: int) -> Stream | Observation:
        """Open a connection from that place: a stream, or what that it could not be opened says."""
        stream = await self.transport.open_stream(self.place, address, port, deadline=self.seconds + SPARE)
        return not_opened(self.transport, self.place, stream) if isinstance(stream, Unreached) else stream


def not_opened(transport: Transport, place: Host, problem: Unreached) -> Observation:
    """Say what a connection that could not be opened means."""
    words = str(problem.message)
    if problem.kind not in ("channel", "late", "forwarding"):
        return Observation("error", SafeText(words))
    if problem.kind == "forwarding":  # no word on the application
        return Observation("error", SafeText(f"{words}: {problem.hint}"))
    return no_answer(transport, place, words)


def no_answer(transport: Transport, place: Host, words: str) -> Observation:
    """Tell an application that does not answer from a host that could not be asked."""
    if transport.is_linked(place):
        return Observation("bad", SafeText(words))
    return Observation("error", SafeText(f"no link to {place.name}: {words}"))
