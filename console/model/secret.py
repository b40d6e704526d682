"""Secrets as references and as values that do not print themselves.

A `SecretRef` says where a secret is to be read and may go anywhere; a `Secret` holds it and goes nowhere but to a command's
standard input. This module never reads one.
"""

from typing import Literal

import msgspec


class SecretRef(msgspec.Struct, frozen=True):
    """Where a secret comes from: an environment variable, a command that prints it, or a file."""

    kind: Literal["env", "command", "file"]
    name: str


Variable = str | SecretRef
"""A value that may stand in hosts.toml itself, or be a secret that is read from elsewhere."""


class Secret:
    """A secret in memory. `repr`, `str` and formatting show a mask; `reveal` is the only way to the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself: for the moment in which it is handed to what needs it, never to be kept or shown."""
        return self._text

    def __repr__(self) -> str:
        return "[redacted]"

    __str__ = __repr__
