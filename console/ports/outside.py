"""The ports of one environment together."""

from typing import Protocol

from console.model.host import Host
from console.ports.balancer_port import BalancerPort, Counts
from console.ports.database_view import DatabaseView
from console.ports.gates import CheckRunner, CriticalPaths, Gates
from console.ports.hosts import Attended, Scout
from console.ports.lock import HostLock
from console.ports.metric_source import MetricSource, Scraper
from console.ports.people import Notifier
from console.ports.release_source import Repository, Workshop
from console.ports.steps import DurableStepPort, Shipper
from console.ports.tickets import TicketSystem


class Outside(Protocol):
    """The ports of one environment, opened together and closed together."""

    @property
    def scout(self) -> Scout:
        """Looks at hosts and changes nothing."""

    @property
    def repository(self) -> Repository:
        """Where releases come from: the git repository. It is fetched, and nothing is ever pushed."""

    @property
    def locks(self) -> HostLock:
        """Locks hosts for runs, and keeps persons' notes."""

    @property
    def steps(self) -> DurableStepPort:
        """Carries out durable steps on hosts."""

    @property
    def shipper(self) -> Shipper:
        """Brings packed releases to hosts, whole or not at all."""

    @property
    def workshop(self) -> Workshop:
        """Builds and packs releases on this machine."""

    @property
    def gates(self) -> Gates:
        """Asks the health checks of a host, again and again until its gate is decided."""

    @property
    def critical(self) -> CriticalPaths:
        """Tries critical paths: HTTP sequences and commands."""

    @property
    def checks(self) -> CheckRunner:
        """Asks the configured checks of the pre-flight."""

    @property
    def notifier(self) -> Notifier:
        """Calls people when a run waits for one."""

    @property
    def announcer(self) -> Notifier:
        """Tells people of releases, on the channels of `announce`; `notifier` has others."""

    @property
    def tickets(self) -> TicketSystem:
        """Closes the tickets of releases, by the command of `ticket.close`."""

    @property
    def database(self) -> DatabaseView:
        """Looks at the database and changes nothing."""

    @property
    def balancers(self) -> tuple[BalancerPort, ...]:
        """What sends requests to hosts, as the file names them: one for each of `Environment.balancers`, in their order."""

    @property
    def counters(self) -> tuple[Counts, ...]:
        """Those balancers that count requests and errors, in the same order."""

    @property
    def scraper(self) -> Scraper:
        """Reads the application's own metrics on hosts."""

    @property
    def sources(self) -> tuple[MetricSource, ...]:
        """Where numbers come from: each is followed once, whoever looks."""

    @property
    def attended(self) -> Attended:
        """Runs a person's commands on hosts; they end when whoever hears them goes away."""

    @property
    def listening(self) -> Attended:
        """Runs commands that only read, where hosts have a channel to spare: they hold up neither a step nor a person's command."""

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection to the host stands now."""

    async def close(self) -> None:
        """Let go of every connection, and of what is kept open by them."""
