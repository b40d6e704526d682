"""Tickets that are closed after a run's end: tried twice, and left to the next engine where this one dies between."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SetClock
from console.core.run.evolve import fold
from console.engine.engine import Engine
from console.engine.run.ticket_closer import close_ticket
from console.model.configured_environment import Environment, Ticket
from console.model.events import RunEnded, TicketClosed
from console.model.secret import SecretRef
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.plans import run_of
from tests.core.simulation import ADA, an_environment


class Tickets:
    """Answers with what it is told to, in order; then it is well."""

    def __init__(self, *problems: str) -> None:
        self.problems = list(problems)
        self.asked: list[dict[str, str]] = []

    async def close_ticket(self, values: Any, told: Any, *, deadline: float) -> SafeText:
        self.asked.append(dict(values))
        return SafeText(self.problems.pop(0) if self.problems else "")

    async def close(self) -> None:
        """It is the ports of the environment too."""

    @property
    def tickets(self) -> "Tickets":
        return self

    scout = locks = balancers = None


class Hurried(SetClock):
    """Does not sleep."""

    async def sleep(self, seconds: float) -> None:
        self.slept = [*getattr(self, "slept", []), seconds]


WITH = changed(an_environment(2), ticket=Ticket("bin/close {version}"))


def a_clock() -> Hurried:
    return Hurried(datetime(2026, 11, 24, 9, tzinfo=UTC))


def ended(environment: Environment = WITH) -> Any:
    run = run_of(environment)
    run.run()
    return run


@pytest.mark.parametrize(
    ("answers", "tries", "problem", "asked"),
    [((), 1, "", 1), (("503",), 2, "", 2), (("503", "exit code 3"), 2, "exit code 3", 2)],
)
async def test_it_is_tried_twice_and_no_more(answers: tuple[str, ...], tries: int, problem: str, asked: int):
    there, clock = Tickets(*answers), a_clock()
    fleet: Any = SimpleNamespace(environment=WITH, outside=there, clock=clock)
    found = await close_ticket(fleet, ended().state)
    assert isinstance(found, TicketClosed)
    assert (found.tries, found.problem, len(there.asked), getattr(clock, "slept", [])) == (tries, problem, asked, [5.0] * (asked - 1))


async def test_a_run_without_one_or_whose_is_closed_asks_nobody():
    there = Tickets()
    fleet: Any = SimpleNamespace(environment=WITH, outside=there, clock=a_clock())
    state = ended().state
    assert await close_ticket(fleet, changed(state, ticket="closed")) is None
    assert await close_ticket(SimpleNamespace(environment=an_environment(2), outside=there, clock=a_clock()), state) is None  # type: ignore[arg-type]
    assert there.asked == []


async def an_engine(environment: Environment, there: Tickets) -> tuple[Engine, MemoryJournal, str]:
    """An engine in front of a record whose last run ended with its ticket open."""
    journal, run = MemoryJournal(), ended(environment)
    assert isinstance(run.events[-1], RunEnded)
    await journal.append(run.state.run, tuple(run.events), fold(run.events))
    engine = Engine(journal, a_clock(), lambda environment, secrets: there, lambda name: None)  # type: ignore[arg-type,return-value]
    return engine, journal, run.state.run


async def test_what_an_engine_left_open_the_next_one_closes_once():
    there = Tickets()
    engine, journal, run = await an_engine(WITH, there)
    engine._model_change._use = lambda environment, digest: _opened(engine, environment, digest, there)  # type: ignore[assignment,method-assign] # its watches stay off
    await engine.configure(WITH, "d", {}, ADA)
    await engine._catch_up._read()
    assert engine.owing
    await engine._catch_up.close_tickets()
    await engine._catch_up.close_tickets()
    closed = await journal.of_type(run, TicketClosed)
    assert (len(closed), [one["run"] for one in there.asked]) == (1, [run])
    assert (await journal.environment(WITH.app, WITH.name)).tickets == ()
    await engine._catch_up._read()
    assert not engine._catch_up.has_work


async def test_one_whose_secret_is_not_here_waits_and_keeps_no_engine_alive():
    secret = changed(WITH, ticket=Ticket(SecretRef("env", "CLOSE")))
    there = Tickets()
    engine, journal, run = await an_engine(secret, there)
    engine._model_change._use = lambda environment, digest: _opened(engine, environment, digest, there)  # type: ignore[assignment,method-assign]
    await engine.configure(secret, "d", {}, ADA)
    await engine._catch_up.close_tickets()
    assert (there.asked, engine._catch_up.has_work) == ([], False)
    await engine.configure(secret, "d", {"ticket.close": "bin/close"}, ADA)
    assert engine._catch_up.has_work
    await engine._catch_up.close_tickets()
    (closed,) = await journal.of_type(run, TicketClosed)
    assert closed.close == "what $CLOSE says"


async def _opened(engine: Engine, environment: Environment, digest: str, there: Tickets) -> None:
    engine._model._environment, engine._model.digest, engine._model._outside = environment, digest, there  # type: ignore[assignment]
