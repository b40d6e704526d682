"""Wires the real ports of one environment together: SSH and this machine, git, locks, steps, shipping, gates. The only place that knows all of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.adapters.ask_health_gates import HostGates, check_command, release_command
from console.adapters.attended_commands import AttendedCommands
from console.adapters.balancers.balancer_kinds import open_balancers
from console.adapters.build_release import GitWorkshop
from console.adapters.checks.dispatch import ConfiguredChecks, load_kinds
from console.adapters.database.postgres_database_view import PostgresView
from console.adapters.durable_steps import DurableSteps
from console.adapters.git.git_repository import GitRepository
from console.adapters.host_inspection import HostScout
from console.adapters.host_lock import HostLocks
from console.adapters.metrics.application import Application, wanted_names
from console.adapters.metrics.balancer_counts import BalancerCounts
from console.adapters.metrics.check_times import CheckTimes
from console.adapters.metrics.proc_sampler import Machines
from console.adapters.metrics.prometheus_queries import PrometheusQueries
from console.adapters.metrics.scraper import HttpScraper
from console.adapters.metrics.shared_looks import NotedCounts, NotedScraper
from console.adapters.notify import AppriseNotifier
from console.adapters.send_release import HostShipper
from console.adapters.ssh.pool import SshTransport
from console.adapters.statefolder import made_folder, modes_of
from console.adapters.system_clock import SystemClock
from console.adapters.this_machine import LocalTransport
from console.adapters.ticket_system import ConfiguredTickets
from console.adapters.transport import RoutedTransport
from console.adapters.try_critical_paths import CriticalWalks
from console.core.analysis.judged_metrics import COUNTING_BALANCERS, by_balancers
from console.engine.run.step_attempt import values_for, variables_of
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.secret import Secret, SecretRef, Variable
from console.ports.balancer_port import BalancerPort
from console.ports.hosts import Transport
from console.ports.metric_source import MetricSource


@dataclass
class RealOutside:
    """Implements `ports.Outside` with the real adapters."""

    transport: Transport
    scout: HostScout
    repository: GitRepository
    locks: HostLocks
    steps: DurableSteps
    shipper: HostShipper
    workshop: GitWorkshop
    gates: HostGates
    critical: CriticalWalks
    checks: ConfiguredChecks
    notifier: AppriseNotifier
    announcer: AppriseNotifier
    tickets: ConfiguredTickets
    database: PostgresView
    attended: AttendedCommands
    listening: AttendedCommands
    balancers: tuple[BalancerPort, ...]
    counters: tuple[NotedCounts, ...]
    scraper: NotedScraper
    sources: tuple[MetricSource, ...]

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection to the host stands now."""
        return self.transport.is_linked(host)

    async def close(self) -> None:
        """Let go of every connection."""
        await self.steps.close()
        for balancer in self.balancers:
            await balancer.close()
        await self.transport.close()


def open_outside(environment: Environment, state: str, secrets: Mapping[str, Secret], umask: int = -1) -> RealOutside:
    """Open the ports of an environment; nothing is contacted before it is needed. Work files go below the state folder.

    `umask` is what commands on this machine get, where it is a host; -1: the process's own.
    """
    load_kinds(environment)
    ssh, here = SshTransport(environment.ssh, environment.jumps, environment.name), LocalTransport(umask=umask)
    transport = RoutedTransport(ssh, here)
    work = Path(state) / "work" / environment.app
    for folder in (work.parent, work):
        made_folder(str(folder), modes_of(state))
    repository = GitRepository(environment.repository, str(work), environment.file)

    def variables() -> Mapping[str, str]:
        return variables_of(environment, secrets)

    def reveal(name: str) -> str | None:
        return secrets[name].reveal() if name in secrets else None

    locks, clock = HostLocks(transport), SystemClock()
    times, balancers = CheckTimes(environment, clock), open_balancers(environment, transport)
    numbers = RoutedTransport(ssh.readers("numbers"), here)
    counters = tuple(NotedCounts(one, clock.mono) for one in balancers)
    scraper = NotedScraper(HttpScraper(numbers), wanted_names(environment.metrics), clock.mono)
    return RealOutside(
        transport,
        HostScout(transport, reveal),
        repository,
        locks,
        DurableSteps(transport, ssh.standby()),
        HostShipper(transport),
        GitWorkshop(repository, str(work), modes_of(state), umask),
        HostGates(transport, run_command=release_command(transport, environment, variables), reveal=reveal, heard=times.hear),
        CriticalWalks(transport, check_command(transport, environment, variables), reveal),
        ConfiguredChecks(transport, check_command(transport, environment, variables), reveal),
        AppriseNotifier(lambda: addresses_of(environment.notify.to, "notify.to", secrets) if environment.notify else ()),
        AppriseNotifier(lambda: addresses_of(environment.announce.to, "announce.to", secrets) if environment.announce else ()),
        ConfiguredTickets(here, check_command(here, environment, variables), lambda: closing_of(environment, secrets)),
        PostgresView(transport, locks, lambda: url_of(environment, secrets)),
        AttendedCommands(RoutedTransport(ssh.readers("person"), here)),
        AttendedCommands(numbers),
        balancers,
        counters,
        scraper,
        (*_sources(environment, numbers, counters, scraper, reveal), times),
    )


def _sources(
    environment: Environment, numbers: Transport, counters: tuple[NotedCounts, ...], scraper: NotedScraper, reveal: Callable[[str], str | None]
) -> Iterator[MetricSource]:
    """Yield where the machines' numbers come from, and those that the file asks for."""
    clock, metrics = SystemClock(), environment.metrics
    yield Machines(numbers, environment.hosts, environment.metrics_interval, environment.path_on)
    if by_balancers(environment):
        counting = zip(environment.balancers, counters, strict=True)
        yield BalancerCounts(tuple(one for balancer, one in counting if balancer.kind in COUNTING_BALANCERS), clock)
    if metrics.counted:
        yield Application(environment, scraper, clock, values_for)
    if metrics.queries:
        url = metrics.prometheus
        yield PrometheusQueries(environment, numbers, clock, lambda: url if isinstance(url, str) else reveal("metrics.prometheus"))


def url_of(environment: Environment, secrets: Mapping[str, Secret]) -> str:
    """Return where the database is read; empty: nowhere."""
    url = environment.database.url if environment.database else ""
    if isinstance(url, SecretRef):
        return secrets["database.url"].reveal() if "database.url" in secrets else ""
    return url


def closing_of(environment: Environment, secrets: Mapping[str, Secret]) -> str | None:
    """Return the command or the URL that closes a ticket; None: there is none, or its secret is not there."""
    close = environment.ticket.close if environment.ticket else None
    if isinstance(close, SecretRef):
        return secrets["ticket.close"].reveal() if "ticket.close" in secrets else None
    return close


def addresses_of(listed: tuple[Variable, ...], key: str, secrets: Mapping[str, Secret]) -> tuple[str, ...]:
    """Return where people are told, with the secrets in place; an address whose secret is not there is left out."""
    found = (secrets.get(f"{key}[{number}]") if isinstance(one, SecretRef) else one for number, one in enumerate(listed))
    return tuple(one.reveal() if isinstance(one, Secret) else one for one in found if one is not None)
