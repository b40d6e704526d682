"""Whether the numbers that a PromQL query finds lie between two bounds."""

from typing import Any

from console.adapters.checks.asked import Asked
from console.adapters.checks.rest import Api, NoAnswer
from console.core.checks.answers import assess_numbers
from console.core.checks.health_gate import Observation
from console.text import SafeText


async def ask(asked: Asked) -> Observation:
    """Ask for the value now. A Prometheus that does not answer measures nothing."""
    try:
        async with Api(asked, asked.url.rstrip("/"), {}) as api:
            said = await api.get("/api/v1/query", query=asked.probe.query)
    except NoAnswer as none:
        return Observation("error", none.finding.seen)
    try:
        numbers = _numbers(said["data"])
    except (KeyError, TypeError, ValueError, IndexError):
        return Observation("error", SafeText(f"this is no Prometheus: it answers {str(said)[:60]!r}"))
    return assess_numbers(asked.probe, numbers)


def _numbers(data: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    if data["resultType"] == "scalar":
        return (("", float(data["result"][1])),)
    if data["resultType"] != "vector":
        raise ValueError(data["resultType"])
    return tuple((_name(series["metric"]), float(series["value"][1])) for series in data["result"])


def _name(labels: dict[str, str]) -> str:
    told = ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "__name__")
    return labels.get("__name__", "") + (f"{{{told}}}" if told else "")
