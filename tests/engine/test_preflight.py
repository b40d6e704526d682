"""GO on a fleet that is looked at again: a look that is fresh is not repeated, an old one is, and what has changed refuses the GO."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SetClock
from console.engine.context import QueryContext
from console.engine.preflight.decision import FRESH, Preflight
from console.engine.preflight.findings import prepare
from console.engine.preflight.input_from_record import input_for
from console.engine.preflight.preflight_input import PreflightInput
from console.engine.run.runner import Runner
from console.errors import NoGo
from console.model.commands import Abort, Accepted, Decide, Refusal
from console.model.commit_holding import Holding
from console.model.events import RunOpened
from console.model.host_commands import Command
from console.model.host_facts import HostFacts, HostRelease, LockHolder
from console.model.pending_commits import Between
from console.model.release_facts import Revision
from console.model.request import Person, Request
from console.model.traffic import BalancerSeen, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import NAME, balanced
from tests.core.simulation import OLD, an_environment

ADA = Person("ada", 1000)
ENVIRONMENT = changed(an_environment(3), commands={"stop": Command("stop"), "start": Command("start")})
OTHER = "20260101T060000Z-ccccccc"


def a_host(name: str, current: str = OLD) -> HostFacts:
    releases = (HostRelease(OLD, SafeText("v1")), HostRelease(OTHER, SafeText("v1.1")))
    return HostFacts(name, current=current, releases=releases, free=10**9, inodes=10**6)


@dataclass
class Fleet:
    """What is seen on the hosts, how often it was looked, and a branch that moves on."""

    facts: dict[str, HostFacts] = field(default_factory=lambda: {host.name: a_host(host.name) for host in ENVIRONMENT.hosts})
    looks: int = 0
    commits: int = 0

    async def examine(self, environment, host, *, deadline, target=""):
        self.looks += 1
        return self.facts[host.name]

    async def resolve(self, ref):
        self.commits += 1
        return Revision(f"{self.commits:040x}", SafeText("v2"), branches=(SafeText("main"),), size=1000, files=10)

    async def inspect(self, environment, revision):
        return Holding(files=10)

    async def relation(self, live, commit):
        return "newer"

    async def between(self, live, commit, migrations):
        return Between(known=False)


class Asked:
    """A pre-flight that has been made, at whose end somebody is asked."""

    def __init__(self, tmp_path, request):
        self.fleet = Fleet()
        self.clock = SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC))
        self.runner = Runner(ENVIRONMENT, MemoryJournal(), self.clock, None, lambda written: None)
        names = tuple(host.name for host in ENVIRONMENT.hosts)
        self.runner.record(
            RunOpened(
                run="20261124T090000Z-production-1234", kind=request.kind, app="shop", environment="production", protected=False, by=ADA,
                request=request, config_digest="d", hosts=names,
            )
        )  # fmt: skip
        inputs = PreflightInput(ENVIRONMENT, request, self.fleet, self.fleet, self.fleet, self.clock.now(), UTC, self.runner.state.run)
        self.preflight = Preflight(inputs, self.runner, self.clock)

    @property
    def state(self):
        return self.runner.state

    async def go(self):
        return await self.preflight.go(Decide(go=True, digest=self.state.plan.digest), ADA)


@pytest.fixture
async def asked(tmp_path):
    tmp_path.chmod(0o700)
    asked = Asked(tmp_path, Request(ref="main"))
    assert await asked.preflight.look()
    return asked


async def test_a_fresh_look_is_not_repeated(asked):
    await asked.clock.advance(FRESH)
    assert isinstance(await asked.go(), Accepted)
    assert asked.fleet.looks == 3


async def test_an_old_look_is_repeated_and_nothing_is_written_where_nothing_has_changed(asked):
    before = asked.state.seq
    await asked.clock.advance(FRESH + 1)
    assert await asked.go() == Accepted(before + 1)
    assert asked.fleet.looks == 6
    assert asked.state.go


async def test_the_commit_stays_the_one_that_was_shown(asked):
    await asked.clock.advance(600)
    assert isinstance(await asked.go(), Accepted)
    assert asked.fleet.commits == 1
    assert asked.state.revision.commit == f"{1:040x}"


async def test_another_way_back_refuses_the_go_once_and_says_it(asked):
    asked.fleet.facts["web02"] = a_host("web02", OTHER)
    await asked.clock.advance(FRESH + 1)
    said = await asked.go()
    assert isinstance(said, Refusal)
    assert "web02 would go back to v1.1, was v1" in said.message
    assert "GO again" in said.hint
    assert (asked.state.go, asked.state.phase) == (None, "deciding")
    assert asked.state.hosts["web02"].before == OTHER
    assert isinstance(await asked.go(), Accepted)
    assert asked.fleet.looks == 6


async def test_a_host_that_never_had_a_release_any_more_is_another_plan(asked):
    before = asked.state.plan.digest
    asked.fleet.facts["web02"] = changed(a_host("web02"), current="", releases=())
    await asked.clock.advance(FRESH + 1)
    said = await asked.go()
    assert isinstance(said, Refusal)
    assert f"was {before[:7]}" in said.message
    old = await asked.preflight.go(Decide(go=True, digest=before), ADA)
    assert "not the one that was shown" in old.message


async def test_what_blocks_by_now_ends_the_run_as_a_no_go(asked):
    asked.fleet.facts["web03"] = changed(a_host("web03"), free=10)
    await asked.clock.advance(FRESH + 1)
    said = await asked.go()
    assert isinstance(said, Refusal)
    assert "Room for the release: failed, was passed (web03: 0 MiB free" in said.message
    assert asked.state.go is False
    assert any("web03" in reason for reason in asked.state.reasons)


async def test_a_host_that_another_run_holds_by_now_ends_it_as_locked(asked):
    asked.fleet.facts["web01"] = changed(a_host("web01"), lock=LockHolder(SafeText("bob"), run="other"))
    await asked.clock.advance(FRESH + 1)
    assert isinstance(await asked.go(), Refusal)
    assert (asked.state.phase, asked.state.exit, asked.state.outcome) == ("ended", 6, "locked")


async def test_a_host_that_comes_back_while_somebody_thinks_is_one_of_the_fleet_again(tmp_path):
    tmp_path.chmod(0o700)
    asked = Asked(tmp_path, Request(ref="main"))
    asked.preflight._survey = replace(asked.preflight._survey, environment=an_environment(3, max_failures=1))
    whole = asked.fleet.facts["web03"]
    asked.fleet.facts["web03"] = HostFacts("web03", problem=SafeText("no route to host"), problem_kind="unreachable")
    await asked.preflight.look()
    assert asked.state.hosts["web03"].failed_once
    asked.fleet.facts["web03"] = whole
    await asked.clock.advance(FRESH + 1)
    said = await asked.go()
    assert "Hosts reachable: passed, was warning" in said.message
    assert (asked.state.hosts["web03"].condition, asked.state.hosts["web03"].failed_once) == ("old", False)
    assert isinstance(await asked.go(), Accepted)


async def test_a_pre_flight_that_took_long_is_made_again_before_a_go_that_was_given_beforehand(tmp_path):
    tmp_path.chmod(0o700)
    asked = Asked(tmp_path, Request(ref="main", yes=True))
    resolve = asked.fleet.resolve

    async def slowly(ref):
        await asked.clock.advance(FRESH + 30)
        asked.fleet.facts["web01"] = changed(a_host("web01"), free=10)
        return await resolve(ref)

    asked.fleet.resolve = slowly
    assert await asked.preflight.look()
    await asked.preflight.decide(ADA)
    assert asked.fleet.looks == 6
    assert asked.state.go is False


async def test_who_leaves_while_it_is_looked_again_is_heard(asked):
    examine = asked.fleet.examine

    async def leaving(environment, host, *, deadline, target=""):
        if asked.state.go is None:
            await asked.runner.submit(Abort(), ADA)
        return await examine(environment, host, deadline=deadline)

    asked.fleet.examine = leaving
    await asked.clock.advance(FRESH + 1)
    said = await asked.go()
    assert isinstance(said, Refusal)
    assert asked.state.go is False
    assert asked.state.interrupted


async def test_room_is_wanted_for_all_that_is_shipped_and_is_no_change_when_looked_at_again(tmp_path, monkeypatch):
    async def inspect(self, environment, revision):
        return Holding(files=10, size=10**9)

    monkeypatch.setattr(Fleet, "inspect", inspect)
    tmp_path.chmod(0o700)
    asked = Asked(tmp_path, Request(ref="main", overrides=(("space", "there will be"),)))
    assert await asked.preflight.look()
    assert "2862 MiB needed" in next(check.detail for check in asked.state.checks if check.id == "space")
    await asked.clock.advance(FRESH + 1)
    assert isinstance(await asked.go(), Accepted)


class OneSide:
    """A balancer that sends requests to those servers alone."""

    def __init__(self, *serve: str) -> None:
        self.serve = serve

    async def look(self, *, deadline: float) -> BalancerSeen:
        servers = (ServerTraffic(name, name, "in" if name in self.serve else "drained", up=True) for name in ("web01", "web02", "web03"))
        return BalancerSeen(NAME, tuple(servers))


async def test_what_a_blue_green_release_brings_is_counted_from_the_side_that_users_have():
    """Its notes and its migrations: those of the release that is live already are not new, though more hosts stand by with the one before."""
    compared = []

    class Sides(Fleet):
        async def between(self, live, commit, migrations):
            compared.append(live)
            return Between()

    colors = {"web01": "blue", "web02": "blue", "web03": "green"}
    bare = balanced(3)
    environment = changed(bare, strategy="bluegreen", hosts=tuple(changed(host, color=colors[host.name]) for host in bare.hosts))
    had = {name: HostRelease(OLD, SafeText("v1"), ("a" if color == "blue" else "b") * 40) for name, color in colors.items()}
    fleet = Sides({name: changed(a_host(name), releases=(release,)) for name, release in had.items()})
    inputs = PreflightInput(
        environment, Request(ref="main"), fleet, fleet, fleet, datetime(2026, 11, 24, 9, tzinfo=UTC), UTC, "r1", balancers=(OneSide("web03"),)
    )
    assert [event async for event in prepare(inputs)]
    assert compared == ["b" * 40]


async def test_a_rollback_that_has_nothing_to_go_back_to_names_its_environment_in_what_is_typed_next():
    """Where the file has several environments, `deploy rollback --to RELEASE` is refused: it says not which."""
    outside: Any = SimpleNamespace(scout=None, repository=None, checks=None, database=None, balancers=())
    fleet = QueryContext(ENVIRONMENT, outside, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), UTC, "", MemoryJournal(), None)  # type: ignore[arg-type]
    with pytest.raises(NoGo, match="there is nothing to roll back") as told:
        await input_for(fleet, Request(kind="rollback"), "r1")
    assert told.value.hint == "deploy rollback production --to RELEASE"
