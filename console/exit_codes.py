"""The exit codes of the command line. Which one a run ends with is decided in `core/run/outcome.py`; an error brings its own (`errors.py`)."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of the command line."""

    DONE = 0
    CONSOLE_FAILED = 1
    USAGE = 2
    NO_GO = 3
    ROLLED_BACK = 4
    FAILED = 5
    LOCKED = 6
    DETACHED = 7
    LIVE_BUT_BEHIND = 8
    PAUSED = 9
    INTERRUPTED = 130
