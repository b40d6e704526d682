"""Whether something takes connections."""

from console.adapters.checks.one_question import Asked
from console.core.checks.health_gate import Observation
from console.safe_text import SafeText


async def ask(asked: Asked) -> Observation:
    """Connect and close again: an open port is all that this check wants."""
    address, port = asked.filled(asked.probe.address) or "localhost", asked.probe.port
    stream = await asked.opened(address, port)
    if isinstance(stream, Observation):
        return stream
    await stream.close()
    return Observation("ok", SafeText(f"{address}:{port} takes connections"))
