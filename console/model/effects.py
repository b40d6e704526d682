"""What a run needs now: the answers of `core/run/decide.py`, carried out by the engine."""

import msgspec

from console.model.events import AnyEvent
from console.model.plan import Step


class StartStep(msgspec.Struct, frozen=True):
    """Carry out that step, as that attempt. It may have run already, where an engine that has ended began it: an attempt happens once on its host."""

    step: Step
    attempt: int


class CancelStep(msgspec.Struct, frozen=True):
    """End that step where it runs."""

    step: Step
    attempt: int


class RecordEvent(msgspec.Struct, frozen=True):
    """The state makes this true; write it down."""

    event: AnyEvent


class TakeLocks(msgspec.Struct, frozen=True):
    """Hold every host of the run, or none."""


class AskHosts(msgspec.Struct, frozen=True):
    """Ask those hosts whether they still answer, before the run says that they are new, or back."""

    hosts: tuple[str, ...]


class TakeOut(msgspec.Struct, frozen=True):
    """See to it that those hosts get no more requests, and say what was read back."""

    hosts: tuple[str, ...]


class WakeAt(msgspec.Struct, frozen=True):
    """Ask again then (boot-time clock), if nothing happens before."""

    mono: float


class AskPerson(msgspec.Struct, frozen=True):
    """Nothing goes on without a person."""

    question: str


Effect = StartStep | CancelStep | RecordEvent | TakeLocks | AskHosts | TakeOut | WakeAt | AskPerson
