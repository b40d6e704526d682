"""Engines on this machine: which ones live, and how one is started that outlives whoever needed it.

Knows their files' names and their first words; nothing of what they do.
"""

import asyncio
import atexit
import errno
import os
import shlex
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from console.client.engine_connection import Client, NoEngine, OthersEngine, SilentEngine, connect, look
from console.core.process_environment import engine_environment
from console.errors import ConsoleError, StateUnusable
from console.exit_codes import Exit
from console.safe_text import SafeText
from console.wire.address import is_of, log_path, opened, run_folder, socket_path
from console.wire.questions import Welcome

START = 10.0
"""Seconds that a new engine has until it answers, or does something: on a busy machine it takes its time."""
STARTING = 60.0
"""Seconds that it has in all."""

LOG_LINES = 12

LOST_THE_RACE = int(Exit.LOCKED)
"""The exit code of an engine that found another one's lock."""

ROOM = 64 * 1024
"""Bytes that a disk has free where an engine can begin its journal."""
BROKEN = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What a disk says that takes no more."""

_children: "list[subprocess.Popen[bytes]]" = []
"""Engines that this process started, as long as it lives."""


@atexit.register
def _disown() -> None:
    for process in _children:
        if process.poll() is None:
            process.returncode = 0  # it outlives us, as it should; without this Python complains of it


@dataclass(frozen=True, slots=True)
class LiveEngine:
    """An engine that answers, and where."""

    path: str
    welcome: Welcome


async def find_engines(state: str) -> list[LiveEngine]:
    """Return the engines of a state folder that answer, by application and environment."""
    return (await look_at_engines(state))[0]


async def look_at_engines(state: str, app: str = "") -> tuple[list[LiveEngine], list[ConsoleError]]:
    """Return those (of that application alone), and what is wrong with each that is there and does not answer, or is not this user's to ask."""
    try:
        names = sorted(name for name in os.listdir(run_folder(state)) if name.endswith(".sock") and is_of(name, app))
    except OSError:
        return [], []
    paths = [os.path.join(run_folder(state), name) for name in names]
    said = await asyncio.gather(*map(_looked, paths))
    live = [LiveEngine(path, found) for path, found in zip(paths, said, strict=True) if isinstance(found, Welcome)]
    return sorted(live, key=lambda each: (each.welcome.app, each.welcome.environment)), [found for found in said if isinstance(found, ConsoleError)]


async def _looked(path: str) -> Welcome | ConsoleError | None:
    try:
        return await look(path)
    except (SilentEngine, OthersEngine) as fault:
        return fault


async def spawn_engine(
    state: str,
    app: str,
    environment: str,
    *,
    claims: str = "",
    read_only: bool = False,
    environ: Mapping[str, str] | None = None,
    without: Collection[str] = (),
    program: tuple[str, ...] = ("-m", "console", "engine"),
    deadline: float = START,
) -> Client:
    """Start an engine in a session of its own and connect to it. The state folder is prepared already.

    It gets little of the caller's environment, and no variable of `without`, which hold secrets. Where another console was faster, that one's
    engine is taken. Raises ConsoleError with the log's last lines where none answers in time.
    """
    log = log_path(state, app, environment)
    argv = [sys.executable, *program, "--app", app, "--environment", environment]
    setting = engine_environment(os.environ if environ is None else environ, without) | {"DEPLOY_STATE": state}
    path = socket_path(state, app, environment)
    start, process = _started(argv, log, setting)
    began = asyncio.get_running_loop().time()
    until, worked, pause, is_beaten = began + deadline, "", 0.02, False
    while True:
        try:
            return await connect(path, claims=claims, read_only=read_only)
        except NoEngine as problem:
            code, before, worked = process.poll(), worked, _work_of(process.pid)
            is_beaten = is_beaten or code == LOST_THE_RACE
            if worked != before:
                until = min(asyncio.get_running_loop().time() + deadline, began + max(STARTING, deadline))
            if asyncio.get_running_loop().time() >= until or code not in (None, LOST_THE_RACE):
                raise (problem if is_beaten and isinstance(problem, SilentEngine) else _not_started(process, log, start, deadline)) from None
        await asyncio.sleep(pause)
        pause = min(0.25, pause * 1.5)
        if code == LOST_THE_RACE:
            _, process = _started(argv, log, setting)


def _started(argv: list[str], log: str, environ: dict[str, str]) -> tuple[int, "subprocess.Popen[bytes]"]:
    try:
        file = _log(log)
    except OSError as problem:
        raise _unwritable(log, problem) from None
    try:
        start = os.fstat(file).st_size
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, cwd="/", env=environ)
    except OSError as problem:
        raise ConsoleError(f"the engine cannot be started: {problem}", "see what this user may still start: ulimit -u") from None
    finally:
        os.close(file)
    _children.append(process)
    return start, process


def _work_of(pid: int) -> str:
    """What a process has used of the processor so far, in ticks; empty: that is not known."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return " ".join(file.read().rpartition(")")[2].split()[11:13])
    except OSError:
        return ""


def _unwritable(log: str, problem: OSError) -> ConsoleError:
    """A disk that takes nothing is the console's own fault, not its caller's: who rolls back is told how that is done without it."""
    words = f"the engine's log {log} cannot be written: {problem.strerror}"
    if problem.errno in BROKEN:
        return ConsoleError(words, f"see how its disk is mounted and how full it is: findmnt -D -T {shlex.quote(log)}")
    return StateUnusable(words, f"see who owns it: ls -l {shlex.quote(log)}")


def _log(path: str) -> int:
    """Open an engine's log. One that another login made for itself alone is put aside: the folder is shared, and what is written now is everybody's."""
    try:
        return opened(path, os.O_WRONLY | os.O_APPEND)
    except PermissionError:
        os.replace(path, f"{path}.old")
        return opened(path, os.O_WRONLY | os.O_APPEND)


def _not_started(process: "subprocess.Popen[bytes]", log: str, start: int, deadline: float) -> ConsoleError:
    code = process.poll()
    kind = StateUnusable if code == Exit.USAGE else ConsoleError
    what = f"ended with {code}" if code is not None else f"did not answer within {deadline:.0f} s (process {process.pid})"
    lines = "\n".join(f"  {line}" for line in last_lines(log, start))
    if not lines and _is_full(log):
        return ConsoleError(f"the engine {what}: no room is left on the disk of {log}, so it could say nothing", "make room there, then type the command again")
    return kind(f"the engine {what}; its log says:\n{lines}" if lines else f"the engine {what}; its log is empty", f"less {log}")


def _is_full(file: str) -> bool:
    """Whether the disk that a file is on takes nothing more."""
    try:
        disk = os.statvfs(file)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < ROOM or (disk.f_files > 0 and disk.f_favail == 0)


def last_lines(log: str, start: int = 0, count: int = LOG_LINES) -> list[SafeText]:
    """Return the last lines that an engine's log got after that place (bytes)."""
    try:
        with open(log, "rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(start, end - 64_000))
            return [SafeText(line) for line in file.read().splitlines()[-count:]]
    except OSError:
        return []


async def ensure_engine(state: str, app: str, environment: str, *, claims: str = "", read_only: bool = False, without: Collection[str] = ()) -> Client:
    """Connect to the engine of an application and environment, and start one, without those variables, where none answers."""
    try:
        return await connect(socket_path(state, app, environment), claims=claims, read_only=read_only)
    except NoEngine:
        return await spawn_engine(state, app, environment, claims=claims, read_only=read_only, without=without)
