"""Every screen in a state worth a picture, with a clock that stands still. `python -m tests.tui.scenes FOLDER` makes them all, at three sizes, to look at."""

import asyncio
import math
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_textual_snapshot import normalize_svg
from textual.pilot import Pilot

from console.adapters.system_clock import SetClock
from console.core.run.accept import accept
from console.model import events as ev
from console.model.checks import Check
from console.model.commands import Refusal, RollBack
from console.model.fleet_snapshot import Candidate, CiMark, Verified
from console.ports.feed import Output, Presence, Sample
from console.safe_text import SafeText
from console.tui.app import ConsoleApp
from console.tui.home.home_screen import HomeScreen
from console.tui.metrics_history import MetricsHistory
from console.views.metrics_panel_numbers import changed_at
from tests.core.simulation import ADA
from tests.tui.past_runs import past_run
from tests.tui.scripted import ScriptedFeed
from tests.tui.scripted_environment import ScriptedEnvironment, a_board, a_summary, eventually

SIZES = ((80, 24), (120, 36), (200, 50))
SUBJECT = SafeText("Keep the basket when a session ends")
PRINTED = (
    "Linking releases/20260102T000000Z-bbbbbbb", "Restarting shop.service", "shop.service: 4 workers up, listening on :8000",
    "GET /healthz 200 in 11 ms", "Drained: 0 of 31 connections left",
)  # fmt: skip
Doing = Callable[[Pilot[Any]], Awaitable[None]]


def a_feed(hosts: int = 12, **more: Any) -> ScriptedFeed:
    """A run that may go."""
    feed = ScriptedFeed(hosts, words=SUBJECT, began=60.0, **more)
    feed.record(
        ev.CheckReported(check=Check("staging", SafeText("Verified in staging"), "passed", detail=SafeText("v1.1.0, 2 h ago"))),
        ev.CheckReported(check=Check("backup", SafeText("Database backed up"), "passed", detail=SafeText("11:58, 4.2 GB"))),
        ev.CheckReported(check=Check("space", SafeText("Room on every host"), "passed", detail=SafeText("at least 18 GB"))),
    )
    return feed


def a_preview() -> ScriptedFeed:
    """What a pre-flight that is no run finds."""
    feed = a_feed()
    feed.record(
        ev.CheckReported(check=Check("announcement", SafeText("Announcement"), "passed", detail=SafeText("2 channels are told at GO"))),
        ev.ChangesListed(subjects=(SUBJECT, SafeText("fix(till): round prices as the till does"), SafeText("feat: find a product by its colour"))),
    )
    return feed


def under_way(until: str = "wave-5/web05/gate", **more: Any) -> ScriptedFeed:
    """A run in the middle of a wave."""
    feed = a_feed(**more)
    feed.run.now += 24.0
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on(until)
    return feed


def going_back() -> ScriptedFeed:
    """A run that is on its way back."""
    feed = under_way()
    answer = accept(feed.environment, RollBack(how="at-once"), feed.run.state, ADA)
    assert not isinstance(answer, Refusal), answer
    feed.record(*answer)
    for _ in range(7):
        running = [step for step in feed.run.state.index.values() if feed.run.state.step_state(step).status == "running"]
        if not feed.run.turn() and running:
            feed.run.finish(running[0])
    return feed


def failed() -> ScriptedFeed:
    """A run that waits for a person: one host failed its health check."""
    feed = under_way("wave-5/web05/gate", on_failure="pause")
    feed.record(
        ev.StepFinished(
            step="wave-5/web05/gate", host="web05", status="failed", code=1, seconds=31.0, detail=SafeText("web: nobody listens on port 80"),
            hint=SafeText("deploy logs --hosts web05"),
            tail=(SafeText("  File \"/srv/shop/live/app.py\", line 3, in <module>"), SafeText("ImportError: no module named basket")),
        ),
        ev.Paused(reason=SafeText("web05 failed its health check"), cause="failure"),
    )  # fmt: skip
    return feed


