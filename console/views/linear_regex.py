"""Regular expressions whose search takes time in proportion to the text, whatever was typed: no pattern can hold the screen up. RE2's, so without
look-around and back references. Pure.
"""

from dataclasses import dataclass, field
from typing import Any

import re2  # type: ignore[import-untyped] # it comes without types

_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.never_capture = True
_OPTIONS.log_errors = False


class BadPattern(ValueError):
    """A pattern that is none, or that RE2 does not search for."""


@dataclass(frozen=True)
class Regex:
    """One pattern, whatever the case of letters. Raises Unreadable with the reason."""

    source: str
    _pattern: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the pattern; raises BadPattern."""
        try:
            object.__setattr__(self, "_pattern", re2.compile(_encoded(self.source), _OPTIONS))
        except re2.error as fault:
            raise BadPattern(_reason(fault.args[0])) from None

    def search(self, text: str) -> bool:
        """Whether the text has it anywhere."""
        return self._pattern.search(_encoded(text)) is not None


def _reason(said: bytes) -> str:
    """What RE2 says, and for what other tools take, that it is not taken here."""
    reason = said.decode("utf-8", "replace")
    return f"{reason}; there is no look-around and no back reference here" if reason.startswith(("invalid perl", "invalid escape")) else reason


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")
