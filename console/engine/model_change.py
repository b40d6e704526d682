"""Another hosts.toml for an engine: when it is refused, and what is opened anew by it.

Owns the order in which watches end, the model changes and watches begin again. What a model is: `loaded_model`.
"""

import asyncio
from collections.abc import Callable, Mapping

from console.core.environment.stranger import runs_left, stranger_words
from console.engine.active_runs import ActiveRuns
from console.engine.catch_up.debt_watch import DebtWatch
from console.engine.loaded_model import LoadedModel
from console.engine.maintenance.end_watch import MaintenanceEnd
from console.engine.metrics.metrics_sampler import MetricKeeper
from console.engine.queries.feeds import Feeds
from console.errors import Locked, RecordAway, UsageFault
from console.model.configured_environment import Environment
from console.model.events import RunOpened
from console.ports.journal import Journal

KeptModel = Callable[[str], Environment | None]
"""The model of that digest, where this machine has kept it and its file is still there."""


def not_kept(digest: str) -> None:
    """Stand for `KeptModel` where no models are kept, so that no file counts as a stranger to runs of an engine that is gone."""


class ModelChange:
    """Has one engine work with another model. `opening`: held while a run is opened; `switching`: while maintenance mode is switched."""

    def __init__(
        self, journal: Journal, model: LoadedModel, runs: ActiveRuns, feeds: Feeds, opening: asyncio.Lock, switching: asyncio.Lock,
        metrics: MetricKeeper, catch_up: DebtWatch, maintenance: MaintenanceEnd, kept: KeptModel,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._model = model
        self._runs = runs
        self._feeds = feeds
        self._opening = opening
        self._switching = switching
        self._metrics = metrics
        self._catch_up = catch_up
        self._maintenance = maintenance
        self._kept = kept

    async def take(self, environment: Environment, digest: str, secrets: Mapping[str, str]) -> None:
        """Take a model and its secrets. Raises Locked while something goes on with another one, UsageFault for what is another environment's."""
        async with self._opening:
            self._model.refuse_stranger(environment)
            await self._refuse_other(environment, digest)
            self._model.keyring.take(environment, secrets)
            if self._model.is_new(digest):
                await self._model.choose_journal(environment)
                if self._model.environment is None:
                    await self._refuse_strangers_work(environment)
                await self._use(environment, digest)

    async def _refuse_strangers_work(self, environment: Environment) -> None:
        """Raise UsageFault where runs of another file, whose engine is gone, have left something to be done that this one would do on hosts of its own."""
        try:
            record = await self._journal.environment(environment.app, environment.name)
            events = [event for run in runs_left(record) for event in await self._journal.of_type(run, RunOpened)]
        except RecordAway:
            return
        for event in events:
            if not isinstance(event, RunOpened):
                continue
            before = await asyncio.to_thread(self._kept, event.config_digest)
            words = stranger_words(before, environment) if before else ""
            if before and words:
                raise UsageFault(
                    f"{words}; run {event.run} of that file has left something to be done: do that first, or give one another name, or its own --state DIR",
                    f"deploy -c {before.file} status {before.name}",
                )

    async def _refuse_other(self, environment: Environment, digest: str) -> None:
        if digest == self._model.digest:
            return
        if self._runs.is_busy or (self._runs.open and self._model.leads_astray(environment)):
            run = self._runs.open_id
            raise Locked(f"run {run} goes on with another hosts.toml than {environment.file}", f"deploy attach {run}")
        if self._switching.locked():
            raise Locked("maintenance mode is being switched, with another hosts.toml", "type the command again once that has ended")
        if any([await self._journal.of_type(name, RunOpened) for name in tuple(self._feeds.followed)]):
            raise Locked("a command of exec is still running, with another hosts.toml", "wait for its end, or press ctrl+c there")

    async def _use(self, environment: Environment, digest: str) -> None:
        """Work with that model from now on. Where its ports cannot be opened, all stays as it is."""
        outside = self._model.opened(environment)
        await self._metrics.stop()
        await self._catch_up.stop()
        await self._maintenance.stop()
        await self._model.use(environment, digest, outside, self._runs.open)
        self._catch_up.changed()
        self._catch_up.start()
        self._maintenance.start()
        await self._metrics.use(environment, outside.sources)
