"""A console's end of an engine's socket: what it asks, and the feed that it follows.

Knows nothing of hosts or the journal, and never acts on a host. An engine that is gone is `EngineLost`, wherever it is noticed.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from console.errors import ConsoleError, EngineLost, UsageFault
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Environment
from console.model.request import Request
from console.ports.feed import Heard
from console.wire.address import reachable
from console.wire.frames import TO_CLIENT, DecodeError, FrameError, Frames
from console.wire.messages import (
    ALWAYS,
    Asked,
    Configure,
    Ended,
    Follow,
    OpenRunRequest,
    Resume,
    Said,
    Stop,
    Submit,
    Told,
    message_item,
    read_reply,
    request_bytes,
)
from console.wire.questions import PROTOCOL, Answer, Failed, Hello, Query, Welcome, error_of

_PEER = struct.Struct("3i")

GREETING = 5.0
"""Seconds that an engine has to say who it is."""

REPLY = 60.0
"""Seconds that an engine has to answer a request."""

LONG = 600.0
"""Seconds for a question that asks the hosts."""


SILENCE = 30.0
"""Seconds without a word after which an engine is lost to one who only waits for a run's end: it says every other second that it is there."""

PARTING = 1.0
"""Seconds that an engine has to take what was still on its way to it when its console lets go."""


class NoEngine(ConsoleError):
    """Nothing answers at a socket."""


class SilentEngine(NoEngine):
    """An engine is there and says nothing: it hangs, its machine is busy, or it has no room for one more.

    Nobody knows what became of its run, so it is never called interrupted.
    """


class OthersEngine(UsageFault):
    """A socket that this user may not connect to. Whether an engine lives there is not known."""


