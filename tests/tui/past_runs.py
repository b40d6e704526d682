"""Runs that are over, for tests: a release, and its way back."""

from console.model import events as ev
from console.model.events import AnyEvent
from console.ports.feed import Output
from console.safe_text import SafeLines, SafeText
from tests.core.simulation import ADA
from tests.tui.scripted import HOSTILE, ScriptedFeed
from tests.tui.scripted_environment import ScriptedEnvironment, a_summary


def past_run(hosts: int = 3, *, failing: str = "", words: SafeText = HOSTILE) -> tuple[AnyEvent, ...]:
    """Every event of a release, stamped; `failing`: a step that fails, so that it goes back."""
    feed = ScriptedFeed(hosts, words=words)
    feed.record(
        ev.Decided(go=True, by=ADA, overrides=(("space", "it is enough"),), hotfix=SafeText("basket")),
        ev.AnnouncementSent(
            moment="before", title=SafeText("shop production: releasing v1.2.0"), body=SafeLines("v1.2.0 goes out.\n\n- *basket*"),
            told=(SafeText("json://ops.example/"),), problems=(SafeText("slack://…: 503"),),
        ),
        ev.LocksTaken(epoch=1),
        ev.NoteAdded(by=ADA, text=SafeText("Friday, and yet")),
    )  # fmt: skip
    if failing:
        feed.go_on(failing)
        step = feed.run.state.index[failing]
        tail = (SafeText("Traceback: no such table"), SafeText("exit 1"))
        feed.record(ev.StepFinished(step=step.name, host=step.about, status="failed", code=1, seconds=4.0, detail=SafeText("it ended"), tail=tail))
    feed.go_on("")
    return tuple(feed.run.events)


def a_client(runs: int = 3, **fields: object) -> ScriptedEnvironment:
    """An environment with a release that is live, and so many older runs, of which the second went back."""
    done, back = past_run(), past_run(failing="wave-2/web02/restart")
    summaries = [a_summary("r-live", started="2026-11-24T11:00:00Z", number=runs + 1)]
    for number in range(runs):
        outcome = "rolled-back" if number == 1 else "succeeded"
        summaries.append(a_summary(f"r-{number:04}", outcome, started=f"2026-11-{20 - number // 60:02}T10:{59 - number % 60:02}:00Z", number=runs - number))
    records = {one.run: back if one.outcome == "rolled-back" else done for one in summaries}
    logs = {"r-live": tuple(Output(done[-1].at or "2026-11-24T11:00:00Z", "web01", "s", SafeText(f"line {number}")) for number in range(1200))}
    return ScriptedEnvironment(runs=tuple(summaries), records=records, logs=logs, **fields)  # type: ignore[arg-type]
