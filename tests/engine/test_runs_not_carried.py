"""What is said to a run that nobody carries: by several at once, each in its own place of the record."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.system_clock import SetClock
from console.core.run.evolve import fold
from console.engine.engine import Engine
from console.model.commands import Accepted, Note
from console.model.events import NoteAdded, RunOpened
from console.model.values import changed
from console.safe_text import SafeText
from console.wire.codec import decode_event
from tests.core.simulation import ADA, an_environment

GOLDEN = Path(__file__).parents[1] / "journals" / "release.jsonl"


class Nothing:
    """An outside that nobody asks."""

    sources = ()

    async def close(self):
        return None


@pytest.fixture
async def journal(tmp_path):
    tmp_path.chmod(0o700)
    made = SqlJournal.of(str(tmp_path))
    yield made
    await made.close()


async def test_notes_of_several_at_once_all_have_their_place(journal):
    events = tuple(decode_event(line) for line in GOLDEN.read_bytes().splitlines())
    events = tuple(changed(event, run="r1", app="shop", environment="production") if isinstance(event, RunOpened) else event for event in events)
    await journal.append("r1", events, fold(events))
    clock = SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC))
    engine = Engine(journal, clock, lambda environment, secrets: Nothing(), lambda name: UTC)
    await engine.configure(an_environment(2), "d", {}, ADA)
    words = [f"note {number}" for number in range(20)]
    answers = await asyncio.gather(*(engine.submit("r1", Note(text=SafeText(text)), ADA) for text in words))
    assert answers == [Accepted(len(events) + number) for number in range(1, 21)]
    found = [str(event.text) for event in await journal.read("r1") if isinstance(event, NoteAdded)]
    assert found[-20:] == words
    await engine.stop(ADA, force=True)
