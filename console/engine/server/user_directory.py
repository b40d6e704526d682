"""What this machine's users and groups say of a person: asked in a thread of its own, since a directory behind them (LDAP, SSSD) may be slow or dead.

An answer is kept for a while. No answer is no right. Knows nothing of roles, messages or runs.
"""

import asyncio
import grp
import os
import pwd
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from console.model.configured_environment import Access

ANSWER = 3.0
"""Seconds that the machine has to answer: less than a console waits for an engine's first word."""
FRESH = 10.0
"""Seconds for which what was answered, or that nothing was, is not asked again."""
HOLDS = 60.0
"""Seconds for which an answer counts where no newer one comes."""
AT_ONCE = 8
"""Questions that may be open at the same time: one that hangs keeps its thread."""

Who = int | str
"""A uid, or a login's name."""


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user of this machine. `among`: which of the users and @groups that a configuration lists are that user, or hold them."""

    uid: int = -1
    name: str = ""
    """Empty: this machine has no such user."""
    among: frozenset[str] = frozenset()


def looked_up(who: Who, access: Access | None) -> ListedUser:
    """Ask the machine, for as long as that takes. Names that it does not know list nobody; groups are not asked for where the user is named as an operator."""
    try:
        user = pwd.getpwuid(who) if isinstance(who, int) else pwd.getpwnam(who)
    except KeyError:
        return ListedUser()
    listed = (*access.operators, *access.viewers) if access else ()
    named = frozenset(name for name in listed if name == user.pw_name)
    groups = [] if access is None or user.pw_name in access.operators else [name for name in listed if name.startswith("@")]
    own = set(os.getgrouplist(user.pw_name, user.pw_gid)) if groups else set[int]()
    return ListedUser(user.pw_uid, user.pw_name, named | {name for name in groups if _gid(name[1:]) in own})


def _gid(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


class UserDirectory:
    """The answers of this machine. `look`: asks it, and may take as long as it likes."""

    def __init__(self, look: Callable[[Who, Access | None], ListedUser] = looked_up, now: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._now = now
        self._answers: dict[tuple[Who, Access | None], tuple[float, ListedUser]] = {}
        self._tried: dict[tuple[Who, Access | None], float] = {}
        self._open: dict[tuple[Who, Access | None], asyncio.Future[None]] = {}

    def known(self, who: Who, access: Access | None, holds: float = HOLDS) -> ListedUser | None:
        """What was answered in the last so many seconds; None: nothing was, so that nothing is known."""
        at, found = self._answers.get((who, access), (float("-inf"), None))
        return found if self._now() - at <= holds else None

    async def look(self, who: Who, access: Access | None, seconds: float = ANSWER) -> ListedUser | None:
        """Ask, where that was not asked a moment ago, and wait so long at most; what is known then."""
        key = (who, access)
        waiting, is_recent = self._open.get(key), self._now() - self._tried.get(key, float("-inf")) <= FRESH
        if is_recent and (waiting is None or self.known(who, access) is not None):
            return self.known(who, access)
        if waiting is None and len(self._open) < AT_ONCE:
            waiting = self._begun(key)
        if waiting is not None:
            self._tried[key] = self._now()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await asyncio.shield(waiting)
        return self.known(who, access)

    def _begun(self, key: tuple[Who, Access | None]) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[None] = loop.create_future()
        self._open[key] = answered

        def take(found: ListedUser | None) -> None:
            self._open.pop(key, None)
            if found is not None:
                self._keep(key, found)
            if not answered.done():
                answered.set_result(None)

        def ask() -> None:
            found = None
            with suppress(Exception):  # whatever it was, there is no answer
                found = self._look(*key)
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(take, found)

        threading.Thread(target=ask, name="users and groups", daemon=True).start()
        return answered

    def _keep(self, key: tuple[Who, Access | None], found: ListedUser) -> None:
        now = self._now()
        self._answers = {known: answer for known, answer in self._answers.items() if now - answer[0] <= HOLDS or known[0] == os.getuid()}
        self._tried = {known: at for known, at in self._tried.items() if now - at <= FRESH}
        self._answers[key] = now, found
