"""Reads the secrets that the submitting console is to read: variables of its own environment, and what commands print. Knows no runs."""

import os
import subprocess

from console.core.secrecy import masking_for
from console.errors import Problem, UsageFault
from console.model.fleet import Environment
from console.model.secret import SecretRef
from console.text import hide

PATIENCE = 60.0
"""Seconds that a command has to print a secret."""


def secrets_of(environment: Environment, *, for_release: bool) -> dict[str, str]:
    """Return the secrets by their names. Raises UsageFault that names each one that is missing."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name, value in environment.secrets(for_release=for_release).items():
        text = _read(name, value)
        if isinstance(text, Problem):
            problems.append(text)
        else:
            found[name] = text
    hide(masking_for(environment, found))
    if problems:
        raise UsageFault(problems[0].message, problems[0].hint, tuple(problems))
    return found


def _read(name: str, secret: SecretRef) -> str | Problem:
    if secret.kind == "env":
        text = os.environ.get(secret.name)
        return Problem(f"the secret {name} is to come from ${secret.name}, which is not set", f"export {secret.name}=…") if text is None else text
    if secret.kind == "file":
        try:
            with open(os.path.expanduser(secret.name), encoding="utf-8") as file:
                return file.read().rstrip("\n")
        except (OSError, UnicodeDecodeError) as fault:
            return Problem(f"the secret {name} cannot be read from {secret.name}: {fault}", f"ls -l {secret.name}")
    return _printed(name, secret.name)


def _printed(name: str, command: str) -> str | Problem:
    try:
        ran = subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Problem(f"the secret {name} could not be read: its command took more than {PATIENCE:.0f} s", command)
    if ran.returncode:
        return Problem(f"the secret {name} could not be read: its command ended with {ran.returncode}", command)
    return ran.stdout.rstrip("\n")
