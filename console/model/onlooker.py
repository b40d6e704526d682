"""Who looks on at a run, and what engines of several machines show each other of it beside its events. Values only."""

from typing import NamedTuple

import msgspec


class Onlooker(msgspec.Struct, frozen=True):
    """A person who follows a run at an engine."""

    name: str
    claims: str = ""
    """What that login says about itself."""
    host: str = ""
    """The engine's machine."""
    operator: bool = False
    """Whether that engine lets the person change things."""

    def __str__(self) -> str:
        return f"{self.name} on {self.host}"


class SeenElsewhere(NamedTuple):
    """What other machines show of a run."""

    people: tuple[Onlooker, ...] = ()
    """Who looks on there."""
    items: tuple[str, ...] = ()
    """Output and numbers, as the engine that carries the run wrote them (`wire.output_elsewhere`)."""
    place: int = 0
    """From where to read on."""
