"""Follows a run as lines or JSON, until it ends, waits too long for a person, or this end leaves.

Owns which exit code the command has then. How a run is told is `plain`'s; what is asked is `plain.plain_questions`'.
"""

import asyncio
import sys
import time

from console.adapters.system_clock import SystemClock
from console.as_typed import as_typed
from console.cli.invocation import Invocation
from console.cli.line_writer import Outlet
from console.cli.output import say, without_secrets
from console.cli.prompt import read_line
from console.cli.responsibility import NOT_HEARD, PARTING, SETTLED, Departure, Responsibility, abort_undecided, code_for, is_settled, is_taken_up
from console.client.lasting_feed import LastingFeed
from console.core.plan.return_plan import is_left_old
from console.core.run.breaches import blocking_breach
from console.core.run.outcome import unfollowed
from console.core.run.person_wanted import command_to_go_on
from console.core.words.threshold_words import breach_words
from console.errors import ConsoleError, EngineLost, Problem, with_typed_hint
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model.events import Event
from console.plain.plain_questions import PlainChoice, Question, question
from console.plain.run_as_json import JsonPrinter
from console.plain.run_as_lines import Ending, LinePrinter, Printer, Write
from console.ports.feed import Presence
from console.views.staleness import UNSEEN, Staleness

LAST_WORDS = 2.0
"""Seconds that one who leaves waits for the last lines to be out."""
QUIET = 30.0
"""Seconds after which it is said again what is waited for."""
NOT_BACK = ("failed", "unknown", "unreachable", "owed")


