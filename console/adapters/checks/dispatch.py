"""Which module asks which kind, each within its time; and the checks of a pre-flight from all their places. Implements `ports.Checks`.

A kind is loaded when it is first asked, or before, by `load_kinds`. It must not know what becomes of an answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Final, TypeVar

import httpcore
import httpx

from console.adapters.checks.one_question import Asked, Reveal, RunCommand, no_answer
from console.core.checks.health_gate import Observation
from console.errors import ConsoleError
from console.model.checks import Finding
from console.model.configured_checks import CheckSpec
from console.model.configured_environment import Environment
from console.model.host import Host
from console.ports.hosts import Transport
from console.safe_text import SafeText

T = TypeVar("T")

PROBES: Final = ("http", "tcp", "command", "postgres", "redis", "memcached", "prometheus")
CI: Final = ("github", "gitlab")
CONSOLE: Final = Host("localhost", "localhost")
LIFE = 2.0
"""Seconds that a host has to show that it lives, when the application on it does not answer."""
CLEARING = 1.0
"""Seconds that a question which is late has to end."""
_STATUS: Final[dict[str, str]] = {"ok": "passed", "bad": "failed", "error": "error"}


def load_kinds(environment: Environment) -> None:
    """Import what asks the checks and gates of an environment, so that a package that is changed later on cannot fail a gate."""
    kinds = {asked.kind for asked in (*environment.checks, *environment.health)} | {path.kind for path in environment.critical}
    for kind in kinds & {*PROBES, *CI}:
        import_module(f"console.adapters.checks.{kind}_check")


async def observe(asked: Asked) -> Observation:
    """Ask a probe once, and answer within its seconds, whatever the other side does."""
    try:
        return await within(asked.seconds, _kind(asked.probe.kind)(asked))
    except TimeoutError:
        return await _silent(asked, f"no answer within {asked.seconds:.3g} s")
    except (ConsoleError, httpx.InvalidURL, httpcore.UnsupportedProtocol, ValueError) as fault:
        return Observation("error", SafeText(f"{asked.probe.name} cannot be asked: {fault}"))


def _kind(kind: str) -> Callable[..., Awaitable[Observation]]:
    if kind not in PROBES:
        raise ValueError(f"there is no probe of the kind {kind}")
    found: Callable[..., Awaitable[Observation]] = import_module(f"console.adapters.checks.{kind}_check").ask
    return found


async def within(seconds: float, work: Awaitable[T]) -> T:
    """Return what comes of it. Raises TimeoutError in time, also where the work does not end at once when it is told to."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done:
            return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CLEARING)
            task.add_done_callback(lambda late: late.cancelled() or late.exception())


async def _silent(asked: Asked, words: str) -> Observation:
    """Tell an application that does not answer from a host that does not: a link that is cut is not known to be so for a while."""
    transport, place = asked.transport, asked.place
    if transport.is_linked(place) and (await transport.run(place, ":", deadline=LIFE)).status is None:
        return Observation("error", SafeText(f"{place.name} itself does not answer: {words}"))
    return no_answer(transport, place, words)


class ConfiguredChecks:
    """The checks of a pre-flight. `run_command` runs a check's command; `reveal` has the secrets."""

    def __init__(self, transport: Transport, run_command: RunCommand, reveal: Reveal) -> None:
        self._transport = transport
        self._run_command = run_command
        self._reveal = reveal

    async def ask(self, environment: Environment, check: CheckSpec, hosts: tuple[Host, ...], values: Mapping[str, str]) -> tuple[tuple[str, Finding], ...]:
        """Ask once from every place that the check names, all at once."""
        places = _places(environment, check, hosts)
        found = await asyncio.gather(*(self._found(check, place, {**values, **_values(environment, place)}) for place in places))
        return tuple((place.name if place is not CONSOLE else "", finding) for place, finding in zip(places, found, strict=True))

    async def _found(self, check: CheckSpec, place: Host, values: Mapping[str, str]) -> Finding:
        if check.kind == "manual":
            return Finding("waiting", SafeText(check.prompt))
        asked = Asked(self._transport, place, check, values, check.timeout, self._run_command, self._reveal)
        if check.kind in CI:
            return await _ci(asked, check, values.get("commit", ""))
        seen = await observe(asked)
        return Finding(_STATUS[seen.kind], seen.seen)  # type: ignore[arg-type]


async def _ci(asked: Asked, check: CheckSpec, commit: str) -> Finding:
    """Ask a CI system; one that does not answer measures nothing."""
    try:
        found: Finding = await within(asked.seconds, import_module(f"console.adapters.checks.{check.kind}_check").ask(asked, check, commit))
    except TimeoutError:
        found = Finding("error", SafeText(f"no answer within {asked.seconds:.3g} s"), SafeText("see whether it can be reached from here"))
    except (ConsoleError, httpx.InvalidURL, httpcore.UnsupportedProtocol, ValueError) as fault:
        found = Finding("error", SafeText(f"cannot be asked: {fault}"))
    return found


def _places(environment: Environment, check: CheckSpec, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
    if check.kind == "manual" or check.on == "console":
        return (CONSOLE,)
    return hosts if check.on == "host" else (environment.host(check.on) or Host(check.on),)


def _values(environment: Environment, place: Host) -> dict[str, str]:
    if place is CONSOLE:
        return {}
    path = environment.path_on(place)
    return {"host": place.name, "address": place.address or place.name, "server": place.server or place.name, "shared": f"{path}/shared"}
