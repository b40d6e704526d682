"""Durable steps on a host, over any transport: the port `Steps`. Each attempt runs at most once, however often the link dies.

The rules on the host's side are in `step_wrapper.py`; here it is decided what an answer, or none, means, and what is asked next. It must
not know what a step is for.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field, replace

from console.adapters import step_wrapper
from console.adapters.held_open_input import HeldOpenInput
from console.adapters.step_wrapper import Claim, WrapperAnswer
from console.model.host import Host
from console.ports.hosts import Move, Ran, Sink, Standby, Transport, Unreached
from console.ports.steps import RemoteStep, StepResult
from console.safe_text import SafeText

GRACE = 20.0
"""Seconds beyond a step's own time in which a host that does not answer is still asked."""
CONNECTS = 3
"""How often a host is tried before anything was sent to it."""
SILENT_ANSWERS = 3
"""So many answers without the wrapper's last words, and it is said that the host does not speak its language."""
END_WITHIN = 20.0
"""Seconds that ending a session may take: TERM, 5 s, KILL, 3 s, and the way there."""
CANCEL_WITHIN = 30.0
"""Seconds for a command's own `cancel`."""
SETTLES_WITHIN = 5.0
"""Seconds in which a step ends once its own `cancel` has said that it is done."""
LETS_PASS = 0.5
"""Seconds that any other step waits at most while quick steps go on."""
AFTER = 0.5
"""Seconds after a step until what is run after it, and longer where other steps go on."""
HELD_BACK = 5.0
"""Seconds beyond that in which other steps hold it back."""
AFTER_WITHIN = 20.0
NOTED_AFTER = 0.3
"""Seconds after the last move until what was done is written down on the hosts where nothing else asks for it: the run's own record of the moves goes first."""
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
REFUSED_PAUSE = 20.0
"""Seconds until a host that has refused the login, or shows another key, is asked again what became of a step: longer than sshd's penalty for one."""


def _ignored(_: bytes) -> None:
    """Take output that nobody asked for."""


