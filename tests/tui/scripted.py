"""A run in memory behind the real core: the screen's keys go through `accept`, what follows comes from `decide`."""

import asyncio
from collections.abc import AsyncIterator, Callable

from console.adapters.system_clock import SystemClock
from console.core.run.accept import accept
from console.model import events as ev
from console.model.checks import Check
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Environment
from console.model.plan import Step
from console.model.release_facts import Release, Revision
from console.ports.clock import Clock
from console.ports.feed import FeedItem
from console.safe_text import SafeText
from console.tui.app import ConsoleApp
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment, opening

COMMIT = "b" * 40
HOSTILE = SafeText("[@click=app.leave()]x[/] \x1b]52;c;eA==\x07 [/var/log]")


class ScriptedFeed:
    """Goes on only when a test says so."""

    joined_at = 0

    def __init__(
        self,
        hosts: int = 3,
        *,
        protected: bool = True,
        blocked: bool = False,
        words: SafeText = HOSTILE,
        began: float = 0.0,
        ending: Callable[[Step, int], str] = lambda step, attempt: "done",
        environment: Environment | None = None,
        **rolling: object,
    ) -> None:
        self.environment = environment or an_environment(hosts, **rolling)  # type: ignore[arg-type]
        self.run = Simulation(self.environment, ending, hour=12, now=began)
        self.said: list[AnyCommand] = []
        self.beside: list[FeedItem] = []
        """What is told beside the events: presence, output."""
        self._news = asyncio.Event()
        first, *seen, plan, _, _ = opening(self.environment)
        release = Release(NEW, SafeText("v1.1.0"), COMMIT)
        check = Check("space", SafeText("Room"), "failed" if blocked else "passed", detail=words)
        self.record(
            ev.RunOpened(**{**{name: getattr(first, name) for name in first.__struct_fields__}, "protected": protected, "request": type(first.request)()}),
            *(ev.HostSeen(host=each.host, release=OLD, version=SafeText("v1.0.0")) for each in seen),
            ev.RevisionResolved(revision=Revision(COMMIT, SafeText("v1.1.0"), subject=words), release=release, live=(SafeText("v1.0.0"),)),
            ev.CheckReported(check=check),
            plan,
        )

    def record(self, *events: ev.Event) -> None:
        self.run.record(*events)
        self._news.set()

    def tell(self, item: FeedItem) -> None:
        self.beside.append(item)
        self._news.set()

    def go_on(self, until: str) -> None:
        """Let steps start and end until that one runs; empty: to the end."""
        while self.run.state.phase != "ended":
            running = [step for step in self.run.state.index.values() if self.run.state.step_state(step).status == "running"]
            if until and any(step.name == until for step in running):
                break
            if not self.run.turn():
                if not running:
                    break
                self.run.finish(running[0])
        self._news.set()

    async def follow(self, after: int = 0) -> AsyncIterator[FeedItem]:
        place = after
        while True:
            self._news.clear()
            for event in self.run.events[place:]:
                place += 1
                yield event
            while self.beside:
                yield self.beside.pop(0)
            if self.run.state.phase == "ended":
                return
            await self._news.wait()

    async def submit(self, command: AnyCommand) -> Accepted | Refusal:
        self.said.append(command)
        answer = accept(self.environment, command, self.run.state, ADA)
        if isinstance(answer, Refusal):
            return answer
        self.record(*answer)
        if self.run.state.go is False:
            self.go_on("")
        return Accepted(self.run.state.seq)


def an_app(feed: ScriptedFeed | None, clock: Clock | None = None, **more: object) -> ConsoleApp:
    return ConsoleApp(feed, clock or SystemClock(), **more)  # type: ignore[arg-type]
