"""Whether a command ends with zero."""

from console.adapters.checks.asked import SPARE, Asked, no_answer
from console.core.checks.health_gate import Observation
from console.ports.hosts import Ran
from console.text import SafeText


async def ask(asked: Asked) -> Observation:
    """Run it there. Its last line is what was seen."""
    command = asked.probe.command
    if command is None:
        return Observation("error", SafeText(f"{asked.probe.name} names no command"))
    return _seen(asked, await asked.run_command(asked.place, command, asked.values, asked.seconds + SPARE))


def _seen(asked: Asked, ran: Ran) -> Observation:
    if ran.status is None:
        words = str(ran.problem.message) if ran.problem else "the link was lost"
        late = ran.problem is not None and ran.problem.kind == "late"
        return no_answer(asked.transport, asked.place, words) if late else Observation("error", SafeText(words))
    lines = (ran.err or ran.out).strip().splitlines()
    words = f": {SafeText(lines[-1], 200)}" if lines else ""
    return Observation("ok" if ran.ok else "bad", SafeText(f"exit {ran.status}{words}"))