class _Counted:
    """A sink that knows how many bytes of the step's output came through it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.bytes = 0

    def __call__(self, data: bytes) -> None:
        self.bytes += len(data)
        self._sink(data)


@dataclass
class _Conversation:
    """One step being carried out: what was sent, and what is left to ask for."""

    host: Host
    step: RemoteStep
    sink: _Counted
    until: float
    sent: bool = False
    send: bool = True
    silent: int = 0
    sub: int = 1
    pause: float = FIRST_PAUSE
    was_refused: bool = False
    """The host let nobody in when it was asked last."""
    seen: SafeText = field(default_factory=lambda: SafeText(""))

    @property
    def claim(self) -> Claim:
        return _claim(self.step, self.sub)

    @property
    def rest(self) -> float:
        return self.until - time.monotonic()

    def again(self) -> None:
        """Send what the host does not have; its output begins anew."""
        self.send = True
        self.sink.bytes = 0


def _claim(step: RemoteStep, sub: int = 1) -> Claim:
    name = f"{step.name}.{step.attempt}" + (f".{sub}" if sub > 1 else "")
    return Claim(step.path, step.epoch, step.run, name, step.output, step.goes_back)


class DurableSteps:
    """The port `Steps` over a transport."""

    def __init__(self, transport: Transport, standby: Standby | None = None) -> None:
        self._transport = transport
        self._standby = standby
        self._quick_ones = 0
        self._no_quick_one = asyncio.Event()
        self._no_quick_one.set()
        self._going_on = 0
        self._at_rest = asyncio.Event()
        self._later: set[asyncio.Task[object]] = set()
        self._noting: dict[str, tuple[asyncio.Task[object], asyncio.Event]] = {}
        """What is written down, on its host, of a move that was made, and whether something waits for that."""

    def stand_by(self, hosts: Iterable[Host]) -> None:
        """Have a shell kept open on each of them; a host without one carries every step out the long way."""
        if self._standby is not None:
            for host in hosts:
                if not host.is_local:
                    self._standby.stand_by(host, step_wrapper.OPENING)

    async def perform(self, host: Host, step: RemoteStep, sink: Sink) -> StepResult:
        """Carry the step out, or take up the attempt that is already there; `failed` and `done` are said only of what is known."""
        self._going_on += 1
        self._at_rest.clear()
        try:
            return await self._in_its_turn(host, step, sink)
        finally:
            self._going_on -= 1
            if self._going_on == 0:
                self._at_rest.set()

    async def _in_its_turn(self, host: Host, step: RemoteStep, sink: Sink) -> StepResult:
        if not step.is_quick:
            await self._let_pass()
            await self.noted((host,))
            return await self._performed(host, step, sink)
        self._quick_ones += 1
        self._no_quick_one.clear()
        try:
            result = await self._performed(host, step, sink)
        finally:
            self._quick_ones -= 1
            if self._quick_ones == 0:
                self._no_quick_one.set()
        if step.afterwards and result.status == "done":
            self._do_later(self._after(host, step.afterwards))
        return result

    def _do_later(self, work: Coroutine[None, None, object]) -> asyncio.Task[object]:
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return task

    async def _let_pass(self) -> None:
        """Let the quick steps of other hosts go first: a roll back switches everywhere before it restarts anywhere, unless a host is slow to switch."""
        if self._quick_ones:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LETS_PASS):
                    await self._no_quick_one.wait()

    async def close(self) -> None:
        """Give up what would still be run after steps."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    async def _after(self, host: Host, script: str) -> None:
        """Run it when nothing goes on anywhere, so that it takes nothing from restarts that follow; where something goes on for long, beside that."""
        await asyncio.sleep(AFTER)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HELD_BACK):
                await self._at_rest.wait()
        await self._no_quick_one.wait()
        await self._transport.run(host, script, deadline=AFTER_WITHIN)

    async def _noted(self, host: Host, step: RemoteStep, is_wanted: asyncio.Event) -> None:
        """Write down on the host what was done there by a move, as the step itself would have: once nobody is held up by it."""
        await self._no_quick_one.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTED_AFTER):
                await is_wanted.wait()
        await self._performed(host, replace(step, move=None), _ignored)

    async def noted(self, hosts: Iterable[Host]) -> None:
        """Wait until nothing is left to be written down on those hosts; where one does not answer, no longer than for anything else."""
        noting = [self._noting[host.name] for host in hosts if host.name in self._noting]
        for _, is_wanted in noting:
            is_wanted.set()
        if noting:
            await asyncio.wait([task for task, _ in noting], timeout=HELD_BACK)

    async def _performed(self, host: Host, step: RemoteStep, sink: Sink) -> StepResult:
        if "\0" in step.script:
            return StepResult("failed", detail=SafeText("its script holds a NUL byte, which no shell can read: nothing was sent"), began=False)
        talk = _Conversation(host, step, _Counted(sink), time.monotonic() + step.timeout + GRACE)
        if step.is_quick and (result := await self._quick(talk)):
            return result
        while talk.rest > 0:
            reached = await self._reached(talk)
            if isinstance(reached, StepResult):
                return reached
            if reached:
                ran = await self._asked(talk)
                answer = step_wrapper.answered(ran.err) if ran.status is not None else WrapperAnswer("none")
                result = await self._judged(talk, ran, answer)
                if result is not None:
                    return result
            await self._paused(talk)
        return _never_settled(talk)

    async def _quick(self, talk: _Conversation) -> StepResult | None:
        """Try the kept shell; None: it goes the long way, from its beginning or (once sent) from where it stands."""
        if self._standby is None or talk.host.is_local:
            return None
        if talk.step.move is not None and (result := await self._moved(talk, self._standby, talk.step.move)):
            return result
        ran = await self._standby.run_quick(talk.host, step_wrapper.quick(talk.claim, talk.step.script), deadline=talk.step.timeout)
        if ran is None:
            return None
        output, answer = step_wrapper.split_answer(ran.out)
        if answer.state == "declined":
            return None
        talk.sent, talk.send = True, False
        if answer.state != "done":
            talk.seen = ran.problem.message if ran.problem else SafeText("the kept shell gave no answer")
            return None
        if output:
            talk.sink(output)
        return _ended_with(answer.code)

    async def _moved(self, talk: _Conversation, standby: Standby, move: Move) -> StepResult | None:
        """Try the step's one rename; None: it is carried out by its script, which finds out what became of a rename that was not answered."""
        moved = await standby.move(talk.host, move, deadline=talk.step.timeout)
        if moved != "moved":
            return None
        is_wanted = asyncio.Event()
        task = self._do_later(self._noted(talk.host, talk.step, is_wanted))
        self._noting[talk.host.name] = task, is_wanted
        task.add_done_callback(lambda _: self._noting.pop(talk.host.name, None))
        talk.sink(f"{move.leads_to} is live\n".encode("utf-8", "surrogateescape"))
        return StepResult("done", 0)

    async def cancel(self, host: Host, step: RemoteStep) -> StepResult:
        """End the attempt: its own `cancel`, else TERM, 5 s, KILL for its session. What is left, or cannot be known, is `unknown`."""
        result = await self._cancelled(host, step, 1)
        if result.status == "unknown" and step.idempotent and result.was_lost:
            return await self._cancelled(host, step, 2)
        return result

    async def _cancelled(self, host: Host, step: RemoteStep, sub: int) -> StepResult:
        if not step.cancel:
            return await self._ended(host, _claim(step, sub), 0.0)
        own = replace(step, name=f"{step.name}.cancel", script=step.cancel, timeout=CANCEL_WITHIN, cancel="", idempotent=False)
        ended = await self.perform(host, own, _ignored)
        if ended.status == "done":
            return await self._ended(host, _claim(step, sub), SETTLES_WITHIN)
        result = await self._ended(host, _claim(step, sub), 0.0)
        return replace(result, detail=SafeText(f"{result.detail}; its own cancel: {ended.detail or ended.status}"))

    async def _reached(self, talk: _Conversation) -> bool | StepResult:
        if not talk.sent and self._standby is not None and not talk.host.is_local and self._standby.has_spoken(talk.host):
            return True
        for turn in range(1 if talk.sent else CONNECTS):
            reached = await self._transport.connect(talk.host)
            if not isinstance(reached, Unreached):
                return True
            talk.seen = reached.message
            settled = reached.kind in ("unknown-key", "changed-key", "login")
            talk.was_refused = settled
            if not talk.sent and (settled or turn == CONNECTS - 1):
                return StepResult("unreachable", detail=reached.message, hint=reached.hint)
            if not talk.sent:
                await asyncio.sleep(FIRST_PAUSE * 2**turn)
        return False

    async def _asked(self, talk: _Conversation) -> Ran:
        step = talk.step
        deadline = max(1.0, talk.rest)
        if talk.send:
            talk.sent, talk.send = True, False
            script = step_wrapper.running(talk.claim, step.timeout)
            return await self._transport.run(talk.host, script, step_wrapper.payload(step.script), deadline=deadline, sink=talk.sink)
        script = step_wrapper.following(talk.claim, talk.sink.bytes, step.timeout)
        return await self._transport.run(talk.host, script, HeldOpenInput(), deadline=deadline, sink=talk.sink)

    async def _judged(self, talk: _Conversation, ran: Ran, answer: WrapperAnswer) -> StepResult | None:
        """Return how the step ended, or None when there is more to ask."""
        if ran.status is None:
            talk.seen = ran.problem.message if ran.problem else SafeText("the link was lost")
            return None
        match answer.state:
            case "done":
                return _ended_with(answer.code)
            case "late":
                return await self._timed_out(talk)
            case "absent" | "truncated":
                talk.again()
                return None
            case "lost":
                return _lost(talk, answer)
            case "none":
                return _speechless(talk, ran, answer)
        return _refused(talk, answer)

    async def _timed_out(self, talk: _Conversation) -> StepResult:
        result = await self._cancelled(talk.host, talk.step, talk.sub)
        if result.status in ("done", "failed"):
            return result
        detail = SafeText(f"timed out after {talk.step.timeout:g} s, {result.detail}")
        return replace(result, status="failed" if result.status == "cancelled" else "unknown", detail=detail)

    async def _ended(self, host: Host, claim: Claim, wait: float) -> StepResult:
        script = step_wrapper.ending(claim, wait)
        until = time.monotonic() + wait + END_WITHIN
        seen = SafeText("")
        pause = FIRST_PAUSE
        while (rest := until - time.monotonic()) > 0:
            ran = await self._transport.run(host, script, deadline=rest)
            if ran.status is not None:
                return _of_ending(step_wrapper.answered(ran.err))
            seen = ran.problem.message if ran.problem else SafeText("the link was lost")
            await asyncio.sleep(min(pause, max(0.0, until - time.monotonic())))
            pause = min(LONGEST_PAUSE, pause * 2)
        return StepResult("unknown", detail=SafeText(f"not known whether it still runs: {seen}"))

    async def _paused(self, talk: _Conversation) -> None:
        pause = REFUSED_PAUSE if talk.was_refused else talk.pause * random.uniform(0.5, 1.0)  # noqa: S311 (spreads retries)
        talk.was_refused = False
        await asyncio.sleep(max(0.0, min(pause, talk.rest)))
        talk.pause = min(LONGEST_PAUSE, talk.pause * 2)


