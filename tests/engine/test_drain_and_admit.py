"""What a drain and a return do at a balancer that exists in memory alone: what is told it, what is read back, what waits for a person."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from console.adapters.balancers.scripted_balancer import ScriptedBalancer
from console.adapters.system_clock import SetClock
from console.core.run.evolve import evolve
from console.engine.run.drain_and_admit import AtBalancer, admit, drain, take_all_out
from console.engine.run.shared_balancer import SharedBalancer
from console.engine.run.step_attempt import Task, Tools
from console.model import events as ev
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.model.request import Request, RunKind
from console.model.state import RunState
from console.model.traffic import BalancerProblem
from console.model.values import changed
from console.ports.steps import StepResult
from console.safe_text import SafeText
from tests.core.balanced import balanced
from tests.core.simulation import opening

FIRST = Balancer("haproxy", socket="/run/haproxy.sock", backend="shop", drain_timeout=5.0)


class Bench:
    """A run's record before balancers, and a clock that goes on while something waits for it."""

    def __init__(self, hosts: int = 3, kind: RunKind = "deploy", specs: tuple[Balancer, ...] = (FIRST,), request: Request | None = None, **fields: str) -> None:
        self.environment: Environment = changed(balanced(hosts), balancers=specs, **fields)
        self.clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), 1000.0)
        names = frozenset(host.name for host in self.environment.hosts)
        self.balancers = [ScriptedBalancer(names, spec.name, self.clock.mono) for spec in specs]
        self.state = RunState()
        self.events: list[ev.Event] = []
        self.record(*opening(self.environment, kind))
        if request is not None:
            self.state = changed(self.state, request=request)
        self.shared = tuple(SharedBalancer(one, self.clock) for one in self.balancers)
        self.tools = Tools(*([None] * 6), lambda: "", lambda: self.state, self.clock, None, self.write, self.shared)  # type: ignore[arg-type]
        self.tools.record = self.record

    def record(self, *events: ev.Event) -> None:
        for event in events:
            self.events.append(event)
            self.state = evolve(self.state, changed(event, seq=self.state.seq + 1, mono=self.clock.mono()))

    async def write(self, event: ev.Event) -> None:
        self.record(event)

    def task(self, kind: str, host: str = "web01", phase: str = "release") -> Task:
        step = next(step for step in self.state.plan.steps if (step.kind, step.about) == (kind, host))  # type: ignore[union-attr]
        return Task(self.environment, self.state, changed(step, phase=phase, fatal=phase != "rollback"), 1, self.tools)

    async def wait(self, work: Any) -> Any:
        """Let time go by until that is done."""
        task = asyncio.ensure_future(work)
        for _ in range(4000):
            if task.done():
                return task.result()
            await asyncio.sleep(0)
            await self.clock.advance(0.05)
        raise AssertionError("it never ends")

    async def drain(self, host: str = "web01", phase: str = "release") -> StepResult:
        return await self.wait(drain(self.task("drain", host, phase)))

    async def admit(self, host: str = "web01", phase: str = "release") -> StepResult:
        return await self.wait(admit(self.task("admit", host, phase)))

    def marks(self, host: str = "web01") -> list[str]:
        return [event.mark for event in self.events if isinstance(event, ev.TrafficChanged) and event.host == host]

    def told(self, number: int = 0) -> list[tuple[str, tuple[str, ...]]]:
        return [call for call in self.balancers[number].calls if call[0] != "look"]


async def test_a_host_is_drained_and_returns():
    bench = Bench()
    assert (await bench.drain()).status == "done"
    assert bench.marks() == ["draining", "drained"]
    assert (await bench.admit()).status == "done"
    assert bench.marks()[-1] == "in"
    assert bench.told() == [("drain", ("web01",)), ("admit", ("web01",))]


async def test_it_is_on_the_disk_that_a_host_will_be_drained_before_its_balancer_is_told():
    bench = Bench()
    seen: list[str] = []

    async def write(event: ev.Event) -> None:
        seen.append(bench.balancers[0].servers["web01"].admission)
        bench.record(event)

    bench.tools.write = write
    await bench.drain()
    assert seen == ["in"]


async def test_what_is_under_way_has_its_time_and_what_is_left_is_told():
    bench = Bench()
    bench.balancers[0].keep("web01", 3, 2.5)
    began = bench.clock.mono()
    assert (await bench.drain()).status == "done"
    assert 2.4 < bench.clock.mono() - began < 3.5
    assert [event.sessions for event in bench.events if isinstance(event, ev.TrafficChanged)] == [None, 3, 0]


