"""Questions to a Prometheus in its own language: the numbers of an instant, with their labels. Knows nothing of what they are asked for.

Source: prometheus.io/docs/prometheus/latest/querying/api (instant queries).
"""

from typing import Any, NamedTuple

from console.adapters.checks.json_api import Api


class PromAnswer(NamedTuple):
    """One series of an answer."""

    labels: dict[str, str]
    value: float


async def instant(api: Api, query: str) -> tuple[PromAnswer, ...]:
    """Ask for the value now. Raises NoAnswer; ValueError where what answers is no Prometheus."""
    said = await api.get("/api/v1/query", query=query)
    try:
        return _answers(said["data"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as fault:
        raise ValueError(f"this is no Prometheus: it answers {str(said)[:60]!r}") from fault


def _answers(data: dict[str, Any]) -> tuple[PromAnswer, ...]:
    if data["resultType"] == "scalar":
        return (PromAnswer({}, float(data["result"][1])),)
    if data["resultType"] != "vector":
        raise ValueError(data["resultType"])
    return tuple(
        PromAnswer({str(label): str(text) for label, text in series["metric"].items()}, float(series["value"][1])) for series in data["result"]
    )  # fmt: skip
