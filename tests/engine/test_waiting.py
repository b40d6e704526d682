"""Checks of the file in a run: reported as they come, waited for while somebody is there, ticked off, overridden; and a no-go where nobody is."""

import asyncio
from datetime import UTC, datetime

import pytest

from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SetClock
from console.engine.preflight.decision import AGAIN, FRESH, Preflight
from console.engine.preflight.findings import SLOW, prepare
from console.engine.preflight.preflight_input import PreflightInput
from console.engine.run.runner import Runner
from console.model.checks import Finding
from console.model.commands import Abort, Accepted, Acknowledge, Decide, Refusal
from console.model.configured_checks import CheckSpec
from console.model.events import CheckReported, PlanMade, RunOpened
from console.model.request import Person, Request
from console.model.values import changed
from console.safe_text import SafeText
from tests.engine.test_preflight import ADA, ENVIRONMENT, Fleet

BOB = Person("bob", 1001)
CI = CheckSpec("CI", "github", repository="acme/shop")
SUPPORT = CheckSpec("Support knows", "manual", prompt="Told?")


def found(status, seen="seen"):
    return Finding(status, SafeText(seen), since="2026-11-24T08:00:00Z", again=AGAIN)


class Answers:
    """Answers each check by its name: one after the other, the last one for ever. A number is a wait."""

    def __init__(self, **answers):
        self.answers = {name: list(each) for name, each in answers.items()}
        self.asked = []

    async def ask(self, environment, check, hosts, values):
        self.asked.append((check.name, values["commit"]))
        if check.kind == "manual":
            return (("", found("waiting", check.prompt)),)
        said = self.answers[check.name]
        one = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(one, float):
            await asyncio.sleep(one)
            one = found("passed")
        return (("", one),)


class Run:
    def __init__(self, tmp_path, request, specs, answers):
        tmp_path.chmod(0o700)
        environment = changed(ENVIRONMENT, checks=tuple(specs))
        self.fleet, self.answers = Fleet(), answers
        self.clock = SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC))
        self.runner = Runner(environment, MemoryJournal(), self.clock, None, lambda written: None)
        names = tuple(host.name for host in environment.hosts)
        self.runner.record(
            RunOpened(
                run="20261124T090000Z-production-1234",
                kind=request.kind,
                app="shop",
                environment="production",
                protected=False,
                by=ADA,
                request=request,
                config_digest="d",
                hosts=names,
            )
        )
        inputs = PreflightInput(environment, request, self.fleet, self.fleet, answers, self.clock.now(), UTC, self.state.run)
        self.preflight = Preflight(inputs, self.runner, self.clock)
        self.waiting = None

    @property
    def state(self):
        return self.runner.state

    def status(self, name):
        return next(check.status for check in self.state.checks if check.id == name)

    async def begin(self):
        assert await self.preflight.look()
        await self.preflight.decide(ADA)
        self.waiting = asyncio.ensure_future(self.preflight.wait_for_checks(ADA))
        await self.after(0)

    async def after(self, seconds):
        for _ in range(int(seconds) + 1):
            await self.clock.advance(1 if seconds else 0)
            for _ in range(20):
                await asyncio.sleep(0)


@pytest.fixture
def a_run(tmp_path):
    opened = []

    def make(request, *specs, **answers):
        opened.append(Run(tmp_path, request, specs, Answers(**answers)))
        return opened[-1]

    yield make
    for run in opened:
        if run.waiting:
            run.waiting.cancel()


WAITS = Request(ref="main", yes=True, wait_for_person=None)


async def test_a_ci_that_gets_green_is_waited_for_and_then_it_goes(a_run):
    run = a_run(WAITS, CI, CI=[found("waiting", "0 of 1 passed"), found("waiting", "0 of 1 passed"), found("passed")])
    await run.begin()
    assert (run.state.phase, run.state.go, run.status("CI")) == ("deciding", None, "waiting")
    seq = run.state.seq
    await run.after(AGAIN + 1)
    assert (run.state.seq, run.status("CI")) == (seq, "waiting"), "nothing new is no event"
    await run.after(AGAIN + 1)
    assert (run.state.go, run.status("CI")) == (True, "passed")
    assert {commit for _, commit in run.answers.asked} == {f"{1:040x}"}


async def test_a_person_says_go_when_it_is_green(a_run):
    run = a_run(changed(WAITS, yes=False), CI, CI=[found("waiting"), found("passed")])
    await run.begin()
    await run.after(AGAIN + 2)
    assert (run.state.phase, run.state.go, run.status("CI")) == ("deciding", None, "passed")


async def test_a_ci_that_gets_red_is_a_no_go(a_run):
    run = a_run(WAITS, CI, CI=[found("waiting"), found("failed", "1 of 1 failed: test")])
    await run.begin()
    await run.after(AGAIN + 2)
    assert run.state.go is False
    assert "1 of 1 failed: test" in run.state.reasons[0]


