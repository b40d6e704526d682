"""Maintenance mode by an engine, on hosts and balancers that exist in memory alone: what goes first, who was first, what is left, and when it ends."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.balancers.scripted_balancer import ScriptedBalancer
from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SetClock
from console.engine.catch_up.reminder import Reminder
from console.engine.context import QueryContext
from console.engine.maintenance.change import answer_maintenance, answer_maintenance_seen, read_maintenance
from console.engine.maintenance.end_watch import MaintenanceEnd
from console.engine.maintenance.release_page import switch_for_run
from console.engine.queries.lock_and_unlock import note_seen
from console.errors import NoGo, UsageFault
from console.model.balancer import Balancer
from console.model.configured_environment import Environment, Notify
from console.model.environment_record import EnvironmentRecord
from console.model.events import MaintenanceChanged, RunEnded
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import HostFacts, LockHolder
from console.model.maintenance_mode import HostMaintenance, MaintenanceSeen
from console.model.request import Person, Request
from console.model.state import RunState
from console.model.traffic import BalancerProblem
from console.model.values import changed
from console.ports.hosts import Ran
from console.ports.journal import Known
from console.ports.people import Delivery
from console.safe_text import SafeText

ADA, LIN = Person("ada", 1), Person("lin", 2)
SHOP = Environment(
    "shop", "production", "/srv/shop", (Host("web01"), Host("web02")),
    commands={"maintenance_on": Command("on"), "maintenance_off": Command("off")},
    balancers=(Balancer("haproxy", backend="shop", maintenance=True), Balancer("haproxy", backend="other")),
)  # fmt: skip


class AwayJournal:
    """A record whose database does not answer, for one who looks: this machine knows nothing of the environment, and would have told what is stated later."""

    def __init__(self, there: MemoryJournal) -> None:
        self.keep_note, self.keep_maintenance = there.keep_note, there.keep_maintenance

    async def known(self, app: str, environment: str) -> Known:
        return Known(EnvironmentRecord(app, environment), is_confirmed=False)


class Bench:
    """Hosts that keep what the script would leave, two balancers of which one shows a page, a record, and a clock."""

    def __init__(self, environment: Environment = SHOP) -> None:
        self.left: dict[str, HostMaintenance] = {}
        self.away: set[str] = set()
        self.fails: set[str] = set()
        self.order: list[str] = []
        self.told: list[str] = []
        self.clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), 1000.0)
        self.journal = MemoryJournal()
        self.balancers = tuple(ScriptedBalancer(frozenset({"web01"}), one.name, page=False if one.maintenance else None) for one in environment.balancers)
        outside = SimpleNamespace(scout=self, attended=self, balancers=self.balancers, notifier=self)
        self.fleet = QueryContext(environment, outside, self.clock, None, "", self.journal, None, digest="d")  # type: ignore[arg-type]

    async def look(self, environment: Environment, host: Host, *, deadline: float) -> HostFacts:
        problem = SafeText("no route" if host.name in self.away else "")
        return HostFacts(host.name, problem=problem, maintenance=None if problem else self.left.get(host.name))

    async def run(self, host: Host, body: str, run_as: str, sink: Any, *, deadline: float) -> Ran:
        given = dict(line.partition("=")[::2] for line in body.splitlines() if line.split("=")[0] in ("verb", "by", "since", "until", "run", "message"))
        said = {name: SafeText(text.strip("'")) for name, text in given.items()}
        before, run, verb = self.left.get(host.name), str(said["run"]), str(said["verb"])
        self.order.append(f"{host.name} {verb}")
        if run and ((verb == "on" and before and before.state == "on" and before.run != run) or (verb == "off" and (not before or before.run != run))):
            sink(b"left as it was found: it is somebody else's\n")
            return Ran(0)
        state = f"turning-{verb}" if host.name in self.fails else verb
        self.left[host.name] = HostMaintenance(state, said["by"], said["since"], said["until"], said["message"], run)  # type: ignore[arg-type]
        if state == "off":
            del self.left[host.name]
        return Ran(1 if host.name in self.fails else 0)

    async def tell(self, title: str, body: str, *, deadline: float) -> tuple[Delivery, ...]:
        self.told.append(title)
        return ()

    async def switch(self, verb: str, person: Person = ADA, **more: object) -> dict[str, Any]:
        return await answer_maintenance(self.fleet, {"verb": verb, **more}, person)  # type: ignore[return-value]

    async def seen(self) -> MaintenanceSeen:
        return await answer_maintenance_seen(self.fleet, {}, ADA)

    async def kept(self) -> Any:
        return (await self.journal.environment("shop", "production")).maintenance


def release(run: str = "r1", **fields: object) -> RunState:
    return RunState(run=run, kind="deploy", by=ADA, hosts={"web01": None, "web02": None}, request=Request(ref="v2"), **fields)  # type: ignore[arg-type]


async def for_run(bench: Bench, verb: str, state: RunState | None = None) -> tuple[Any, MaintenanceChanged | None]:
    return await switch_for_run(bench.fleet, verb, state or release(), lambda host, line: None)  # type: ignore[arg-type]


async def test_balancers_that_have_a_page_go_with_the_hosts_and_are_read_back():
    bench = Bench()
    done = await bench.switch("on", message="soon")
    assert (done["seen"].state, done["exit"], [one.page for one in bench.balancers]) == ("on", 0, [True, None])
    assert [place.place for place in done["seen"].places] == ["web01", "web02", "localhost/shop"]
    assert ((await bench.kept()).message, (await bench.kept()).by) == ("soon", "ada")
    assert (await bench.switch("off"))["seen"].state == "off"
    assert (await bench.kept(), bench.balancers[0].page) == (None, False)


@pytest.mark.parametrize("verb", ["on", "off"])
async def test_a_balancer_without_an_answer_makes_it_mixed_and_is_named(verb: str):
    bench = Bench()
    if verb == "off":
        await bench.switch("on")
    bench.balancers[0].leave()
    done = await bench.switch(verb)
    assert (done["seen"].state, done["exit"], done["problems"][0]["message"]) == ("mixed", 5, "localhost/shop: no answer within 5 s")
    bench.balancers[0].mend()
    assert (await bench.switch(verb))["exit"] == 0


async def test_who_only_wants_to_know_waits_three_seconds_for_a_silent_balancer_and_who_switches_waits_longer(monkeypatch: pytest.MonkeyPatch):
    bench, waited = Bench(), list[float]()

    async def maintained(*, deadline: float) -> BalancerProblem:
        waited.append(deadline)
        return BalancerProblem("localhost/shop", SafeText("no answer"))

    monkeypatch.setattr(ScriptedBalancer, "maintained", lambda self, *, deadline: maintained(deadline=deadline))
    seen, _ = await read_maintenance(bench.fleet, (HostFacts("web01"), HostFacts("web02")))
    await read_maintenance(bench.fleet)
    assert (seen.state, seen.places[-1].shows, waited) == ("unknown", "unknown", [3.0, 20.0])


async def test_balancers_alone_are_enough_and_nothing_is_a_question_of_the_file():
    alone = Bench(changed(SHOP, commands={}))
    assert (await alone.switch("on"))["seen"].state == "on"
    assert alone.order == []
    for bare, words in (
        (changed(SHOP, commands={}, balancers=()), "no maintenance page"),
        (changed(SHOP, commands={"maintenance_on": Command("on")}), "never off"),
    ):
        with pytest.raises(UsageFault, match=words):
            await Bench(bare).switch("on")


async def test_whoever_looked_before_somebody_else_switched_it_is_told():
    bench = Bench()
    mark = (await bench.seen()).mark
    await bench.switch("on", LIN)
    second = await bench.switch("on", ADA, expects=mark, message="mine")
    assert (second["run"], second["exit"]) == ("", 0)
    assert second["problems"][0]["message"].startswith("lin was first: maintenance of production is on since")
    assert (await bench.kept()).by == "lin"
    with pytest.raises(NoGo, match="lin was first"):
        await bench.switch("off", ADA, expects=mark)


async def test_a_host_that_is_away_is_missed_and_what_another_console_switched_is_learnt_from_the_hosts():
    bench = Bench()
    bench.away = {"web02"}
    assert ((await bench.seen()).state, (await bench.switch("on"))["seen"].state) == ("unknown", "mixed")
    bench.away = set()
    await bench.journal.keep_maintenance("shop", "production", None)
    assert ((await bench.seen()).state, (await bench.kept()).by) == ("mixed", "ada")
    bench.left.clear()
    bench.balancers[0].page = False
    assert ((await bench.seen()).state, await bench.kept()) == ("off", None)


async def test_who_looks_while_the_record_is_away_states_nothing():
    """What stands on the hosts says nothing of balancers: a release could not take its page from them again."""
    bench = Bench()
    await for_run(bench, "on")
    kept = await bench.kept()
    before, bench.fleet = bench.fleet, replace(bench.fleet, journal=AwayJournal(bench.journal))  # type: ignore[arg-type]
    seen = await bench.seen()
    await note_seen(bench.fleet, [HostFacts("web01", closed=LockHolder(SafeText("lin"))), HostFacts("web02")])
    assert (seen.state, seen.kept.by if seen.kept else "", await bench.kept()) == ("on", "ada", kept)
    assert (await bench.journal.environment("shop", "production")).note is None
    bench.fleet = before
    await for_run(bench, "off")
    assert (bench.left, bench.balancers[0].page) == ({}, False)


async def test_a_release_switches_off_what_it_has_switched_on_and_nothing_else():
    bench = Bench()
    result, change = await for_run(bench, "on")
    assert (result.status, change.now.run, change.now.balancers) == ("done", "r1", ("localhost/shop",))  # type: ignore[union-attr]
    again, _ = await for_run(bench, "on")
    assert (again.status, (await bench.kept()).balancers) == ("done", ("localhost/shop",)), "an engine that takes it up knows what was off before"
    result, change = await for_run(bench, "off")
    assert (result.status, change.now, bench.left, bench.balancers[0].page, await bench.kept()) == ("done", None, {}, False, None)  # type: ignore[union-attr]


@pytest.mark.parametrize(("comes_up", "status"), [(True, "done"), (False, "failed")])
async def test_the_page_stays_until_a_balancer_finds_a_host_well(comes_up: bool, status: str):
    bench = Bench()
    await for_run(bench, "on")
    server = bench.balancers[0].servers["web01"]
    server.up = False
    task = asyncio.ensure_future(for_run(bench, "off"))
    for second in range(80):
        for _ in range(20):
            await asyncio.sleep(0)
        await bench.clock.advance(1.0)
        server.up = comes_up and second > 5
        assert second > 5 or bench.balancers[0].page
    result, _ = await task
    assert (result.status, bench.balancers[0].page) == (status, not comes_up)
    assert comes_up or "finds no host well after 60 s: the maintenance page stays on" in result.detail


async def test_a_balancer_that_was_on_before_a_release_stays_on():
    bench = Bench()
    bench.balancers[0].page = True
    await for_run(bench, "on")
    await for_run(bench, "off")
    assert (bench.left, bench.balancers[0].page) == ({}, True)


async def test_what_a_person_switches_before_or_during_a_release_stays():
    bench = Bench()
    await bench.switch("on", LIN)
    assert "stays on" in (await for_run(bench, "on"))[0].detail
    await for_run(bench, "off")
    assert ((await bench.seen()).state, (await bench.kept()).by) == ("on", "lin")
    await bench.switch("off", LIN)
    await for_run(bench, "on", release("r2"))
    await bench.switch("on", LIN, message="longer")
    result, change = await for_run(bench, "off", release("r2"))
    assert (result.status, change.now.by, (await bench.seen()).state) == ("done", "lin", "on")  # type: ignore[union-attr]


async def test_a_release_says_which_host_shows_no_page_and_which_still_does():
    bench = Bench()
    bench.fails = {"web02"}
    result, change = await for_run(bench, "on")
    assert (result.status, change.missed) == ("failed", ("web02: maintenance_on ended with exit code 1",))  # type: ignore[union-attr]
    result, change = await for_run(bench, "off")
    assert (result.status, change.now.run, (await bench.kept()).run) == ("failed", "r1", "r1")  # type: ignore[union-attr]
    bench.fails = set()
    assert (await bench.switch("off"))["exit"] == 0
    assert await bench.kept() is None


async def test_it_ends_when_its_time_is_over_and_hosts_that_missed_it_are_tried_ever_more_rarely():
    bench = Bench(changed(SHOP, notify=Notify(("json://here",))))
    watch = MaintenanceEnd(lambda: bench.fleet, lambda: True)
    await bench.switch("on", seconds=60.0)
    await watch.look()
    assert (watch.is_on, bench.order) == (True, ["web01 on", "web02 on"])
    bench.fails = {"web02"}
    tries = []
    for second in range(200):
        await bench.clock.advance(1.0)
        before = len(bench.order)
        await watch.look()
        tries += [second] if len(bench.order) > before else []
    assert tries[0] in (59, 60)
    assert [later - earlier for earlier, later in pairwise(tries)] == [20, 40, 80]
    assert len(bench.told) == 1
    assert "not off everywhere: web02" in bench.told[0]
    bench.fails = set()
    await bench.clock.advance(200.0)
    await watch.look()
    assert (watch.is_on, await bench.kept(), bench.told[-1]) == (False, None, "maintenance of production of shop has ended: its time is over")
    runs = await bench.journal.runs("shop", "production")
    assert (runs[0].by, [event.exit for event in await bench.journal.of_type(runs[0].run, RunEnded)]) == ("the engine", [0])


class Unconfirmed(MemoryJournal):
    """A shared record whose database goes away, and of which this machine has what was said before."""

    is_away = False

    async def known(self, app: str, environment: str) -> Known:
        return (await super().known(app, environment))._replace(is_confirmed=not self.is_away)


async def test_it_is_not_ended_while_another_machine_may_have_prolonged_it_unseen():
    bench = Bench(changed(SHOP, notify=Notify(("json://here",))))
    bench.journal = journal = Unconfirmed()
    bench.fleet = replace(bench.fleet, journal=journal)
    watch = MaintenanceEnd(lambda: bench.fleet, lambda: True)
    await bench.switch("on", seconds=60.0)
    journal.is_away = True
    for _ in range(3):
        await bench.clock.advance(40.0)
        await watch.look()
    assert (watch.is_on, bench.order, len(bench.told)) == (True, ["web01 on", "web02 on"], 1)
    assert "the database of the record is away, and another machine may have prolonged it" in bench.told[0]
    prolonged = changed(await bench.kept(), until=SafeText("2026-03-01T01:00:00Z"))
    await journal.keep_maintenance("shop", "production", prolonged)
    journal.is_away = False
    await watch.look()
    assert (watch.is_on, len(bench.order)) == (True, 2)
    await bench.clock.advance(3600.0)
    await watch.look()
    assert (watch.is_on, bench.order[2:]) == (False, ["web01 off", "web02 off"])


async def test_it_is_not_ended_where_the_record_goes_away_while_the_hosts_are_looked_at():
    bench = Bench()
    bench.journal = journal = Unconfirmed()
    bench.fleet = replace(bench.fleet, journal=journal)
    watch = MaintenanceEnd(lambda: bench.fleet, lambda: True)
    await bench.switch("on", seconds=60.0)
    await bench.clock.advance(61.0)
    look = bench.look

    async def look_as_it_goes(environment: Environment, host: Host, *, deadline: float) -> HostFacts:
        journal.is_away = True
        return await look(environment, host, deadline=deadline)

    bench.look = look_as_it_goes  # type: ignore[method-assign]
    await watch.look()
    assert (watch.is_on, bench.order) == (True, ["web01 on", "web02 on"])


async def test_without_what_its_commands_need_it_is_not_ended_and_keeps_the_engine():
    bench = Bench()
    watch = MaintenanceEnd(lambda: bench.fleet, lambda: False)
    await bench.switch("on", seconds=1.0)
    await bench.clock.advance(5.0)
    await watch.look()
    assert (watch.is_on, (await bench.seen()).state) == (True, "on")
    assert bench.clock.now() - datetime.fromisoformat(str((await bench.kept()).until)) >= timedelta(seconds=4)


async def test_a_page_without_an_end_calls_a_person_once_and_again_the_next_day():
    bench = Bench(changed(SHOP, notify=Notify(("json://x",), after=60.0)))
    reminder = Reminder(lambda: bench.fleet)
    await reminder.look()
    await bench.switch("on", message="soon")
    for seconds, told in ((0.0, 0), (59.0, 0), (1.0, 1), (3600.0, 1), (86399.0, 2)):
        await bench.clock.advance(seconds)
        await reminder.look()
        await reminder.look()
        assert len(bench.told) == told
    assert bench.told[0] == "shop production: users are shown the maintenance page by ada since 2026-03-01 00:00 UTC, without an end"
    await bench.switch("off")
    await bench.switch("on", seconds=60.0)
    for _ in range(3):
        await bench.clock.advance(59.0)
        await reminder.look()
    assert len(bench.told) == 2


async def test_nobody_is_called_where_the_file_names_nobody():
    bench = Bench()
    reminder = Reminder(lambda: bench.fleet)
    await bench.switch("on")
    for _ in range(3):
        await reminder.look()
        await bench.clock.advance(1e6)
    assert bench.told == []
    await Reminder(lambda: None).look()
