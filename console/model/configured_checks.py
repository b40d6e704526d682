"""What hosts.toml has asked: health gates, checks of the pre-flight, and critical paths. How they are asked, and judged, is not known here."""

from typing import Literal

import msgspec

from console.model.host_commands import Command
from console.model.http_step import HttpStep, Statuses
from console.model.secret import SecretRef, Variable

ProbeKind = Literal["http", "tcp", "command", "postgres", "redis", "memcached", "prometheus", "github", "gitlab", "manual"]


class Probe(msgspec.Struct, frozen=True):
    """A question to a part of the system, and which answer is right. What is not the kind's own stays empty."""

    name: str
    kind: ProbeKind
    url: Variable = ""
    address: str = ""
    port: int = 0
    command: Command | None = None
    expect_status: Statuses = ((200, 200),)
    """Redirects are not followed."""
    expect_body: str = ""
    """Text that the body must contain."""
    query: str = ""
    expect: str = ""
    """A line that the answer to the query must have."""
    above: float | None = None
    below: float | None = None
    """Every number that a query finds lies between these two."""

    @property
    def label(self) -> str:
        """What its secrets are named after."""
        return self.name

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """What is to be read, by the name that a problem is told with."""
        return {f"{self.label} url": self.url} if isinstance(self.url, SecretRef) else {}


class HealthCheck(Probe, frozen=True):
    """A gate that a host must pass after its update. Times are seconds."""

    interval: float = 1.0
    timeout: float = 5.0
    passes: int = 3
    """So many in a row."""
    deadline: float = 180.0
    on: str = "host"
    """`host`: seen from the host, through its connection; `console`; or the name of one host."""
    tags: tuple[str, ...] = ()
    """Hosts with any of these; empty: all."""

    @property
    def label(self) -> str:
        """What its secrets are named after."""
        return f"health {self.name}"


class CheckSpec(Probe, frozen=True):
    """A check of the pre-flight that the file asks for; its id is its name. `timeout` is seconds, for each time that it is asked."""

    blocking: bool = True
    on: str = "console"
    """`console`; `host`: seen from each host of the run; or the name of one host."""
    timeout: float = 30.0
    repository: str = ""
    token: Variable = ""
    contexts: tuple[str, ...] = ()
    """Names or globs of the jobs that must have passed; empty: all that there are."""
    prompt: str = ""

    @property
    def label(self) -> str:
        """What its secrets are named after."""
        return f"check {self.name}"

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """What is to be read, by the name that a problem is told with."""
        token = {f"{self.label} token": self.token} if isinstance(self.token, SecretRef) else {}
        return super().secrets | token


CriticalMoment = Literal["first batch", "canary", "end"]


class CriticalPath(msgspec.Struct, frozen=True):
    """Something that users must be able to do, tried on hosts with the new release. What is not its kind's own stays empty. `timeout` is seconds."""

    name: str
    kind: Literal["http", "command", "manual"]
    steps: tuple[HttpStep, ...] = ()
    """For `http`: the requests, in order."""
    command: Command | None = None
    prompt: str = ""
    """For `manual`: what a person tries, and then ticks off."""
    on: str = "console"
    """`console`: this machine; `host`: the host itself; or the name of one host. From where it is tried, for each host that is new."""
    tags: tuple[str, ...] = ()
    """It is tried on hosts with any of these; empty: all."""
    blocking: bool = True
    """Its failure is the run's; else it is told as a warning."""
    at: tuple[CriticalMoment, ...] = ("first batch", "canary", "end")
    timeout: float = 120.0
    """For one try from one place."""

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """What is to be read, by the name that a problem is told with."""
        return {f"critical {self.name}, {name}": ref for number, step in enumerate(self.steps, start=1) for name, ref in step.secrets(number).items()}
