"""Whether a command ends with zero."""

from console.adapters.checks.one_question import SPARE, Asked, no_answer
from console.core.checks.health_gate import Observation
from console.model.host import Host
from console.ports.hosts import Ran, Transport
from console.safe_text import SafeText


async def ask(asked: Asked) -> Observation:
    """Run it there. Its last line is what was seen."""
    command = asked.probe.command
    if command is None:
        return Observation("error", SafeText(f"{asked.probe.name} names no command"))
    return seen_of(asked.transport, asked.place, await asked.run_command(asked.place, command, asked.values, asked.seconds + SPARE))


def seen_of(transport: Transport, place: Host, ran: Ran) -> Observation:
    """Return what the command's end says."""
    if ran.status is None:
        words = str(ran.problem.message) if ran.problem else "the link was lost"
        late = ran.problem is not None and ran.problem.kind == "late"
        return no_answer(transport, place, words) if late else Observation("error", SafeText(words))
    lines = (ran.err or ran.out).strip().splitlines()
    words = f": {SafeText(lines[-1], 200)}" if lines else ""
    return Observation("ok" if ran.ok else "bad", SafeText(f"exit {ran.status}{words}"))
