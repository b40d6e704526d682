"""What of an environment is secret, and which of its names have to stay readable. Pure: secrets are read elsewhere."""

from collections.abc import Iterator, Mapping

from console.core.masking import Masking, address_parts
from console.model.fleet import Environment, Probe, Variable
from console.model.words import structural_words


def masking_for(environment: Environment, secrets: Mapping[str, str]) -> Masking:
    """Return what hides those secrets, by their names, and what the file itself says of passwords and tokens."""
    return Masking((*secrets.values(), *_written(environment)), (*_names(environment), *structural_words()))


def unhidden(environment: Environment, secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each secret that cannot be hidden in what is printed, and why."""
    mask = masking_for(environment, secrets)
    reasons = {name: mask.reason_not(text) for name, text in secrets.items()}
    return tuple(f"the secret {name} is not hidden where it is printed: {reason}" for name, reason in reasons.items() if reason)


def _written(environment: Environment) -> Iterator[str]:
    """Passwords and tokens that stand in the file as they are."""
    for probe in (*environment.health, *environment.checks):
        yield from _of_address(probe.url)
        token = getattr(probe, "token", "")
        yield token if isinstance(token, str) else ""
    for part in (environment.notify, environment.announce):
        for address in part.to if part else ():
            yield from _of_address(address)
    yield from _of_address(environment.database.url if environment.database else "")
    yield from _of_address(environment.repository)


def _of_address(address: Variable) -> Iterator[str]:
    if isinstance(address, str) and "://" in address:
        yield from address_parts(address)


def _names(environment: Environment) -> Iterator[str]:
    """Words that a run, a plan and a screen are made of."""
    yield from (environment.app, environment.name, environment.path, environment.file, environment.ssh.user, environment.requires)
    for host in (*environment.hosts, *environment.jumps):
        yield from (host.name, host.address, host.user, host.server, *host.tags)
    probes: tuple[Probe, ...] = (*environment.health, *environment.checks)
    yield from (probe.name for probe in probes)
    yield from environment.variables
    yield from environment.commands
