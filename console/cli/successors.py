"""The runs that a screen may open after the one it shows: the next release of a list, and the way back from a release that has ended.

Knows how a run is begun; not what the screen asked before it.
"""

from typing import TYPE_CHECKING

from console.cli.feed import LastingFeed
from console.cli.wiring import How, configure, engine_of, journal, tell
from console.errors import NoGo
from console.model.request import Request

if TYPE_CHECKING:
    from console.client.attach import Client
    from console.model.fleet import Environment

CHANGING = ("deploy", "rollback")


def feed_of(how: How, client: "Client", run: str, model: "Environment | None") -> LastingFeed:
    """Follow a run over that engine, and over the one that comes after it."""
    return LastingFeed(how, client, run, model, lambda line: tell(f"deploy: {line}") if not how.wants_screen else None, samples=how.wants_screen)


class Successors:
    """Begins runs one after the other, and lets go of the engines that it met."""

    def __init__(self, how: How, found: "Environment", refs: tuple[str, ...] = ()) -> None:
        self._how = how
        self._found = found
        self._refs = list(refs)
        self._feeds: list[LastingFeed] = []

    @property
    def has_next(self) -> bool:
        """Whether there is a release that comes next."""
        return bool(self._refs)

    async def open_next(self) -> LastingFeed | None:
        """Begin the next release; None when there is none."""
        if not self._refs:
            return None
        feed = await self._begun(Request(ref=self._refs[0]))
        self._refs.pop(0)
        return feed

    async def open_back(self, run: str, how: str) -> LastingFeed:
        """Begin the way back from a release that has ended. NoGo where it is not the last one any more."""
        last = self._last_change()
        if last != run:
            raise NoGo(f"run {last} came after this one", "deploy rollback, to undo that one")
        return await self._begun(Request(kind="rollback", halves=how == "halves", at_once=how == "at-once", yes=True))

    def _last_change(self) -> str:
        record = journal()
        try:
            runs = record.runs(self._found.app, self._found.name)
        finally:
            record.close()
        changing = (one.run for one in runs if one.kind in CHANGING and one.outcome in ("succeeded", "rolled-back", "failed", None))
        return next(changing, "")

    async def _begun(self, request: Request) -> LastingFeed:
        client = await engine_of(self._how, self._found)
        try:
            await configure(client, self._found)
            run = await client.open_run(request)
        except BaseException:
            await client.close()
            raise
        self._feeds.append(feed_of(self._how, client, run, self._found))
        return self._feeds[-1]

    async def close(self) -> None:
        """Let go of the engines that were met."""
        for feed in self._feeds:
            await feed.close()