def a_client(feed: ScriptedFeed | None = None) -> ScriptedEnvironment:
    """An environment at rest with a past."""
    runs = [a_summary("r-0007", version="v1.0.0", started="2026-11-24T11:00:00Z", ended="2026-11-24T11:05:12Z")]
    for number, outcome in enumerate(("succeeded", "rolled-back", "succeeded", "failed", "succeeded")):
        day = 20 - 2 * number
        runs.append(
            a_summary(
                f"r-000{6 - number}",
                outcome,
                version=f"v0.{9 - number}.0",
                by=("ada", "lin")[number % 2],
                exit=0 if outcome == "succeeded" else 4,
                started=f"2026-11-{day}T10:{10 + 7 * number}:00Z",
                ended=f"2026-11-{day}T10:{16 + 7 * number}:40Z",
            )
        )
    done, back = past_run(12, words=SUBJECT), past_run(12, failing="wave-4/web04/restart", words=SUBJECT)
    logs = {one.run: tuple(Output(done[-1].at, f"web{1 + at % 12:02}", "restart", SafeText(PRINTED[at % 5])) for at in range(60)) for one in runs}
    return ScriptedEnvironment(
        current=a_board(12), runs=tuple(runs), records={one.run: back if one.outcome == "rolled-back" else done for one in runs}, logs=logs,
        feed=feed or a_preview(), candidates_there=(
            Candidate(SafeText("v1.1.0"), "b" * 40, is_tag=True, at="2026-11-23T10:00:00Z", by=SafeText("Lin"), subject=SUBJECT),
            Candidate(SafeText("v1.0.1"), "c" * 40, is_tag=True, at="2026-11-22T10:00:00Z", by=SafeText("Ada"), subject=SafeText("Round prices as the till does")),
            Candidate(SafeText("v1.0.0"), "a" * 40, is_tag=True, at="2026-11-01T10:00:00Z", by=SafeText("Ada"), subject=SafeText("Begin"), live=12, ahead=False),
            Candidate(SafeText("ddddddd"), "d" * 40, at="2026-11-24T10:00:00Z", by=SafeText("Lin"), subject=SafeText("Try a faster search")),
        ),
        verified_there=Verified("staging", {"b" * 40: "2026-11-24T09:58:00Z", "c" * 40: "2026-11-15T10:00:00Z", "a" * 40: "2026-11-01T08:00:00Z"}, ("c" * 40,)),
        marks={
            "b" * 40: CiMark("b" * 40, "passed"), "c" * 40: CiMark("c" * 40, "failed"), "a" * 40: CiMark("a" * 40, "error"), "d" * 40: CiMark("d" * 40, "waiting"),
        },
    )  # fmt: skip


def samples(now: float) -> list[Sample]:
    """What the hosts said of themselves in the last half minute."""
    return [
        Sample(f"web{number:02}", now - ago, 0.34 + 0.2 * math.sin(ago / 4) + number / 400, 0.5 - ago / 300, 0.8 + number / 50)
        for ago in range(36, -1, -1) for number in range(1, 13)
    ]  # fmt: skip


def on_run(feed: ScriptedFeed) -> tuple[ConsoleApp, Doing]:
    """A run on the screen, and what fills it: numbers and a log."""
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC) + timedelta(seconds=feed.run.now), feed.run.now + 0.6)
    app = ConsoleApp(feed, clock, zone=UTC, client=a_client(feed))
    feed.tell(Presence(("ada", "lin"), 0.018, "ada on pts/1", ("ada on pts/1", "lin on pts/2")))
    if feed.run.state.changed:
        for at in range(30):
            feed.tell(Output(feed.run.at, f"web{1 + at // 6:02}", "restart", SafeText(PRINTED[at % 5])))

    async def fill(pilot: Pilot[Any]) -> None:
        await eventually(pilot, lambda: app.run_screen and app.run_screen.state.seq == feed.run.state.seq and not feed.beside)
        screen = app.run_screen
        assert screen is not None
        await at_rest(pilot)
        state = screen.state
        since = changed_at(state) or math.inf
        for sample in samples(clock.mono()):
            new = sample.at >= since and sample.host in state.hosts and state.hosts[sample.host].condition == "new"
            screen.follower.numbers.add(sample, sample.at, new=new)
        screen.show_slices()

    return app, fill


