"""Runs git in one repository, quietly: it asks nobody, runs no hook, heeds no setting of the caller's that would change what a commit is.

Owns the argv, the environment and the deadline. It must not know what is asked, or what an answer means.
"""

import asyncio
import contextlib
import os
import re
import signal
from dataclasses import dataclass

from console.core.process_environment import NETWORK, program_environment
from console.errors import NoGo
from console.safe_text import SafeText, hidden

LOOK = 30.0
"""Seconds for a question to the repository on this machine."""
QUIET = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
    "LANGUAGE": "", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ATTR_NOSYSTEM": "1",
}  # fmt: skip
SETTINGS = (
    "gc.auto=0", "maintenance.auto=false", "core.autocrlf=false", "core.eol=lf", "core.attributesFile=/dev/null", "core.quotePath=false",
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.warnAmbiguousRefs=false", "tar.umask=0022", "log.showSignature=false",
    "submodule.recurse=false", "advice.detachedHead=false",
)  # fmt: skip
_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@")


def without_credentials(text: str) -> str:
    """Return the text with no password in a URL."""
    return _CREDENTIALS.sub("", text)


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """How a program ended, and what it wrote."""

    status: int
    out: bytes
    err: bytes

    @property
    def ok(self) -> bool:
        """Whether git ended with 0."""
        return self.status == 0

    @property
    def text(self) -> str:
        """What it wrote, bytes that are no UTF-8 kept as surrogates."""
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def words(self) -> str:
        """What it complained about, without credentials; of much the beginning and the end."""
        said = without_credentials(hidden(self.err.decode("utf-8", "replace"))).strip()
        return SafeText(said if len(said) <= 400 else f"{said[:200]} … {said[-200:]}", 500)


class Git:
    """Git in one folder. `shown` is the repository's name for people. `own`: it is a console's, perhaps of another login that shares the state folder."""

    def __init__(self, folder: str, shown: str, *, own: bool = False) -> None:
        self.folder = folder
        self._own = own
        self.shown = shown

    async def run(self, *words: str, deadline: float = LOOK, given: bytes = b"", settings: tuple[str, ...] = ()) -> GitAnswer:
        """Run git to its end. `given` is its standard input; `settings` are laid over those that always hold."""
        return await ran(self.argv(*words, settings=settings), deadline, given)

    async def run_anywhere(self, *words: str, deadline: float = LOOK) -> GitAnswer:
        """Run git without a repository: the folder may not be there yet."""
        return await ran(["git", *(word for setting in SETTINGS for word in ("-c", setting)), *words], deadline)

    async def ask(self, *words: str, deadline: float = LOOK, settings: tuple[str, ...] = ()) -> str:
        """Return what git wrote. Raises NoGo where it failed."""
        answer = await self.run(*words, deadline=deadline, settings=settings)
        if not answer.ok:
            raise NoGo(f"git {words[0]} failed in {self.shown}: {answer.words}", f"git -C {self.folder} status")
        return answer.text

    def argv(self, *words: str, settings: tuple[str, ...] = ()) -> list[str]:
        """Return the command line."""
        trusted = (f"safe.directory={self.folder}",) if self._own else ()
        return ["git", "-C", self.folder, *(word for setting in (*SETTINGS, *trusted, *settings) for word in ("-c", setting)), *words]


def environment() -> dict[str, str]:
    """Return what git and ssh need, and nothing that would point git at another repository: a console may be started by a hook."""
    return {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes", **program_environment(os.environ, *NETWORK), **QUIET}


async def ran(argv: list[str], deadline: float, given: bytes = b"") -> GitAnswer:
    """Run a program in a session of its own, where it can ask nobody; at its deadline (seconds) it is ended with all that it started."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe if given else nothing, stdout=pipe, stderr=pipe, env=environment(), start_new_session=True)
    try:
        async with asyncio.timeout(deadline):
            out, err = await process.communicate(given or None)
    except TimeoutError:
        return GitAnswer(124, b"", f"no answer within {deadline:.0f} s".encode())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return GitAnswer(process.returncode or 0, out, err)
