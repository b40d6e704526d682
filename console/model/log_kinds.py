"""Kinds of log lines that only hosts with the new release have printed. What makes a kind is `core/logs/`."""

from typing import Literal

import msgspec

from console.safe_text import SafeText

LogLevel = Literal["debug", "info", "warn", "error"]
"""How bad a line says it is."""

LOG_STEP = "log"
"""Stands where a line of a step has the step's name: the line is of the application's own log."""


class LogKind(msgspec.Struct, frozen=True):
    """One kind. `key`: 16 hex digits, the same for such a line on every host and in every engine."""

    key: str
    level: LogLevel
    sample: SafeText
    """One line of the kind, as a host printed it."""
    host: str
    """The host that the sample is from."""
    hosts: int = 1
    """On so many hosts."""
    count: int = 1
    """So many lines."""
