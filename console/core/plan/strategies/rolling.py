"""The rolling strategy: hosts change in waves of the file's size, one wave after another, each host behind its gate. Pure."""

from collections.abc import Callable

from console.core.plan.critical_steps import behind_wave
from console.core.plan.lanes import Lane, chained
from console.core.plan.marks import wave_mark
from console.core.plan.strategies.order import ChangeOfHosts, Order, Waves
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Step


def waves_of(batch: tuple[NumberOfHosts, ...], hosts: tuple[Host, ...], fleet: int | None = None) -> Waves:
    """Cut hosts into waves; the last size repeats. `fleet`: what shares are of, where the hosts are a part of it."""
    waves: list[tuple[Host, ...]] = []
    rest = hosts
    while rest:
        size = batch[min(len(waves), len(batch) - 1)].of_fleet(len(hosts) if fleet is None else fleet)
        waves.append(rest[:size])
        rest = rest[size:]
    return tuple(waves)


Between = Callable[[int, tuple[str, ...]], tuple[Step, ...]]
"""The steps that follow the wave of that number, and wait for those names; the next wave waits for them."""


def nothing_between(number: int, needs: tuple[str, ...]) -> tuple[Step, ...]:
    """No step follows a wave but the next wave's."""
    return ()


def rolling(order: Order) -> ChangeOfHosts:
    """Change hosts in waves of the file's size."""
    waves = waves_of(order.environment.rolling.batch, order.hosts)
    return in_waves(order, waves, lambda number, needs: behind_wave(order.environment, waves, number, needs, order.release))


def in_waves(order: Order, waves: Waves, between: Between = nothing_between, share_of: Callable[[int], float] = lambda number: 0.0) -> ChangeOfHosts:
    """Change hosts in those waves. `between`: see `wave_by_wave`.

    `share_of`: of the traffic, for new hosts when the wave of that number is admitted; 0: they are not weighed.
    """
    leader = next((host for wave in waves for host in wave), None)

    def steps_of(host: Host, number: int) -> tuple[Step, ...]:
        lane = Lane(order.environment, host, "release", f"wave-{number}/{host.name}", order.release, number, leads=host is leader, out=order.out)
        return release_steps(lane, first=host.name in order.first, share=share_of(number))

    return wave_by_wave(order.environment, waves, steps_of, order.prepared, (*order.prepared.values(), *order.before), between)


def wave_by_wave(
    environment: Environment, waves: Waves, steps_of: Callable[[Host, int], tuple[Step, ...]], prepared: dict[str, str], needs: tuple[str, ...],
    between: Between = nothing_between,
) -> ChangeOfHosts:  # fmt: skip
    """Lay out waves behind each other: every host's steps wait for its wave's mark, and the next mark for all that they end with. `between`: the steps that
    follow the wave of that number, and wait for those. A wave is over once its mark is passed too: where none of its hosts is left, the waves before it are
    still waited for."""
    steps: list[Step] = []
    ends: tuple[str, ...] = ()
    for number, wave in enumerate(waves, start=1):
        mark = wave_mark(environment, number, len(waves), wave, needs)
        chains = [chained(steps_of(host, number), (mark.name, *([prepared[host.name]] if host.name in prepared else ()))) for host in wave]
        steps.extend([mark, *(step for chain in chains for step in chain)])
        needs = ends = (mark.name, *(chain[-1].name for chain in chains if chain))
        if watched := between(number, needs):
            steps.extend(watched)
            needs = ends = tuple(step.name for step in watched)
    return ChangeOfHosts(waves, tuple(steps), ends)


def release_steps(lane: Lane, *, first: bool, returns: bool = True, share: float = 0.0) -> tuple[Step, ...]:
    """What is done on one host. `first`: it never had a release; `returns`: it gets requests again at the end; `share`: see `in_waves`."""
    return (
        *lane.hooks("before host"),
        *lane.drain(),
        *(() if first else lane.stop()),
        *lane.hooks("before switch"),
        lane.switch(),
        *lane.hooks("after switch"),
        *lane.restart(first=first),
        *lane.gate(),
        *(lane.weigh(share) if share else ()),
        *(lane.admit() if returns else ()),
        *lane.hooks("after host"),
    )
