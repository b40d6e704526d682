"""Hosts that exist in memory alone: each command is answered by a handler. For tests, and where thousands of hosts are wanted at once.

Implements `ports.Transport`. Failures are said beforehand, by host; every command is noted. It contacts nothing and keeps no time but
what a handler says that it takes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from console.adapters.held_open_input import HeldOpenInput
from console.model.bastions import SshSeen
from console.model.host import Host
from console.ports.hosts import Ran, Reached, Sink, Stream, Unreached
from console.safe_text import SafeText

CAP = 1024 * 1024
"""Bytes of output, and of errors, that are kept."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command that a host was given."""

    host: str
    script: str
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """How a command ends, and after how many seconds."""

    status: int | None = 0
    out: bytes = b""
    err: bytes = b""
    takes: float = 0.0


Handler = Callable[[Call], ScriptedAnswer]
"""Answers a command. It may keep state of its own, as a host would."""


@dataclass(slots=True)
class ScriptedTransport:
    """`answer("readlink", …)` says what commands that hold that text do; the latest one that fits is asked, else it is an empty success."""

    calls: list[Call] = field(default_factory=list)
    handlers: list[tuple[str, str, Handler]] = field(default_factory=list)
    problems: dict[str, Unreached] = field(default_factory=dict)
    cuts: dict[str, list[str]] = field(default_factory=dict)
    streams: dict[tuple[str, str, int], Callable[[], Stream]] = field(default_factory=dict)
    sockets: dict[tuple[str, str], Callable[[], Stream]] = field(default_factory=dict)
    seconds: float = 0.0
    """Of a round trip."""
    _first: list[tuple[str, bytes]] = field(default_factory=list)
    _linked: set[str] = field(default_factory=set)

    def answer(self, text: str, answer: ScriptedAnswer | Handler, host: str = "") -> None:
        """Say what a script with that text in it does, on one host or on all."""
        self.handlers.append((text, host, answer if callable(answer) else lambda _: answer))

    def say_first(self, text: str, words: bytes) -> None:
        """Have a script with that text in it print those words before its input is read: what it is told may hang on them."""
        self._first.append((text, words))

    def refuse(self, problem: Unreached) -> None:
        """Make a host unreachable, until `mend`."""
        self.problems[problem.host] = problem
        self._linked.discard(problem.host)

    def mend(self, host: str) -> None:
        """Make it reachable again."""
        self.problems.pop(host, None)

    def cut(self, host: str, text: str = "") -> None:
        """Let the link die under the next command with that text in it: it runs, and its end is never known."""
        self.cuts.setdefault(host, []).append(text)

    async def connect(self, host: Host) -> Reached | Unreached:
        """Reach the host, unless it was said to be away."""
        await asyncio.sleep(self.seconds)
        if problem := self.problems.get(host.name):
            return problem
        self._linked.add(host.name)
        return Reached(host.name, self.seconds)

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        """Answer the script as it was said. `deadline` is seconds."""
        reached = await self.connect(host)
        if isinstance(reached, Unreached):
            return Ran(None, problem=reached)
        if sink is not None:
            for words in (words for text, words in self._first if text in script):
                sink(words)
        call = Call(host.name, script, await _whole(data))
        self.calls.append(call)
        answer = self._handler(call)(call)
        if self._is_cut(call):
            self._linked.discard(host.name)
            return Ran(None, problem=Unreached(host.name, "unreachable", SafeText(f"the link to {host.name} was lost")))
        if answer.takes > deadline:
            await asyncio.sleep(deadline)
            return Ran(None, problem=Unreached(host.name, "late", SafeText(f"the command on {host.name} did not end within {deadline:g} s")))
        await asyncio.sleep(answer.takes)
        if sink is not None and answer.out:
            sink(answer.out)
        return Ran(answer.status, b"" if sink else answer.out[:CAP], answer.err[:CAP])

    def _handler(self, call: Call) -> Handler:
        fitting = (handler for text, host, handler in reversed(self.handlers) if text in call.script and host in ("", call.host))
        return next(fitting, lambda _: ScriptedAnswer())

    def _is_cut(self, call: Call) -> bool:
        texts = self.cuts.get(call.host, [])
        found = next((text for text in texts if text in call.script), None)
        if found is None:
            return False
        texts.remove(found)
        return True

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> Stream | Unreached:
        """Open what `streams` has for (host, address, port); nothing listens elsewhere."""
        reached = await self.connect(host)
        if isinstance(reached, Unreached):
            return reached
        opener = self.streams.get((host.name, address, port))
        return opener() if opener else Unreached(host.name, "channel", SafeText(f"{address}:{port}: Connection refused"))

    async def open_socket(self, host: Host, path: str, *, deadline: float) -> Stream | Unreached:
        """Open what `sockets` has for (host, path); nothing listens elsewhere."""
        reached = await self.connect(host)
        if isinstance(reached, Unreached):
            return reached
        opener = self.sockets.get((host.name, path))
        return opener() if opener else Unreached(host.name, "channel", SafeText(f"{path}: No such file or directory"))

    def is_linked(self, host: Host) -> bool:
        """Whether it was reached, and neither refused nor cut since."""
        return host.name in self._linked

    def round_trip(self, host: Host) -> float | None:
        """Seconds that were said."""
        return self.seconds if host.name in self._linked else None

    def jump_of(self, host: Host) -> str:
        """Return the jump host that is named with it."""
        return host.jump

    def ssh_seen(self, host: Host) -> SshSeen | None:
        """Return None: there is no SSH to it."""
        return None

    async def verify(self, host: Host) -> None:
        """Nothing is to be judged."""

    async def sessions(self, host: Host, *, deadline: float) -> int | None:
        """Return None: a scripted host has no limit on commands at once."""
        return None

    async def close(self) -> None:
        """Forget every link: the next command on a host makes it again."""
        self._linked.clear()


async def _whole(data: bytes | AsyncIterator[bytes]) -> bytes:
    if isinstance(data, HeldOpenInput):
        return data.begins
    return data if isinstance(data, bytes) else b"".join([piece async for piece in data])