def at_home() -> tuple[ConsoleApp, Doing]:
    """An environment at rest on the screen, and what fills it."""
    clock = SetClock(datetime(2026, 11, 24, 12, 0, 3, tzinfo=UTC), 1000.0)
    app = ConsoleApp(None, clock, zone=UTC, client=a_client())

    async def fill(pilot: Pilot[Any]) -> None:
        home = app.screen
        assert isinstance(home, HomeScreen)
        await eventually(pilot, lambda: home.rest.board and home.rest.last.run and home.rest.numbers.series("web12")[0].points)
        await at_rest(pilot)
        home.rest.numbers = MetricsHistory()
        for sample in samples(clock.mono()):
            home.rest.numbers.add(sample, sample.at)
        home.show()

    return app, fill


async def press(pilot: Pilot[Any], *names: str) -> None:
    """Press keys one after another, as a person does."""
    for name in names:
        await pilot.pause(0.05)
        await pilot.press(name)
    await pilot.pause(0.05)


def scene(name: str) -> tuple[ConsoleApp, Doing]:
    """Return the program for that scene, and what brings it there."""
    opening, names = SCENES[name]
    app, fill = at_home() if opening is None else on_run(opening())

    async def come_to_rest(pilot: Pilot[Any]) -> None:
        await fill(pilot)
        await press(pilot, *names)
        await at_rest(pilot)

    return app, come_to_rest


async def at_rest(pilot: Pilot[Any]) -> None:
    """Wait until three looks, a third of a second apart, show the same."""
    seen: list[str] = []
    while len(seen) < 3 or len(set(seen[-3:])) > 1:
        await pilot.pause(0.3)
        seen.append(normalize_svg(pilot.app.export_screenshot()))


SCENES: dict[str, tuple[Callable[[], ScriptedFeed] | None, tuple[str, ...]]] = {
    "home": (None, ()), "home-rollback": (None, ("r",)), "environment": (None, ("e",)), "home-host": (None, ("tab", "down", "enter")),
    "runs": (None, ("l",)), "record": (None, ("l", "enter")), "record-back": (None, ("l", "down", "down", "enter")), "replay": (None, ("l", "enter", "v")),
    "compare": (None, ("l", "equals_sign", "down", "down", "equals_sign")), "runs-marked": (None, ("l", "equals_sign", "down")), "prepare": (None, ("d",)), "prepare-go": (None, ("d", "g")),
    "prepare-form": (None, ("d", "2")), "prepare-checks": (None, ("d", "3")), "prepare-plan": (None, ("d", "4")), "prepare-help": (None, ("d", "question_mark")),
    "announcement": (None, ("d", "w")), "announcement-notes": (None, ("d", "w", "e")),
    "before": (a_feed, ()), "before-blocked": (lambda: ScriptedFeed(12, blocked=True, words=SafeText("web07 has 0.4 GB of 40 GB"), began=60.0), ()), "go": (a_feed, ("g",)),
    "mid": (under_way, ()), "mid-zoom2": (under_way, ("2",)), "mid-zoom3": (under_way, ("3",)), "mid-moment": (under_way, ("tab", "up", "up", "up")), "mid-moment3": (under_way, ("3", *["left"] * 9)),
    "mid-zoom4": (under_way, ("4",)), "mid-host": (under_way, ("enter",)),
    "mid-help": (under_way, ("question_mark",)), "palette": (under_way, ("colon",)), "mid-rollback": (under_way, ("r",)), "mid-abort": (under_way, ("a",)),
    "mid-note": (under_way, ("w",)), "failed": (failed, ()), "failed-host": (failed, ("enter",)), "failed-skip": (failed, ("x",)),
    "back": (going_back, ()), "ended": (lambda: under_way(""), ()),
}  # fmt: skip


async def make(folder: Path, wanted: list[str]) -> None:
    """Write the pictures, as SVG."""
    for name in wanted or SCENES:
        for size in SIZES:
            app, come_to_rest = scene(name)
            async with app.run_test(size=size) as pilot:
                await come_to_rest(pilot)
                (folder / f"{name}-{size[0]}x{size[1]}.svg").write_text(pilot.app.export_screenshot(title=f"{name} {size[0]}x{size[1]}"))


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1]), sys.argv[2:]))