async def test_when_time_is_over_the_run_waits_for_a_person_who_has_it_cut_or_waited_for_again():
    bench = Bench()
    bench.balancers[0].keep("web01", 3)
    ended = await bench.drain()
    assert (ended.status, str(ended.detail)) == (
        "held",
        "3 requests still under way on web01 after 5 s (localhost/shop); continue ends them, retry web01 waits again",
    )
    assert str(ended.hint) == "deploy continue r1"
    assert bench.marks()[-1] == "overdue"
    assert (await bench.drain()).status == "held"
    bench.state = changed(bench.state, hosts=bench.state.hosts.put("web01", changed(bench.state.hosts["web01"], cuts=True)))
    ended = await bench.drain()
    assert (ended.status, str(ended.detail)) == ("done", "3 requests are cut at localhost/shop")
    assert bench.told()[-1] == ("cut", ("web01",))
    assert bench.state.hosts["web01"].traffic["localhost/shop"].cut == 3


async def test_where_the_file_says_proceed_they_are_cut_and_counted():
    bench = Bench(specs=(changed(FIRST, on_drain_timeout="proceed"),))
    bench.balancers[0].keep("web01", 1)
    ended = await bench.drain()
    assert (ended.status, str(ended.detail)) == ("done", "1 request is cut at localhost/shop")


async def test_a_host_that_somebody_else_drained_is_left_so():
    bench = Bench()
    bench.balancers[0].put("drained", ("web01",))
    assert str((await bench.drain()).detail) == "out of localhost/shop since before this run"
    assert str((await bench.admit()).detail) == "stays out of localhost/shop, as it was before this run"
    assert (bench.marks(), bench.told(), bench.balancers[0].servers["web01"].admission) == (["left"], [], "drained")


async def test_an_engine_that_takes_over_knows_its_own_drain_from_somebody_else_s():
    bench = Bench()
    bench.record(ev.TrafficChanged(host="web01", balancer="localhost/shop", mark="draining"))
    bench.balancers[0].put("drained", ("web01", "web02"))
    await bench.drain()
    await bench.drain("web02")
    await bench.admit()
    await bench.admit("web02")
    assert (bench.balancers[0].servers["web01"].admission, bench.balancers[0].servers["web02"].admission) == ("in", "drained")


async def test_a_drain_that_is_forgotten_is_told_once_more_and_then_it_is_a_person_s():
    bench = Bench()
    bench.balancers[0].keep("web01", 2, 3.0)
    bench.balancers[0].loses.add("web01")
    assert (await bench.drain()).status == "done"
    assert [call for call, _ in bench.told()] == ["drain", "drain"]


@pytest.mark.parametrize("kind", ["deploy", "restart"])
async def test_the_last_server_that_serves_is_not_drained(kind: RunKind):
    bench = Bench(3, kind)
    bench.balancers[0].put("out", ("web02", "web03"))
    ended = await bench.drain()
    words = "web01 is the last server of localhost/shop that gets requests; put another server of localhost/shop back into its traffic, then continue"
    assert (ended.status, str(ended.detail), str(ended.hint)) == ("held", words, "deploy continue r1")
    assert bench.told() == []


async def test_the_last_server_is_drained_where_a_person_gave_a_reason_and_left_in_where_it_goes_back():
    bench = Bench(1)
    ended = await bench.drain(phase="rollback")
    assert (ended.status, str(ended.detail)) == ("done", "not drained: web01 is the last server of localhost/shop that gets requests")
    bench = Bench(1, request=Request(overrides=(("balancer", "nobody is awake"),)))
    assert (await bench.drain()).status == "done"
    assert bench.told() == [("drain", ("web01",))]
    assert (await Bench(1, "restart").drain()).detail.startswith("not drained")


async def test_a_side_that_is_to_rest_and_cannot_is_not_back():
    bench = Bench(1)
    task = bench.task("drain", phase="rollback")
    task.step = changed(task.step, fatal=True)
    assert (await bench.wait(drain(task))).status == "failed"


async def test_the_old_side_s_requests_end_by_themselves():
    bench = Bench()
    bench.balancers[0].keep("web01", 2)
    ended = await bench.drain(phase="verify")
    assert (ended.status, str(ended.detail)) == ("done", "2 requests still under way at localhost/shop: web01 goes on until they end")
    assert bench.told() == [("drain", ("web01",))]


