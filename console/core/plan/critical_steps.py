"""Where a plan tries its critical paths: behind the first batch, behind each step of a canary, and at the end. Pure.

A path whose first batch is the last one is tried at the end alone: nothing lies between the two. Whether it passes is not known here.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from console.core.host_selection import applies
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Phase, Step
from console.safe_text import SafeText

Waves = Sequence[Sequence[Host]]


def behind_wave(
    environment: Environment, waves: Waves, number: int, needs: tuple[str, ...], release: str, *, ends_canary_step: bool = False, shifts: bool = False
) -> tuple[Step, ...]:
    """The steps that follow the wave of that number, and wait for `needs`. `ends_canary_step`: new hosts are judged behind it; `shifts`: the traffic moves
    behind the last one."""
    if number == len(waves) and not shifts:
        return ()
    tried = (
        path for path in environment.critical
        if ("first batch" in path.at and _first_wave(path, waves) == number)
        or ("canary" in path.at and ends_canary_step and 0 < _first_wave(path, waves) <= number)
    )  # fmt: skip
    return _steps(environment, tried, f"wave-{number}", "release", needs, release, number)


def at_the_end(environment: Environment, waves: Waves, needs: tuple[str, ...], release: str, *, shifts: bool = False) -> tuple[Step, ...]:
    """The steps that are taken once every host has changed."""
    last = len(waves) if not shifts else 0
    tried = (
        path for path in environment.critical
        if _first_wave(path, waves) and ("end" in path.at or ("first batch" in path.at and _first_wave(path, waves) == last))
    )  # fmt: skip
    return _steps(environment, tried, "verify", "verify", needs, release)


class Untried(NamedTuple):
    """Why no step of a release tries a path."""

    words: str
    is_for_canaries: bool = False
    """It is tried by the canary strategy alone."""


def never_tried(environment: Environment, strategy: str, hosts: Sequence[Host]) -> dict[str, Untried]:
    """Return the paths that no step of a release to those hosts with that strategy tries, each with the reason."""
    found = dict[str, Untried]()
    for path in environment.critical:
        if not any(applies(path.tags, host) for host in hosts):
            found[path.name] = Untried(f"no host of this release has the tag {' or '.join(path.tags)}")
        elif path.at == ("canary",) and strategy != "canary":
            found[path.name] = Untried(f'at = ["canary"], and the strategy is {strategy}', is_for_canaries=True)
    return found


def _first_wave(path: CriticalPath, waves: Waves) -> int:
    """The number of the first wave with a host that it is tried for; 0: the plan has none."""
    return next((number for number, wave in enumerate(waves, start=1) if any(applies(path.tags, host) for host in wave)), 0)


def _steps(
    environment: Environment, paths: Iterable[CriticalPath], prefix: str, phase: Phase, needs: tuple[str, ...], release: str, wave: int = 0
) -> tuple[Step, ...]:
    numbers = {path.name: number for number, path in enumerate(environment.critical, start=1)}
    return tuple(
        Step(
            f"{prefix}/critical-{numbers[path.name]}", "manual" if path.kind == "manual" else "critical", phase, SafeText(f"critical path {path.name}"),
            wave=wave, needs=needs, release=release, timeout=path.timeout, idempotent=True, fatal=path.blocking, path=path.name,
        )
        for path in paths
    )  # fmt: skip