class SocketLine:
    """One connection: whole messages out and in. Its first message in was the Welcome."""

    def __init__(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._path = path
        self._reader = reader
        self._writer = writer
        self._frames = Frames(TO_CLIENT)
        self._ready: list[Said] = []

    @classmethod
    async def to(cls, path: str, hello: Hello | None) -> "tuple[SocketLine, Welcome]":
        """Connect, hear who is there, and say hello; without a hello it is only a look. Raises NoEngine, SilentEngine, OthersEngine."""
        line = None
        try:
            async with asyncio.timeout(GREETING):
                with reachable(path) as address:
                    line = cls(path, *await asyncio.open_unix_connection(address, limit=1 << 18))
                welcome = await line.greeting()
            if hello is not None:
                await line.introduce(hello)
        except PermissionError:
            raise OthersEngine(f"the engine at {path} belongs to another user", "its operators are named by [access] in hosts.toml") from None
        except (OSError, TimeoutError, ConsoleError) as problem:
            silent = _silent(path, line, problem)
            if line is not None:
                await line.close()
            raise silent or _unanswered(path, problem) from None
        except BaseException:
            if line is not None:
                line.abort()
            raise
        return line, welcome

    async def greeting(self) -> Welcome:
        """Wait until the engine has said who it is. Raises NoEngine where something else answers, EngineLost."""
        first = await self.receive()
        if isinstance(first, Failed):
            raise SilentEngine(first.message, first.hint)
        if not isinstance(first, Welcome):
            raise NoEngine(f"what answers at {self._path} is no engine")
        return first

    async def introduce(self, hello: Hello) -> None:
        """Say hello, and hear that the engine counts this connection from now on. Raises NoEngine."""
        try:
            async with asyncio.timeout(GREETING):
                await self.send(hello)
                said = await self.receive()
        except EngineLost:
            raise NoEngine(f"the engine at {self._path} has just ended") from None
        if isinstance(said, Failed):
            raise error_of(said)

    async def send(self, message: Asked) -> None:
        """Send a request. Raises EngineLost."""
        try:
            self._writer.write(request_bytes(message))
            await self._writer.drain()
        except OSError as problem:
            raise self._lost(problem) from None

    async def receive(self) -> Said:
        """Wait for what is said next. Raises EngineLost."""
        while not self._ready:
            try:
                data = await self._reader.read(1 << 18)
            except OSError as problem:
                raise self._lost(problem) from None
            if not data:
                raise self._lost(None)
            try:
                self._ready = [read_reply(body) for body in self._frames.feed(data)]
            except (FrameError, DecodeError) as problem:
                raise EngineLost(f"the engine says what this console does not understand: {problem.message}", "use the same version") from None
        return self._ready.pop(0)

    def _lost(self, problem: OSError | None) -> EngineLost:
        why = f" ({problem.strerror})" if problem and problem.strerror else ""
        return EngineLost(f"the engine is gone{why}; what it had done is in the journal", "deploy resume")

    @property
    def pid(self) -> int:
        """The process at the other end, as the kernel knows it."""
        peer = self._writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        return int(_PEER.unpack(peer)[0])

    async def close(self) -> None:
        """Close the socket to the engine. One that does not read what was sent is not waited for."""
        self._writer.close()
        try:
            async with asyncio.timeout(PARTING):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self.abort()

    def abort(self) -> None:
        """Close the socket at once."""
        self._writer.transport.abort()


def _silent(path: str, line: "SocketLine | None", problem: Exception) -> SilentEngine | None:
    """What is to be said of an engine that is there and does not answer; None: there is none, or it has answered."""
    if not isinstance(problem, TimeoutError | BlockingIOError):
        return None
    who, kill = (f"process {line.pid}", f"kill -9 {line.pid}") if line is not None else ("it takes no connection", f"fuser -k -KILL {path}")
    words = f"the engine at {path} ({who}) is there, and has not answered within {GREETING:.0f} s"
    return SilentEngine(f"{words}; try again, and if it hangs for good, end it: its run can be resumed then", kill)


def _unanswered(path: str, problem: Exception) -> ConsoleError:
    if isinstance(problem, ConsoleError) and not isinstance(problem, EngineLost):
        return problem
    return NoEngine(f"no engine answers at {path} ({type(problem).__name__})", "deploy engine list")


class Client:
    """A console that is connected to an engine. Requests may overlap; each has its deadline."""

    def __init__(self, path: str, line: SocketLine, welcome: Welcome, hello: Hello) -> None:
        self.path = path
        self.welcome = welcome
        self._hello = hello
        self._line = line
        self._waiting: dict[int, asyncio.Future[Said]] = {}
        self._last = 0
        self._gone: EngineLost | None = None
        self._task = asyncio.create_task(self._listen(), name="engine's answers")

    async def _listen(self) -> None:
        try:
            while True:
                self._hear(await self._line.receive())
        except EngineLost as lost:
            self._lose(lost)

    def _lose(self, lost: EngineLost) -> None:
        """Ask nothing more here, and let go of what still waits for an answer."""
        self._gone = self._gone or lost
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EngineLost(lost.message, lost.hint))
        self._waiting.clear()

    def _hear(self, said: Said) -> None:
        if isinstance(said, Failed) and said.id == 0:
            raise EngineLost(f"the engine ended the connection: {said.message}", said.hint)
        waiting = self._waiting.pop(said.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(said)

    @property
    def lost(self) -> bool:
        """Whether the engine is known to be gone."""
        return self._gone is not None

    async def look_again(self) -> Welcome:
        """Return what the engine says of itself now: whether it is busy may have changed since it was met. Raises SilentEngine."""
        self.welcome = await look(self.path) or self.welcome
        return self.welcome

    async def wait_lost(self) -> None:
        """Return when the engine is gone."""
        await asyncio.wait([self._task])

    async def _ask(self, message: Asked, deadline: float) -> Said:
        if self._gone is not None:
            raise EngineLost(self._gone.message, self._gone.hint)
        answer: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._waiting[message.id] = answer
        try:
            async with asyncio.timeout(deadline):
                await self._line.send(message)
                said = await answer
        except TimeoutError:
            raise EngineLost(f"the engine (process {self.welcome.pid}) did not answer within {deadline:.0f} s", "deploy engine list") from None
        finally:
            self._waiting.pop(message.id, None)
        if isinstance(said, Failed):
            raise error_of(said)
        return said

    async def _value(self, message: Asked, deadline: float) -> Any:  # noqa: ANN401 (JSON is any)
        said = await self._ask(message, deadline)
        if not isinstance(said, Answer):
            raise EngineLost("the engine's answer was none to what it was asked", "deploy engine list")
        return said.value

    def _number(self) -> int:
        self._last += 1
        return self._last

    def _same_version(self) -> None:
        if self.welcome.protocol != PROTOCOL:
            raise UsageFault(
                f"the engine is of another version (it speaks {self.welcome.protocol}, this console {PROTOCOL}): status, pause, continue, abort and "
                "rollback work; for all else stop it, once nothing is open",
                "deploy engine stop",
            )

    async def configure(self, environment: Environment, digest: str, secrets: Mapping[str, str], *, deadline: float = REPLY) -> frozenset[str]:
        """Hand over the model and the secrets of the next run; the names of those that the engine has now. Raises Locked while it is busy with another."""
        self._same_version()
        message = Configure(id=self._number(), environment=environment, digest=digest, secrets=dict(secrets))
        return frozenset(await self._value(message, deadline) or ())

    async def open_run(self, request: Request, *, deadline: float = REPLY) -> str:
        """Begin a run and return its id."""
        self._same_version()
        return str(await self._value(OpenRunRequest(id=self._number(), request=request), deadline))

    async def submit(self, run: str, command: AnyCommand, *, deadline: float = REPLY) -> Accepted | Refusal:
        """Say something to a run. Raises UsageFault where there is no right to."""
        if str(type(command).__struct_config__.tag) not in ALWAYS:
            self._same_version()
        said = await self._ask(Submit(id=self._number(), run=run, command=command), deadline)
        if isinstance(said, Told):
            return said.result
        raise EngineLost("the engine's answer to a command was none")

    async def query(self, name: str, argument: Mapping[str, Any] | None = None, *, deadline: float = LONG) -> Any:  # noqa: ANN401
        """Ask a question, or for an act outside a run; the answer is what JSON can hold."""
        return await self._value(Query(id=self._number(), name=name, argument=dict(argument or {})), deadline)

    async def resume(self, run: str, *, goes_back: bool = False, deadline: float = REPLY) -> None:
        """Have an interrupted run taken up. `goes_back`: it is rolled back next."""
        self._same_version()
        await self._value(Resume(id=self._number(), run=run, goes_back=goes_back), deadline)

    async def stop(self, *, force: bool = False, deadline: float = REPLY) -> None:
        """End the engine. Raises Locked while something is open and it is not forced."""
        await self._value(Stop(id=self._number(), force=force), deadline)

    async def follow(self, run: str, after: int = 0, *, samples: bool = True) -> AsyncGenerator[Heard, None]:
        """Everything of a run after that event, then what comes, until it has ended, by a connection of its own. Raises EngineLost."""
        self._same_version()
        try:
            line, _ = await SocketLine.to(self.path, self._hello)
        except NoEngine as problem:
            raise EngineLost(f"the engine is gone: {problem.message}", "deploy resume") from None
        try:
            await line.send(Follow(id=1, run=run, after=after, samples=samples))
            while not isinstance(said := await line.receive(), Ended):
                if isinstance(said, Failed):
                    raise error_of(said)
                item = message_item(said)
                if item is not None:
                    yield item
        finally:
            await line.close()

    async def wait_ended(self, run: str, after: int, *, silence: float = SILENCE) -> None:
        """Return when a run has ended, whatever is said of it after that event. Raises EngineLost, also where the engine says nothing for so many seconds."""
        items = self.follow(run, after, samples=False)
        try:
            while True:
                async with asyncio.timeout(silence):
                    await anext(items)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise EngineLost(f"the engine (process {self.welcome.pid}) has said nothing for {silence:.0f} s", "deploy engine list") from None
        finally:
            await items.aclose()

    async def close(self) -> None:
        """Let go of the engine, which goes on if it has something to do."""
        self._task.cancel()
        await asyncio.wait([self._task])
        self._lose(EngineLost("this console has let go of the engine", "type the command again"))
        await self._line.close()


async def connect(path: str, *, claims: str = "", read_only: bool = False) -> Client:
    """Connect to the engine at a socket. Raises NoEngine where none answers, UsageFault where the caller may not."""
    hello = Hello(claims=claims, read_only=read_only)
    line, welcome = await SocketLine.to(path, hello)
    return Client(path, line, welcome, hello)


async def look(path: str) -> Welcome | None:
    """Return what the engine at a socket says of itself; None where none is. The engine does not count it as a client.

    Raises SilentEngine and OthersEngine where it is not known what is there.
    """
    try:
        line, welcome = await SocketLine.to(path, None)
    except SilentEngine:
        raise
    except NoEngine:
        return None
    await line.close()
    return welcome