async def test_two_of_two_at_once_are_not_both_drained():
    bench = Bench(2)
    first, second = await bench.wait(asyncio.gather(drain(bench.task("drain", "web01")), drain(bench.task("drain", "web02"))))
    assert (first.status, second.status) == ("done", "held")


async def test_hosts_of_a_wave_are_told_together():
    bench = Bench(4)
    await bench.wait(asyncio.gather(*(drain(bench.task("drain", f"web{number:02}")) for number in (1, 2, 3))))
    assert bench.told() == [("drain", ("web01", "web02", "web03"))]


async def test_what_is_wanted_last_of_a_host_is_what_is_done():
    bench = Bench()
    shared = bench.shared[0]
    await bench.wait(asyncio.gather(shared.admit("web02"), shared.drain("web01"), shared.admit("web01")))
    assert bench.balancers[0].servers["web01"].admission == "in"
    assert [call for call in bench.told() if "web01" in call[1]] == [("admit", ("web02", "web01"))]


async def test_a_balancer_that_does_not_answer_is_asked_again_and_then_waits_for_a_person():
    bench = Bench()
    bench.balancers[0].leave()
    ended = await bench.drain()
    assert (ended.status, str(ended.detail), str(ended.hint)) == ("held", "localhost/shop: no answer within 5 s", "look at it there")
    assert len(bench.balancers[0].calls) > 3
    bench.balancers[0].mend()
    assert (await bench.drain()).status == "done"
    bench.balancers[0].leave()
    assert (await bench.admit()).status == "held"
    bench.balancers[0].leave("it is another one", reached=True)
    before = len(bench.balancers[0].calls)
    await bench.admit()
    assert len(bench.balancers[0].calls) == before + 2


async def test_a_way_back_waits_for_no_balancer_and_cuts_what_is_late():
    bench = Bench(specs=(changed(FIRST, drain_timeout=600.0),))
    bench.balancers[0].leave()
    assert (await bench.drain(phase="rollback")).status == "failed"
    assert bench.marks() == ["unread"]
    ended = await bench.admit(phase="rollback")
    assert (ended.status, str(ended.detail)) == ("done", "it was not taken out; localhost/shop: no answer within 5 s")
    bench.balancers[0].mend()
    bench.balancers[0].keep("web01", 2)
    began = bench.clock.mono()
    assert str((await bench.drain(phase="rollback")).detail) == "2 requests are cut at localhost/shop"
    assert bench.clock.mono() - began < 12
    bench.balancers[0].leave()
    assert (await bench.admit(phase="rollback")).status == "failed"


async def test_a_host_that_its_balancer_finds_unwell_has_failed():
    bench = Bench()
    await bench.drain()
    bench.balancers[0].servers["web01"].up = False
    ended = await bench.admit()
    assert (ended.status, str(ended.detail)) == ("failed", "localhost/shop finds web01 unwell: web01: its checks do not pass")


async def test_a_host_that_is_well_is_back_though_another_of_the_same_order_is_not():
    bench = Bench(4)
    await bench.wait(asyncio.gather(*(drain(bench.task("drain", name)) for name in ("web01", "web02"))))
    bench.balancers[0].servers["web02"].up = False
    well, unwell = await bench.wait(asyncio.gather(*(admit(bench.task("admit", name)) for name in ("web01", "web02"))))
    assert (well.status, unwell.status) == ("done", "failed")


async def test_all_balancers_have_to_agree():
    second = changed(FIRST, backend="shop-tls")
    bench = Bench(specs=(FIRST, second))
    bench.balancers[1].leave("it has no such backend", reached=True)
    ended = await bench.drain()
    assert (ended.status, str(ended.detail)) == ("held", "localhost/shop-tls: it has no such backend")
    bench.balancers[1].mend()
    assert (await bench.drain()).status == "done"
    bench.balancers[1].put("in", ("web01",))
    assert (await bench.admit()).status == "done"
    assert {one.servers["web01"].admission for one in bench.balancers} == {"in"}


def places(bench: Bench, *hosts: str) -> list[AtBalancer]:
    return [AtBalancer(shared, host, lambda: bench.state, bench.record, bench.write, bench.clock) for host in hosts for shared in bench.shared]


async def test_a_host_that_failed_is_taken_out_and_that_is_read_back():
    bench = Bench()
    bench.balancers[0].put("out", ("web02",))
    await bench.wait(take_all_out(places(bench, "web01", "web02")))
    assert (bench.marks("web01"), bench.marks("web02")) == (["draining", "drained"], ["left"])


