"""What is asked in the moment after a run's end, while it still lets go of its hosts."""

import asyncio
from types import SimpleNamespace

import pytest

from console.adapters.clock import SystemClock
from console.engine import questions
from console.engine.session import Session
from tests.core.simulation import ADA


async def answered(fleet: object, argument: object, person: object) -> str:
    return "answered"


@pytest.mark.parametrize(("name", "waits"), [("check", True), ("exec", True), ("status", False)])
async def test_what_hangs_on_locks_waits_for_a_run_that_has_just_ended(name: str, waits: bool, monkeypatch: pytest.MonkeyPatch):
    session = Session(SimpleNamespace(), SystemClock(), lambda environment, secrets: None, lambda run: None)  # type: ignore[arg-type, return-value]
    monkeypatch.setitem(questions.ANSWERS, name, answered)
    monkeypatch.setattr(session, "_fleet", lambda: None)
    letting_go = asyncio.Event()
    ended = SimpleNamespace(is_open=False, task=asyncio.create_task(letting_go.wait()), runner=SimpleNamespace(state=SimpleNamespace(phase="ended")))
    session._runs["r1"] = ended  # type: ignore[assignment]
    asking = asyncio.create_task(session.query(name, {}, ADA))
    for _ in range(20):
        await asyncio.sleep(0)
    assert asking.done() is not waits
    letting_go.set()
    assert await asking == "answered"
