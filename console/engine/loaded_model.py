"""The model that an engine works with, and what is opened by it: the journal that it names, connections, secrets.

Knows of runs only which ones still watch by the connections of a model before.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from datetime import tzinfo
from typing import Any

from console.core.environment.stranger import stranger_words
from console.core.secrets.needed import Needs, needs_of
from console.engine.active_run import ActiveRun
from console.engine.keyring import Keyring
from console.engine.server.access import may_carry_runs
from console.engine.server.user_directory import UserDirectory
from console.engine.tasks import Unbroken
from console.errors import UsageFault
from console.model.configured_environment import Access, Environment
from console.model.secret import Secret
from console.ports.outside import Outside
from console.safe_text import SafeText

OpenOutside = Callable[[Environment, Mapping[str, Secret]], Outside]
ChooseJournal = Callable[[Environment, Mapping[str, Secret]], Coroutine[Any, Any, None]]
"""Has the journal be the one that the model names. Raises ConsoleError where it cannot be used."""


async def stays(environment: Environment, secrets: Mapping[str, Secret]) -> None:
    """Leave the journal as it is."""


class LoadedModel:
    """One environment as its hosts.toml says it, once a console has handed that over."""

    def __init__(
        self, open_outside: OpenOutside, zone_of: Callable[[str], tzinfo | None], choose_journal: ChooseJournal, keyring: Keyring, users: UserDirectory
    ) -> None:
        self._open_outside = open_outside
        self._zone_of = zone_of
        self._choose_journal = choose_journal
        self._users = users
        self.keyring = keyring
        self.digest = ""
        """Of the model; empty: there is none yet."""
        self._environment: Environment | None = None
        self._outside: Outside | None = None
        self._resting = Unbroken()
        """Connections of models before this one, which runs still watch by."""

    def known(self) -> tuple[Environment, Outside] | None:
        """The model and its ports; None: there is none yet."""
        return None if self._environment is None or self._outside is None else (self._environment, self._outside)

    def required(self) -> tuple[Environment, Outside]:
        """The same. Raises UsageFault where there is none yet."""
        known = self.known()
        if known is None:
            raise UsageFault("this engine has no hosts.toml yet", "call it with -c FILE, or in the folder of the file")
        return known

    @property
    def environment(self) -> Environment | None:
        """The environment; None: there is no model yet."""
        return self._environment

    @property
    def access(self) -> Access | None:
        """Who may connect, by the model."""
        return self._environment.access if self._environment else None

    @property
    def zone(self) -> tzinfo | None:
        """The time zone that people read; None: none is known."""
        return self._zone_of(self._environment.timezone) if self._environment else None

    def may_carry(self) -> bool:
        """Whether the user of this engine may carry runs, by the model."""
        return may_carry_runs(os.getuid(), self.access, self._users.known(os.getuid(), self.access, float("inf")))

    def has(self, needs: Callable[[Environment], Needs]) -> bool:
        """Whether there is a model, and the secrets that it needs for that."""
        return self._environment is not None and self.keyring.has(self._environment, needs(self._environment))

    def may_end_maintenance(self) -> bool:
        """Whether this engine's user may, and the secrets for it are here."""
        return self.may_carry() and self.has(lambda environment: needs_of(environment, "maintenance"))

    def make_ready(self, needs: Needs) -> tuple[SafeText, ...]:
        """Read the secrets in files; return a sentence for each that is done without. Raises UsageFault for those that are needed and not here."""
        return self.keyring.make_ready(self.required()[0], needs)

    def is_new(self, digest: str) -> bool:
        """Whether that is another model than this one."""
        return digest != self.digest or self._outside is None

    def leads_astray(self, other: Environment) -> bool:
        """Whether a run of this model would be written down elsewhere by the other one, or hand over locks that are not looked for there."""
        before = self._environment
        return before is not None and (before.journal, before.path) != (other.journal, other.path)

    def refuse_stranger(self, other: Environment) -> None:
        """Raise UsageFault where another file has the same names for something else."""
        words = stranger_words(self._environment, other) if self._environment else ""
        if words:
            raise UsageFault(f"{words}; give one another name, or its own --state DIR; if this one takes the place of that one:", "deploy engine stop")

    async def choose_journal(self, environment: Environment) -> None:
        """Have the journal be the one that this model names. Raises ConsoleError where it cannot be used."""
        await self._choose_journal(environment, self.keyring.values)

    def opened(self, environment: Environment) -> Outside:
        """Open the ports of a model; nothing is contacted yet. Raises ConsoleError and OSError."""
        return self._open_outside(environment, self.keyring.values)

    async def use(self, environment: Environment, digest: str, outside: Outside, still: tuple[ActiveRun, ...]) -> None:
        """Work with that model and its ports from now on. `still`: runs that go on by the connections of the model before."""
        await self._users.look(os.getuid(), environment.access)
        before, self._environment, self.digest, self._outside = self._outside, environment, digest, outside
        if before is not None:
            await self._let_rest(before, still)

    async def _let_rest(self, outside: Outside, still: tuple[ActiveRun, ...]) -> None:
        """Close the connections of the model before; behind the end of a run in its monitoring window, which still watches by them."""
        if still:
            self._resting.begin(_closed_behind(still, outside))
        else:
            await outside.close()

    async def close(self) -> None:
        """Close all connections, those of models before too."""
        await self._resting.ended()
        if self._outside is not None:
            await self._outside.close()


async def _closed_behind(runs: tuple[ActiveRun, ...], outside: Outside) -> None:
    await asyncio.gather(*(one.closed_out() for one in runs))
    await outside.close()
