"""Thresholds of a run, from its first switch on: what is recorded, and what becomes of the run. Measurements are written down, the clock is the test's."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from console.adapters.system_clock import SetClock
from console.core.run.breaches import goes_back_for, is_judged
from console.core.run.ready_steps import running_steps
from console.core.thresholds.threshold_verdict import judged
from console.engine.run import threshold_watch
from console.engine.run.threshold_watch import FEW, LOOK, ThresholdWatch, patience_of
from console.model import events as ev
from console.model.application_metrics import Metrics
from console.model.thresholds import Mean, Threshold, Unmeasured
from console.model.values import changed
from tests.core.plans import run_of
from tests.core.simulation import Simulation, an_environment
from tests.core.windows import ERRORS, Written, counted, failed

THRESHOLD = Threshold(ERRORS, above=0.01, then="rollback")
SWITCHED = 1000.0


class Scene:
    """Three hosts that served without errors; the first one is new since 1000 s."""

    def __init__(self, *thresholds: Threshold) -> None:
        self.environment = changed(an_environment(3), thresholds=thresholds or (THRESHOLD,), monitor=600.0)
        self.run: Simulation = run_of(self.environment)
        self.run.now = SWITCHED
        while self.run.state.hosts["web01"].condition != "new":
            before = self.run.now
            if not self.run.turn():
                self.run.finish(running_steps(self.run.state)[0])
                self.run.now = before
        self.clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), SWITCHED)
        self.measured = Written()
        for host in ("web01", "web02", "web03"):
            self.measured.measurements += counted(host, SWITCHED - 60, SWITCHED, 0.0)
        self.watch = ThresholdWatch(self.environment, self.measured, self.clock, lambda: self.run.state, self.record)

    def record(self, *events: ev.Event) -> None:
        self.run.now = self.clock.mono()
        self.run.record(*events)

    async def serve(self, seconds: int, new: float, old: float = 0.0) -> None:
        """Serve for so long with those rates of errors, and look after each second."""
        for _ in range(seconds):
            now = self.clock.mono()
            await self.clock.advance(1.0)
            self.measured.measurements += counted("web01", now, now + 1, new)
            self.measured.measurements += [*counted("web02", now, now + 1, old), *counted("web03", now, now + 1, old)]
            await self.watch.look()

    @property
    def said(self) -> list[tuple[str, float]]:
        """What was recorded of thresholds, with its second after the switch."""
        return [(type(event).__name__.removeprefix("Threshold"), event.mono - SWITCHED) for event in self.run.events if isinstance(event, ev.ThresholdChanged)]


@pytest.mark.parametrize("few", [FEW, 0], ids=["in the loop", "beside the loop"])
async def test_a_breach_is_recorded_once_it_has_lasted_and_takes_every_host_back(few: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threshold_watch, "FEW", few)
    scene = Scene()
    await scene.serve(60, new=0.0)
    await scene.serve(29, new=0.3)
    assert scene.said == [("Judged", 2.0), ("Crossed", 80.0)]
    assert goes_back_for(scene.run.state) is None
    await scene.serve(1, new=0.3)
    assert scene.said[-1] == ("Breached", 90.0)
    known = goes_back_for(scene.run.state)
    assert known is not None
    assert (known.verdict.value, known.verdict.seconds, known.verdict.hosts) == (pytest.approx(0.3), 30.0, ("web01",))
    scene.run.run()
    assert scene.run.state.exit == 4
    assert "errors 30.0 % on new hosts, limit 1.00 %, old 0.00 %" in scene.run.state.reason
    assert not is_judged(scene.run.state)
    assert bool(scene.measured.copies) == (not few)


async def test_of_many_hosts_the_loop_goes_on_while_a_look_is_worked_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threshold_watch, "FEW", 0)
    scene, held = Scene(), threading.Event()
    monkeypatch.setattr(threshold_watch, "judged", lambda *given: held.wait(10.0) and judged(*given))
    await scene.clock.advance(1.0)
    work = asyncio.ensure_future(scene.watch.look())
    await asyncio.sleep(0.05)
    assert not work.done()
    held.set()
    await work
    assert {metric for metric, _ in scene.measured.copies} == {ERRORS}


async def test_a_run_that_has_ended_meanwhile_is_told_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threshold_watch, "FEW", 0)
    scene = Scene()
    scene.measured.copied = lambda metric, since: (end(scene), scene.measured)[1]  # type: ignore[method-assign] # it ends while a look is worked out
    await scene.watch.look()
    assert not [event for event in scene.run.events if isinstance(event, ev.BaselineTaken | ev.ThresholdChanged)]


def end(scene: Scene) -> None:
    if scene.run.state.phase != "ended":
        scene.run.record(ev.AbortAsked(by=scene.run.state.by))
        scene.run.run()


async def test_what_was_before_is_recorded_once_with_the_first_look():
    scene = Scene()
    await scene.serve(3, new=0.3)
    (taken,) = [event for event in scene.run.events if isinstance(event, ev.BaselineTaken)]
    assert taken.metrics[ERRORS]["web02"] == Mean(0.0, 60.0, 6000, 0)


async def test_the_same_errors_before_take_nothing_back():
    scene = Scene()
    scene.measured.measurements = [one for host in ("web01", "web02", "web03") for one in counted(host, SWITCHED - 60, SWITCHED, 0.3)]
    await scene.serve(60, new=0.3, old=0.0)
    assert [name for name, _ in scene.said] == ["Judged", "Judged"]
    assert goes_back_for(scene.run.state) is None


async def test_an_outage_on_both_sides_takes_nothing_back_by_itself():
    scene = Scene()
    await scene.serve(60, new=0.3, old=0.3)
    assert [name for name, _ in scene.said] == ["Judged", "Breached"]
    assert goes_back_for(scene.run.state) is None


async def test_it_is_not_told_of_again_while_nothing_changes():
    scene = Scene()
    await scene.serve(120, new=0.0)
    assert scene.said == [("Judged", 2.0)]


async def test_a_scrape_that_fails_is_said_and_is_no_breach():
    scene = Scene()
    await scene.serve(20, new=0.0)
    for _ in range(40):
        now = scene.clock.mono()
        await scene.clock.advance(1.0)
        scene.measured.measurements += failed("web01", now, now + 1)
        await scene.watch.look()
    assert [name for name, _ in scene.said] == ["Judged", "Judged"]
    last = scene.run.events[-1]
    assert isinstance(last, ev.ThresholdJudged)
    assert (last.verdict.unmeasured, str(last.verdict.problem)) == (("web01",), "connection refused")


async def test_it_looks_until_the_run_ends_and_only_while_that_is_judged():
    scene = Scene()
    work = asyncio.ensure_future(scene.watch.watch())
    for _ in range(10):
        await asyncio.sleep(0)
    assert scene.measured.asked
    scene.run.record(ev.AbortAsked(by=scene.run.state.by))
    scene.run.run()
    asked = len(scene.measured.asked)
    await scene.clock.advance(LOOK)
    for _ in range(10):
        await asyncio.sleep(0)
    assert work.done()
    assert len(scene.measured.asked) == asked


@pytest.mark.parametrize(
    ("metric", "interval", "scrape", "seconds"),
    [("cpu", 1.0, 30.0, 10.0), ("cpu", 5.0, 1.0, 15.0), ("error_rate", 1.0, 10.0, 30.0), ("queue", 1.0, 1.0, 10.0)],
)
def test_three_looks_that_fail_are_an_error(metric: str, interval: float, scrape: float, seconds: float):
    environment = changed(an_environment(1), metrics_interval=interval, metrics=Metrics(scrape_interval=scrape))
    assert patience_of(environment, metric) == seconds


async def test_a_mistake_in_judging_ends_no_run_and_is_never_within_the_limit(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    scene = Scene()

    def wrong(*given: object) -> None:
        raise ZeroDivisionError("float division by zero")

    monkeypatch.setattr(threshold_watch, "judged", wrong)
    monkeypatch.setattr(threshold_watch, "baseline_of", wrong)
    await scene.serve(12, new=0.3)
    (known,) = scene.run.state.thresholds.values()
    assert isinstance(known.verdict, Unmeasured)
    assert known.verdict.problem == "the console failed to judge it: ZeroDivisionError: float division by zero"
    assert len([one for one in caplog.records if one.name == "console.engine.run.threshold_watch"]) == 1
