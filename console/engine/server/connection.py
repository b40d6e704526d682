"""One client of an engine: the frames that it sends, what its role lets it ask, and the way of each request to the engine and back.

Knows nothing of when an engine begins or ends; that is `engine_process`'s.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from console.engine.server.access import Peer, Role, may_carry_runs, person_of, person_with, role_of
from console.engine.server.service import EngineService
from console.engine.server.user_directory import ANSWER, UserDirectory
from console.errors import ConsoleError, UsageFault
from console.model.configured_environment import Access
from console.model.request import Person
from console.ports.feed import Presence, Sample
from console.wire.codec import as_plain
from console.wire.frames import FROM_STRANGER, FROM_VIEWER, TO_ENGINE, DecodeError, FrameError, Frames
from console.wire.messages import (
    READS,
    Asked,
    Configure,
    Ended,
    Follow,
    Forget,
    OpenRunRequest,
    Resume,
    Said,
    Stop,
    Submit,
    Told,
    item_message,
    read_request,
    reply_bytes,
)
from console.wire.questions import Answer, Failed, Hello, Query, Welcome, failure

log = logging.getLogger(__name__)

INTRODUCTION = 10.0
"""Seconds that a client has to say who it is."""

JUDGED = 10.0
"""Seconds that this machine has to say who somebody is before a request is refused for that."""

PARTING = 5.0
"""Seconds that one who leaves has to read what is still unread."""

AT_A_TIME = 64
"""Items that one client is sent in a turn of the loop."""

AT_ONCE = 32
"""Requests of one client that may be open."""

BUFFERED = 64 << 10
"""Bytes that wait for a slow client before the engine stops fetching more for it."""


class EngineServer(Protocol):
    """What a connection knows of its engine."""

    service: EngineService
    owner: int
    users: UserDirectory
    parting: bool
    """It ends: whoever comes now is to start the next one."""

    def welcome(self, role: Role) -> Welcome:
        """Say what the engine is and carries."""

    def changed(self, connection: "Connection") -> None:
        """Hear that a client has introduced itself, or that the model changed."""

    async def stop(self, person: Person, *, force: bool) -> None:
        """Have the engine let go of everything, and end. Raises Locked where it may not; else it ends, also where the caller goes away meanwhile."""

    def finish(self) -> None:
        """End the engine's process once its clients were answered."""

    def make_room(self, connection: "Connection") -> None:
        """Hear that a client has sent more. Raises FrameError where all clients' unfinished frames are too much."""


