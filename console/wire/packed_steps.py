"""The steps of a plan as they are written down and sent: what many hosts have in common stands once.

Owns that form, and the one that earlier versions wrote: a list of steps, each with its `host` and its `at`. Knows nothing of what steps mean.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec

from console.model.host_commands import Command
from console.model.plan import Phase, Step, StepKind, Steps
from console.safe_text import SafeText

HOST = "\x01"
"""Stands for the host's name in what its lane shares with others. No text of a step holds it: names are checked, and titles are `SafeText`."""
WAVE = "\x02"
"""The same for the name of the wave."""


class PackedStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step of a lane, with placeholders for its host and its wave; its command by its number among all commands."""

    name: str
    kind: StepKind
    phase: Phase
    title: str
    place: str = ""
    needs: tuple[str, ...] = ()
    command: int | None = None
    release: str = ""
    timeout: float = 120.0
    idempotent: bool = False
    changes: bool = False
    fatal: bool = True
    expects: str = ""
    pause: float = 0.0
    share: float = 0.0
    path: str = ""


class StepStretch(msgspec.Struct, frozen=True, array_like=True):
    """Hosts in a row whose steps are those of one lane, in one wave. No host: steps of the whole run."""

    lane: int
    wave: int
    hosts: tuple[str, ...]


class PackedSteps(msgspec.Struct, frozen=True):
    """All that a plan's steps are."""

    commands: tuple[Command, ...]
    lanes: tuple[tuple[PackedStep, ...], ...]
    stretches: tuple[StepStretch, ...]


def packed(steps: Steps) -> PackedSteps:
    """Return the steps in the form that is written down; `unpacked` makes the same steps of it."""
    commands: dict[bytes, tuple[int, Command]] = {}
    lanes: dict[tuple[PackedStep, ...], int] = {}
    stretches: list[tuple[int, int, list[str]]] = []
    for (about, wave), group in groupby(steps, key=lambda step: (step.about, step.wave)):
        lane = tuple(_packed_step(step, commands) for step in group)
        number = lanes.setdefault(lane, len(lanes))
        if stretches and about and stretches[-1][:2] == (number, wave) and stretches[-1][2][-1]:
            stretches[-1][2].append(about)
        else:
            stretches.append((number, wave, [about]))
    found = tuple(StepStretch(lane, wave, tuple(hosts)) for lane, wave, hosts in stretches)
    return PackedSteps(tuple(command for _, command in commands.values()), tuple(lanes), found)


def _packed_step(step: Step, commands: dict[bytes, tuple[int, Command]]) -> PackedStep:
    number = None
    if step.command is not None:
        number = commands.setdefault(msgspec.json.encode(step.command), (len(commands), step.command))[0]
    needs = tuple(_shared(need, step) for need in step.needs)
    return PackedStep(
        _shared(step.name, step), step.kind, step.phase, _shared(str(step.title), step), _shared(step.place, step), needs, number, step.release,
        step.timeout, step.idempotent, step.changes, step.fatal, step.expects, step.pause, step.share, step.path,
    )  # fmt: skip


def _shared(text: str, step: Step) -> str:
    """Put the placeholders in. A step of the whole run shares nothing."""
    if not step.about:
        return text
    text = text.replace(step.about, HOST)
    return text.replace(f"wave-{step.wave}", WAVE) if step.wave else text


def unpacked(value: object) -> Steps:
    """Return the steps that were written down, in either form. Raises `msgspec.ValidationError`."""
    if isinstance(value, list):
        return Steps(msgspec.convert(_renamed(one), Step, dec_hook=_text) for one in value)
    whole = msgspec.convert(value, PackedSteps)
    try:
        return Steps(_unpacked(whole))
    except IndexError:
        raise msgspec.ValidationError("a step of a lane, or a command, that is not there") from None


def _unpacked(whole: PackedSteps) -> Iterator[Step]:
    for stretch in whole.stretches:
        lane = whole.lanes[stretch.lane]
        for host in stretch.hosts:
            for step in lane:
                yield _step(step, host, stretch.wave, whole.commands)


def _step(step: PackedStep, host: str, wave: int, commands: tuple[Command, ...]) -> Step:
    def own(text: str) -> str:
        return text.replace(HOST, host).replace(WAVE, f"wave-{wave}") if host else text

    command = None if step.command is None else commands[step.command]
    return Step(
        own(step.name), step.kind, step.phase, SafeText(own(step.title)), host, own(step.place), wave, tuple(map(own, step.needs)), command, step.release,
        step.timeout, step.idempotent, step.changes, step.fatal, step.expects, step.pause, step.share, step.path,
    )  # fmt: skip


def _renamed(value: Any) -> Any:  # noqa: ANN401 (JSON is any)
    """`host` and `at` became `about` and `place`."""
    if not isinstance(value, dict) or "about" in value or "place" in value:
        return value
    kept = {name: one for name, one in value.items() if name not in ("host", "at")}
    about = value.get("host", "")
    return {**kept, "about": about, "place": about or value.get("at", "")}


def _text(kind: type, value: Any) -> Any:  # noqa: ANN401 (msgspec's hook)
    if kind is SafeText and isinstance(value, str):
        return SafeText(value)
    raise NotImplementedError(f"{kind.__name__} has no form on the wire")
