"""Names of runs, whatever the clock does."""

from datetime import UTC, datetime, timedelta

from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SystemClock
from console.engine.run.run_names import new_run
from tests.adapters.journal.test_contract import opened
from tests.recorded import record


class SetClock(SystemClock):
    at = datetime(2026, 11, 24, 7, 14, 7, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


async def test_no_two_runs_share_their_time_though_the_clock_stands_or_goes_back():
    journal, clock, names = MemoryJournal(), SetClock(), []
    for step in (0, 0, 0, -1, 1, -600, 600):
        clock.at += timedelta(seconds=step)
        names.append(await new_run(journal, clock, "production"))
        await record(journal, names[-1], (opened(names[-1], clock.now().isoformat()),))
    assert [name.split("-")[0] for name in names] == [
        "20261124T071407Z", "20261124T071408Z", "20261124T071409Z", "20261124T071406Z", "20261124T071410Z", "20261124T070407Z", "20261124T071411Z",
    ]  # fmt: skip
    assert all(name.split("-")[1] == "production" for name in names)
