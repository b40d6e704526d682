"""What of an environment is secret, which secrets each kind of run needs, and which names have to stay readable. Pure: secrets are read elsewhere."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from console.model.configured_checks import CriticalPath, Probe
from console.model.configured_environment import JOURNAL, Announce, Database, Environment, Notify, Ticket
from console.model.request import RunKind
from console.model.secret import SecretRef, Variable

if TYPE_CHECKING:
    from console.core.secrets.masking import Masking
    from console.model.state import RunState

Secretive = Probe | CriticalPath | Notify | Announce | Database | Ticket
Purpose = RunKind | Literal["check", "logs"]
References = dict[str, SecretRef]


class Needs(NamedTuple):
    """The secrets of a run, by the names that problems are told with."""

    needed: References
    """Without one of them nothing is begun."""
    wanted: References
    """Without one of them the run goes on, and says so."""

    @property
    def all(self) -> References:
        """The needed and the wanted secrets together."""
        return self.needed | self.wanted


def needs_of(environment: Environment, purpose: Purpose | None, *, resumes: bool = False, reverts: bool = False) -> Needs:
    """Return what a run of that kind needs; None: a run that only ends. `resumes`: it was begun before. `reverts`: it takes a migration back.

    A release needs everything that it will use, before it begins. What brings a fleet back needs what its commands and gates need, and nothing of
    those who are told, or of checks that it is not held up by. Each of them is written to the record.
    """
    needs = _needs_beside_the_record(environment, purpose, resumes=resumes, reverts=reverts)
    return Needs(needs.needed | {JOURNAL: environment.journal}, needs.wanted) if isinstance(environment.journal, SecretRef) else needs


def _needs_beside_the_record(environment: Environment, purpose: Purpose | None, *, resumes: bool, reverts: bool) -> Needs:
    if purpose is None:
        return Needs({}, {})
    variables = {name: value for name, value in environment.variables.items() if isinstance(value, SecretRef)}
    if purpose in ("exec", "logs"):
        return Needs(variables, {})
    health, checks = _of_parts(*environment.health), _of_parts(*environment.checks)
    told = _of_parts(*(part for part in (environment.notify, environment.announce) if part)) | environment.metrics.secrets
    database = _of_parts(environment.database) if environment.database else {}
    if purpose in ("deploy", "check"):
        needed = variables | health | database | _of_parts(*environment.critical)
        closing = told | (_of_parts(environment.ticket) if environment.ticket else {})
        return Needs(needed, closing) if resumes else Needs(needed | checks | closing, {})
    if purpose == "restore":
        return Needs(variables | database, told)
    if purpose == "rollback":
        return Needs(variables | health | (database if reverts else {}), told | ({} if reverts else database))
    if purpose == "maintenance":
        return Needs(variables, told)
    return Needs(variables | health, told)


def left_to_do(state: "RunState", *, goes_back: bool = False) -> Purpose | None:
    """Return what taking a run up is for; None: it only ends, or lets go of its hosts. `goes_back`: it is taken up to be rolled back.

    A release that goes back needs what a rollback needs: no critical path is tried any more.
    """
    if not state.go or state.phase == "ended":
        return None
    return "rollback" if state.kind == "deploy" and (goes_back or state.phase == "rolling-back") else state.kind


def _of_parts(*parts: Secretive) -> References:
    return {name: reference for part in parts for name, reference in part.secrets.items()}


def masking_for(environment: Environment, secrets: Iterable[str]) -> "Masking":
    """Return what hides those secrets, and what the file itself says of passwords and tokens."""
    from console.core.secrets.masking import Masking
    from console.model.structural_words import structural_words

    return Masking((*secrets, *_written(environment)), (*_names(environment), *structural_words()))


def unhidden(environment: Environment, secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each secret that cannot be hidden in what is printed, and why."""
    if not secrets:
        return ()
    mask = masking_for(environment, secrets.values())
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
    for path in environment.critical:
        yield from (secret for step in path.steps for secret in _of_address(step.url))
    yield from _of_address(environment.database.url if environment.database else "")
    yield from _of_address(environment.metrics.prometheus)
    yield from _of_address(environment.ticket.close if environment.ticket else "")
    yield from _of_address(environment.repository)
    yield from _of_address(environment.journal)


def _of_address(address: Variable) -> Iterator[str]:
    if isinstance(address, str) and "://" in address:
        from console.core.secrets.masking import address_parts

        yield from address_parts(address)


def _names(environment: Environment) -> Iterator[str]:
    """Words that a run, a plan and a screen are made of."""
    yield from (environment.app, environment.name, environment.path, environment.file, environment.ssh.user, environment.requires)
    for host in (*environment.hosts, *environment.jumps):
        yield from (host.name, host.address, host.user, host.server, *host.tags)
    probes: tuple[Probe, ...] = (*environment.health, *environment.checks)
    yield from (probe.name for probe in probes)
    yield from (path.name for path in environment.critical)
    yield from environment.variables
    yield from environment.commands
    yield from environment.metrics.own_names
