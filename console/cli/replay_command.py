"""A run on record played again: on the screen where there is a terminal, else as plain lines at its own pace, or as JSON at once."""

import asyncio

from console.adapters.system_clock import SystemClock
from console.cli.find_run import events_of_run, page_of_runs, run_named
from console.cli.invocation import Invocation
from console.cli.output import say_while_read
from console.errors import UsageFault
from console.exit_codes import Exit
from console.model.events import AnyEvent
from console.views.recording import Recording

FASTEST = 10_000.0


async def replay(how: Invocation, text: str, speed: float) -> int:
    """Play a run. `speed`: seconds of it that pass in one; 0: all at once."""
    if not 0 <= speed <= FASTEST:
        raise UsageFault(f"--speed {speed:g}: not a speed", f"--speed 0 (at once) to {FASTEST:.0f}")
    run = run_named(how, text).run
    events = events_of_run(run)
    if how.wants_screen:
        return await _on_screen(how, run, events, speed)
    return await _as_lines(how, events, 0.0 if how.json else speed)


async def _on_screen(how: Invocation, run: str, events: tuple[AnyEvent, ...], speed: float) -> int:
    from datetime import datetime

    from console.adapters.run_archive import LocalRunArchive
    from console.cli.configuration import state
    from console.tui.history.replay_feed import ReplayFeed
    from console.tui.open_screen import open_screen

    feed, zone = ReplayFeed(events, speed, LocalRunArchive(state(), events_of_run, page_of_runs), run), datetime.now().astimezone().tzinfo
    await open_screen(feed, SystemClock(), records=LocalRunArchive(state(), events_of_run, page_of_runs), zone=zone, theme=how.theme, read_only=True)
    return int(Exit.DONE)


async def _as_lines(how: Invocation, events: tuple[AnyEvent, ...], speed: float) -> int:
    from console.plain.run_as_json import JsonPrinter
    from console.plain.run_as_lines import Ending, LinePrinter
    from console.wire.json_lines import event_json

    printer = JsonPrinter(say_while_read, event_json) if how.json else LinePrinter(say_while_read)
    recording, before = Recording(events), 0.0
    for event, seconds in zip(recording.events, recording.times, strict=True):
        if speed and seconds > before:
            await asyncio.sleep((seconds - before) / speed)
        before = seconds
        printer.event(event)
    state = recording.state_at(len(recording))
    outcome = state.outcome or "interrupted"
    printer.ended(state, Ending(int(Exit.DONE), outcome, recording.seconds, "" if state.phase == "ended" else "the record ends here", ""))
    return int(Exit.DONE)
