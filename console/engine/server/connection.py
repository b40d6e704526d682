"""One client of an engine: the frames that it sends, and the way of each request to the engine and back.

Knows nothing of when an engine begins or ends; that is `engine_process`'s.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from console.engine.server.access import Peer, Role
from console.engine.server.client_rights import ClientRights
from console.engine.server.outgoing_frames import OutgoingFrames
from console.engine.server.service import EngineService
from console.engine.server.user_directory import UserDirectory
from console.errors import ConsoleError, UsageFault
from console.model.request import Person
from console.ports.feed import Presence, Sample
from console.wire.codec import as_plain
from console.wire.frames import FROM_STRANGER, DecodeError, FrameError, Frames
from console.wire.messages import (
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
)
from console.wire.questions import Answer, Failed, Hello, Query, Welcome, failure

log = logging.getLogger(__name__)

INTRODUCTION = 10.0
"""Seconds that a client has to say who it is."""

PARTING = 5.0
"""Seconds that one who leaves has to read what is still unread."""

AT_A_TIME = 64
"""Items that one client is sent in a turn of the loop."""

AT_ONCE = 32
"""Requests of one client that may be open."""


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
        self._rights = ClientRights(server, peer.uid)
        self._reader = reader
        self._out = OutgoingFrames(writer)
        self._frames = Frames(FROM_STRANGER)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._follows: dict[int, str] = {}
        """Which run is followed by which request."""
        self.introduced = False

    @property
    def person(self) -> Person:
        """Who acts by this connection: by uid alone until the machine has said the name."""
        return self._rights.person

    @property
    def uid(self) -> int:
        """Whose process is at the other end."""
        return self._rights.uid

    async def run(self) -> None:
        """Serve the client until it leaves. What it was owed is forgotten then; what it asked to be done is not undone."""
        try:
            await self._rights.look_up()
            await self._out.say(self._server.welcome(self._rights.role))
            async with asyncio.timeout(INTRODUCTION):
                first = await self._next()
            if self._server.parting:
                return
            self._introduce(first)
            await self._out.say(Answer())
            for message in first[1:]:
                self._begin(message)
            while messages := await self._next():
                for message in messages:
                    self._begin(message)
        except (FrameError, DecodeError) as problem:
            self._out.write(failure(0, problem))
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            await self._leave()

    async def _next(self) -> list[Asked]:
        while data := await self._reader.read(1 << 16):
            await self._rights.look_up()
            self._frames.limit = self._rights.limit
            bodies = self._frames.feed(data)
            self._server.make_room(self)
            if bodies:
                return [read_request(body) for body in bodies]
        return []

    @property
    def unfinished(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return self._frames.waiting

    def _introduce(self, messages: list[Asked]) -> None:
        if not messages:
            raise ConnectionResetError
        hello = messages[0]
        if not isinstance(hello, Hello):
            raise FrameError("the first word of a client is hello")
        self._rights.introduce(hello)
        self.introduced = True
        self._server.changed(self)

    async def _leave(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._out.close()
        asyncio.get_running_loop().call_later(PARTING, self.abort)

    def abort(self) -> None:
        """Part with the client at once."""
        self._out.abort()

    def _begin(self, message: Asked) -> None:
        if isinstance(message, Forget):
            task = self._tasks.get(message.request)
            if task and message.request in self._follows:
                task.cancel()
        elif message.id <= 0 or message.id in self._tasks:
            self._out.write(Failed(id=message.id, message=f"request {message.id}: the id is not above 0, or in use"))
        elif len(self._tasks) >= AT_ONCE:
            self._out.write(Failed(id=message.id, message=f"more than {AT_ONCE} requests at once", hint="wait for the answers"))
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
        await self._out.say(reply)
        if isinstance(message, Stop) and isinstance(reply, Answer):
            self._server.finish()

    async def _reply(self, message: Asked) -> Said:
        await self._rights.judge(message)
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

    async def _configure(self, message: Configure) -> Said:
        if self._rights.may_hand_over:
            held = await self._service.configure(message.environment, message.digest, message.secrets, self.person)
            self._server.changed(self)
            return Answer(id=message.id, value=list(held))
        return Answer(id=message.id)

    async def _follow(self, message: Follow) -> Said:
        self._follows[message.id] = message.run
        self._server.changed(self)
        if self._rights.role == "operator" and message.run:
            await self._service.joined(message.run, self.person)
        with self._service.looking_on(message.run, self.person, operator=self._rights.role == "operator"):
            return await self._tell_items(message)

    async def _tell_items(self, message: Follow) -> Said:
        items = self._service.follow(message.run, message.after)
        try:
            said = 0
            async for item in items:
                if message.samples or not isinstance(item, Sample):
                    self._out.write(item_message(message.id, item))
                    said += 1
                    if said % AT_A_TIME == 0:  # a client that reads fast is never waited for, and others are to have their turn
                        await asyncio.sleep(0)
                    if self._out.is_slow:
                        await self._out.drain()
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()
        return Ended(id=message.id)

    def show(self, presence: Presence) -> None:
        """Tell those who follow here who is connected; one who does not read is passed over."""
        if not self._out.is_slow:
            carried = ("", self._service.open_run_id, self._service.newer_run_id)
            for request, run in self._follows.items():
                is_unseen = presence.record_away and run not in carried
                self._out.write(item_message(request, replace(presence, me=self.person.login, record_away=is_unseen)))
