"""Whether what runs is well, and whether a release may begin. Nothing here changes anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from console.model.checks import Finding
from console.model.configured_checks import CheckSpec, CriticalPath, HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.ports.hosts import Unreached
from console.safe_text import SafeText


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's verdict, with the passes in a row that it had and needed; `seconds` is how long it took. `error`: nothing could be measured."""

    verdict: Literal["passed", "failed", "inconclusive", "error"]
    passes: int
    needed: int
    seconds: float
    seen: SafeText


@dataclass(frozen=True, slots=True)
class PathSeen:
    """How a critical path went, tried once: where it ended (empty: it passed, or has no steps), and what was seen there. Not measured is an `error`."""

    verdict: Literal["passed", "failed", "error"]
    where: str
    seen: SafeText


class CriticalPaths(Protocol):
    """Critical paths, tried on hosts with the new release."""

    async def walk(self, environment: Environment, path: CriticalPath, host: Host, values: Mapping[str, str]) -> PathSeen:
        """Try the path once for that host, from where the path says. `values` fill its placeholders. Never raises for what the other side does."""


class Gates(Protocol):
    """Health checks on hosts. `values` fill their placeholders."""

    async def watch(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask until the check has passed often enough in a row, or its deadline is over."""

    async def once(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask a check once, without retries."""

    async def unreached(self, host: Host) -> Unreached | None:
        """Ask whether the host answers at all, whatever its checks say: why it does not; None: it answers."""


class CheckRunner(Protocol):
    """Checks of the pre-flight that the file asks for. They change nothing."""

    async def ask(self, environment: Environment, check: CheckSpec, hosts: tuple[Host, ...], values: Mapping[str, str]) -> tuple[tuple[str, Finding], ...]:
        """Ask once from every place that the check names, within its time-out: (the host's name, or nothing for the console; what was found).

        `hosts` are the run's; `values` fill placeholders, those of a host are added.
        """