class Connection:
    """A client, as long as it is connected."""

    def __init__(self, server: EngineServer, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._service = server.service
        self._peer = peer
        self._reader = reader
        self._writer = writer
        self._frames = Frames(FROM_STRANGER)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._follows: dict[int, str] = {}
        """Which run is followed by which request."""
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._read_only = False
        self.person = person_of(peer.uid, None)
        self._is_named = False
        self.introduced = False
        writer.transport.set_write_buffer_limits(high=BUFFERED)

    @property
    def role(self) -> Role:
        """What this client may do now."""
        role = self._role_of_login
        return "viewer" if role == "operator" and self._read_only else role

    @property
    def _role_of_login(self) -> Role:
        access = self._service.access
        return role_of(self.uid, access, self._server.owner, self._server.users.known(self.uid, access))

    async def _look_up(self, seconds: float | None = None) -> None:
        """Know what this machine says of the peer now. The owner and root need nothing of it but their name, which stays."""
        access = None if self.uid in (0, self._server.owner) else self._service.access
        if access is None and self._is_named:
            return
        found = await self._server.users.look(self.uid, access, ANSWER if seconds is None else seconds)
        if found is not None and not self._is_named:
            self.person, self._is_named = person_of(self.uid, found, self.person.claims), True

    @property
    def _may_hand_over(self) -> bool:
        """Whether the model is taken from this client. Who only looks on has an engine know its environment that knows none: else nothing could be seen."""
        return self.role == "operator" or (self._role_of_login == "operator" and not self._service.digest)

    async def run(self) -> None:
        """Serve the client until it leaves. What it was owed is forgotten then; what it asked to be done is not undone."""
        try:
            await self._look_up()
            await self._say(self._server.welcome(self.role))
            async with asyncio.timeout(INTRODUCTION):
                first = await self._next()
            if self._server.parting:
                return
            self._introduce(first)
            await self._say(Answer())
            for message in first[1:]:
                self._begin(message)
            while messages := await self._next():
                for message in messages:
                    self._begin(message)
        except (FrameError, DecodeError) as problem:
            self._write(failure(0, problem))
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            await self._leave()

    async def _next(self) -> list[Asked]:
        while data := await self._reader.read(1 << 16):
            await self._look_up()
            self._frames.limit = self._limit
            bodies = self._frames.feed(data)
            self._server.make_room(self)
            if bodies:
                return [read_request(body) for body in bodies]
        return []

    @property
    def _limit(self) -> int:
        """Bytes that a frame may have: who may do nothing needs none, and whoever has not said hello is nobody yet."""
        sizes = {"operator": TO_ENGINE, "viewer": FROM_VIEWER, "none": FROM_STRANGER}
        return sizes[self._role_of_login] if self.introduced else FROM_STRANGER

    @property
    def unfinished(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return self._frames.waiting

    @property
    def uid(self) -> int:
        """Whose process is at the other end."""
        return self._peer.uid

    def _introduce(self, messages: list[Asked]) -> None:
        if not messages:
            raise ConnectionResetError
        hello = messages[0]
        if not isinstance(hello, Hello):
            raise FrameError("the first word of a client is hello")
        self._read_only = hello.read_only
        self.person = person_with(self.person, hello.claims)
        self.introduced = True
        self._server.changed(self)

    async def _leave(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._send()
        self._writer.close()
        asyncio.get_running_loop().call_later(PARTING, self.abort)

    def abort(self) -> None:
        """Part with the client at once."""
        self._writer.transport.abort()

    def _begin(self, message: Asked) -> None:
        if isinstance(message, Forget):
            task = self._tasks.get(message.request)
            if task and message.request in self._follows:
                task.cancel()
        elif message.id <= 0 or message.id in self._tasks:
            self._write(Failed(id=message.id, message=f"request {message.id}: the id is not above 0, or in use"))
        elif len(self._tasks) >= AT_ONCE:
            self._write(Failed(id=message.id, message=f"more than {AT_ONCE} requests at once", hint="wait for the answers"))
        else:
            task = asyncio.create_task(self._answer(message), name=type(message).__name__)
            self._tasks[message.id] = task
            task.add_done_callback(self._done(message.id))

    def _done(self, request: int) -> Callable[[asyncio.Task[None]], None]:
        def forget(_: asyncio.Task[None]) -> None:
            self._tasks.pop(request, None)
            self._follows.pop(request, None)

        return forget

    async def _answer(self, message: Asked) -> None:
        try:
            reply = await self._reply(message)
        except ConsoleError as error:
            reply = failure(message.id, error)
        except ConnectionError:
            return
        except Exception as bug:
            log.exception("request %s", type(message).__name__)
            reply = Failed(id=message.id, message=f"the engine failed: {type(bug).__name__}: {bug}", hint="see the engine's log")
        await self._say(reply)
        if isinstance(message, Stop) and isinstance(reply, Answer):
            self._server.finish()

    async def _reply(self, message: Asked) -> Said:
        await self._judge(message)
        match message:
            case Configure():
                return await self._configure(message)
            case OpenRunRequest():
                return Answer(id=message.id, value=await self._service.open_run(message.request, self.person))
            case Submit():
                return Told(id=message.id, result=await self._service.submit(message.run, message.command, self.person))
            case Query():
                value = await self._service.query(message.name, message.argument, self.person)
                return Answer(id=message.id, value=as_plain(value))
            case Resume():
                await self._service.resume(message.run, self.person, goes_back=message.goes_back)
                return Answer(id=message.id)
            case Stop():
                await self._server.stop(self.person, force=message.force)
                return Answer(id=message.id)
            case Follow():
                return await self._follow(message)
        raise UsageFault(f"{type(message).__name__.lower()} is not asked twice")

    async def _judge(self, message: Asked) -> None:
        """Raise UsageFault for what this client has no right to; what was tried is in the record then."""
        await self._look_up(JUDGED)
        if isinstance(message, OpenRunRequest | Resume):
            await self._server.users.look(self._server.owner, self._service.access, JUDGED)
        try:
            self._judge_role(message)
        except UsageFault as refused:
            if not self._read_only:
                await self._service.refused(self.person, _act(message), refused)
            raise

    def _judge_role(self, message: Asked) -> None:
        role, access = self.role, self._service.access
        if role == "none":
            if access is not None and self._server.users.known(self.uid, access) is None:
                raise UsageFault(f"{self.person.name} may do nothing here as long as this machine does not say which groups that is in", f"id {self.uid}")
            raise _forbidden(self.person, "look at", "viewers or operators", access)
        looks = isinstance(message, Follow | Hello) or (isinstance(message, Query) and message.name in READS)
        known = isinstance(message, Configure) and (self._may_hand_over or message.digest == self._service.digest)
        if role == "viewer" and not (looks or known):
            if self._read_only:
                raise UsageFault("this console only looks on: it was opened with --read-only", "leave --read-only out")
            raise _forbidden(self.person, "change", "operators", access)
        if isinstance(message, OpenRunRequest | Resume) and not self._may_carry_runs:
            raise UsageFault("this engine belongs to a user who is no operator, so it carries no run: stop it, and ask again", "deploy engine stop")

    @property
    def _may_carry_runs(self) -> bool:
        owner, access = self._server.owner, self._service.access
        return may_carry_runs(owner, access, self._server.users.known(owner, access, float("inf")))

    async def _configure(self, message: Configure) -> Said:
        if self._may_hand_over:
            held = await self._service.configure(message.environment, message.digest, message.secrets, self.person)
            self._server.changed(self)
            return Answer(id=message.id, value=list(held))
        return Answer(id=message.id)

    async def _follow(self, message: Follow) -> Said:
        self._follows[message.id] = message.run
        self._server.changed(self)
        if self.role == "operator" and message.run:
            await self._service.joined(message.run, self.person)
        with self._service.looking_on(message.run, self.person, operator=self.role == "operator"):
            return await self._tell_items(message)

    async def _tell_items(self, message: Follow) -> Said:
        items = self._service.follow(message.run, message.after)
        try:
            said = 0
            async for item in items:
                if message.samples or not isinstance(item, Sample):
                    self._write(item_message(message.id, item))
                    said += 1
                    if said % AT_A_TIME == 0:  # a client that reads fast is never waited for, and others are to have their turn
                        await asyncio.sleep(0)
                    if self._waiting >= BUFFERED:
                        await self._drain()
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()
        return Ended(id=message.id)

    def show(self, presence: Presence) -> None:
        """Tell those who follow here who is connected; one who does not read is passed over."""
        if self._waiting < BUFFERED:
            carried = ("", self._service.open_run_id, self._service.newer_run_id)
            for request, run in self._follows.items():
                is_unseen = presence.record_away and run not in carried
                self._write(item_message(request, replace(presence, me=self.person.login, record_away=is_unseen)))

    async def _say(self, message: Said) -> None:
        self._write(message)
        await self._drain()

    @property
    def _waiting(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._unsent_bytes + self._writer.transport.get_write_buffer_size()

    async def _drain(self) -> None:
        self._send()
        await self._writer.drain()

    def _write(self, message: Said) -> None:
        try:
            frame = reply_bytes(message)
        except (FrameError, NotImplementedError, TypeError) as problem:
            frame = reply_bytes(Failed(id=message.id, message=f"the answer cannot be sent: {problem}"))
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send)
        self._unsent.append(frame)
        self._unsent_bytes += len(frame)

    def _send(self) -> None:
        """Send what was said in this turn of the loop, in one piece: each one wakes the client."""
        if self._unsent and not self._writer.is_closing():
            self._writer.write(b"".join(self._unsent))
        self._unsent.clear()
        self._unsent_bytes = 0


def _act(message: Asked) -> str:
    """What was tried, by the name that a person would search for."""
    if isinstance(message, Submit):
        return str(type(message.command).__struct_config__.tag)
    return message.name if isinstance(message, Query) else str(type(message).__struct_config__.tag)


def _forbidden(person: Person, act: str, who: str, access: Access | None) -> UsageFault:
    named = "[access] in hosts.toml" if access else "hosts.toml has no [access]: only the engine's owner and root"
    return UsageFault(f"{person.name} may not {act} this environment", f"{who} are named by {named}")
