"""An engine as a process: the lock that makes it the only one of its application and environment, its socket, and when it ends.

Knows nothing of runs, hosts, plans or the journal: that is `EngineService`'s. What a client may ask is `connection`'s.
"""

import asyncio
import fcntl
import os
import secrets
import signal
import socket as sockets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from console.core.words.durations import seconds_of
from console.engine.server.access import Role, peer_of, person_of, role_of
from console.engine.server.connection import Connection
from console.engine.server.garbage_collection import GarbageSearch
from console.engine.server.service import EngineService as EngineService  # noqa: PLC0414 (its place for those who look here)
from console.engine.server.user_directory import UserDirectory
from console.errors import Locked, UsageFault
from console.model.request import Person
from console.ports.feed import Presence
from console.wire.address import opened, reachable
from console.wire.frames import FROM_STRANGER, FrameError
from console.wire.messages import reply_bytes
from console.wire.questions import Failed, Welcome

CONNECTIONS: dict[Role, int] = {"operator": 256, "viewer": 32, "none": 4}
"""Connections that one uid may have, by its role: a screen has two."""
UNFINISHED = 8 << 20
"""Bytes of requests that are not whole yet, over all clients."""
IDLE = 3600.0
"""Seconds that an engine lives after nothing is open any more."""

FIRST_CLIENT = 30.0
"""Seconds that a new engine waits for its first client."""

PARTING = 15.0
"""Seconds that the service has to let go of everything."""


def idle_seconds(text: str) -> float:
    """Return the seconds of $DEPLOY_ENGINE_IDLE; an empty text is the default. Raises UsageFault."""
    seconds = seconds_of(text) if text else IDLE
    if seconds is None:
        raise UsageFault(f"DEPLOY_ENGINE_IDLE is {text!r}, not a duration", "say it as 30s, 10m or 1h")
    return seconds


BEAT = 2.0
"""Seconds after which those who follow hear again who is there, and by it that the engine lives."""


class EngineProcess:
    """The clients of an engine and the rule when it ends."""

    def __init__(self, service: EngineService, app: str, environment: str, idle: float, first_client: float, users: UserDirectory) -> None:
        self.service = service
        self.owner = os.getuid()
        self.owner_person = person_of(self.owner, None)
        self.users = users
        self._app = app
        self._environment = environment
        self._id = secrets.token_hex(8)
        self._idle = idle
        self._first_client = first_client
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._finished = False
        self._stopping: set[asyncio.Task[None]] = set()
        self._is_stopped = False
        """Its service has let go of its runs: it would carry none of them on."""
        self.parting = False
        self._had_client = False
        self._carried = False
        self._rest_since = asyncio.get_running_loop().time()
        self._shown_at = self._rest_since
        self.garbage = GarbageSearch(lambda: service.busy, lambda: bool(self._connections))
        self.when_changed: Callable[[], None] = lambda: None
        self.is_there: Callable[[], bool] = lambda: True
        """Whether its socket is still in its place: an engine that nobody can reach any more does not wait for a host."""

    def welcome(self, role: Role) -> Welcome:
        """Say what the engine is and carries."""
        service = self.service
        return Welcome(
            app=self._app,
            environment=self._environment,
            engine_id=self._id,
            pid=os.getpid(),
            uid=self.owner,
            user=self.owner_person.name,
            run=service.open_run_id,
            newer=service.newer_run_id,
            seq=service.seq,
            digest=service.digest,
            busy=service.busy,
            role=role,
            left=service.left,
        )

    def changed(self, connection: Connection) -> None:
        """Hear that a client has introduced itself or follows, or that the model changed."""
        self._had_client = self._had_client or connection.introduced
        self._carried = self._carried or bool(self.service.open_run_id)
        self.when_changed()
        self._show_presence()

    async def stop(self, person: Person, *, force: bool) -> None:
        """Have the service let go of everything. Raises Locked where it does not; else the engine ends, also where the caller goes away meanwhile."""
        task = asyncio.create_task(self._stopped(person, force=force))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)
        await asyncio.shield(task)

    async def _stopped(self, person: Person, *, force: bool) -> None:
        try:
            await self.service.stop(person, force)
        except Locked:
            raise
        except BaseException:
            self._is_stopped = True
            raise
        self._is_stopped = True

    def finish(self) -> None:
        """End the engine's process once its clients were answered."""
        self._finished = True
        self._news.set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve whoever has connected, unless that one has too many connections already."""
        peer = peer_of(writer.get_extra_info("socket"))
        if (has := sum(each.uid == peer.uid for each in self._connections)) >= self._most(peer.uid):
            writer.write(reply_bytes(Failed(message=f"the engine has {has} connections of this user already", hint="end some of its consoles")))
            writer.close()
            return
        connection = Connection(self, peer, reader, writer)
        self._connections.add(connection)
        task = asyncio.create_task(connection.run())
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._left(connection, done))

    def _most(self, uid: int) -> int:
        """How many connections a uid may have. One that was not looked up yet is let in to be."""
        access = self.service.access
        found = self.users.known(uid, access)
        return CONNECTIONS["viewer" if found is None and uid not in (0, self.owner) and access else role_of(uid, access, self.owner, found)]

    def make_room(self, connection: Connection) -> None:
        """Refuse a client whose unfinished frame is more than all of them together may hold. Raises FrameError."""
        if connection.unfinished > FROM_STRANGER and sum(each.unfinished for each in self._connections) > UNFINISHED:
            raise FrameError(f"the engine holds more than {UNFINISHED >> 20} MiB of requests that are not whole")

    def _left(self, connection: Connection, task: asyncio.Task[None]) -> None:
        self._connections.discard(connection)
        self._tasks.discard(task)
        self._show_presence()
        self._news.set()
        if not task.cancelled() and (problem := task.exception()):
            asyncio.get_running_loop().call_exception_handler({"message": "a connection failed", "exception": problem})

    @property
    def people(self) -> tuple[str, ...]:
        """The names of those who are connected, each once, by the alphabet."""
        return tuple(sorted({each.person.name for each in self._connections if each.introduced}))

    def _show_presence(self) -> None:
        away = self.service.elsewhere
        logins = {each.person.login for each in self._connections if each.introduced} | {f"{one} {one.claims}".strip() for one in away}
        presence = Presence(
            (*self.people, *sorted({str(one) for one in away})), logins=tuple(sorted(logins)), every=BEAT, record_away=self.service.record_is_away
        )
        self._shown_at = asyncio.get_running_loop().time()
        for connection in self._connections:
            connection.show(presence)

    async def live(self) -> None:
        """Return when the engine has nothing more to do."""
        tick = max(0.05, min(1.0, self._idle / 4))
        while not self._finished and not self._may_end():
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(tick):
                    await self._news.wait()
            if asyncio.get_running_loop().time() - self._shown_at >= BEAT:
                self._show_presence()
            self.garbage.rest()

    def _may_end(self) -> bool:
        if self._is_stopped:
            return True
        now = asyncio.get_running_loop().time()
        if self.service.open_run_id or self.service.busy:
            self._carried = True
            self._rest_since = now
            return False
        if any(each.introduced for each in self._connections):
            return False
        if self.service.owing and self.is_there():
            self._rest_since = now
            return False
        if self._carried:
            return now - self._rest_since >= self._idle
        return self._had_client or now - self._rest_since >= self._first_client

    async def part(self) -> None:
        """Let the service settle, then part with every client."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING):
                await self.service.stop(self.owner_person, force=True)
        for task in self._tasks:
            task.cancel()
        _, late = await asyncio.wait(self._tasks, timeout=1.0) if self._tasks else (set(), set[asyncio.Task[None]]())
        for connection in list(self._connections) if late else []:
            connection.abort()