async def test_one_that_cannot_be_measured_once_waits_on_and_says_so(a_run):
    run = a_run(WAITS, CI, CI=[found("waiting", "0 of 1"), found("error", "rate-limited until 9"), found("error", "HTTP 502"), found("passed")])
    await run.begin()
    await run.after(AGAIN + 2)
    (check,) = (check for check in run.state.checks if check.id == "CI")
    assert (check.status, check.detail) == (
        "waiting",
        "0 of 1, since 2026-11-24 08:00:00 UTC; asked again: rate-limited until 9, since 2026-11-24 08:00:00 UTC",
    )
    await run.after(3 * AGAIN)
    assert run.state.go


async def test_without_a_person_what_waits_is_a_no_go_at_once(a_run):
    run = a_run(Request(ref="main", yes=True), CI, CI=[found("waiting", "0 of 1")])
    await run.begin()
    assert run.state.go is False
    assert "CI" in run.state.reasons[0]


async def test_it_is_waited_for_as_long_as_was_said_and_no_longer(a_run):
    run = a_run(Request(ref="main", yes=True, wait_for_person=30.0), CI, CI=[found("waiting", "0 of 1")])
    await run.begin()
    await run.after(25)
    assert run.state.go is None
    await run.after(8)
    assert run.state.go is False


async def test_an_error_at_the_first_look_is_a_no_go_and_an_override_goes_over_it(a_run):
    run = a_run(WAITS, CI, CI=[found("error", "HTTP 401")])
    await run.begin()
    assert run.state.go is False


async def test_an_override_with_its_reason_goes_over_every_kind(a_run):
    overrides = (("CI", "the runner burns"), ("Support knows", "they do"))
    run = a_run(changed(WAITS, overrides=overrides), CI, SUPPORT, CI=[found("failed")])
    await run.begin()
    assert run.state.go
    assert {run.status("CI"), run.status("Support knows")} == {"overridden"}
    assert "the runner burns" in next(check.detail for check in run.state.checks if check.id == "CI")


async def test_a_check_that_does_not_block_is_shown_and_holds_nothing_up(a_run):
    run = a_run(Request(ref="main", yes=True), changed(CI, blocking=False), CI=[found("failed")])
    await run.begin()
    assert (run.state.go, run.status("CI")) == (True, "failed")


async def test_somebody_ticks_a_manual_check_off_and_the_second_is_told_who_was_first(a_run):
    run = a_run(WAITS, SUPPORT)
    await run.begin()
    assert (run.state.go, run.status("Support knows")) == (None, "waiting")
    assert isinstance(await run.runner.submit(Acknowledge(check="CI"), BOB), Refusal)
    assert isinstance(await run.runner.submit(Acknowledge(check="Support knows"), BOB), Accepted)
    (check,) = (check for check in run.state.checks if check.id == "Support knows")
    assert (check.status, check.by, check.detail) == ("passed", "bob", "ticked off by bob, 2026-11-24 09:00:00 UTC")
    again = await run.runner.submit(Acknowledge(check="Support knows"), ADA)
    assert isinstance(again, Refusal)
    assert "bob was first" in again.message
    await run.after(2)
    assert run.state.go


async def test_a_tick_outlives_the_second_look(a_run):
    run = a_run(changed(WAITS, yes=False), SUPPORT)
    await run.begin()
    await run.runner.submit(Acknowledge(check="Support knows"), BOB)
    await run.clock.advance(600)
    assert await run.preflight._changed_since() == ()
    assert run.status("Support knows") == "passed"


async def test_every_check_is_asked_at_once_and_each_verdict_is_told_as_it_comes(a_run):
    quick, slow = CheckSpec("quick", "tcp", port=1), CheckSpec("slow", "tcp", port=1)
    run = a_run(WAITS, slow, quick, quick=[0.0], slow=[SLOW + 0.4])
    told = [event async for event in prepare(run.preflight._now())]
    ours = [(event.check.id, event.check.status) for event in told if isinstance(event, CheckReported) and event.check.kind]
    assert ours == [("quick", "passed"), ("slow", "waiting"), ("slow", "passed")]
    assert isinstance(told[-1], PlanMade)


async def test_a_rollback_and_a_restart_ask_none(a_run):
    run = a_run(Request(kind="restart", yes=True), CI, CI=[found("failed")])
    await run.begin()
    assert run.state.go
    assert run.answers.asked == []


async def test_a_go_that_looks_again_tells_nobody_of_a_release_that_was_given_up_meanwhile(a_run, monkeypatch):
    class Told:
        count = 0

        async def before(self):
            self.count += 1
            return ()

    run, told, looked = a_run(Request(ref="main")), Told(), asyncio.Event()
    run.preflight._announcer = told
    await run.begin()
    await run.after(FRESH + 5)
    run.waiting.cancel()

    async def slowly(*given):
        await looked.wait()
        return ()

    monkeypatch.setattr("console.engine.preflight.decision.prepare_again", slowly)
    going = asyncio.create_task(run.preflight.go(Decide(go=True), ADA))
    await run.after(0)
    assert isinstance(await run.runner.submit(Abort(), BOB), Accepted)
    looked.set()
    answer = await going
    assert (isinstance(answer, Refusal), told.count, run.state.go) == (True, 0, False)
