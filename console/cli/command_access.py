"""How a command lets the client meet engines: implements `EngineAccess` over the file, the state folder and the secrets of this process."""

import asyncio
from typing import TYPE_CHECKING

from console.cli.configuration import config_if_any, environment, state
from console.cli.find_run import carrier_of, events_of_run, page_of_runs
from console.cli.invocation import Invocation
from console.cli.kept_models import environment_or_known
from console.cli.meet_engine import asking, configure, engine_of
from console.cli.output import tell

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.client.environment import LocalEnvironmentClient
    from console.client.lasting_feed import LastingFeed
    from console.core.secrets.needed import Purpose
    from console.model.configured_environment import Environment
    from console.ports.feed import LogPage


class CommandAccess:
    """What a command was called with."""

    def __init__(self, how: Invocation) -> None:
        self._how = how
        self.read_only = how.read_only
        self.has_screen = how.wants_screen
        self.patience = how.patience

    async def meet(self, model: "Environment") -> "Client":
        """Meet the environment's engine."""
        return await engine_of(self._how, model)

    async def meet_to_ask(self, model: "Environment") -> "Client":
        """Meet it with the model."""
        return await asking(self._how, model)

    async def configure(self, client: "Client", model: "Environment", purpose: "Purpose | None", *, resumes: bool = False, quiet: bool = True) -> None:
        """Hand over the model and the secrets."""
        await configure(client, model, purpose, resumes=resumes, quiet=quiet)

    async def hand_over_some(self, client: "Client", model: "Environment") -> None:
        """Hand over the model and what can be read at once."""
        from console.cli.secret_sources import IMPATIENCE, SecretReader
        from console.config.load import digest

        reading = SecretReader(quiet=True)
        await asyncio.to_thread(reading.add, model, model.secret_references(), IMPATIENCE)
        await client.configure(model, digest(model), reading.found)

    async def is_carried_elsewhere(self, run: str) -> bool:
        """Whether an engine of another machine carries a run."""
        return await asyncio.to_thread(carrier_of, run) is not None

    def environments(self) -> tuple[str, ...] | None:
        """The names of the file's environments; None without a file."""
        file = config_if_any(self._how)
        return file.environment_names if file else None

    def environment(self, name: str, *, gated: bool = False) -> "Environment":
        """Resolve an environment of the file."""
        return environment(self._how, name, gated=gated)

    def environment_or_known(self, name: str) -> "Environment":
        """Resolve an environment of the file or of the record."""
        return environment_or_known(self._how, name)

    def tell(self, words: str) -> None:
        """Say it where no screen is shown."""
        if not self.has_screen:
            tell(f"deploy: {words}")

    def printed(self, run: str, limit: int) -> "LogPage":
        """The last lines of the run's log files."""
        from console.adapters.logs.run_log import RunLog

        return RunLog(state(), run).page("", "", limit)


def feed_of(how: Invocation, client: "Client", run: str, model: "Environment | None") -> "LastingFeed":
    """Follow a run over that engine, and over the one that comes after it."""
    from console.client.lasting_feed import LastingFeed

    return LastingFeed(CommandAccess(how), client, run, model, samples=how.wants_screen)


def environment_client(how: Invocation, model: "Environment", suggested: tuple[str, ...] = ()) -> "LocalEnvironmentClient":
    """An environment between runs, for a screen. `suggested`: the versions that are to be offered first."""
    from console.adapters.run_archive import LocalRunArchive
    from console.client.environment import LocalEnvironmentClient

    return LocalEnvironmentClient(CommandAccess(how), LocalRunArchive(state(), events_of_run, page_of_runs), model, suggested)
