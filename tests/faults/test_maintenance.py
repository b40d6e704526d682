"""Maintenance mode and recreate on real hosts, with clients that ask all the while."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import pairwise

from console.core.run.downtime import downtime
from console.model.commands import Continue
from console.model.events import MaintenanceChanged, StepFinished, StepStarted
from console.model.request import Request
from tests.faults.conftest import ADA, Scene, Stage

PAGE = """
[environments.production.commands]
maintenance_on = 'printf %s "$DEPLOY_MESSAGE" > {shared}/maintenance'
maintenance_off = "rm -f {shared}/maintenance"
"""
STOPS = """
stop = 'p=$(cat {shared}/shop.pid) && kill "$p" && while kill -0 "$p" 2>/dev/null; do sleep 0.02; done; rm -f {shared}/shop.pid'
start = "sleep 2; bin/restart"
"""


class Clients:
    """One for each host, that asks it again and again: (seconds, host, what it saw)."""

    def __init__(self, scene: Scene) -> None:
        self.seen: list[tuple[float, str, str]] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(machine.name, machine.address)) for machine in scene.fleet.hosts.values()]

    def _ask(self, host: str, address: str) -> None:
        while not self._over.is_set():
            self.seen.append((time.monotonic(), host, _asked(address)))
            time.sleep(0.05)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def longest_gap(self) -> float:
        """The most seconds between two answers to one client: what happened meanwhile was not seen."""
        times = {host: [at for at, asked, _ in self.seen if asked == host] for _, host, _ in self.seen}
        return max(later - earlier for seen in times.values() for earlier, later in pairwise(seen))


def _asked(address: str) -> str:
    asking = HTTPConnection(address, 8080, timeout=60)
    try:
        asking.request("GET", "/")
        answer = asking.getresponse()
        body = answer.read().decode()
        return "served" if answer.status == 200 else "page" if answer.status == 503 and body.startswith("maintenance") else f"{answer.status} {body}"
    except (OSError, HTTPException) as fault:
        return f"lost: {type(fault).__name__}"
    finally:
        asking.close()


@contextmanager
def asking(scene: Scene) -> Iterator[Clients]:
    clients = Clients(scene)
    clients.start()
    try:
        yield clients
    finally:
        clients.stop()


async def switched(scene: Scene, verb: str, **more: object) -> dict:
    return await scene.session.query("maintenance", {"verb": verb, **more}, ADA)  # type: ignore[return-value]


async def test_under_load_every_request_is_served_or_gets_the_page_and_a_host_that_is_away_makes_it_mixed(stage: Stage):
    async with stage(3, extra=PAGE) as scene:
        await scene.release("v1.0.0")
        with asking(scene) as clients:
            done = await switched(scene, "on", message="back soon")
            assert (done["seen"].state, done["exit"]) == ("on", 0)
            await scene.eventually(lambda: sum(seen == "page" for _, _, seen in clients.seen[-30:]) == 30)
            assert (await switched(scene, "off"))["seen"].state == "off"
            await scene.eventually(lambda: all(seen == "served" for _, _, seen in clients.seen[-30:]))
        assert {seen for _, _, seen in clients.seen} == {"served", "page"}
        scene.fleet.kill("web02")
        mixed = await switched(scene, "on")
        assert (mixed["seen"].state, mixed["exit"], [one["message"].split(":")[0] for one in mixed["problems"]]) == ("mixed", 5, ["web02"])
        scene.fleet.start("web02")
        scene.fleet.exec_in("web02", "cd /srv/shop/current && bin/restart", user="deploytest")
        assert (await switched(scene, "on"))["seen"].state == "on"
        assert (await switched(scene, "off"))["seen"].state == "off"


def outage(clients: Clients) -> tuple[float, float]:
    """From the first host that was gone to the first one that served again once none did: behind the longest time in which nobody was served."""
    gone = next(at for at, _, seen in clients.seen if seen.startswith("lost"))
    served = sorted(at for at, _, seen in clients.seen if seen == "served")
    return gone, max(pairwise(served), key=lambda pair: pair[1] - pair[0])[1]


async def test_recreate_stops_all_before_one_starts_and_its_downtime_is_what_clients_saw(stage: Stage):
    async with stage(4, extra=f"[environments.production.commands]{STOPS}".replace("sleep 2", "sleep 5")) as scene:
        await scene.release("v1.0.0")
        with asking(scene) as clients:
            state = await scene.release("v1.1.0", strategy="recreate")
        assert (state.exit, {host.version for host in state.hosts.values()}) == (0, {"v1.1.0"})
        stops = [event.seq for event in scene.events_of(StepFinished) if event.step.endswith("/stop")]  # type: ignore[attr-defined]
        starts = [event.seq for event in scene.events_of(StepStarted) if event.step.endswith("/restart")]  # type: ignore[attr-defined]
        assert (len(stops), max(stops) < min(starts)) == (4, True)
        gone, back = outage(clients)
        measured = downtime(state, state.mono)
        assert measured is not None
        allowed = 0.1 * (back - gone) + 0.5 + 2 * clients.longest_gap  # other tests share the machine
        assert abs(measured - (back - gone)) <= allowed, (measured, back - gone)


async def test_the_page_is_on_before_the_first_stop_and_off_behind_the_last_gate(stage: Stage):
    async with stage(3, extra=f"{PAGE}{STOPS}", app_extra="") as scene:
        await scene.release("v1.0.0")
        state = await scene.carry(Request(ref="v1.1.0", yes=True, strategy="recreate"))
        assert (state.exit, state.maintenance) == (0, None)
        names = [event.step for event in scene.events_of(StepStarted)]  # type: ignore[attr-defined]
        stop, gate = next(name for name in names if name.endswith("/stop")), [name for name in names if name.endswith("/gate")][-1]
        assert names.index("maintenance/on") < names.index(stop) < names.index(gate) < names.index("maintenance/off")
        assert [bool(event.now) for event in scene.events_of(MaintenanceChanged)] == [True, False]  # type: ignore[attr-defined]
        assert not any(scene.files(name, "shared/maintenance") for name in scene.fleet.names)
        assert (await scene.session.query("maintenance-seen", {}, ADA)).state == "off"  # type: ignore[attr-defined]


async def test_a_release_that_fails_goes_back_together_and_takes_its_page_away(stage: Stage):
    async with stage(3, extra=f"{PAGE}{STOPS}") as scene:
        await scene.release("v1.1.0")
        state = await scene.release("v1.2.0", strategy="recreate")
        assert (state.exit, state.outcome, state.maintenance) == (4, "rolled-back", None)
        assert {scene.live(name) for name in scene.fleet.names} == {"v1.1.0"}
        assert not any(scene.files(name, "shared/maintenance") for name in scene.fleet.names)
        assert (downtime(state, state.mono) or 0.0) > 4.0


async def test_what_a_person_has_switched_on_stays_on_behind_a_release(stage: Stage):
    async with stage(2, extra=f"{PAGE}{STOPS}") as scene:
        await scene.release("v1.0.0")
        await switched(scene, "on", message="by hand")
        state = await scene.release("v1.1.0", strategy="recreate")
        assert (state.exit, state.maintenance is not None) == (0, True)
        seen = await scene.session.query("maintenance-seen", {}, ADA)
        assert (seen.state, seen.kept.message) == ("on", "by hand")  # type: ignore[attr-defined]


async def test_an_engine_that_is_replaced_while_all_are_stopped_starts_them_and_takes_the_page_away(stage: Stage):
    async with stage(2, extra=f"{PAGE}{STOPS}") as scene:
        await scene.release("v1.0.0")
        await scene.open(Request(ref="v1.1.0", yes=True, strategy="recreate"))
        await scene.until_step("web02/restart", StepStarted)
        run = scene.run
        await scene.session.stop(ADA, force=True)
        scene.session = await scene.new_session()
        assert (await scene.session.query("maintenance-seen", {}, ADA)).state == "on"  # type: ignore[attr-defined]
        assert scene.session.owing
        await scene.session.resume(run, ADA)
        await scene.session.submit(run, Continue(), ADA)
        scene.events = []
        state = await scene.end()
        assert (state.exit, {scene.live(name) for name in scene.fleet.names}) == (0, {"v1.1.0"})
        assert not any(scene.files(name, "shared/maintenance") for name in scene.fleet.names)
        assert (await scene.session.query("maintenance-seen", {}, ADA)).state == "off"  # type: ignore[attr-defined]
