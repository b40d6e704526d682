"""Whether the numbers that a PromQL query finds lie between two bounds."""

from console.adapters.checks.json_api import Api, NoAnswer
from console.adapters.checks.one_question import Asked
from console.adapters.promql import instant
from console.core.checks.answers import assess_numbers
from console.core.checks.health_gate import Observation
from console.safe_text import SafeText


async def ask(asked: Asked) -> Observation:
    """Ask for the value now. A Prometheus that does not answer measures nothing."""
    try:
        async with Api(asked, asked.url.rstrip("/"), {}) as api:
            numbers = await instant(api, asked.probe.query)
    except NoAnswer as none:
        return Observation("error", none.finding.seen)
    except ValueError as fault:
        return Observation("error", SafeText(str(fault)))
    return assess_numbers(asked.probe, tuple((_name(labels), value) for labels, value in numbers))


def _name(labels: dict[str, str]) -> str:
    told = ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "__name__")
    return labels.get("__name__", "") + (f"{{{told}}}" if told else "")