async def test_where_that_cannot_be_read_back_it_is_said_and_tried_until_it_can():
    bench = Bench()
    bench.record(ev.StepStarted(step="wave-1/web01/drain", host="web01"), ev.StepFinished(step="wave-1/web01/drain", host="web01"))
    bench.record(ev.StepStarted(step="wave-1/web01/switch", host="web01"))
    bench.record(ev.StepFinished(step="wave-1/web01/switch", host="web01", status="unreachable", detail=SafeText("no answer")))
    bench.balancers[0].leave()
    work = asyncio.ensure_future(take_all_out(places(bench, "web01")))
    for _ in range(400):
        await asyncio.sleep(0)
        await bench.clock.advance(0.05)
    assert bench.marks() == ["draining", "unread"]
    assert not work.done()
    bench.balancers[0].mend()
    await bench.wait(work)
    assert bench.marks() == ["draining", "unread", "drained"]


async def test_one_that_is_tried_again_meanwhile_is_not_taken_out():
    bench = Bench()
    bench.record(ev.StepStarted(step="wave-1/web01/drain", host="web01"))
    await bench.wait(take_all_out(places(bench, "web01")))
    assert ([call for call in bench.told() if call[0] == "drain"], bench.balancers[0].servers["web01"].admission) == ([], "in")


@pytest.mark.parametrize("silent", [False, True])
async def test_where_the_lane_drains_nobody_a_host_that_was_not_taken_out_is_left_as_it_is(silent: bool):
    bench = Bench(strategy="recreate")
    if silent:
        bench.balancers[0].leave()
    assert (await bench.admit()).status == "done"
    assert (bench.told(), bench.marks()) == ([], [] if silent else ["in"])


async def test_where_the_lane_drains_nobody_a_host_that_was_taken_out_is_put_back():
    bench = Bench(strategy="recreate")
    bench.balancers[0].put("out", ("web01",))
    bench.record(ev.TrafficChanged(host="web01", balancer=bench.balancers[0].name, mark="drained"))
    assert (await bench.admit()).status == "done"
    assert (bench.told(), bench.marks()[-1]) == ([("admit", ("web01",))], "in")


async def test_the_last_server_is_not_taken_out_though_it_failed():
    bench = Bench(1)
    bench.record(ev.RunEnded(exit=5, outcome="failed"))
    await bench.wait(take_all_out(places(bench, "web01")))
    assert bench.marks() == ["draining", "unread"]
    assert bench.balancers[0].servers["web01"].admission == "in"


async def test_a_way_back_waits_no_longer_for_a_look_of_somebody_else_than_for_its_own():
    class Slow(ScriptedBalancer):
        async def look(self, *, deadline: float) -> Any:
            await asyncio.Event().wait()

    shared = SharedBalancer(Slow(frozenset({"web01"}), "edge", lambda: 0.0), SetClock(datetime(2026, 3, 1, tzinfo=UTC), 1000.0))
    slow = asyncio.create_task(shared.look(600.0))
    await asyncio.sleep(0)
    found = await asyncio.wait_for(shared.look(0.05), 30)
    assert isinstance(found, BalancerProblem)
    assert (str(found.message), found.reached, shared.is_silent) == ("it has not answered for 0.05 s", False, True)
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)


@pytest.mark.parametrize(("phase", "status", "hint"), [("release", "held", "deploy continue r1"), ("rollback", "failed", "")])
async def test_only_what_waits_for_a_person_names_how_it_is_continued(phase: str, status: str, hint: str):
    bench = Bench()
    bench.balancers[0].problem = BalancerProblem(FIRST.name, SafeText("it says no"), reached=True)
    ended = await bench.drain(phase=phase)
    assert (ended.status, str(ended.hint)) == (status, hint)


async def test_a_drain_that_is_given_up_before_the_balancer_was_told_keeps_no_other_host_from_leaving():
    bench, through = Bench(2), asyncio.Event()

    async def never(event: ev.Event) -> None:
        await through.wait()

    bench.tools.write = never
    draining = asyncio.ensure_future(drain(bench.task("drain", "web02")))
    for _ in range(20):
        await asyncio.sleep(0)
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    bench.tools.write = bench.write
    assert (await bench.drain(phase="rollback")).status == "done"
    assert bench.told() == [("drain", ("web01",))]
