"""The configured checks of a pre-flight: asked from where they are to be asked, each with its verdict; and those that a person ticks off.

The pre-flight asks them once, a run that waits asks again. How each is asked is the adapters'; what an answer is worth is `core`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from console.core.checks.configured import asked_now, assess_configured, ticked
from console.core.checks.fleet import overridden
from console.core.run.critical_path_verdict import manual_names
from console.errors import UsageFault
from console.model.checks import Check
from console.model.configured_checks import CheckSpec
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request
from console.ports.gates import CheckRunner
from console.safe_text import SafeText


@dataclass(frozen=True)
class AskedRelease:
    """What is asked about: one release, for those hosts."""

    environment: Environment
    request: Request
    checks: CheckRunner
    hosts: tuple[Host, ...]
    revision: Revision
    release: Release
    run: str
    ticked: Mapping[str, Check]
    """Checks that a person has ticked off."""
    now: datetime

    @property
    def at(self) -> str:
        """When it is asked, as events write times."""
        return stamp(self.now)

    @property
    def values(self) -> dict[str, str]:
        """What placeholders stand for, besides a host's own."""
        return {
            "version": str(self.revision.version), "commit": self.revision.commit, "release": self.release.id, "run": self.run,
            "env": self.environment.name,
        }  # fmt: skip


@dataclass(frozen=True)
class TimedVerdict:
    """What a check says, and after how many seconds it makes sense to ask again."""

    check: Check
    again: float


async def verdict(subject: AskedRelease, spec: CheckSpec) -> TimedVerdict:
    """Ask a configured check once and judge what it found."""
    known = subject.ticked.get(spec.name)
    if known is not None and spec.kind == "manual":
        return TimedVerdict(known, 0.0)
    found = await subject.checks.ask(subject.environment, spec, subject.hosts, subject.values)
    again = max((finding.again for _, finding in found if finding.status in ("waiting", "error")), default=0.0)
    (check,) = overridden((assess_configured(spec, found, subject.at),), subject.request.overrides)
    return TimedVerdict(check, again)


def unanswered(subject: AskedRelease, spec: CheckSpec) -> Check:
    """Return what stands for a check while it is being asked."""
    return asked_now(spec, subject.at)


def ticks(environment: Environment, request: Request, person: Person, now: datetime) -> dict[str, Check]:
    """Return the checks that a request ticks off. Raises UsageFault for one that nobody can tick off."""
    known, specs = manual_names(environment), {spec.name: spec for spec in environment.checks if spec.kind == "manual"}
    for name in request.acks:
        if name not in known:
            told = f"--ack {name}: no manual check of {environment.name} is called that"
            raise UsageFault(told, f"manual: {', '.join(known) or 'none'}")
    return {name: ticked(name, SafeText(name), str(person), stamp(now), blocking=specs[name].blocking) for name in request.acks if name in specs}


def stamp(now: datetime) -> str:
    """Return a time as events have it, to the second."""
    return now.isoformat(timespec="seconds").replace("+00:00", "Z")
