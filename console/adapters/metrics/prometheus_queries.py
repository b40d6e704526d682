"""What a Prometheus is asked for, again and again: numbers of the environment, or of its hosts where the labels say so. Implements `ports.MetricSource`."""

import asyncio
import math
from collections.abc import Callable

import httpcore
import httpx

from console.adapters.ask_health_gates import bare_command
from console.adapters.checks.dispatch import CONSOLE
from console.adapters.checks.json_api import Api, NoAnswer
from console.adapters.checks.one_question import Asked
from console.adapters.metrics.repeated_looks import again_and_again
from console.adapters.promql import PromAnswer, instant
from console.core.metrics.measured_counters import unmeasured
from console.model.application_metrics import QueriedMetric
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.measurements import Measurement
from console.ports.clock import Clock
from console.ports.hosts import Transport
from console.ports.metric_source import Take
from console.safe_text import SafeText

LONGEST = 10.0
"""Seconds that it has to answer, at most."""
AT_ONCE = 4
"""Questions that are asked at the same time."""
NAMES = ("host", "instance", "hostname", "nodename")
"""Labels that may name a host; a port behind it is left out."""


class PrometheusQueries:
    """The queries of an environment. `url`: where it is asked; None: its secret was not read."""

    name = "prometheus"

    def __init__(self, environment: Environment, transport: Transport, clock: Clock, url: Callable[[], str | None]) -> None:
        self._queries = environment.metrics.queries
        self._hosts = _names_of(environment.hosts)
        self._transport, self._clock, self._url = transport, clock, url
        self.interval = environment.metrics.scrape_interval

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of what it measures."""
        return tuple(one.name for one in self._queries)

    async def follow(self, take: Take) -> None:
        """Ask again and again until cancelled."""
        await again_and_again(self._clock, self.interval, lambda: self._look(take))

    async def _look(self, take: Take) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(metric: QueriedMetric) -> None:
            async with gate:
                answer = await self._asked(metric)
            for look in self._measured(metric.name, answer):
                take((look,))

        await asyncio.gather(*map(one, self._queries))

    async def _asked(self, metric: QueriedMetric) -> tuple[PromAnswer, ...] | SafeText:
        url, deadline = self._url(), min(LONGEST, self.interval)
        if url == "":
            return SafeText("hosts.toml names no prometheus that could be asked")
        if url is None:
            return SafeText("the secret of metrics.prometheus was not read: the console that asks has to have it")
        asked = Asked(self._transport, CONSOLE, HealthCheck("metrics", "prometheus"), {}, deadline, bare_command(self._transport), lambda name: None)
        try:
            async with asyncio.timeout(deadline), Api(asked, url.rstrip("/"), {}) as api:
                return await instant(api, metric.query)
        except TimeoutError:
            return SafeText(f"Prometheus did not answer within {deadline:g} s")
        except NoAnswer as none:
            return none.finding.seen
        except ValueError as fault:
            return SafeText(str(fault))
        except (httpx.InvalidURL, httpcore.UnsupportedProtocol) as fault:
            return SafeText(f"metrics.prometheus is no URL that can be asked: {fault}")

    def _measured(self, metric: str, answer: tuple[PromAnswer, ...] | SafeText) -> tuple[Measurement, ...]:
        at = self._clock.mono()
        if isinstance(answer, SafeText):
            return (unmeasured(metric, "", at, answer),)
        if not answer:
            return (unmeasured(metric, "", at, SafeText("its query finds nothing")),)
        by_host = {host: one.value for one in answer if (host := self._host_of(one.labels))}
        if len(by_host) == len(answer):
            return tuple(_number(metric, host, at, value) for host, value in by_host.items())
        if len(answer) > 1:
            return (unmeasured(metric, "", at, SafeText(f"its query finds {len(answer)} numbers, not one, or one for each host: use sum() or avg()")),)
        return (_number(metric, "", at, answer[0].value),)

    def _host_of(self, labels: dict[str, str]) -> str:
        named = (labels.get(name, "") for name in NAMES)
        return next((host for text in named if text and (host := self._hosts.get(text) or self._hosts.get(text.rpartition(":")[0], ""))), "")


def _number(metric: str, host: str, at: float, value: float) -> Measurement:
    return Measurement(metric, host, at, 0.0, value) if math.isfinite(value) else unmeasured(metric, host, at, SafeText(f"its query answers {value}"))


def _names_of(hosts: tuple[Host, ...]) -> dict[str, str]:
    """What hosts may be called there: by their names, and by their addresses where only one has it."""
    addresses = [host.address for host in hosts if host.address]
    return {host.address: host.name for host in hosts if host.address and addresses.count(host.address) == 1} | {host.name: host.name for host in hosts}
