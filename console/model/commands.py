"""What an operator may say to a run. Imperative; `core/run/accept.py` turns each into events or a refusal."""

from typing import Literal

import msgspec

from console.safe_text import SafeText


class RunCommand(msgspec.Struct, frozen=True, tag_field="type"):
    """A wish. `expects` is the sequence number that its sender had seen where that matters; 0: whatever comes. Who was first is told to the second."""

    expects: int = 0


class Decide(RunCommand, frozen=True, tag="decide", kw_only=True):
    """GO (with the environment's name typed where it is protected) or NO-GO, on the plan with that digest."""

    go: bool
    digest: str = ""
    typed: str = ""


class Pause(RunCommand, frozen=True, tag="pause"):
    """Begin no other host; those that are being updated come to their gate."""


class Continue(RunCommand, frozen=True, tag="continue"):
    """Start hosts again after a pause."""


class Promote(RunCommand, frozen=True, tag="promote"):
    """End the analysis that goes on, or the monitoring window, and go on with the release."""

    reason: SafeText = SafeText("")


class Extend(RunCommand, frozen=True, tag="extend"):
    """Make the monitoring window so many seconds longer."""

    seconds: float = 300.0
    reason: SafeText = SafeText("")


class Abort(RunCommand, frozen=True, tag="abort"):
    """End the run: every touched host goes back, or with `leave` all stays as it is."""

    leave: bool = False
    then_back: Literal["", "planned", "at-once", "halves"] = ""
    """How the last release goes back once a restart has ended, by a run that the engine begins; empty: nothing follows."""
    why: SafeText = SafeText("")
    """Why it goes back, for that run."""


class RollBack(RunCommand, frozen=True, tag="roll-back"):
    """Every touched host back to the release it had, now."""

    how: Literal["", "at-once", "halves"] = ""
    reason: SafeText = SafeText("")


class Skip(RunCommand, frozen=True, tag="skip", kw_only=True):
    """Leave one host on its old release."""

    host: str
    reason: SafeText = SafeText("")


class Retry(RunCommand, frozen=True, tag="retry", kw_only=True):
    """Try a failed, unknown or skipped host again."""

    host: str


class Note(RunCommand, frozen=True, tag="note", kw_only=True):
    """A remark for the record; it changes nothing, and is taken for runs that have ended too."""

    text: SafeText
    about: Literal["", "rollback"] = ""
    """`rollback`: it is why the run goes, or went, back."""


class Acknowledge(RunCommand, frozen=True, tag="acknowledge", kw_only=True):
    """Tick a manual check off: by it GO is no longer refused for it, or the run goes on behind a critical path."""

    check: str


class TakeHelm(RunCommand, frozen=True, tag="take-helm"):
    """Be the one who answers the run's questions from a screen."""


class Forgive(RunCommand, frozen=True, tag="forgive", kw_only=True):
    """Close the debt of a host that no longer exists."""

    host: str
    reason: SafeText


AnyCommand = Decide | Pause | Continue | Promote | Extend | Abort | RollBack | Skip | Retry | Note | Acknowledge | TakeHelm | Forgive


class Refusal(msgspec.Struct, frozen=True, tag_field="type", tag="refused"):
    """Why a command may not be carried out now, and what may be typed instead."""

    message: SafeText
    hint: SafeText = SafeText("")
    ended: bool = False
    """The run is over, and takes no command any more."""


class Accepted(msgspec.Struct, frozen=True, tag_field="type", tag="accepted"):
    """The command was taken; `seq` is the last event it became."""

    seq: int = 0
    note: SafeText = SafeText("")
    """What the one who said it should know: something else still holds the run up. Empty: nothing."""