class LineFollower:
    """A run as lines or JSON."""

    def __init__(self, how: Invocation, feed: LastingFeed, part: Responsibility, leaving: Departure) -> None:
        self._how = how
        self._feed = feed
        self._part = part
        self._leaving = leaving
        self._clock = SystemClock()
        self._outlet = Outlet()
        self._printer = printer_for(how, self._say)
        self._began = self._news = self._said = time.monotonic()
        self._signs, self._told_silence = Staleness(self._began), float("-inf")
        self._is_unseen, self._told_unseen = False, float("-inf")
        self._asked = ""
        self._asked_since = 0.0
        self._goes_on = part.goes_on
        self._asking: asyncio.Task[None] | None = None

    async def follow(self) -> int:
        """Return the exit code that this command ends with."""
        hearing = asyncio.create_task(self._hear())
        leaving = asyncio.create_task(self._leaving.event.wait())
        minding = asyncio.create_task(self._mind())
        failing = asyncio.create_task(self._outlet.failed.wait())
        tasks: tuple[asyncio.Task[object], ...] = (hearing, leaving, minding, failing)
        try:
            code: int | None = None
            while code is None:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                code = await (self._unheard(hearing) if failing.done() else self._conclude(hearing, minding))
                if code is None:
                    minding = asyncio.create_task(self._mind())
                    tasks = (hearing, leaving, minding, failing)
            hearing.cancel()  # the result is the last line, whatever is heard while it goes out
            minding.cancel()
            await self._all_out(leaving)
            return code
        finally:
            self._outlet.close()
            for task in (*tasks, *((self._asking,) if self._asking else ())):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _say(self, line: str) -> None:
        if sys.stdout is not None:
            self._outlet.put(1, f"{without_secrets(line)}\n")

    def _tell(self, line: str) -> None:
        if sys.stderr is not None:
            self._outlet.put(2, f"{without_secrets(line)}\n")

    async def _all_out(self, leaving: "asyncio.Task[object]") -> None:
        """Wait until the last line is out; one who leaves does not wait for a terminal that is not read."""
        out = asyncio.create_task(self._outlet.out())
        await asyncio.wait({out, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not out.done():
            await asyncio.wait({out}, timeout=LAST_WORDS)
        out.cancel()

    async def _unheard(self, hearing: "asyncio.Task[None]") -> int:
        """Leave because nothing can be written: that ends a viewer, and never a run."""
        fault = self._outlet.fault
        self._tell(f"deploy: standard output cannot be written: {fault.strerror if fault else 'closed'}")
        return await self._leave(hearing, asked=False)

    async def _conclude(self, hearing: "asyncio.Task[None]", minding: "asyncio.Task[None]") -> int | None:
        """Return the exit code; None: a question was answered by somebody else in the moment in which it had been open for too long, and the run goes on."""
        if hearing.done():
            fault = hearing.exception()
            if isinstance(fault, EngineLost) or (self._feed.state.go and fault and not isinstance(fault, OSError)):
                return self._lost(fault)
            hearing.result()
            return self._over()
        if minding.done():
            minding.result()
            return await self._unanswered(hearing)
        return await self._leave(hearing)

    async def _hear(self) -> None:
        async for item in self._feed.follow():
            self._signs.heard(time.monotonic())
            if isinstance(item, Presence):
                self._signs.comes_every(item.every)
                self._is_unseen = item.record_away
            await self._outlet.room()
            if isinstance(item, Event):
                self._news = self._said = time.monotonic()
                self._printer.event(item)
                if self._part.hosts and self._feed.state.seq >= self._part.since and not self._still_going_back():
                    return

    def _still_going_back(self) -> bool:
        state = self._feed.state
        known = [state.hosts[name] for name in self._part.hosts]
        return state.phase != "ended" and any(not is_left_old(state, host.name) and host.condition not in NOT_BACK for host in known)

    async def _mind(self) -> None:
        """Ask what is to be asked, say what is waited for; ends when a question stayed open for too long."""
        while True:
            await asyncio.sleep(SETTLED / 2)
            now = time.monotonic()
            self._say_silence(now)
            self._say_unseen(now)
            if self._asking is None and now - self._said >= QUIET:
                self._said = now
                self._printer.waits(self._feed.state, self._clock.mono(), self._clock.now().isoformat())
            if now - self._news >= SETTLED and await self._is_too_late(now):
                return

    def _say_silence(self, now: float) -> None:
        """Say once, and again after a while, that the engine does not answer."""
        quiet = self._signs.silence(now)
        if quiet and now - self._told_silence >= QUIET:
            self._told_silence = now
            self._tell(f"deploy: the engine has not answered for {quiet:.0f} s")

    def _say_unseen(self, now: float) -> None:
        """Say once, and again after a while, that nothing new is known of a run on another machine."""
        if self._is_unseen and self._feed.state.phase != "ended" and now - self._told_unseen >= QUIET:
            self._told_unseen = now
            self._tell(f"deploy: {UNSEEN}")

    async def _is_too_late(self, now: float) -> bool:
        state = self._feed.state
        if self._part.hosts:
            return False
        if (self._goes_on or (self._feed.taken_up and self._how.yes)) and is_taken_up(state) and is_settled(state):
            self._news, self._goes_on = now, False
            await self._say_to_run(PlainChoice("continue", cmd.Continue(), f"deploy continue {state.run}"))
            return False
        asked = None if self._how.read_only else question(state)
        if asked is None or (state.phase == "deciding" and not self._part.drives):
            self._asked = ""
            self._stop_asking()
            return False
        if asked.key != self._asked:
            self._asked, self._asked_since = asked.key, now
            self._stop_asking()
            if self._how.is_terminal:
                self._asking = asyncio.create_task(self._ask(asked))
        patience = self._how.patience
        return patience is not None and now - self._asked_since >= patience

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    async def _ask(self, asked: Question) -> None:
        for line in asked.lines:
            self._tell(line)
        while True:
            typed = await read_line(asked.prompt, lambda words: self._outlet.put(2, words))
            if typed is None:
                self._leaving.event.set()
                return
            choice = asked.answer(typed)
            if choice is not None and choice.command is None:
                self._leaving.event.set()
                return
            if choice is not None and await self._say_to_run(choice):
                return

    async def _say_to_run(self, choice: PlainChoice) -> bool:
        if choice.command is None:
            return False
        try:
            answer = await self._feed.submit(choice.command)
        except ConsoleError as fault:
            self._tell(f"deploy: {fault.message}")
            return False
        if isinstance(answer, cmd.Refusal):
            self._tell(f"deploy: refused: {with_typed_hint(Problem(str(answer.message), str(answer.hint)))}")
            return False
        if choice.equivalent:
            self._tell(f"same as: {as_typed(choice.equivalent)}")
        return True

    def _end(self, code: int, outcome: str, reason: str = "", hint: str = "") -> int:
        self._printer.ended(self._feed.state, Ending(code, outcome, time.monotonic() - self._began, reason, hint))
        return code

    def _over(self) -> int:
        state = self._feed.state
        if self._part.hosts and not self._still_going_back():
            return self._hosts_over()
        if state.phase != "ended":
            return self._end(int(Exit.PAUSED), "paused", f"run {state.run} is carried by no engine: it was interrupted", f"deploy resume {state.run}")
        code = int(state.exit if state.exit is not None else Exit.CONSOLE_FAILED)
        mine = code_for(code, self._part)
        return self._end(mine, "rolled-back" if self._part.asked_back and mine == Exit.DONE else state.outcome)

    def _hosts_over(self) -> int:
        """End because each host that was asked back is, or can't be."""
        state = self._feed.state
        bad = [f"{name} {state.hosts[name].condition}: {state.hosts[name].detail}" for name in self._part.hosts if not is_left_old(state, name)]
        if bad:
            return self._end(int(Exit.FAILED), "failed", f"not back: {'; '.join(bad)}", f"deploy attach {state.run}")
        return self._end(int(Exit.DONE), "rolled-back")

    def _lost(self, fault: BaseException) -> int:
        """End because the run cannot be followed any more, and is not known to go on."""
        state = self._feed.state
        said = fault if isinstance(fault, ConsoleError) else ConsoleError(f"this console failed: {type(fault).__name__}: {fault}")
        if not state.go:
            return self._end(int(Exit.CONSOLE_FAILED), "error", said.message, said.hint)
        code, outcome = unfollowed(state)
        first = f"{said.hint}; then: " if said.hint and not isinstance(said, EngineLost) else ""
        return self._end(int(code), outcome, f"run {state.run} is not carried on: {said.message}", f"{first}deploy resume {state.run}")

    async def _unanswered(self, hearing: "asyncio.Task[None]") -> int | None:
        """End because nobody answered: before GO as a no-go, after it the run stays paused. None: another terminal has just decided."""
        state = self._feed.state
        if state.phase == "deciding":
            answer = await self._feed.submit(cmd.Decide(go=False, digest=state.plan.digest if state.plan else ""))
            if isinstance(answer, cmd.Refusal) and not answer.ended:
                return None
            await asyncio.wait({hearing}, timeout=PARTING)
            return self._over() if hearing.done() else self._end(int(Exit.NO_GO), "no-go", "nobody was there to say GO")
        breach = blocking_breach(state)
        why = breach_words(breach.threshold, breach.verdict) if breach else "the run waits for a person"
        reason = str(state.pausing.reason) if state.pausing else why
        return self._end(int(Exit.PAUSED), "paused", reason, command_to_go_on(state))

    async def _leave(self, hearing: "asyncio.Task[None]", *, asked: bool = True) -> int:
        """Leave: before GO the run ends with the one who opened it, from GO on it goes on alone; of one that is over only the last word is not heard.

        One who leaves unasked, since nothing can be written, takes no run along that asks nobody anything.
        """
        state = self._feed.state
        if state.phase == "ended":
            return self._over()
        undecided = state.go is None and state.phase in ("preflight", "deciding") and (asked or not state.request.yes)
        is_mine = self._part.drives and not self._how.read_only and undecided
        is_ended = await abort_undecided(self._feed) if is_mine else False
        if is_ended:
            await asyncio.wait({hearing}, timeout=PARTING)
            if hearing.done() and hearing.exception() is None:
                return self._over()
            return self._end(int(Exit.INTERRUPTED), "interrupted", "ended before anything was changed")
        words = "detached; the run goes on" if is_ended is False else NOT_HEARD
        self._tell(as_typed(f"deploy: {words}: deploy attach {self._feed.run}"))
        return self._end(int(Exit.DETACHED), "detached", words, f"deploy attach {self._feed.run}")


def printer_for(how: Invocation, write: Write = say) -> Printer:
    """Return what shows a run that has no screen."""
    if not how.json:
        return LinePrinter(write)
    from console.wire.json_lines import event_json

    return JsonPrinter(write, event_json)