def _ended_with(code: int | None) -> StepResult:
    if code == 0:
        return StepResult("done", 0)
    named = f"exit code {code}" + (f" (signal {code - 128})" if code is not None and 128 < code < 160 else "")
    return StepResult("failed", code, SafeText(named))


def _lost(talk: _Conversation, answer: WrapperAnswer) -> StepResult | None:
    if talk.step.idempotent and talk.sub == 1 and not answer.remains:
        talk.sub += 1
        talk.again()
        return None
    return StepResult("unknown", detail=SafeText(f"not known whether it ran to its end: {answer.detail}"))


def _speechless(talk: _Conversation, ran: Ran, answer: WrapperAnswer) -> StepResult | None:
    talk.silent += 1
    talk.seen = SafeText(f"no answer of the step's wrapper, exit code {ran.status}: {answer.detail or 'nothing was said'}")
    return None if talk.silent < SILENT_ANSWERS else StepResult("unknown", detail=talk.seen)


def _refused(talk: _Conversation, answer: WrapperAnswer) -> StepResult:
    path = talk.step.path
    if answer.state == "fenced":
        held = f"it is held by {answer.detail}" if answer.detail not in ("", "*") else "nobody holds it"
        return StepResult("failed", detail=SafeText(f"refused: {talk.step.epoch} no longer holds the lock on {talk.host.name}; {held}"), began=False)
    if answer.state == "no-folder":
        return StepResult("failed", detail=SafeText(f"{path} is not there, or may not be entered"), began=False)
    if answer.state == "no-write":
        hint = SafeText(f"look at the space and the owner of {path}/.deploy")
        return StepResult("failed", detail=SafeText(f"nothing could be written in {path}/.deploy: it did not run"), hint=hint, began=False)
    return StepResult("unknown", detail=SafeText(f"an answer that was not asked for: {answer.state}"))


def _of_ending(answer: WrapperAnswer) -> StepResult:
    if answer.state == "done" or (answer.state == "ended" and answer.by == "itself"):
        return _ended_with(answer.code)
    if answer.state == "ended":
        code = "" if answer.code is None or answer.code > 128 else f", exit code {answer.code}"
        return StepResult("cancelled", answer.code, SafeText(f"ended by {answer.by}{code}" if answer.by else answer.detail))
    if answer.state == "left":
        ended = f"after {answer.by}" if answer.by != "itself" else f"although it ended itself with exit code {answer.code}"
        return StepResult("unknown", answer.code, SafeText(f"still running {ended}: {answer.detail}"))
    was_lost = answer.state == "lost" and not answer.remains
    return StepResult("unknown", detail=SafeText(f"not known whether it still runs: {answer.detail or answer.state}"), was_lost=was_lost)


def _never_settled(talk: _Conversation) -> StepResult:
    detail = f"not settled within {talk.step.timeout + GRACE:g} s" + (f": {talk.seen}" if talk.seen else "")
    return StepResult("unknown" if talk.sent else "unreachable", detail=SafeText(detail))