async def serve(
    service: EngineService,
    *,
    app: str,
    environment: str,
    socket: str,
    lock: str,
    idle: float = IDLE,
    first_client: float = FIRST_CLIENT,
    signals: bool = True,
    users: UserDirectory | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve an engine's clients until it has nothing more to do. Raises Locked where another engine has the lock.

    `socket` and `lock` are paths in a folder that is there; `idle` and `first_client` are seconds; `users` are those of this machine; `ready` is
    called once clients can connect.
    """
    with held(lock), bound(socket) as listening:
        engine = EngineProcess(service, app, environment, idle, first_client, users or UserDirectory())
        engine.owner_person = person_of(engine.owner, await engine.users.look(engine.owner, None))
        engine.when_changed = lambda: _open_to(socket, service)
        engine.is_there = lambda: os.path.exists(socket)
        server = await asyncio.start_unix_server(_accepting(engine), sock=listening)
        undo = _hear_signals(engine) if signals else []
        try:
            ready()
            with engine.garbage.in_pieces():
                await engine.live()
        finally:
            engine.parting = True
            server.close()
            await engine.part()
            for number in undo:
                asyncio.get_running_loop().remove_signal_handler(number)


def _accepting(engine: EngineProcess) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
    return engine.accept


def _hear_signals(engine: EngineProcess) -> list[signal.Signals]:
    """A terminal that goes away means nothing to an engine; TERM ends it, and its run can be taken up."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.finish)
    return [signal.SIGHUP, signal.SIGTERM, signal.SIGINT]


@contextmanager
def held(path: str) -> Iterator[None]:
    """Hold an engine's lock as long as the process lives. Raises Locked while another one does."""
    file = opened(path, os.O_RDWR)
    try:
        _lock(file)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)


def _lock(file: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(file, 32, 0).decode("ascii", "replace").strip()
        raise Locked(f"an engine is there already (process {holder})", "deploy engine list") from None


@contextmanager
def bound(path: str) -> Iterator[sockets.socket]:
    """Give a socket bound to that path, for its owner alone, in the place of a dead engine's. Only for who holds the lock."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    listening = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        with reachable(path) as address:
            listening.bind(address)
    finally:
        os.umask(umask)
    try:
        yield listening
    finally:
        listening.close()
        with suppress(FileNotFoundError):
            os.unlink(path)


def _open_to(path: str, service: EngineService) -> None:
    """Let those connect whom the configuration names; who each one is, the kernel says."""
    with suppress(OSError):
        os.chmod(path, 0o666 if service.access is not None else 0o600)
