"""Weights of HAProxy from percents. Pure.

A server's weight is a whole number up to 256, and 1 where the configuration says nothing: there is no 10 % of 1. So all weights of the backend are
multiplied by the same number while one is not at 100 %, and the configuration's come back when all are.
"""

from collections.abc import Iterable, Mapping

from console.adapters.balancers.haproxy_answers import Server

HIGHEST = 256
MOST = 100
"""Finer than one percent is not asked for."""


def wanted_weights(servers: Iterable[Server], percents: Mapping[str, int]) -> dict[str, int]:
    """Return the weight of every server of the backend; those that are not named keep their share. Above 0 % a server that has a weight keeps one."""
    rows = list(servers)
    factor = min(MOST, HIGHEST // max((row.initial for row in rows), default=1) or 1)
    if all(percents.get(row.name, 100) == 100 for row in rows):
        return {row.name: row.initial if row.name in percents or row.weight == row.initial * factor else row.weight for row in rows}
    return {row.name: _weight(row, factor, percents.get(row.name)) for row in rows}


def _weight(row: Server, factor: int, percent: int | None) -> int:
    if percent is None:
        return row.weight if row.weight == row.initial * factor else min(HIGHEST, row.weight * factor)
    if not percent or not row.initial:
        return 0
    return min(HIGHEST, max(1, round(row.initial * factor * percent / 100)))
