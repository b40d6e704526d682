"""One request of an HTTP sequence: what is sent, what is expected, what is kept for the requests after it. A value, as hosts.toml says it."""

from typing import Literal

import msgspec

from console.model.secret import SecretRef

Method = Literal["GET", "POST", "PUT", "DELETE"]
Statuses = tuple[tuple[int, int], ...]
"""Ranges of HTTP status codes, both ends included."""


class HttpStep(msgspec.Struct, frozen=True):
    """One request. Texts are templates: `{name}` is a placeholder, or what an earlier step captured; secrets are none. `timeout` is seconds."""

    method: Method
    url: str
    form: dict[str, str | SecretRef] = {}
    """Fields of a body of application/x-www-form-urlencoded; empty: no such body."""
    json: str = ""
    """A body of application/json, as JSON text with null where a secret belongs; empty: no such body."""
    json_secrets: dict[str, SecretRef] = {}
    """By JSON pointer: the secrets that belong into it."""
    headers: dict[str, str | SecretRef] = {}
    capture: dict[str, str] = {}
    """By name: a regular expression (RE2's) with one group, which is searched for in the body."""
    expect_status: Statuses = ((200, 299),)
    """Redirects are not followed."""
    expect_body: str = ""
    """Text that the body must contain."""
    timeout: float = 10.0

    def secrets(self, number: int) -> dict[str, SecretRef]:
        """Return its secrets by what they are called in its path, where it is the step of that number (from 1)."""
        found = {secret_name(number, "form", name): one for name, one in self.form.items() if isinstance(one, SecretRef)}
        found |= {secret_name(number, "header", name): one for name, one in self.headers.items() if isinstance(one, SecretRef)}
        return found | {secret_name(number, "json", pointer): one for pointer, one in self.json_secrets.items()}


def secret_name(number: int, part: Literal["form", "header", "json"], name: str) -> str:
    """Return what a secret of a step is called."""
    return f"step {number}, {part} {name}"
