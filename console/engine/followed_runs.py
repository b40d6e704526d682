"""What is heard of a run, whoever carries it: this engine, an engine of another machine, or a command whose output nobody has asked for yet."""

from collections.abc import AsyncIterator

from console.engine.active_runs import ActiveRuns
from console.engine.metrics.metrics_sampler import MetricKeeper
from console.engine.queries import for_screens
from console.engine.queries.feeds import Feeds
from console.engine.run.runs_elsewhere import RunsElsewhere
from console.errors import ConsoleError
from console.model.events import Event
from console.ports.feed import Heard


class FollowedRuns:
    """The runs of one engine, for those who follow them."""

    def __init__(self, runs: ActiveRuns, elsewhere: RunsElsewhere, feeds: Feeds, metrics: MetricKeeper) -> None:
        self._runs = runs
        self._elsewhere = elsewhere
        self._feeds = feeds
        self._metrics = metrics

    def follow(self, run: str, after: int) -> AsyncIterator[Heard]:
        """Everything of a run after that event; of no run: the fleet's numbers, as long as they are read."""
        if not run:
            return for_screens.follow_numbers(self._metrics)
        if run in self._feeds.waiting:
            return self._feeds.follow(run)
        one = self._runs.get(run)
        if one is not None:
            return self._followed(run, one.broadcast.follow(after))
        return self._elsewhere.follow(run, after)

    async def _followed(self, run: str, heard: AsyncIterator[Heard]) -> AsyncIterator[Heard]:
        """Pass on what is heard of a run that this engine carries; where another one takes it up, what is heard of that by the record."""
        last: Event | None = None
        try:
            async for item in heard:
                last = item if isinstance(item, Event) else last
                yield item
        except ConsoleError:
            if last is None or not await self._elsewhere.goes_on_from(run, last):
                raise
        else:
            return
        async for item in self._elsewhere.follow(run, last.seq):
            yield item
